"""Vehicles on the map."""

from typing import override

from homeassistant.components.device_tracker import (
    TrackerEntity,
    TrackerEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities

PARALLEL_UPDATES = 0

_LOCATION = TrackerEntityDescription(key="location", name=None, entity_category=None)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a tracker for every vehicle that had a position."""
    async_add_vehicle_entities(
        entry, async_add_entities, "device_tracker", (_LOCATION,), VehicleTracker
    )


class VehicleTracker(VehicleEntity, TrackerEntity):
    """Where a vehicle is."""

    entity_description: TrackerEntityDescription
    _attr_name = None

    @property
    @override
    def entity_category(self) -> None:
        """A vehicle's place is no diagnostic value, as core has it for trackers."""
        return

    @property
    @override
    def force_update(self) -> bool:
        """Whether to record writes that change nothing: core would, we never write those."""
        return False

    @override
    def _snapshot(self) -> object:
        position = None if self.vehicle is None else self.vehicle.location
        self._attr_latitude = None if position is None else position.latitude
        self._attr_longitude = None if position is None else position.longitude
        return (self.available, position)
