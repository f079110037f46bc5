"""FleetGO's trips: RideDTO rows, and windows of any length."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from .. import parse
from ..errors import AccessDenied, NotFound
from ..models import Place, Trip, TripKind, Vehicle
from . import values
from .api import FleetGoApi, windows

# Answers stay small: a month of a busy vehicle is some hundred rows.
LONGEST_WINDOW: Final = timedelta(days=31)
# Whether "between two dates" means that a trip begins there or reaches into it, the
# document does not say. Nobody drives for longer without a stop.
_LONGEST_DRIVE: Final = timedelta(days=1)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
# The document names Business alone; drivers' own words may be Dutch.
_KINDS: Final = (
    ("priv", TripKind.PRIVATE),
    ("personal", TripKind.PRIVATE),
    ("commut", TripKind.COMMUTE),
    ("woon", TripKind.COMMUTE),
    ("business", TripKind.BUSINESS),
    ("zakelijk", TripKind.BUSINESS),
)


async def read(
    api: FleetGoApi, vehicle_id: str, start: datetime, end: datetime, *, routes: bool
) -> list[Trip]:
    """Return a vehicle's finished trips that overlap a window, oldest first.

    The first piece is asked for with the day before it, where a drive across its
    start may have begun. Rows without times do not say on which side of it they are:
    of those the ones count that the vendor tells of the piece itself. Raises
    AccessDenied where the vehicle is not the account's.
    """

    async def told(first: datetime, last: datetime) -> list[Trip]:
        try:
            rows = await api.trips(vehicle_id, first, last, routes=routes)
        except NotFound as err:
            raise AccessDenied(str(err)) from None
        return finished(vehicle_id, rows, routes=routes)

    found: dict[str, Trip] = {}
    for first, last in windows(start, end, LONGEST_WINDOW):
        if first != start:
            trips = await told(first, last)
        else:
            trips = await told(first - _LONGEST_DRIVE, last)
            if not all(map(_has_time, trips)):
                timed = filter(_has_time, trips)
                trips = [*timed, *(await told(first, last))]
        # One that lies across two windows is told in both of them.
        found |= {
            one.id: one
            for one in trips
            if (one.end is None or one.end >= start)
            and (one.start is None or one.start <= end)
        }
    return sorted(found.values(), key=began)


def finished(
    vehicle_id: str, rows: Iterable[object], *, routes: bool = False
) -> list[Trip]:
    """Return the finished trips among RideDTO rows, in the rows' order."""
    return [
        found
        for row in rows
        if (found := trip(vehicle_id, row, route=routes)) is not None
    ]


def trip(vehicle_id: str, value: object, *, route: bool = False) -> Trip | None:
    """Return a trip; None for one under way and for a correction by hand.

    Its ends are nested, with a time, a Location and an Address, or as the document
    has them: coordinates and a text, and no time.
    """
    row = parse.folded(value)
    origin = parse.folded(row.get("from"))
    destination = parse.folded(row.get("to"))
    start = parse.moment(origin.get("datetime"))
    end = parse.moment(destination.get("datetime"))
    under_way = not destination or (start is not None and end is None)
    if under_way or parse.flag(row.get("iscorrection")):
        return None
    kind, private = _kind(row.get("ridetype"))
    return Trip(
        id=_trip_id(row, origin, destination),
        vehicle_id=vehicle_id,
        start=start,
        end=end,
        duration=end - start if start and end and end >= start else None,
        distance=parse.number(row.get("distance"), low=0),
        fuel_used=values.litres(row.get("fuelusedinliters")),
        driver=parse.text(row.get("drivername")),
        kind=kind,
        purpose=parse.text(row.get("purpose")),
        origin=_place(origin),
        destination=_place(destination),
        private=private,
        polyline=_polyline(row.get("encodedtrack")) if route else None,
    )


def last_trip(vehicle_id: str, rows: Iterable[object]) -> Vehicle | None:
    """Return a vehicle's newest finished trip of RideDTO rows, None without one.

    Rows as the document shows them have no times; of those the last one counts.
    """
    last = max(
        reversed(finished(vehicle_id, rows)),
        key=lambda one: one.end or _EARLIEST,
        default=None,
    )
    if last is None:
        return None
    hours = None
    if last.duration is not None:
        hours = last.duration.total_seconds() / 3600
    return Vehicle(
        id=vehicle_id,
        last_trip_distance=last.distance,
        last_trip_duration=hours,
        last_trip_fuel=last.fuel_used,
        last_trip_start=last.start,
        last_trip_end=last.end,
    )


def _has_time(trip: Trip) -> bool:
    return trip.start is not None or trip.end is not None


def began(trip: Trip) -> datetime:
    """Return a trip's time, for the order of trips."""
    return trip.start or trip.end or _EARLIEST


def _kind(value: object) -> tuple[TripKind | None, bool]:
    """Return what a trip was for, and whether its places are to be kept.

    The vendor publishes no numbers of ride types: one may well mean private.
    """
    if parse.number(value) is not None:
        return None, True
    word = (parse.text(value) or "").casefold()
    kind = next((kind for part, kind in _KINDS if part in word), None)
    return kind, kind is TripKind.PRIVATE


def _place(end: Mapping[str, object]) -> Place:
    """Return where a trip began or ended, from either shape."""
    place = parse.folded(end.get("location")) or end
    return Place(
        location=parse.coordinates(place.get("latitude"), place.get("longitude")),
        address=values.address(end.get("address")),
    )


def _polyline(value: object) -> str | None:
    """Return a route; its characters are all printable, its backslashes meant."""
    return value or None if isinstance(value, str) and value.isprintable() else None


def _trip_id(
    row: Mapping[str, object],
    origin: Mapping[str, object],
    destination: Mapping[str, object],
) -> str:
    """Return the vendor's id, or one from what nobody edits about a trip."""
    known = parse.first(
        parse.identifier(row.get(key)) for key in ("id", "rideid", "ridenumber")
    )
    if known is not None:
        return known
    start = parse.moment(origin.get("datetime"))
    if start is not None:
        return f"{start:%Y%m%dT%H%M%SZ}"
    fixed = [
        parse.moment(destination.get("datetime")),
        _place(origin).location,
        _place(destination).location,
        parse.number(row.get("distance")),
    ]
    return sha256(repr(fixed).encode()).hexdigest()[:16]
