"""Reads the vendor's own fuel events, vehicle by vehicle."""

from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import FeedCoordinator, FleetConfigEntry
from ..fleet import Fleet
from ..providers.base import Feed, FeedPlan, FieldKind, Provider
from ..providers.errors import AccessDenied, Rejected
from ..rotation import Rotation
from .ledger import FuelLedger
from .teller import FuelTeller

# The first look at a vehicle's past, and the longest window ever asked for: 31 days
# on every clock, also on one that is changed by an hour within them.
_WINDOW: Final = timedelta(days=31) - timedelta(hours=2)
# Vendors add and revise rows for a while: windows reach back this far ...
_OVERLAP: Final = timedelta(days=2)
# ... and now and then as far as one request can: a tracker that was without contact
# for weeks delivers then.
_LOOK_BACK: Final = timedelta(days=1)
# After a start events wait until every vehicle was read, but not for longer.
_LONGEST_HOLD: Final = timedelta(minutes=5)
_DENIED_FOR: Final = timedelta(hours=24)


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
        self.teller = FuelTeller(hass, entry, fleet, ledger, self._round)
        self.denied: dict[str, datetime] = {}
        # None where the vendor's times are unmistakable.
        self._clock = next(
            (
                str(entry.data.get(field.key) or field.default)
                for field in provider.info.fields
                if field.kind is FieldKind.TIME_ZONE
            ),
            None,
        )
        self._plan = plan
        self._rotation = Rotation(plan.vehicles_per_step)
        self._declined: set[str] = set()
        self._read: set[str] = set()
        self._looked_back: dict[str, datetime] = {}
        self.teller.async_hold()

    async def async_start(self) -> None:
        """Read every vehicle once and tell what is new, oldest first."""
        await self.teller.async_await_listeners()
        self.teller.async_release_after(_LONGEST_HOLD)
        # All may have been read before anybody listened.
        await self.teller.async_fire_pending()
        await self.async_refresh()

    @override
    async def _async_read(self) -> None:
        """Read what is due; whatever happens, time passes for past alarms.

        As long as events are held that is every vehicle, one after another: only
        when all were read is it known which event is the oldest.
        """
        try:
            if self._clock is not None:
                await self.ledger.async_keep_clock(self._clock)
            now = dt_util.utcnow()
            if self.ledger.meet(self.fleet.vehicles, now):
                await self.ledger.async_save()
            self.denied = {
                vehicle_id: until
                for vehicle_id, until in self.denied.items()
                # Not for longer, should the clock go back.
                if now < until <= now + _DENIED_FOR
            }
            allowed = [one for one in self.fleet.vehicles if one not in self.denied]
            while True:
                for vehicle_id in self._rotation.next(allowed):
                    await self._async_read_vehicle(vehicle_id)
                    self._read.add(vehicle_id)
                if self._read.issuperset(allowed):
                    await self.teller.async_release()
                if not self.teller.held:
                    break
        finally:
            self.teller.async_show()

    async def _async_read_vehicle(self, vehicle_id: str) -> None:
        """Read one vehicle from where the last read ended, in steps if that is long."""
        now = dt_util.utcnow()
        account = self.ledger.accounts.get(vehicle_id)
        looked_back = self._looked_back.get(vehicle_id)
        looks_back = (
            looked_back is None or not looked_back <= now < looked_back + _LOOK_BACK
        )
        start = now - _WINDOW
        # Read by a clock that ran ahead is as good as not read.
        if account is not None and account.read_until <= now:
            overlapping = account.read_until - _OVERLAP
            start = min(start, overlapping) if looks_back else overlapping
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
            except Rejected:
                # One vehicle's trouble; of all of them it is the vendor's.
                self._declined.add(vehicle_id)
                if self._declined.issuperset(self.fleet.vehicles.keys() - self.denied):
                    raise
                return
            self._declined.discard(vehicle_id)
            if self.ledger.record(vehicle_id, report, end):
                await self.teller.async_fire_pending()
            else:
                self.ledger.async_save_later()
            if end >= now:
                if looks_back:
                    self._looked_back[vehicle_id] = now
                # What came along speaks of the window's end: of now, only here.
                if report.vehicle is not None:
                    await self.async_apply([report.vehicle])
                return
            start = end - _OVERLAP

    def _round(self) -> timedelta:
        """Return how long it takes until a vehicle's turn comes again."""
        return self._plan.interval * self._rotation.turns(len(self.fleet.vehicles))
