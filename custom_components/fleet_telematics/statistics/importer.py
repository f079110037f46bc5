"""Imports the statistics of an account, one import at a time."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN, LOGGER
from ..coordinator import FleetConfigEntry
from ..providers.capabilities import TripHistory
from ..providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)
from .memory import Memory
from .plan import Job, Step
from .progress import Progress
from .step import Change, async_run_step

_FIRST_PAUSE: Final = 5 * 60.0
_LONGEST_PAUSE: Final = 60 * 60.0

# Whom the vendor refused, and in which words.
type Refused = MutableMapping[str, ProviderError]


@callback
def recorder_is_there(hass: HomeAssistant) -> bool:
    """Say whether there is somebody to keep statistics."""
    return "recorder" in hass.config.components


def trip_history(entry: FleetConfigEntry) -> TripHistory | None:
    """Return the account's provider if its vendor tells all trips of the past."""
    provider: object = entry.runtime_data.provider
    if isinstance(provider, TripHistory) and provider.whole_history:
        return provider
    return None


@dataclass(slots=True, kw_only=True)
class Import:
    """An import that runs.

    The task's result is how many rows the period has of each statistic. `kept` is
    whether it goes on after a restart, `cancelled` whether somebody wanted its end.
    """

    job: Job
    kept: bool
    task: asyncio.Task[Counter[str]]
    cancelled: bool = False


class StatisticsImporter:
    """Runs an account's imports, which survive restarts."""

    def __init__(self, hass: HomeAssistant, entry: FleetConfigEntry) -> None:
        """Import for an account whose set-up has begun."""
        self._hass = hass
        self._entry = entry
        self.memory = Memory(hass, entry)
        self._progress = Progress(hass, entry)
        self._import: Import | None = None
        self._turn = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether an import is under way, or about to go on after a restart."""
        if self._import is not None:
            return not self._import.task.done()
        return self.memory.job is not None

    @property
    def pending(self) -> bool:
        """Whether one runs, or is kept until it may go on."""
        return self.running or self.memory.job is not None

    @callback
    def async_go_on(self) -> None:
        """Go on where a restart interrupted, in the background."""
        if self._import is not None:
            # Somebody was quicker, before Home Assistant had started.
            return
        job = self.memory.job
        if job is not None and recorder_is_there(self._hass):
            self._start(job, self._async_finish(job), kept=True)

    @callback
    def async_begin(
        self,
        history: TripHistory,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        dry_run: bool = False,
    ) -> Import:
        """Start an import, where none is running; a dry run writes nothing."""
        job = Job.of(
            vehicle_ids, start, end, vehicles_per_read=history.vehicles_per_read
        )
        work = self._async_run(job, kept=False) if dry_run else self._async_keep(job)
        return self._start(job, work, kept=not dry_run)

    async def async_result(self, running: Import) -> Counter[str]:
        """Wait for an import; whoever stops waiting cancels it.

        Raises any ProviderError, and HomeAssistantError where it was cancelled or
        interrupted. Whatever was complete by then is written.
        """
        try:
            await asyncio.wait([running.task])
        except asyncio.CancelledError:
            # Home Assistant's end stops scripts, too; nobody means the import by it.
            if not self._hass.is_stopping:
                self._hass.async_create_task(self._async_cancel(running))
            raise
        if running.task.cancelled():
            goes_on = running.kept and not running.cancelled
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="import_interrupted" if goes_on else "import_cancelled",
                translation_placeholders={"account": self._entry.title},
            )
        return running.task.result()

    async def async_cancel(self) -> None:
        """Stop what is running for good; what is written stays."""
        if self._import is not None:
            await self._async_cancel(self._import)
        if self.memory.job is not None:
            await self._async_forget()

    async def async_step(
        self, step: Step, *, before: Sequence[Change] = (), dry_run: bool = False
    ) -> Sequence[Change]:
        """Run one step once no other one does: it writes what follows from rows."""
        async with self._turn:
            return await async_run_step(
                self._hass, self._entry, step, before=before, dry_run=dry_run
            )

    async def async_step_of_each(
        self, step: Step, refused: Refused, *, before: Sequence[Change] = ()
    ) -> Sequence[Change]:
        """Run a step so that a vehicle that is refused costs no other one its rows.

        Lists are halved until it is found. It is noted in `refused`, and not asked
        for again. Raises what is no refusal.
        """
        wanted = tuple(one for one in step.vehicle_ids if one not in refused)
        if not wanted:
            return []
        try:
            return await self.async_step(
                replace(step, vehicle_ids=wanted), before=before
            )
        except (AccessDenied, Rejected) as err:
            if len(wanted) == 1:
                refused[wanted[0]] = err
                return []
        middle = len(wanted) // 2
        changes: list[Change] = []
        for part in (wanted[:middle], wanted[middle:]):
            changes += await self.async_step_of_each(
                replace(step, vehicle_ids=part), refused, before=before
            )
        return changes

    @property
    def _name(self) -> str:
        """What the log calls the account; its title may name its user."""
        return self._entry.runtime_data.provider.info.name

    @callback
    def _start(
        self, job: Job, work: Coroutine[Any, Any, Counter[str]], *, kept: bool
    ) -> Import:
        task = self._entry.async_create_background_task(
            self._hass, work, f"{DOMAIN} statistics import"
        )
        self._import = Import(job=job, kept=kept, task=task)
        return self._import

    async def _async_cancel(self, running: Import) -> None:
        running.cancelled = True
        running.task.cancel()
        await asyncio.wait([running.task])
        if running.kept:
            await self._async_forget()

    async def _async_forget(self) -> None:
        self.memory.job = None
        await self.memory.async_save()

    async def _async_keep(self, job: Job) -> Counter[str]:
        """Do what somebody waits for, and who hears of it when it fails."""
        self.memory.job = job
        await self.memory.async_save()
        interrupted = False
        try:
            return await self._async_run(job, kept=True)
        except asyncio.CancelledError:
            interrupted = True
            raise
        finally:
            if not interrupted:
                await self._async_forget()

    async def _async_finish(self, job: Job) -> Counter[str]:
        """Do what nobody waits for any more, with patience for the vendor."""
        pause = _FIRST_PAUSE
        rows: Counter[str] = Counter()
        refused: dict[str, ProviderError] = {}
        while True:
            try:
                rows = await self._async_run(job, kept=True, refused=refused)
            except AuthenticationFailed as err:
                # Once the user mended that, the account is loaded again.
                LOGGER.info("%s: statistics import waits (%s)", self._name, err)
                return rows
            except (Unreachable, RateLimited, InvalidResponse) as err:
                LOGGER.info("%s: statistics import waits (%s)", self._name, err)
                asked = err.retry_after if isinstance(err, RateLimited) else 0.0
                await asyncio.sleep(max(pause, asked))
                pause = min(2 * pause, _LONGEST_PAUSE)
                job = self.memory.job or job
                continue
            except ProviderError as err:
                LOGGER.warning("%s: statistics import given up (%s)", self._name, err)
            if refused:
                LOGGER.warning(
                    "%s: statistics import left out %d of %d vehicles (%s)",
                    self._name,
                    len(refused),
                    len(job.vehicle_ids),
                    next(iter(refused.values())),
                )
            await self._async_forget()
            return rows

    async def _async_run(
        self, job: Job, *, kept: bool, refused: Refused | None = None
    ) -> Counter[str]:
        """Run the steps that are not done; those that are kept are written.

        With `refused` a vehicle that the vendor refuses is left out and noted there.
        """
        rows: Counter[str] = Counter()
        changes: Sequence[Change] = ()
        steps = job.steps
        try:
            for number in range(job.done, len(steps)):
                await self._progress.async_show(steps, number)
                if refused is None:
                    changes = await self.async_step(
                        steps[number], before=changes, dry_run=not kept
                    )
                else:
                    changes = await self.async_step_of_each(
                        steps[number], refused, before=changes
                    )
                rows.update({one.statistic_id: one.count for one in changes})
                if kept:
                    self.memory.job = replace(job, done=number + 1)
                    await self.memory.async_save()
        finally:
            self._progress.async_hide()
        return rows
