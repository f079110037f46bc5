"""Fixtures for Movens: a scripted peer, and providers that talk to it."""

from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers import auth
from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.movens import Movens, categories
from custom_components.fleet_telematics.providers.transport import RequestQueue

from .peer import LOGIN, Peer

type Connect = Callable[..., Movens]

CREDENTIALS = {
    "username": "Fleet@Example.com",
    "password": " pass word ",
    "login_path": LOGIN,
}


class Clock:
    """A clock to turn."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time, as time.monotonic does."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which categories and tokens grow old."""
    clock = Clock()
    monkeypatch.setattr(categories, "time", clock)
    monkeypatch.setattr(auth, "time", clock)
    return clock


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """A scripted Movens on a port of this machine."""
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield peer
    await runner.cleanup()


@pytest.fixture
def stored() -> list[dict[str, object]]:
    """What providers asked to be kept, in order."""
    return []


@pytest.fixture
async def connect(
    peer: Peer, stored: list[dict[str, object]]
) -> AsyncIterator[Connect]:
    """Builds providers for the peer, from account fields; a pasted token by default."""
    async with aiohttp.ClientSession() as session:

        def build(language: str = "en", **data: object) -> Movens:
            return Movens(
                Connection(
                    session=session,
                    queue=RequestQueue(),
                    data={"url": peer.url, **(data or {"access_token": "pasted"})},
                    language=language,
                    store=lambda changes: stored.append(dict(changes)),
                )
            )

        yield build
