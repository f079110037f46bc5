"""Reads the last days again every night, for what vendors deliver late or correct."""

import asyncio
from datetime import datetime, timedelta
import hashlib
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from ..const import CONF_UPDATE_STATISTICS, DOMAIN, LOGGER
from ..coordinator import FleetConfigEntry
from ..providers.capabilities import FuelUse, TripHistory
from ..providers.errors import AccessDenied, NotFound, ProviderError
from .importer import StatisticsImporter, recorder_is_there, trip_history
from .plan import Job

_LATE: Final = timedelta(days=3)
# The longest downtime that an update makes up for.
_LONGEST: Final = timedelta(days=31)
# When nobody waits for the vendor, and each account at a minute of its own.
_HOUR: Final = 4


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
        """Import from some days before the last update on."""
        now = dt_util.utcnow()
        memory = self._importer.memory
        start = max((memory.updated or now) - _LATE, now - _LONGEST)
        job = Job.of(
            list(self._entry.runtime_data.fleet.vehicles),
            start.replace(hour=0, minute=0, second=0, microsecond=0),
            now,
            vehicles_per_read=history.vehicles_per_read,
            # What is told of a window as a whole is told of each day that way.
            daily=isinstance(history, FuelUse),
        )
        for step in job.steps:
            try:
                await self._importer.async_step(step)
            except (AccessDenied, NotFound) as err:
                # Some vehicles alone may be somebody else's.
                LOGGER.debug("%s: no statistics (%s)", self._entry.title, err)
            except ProviderError as err:
                LOGGER.info(
                    "%s: statistics are updated tomorrow (%s)", self._entry.title, err
                )
                return
        memory.updated = now
        await memory.async_save()
