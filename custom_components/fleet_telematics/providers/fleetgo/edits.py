"""Corrections of trips, in FleetGO's words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from .. import parse
from ..errors import NotSent
from ..models import TripKind
from .api import utc
from .values import FARTHEST

_LONGEST_TEXT: Final = 2000
# The document names Business; a word of the user's own is sent as it is.
_RIDE_TYPES: Final = {
    TripKind.BUSINESS: "Business",
    TripKind.COMMUTE: "Commuting",
    TripKind.PRIVATE: "Private",
}


def trip(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what POST /Trips takes: a RideDTO with what is to be said or changed.

    `trip_id`, `vehicle_id` and `driver_id` are the vendor's numbers; `ride_type`
    is a TripKind or the vendor's own word; `purpose`, `reason`, `remarks` and
    `custom_field` are texts, which an empty one clears; `distance` is in km;
    `start` and `end` are datetimes or ISO texts, in UTC where they do not say. A
    field that is None is left as it is. Without `trip_id` it is a new trip, which
    needs a vehicle, a start and an end.

    Raises NotSent for a field that is unknown, missing or cannot be read; its
    reason names the field.
    """
    given = {key: value for key, value in fields.items() if value is not None}
    written: dict[str, object] = {}
    for key, value in given.items():
        if (writer := _WRITERS.get(key)) is None:
            raise _refusal(f"{key}: unknown")
        name, write = writer
        if (found := write(value)) is None:
            raise _refusal(f"{key}: cannot be read")
        written[name] = found
    if "trip_id" not in given:
        for key in ("vehicle_id", "start", "end"):
            if key not in given:
                raise _refusal(f"{key}: required for a new trip")
    elif len(given) == 1:
        raise _refusal("trip_id: nothing to change")
    return written


def _refusal(reason: str) -> NotSent:
    return NotSent("POST /Trips: not sent", reason=reason)


def _number(value: object) -> int | None:
    """Return one of the vendor's ids."""
    found = parse.identifier(value)
    return int(found) if found and found.isascii() and found.isdecimal() else None


def _text(value: object) -> str | None:
    """Return a text of one line; an empty one is one, too."""
    if isinstance(value, str) and not value.strip():
        return ""
    found = parse.text(value)
    return found if found is None or len(found) <= _LONGEST_TEXT else None


def _ride_type(value: object) -> str | None:
    word = parse.text(value)
    if word is None:
        return None
    return next((name for kind, name in _RIDE_TYPES.items() if kind == word), word)


def _kilometres(value: object) -> float | None:
    return parse.number(value, low=0, high=FARTHEST)


def _end(value: object) -> dict[str, object] | None:
    """Return when a trip began or ended, in the shape of GetTrips."""
    moment = parse.moment(value.isoformat() if isinstance(value, datetime) else value)
    return None if moment is None else {"DateTime": utc(moment)}


_WRITERS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "trip_id": ("Id", _number),
    "vehicle_id": ("EquipmentId", _number),
    "driver_id": ("DriverId", _number),
    "ride_type": ("RideType", _ride_type),
    "purpose": ("Purpose", _text),
    "reason": ("Reason", _text),
    "remarks": ("Remarks", _text),
    "custom_field": ("CustomField", _text),
    "distance": ("Distance", _kilometres),
    "start": ("From", _end),
    "end": ("To", _end),
}
