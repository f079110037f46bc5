"""What vendors tell of the past, as far as it may be shown."""

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from homeassistant.util import dt as dt_util

from .coordinator import FleetData
from .providers.capabilities import PositionHistory, TripEditor, TripHistory
from .providers.errors import AccessDenied, MethodNotAllowed, NotFound, Unsupported
from .providers.models import Place, Position, Trip, TripKind


async def async_trips(
    data: FleetData,
    vehicle_ids: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    routes: bool = False,
) -> tuple[Trip, ...]:
    """Return the finished trips that overlap a window, oldest first.

    A private trip keeps its places and its driver to itself, and of the others
    drivers are named only where the options expose them. Of the time to come nothing
    is asked. Raises any ProviderError, Unsupported where the vendor tells no trips.
    """
    provider = data.provider
    if not isinstance(provider, TripHistory):
        raise Unsupported("trips")
    end = min(end, dt_util.utcnow())
    if start >= end:
        return ()
    trips = await provider.trips(vehicle_ids, start, end, routes=routes)
    return tuple(_shown(trip, drivers=data.fleet.expose_drivers) for trip in trips)


async def async_track(
    data: FleetData, vehicle_id: str, start: datetime, end: datetime
) -> tuple[Position, ...]:
    """Return where a vehicle was, oldest first, without what was in private mode.

    Nor is told where it was on a trip that was declared private afterwards. Raises any
    ProviderError, Unsupported where the vendor tells no positions.
    """
    provider = data.provider
    if not isinstance(provider, PositionHistory):
        raise Unsupported("positions")
    end = min(end, dt_util.utcnow())
    if start >= end:
        return ()
    track = await provider.track(vehicle_id, start, end)
    spans = await _declared_private(data, vehicle_id, start, end)
    return tuple(
        position
        for position in track
        if not position.private and not _within(position.time, spans)
    )


async def _declared_private(
    data: FleetData, vehicle_id: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return when private trips were, where trips may be declared so afterwards.

    Positions do not tell of that. An account that may not read trips shows none; any
    other failure is raised, since nobody knows then which ones are private. Only the
    word for private counts: a kind that the vendor never published hides a trip's
    places, but is no reason to tell no positions at all. The spans are in order of
    their beginnings, and each lasts at least as long as the one before.
    """
    provider: object = data.provider
    if not isinstance(provider, TripHistory) or not isinstance(provider, TripEditor):
        return []
    trips: Sequence[Trip] = ()
    with suppress(AccessDenied, NotFound, MethodNotAllowed):
        trips = await provider.trips([vehicle_id], start, end)
    spans = sorted(
        (trip.start, trip.end)
        for trip in trips
        if trip.kind is TripKind.PRIVATE
        if trip.start is not None and trip.end is not None
    )
    ends = accumulate((end for _, end in spans), max)
    return [(begin, end) for (begin, _), end in zip(spans, ends, strict=True)]


def _within(moment: datetime, spans: Sequence[tuple[datetime, datetime]]) -> bool:
    """Whether a moment is in one of these spans, of which the last begun ends last."""
    begun = bisect_right(spans, moment, key=lambda span: span[0])
    return begun > 0 and moment <= spans[begun - 1][1]


def _shown(trip: Trip, *, drivers: bool) -> Trip:
    if not drivers and trip.driver is not None:
        trip = replace(trip, driver=None)
    if not trip.private:
        return trip
    return replace(
        trip,
        driver=None,
        origin=Place(),
        destination=Place(),
        polyline=None,
        purpose=None,
    )
