"""Refills, suspected thefts and what a vendor reports by its own codes, as events."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities
from .providers.capabilities import VendorEvents
from .providers.models import FuelEventKind, VendorEvent

PARALLEL_UPDATES = 0

_FUEL = EventEntityDescription(
    key="fuel", event_types=[kind.value for kind in FuelEventKind]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of every vehicle whose fuel, or whose events, are known of."""
    ledger = entry.runtime_data.fuel.ledger
    async_add_vehicle_entities(
        entry,
        async_add_entities,
        "event",
        (_FUEL,),
        FuelEventEntity,
        delivered=lambda vehicle, _: vehicle.id in ledger.accounts,
    )
    provider = entry.runtime_data.provider
    if isinstance(provider, VendorEvents) and provider.event_codes:
        chosen = EventEntityDescription(
            key="vendor_event", event_types=list(provider.event_codes)
        )
        since = dt_util.utcnow()

        def create(
            entry: FleetConfigEntry,
            vehicle_id: str,
            description: EventEntityDescription,
        ) -> VendorEventEntity:
            return VendorEventEntity(entry, vehicle_id, description, since)

        async_add_vehicle_entities(
            entry, async_add_entities, "event", (chosen,), create
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


@dataclass
class VendorEventData(EventExtraStoredData):
    """What is kept over a restart: up to when events are known, as ISO text."""

    seen: str


class VendorEventEntity(VehicleEntity, EventEntity):
    """What a vendor reports of a vehicle by the codes that the user chose.

    An event is shown when it is newer than every one before; what was there when
    the vehicle was first looked at is old.
    """

    entity_description: EventEntityDescription

    def __init__(
        self,
        entry: FleetConfigEntry,
        vehicle_id: str,
        description: EventEntityDescription,
        since: datetime,
    ) -> None:
        """Show what happens after `since`, or after what was seen before a restart."""
        super().__init__(entry, vehicle_id, description)
        self._seen = since

    @property
    @override
    def available(self) -> bool:
        """Whether events can be shown: always, as with fuel."""
        return True

    @property
    @override
    def extra_restore_state_data(self) -> VendorEventData:
        """Return what to keep over a restart."""
        event = super().extra_restore_state_data
        return VendorEventData(
            event.last_event_type, event.last_event_attributes, self._seen.isoformat()
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Go on where the last run ended."""
        if (stored := await self.async_get_last_extra_data()) is not None:
            seen = dt_util.parse_datetime(str(stored.as_dict().get("seen")))
            self._seen = self._seen if seen is None else seen
        await super().async_added_to_hass()

    @override
    async def add_to_platform_finish(self) -> None:
        """Show what is new, once the old state is written and somebody listens.

        A state that appears together with an event hides it from triggers.
        """
        await super().add_to_platform_finish()

        @callback
        def catch_up(_: HomeAssistant) -> None:
            self._update()

        self.async_on_remove(async_at_started(self.hass, catch_up))

    @override
    @callback
    def _update(self) -> None:
        event = None if self.vehicle is None else self.vehicle.vendor_event
        if (
            event is None
            or event.time <= self._seen
            or event.code not in self.event_types
            or self.hass.state is not CoreState.running
        ):
            return
        self._seen = event.time
        self._trigger_event(event.code, self._told(event))
        self.async_write_ha_state()

    def _told(self, event: VendorEvent) -> dict[str, Any]:
        told: dict[str, Any] = {"code": event.code, "time": event.time.isoformat()}
        if event.label is not None:
            told["label"] = event.label
        if event.address is not None and not (
            self.vehicle is not None and self.vehicle.private_mode
        ):
            told["address"] = event.address
        return told

    @override
    def _snapshot(self) -> object:
        # The vehicle's other values do not concern it.
        return None
