"""Reads the last days again every night, for what vendors deliver late or correct."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
import hashlib
from itertools import batched
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from ..const import CONF_UPDATE_STATISTICS, DOMAIN, LOGGER
from ..coordinator import FleetConfigEntry
from ..providers.capabilities import FuelUse, TripHistory
from ..providers.errors import AuthenticationFailed, ProviderError
from .importer import StatisticsImporter, recorder_is_there, trip_history
from .plan import Job, Step

_LATE: Final = timedelta(days=3)
# The longest downtime that an update makes up for.
_LONGEST: Final = timedelta(days=31)
# When nobody waits for the vendor, and each account at a minute of its own.
_HOUR: Final = 4
# So many seconds later they sleep no longer: slow vendors are asked in several nights.
_LONGEST_NIGHT: Final = 2 * 60 * 60.0
# How often it is written down who had a turn: a restart may come any night.
_SAVED_EVERY: Final = 5 * 60.0
# A vendor that fails so often in a row is down; else it is a vehicle's own trouble.
_MOST_FAILURES: Final = 3


class DailyUpdate:
    """Keeps an account's statistics up to date where its options say so."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        importer: StatisticsImporter,
    ) -> None:
        """Write through the importer, which lets no two of them write at once."""
        self._hass = hass
        self._entry = entry
        self._importer = importer
        self._task: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> None:
        """Wait for the next night, and for all that follow."""
        if not self._entry.options.get(CONF_UPDATE_STATISTICS, False):
            return
        digest = hashlib.sha256(self._entry.entry_id.encode()).digest()
        self._entry.async_on_unload(
            async_track_time_change(
                self._hass,
                self._async_due,
                hour=_HOUR,
                minute=digest[0] % 60,
                second=digest[1] % 60,
            )
        )

    @callback
    def _async_due(self, _now: datetime) -> None:
        history = trip_history(self._entry)
        if history is None or not recorder_is_there(self._hass):
            return
        if self._task is None or self._task.done():
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_update(history), f"{DOMAIN} statistics update"
            )

    async def _async_update(self, history: TripHistory) -> None:
        """Go round the fleet; who has no turn tonight is the first one tomorrow."""
        memory = self._importer.memory
        vehicles = self._entry.runtime_data.fleet.vehicles
        name = self._entry.runtime_data.provider.info.name
        begun = saved = self._hass.loop.time()
        refused: dict[str, ProviderError] = {}
        failures = 0
        failed: ProviderError | None = None
        for group in batched(
            _turns(vehicles, memory.last), history.vehicles_per_read, strict=False
        ):
            memory.last = group[-1]
            now = dt_util.utcnow()
            try:
                for step in self._steps(history, group, now):
                    await self._importer.async_step_of_each(step, refused)
            except ProviderError as err:
                failures += 1
                failed = err
                if failures == _MOST_FAILURES or isinstance(err, AuthenticationFailed):
                    break
            else:
                failures = 0
                memory.updated |= dict.fromkeys(group, now)
            time = self._hass.loop.time()
            if time - begun >= _LONGEST_NIGHT:
                break
            if time - saved >= _SAVED_EVERY:
                saved = time
                await memory.async_save()
        if failed is not None:
            LOGGER.info("%s: some statistics are updated tomorrow (%s)", name, failed)
        if refused:
            LOGGER.debug("%s: no statistics of %d vehicles", name, len(refused))
        memory.updated = {
            one: moment for one, moment in memory.updated.items() if one in vehicles
        }
        await memory.async_save()

    def _steps(
        self, history: TripHistory, vehicle_ids: Sequence[str], now: datetime
    ) -> Sequence[Step]:
        """Return what to import: from some days before the last update on."""
        updated = self._importer.memory.updated
        start = max(
            min(updated.get(one, now) for one in vehicle_ids) - _LATE, now - _LONGEST
        )
        return Job.of(
            vehicle_ids,
            start.replace(hour=0, minute=0, second=0, microsecond=0),
            now,
            vehicles_per_read=history.vehicles_per_read,
            # What is told of a window as a whole is told of each day that way.
            daily=isinstance(history, FuelUse),
        ).steps


def _turns(vehicle_ids: Iterable[str], last: str | None) -> list[str]:
    """Return the vehicles in their order, beginning behind the last one."""
    return sorted(vehicle_ids, key=lambda one: (last is not None and one <= last, one))
