"""Refills and suspected thefts as events."""

from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities
from .providers.models import FuelEventKind

PARALLEL_UPDATES = 0

_FUEL = EventEntityDescription(
    key="fuel", event_types=[kind.value for kind in FuelEventKind]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event of every vehicle whose fuel is known of."""
    ledger = entry.runtime_data.fuel.ledger
    async_add_vehicle_entities(
        entry,
        async_add_entities,
        "event",
        (_FUEL,),
        FuelEventEntity,
        delivered=lambda vehicle, _: vehicle.id in ledger.accounts,
    )


class FuelEventEntity(VehicleEntity, EventEntity):
    """What happened to a vehicle's fuel."""

    entity_description: EventEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Whether events can be shown: always, also through an outage.

        An entity that comes back from unavailable together with an event hides
        that event from triggers, and shows them its old one again.
        """
        return True

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for events while the entity exists."""
        await super().async_added_to_hass()
        teller = self.entry.runtime_data.fuel.teller
        self.async_on_remove(teller.async_listen(self.vehicle_id, self._show))

    @callback
    def _show(self, kind: str, data: dict[str, Any]) -> None:
        self._trigger_event(kind, data)
        self.async_write_ha_state()

    @override
    def _snapshot(self) -> object:
        # The vehicle's other values do not concern it.
        return None
