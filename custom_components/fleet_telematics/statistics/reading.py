"""Reads from the vendor what a step of an import is about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..coordinator import FleetConfigEntry, FleetData
from ..devices import vehicle_device
from ..fuel.history import async_entries
from ..history import async_trips
from ..providers.capabilities import FuelUse
from ..providers.errors import AccessDenied
from ..providers.models import FuelEvent, Trip
from .amounts import Told
from .plan import Step


async def async_read(
    hass: HomeAssistant, entry: FleetConfigEntry, step: Step
) -> Sequence[Told]:
    """Return what the vendor tells of each vehicle of a step that is still there.

    Raises any ProviderError.
    """
    data = entry.runtime_data
    vehicle_ids = [one for one in step.vehicle_ids if one in data.fleet.vehicles]
    end = min(step.end, dt_util.utcnow())
    if not vehicle_ids or step.start >= end:
        return []
    trips: defaultdict[str, list[Trip]] = defaultdict(list)
    for trip in await async_trips(data, vehicle_ids, step.start, end):
        trips[trip.vehicle_id].append(trip)
    litres = await _litres(data, trips, step.start, end)
    return [
        Told(
            vehicle_id=vehicle_id,
            name=name_of(hass, entry, vehicle_id),
            trips=trips[vehicle_id],
            litres=litres.get(vehicle_id),
            events=await _events(data, vehicle_id, step.start, end),
        )
        for vehicle_id in vehicle_ids
    ]


async def _events(
    data: FleetData, vehicle_id: str, start: datetime, end: datetime
) -> Sequence[FuelEvent]:
    """Return a vehicle's fuel events; none where the account may not see them."""
    try:
        entries = await async_entries(data, vehicle_id, start, end)
    except AccessDenied:
        return ()
    return [one.event for one in entries]


def name_of(hass: HomeAssistant, entry: FleetConfigEntry, vehicle_id: str) -> str:
    """Return what the user calls a vehicle, or else the vendor."""
    device = vehicle_device(dr.async_get(hass), entry, vehicle_id)
    name = None if device is None else device.name_by_user or device.name
    return name or vehicle_id


async def _litres(
    data: FleetData,
    trips: Mapping[str, Sequence[Trip]],
    start: datetime,
    end: datetime,
) -> Mapping[str, float]:
    """Ask for the fuel that vehicles burnt whose trips do not tell it."""
    provider: object = data.provider
    if not isinstance(provider, FuelUse):
        return {}
    untold = [
        vehicle_id
        for vehicle_id, driven in trips.items()
        if all(trip.fuel_used is None for trip in driven)
    ]
    return await provider.fuel_used(untold, start, end) if untold else {}
