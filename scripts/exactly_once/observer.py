"""What somebody hears who listens from outside, through every crash."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from scripts.demo.client import Client
from scripts.demo.errors import DemoError

RETRY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """An event on the bus, and in which life of Home Assistant it was heard."""

    life: int
    id: str
    kind: str
    entity_id: str | None
    volume: float | None
    percent: float | None
    time: datetime
    earliest: datetime | None
    latest: datetime | None


class Observer:
    """Subscribes to the bus again whenever Home Assistant is there again.

    After a start it may come too late for what fires first: an automation, which
    Home Assistant promises to arm before, tells of that in the log.
    """

    def __init__(self, client: Client) -> None:
        """Listen with a client that is logged in."""
        self.life = 0
        self.listening = asyncio.Event()
        self.deaf = asyncio.Event()
        self._heard: dict[int, list[Heard]] = {}
        self._witnessed: dict[int, list[Heard]] = {}
        self._client = client

    @property
    def heard(self) -> list[Heard]:
        """What was heard so far."""
        return [heard for life in range(self.life + 1) for heard in self.of_life(life)]

    def of_life(self, life: int) -> list[Heard]:
        """Return what was heard in one life, in its order."""
        heard = self._heard.get(life, [])
        known = Counter(one.id for one in heard)
        missed = []
        for one in self._witnessed.get(life, []):
            if known[one.id]:
                known[one.id] -= 1
            else:
                missed.append(one)
        return missed + heard

    def witness(self, told: Iterable[Mapping[str, Any]]) -> None:
        """Take what the automation told in this life."""
        self._witnessed[self.life] = [self._of(data) for data in told]

    @asynccontextmanager
    async def attentive(self) -> AsyncIterator[None]:
        """Listen in the background."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        while True:
            # What a connection that is torn down or not yet open can do to a reader.
            with suppress(aiohttp.ClientError, DemoError, TimeoutError, TypeError):
                await self._listen_once()
            self.listening.clear()
            self.deaf.set()
            await asyncio.sleep(RETRY)

    async def _listen_once(self) -> None:
        async with self._client.socket() as socket:
            await socket.call("subscribe_events", event_type="fleet_telematics_fuel")
            self.deaf.clear()
            self.listening.set()
            async for event in socket.listen():
                self._heard.setdefault(self.life, []).append(self._of(event["data"]))

    def _of(self, data: Mapping[str, Any]) -> Heard:
        return Heard(
            life=self.life,
            id=data["event_id"],
            kind=data["event_type"],
            entity_id=data["entity_id"],
            volume=data["volume"],
            percent=data["percent"],
            time=datetime.fromisoformat(data["time"]),
            earliest=_moment(data["earliest"]),
            latest=_moment(data["latest"]),
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
