"""What vendors tell of the past, as far as it may be shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from homeassistant.util import dt as dt_util

from .coordinator import FleetData
from .providers.capabilities import PositionHistory, TripHistory
from .providers.errors import Unsupported
from .providers.models import Place, Position, Trip


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

    Raises any ProviderError, Unsupported where the vendor tells no positions.
    """
    provider = data.provider
    if not isinstance(provider, PositionHistory):
        raise Unsupported("positions")
    end = min(end, dt_util.utcnow())
    if start >= end:
        return ()
    track = await provider.track(vehicle_id, start, end)
    return tuple(position for position in track if not position.private)


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
