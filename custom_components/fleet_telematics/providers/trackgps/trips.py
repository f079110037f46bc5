"""TrackGPS's trips: the drives between stops."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from .. import parse
from ..models import Place, Trip, TripKind
from .stops import Stop


def trips(history: Sequence[Stop]) -> list[Trip]:
    """Return the drives that led to a vehicle's stops, oldest first.

    When the drive to the first of them began nobody knows.
    """
    whole = _joined(history)
    legs: list[tuple[Stop | None, Stop]] = [(None, one) for one in whole[:1]]
    legs += pairwise(whole)
    return [
        found for before, after in legs if (found := _trip(before, after)) is not None
    ]


def overlaps(trip: Trip, start: datetime, end: datetime) -> bool:
    """Return whether a trip and a window share a moment."""
    begun = trip.start or trip.end
    ended = trip.end or trip.start
    return begun is not None and ended is not None and begun <= end and ended >= start


def _joined(history: Sequence[Stop]) -> list[Stop]:
    """Return the stops, what was cut by the end of a request's window as one."""
    whole: list[Stop] = []
    for stop in history:
        last = whole[-1].end if whole else None
        if last is None or stop.start > last:
            whole.append(stop)
        elif stop.end is None or stop.end > last:
            whole[-1] = replace(whole[-1], end=stop.end)
    return whole


def _trip(before: Stop | None, after: Stop) -> Trip | None:
    """Return the drive between two stops; None where nothing was driven."""
    distance = after.distance or _driven(before, after)
    if distance is None:
        distance = after.distance
    if distance == 0 or (distance is None and before is None):
        return None
    left = None if before is None else before.end
    # A place where somebody stood in private is no business of the next drive's.
    hidden = before is None or (before.private and not after.private)
    return Trip(
        id=f"{after.start:%Y%m%dT%H%M%SZ}",
        vehicle_id=after.vehicle_id,
        start=left,
        end=after.start,
        duration=None if left is None else after.start - left,
        distance=distance,
        fuel_used=after.fuel,
        driver=after.driver,
        kind=TripKind.PRIVATE if after.private else None,
        origin=Place() if hidden or before is None else before.place,
        destination=after.place,
        private=after.private,
    )


def _driven(before: Stop | None, after: Stop) -> float | None:
    """Return the distance by the odometer, to a metre."""
    if before is None or before.odometer is None or after.odometer is None:
        return None
    return parse.number(round(after.odometer - before.odometer, 3), low=0)


def private_spans(
    history: Sequence[Stop],
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Yield from when to when a vehicle drove or stood in private; None is unknown.

    Of the time after the last stop no stop tells anything.
    """
    whole = _joined(history)
    for before, after in zip([None, *whole], whole, strict=False):
        if after.private:
            yield None if before is None else before.end, after.end
