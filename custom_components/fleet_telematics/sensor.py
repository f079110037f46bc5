"""What vehicles measure, and figures of the fleet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    MAX_LENGTH_STATE_STATE,
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricPotential,
    UnitOfLength,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import FiguresCoordinator, FleetConfigEntry, FleetData
from .entity import FleetEntity, VehicleEntity, async_add_vehicle_entities
from .providers.models import Status
from .push.queue import PositionQueue

PARALLEL_UPDATES = 0

_FUEL_SUMS: Final = (
    "fuel_volume_secondary",
    "month_refuelled",
    "month_stolen",
    "month_consumed",
    "month_refuelled_secondary",
    "month_stolen_secondary",
    "month_consumed_secondary",
)

VEHICLE_SENSORS: tuple[SensorEntityDescription, ...] = (
    SensorEntityDescription(
        key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in Status],
    ),
    SensorEntityDescription(
        key="speed",
        device_class=SensorDeviceClass.SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfSpeed.KILOMETERS_PER_HOUR,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="heading",
        state_class=SensorStateClass.MEASUREMENT_ANGLE,
        native_unit_of_measurement=DEGREE,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="altitude",
        device_class=SensorDeviceClass.DISTANCE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfLength.METERS,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="satellites",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(key="address"),
    SensorEntityDescription(
        key="last_report",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    SensorEntityDescription(
        key="odometer",
        device_class=SensorDeviceClass.DISTANCE,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="engine_hours",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fuel_level",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="fuel_volume",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fuel_consumed",
        device_class=SensorDeviceClass.VOLUME,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="battery_level",
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
    ),
    SensorEntityDescription(
        key="supply_voltage",
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    SensorEntityDescription(
        key="coolant_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="engine_speed",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="signal_strength",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    SensorEntityDescription(key="driver"),
    SensorEntityDescription(
        key="co2_emission",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement="g/km",
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="next_service", device_class=SensorDeviceClass.TIMESTAMP
    ),
    SensorEntityDescription(
        key="next_service_odometer",
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="last_refill", device_class=SensorDeviceClass.TIMESTAMP
    ),
    SensorEntityDescription(
        key="last_refill_volume",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="refuelled_total",
        device_class=SensorDeviceClass.VOLUME,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="stolen_total",
        device_class=SensorDeviceClass.VOLUME,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    *(
        SensorEntityDescription(
            key=key,
            device_class=SensorDeviceClass.VOLUME_STORAGE,
            native_unit_of_measurement=UnitOfVolume.LITERS,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for key in _FUEL_SUMS
    ),
    SensorEntityDescription(
        key="last_trip_distance",
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="last_trip_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=2,
    ),
    SensorEntityDescription(
        key="last_trip_fuel",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="last_trip_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="last_trip_end",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="last_motion",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="reservation_end",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
    ),
    # What vendors count anew every day falls back to 0 at their midnight.
    SensorEntityDescription(
        key="distance_today",
        device_class=SensorDeviceClass.DISTANCE,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="travel_time_today",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=2,
    ),
    SensorEntityDescription(
        key="fuel_used_today",
        device_class=SensorDeviceClass.VOLUME,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fuel_cost_today",
        device_class=SensorDeviceClass.MONETARY,
        native_unit_of_measurement="VND",
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="internal_cleaning",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="external_cleaning",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="ignition_voltage",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


# What is read seldom is shown as it was before a restart until it is read again.
_SLOW: Final = frozenset(
    {
        "odometer",
        "engine_hours",
        "fuel_volume",
        "fuel_consumed",
        "satellites",
        "driver",
        "co2_emission",
        "next_service",
        "next_service_odometer",
        "last_trip_distance",
        "last_trip_duration",
        "last_trip_fuel",
        "last_trip_start",
        "last_trip_end",
        "distance_today",
        "travel_time_today",
        "fuel_used_today",
        "fuel_cost_today",
        *_FUEL_SUMS,
    }
)


@dataclass(frozen=True, kw_only=True)
class FleetSensorDescription(SensorEntityDescription):
    """A figure of the whole fleet."""

    value_fn: Callable[[FleetData], StateType]


def _count(*statuses: Status) -> Callable[[FleetData], int]:
    return lambda data: sum(
        vehicle.status in statuses for vehicle in data.fleet.vehicles.values()
    )


FLEET_SENSORS: tuple[FleetSensorDescription, ...] = (
    FleetSensorDescription(
        key="vehicles",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data: len(data.fleet.vehicles),
    ),
    FleetSensorDescription(
        key="vehicles_moving",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_count(Status.MOVING),
    ),
    # Everything that stands still, whether its engine runs or not.
    FleetSensorDescription(
        key="vehicles_stopped",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_count(Status.STOPPED, Status.IDLING, Status.MAINTENANCE),
    ),
    FleetSensorDescription(
        key="vehicles_offline",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_count(Status.OFFLINE),
    ),
    FleetSensorDescription(
        key="vehicles_private",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_count(Status.PRIVATE),
    ),
    FleetSensorDescription(
        key="request_budget",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.queue.sent_last_hour,
    ),
)


QUEUED_POSITIONS: Final = SensorEntityDescription(
    key="queued_positions",
    state_class=SensorStateClass.MEASUREMENT,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)


FIGURE_SENSORS: tuple[SensorEntityDescription, ...] = (
    SensorEntityDescription(
        key="active_users", state_class=SensorStateClass.MEASUREMENT
    ),
    SensorEntityDescription(
        key="fleet_distance_today",
        device_class=SensorDeviceClass.DISTANCE,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fleet_travel_time_today",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fleet_fuel_cost_today",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="fleet_fuel_efficiency",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement="km/L",
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="fleet_cost_month",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="password_expires_in",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the fleet's sensors, and each vehicle's as values come."""
    async_add_entities(FleetSensor(entry, one) for one in FLEET_SENSORS)
    if (push := entry.runtime_data.push) is not None:
        async_add_entities([QueueSensor(push.queue, entry, QUEUED_POSITIONS)])
    async_add_vehicle_entities(
        entry, async_add_entities, "sensor", VEHICLE_SENSORS, VehicleSensor
    )
    _async_add_figures(entry, async_add_entities)


@callback
def _async_add_figures(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the vendor's own figures as they are delivered."""
    coordinator = entry.runtime_data.figures
    if coordinator is None:
        return
    waiting = list(FIGURE_SENSORS)

    @callback
    def add() -> None:
        due = [
            one
            for one in waiting
            if getattr(coordinator.figures, one.key, None) is not None
        ]
        for one in due:
            waiting.remove(one)
        async_add_entities(FigureSensor(coordinator, entry, one) for one in due)

    add()
    entry.async_on_unload(coordinator.async_listen_figures(add))


def _mark(entry: FleetConfigEntry, key: str) -> dict[str, bool]:
    """Return the attributes that tell what is reckoned from what is measured."""
    estimated = key in entry.runtime_data.provider.info.estimated
    return {"estimated": True} if estimated else {}


class VehicleSensor(VehicleEntity, RestoreSensor):
    """One value of one vehicle."""

    entity_description: SensorEntityDescription
    _delivered = False

    def __init__(
        self,
        entry: FleetConfigEntry,
        vehicle_id: str,
        description: SensorEntityDescription,
    ) -> None:
        """Show a value, and whether the vendor only reckons it."""
        super().__init__(entry, vehicle_id, description)
        self._attr_extra_state_attributes = _mark(entry, description.key)

    @override
    async def async_added_to_hass(self) -> None:
        """Show the value from before a restart until the vendor delivers it again."""
        if (
            self.reading is None
            and self.entity_description.key in _SLOW
            and (last := await self.async_get_last_sensor_data())
        ):
            self._attr_native_value = last.native_value
        else:
            self._delivered = True
        await super().async_added_to_hass()

    @override
    def _snapshot(self) -> object:
        value = self.reading
        self._delivered = self._delivered or value is not None
        if self._delivered:
            if isinstance(value, str):
                value = value[:MAX_LENGTH_STATE_STATE]
            self._attr_native_value = cast("StateType | datetime", value)
        return (self.available, value)


class FleetSensor(FleetEntity, SensorEntity):
    """One figure of the whole fleet."""

    entity_description: FleetSensorDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the fleet was read; requests are counted in any case."""
        return (
            self.entity_description.key == "request_budget"
            or self.entry.runtime_data.fleet.reachable
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the fleet while the entity exists."""
        await super().async_added_to_hass()
        self.async_on_remove(self.entry.runtime_data.fleet.listen_totals(self._update))

    @override
    def _snapshot(self) -> object:
        value = self.entity_description.value_fn(self.entry.runtime_data)
        self._attr_native_value = value
        return (self.available, value)


class QueueSensor(FleetEntity, SensorEntity):
    """How many positions wait to be sent to the vendor."""

    def __init__(
        self,
        queue: PositionQueue,
        entry: FleetConfigEntry,
        description: SensorEntityDescription,
    ) -> None:
        """Show the length of this queue."""
        super().__init__(entry, description)
        self._queue = queue

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the queue while the entity exists."""
        await super().async_added_to_hass()
        self.async_on_remove(self._queue.async_listen(self._update))

    @override
    def _snapshot(self) -> object:
        self._attr_native_value = self._queue.waiting
        return self._queue.waiting


class FigureSensor(FleetEntity, SensorEntity):
    """One figure that the vendor tells of the account."""

    entity_description: SensorEntityDescription

    def __init__(
        self,
        coordinator: FiguresCoordinator,
        entry: FleetConfigEntry,
        description: SensorEntityDescription,
    ) -> None:
        """Show a figure of this coordinator's."""
        super().__init__(entry, description)
        self._coordinator = coordinator
        self._attr_extra_state_attributes = _mark(entry, description.key)

    @property
    @override
    def available(self) -> bool:
        """Whether the last read of the figures worked."""
        return self._coordinator.last_update_success

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the figures while the entity exists."""
        await super().async_added_to_hass()
        self.async_on_remove(self._coordinator.async_listen_figures(self._update))

    @override
    def _snapshot(self) -> object:
        figures = self._coordinator.figures
        value = getattr(figures, self.entity_description.key)
        self._attr_native_value = value
        if self.entity_description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = figures.currency
        if self.entity_description.key == "fleet_cost_month":
            self._attr_extra_state_attributes = dict(figures.cost_month_parts or ())
        return (self.available, value, figures.currency, figures.cost_month_parts)
