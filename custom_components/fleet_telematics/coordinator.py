"""One coordinator per feed: reads it, hands it to the fleet, tells of changes."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched
from time import monotonic
from typing import TYPE_CHECKING, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .devices import Devices
from .failures import action_failure, update_failure
from .fleet import Fleet, tell
from .issues import show_entity_limit, show_password_expiry
from .outage import async_outage_log
from .providers.base import Feed, FeedPlan, Provider
from .providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    ProviderError,
    Unsupported,
)
from .providers.models import Batch, FleetFigures, Vehicle
from .providers.transport import RequestQueue
from .rotation import Rotation

if TYPE_CHECKING:
    from .fuel.coordinator import FuelCoordinator
    from .fuel.watcher import FuelWatcher
    from .image import CategoryImages
    from .push import Push
    from .statistics.importer import StatisticsImporter

# So many vehicles write their entities before the event loop has its turn.
_SLICE: Final = 20
# A feed that the account may not read is tried again now and then.
_UNOFFERED_INTERVAL: Final = timedelta(hours=12)
# While a vendor tells of changes by itself, the poll sees to what that leaves out.
_LIVE_FACTOR: Final = 5
_LONGEST_LIVE_INTERVAL: Final = timedelta(minutes=10)
# A vehicle that was read so many seconds ago is not read again on request.
_FRESH: Final = 5.0


@dataclass(slots=True, kw_only=True)
class FleetData:
    """What a loaded config entry holds."""

    provider: Provider
    queue: RequestQueue
    fleet: Fleet
    devices: Devices
    positions: PositionsCoordinator
    fuel: FuelCoordinator | FuelWatcher
    statistics: StatisticsImporter
    feeds: dict[Feed, FeedCoordinator] = field(default_factory=dict)
    figures: FiguresCoordinator | None = None
    push: Push | None = None
    images: CategoryImages | None = None


type FleetConfigEntry = ConfigEntry[FleetData]


class FeedCoordinator(DataUpdateCoordinator[None]):
    """Reads one feed. Its listeners only hear when it fails and recovers."""

    config_entry: FleetConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        provider: Provider,
        fleet: Fleet,
        feed: Feed,
        interval: timedelta,
    ) -> None:
        """Read `feed` every `interval`."""
        self.provider = provider
        self.fleet = fleet
        self.feed = feed
        super().__init__(
            hass,
            async_outage_log(hass, entry),
            config_entry=entry,
            name=f"{provider.info.name} {feed}",
            update_interval=interval,
            always_update=False,
        )
        # The listener also keeps the schedule alive.
        entry.async_on_unload(self.async_add_listener(self._tell_fleet))

    @abstractmethod
    async def _async_read(self) -> None:
        """Read the feed once and apply what came."""

    @override
    async def _async_update_data(self) -> None:
        """Read the feed; a provider's error becomes a translated one."""
        try:
            self._raise_for_refused_poll()
            await self._async_read()
        except ProviderError as err:
            async_outage_log(self.hass, self.config_entry).failing(self.name)
            raise update_failure(err, self.provider.info) from err

    def _raise_for_refused_poll(self) -> None:
        """Leave credentials alone that the vendor refused when the poll used them."""
        if self.feed is Feed.POSITIONS:
            return
        poll = self.config_entry.runtime_data.positions
        if not poll.last_update_success and isinstance(
            poll.last_exception, ConfigEntryAuthFailed
        ):
            raise AuthenticationFailed("not sent, as the poll was refused")

    async def async_apply(self, vehicles: Sequence[Vehicle]) -> None:
        """Let readings into the fleet and tell of the changes, in slices."""
        for part in batched(vehicles, _SLICE, strict=False):
            changed = self.fleet.apply(self.feed, part, dt_util.utcnow())
            self.fleet.announce(changed)
            await asyncio.sleep(0)
        self.fleet.announce_totals()

    @callback
    def _tell_fleet(self) -> None:
        if self.fleet.set_failed(self.feed, not self.last_update_success):
            self.config_entry.async_create_background_task(
                self.hass, self._async_tell_everybody(), f"{self.name} availability"
            )

    async def _async_tell_everybody(self) -> None:
        for part in batched(list(self.fleet.vehicles), _SLICE, strict=False):
            self.fleet.announce(part)
            await asyncio.sleep(0)
        self.fleet.announce_totals()


class PositionsCoordinator(FeedCoordinator):
    """The poll: every vehicle with its live state."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        provider: Provider,
        fleet: Fleet,
        devices: Devices,
    ) -> None:
        """Poll at the user's interval, never faster than the vendor allows."""
        self._devices = devices
        self._reads: dict[str, tuple[float, asyncio.Future[None]]] = {}
        info = provider.info
        seconds = entry.options.get(
            CONF_SCAN_INTERVAL, info.default_interval.total_seconds()
        )
        shortest = info.shortest_interval(entry.options)
        self.live = False
        self._usual = timedelta(seconds=max(float(seconds), shortest))
        self._polled_at = monotonic()
        self._entities_changed = True
        super().__init__(hass, entry, provider, fleet, Feed.POSITIONS, self._usual)

        async_outage_log(hass, entry).poll = self.name
        entry.async_on_unload(
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._note_entities)
        )

    @callback
    def _note_entities(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Count the entities anew at the next poll."""
        self._entities_changed = True

    @property
    def live_interval(self) -> timedelta:
        """How much time passes between two polls while the vendor tells by itself."""
        return max(self._usual, min(self._usual * _LIVE_FACTOR, _LONGEST_LIVE_INTERVAL))

    @callback
    def async_set_live(self, live: bool) -> None:
        """Note whether the vendor tells of changes by itself.

        The poll goes slower from the next one on, and back to its usual pace at
        once: the next one is then due as if it had never been slower.
        """
        if live == self.live:
            return
        self.live = live
        if not live:
            due = self._usual.total_seconds() - (monotonic() - self._polled_at)
            self.update_interval = timedelta(seconds=max(1.0, due))
            self._schedule_refresh()
            self.update_interval = self._usual

    async def async_take(self, batch: Batch) -> None:
        """Let in what the vendor told by itself, in the way of a poll."""
        await self._async_let_in(batch.vehicles.values())

    @override
    async def _async_read(self) -> None:
        # One that fails is repeated at the usual pace, whatever is told meanwhile.
        self.update_interval = self._usual
        self._polled_at = monotonic()
        batch = await self.provider.positions()
        await self._async_let_in(batch.vehicles.values())
        if batch.complete:
            self._devices.check_missing(batch.vehicles)
        if self._entities_changed:
            self._entities_changed = False
            show_entity_limit(self.hass, self.config_entry)
        async_outage_log(self.hass, self.config_entry).polled()
        if self.live:
            self.update_interval = self.live_interval

    async def _async_let_in(self, told: Iterable[Vehicle]) -> None:
        vehicles = [one for one in told if not self.fleet.knows(self.feed, one)]
        for part in batched(vehicles, _SLICE, strict=False):
            # Before the entities: they attach to devices that are there.
            self._devices.update(one for one in part if self.fleet.wanted(one.id))
            await asyncio.sleep(0)
        await self.async_apply(vehicles)

    async def async_update_vehicle(self, vehicle_id: str) -> None:
        """Read one vehicle now, with the whole fleet where there is no other way.

        A vehicle's entities that are updated together share one request.
        """
        now = monotonic()
        known = self._reads.get(vehicle_id)
        if known is None or (known[1].done() and now - known[0] > _FRESH):
            task = self.hass.async_create_task(self._async_read_vehicle(vehicle_id))
            known = self._reads[vehicle_id] = (now, task)
        await asyncio.shield(known[1])

    async def _async_read_vehicle(self, vehicle_id: str) -> None:
        try:
            vehicle = await self.provider.vehicle(vehicle_id)
        except ProviderError as err:
            raise action_failure(err, self.provider.info) from err
        if vehicle is None:
            await self.async_request_refresh()
        else:
            await self.async_apply([vehicle])


class StepCoordinator(FeedCoordinator):
    """A feed beside the poll, read for some vehicles a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        provider: Provider,
        fleet: Fleet,
        feed: Feed,
        plan: FeedPlan,
    ) -> None:
        """Read as the plan says."""
        super().__init__(hass, entry, provider, fleet, feed, plan.interval)
        self._plan = plan
        self._rotation = Rotation(plan.vehicles_per_step)
        self._refusals = 0

    @override
    async def _async_read(self) -> None:
        turn = self._rotation.next(list(self.fleet.vehicles))
        if not turn:
            return
        try:
            batch = await self._read_step(turn)
        except (AccessDenied, NotFound, Unsupported) as err:
            self._refuse(err)
            return
        self._refusals = 0
        self.update_interval = self._plan.interval
        await self.async_apply(list(batch.vehicles.values()))

    def _refuse(self, err: ProviderError) -> None:
        """Leave the feed alone once it was refused for every vehicle.

        That is no failure: the account does not have it. Some vehicles alone may
        be somebody else's.
        """
        self._refusals += 1
        if self._refusals < self._rotation.turns(len(self.fleet.vehicles)):
            return
        if self.update_interval != _UNOFFERED_INTERVAL:
            LOGGER.info("%s is not offered to this account: %s", self.name, err)
            self.update_interval = _UNOFFERED_INTERVAL

    async def _read_step(self, vehicle_ids: Sequence[str]) -> Batch:
        if self.feed is Feed.TRIPS:
            return await self.provider.last_trips(vehicle_ids)
        return await self.provider.details(vehicle_ids)


class FiguresCoordinator(FeedCoordinator):
    """What the vendor tells of the account as a whole."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        provider: Provider,
        fleet: Fleet,
        plan: FeedPlan,
    ) -> None:
        """Read as the plan says."""
        super().__init__(hass, entry, provider, fleet, Feed.FIGURES, plan.interval)
        self.figures = FleetFigures()
        self._figure_listeners: list[Callable[[], None]] = []

    @callback
    def async_listen_figures(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener when the figures changed, failed or recovered."""
        self._figure_listeners.append(listener)
        return lambda: self._figure_listeners.remove(listener)

    @override
    async def _async_read(self) -> None:
        figures = await self.provider.figures()
        if figures != self.figures:
            self.figures = figures
            self._tell_listeners()
        show_password_expiry(self.hass, self.config_entry, figures.password_expires_in)

    @override
    @callback
    def _tell_fleet(self) -> None:
        # These figures are of no vehicle.
        self._tell_listeners()

    def _tell_listeners(self) -> None:
        tell(self._figure_listeners)
