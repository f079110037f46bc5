"""A vehicle's trips, read when somebody looks at them."""

from datetime import datetime
from typing import override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity
from .failures import action_failure
from .providers.errors import ProviderError
from .texts import async_texts
from .trip_cache import TripCache
from .trip_event import event_of


class TripCalendar(VehicleEntity, CalendarEntity):
    """The finished trips of one vehicle; its state is off, since they are over."""

    entity_description: CalendarEntityDescription

    def __init__(
        self,
        entry: FleetConfigEntry,
        vehicle_id: str,
        description: CalendarEntityDescription,
        cache: TripCache,
    ) -> None:
        """Read through the account's cache."""
        super().__init__(entry, vehicle_id, description)
        self._cache = cache

    @property
    @override
    def available(self) -> bool:
        """Whether the vehicle is there: an outage shows when somebody looks."""
        return self.vehicle is not None

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """None: no trip is known before it is over."""
        return None

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the trips between two times; HomeAssistantError if that fails."""
        try:
            trips = await self._cache.async_trips(self.vehicle_id, start_date, end_date)
        except ProviderError as err:
            info = self.entry.runtime_data.provider.info
            raise action_failure(err, info) from err
        texts, units = await async_texts(hass), hass.config.units
        found = (event_of(trip, texts, units) for trip in trips)
        return [one for one in found if one is not None]

    @override
    async def async_added_to_hass(self) -> None:
        """Let others' requests bring this vehicle's trips along."""
        await super().async_added_to_hass()
        self.async_on_remove(self._cache.follow(self.vehicle_id))

    @override
    def _snapshot(self) -> object:
        return self.available
