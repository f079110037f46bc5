"""Positions in the vendor's words, for what Home Assistant tracks."""

from collections.abc import Mapping

from .. import parse
from ..models import SentPosition
from .times import milliseconds


def waypoint(position: SentPosition) -> Mapping[str, object]:
    """Return the body that tells a position (document, 1.1).

    Only what is known is in it. The name goes into the metadata, where those who
    send to this vendor put names, and where they are read from.
    """
    told: dict[str, object | None] = {
        "lat": position.location.latitude,
        "lng": position.location.longitude,
        "time": milliseconds(position.time),
        "speed": parse.number(position.speed, low=0),
        "heading": parse.integer(position.heading, low=0, high=360),
        "vehicleId": position.vehicle_id,
        "userId": position.user_id,
        "deviceId": position.device_ref,
        "metaData": None if position.name is None else {"name": position.name},
    }
    return {key: value for key, value in told.items() if value is not None}
