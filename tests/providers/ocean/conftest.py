"""Fixtures for Ocean: a scripted peer, and providers that talk to a base."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.demo.world import PARIS, World
from custom_components.fleet_telematics.providers.ocean import Ocean, keep
from custom_components.fleet_telematics.providers.transport import RequestQueue
from simulator.ocean import OceanServer

from .peer import BASE, Peer

type Connect = Callable[..., Ocean]
type Open = Callable[..., Ocean]


@dataclass(kw_only=True)
class Clock:
    """A monotonic clock that a test moves on."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which the provider tells what is old."""
    clock = Clock()
    monkeypatch.setattr(keep, "monotonic", clock)
    monkeypatch.setattr(
        "custom_components.fleet_telematics.providers.ocean.monotonic", clock
    )
    return clock


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """A scripted Ocean on a port of this machine."""
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}{BASE}"
    yield peer
    await runner.cleanup()


@pytest.fixture
async def connect(socket_enabled: None, peer: Peer) -> AsyncIterator[Connect]:
    """Builds providers, from options and account fields."""
    async with aiohttp.ClientSession() as session:

        def build(options: dict[str, object] | None = None, **data: object) -> Ocean:
            return Ocean(
                Connection(
                    session=session,
                    queue=RequestQueue(),
                    data={
                        "username": "Fleet@Example.com",
                        "password": " pass word ",
                        "url": peer.url,
                        **data,
                    },
                    options=options or {},
                )
            )

        yield build


# The simulated vendor.


class Standing:
    """A clock that stands still, so that the truth is still true once compared."""

    def __init__(self) -> None:
        """Stop now, on a whole second."""
        self.time = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        """Return the time it stopped at."""
        return self.time


@pytest.fixture
def standing() -> Standing:
    """The world's clock."""
    return Standing()


@pytest.fixture
def world(standing: Standing) -> World:
    """Two dozen vehicles, none of them private or out of touch unless a test says so."""
    world = World(city=PARIS, vehicles=24, seed=5, clock=standing)
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, private=False)
        world.set_online(vehicle_id, online=True)
    return world


@pytest.fixture
def open_account(ocean_server: OceanServer, connect: Connect) -> Open:
    """Builds providers for the simulated account."""

    def build(options: dict[str, object] | None = None, **data: object) -> Ocean:
        return connect(
            options, **{"url": ocean_server.url, **ocean_server.credentials, **data}
        )

    return build
