"""Reads fuel events vehicle by vehicle, and tells of the new ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, EVENT_FUEL, LOGGER
from ..coordinator import FeedCoordinator, FleetConfigEntry
from ..devices import vehicle_device_info
from ..fleet import LEDGER, Fleet
from ..providers.base import Feed, FeedPlan, Provider
from ..providers.errors import AccessDenied
from ..providers.models import FuelEventKind, Vehicle
from ..rotation import Rotation
from .ledger import Entry, FuelLedger, payload

# The first look at a vehicle's past, and the longest window ever asked for.
_WINDOW: Final = timedelta(days=31)
# Vendors add and revise rows for a while: windows reach back this far.
_OVERLAP: Final = timedelta(days=2)
_THEFT_ALARM: Final = timedelta(hours=24)
_DENIED_FOR: Final = timedelta(hours=24)
# What the vendor may take to notice an event, beside our own rotation.
_GRACE: Final = timedelta(minutes=5)

type FuelListener = Callable[[str, dict[str, Any]], None]


class FuelCoordinator(FeedCoordinator):
    """Lets the vehicles take turns and keeps the ledger."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        provider: Provider,
        fleet: Fleet,
        plan: FeedPlan,
        ledger: FuelLedger,
    ) -> None:
        """Read as the plan says; the ledger is loaded."""
        super().__init__(hass, entry, provider, fleet, Feed.FUEL, plan.interval)
        self.ledger = ledger
        self.denied: dict[str, datetime] = {}
        self._plan = plan
        self._rotation = Rotation(plan.vehicles_per_step)
        self._listeners_of_events: dict[str, FuelListener] = {}

    @callback
    def async_listen_events(
        self, vehicle_id: str, listener: FuelListener
    ) -> Callable[[], None]:
        """Call the vehicle's event entity with kind and payload of each event."""
        self._listeners_of_events[vehicle_id] = listener

        def forget() -> None:
            self._listeners_of_events.pop(vehicle_id, None)

        return forget

    @override
    async def _async_read(self) -> None:
        """Read what is due; whatever happens, time passes for past alarms."""
        try:
            now = dt_util.utcnow()
            self.denied = {
                vehicle_id: until
                for vehicle_id, until in self.denied.items()
                if until > now
            }
            allowed = [one for one in self.fleet.vehicles if one not in self.denied]
            for vehicle_id in self._rotation.next(allowed):
                await self._async_read_vehicle(vehicle_id)
        finally:
            self.async_show_ledger()

    async def _async_read_vehicle(self, vehicle_id: str) -> None:
        """Read one vehicle from where the last read ended, in steps if that is long."""
        now = dt_util.utcnow()
        account = self.ledger.accounts.get(vehicle_id)
        start = now - _WINDOW if account is None else account.read_until - _OVERLAP
        while True:
            end = min(start + _WINDOW, now)
            try:
                report = await self.provider.fuel(vehicle_id, start, end)
            except AccessDenied:
                LOGGER.info(
                    "%s: one vehicle's fuel events are not for this account", self.name
                )
                self.denied[vehicle_id] = now + _DENIED_FOR
                return
            if self.ledger.record(vehicle_id, report, end):
                await self.async_fire_pending()
            else:
                self.ledger.async_save_later()
            if end >= now:
                # What came along speaks of the window's end: of now, only here.
                if report.vehicle is not None:
                    await self.async_apply([report.vehicle])
                return
            start = end - _OVERLAP

    async def async_fire_pending(self) -> None:
        """Write down, fire, write down: see the ledger for why in this order."""
        await self.ledger.async_save()
        pending = self.ledger.pending()
        for entry in pending:
            self._fire(entry)
            self.ledger.mark_fired(entry)
        if pending:
            await self.ledger.async_save()

    @callback
    def _fire(self, entry: Entry) -> None:
        event = entry.event
        age = dt_util.utcnow() - event.time
        data = payload(entry, late=age > self._round() + _GRACE)
        if (listener := self._listeners_of_events.get(event.vehicle_id)) is not None:
            listener(event.kind, data)
        entity_id = er.async_get(self.hass).async_get_entity_id(
            "event", DOMAIN, f"{self.config_entry.unique_id}_{event.vehicle_id}_fuel"
        )
        (identifier,) = vehicle_device_info(self.config_entry, event.vehicle_id)[
            "identifiers"
        ]
        device_id = dr.async_get_device_id_by_identifier(
            self.hass, identifier, config_entry_id=self.config_entry.entry_id
        )
        self.hass.bus.async_fire(
            EVENT_FUEL,
            {
                "event_type": event.kind.value,
                **data,
                "device_id": device_id,
                "entity_id": entity_id,
            },
        )

    def _round(self) -> timedelta:
        """Return how long it takes until a vehicle's turn comes again."""
        return self._plan.interval * self._rotation.turns(len(self.fleet.vehicles))

    @callback
    def async_show_ledger(self) -> None:
        """Let the ledger's figures into the fleet."""
        now = dt_util.utcnow()
        parts: list[Vehicle] = []
        for vehicle_id, account in self.ledger.accounts.items():
            if not account.measured:
                continue
            refill = account.last(FuelEventKind.REFUELLED)
            theft = account.last(FuelEventKind.THEFT_SUSPECTED)
            parts.append(
                Vehicle(
                    id=vehicle_id,
                    last_refill=None if refill is None else refill.time,
                    last_refill_volume=None if refill is None else refill.volume,
                    refuelled_total=account.total(FuelEventKind.REFUELLED),
                    stolen_total=account.total(FuelEventKind.THEFT_SUSPECTED),
                    fuel_theft=theft is not None and now - theft.time < _THEFT_ALARM,
                )
            )
        self.fleet.announce(self.fleet.apply(LEDGER, parts, now))
