"""What somebody hears who listens from outside, through every crash."""

import asyncio
from collections.abc import AsyncIterator
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
    """Subscribes to the bus again whenever Home Assistant is there again."""

    def __init__(self, client: Client) -> None:
        """Listen with a client that is logged in."""
        self.heard: list[Heard] = []
        self.life = 0
        self.listening = asyncio.Event()
        self.deaf = asyncio.Event()
        self.news = asyncio.Condition()
        self._client = client

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

    def of_life(self, life: int) -> list[Heard]:
        """Return what was heard in one life, in its order."""
        return [heard for heard in self.heard if heard.life == life]

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
                await self._note(event["data"])

    async def _note(self, data: dict[str, Any]) -> None:
        async with self.news:
            self.heard.append(
                Heard(
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
            )
            self.news.notify_all()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
