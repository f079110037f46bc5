"""Keeps what changes slowly, so that it is asked for now and then only."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from ..errors import ProviderError


class Kept[T]:
    """A value that is read again once it is old; readers share one read."""

    def __init__(self, read: Callable[[], Awaitable[T]], seconds: float) -> None:
        """Read with `read`, and believe the answer for some seconds."""
        self.last: T | None = None
        self._read = read
        self._seconds = seconds
        self._old_at = 0.0
        self._reading = asyncio.Lock()

    async def get(self) -> T:
        """Return the value; raises what reading it raises."""
        async with self._reading:
            if self.last is None or monotonic() >= self._old_at:
                self.last = await self._read()
                self._old_at = monotonic() + self._seconds
            return self.last

    async def get_or_last(self) -> T:
        """Return the value, the last one known while it cannot be read."""
        try:
            return await self.get()
        except ProviderError:
            if self.last is None:
                raise
            return self.last
