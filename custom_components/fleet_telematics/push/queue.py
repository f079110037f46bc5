"""The queue of one account: what waits on disk, as the event loop sees it."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import batched
from pathlib import Path
import sqlite3
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR

from ..const import DOMAIN, LOGGER
from ..providers.models import Coordinates, SentPosition
from .store import Counts, PositionStore, Queued

# So many positions are written before another thread has its turn.
_PIECE: Final = 1000


class PositionQueue:
    """Positions on their way to the vendor, oldest first.

    One object over every reload, so that two never count the same file. `waiting`
    and `dropped` are as of the last write; `sent` and `declined` count since Home
    Assistant started.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Keep the queue beside the config entry."""
        self._hass = hass
        path = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.positions"))
        self._store = PositionStore(path)
        self._disk = asyncio.Lock()
        self._counts = Counts()
        self._incoming: list[tuple[SentPosition, bool]] = []
        self._writing = False
        self._removed = False
        self._unsettled: list[Queued] = []
        self._failed = False
        self._listeners: list[Callable[[], None]] = []
        self.places: dict[str, Coordinates] = {}
        self.sent = 0
        self.declined = 0

    @property
    def waiting(self) -> int:
        """How many positions wait to be sent."""
        return self._counts.waiting

    @property
    def dropped(self) -> int:
        """How many were dropped, as the queue was full, since it was empty."""
        return self._counts.dropped

    async def async_load(self) -> None:
        """Read how much waits, and where each followed tracker was."""
        try:
            self._counts = await self._async_run(self._store.load)
            self.places = await self._async_run(self._store.places)
        except sqlite3.Error as err:
            LOGGER.error("The queue of positions cannot be read: %s", err)
        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, self._async_close)

    @callback
    def async_listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener when the counts changed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_put(self, position: SentPosition, *, followed: bool = False) -> None:
        """Add a position; its writing begins at once.

        With `followed` it is also remembered where the device was, over restarts.
        """
        self._incoming.append((position, followed))
        if followed and position.device_ref is not None:
            self.places[position.device_ref] = position.location
        if not self._writing:
            # Not the task: a fast disk has it done before it is returned.
            self._writing = True
            self._hass.async_create_task(self._async_write(), f"{DOMAIN} positions")

    async def async_add(self, positions: Sequence[SentPosition]) -> None:
        """Add positions, and return once they are written. Raises sqlite3.Error.

        What was put before is written with them, so that `waiting` counts it.
        """
        incoming, self._incoming = self._incoming, []
        self._note(
            await self._async_run(
                partial(
                    self._store.add,
                    [*(position for position, _ in incoming), *positions],
                    [position for position, followed in incoming if followed],
                )
            )
        )

    async def async_oldest(self, most: int) -> list[Queued]:
        """Return the oldest positions that wait, oldest first. Raises sqlite3.Error."""
        if self._unsettled:
            # On a disk that is full: what was sent must not be sent again.
            await self._async_settle([])
        unreadable = self._store.unreadable
        found = await self._async_run(partial(self._store.oldest, most))
        if self._store.unreadable != unreadable:
            LOGGER.error(
                "%d positions on disk cannot be read and are dropped",
                self._store.unreadable - unreadable,
            )
            self._note(await self._async_run(self._store.counts))
        return found

    async def async_sent(self, queued: Sequence[Queued]) -> None:
        """Note that the vendor took these. Raises sqlite3.Error."""
        self.sent += len(queued)
        await self._async_settle(queued)

    async def async_declined(self, queued: Queued) -> None:
        """Note that the vendor does not want this one. Raises sqlite3.Error."""
        self.declined += 1
        await self._async_settle([queued])

    async def async_forget_places(self, keep: Sequence[str]) -> None:
        """Forget where devices were that are followed no more."""
        kept = {one: place for one, place in self.places.items() if one in keep}
        if kept == self.places:
            return
        self.places = kept
        try:
            await self._async_run(partial(self._store.forget_places, keep))
        except sqlite3.Error as err:
            LOGGER.error("Positions cannot be forgotten on disk: %s", err)

    async def async_remove(self) -> None:
        """Delete the queue from disk; what is put from now on is not kept."""
        self._removed = True
        await self._async_run(self._store.remove)

    async def _async_settle(self, queued: Sequence[Queued]) -> None:
        settled = self._unsettled = [*self._unsettled, *queued]
        counts = await self._async_run(partial(self._store.settle, settled))
        self._unsettled = self._unsettled[len(settled) :]
        self._note(counts)

    async def _async_write(self) -> None:
        try:
            while self._incoming and not self._removed:
                incoming, self._incoming = self._incoming, []
                for piece in batched(incoming, _PIECE, strict=False):
                    if not self._removed:
                        await self._async_write_piece(piece)
        finally:
            self._writing = False

    async def _async_write_piece(
        self, piece: Sequence[tuple[SentPosition, bool]]
    ) -> None:
        positions = [position for position, _ in piece]
        followed = [position for position, places in piece if places]
        try:
            counts = await self._async_run(
                partial(self._store.add, positions, followed)
            )
        except sqlite3.Error as err:
            if not self._failed:
                LOGGER.error("Positions cannot be kept on disk: %s", err)
            self._failed = True
        else:
            self._failed = False
            self._note(counts)

    async def _async_run[T](self, job: Callable[[], T]) -> T:
        """Do something with the file, one after the other.

        Once begun it is done even if nobody waits for it any more.
        """
        return await asyncio.shield(
            self._hass.async_create_task(self._async_take_turn(job))
        )

    async def _async_take_turn[T](self, job: Callable[[], T]) -> T:
        async with self._disk:
            return await self._hass.async_add_executor_job(job)

    async def _async_close(self, event: Event) -> None:
        await self._async_run(self._store.close)

    def _note(self, counts: Counts) -> None:
        if counts != self._counts:
            self._counts = counts
            for listener in list(self._listeners):
                listener()
