"""Planned visits to the workshop."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .entity import FleetEntity

_DAY: Final = timedelta(days=1)


class MaintenanceCalendar(FleetEntity, CalendarEntity):
    """Every vehicle's planned visits; a vendor tells the day, not the hour."""

    entity_description: CalendarEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the fleet was read."""
        return self.entry.runtime_data.fleet.reachable

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """The visit of today, or the next one."""
        today = dt_util.now().date()
        return min(
            (event for event in self._events() if event.end > today),
            key=lambda event: event.start,
            default=None,
        )

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the visits between two times."""
        first, last = (
            dt_util.as_local(start_date).date(),
            # A window does not reach into the day that begins at its end.
            dt_util.as_local(end_date - timedelta.resolution).date(),
        )
        return sorted(
            (one for one in self._events() if one.end > first and one.start <= last),
            key=lambda event: event.start,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the fleet while the entity exists."""
        await super().async_added_to_hass()
        self.async_on_remove(self.entry.runtime_data.fleet.listen_totals(self._update))

    @override
    def _snapshot(self) -> object:
        return (self.available, tuple(self._visits()))

    def _visits(self) -> Iterator[tuple[str, str, datetime, str, float | None]]:
        for vehicle in self.entry.runtime_data.fleet.vehicles.values():
            for visit in vehicle.service_visits or ():
                if visit.time is not None:
                    yield (
                        f"{vehicle.id}_{visit.id}",
                        vehicle.name or vehicle.id,
                        visit.time,
                        visit.description or "",
                        visit.odometer,
                    )

    def _events(self) -> Iterator[CalendarEvent]:
        for identity, name, time, description, odometer in self._visits():
            day = dt_util.as_local(time).date()
            yield CalendarEvent(
                uid=identity,
                start=day,
                end=day + _DAY,
                summary=f"{name}: {description}" if description else name,
                description=None if odometer is None else f"{odometer:.0f} km",
            )
