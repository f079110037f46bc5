"""Sends what waits in the queue: soon, in bulk, and gently while the vendor is down."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
import random
import sqlite3
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import CONF_PROVIDER, DOMAIN, LOGGER
from ..outage import OutageLog
from ..providers import PROVIDERS
from ..providers.capabilities import PositionSink
from ..providers.errors import (
    AuthenticationFailed,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)
from .queue import PositionQueue
from .store import Queued

# What comes within a moment goes out together.
SOON: Final = 1.0
_FIRST_BACK_OFF: Final = 15.0
_LONGEST_BACK_OFF: Final = 15 * 60.0
# A vendor that declines so many one after the other declines something else.
_MOST_REFUSALS: Final = 10
# After so many failures in a row of a vendor that can be polled, the fault may be one
# position's; it is not looked for among more than a few.
_SUSPICIOUS: Final = 4
_MOST_SUSPECTS: Final = 3
# An unload waits so long for a request that is under way.
_PATIENCE: Final = 5.0


class Sender:
    """Empties an account's queue while the account is loaded."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, queue: PositionQueue
    ) -> None:
        """Wait to be started."""
        self._hass = hass
        self._entry = entry
        self._queue = queue
        # Not the account's title, which may name its user.
        self._vendor = PROVIDERS[entry.data[CONF_PROVIDER]].info.name
        self._name = f"{self._vendor} sent positions"
        self._sink: PositionSink | None = None
        self._is_up: Callable[[], bool] = _unknown
        self._log = OutageLog()
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._running = False
        self._request: asyncio.Task[bool] | None = None
        self._failures = 0
        self._patient = False
        self._refusals = 0
        self._told_of_refusal = False

    @callback
    def async_start(
        self,
        sink: PositionSink,
        log: OutageLog,
        is_up: Callable[[], bool] | None = None,
    ) -> None:
        """Send to this vendor from now on; failures and recoveries go to `log`.

        `is_up` tells whether the vendor answers to others.
        """
        self._sink = sink
        self._log = log
        self._is_up = is_up or _unknown
        self._failures = 0
        self.async_wake()

    @callback
    def async_pause(self) -> None:
        """Begin no more requests until it is started again."""
        self._sink = None
        self._clear_timer()

    async def async_stop(self) -> None:
        """Send no more. A request that is under way may end, and is noted."""
        self.async_pause()
        request = self._request
        if request is not None:
            await asyncio.wait([request], timeout=_PATIENCE)
            request.cancel()
            await asyncio.wait([request])

    @callback
    def async_wake(self) -> None:
        """Send soon, unless that is planned already or the vendor is being spared."""
        if (
            self._sink is not None
            and not self._running
            and self._cancel_timer is None
            and self._queue.waiting
        ):
            self._plan(SOON)

    @callback
    def async_retry(self) -> None:
        """The vendor is there again: do not wait any longer, unless it asked to."""
        if self._cancel_timer is not None and not self._patient:
            self._clear_timer()
            self.async_wake()

    def _plan(self, delay: float) -> None:
        self._cancel_timer = async_call_later(
            self._hass,
            delay,
            HassJob(self._async_due, "send positions", cancel_on_shutdown=True),
        )

    def _clear_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _async_due(self, now: datetime) -> None:
        self._cancel_timer = None
        self._running = True
        self._entry.async_create_background_task(
            self._hass, self._async_send(), f"{DOMAIN} send positions"
        )

    async def _async_send(self) -> None:
        """Send until nothing waits; after a failure go on later."""
        delay: float | None = None
        self._patient = False
        try:
            delay = await self._async_drain()
        except RateLimited as err:
            self._patient = True
            delay = err.retry_after
        except AuthenticationFailed as err:
            # Once, never in a loop; the user's answer loads the account anew.
            self._log.error("%s: %s", self._name, err)
            self._sink = None
            self._entry.async_start_reauth(self._hass)
        except (ProviderError, sqlite3.Error) as err:
            if self._failures:
                self._log.failing(self._name)
            else:
                self._log.error("%s: cannot be sent at present (%s)", self._name, err)
            delay = self._back_off()
        except Exception as err:  # noqa: BLE001 - the queue must not stand still
            if not self._failures:
                LOGGER.error("%s: cannot be sent", self._name, exc_info=err)
            delay = self._back_off()
        finally:
            self._running = False
        if delay is not None and self._sink is not None:
            self._plan(delay)
        else:
            self.async_wake()

    async def _async_drain(self) -> float | None:
        """Send all; return for how long to spare the vendor, None for no longer."""
        while (sink := self._sink) is not None:
            parts = deque([await self._queue.async_oldest(sink.positions_per_request)])
            if not parts[0]:
                break
            looks = self._failures >= _SUSPICIOUS and self._is_up()
            suspects: list[Queued] = []
            while parts and self._sink is sink:
                part = parts.popleft()
                try:
                    if await self._async_deliver(sink, part):
                        continue
                except Unreachable as err:
                    if not looks or err.status is None:
                        raise
                    if len(part) == 1:
                        suspects += part
                        if len(suspects) == _MOST_SUSPECTS:
                            raise
                if self._refusals >= _MOST_REFUSALS:
                    self._refusals = 0
                    return self._back_off()
                # The vendor takes all or none: look for the one that it declines.
                middle = len(part) // 2
                if middle:
                    parts.extendleft((part[middle:], part[:middle]))
            for suspect in suspects:
                if self._sink is sink:
                    await self._async_try_again(sink, suspect)
        return None

    async def _async_try_again(self, sink: PositionSink, suspect: Queued) -> None:
        """Send what the vendor failed at while it took others; drop it if it does."""
        try:
            await self._async_deliver(sink, [suspect])
        except Unreachable as err:
            if self._failures or err.status is None:
                # It took no other one, or gave no answer to this one.
                raise
            await self._async_drop(suspect, err)

    async def _async_deliver(self, sink: PositionSink, part: Sequence[Queued]) -> bool:
        """Send in a task of its own: an unload lets it end."""
        task = self._hass.loop.create_task(self._async_request(sink, part))
        # Whoever is told may be gone meanwhile.
        task.add_done_callback(_retrieve)
        self._request = task
        try:
            return await asyncio.shield(task)
        finally:
            if task.done():
                self._request = None

    async def _async_request(self, sink: PositionSink, part: Sequence[Queued]) -> bool:
        """Return whether the vendor took these, or declined the only one."""
        try:
            await sink.send_positions([one.position for one in part])
        except NotFound, MethodNotAllowed:
            # That is not about these positions.
            raise
        except Rejected as err:
            if err.status == HTTPStatus.REQUEST_TIMEOUT:
                raise
            if len(part) == 1:
                await self._async_drop(part[0], err)
            return False
        self._refusals = 0
        if self._failures:
            self._failures = 0
            self._log.info("%s: sent again", self._name)
        await self._queue.async_sent(part)
        return True

    async def _async_drop(self, declined: Queued, err: ProviderError) -> None:
        self._refusals += 1
        if not self._told_of_refusal:
            self._told_of_refusal = True
            LOGGER.warning(
                "%s: the vendor declines a position (%s); it is dropped, and so will "
                "others be that it declines. Diagnostics count them",
                self._vendor,
                err,
            )
        await self._queue.async_declined(declined)

    def _back_off(self) -> float:
        """Return how long to wait: twice as long after each failure in a row."""
        doubled: float = _FIRST_BACK_OFF * 2 ** min(self._failures, 10)
        self._failures += 1
        return min(_LONGEST_BACK_OFF, doubled) * random.uniform(0.8, 1.0)


def _unknown() -> bool:
    """Say that nobody knows whether the vendor is there."""
    return False


def _retrieve(task: asyncio.Task[bool]) -> None:
    if not task.cancelled():
        task.exception()
