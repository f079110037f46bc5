"""What is so or not so of a vehicle."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities

PARALLEL_UPDATES = 0

VEHICLE_BINARY_SENSORS: tuple[BinarySensorEntityDescription, ...] = (
    BinarySensorEntityDescription(
        key="engine", device_class=BinarySensorDeviceClass.RUNNING
    ),
    BinarySensorEntityDescription(
        key="moving", device_class=BinarySensorDeviceClass.MOVING
    ),
    BinarySensorEntityDescription(key="private_mode"),
    BinarySensorEntityDescription(
        key="online",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    BinarySensorEntityDescription(
        key="malfunction", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key="low_fuel", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key="low_battery", device_class=BinarySensorDeviceClass.BATTERY
    ),
    BinarySensorEntityDescription(
        key="gps_fix",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    BinarySensorEntityDescription(key="immobilised"),
    BinarySensorEntityDescription(key="on_trip"),
    BinarySensorEntityDescription(key="reserved"),
    BinarySensorEntityDescription(key="in_maintenance"),
    BinarySensorEntityDescription(
        key="damaged", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(key="operative"),
    BinarySensorEntityDescription(
        key="weak_signal",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    BinarySensorEntityDescription(
        key="fuel_theft", device_class=BinarySensorDeviceClass.PROBLEM
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add each vehicle's binary sensors as values come."""
    async_add_vehicle_entities(
        entry,
        async_add_entities,
        "binary_sensor",
        VEHICLE_BINARY_SENSORS,
        VehicleBinarySensor,
    )


class VehicleBinarySensor(VehicleEntity, BinarySensorEntity):
    """One yes or no of one vehicle."""

    entity_description: BinarySensorEntityDescription

    @override
    def _snapshot(self) -> object:
        value = self.reading
        self._attr_is_on = value if isinstance(value, bool) else None
        return (self.available, value)
