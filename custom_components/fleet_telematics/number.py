"""What the user tells of a vehicle."""

from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntityDescription,
    NumberMode,
    RestoreNumber,
)
from homeassistant.const import EntityCategory, UnitOfVolume
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities
from .fleet import USER
from .providers.models import Vehicle

PARALLEL_UPDATES = 0

_TANK_CAPACITY = NumberEntityDescription(
    key="tank_capacity",
    device_class=NumberDeviceClass.VOLUME_STORAGE,
    native_unit_of_measurement=UnitOfVolume.LITERS,
    native_min_value=1,
    native_max_value=3000,
    native_step=1,
    mode=NumberMode.BOX,
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Ask for the tank of every vehicle whose fuel level is known.

    Of some vendors' vehicles, of every one: users may reckon with it themselves.
    """
    always = entry.runtime_data.provider.info.tank_from_user
    async_add_vehicle_entities(
        entry,
        async_add_entities,
        "number",
        (_TANK_CAPACITY,),
        TankCapacity,
        delivered=lambda vehicle, _: always or vehicle.fuel_level is not None,
    )


class TankCapacity(VehicleEntity, RestoreNumber):
    """How much fits into the tank, where the vendor does not tell."""

    entity_description: NumberEntityDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Tell the fleet again what the user once told."""
        await super().async_added_to_hass()
        if (
            last := await self.async_get_last_number_data()
        ) and last.native_value is not None:
            self._tell(last.native_value)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Take the user's word for it."""
        self._tell(value)

    def _tell(self, value: float) -> None:
        part = Vehicle(id=self.vehicle_id, tank_capacity=float(value))
        self.fleet.announce(self.fleet.apply(USER, [part], dt_util.utcnow()))

    @override
    def _snapshot(self) -> object:
        value = self.reading
        self._attr_native_value = value if isinstance(value, float) else None
        return (self.available, value)
