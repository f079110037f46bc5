"""Listens to a vendor that tells of changes as they happen, beside the poll."""

import asyncio
from contextlib import aclosing
from random import uniform
from time import monotonic
from typing import Final

from .const import CONF_LIVE_UPDATES, LOGGER
from .coordinator import FleetConfigEntry, PositionsCoordinator
from .providers.base import Provider
from .providers.capabilities import LiveUpdates
from .providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    ProviderError,
    RateLimited,
    Unsupported,
)

FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 5 * 60.0
# What the account may not listen to is tried again now and then.
_UNOFFERED_WAIT: Final = 12 * 60 * 60.0
# Where the credentials themselves are refused the poll has them mended, which loads
# the account anew; where the poll goes on, the stream alone is not for them.
_UNOFFERED: Final = (AccessDenied, AuthenticationFailed, NotFound, Unsupported)
# A stream that told of changes for so many seconds works; gateways end even such
# a one now and then.
SETTLED: Final = 60.0


def live_provider(entry: FleetConfigEntry, provider: Provider) -> LiveUpdates | None:
    """Return the provider where it can be listened to and the user wants that."""
    if isinstance(provider, LiveUpdates) and entry.options.get(CONF_LIVE_UPDATES):
        return provider
    return None


class LiveListener:
    """Keeps listening; while it hears of changes, the poll goes slower.

    Changes go the poll's way into the fleet. A stream that ends, fails or falls
    silent gives the poll its usual pace back, and is opened again after a while; so
    does one that was opened again and only beats. Refused credentials are left to
    the poll, which asks the user.
    """

    def __init__(self, provider: LiveUpdates, positions: PositionsCoordinator) -> None:
        """Hear nothing yet."""
        self._provider = provider
        self._positions = positions
        self._name = positions.provider.info.name
        self._failures = 0
        self._live_since: float | None = None
        # What the log said last: None is nothing.
        self._told: bool | None = None
        self._fault: type[Exception] | None = None

    async def async_listen(self) -> None:
        """Listen until cancelled."""
        while True:
            failure = await self._async_hear()
            await asyncio.sleep(self._wait_after(failure))

    async def _async_hear(self) -> Exception | None:
        """Listen until the stream ends; return why, None where the vendor ended it."""
        self._live_since = None
        opened = monotonic()
        try:
            async with aclosing(self._provider.live()) as stream:
                async for batch in stream:
                    # Heartbeats alone do not prove that moves are told, too.
                    if batch is not None:
                        await self._positions.async_take(batch)
                        self._set_live()
                    elif self._live_since is None and monotonic() - opened >= SETTLED:
                        # What the stream before this one proved holds no longer. A
                        # fleet that rests is polled at the usual pace meanwhile.
                        self._positions.async_set_live(False)
        except ProviderError as err:
            return err
        except Exception as err:  # noqa: BLE001 - one batch must not end it for good
            self._note_fault(err)
            return err
        return None

    def _note_fault(self, err: Exception) -> None:
        """Log what nobody expected, once as long as it is the same."""
        if type(err) is not self._fault:
            self._fault = type(err)
            LOGGER.error("%s: live updates failed", self._name, exc_info=err)

    def _set_live(self) -> None:
        if self._live_since is not None:
            return
        self._live_since = monotonic()
        self._positions.async_set_live(True)
        if self._told is False:
            LOGGER.info("%s: live updates are back", self._name)
        self._told = True

    def _wait_after(self, failure: Exception | None) -> float:
        """Take note of a stream's end; return after how many seconds to try again."""
        settled = (
            self._live_since is not None and monotonic() - self._live_since >= SETTLED
        )
        if settled:
            self._failures = 0
            if failure is None:
                return uniform(0.0, 1.0)
        self._positions.async_set_live(False)
        if self._told is not False:
            LOGGER.info(
                "%s: no live updates for now, polling at the usual pace: %s",
                self._name,
                failure or "the vendor ended them",
            )
            self._told = False
        else:
            LOGGER.debug("%s: still no live updates: %s", self._name, failure)
        if isinstance(failure, _UNOFFERED):
            return _UNOFFERED_WAIT
        doubled: float = FIRST_WAIT * 2 ** min(self._failures, 10)
        self._failures += 1
        wait = min(LONGEST_WAIT, doubled) * uniform(0.5, 1.0)
        if isinstance(failure, RateLimited):
            wait = max(wait, failure.retry_after)
        return wait
