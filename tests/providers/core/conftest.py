"""Real servers on this machine for the transport, and a clock to turn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
import types

import aiohttp
from aiohttp import web
import pytest
from pytest_aiohttp.plugin import AiohttpServer

from custom_components.fleet_telematics.providers import auth, transport

type Serve = Callable[
    [Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]
]
type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
type ServeRaw = Callable[[Talk], Awaitable[str]]


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """A client session like the one that Home Assistant shares."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def serve(socket_enabled: None, aiohttp_server: AiohttpServer) -> Serve:
    """Starts a server that answers every request by a handler; returns its base."""

    async def start(
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        return str((await aiohttp_server(app)).make_url("")).rstrip("/")

    return start


@pytest.fixture
async def serve_raw(socket_enabled: None) -> AsyncIterator[ServeRaw]:
    """Starts a server that speaks whatever it likes; returns its base.

    A connection is closed once its talk is over.
    """
    servers: list[asyncio.Server] = []
    talks: set[asyncio.Task[None]] = set()

    async def start(talk: Talk) -> str:
        async def connected(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            try:
                await talk(reader, writer)
            except ConnectionError, asyncio.IncompleteReadError:
                pass
            finally:
                talks.discard(task)
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for task in list(talks):
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)


@dataclass
class Clock:
    """Stands still until it is turned, or somebody sleeps by it."""

    now: float = 1000.0

    def monotonic(self) -> float:
        """Return the time, as time.monotonic does."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Pass the time at once; others get their turn, as with asyncio.sleep."""
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of queues and tokens, not of the event loop."""
    clock = Clock()
    fake = types.SimpleNamespace(monotonic=clock.monotonic)
    monkeypatch.setattr(transport, "time", fake)
    monkeypatch.setattr(
        transport,
        "asyncio",
        types.SimpleNamespace(sleep=clock.sleep, Lock=asyncio.Lock),
    )
    monkeypatch.setattr(auth, "time", fake)
    return clock
