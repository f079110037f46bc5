"""The calendars: planned visits to the workshop, and each vehicle's trips."""

from collections.abc import Collection
from typing import Final

from homeassistant.components.calendar import CalendarEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FleetConfigEntry
from .entity import async_add_vehicle_entities
from .maintenance import MaintenanceCalendar
from .providers.capabilities import TripHistory
from .trip_cache import TripCache
from .trip_calendar import TripCalendar

# Trips are read on demand, by a cache that orders its requests itself.
PARALLEL_UPDATES = 0

_MAINTENANCE: Final = CalendarEntityDescription(key="maintenance")
_TRIPS: Final = CalendarEntityDescription(
    key="trips", entity_registry_enabled_default=False
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what the vendor can tell of."""
    _add_maintenance(entry, async_add_entities)
    provider = entry.runtime_data.provider
    # A calendar that only ever knows the last trip is none.
    if isinstance(provider, TripHistory) and provider.whole_history:
        cache = TripCache(hass, entry)
        async_add_vehicle_entities(
            entry,
            async_add_entities,
            Platform.CALENDAR,
            (_TRIPS,),
            lambda entry, vehicle_id, description: TripCalendar(
                entry, vehicle_id, description, cache
            ),
            delivered=lambda vehicle, description: True,
        )


def _add_maintenance(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the fleet's calendar once a vendor tells of visits."""
    fleet = entry.runtime_data.fleet
    added = False

    @callback
    def add(vehicle_ids: Collection[str]) -> None:
        nonlocal added
        if not added and any(
            one in fleet.vehicles and fleet.vehicles[one].service_visits is not None
            for one in vehicle_ids
        ):
            added = True
            async_add_entities([MaintenanceCalendar(entry, _MAINTENANCE)])

    add(list(fleet.vehicles))
    entry.async_on_unload(fleet.listen_appearances(add))
