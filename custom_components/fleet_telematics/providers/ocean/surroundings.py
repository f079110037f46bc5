"""Which of Ocean's vehicles are near a place. Nothing here raises on vendor data."""

from collections.abc import Iterable
from datetime import timedelta
from math import asin, cos, log, radians, sin, sqrt
from typing import Final

from .. import parse
from ..models import Coordinates, NearbyVehicle
from . import mapping

_EARTH: Final = 6371.0
_FARTHEST: Final = 100_000_000.0
_LONGEST: Final = 30 * 24 * 60 * 60.0


def nearby(rows: Iterable[object], place: Coordinates) -> list[NearbyVehicle]:
    """Read the rows of nearestVehicles, the nearest first.

    Private vehicles are left out, and those of which nobody knows how far they are.
    """
    found = (_nearby(row, place) for row in rows)
    return sorted(
        (one for one in found if one is not None), key=lambda one: one.distance
    )


def straight(one: Coordinates, other: Coordinates) -> float:
    """Return the way of a crow, in km."""
    north, another = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    half = sin((another - north) / 2) ** 2
    half += cos(north) * cos(another) * sin(east / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))


def _nearby(value: object, place: Coordinates) -> NearbyVehicle | None:
    vehicle = mapping.nearest(value)
    if vehicle is None or vehicle.private_mode:
        return None
    row = parse.mapping(value)
    crow = None if vehicle.location is None else straight(place, vehicle.location)
    distance = _kilometres(row.get("distance"), crow)
    if distance is None:
        return None
    seconds = parse.number(row.get("duration"), low=0, high=_LONGEST)
    return NearbyVehicle(
        vehicle_id=vehicle.id,
        distance=distance,
        duration=None if seconds is None else timedelta(seconds=seconds),
        arrival=parse.moment(row.get("eta")),
        location=vehicle.location,
        address=vehicle.address,
    )


def _kilometres(value: object, crow: float | None) -> float | None:
    """Read a distance, asked for in metres.

    Its unit is not published: it is metres or kilometres, whichever is nearer to
    the way of a crow.
    """
    told = parse.number(value, low=0, high=_FARTHEST)
    if told is None:
        return crow
    if not crow or not told:
        return told / 1000
    return min((told / 1000, told), key=lambda one: abs(log(one / crow)))
