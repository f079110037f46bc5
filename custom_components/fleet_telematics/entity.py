"""The vehicle entity and the fleet entity; both write only what changed."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import override

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import FleetConfigEntry
from .devices import fleet_device_info, vehicle_device_info
from .providers.models import Vehicle


def unique_id(entry: FleetConfigEntry, vehicle_id: str, key: str) -> str:
    """Return the unique id of a vehicle's entity."""
    return f"{entry.unique_id}_{vehicle_id}_{key}"


class FleetTelematicsEntity(Entity):
    """What both kinds of entity share: a key that names everything."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: FleetConfigEntry, description: EntityDescription) -> None:
        """Take the names from the description's key."""
        self.entry = entry
        self.entity_description = description
        self._attr_translation_key = description.key
        self._shown: object = None

    @abstractmethod
    def _snapshot(self) -> object:
        """Read the current value into the attributes; return all that is shown."""

    @callback
    def _update(self) -> None:
        """Write the state if what it shows changed."""
        shown = self._snapshot()
        if shown != self._shown:
            self._shown = shown
            self.async_write_ha_state()

    @override
    async def async_added_to_hass(self) -> None:
        """Show the first value; the platform writes it."""
        await super().async_added_to_hass()
        self._shown = self._snapshot()


class VehicleEntity(FleetTelematicsEntity):
    """Shows one value of one vehicle."""

    def __init__(
        self,
        entry: FleetConfigEntry,
        vehicle_id: str,
        description: EntityDescription,
    ) -> None:
        """Attach to the vehicle's device."""
        super().__init__(entry, description)
        self.fleet = entry.runtime_data.fleet
        self.vehicle_id = vehicle_id
        self._attr_unique_id = unique_id(entry, vehicle_id, description.key)
        self._attr_device_info = vehicle_device_info(entry, vehicle_id)

    @property
    def vehicle(self) -> Vehicle | None:
        """The vehicle, None once it left the fleet."""
        return self.fleet.vehicles.get(self.vehicle_id)

    @property
    def reading(self) -> object:
        """The value under the entity's key."""
        return getattr(self.vehicle, self.entity_description.key, None)

    @property
    @override
    def available(self) -> bool:
        """Whether the value's source works and may be shown."""
        return self.fleet.available(self.vehicle_id, self.entity_description.key)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the vehicle while the entity exists."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.fleet.listen(
                self.vehicle_id, self.entity_description.key, self._update
            )
        )

    async def async_update(self) -> None:
        """Read the vehicle anew, for homeassistant.update_entity."""
        await self.entry.runtime_data.positions.async_update_vehicle(self.vehicle_id)


class FleetEntity(FleetTelematicsEntity):
    """Shows one figure of the whole fleet."""

    def __init__(self, entry: FleetConfigEntry, description: EntityDescription) -> None:
        """Attach to the fleet's device."""
        super().__init__(entry, description)
        self._attr_unique_id = f"{entry.unique_id}_{description.key}"
        self._attr_device_info = fleet_device_info(entry)


@callback
def async_add_vehicle_entities[DescriptionT: EntityDescription](
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: str,
    descriptions: Sequence[DescriptionT],
    create: Callable[[FleetConfigEntry, str, DescriptionT], VehicleEntity],
    *,
    delivered: Callable[[Vehicle, DescriptionT], bool] | None = None,
) -> None:
    """Add each vehicle's entities, now and later, once there is a value for them.

    `delivered` tells whether a vehicle has the value; without it a value under
    the description's key does. An entity that existed before a restart comes
    back at once, and shows its restored state until the vendor delivers again.
    """
    fleet = entry.runtime_data.fleet
    waiting: dict[str, list[DescriptionT]] = {}
    left: set[str] = set()

    def registered(vehicle_id: str, description: DescriptionT) -> bool:
        return (
            registry.async_get_entity_id(
                platform, DOMAIN, unique_id(entry, vehicle_id, description.key)
            )
            is not None
        )

    def has_value(vehicle: Vehicle, description: DescriptionT) -> bool:
        if delivered is not None:
            return delivered(vehicle, description)
        return getattr(vehicle, description.key) is not None

    @callback
    def add(vehicle_ids: Collection[str]) -> None:
        new: list[VehicleEntity] = []
        for vehicle_id in vehicle_ids:
            vehicle = fleet.vehicles.get(vehicle_id)
            if vehicle is None:
                left.add(vehicle_id)
                continue
            first = vehicle_id not in waiting
            if first:
                waiting[vehicle_id] = list(descriptions)
            elif vehicle_id in left:
                # It came back: its entities are still there unless the user
                # removed the device meanwhile.
                waiting[vehicle_id] = [
                    one for one in descriptions if not registered(vehicle_id, one)
                ]
            left.discard(vehicle_id)
            due = [
                one
                for one in waiting[vehicle_id]
                if has_value(vehicle, one) or (first and registered(vehicle_id, one))
            ]
            if due:
                waiting[vehicle_id] = [
                    one for one in waiting[vehicle_id] if one not in due
                ]
                new.extend(create(entry, vehicle_id, one) for one in due)
        if new:
            async_add_entities(new)

    registry = er.async_get(entry.runtime_data.positions.hass)
    add(list(fleet.vehicles))
    entry.async_on_unload(fleet.listen_appearances(add))
