"""Remembers what a vendor's rows were read as, for those that did not change."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain, repeat
from typing import Final

from .models import Vehicle

# After so many rows that were read everybody else has a turn.
_SLICE: Final = 50

type Reader = Callable[[object, datetime], Vehicle | None]


class RowMemory:
    """Reads rows into vehicles, a row that is as it was into the very same one.

    Most vehicles of a fleet are parked: to compare a row costs a twentieth of
    reading it, and who is given the same object knows that nothing changed.
    """

    def __init__(
        self, read: Reader, until: Callable[[Vehicle], datetime | None]
    ) -> None:
        """Read by `read`.

        `until` tells when a vehicle has to be read again although its row stays:
        what follows from the time changes then. None is never.
        """
        self._read = read
        self._until = until
        self._known: list[tuple[object, Vehicle | None, datetime | None]] = []
        # The rows of the last read that were not as they had been.
        self.fresh: list[object] = []

    async def read(self, rows: Iterable[object], now: datetime) -> list[Vehicle | None]:
        """Return each row's vehicle, in the rows' order."""
        read: list[tuple[object, Vehicle | None, datetime | None]] = []
        fresh: list[object] = []
        for row, known in zip(rows, chain(self._known, repeat(None)), strict=False):
            if (
                known is not None
                and (known[0] is row or known[0] == row)
                and (known[2] is None or now < known[2])
            ):
                # The newer row: the very same one may come next time.
                read.append((row, known[1], known[2]))
                continue
            vehicle = self._read(row, now)
            until = None if vehicle is None else self._until(vehicle)
            read.append((row, vehicle, until))
            fresh.append(row)
            if len(fresh) % _SLICE == 0:
                await asyncio.sleep(0)
        self._known, self.fresh = read, fresh
        return [vehicle for _, vehicle, _ in read]
