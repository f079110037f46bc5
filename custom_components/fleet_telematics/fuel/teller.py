"""Tells of what the ledger holds: on the bus, at the entities, as figures."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CoreState, HassJobType, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_call_later, async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.logging import catch_log_exception

from ..const import DOMAIN, EVENT_FUEL
from ..devices import vehicle_device_info
from ..fleet import LEDGER, Fleet
from ..providers.models import FuelEventKind, Vehicle
from .ledger import Account, Entry, FuelLedger, payload

_THEFT_ALARM: Final = timedelta(hours=24)
# What a vendor may take to notice an event, beside our own rhythm.
_GRACE: Final = timedelta(minutes=5)
# So many events are told, or vehicles shown, before everybody else has a turn.
_SLICE: Final = 10
# Seconds that Home Assistant may take to arm its automations.
_ARMING: Final = 30.0

type FuelListener = Callable[[str, dict[str, Any]], None]


class FuelTeller:
    """Fires each event of an account's ledger once.

    `rhythm` is how long it takes from one look at a vehicle to the next: what is
    older when it is told, is told late, and so is what happened before the start.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        fleet: Fleet,
        ledger: FuelLedger,
        rhythm: Callable[[], timedelta],
    ) -> None:
        """Tell of a ledger that is loaded."""
        self.ledger = ledger
        self._hass = hass
        self._entry = entry
        self._fleet = fleet
        self._rhythm = rhythm
        self._listeners: dict[str, Callable[[str, dict[str, Any]], object]] = {}
        self._since = dt_util.utcnow()
        # The pages as they were shown: a page never changes but is replaced.
        self._shown: dict[str, Account] = {}
        # Until when each alarm is on, and what ends the first of them.
        self._alarms: dict[str, datetime] = {}
        self._silence: Callable[[], None] | None = None
        self.held = False
        self._ended = False
        self._starting = hass.state is not CoreState.running
        entry.async_on_unload(self._end)
        entry.async_on_unload(fleet.listen_all(self._meet))

    @callback
    def _end(self) -> None:
        """Leave what is not told yet to whoever comes after a reload."""
        self._ended = True
        self._keep_time()

    @callback
    def _meet(self, vehicle_ids: Collection[str]) -> None:
        """Show a vehicle's page again when it comes back after it was gone."""
        pages = self.ledger.accounts
        returned = False
        for vehicle_id in vehicle_ids:
            if vehicle_id not in self._fleet.vehicles:
                self._shown.pop(vehicle_id, None)
            elif vehicle_id in pages and vehicle_id not in self._shown:
                returned = True
        if returned:
            self.async_show()

    @callback
    def async_listen(
        self, vehicle_id: str, listener: FuelListener
    ) -> Callable[[], None]:
        """Call the vehicle's event entity with kind and payload of each event.

        Whatever goes wrong there is logged, and holds up no other event.
        """
        self._listeners[vehicle_id] = catch_log_exception(
            listener, _trouble, job_type=HassJobType.Callback
        )

        def forget() -> None:
            self._listeners.pop(vehicle_id, None)

        return forget

    async def async_await_listeners(self) -> None:
        """Wait until automations are armed, if Home Assistant has only just started.

        They hear of its start when we do, and are armed some moments later: nobody
        but the tasks that arm them knows when.
        """
        if self._starting:
            self._starting = False
            with suppress(TimeoutError):
                async with asyncio.timeout(_ARMING):
                    await self._hass.async_block_till_done()

    @callback
    def async_hold(self) -> None:
        """Write events down without firing them, until they are released."""
        self.held = True

    @callback
    def async_release_after(self, wait: timedelta) -> None:
        """Hold events no longer than this."""

        @callback
        def release(_: datetime) -> None:
            self._entry.async_create_background_task(
                self._hass, self.async_release(), f"{DOMAIN} release of fuel events"
            )

        self._entry.async_on_unload(async_call_later(self._hass, wait, release))

    async def async_release(self) -> None:
        """Fire what was held, oldest first."""
        if self.held:
            self.held = False
            await self.async_fire_pending()

    async def async_fire_pending(self) -> None:
        """Write down, fire, write down: see the ledger for why in this order."""
        # A vehicle's first event should find its entity there.
        await self._async_show()
        written = {entry.id for entry in self.ledger.pending()}
        await self.ledger.async_save()
        if self.held or not self._heard:
            return
        # What was recorded meanwhile is not on disk yet.
        pending = [entry for entry in self.ledger.pending() if entry.id in written]
        told = False
        try:
            for number, part in enumerate(batched(pending, _SLICE, strict=False)):
                if number:
                    await asyncio.sleep(0)
                told = self._tell(part) or told
        finally:
            if told:
                await self.ledger.async_save()
                await self._async_show()

    def _tell(self, entries: Sequence[Entry]) -> bool:
        """Fire what somebody hears and nobody has fired; return whether any was."""
        due = [one for one in map(self.ledger.unfired, entries) if one is not None]
        if not due or not self._heard:
            return False
        for entry in due:
            self._fire(entry)
            self.ledger.mark_fired(entry)
        return True

    @property
    def _heard(self) -> bool:
        """Whether somebody listens: not while Home Assistant starts or stops.

        Nor do the account's own entities while it is unloaded.
        """
        return (
            self._hass.state is CoreState.running
            and not self._ended
            and self._entry.state is not ConfigEntryState.UNLOAD_IN_PROGRESS
        )

    @callback
    def async_show(self) -> None:
        """Let what changed of the ledger's figures into the fleet."""
        self._show(self._due())
        self._keep_time()

    async def _async_show(self) -> None:
        """Do the same in slices: after an outage it may concern the whole fleet."""
        for number, part in enumerate(batched(self._due(), _SLICE, strict=False)):
            if number:
                await asyncio.sleep(0)
            self._show(part)
        self._keep_time()

    def _due(self) -> list[str]:
        """Return whose figures have changed, or whose alarm is over."""
        now = dt_util.utcnow()
        over = {one for one, until in self._alarms.items() if until <= now}
        return [
            vehicle_id
            for vehicle_id, page in self.ledger.accounts.items()
            if self._shown.get(vehicle_id) is not page or vehicle_id in over
        ]

    def _show(self, vehicle_ids: Iterable[str]) -> None:
        now = dt_util.utcnow()
        due: dict[str, Account] = {}
        for vehicle_id in vehicle_ids:
            self._alarms.pop(vehicle_id, None)
            if vehicle_id in self._fleet.vehicles:
                due[vehicle_id] = self.ledger.accounts[vehicle_id]
        parts = [
            self._figures(vehicle_id, page, now)
            for vehicle_id, page in due.items()
            if page.measured
        ]
        changed = set(self._fleet.apply(LEDGER, parts, now))
        # The event entity of a new page is due, though no value of it changed.
        new = due.keys() - self._shown.keys()
        self._shown |= due
        self._fleet.announce(changed | new)

    def _figures(self, vehicle_id: str, page: Account, now: datetime) -> Vehicle:
        """Return a page's figures, and note until when its alarm is on."""
        refill = page.last(FuelEventKind.REFUELLED)
        theft = page.last(FuelEventKind.THEFT_SUSPECTED)
        alarm = theft is not None and now - theft.time < _THEFT_ALARM
        if theft is not None and alarm:
            self._alarms[vehicle_id] = theft.time + _THEFT_ALARM
        return Vehicle(
            id=vehicle_id,
            last_refill=None if refill is None else refill.time,
            last_refill_volume=None if refill is None else refill.volume,
            refuelled_total=page.total(FuelEventKind.REFUELLED),
            stolen_total=page.total(FuelEventKind.THEFT_SUSPECTED),
            fuel_theft=alarm,
        )

    @callback
    def _keep_time(self) -> None:
        """See to it that the next alarm ends when it should, whoever reads or not."""
        if self._silence is not None:
            self._silence()
            self._silence = None
        if self._alarms and not self._ended:
            self._silence = async_track_point_in_utc_time(
                self._hass, self._end_alarms, min(self._alarms.values())
            )

    @callback
    def _end_alarms(self, _: datetime) -> None:
        self._silence = None
        self.async_show()

    def payload(self, entry: Entry) -> dict[str, Any]:
        """Return an event as automations see it when it is told now."""
        time = entry.event.time
        now = dt_util.utcnow()
        # A start in the time to come was by a clock that ran ahead.
        late = time < self._since <= now or now - time > self._rhythm() + _GRACE
        return payload(entry, late=late)

    @callback
    def _fire(self, entry: Entry) -> None:
        event = entry.event
        data = self.payload(entry)
        if (listener := self._listeners.get(event.vehicle_id)) is not None:
            listener(event.kind, data)
        account = self._entry.unique_id
        entity_id = er.async_get(self._hass).async_get_entity_id(
            "event", DOMAIN, f"{account}_{event.vehicle_id}_fuel"
        )
        (identifier,) = vehicle_device_info(self._entry, event.vehicle_id)[
            "identifiers"
        ]
        # A vehicle that left meanwhile may have none any more.
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            identifier, self._entry.entry_id
        )
        self._hass.bus.async_fire(
            EVENT_FUEL,
            {
                "event_type": event.kind.value,
                **data,
                "device_id": None if device is None else device.id,
                "entity_id": entity_id,
            },
        )


def _trouble(kind: str, data: dict[str, Any]) -> str:
    return f"An event entity could not show {kind} {data['event_id']}"
