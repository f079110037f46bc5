"""Fixtures for FleetGO: a scripted peer, and providers that talk to a base."""

from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.fleetgo import FleetGo
from custom_components.fleet_telematics.providers.transport import RequestQueue
from tests.simulators import fleetgo_server

from .peer import Peer

__all__ = ["fleetgo_server"]

type Connections = Callable[..., Connection]
type Connect = Callable[..., FleetGo]


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """A scripted FleetGO on a port of this machine."""
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
async def connection(socket_enabled: None) -> AsyncIterator[Connections]:
    """Builds connections to a base, with account fields and options."""
    async with aiohttp.ClientSession() as session:

        def build(
            url: str, options: dict[str, object] | None = None, **data: object
        ) -> Connection:
            return Connection(
                session=session,
                queue=RequestQueue(),
                data={
                    "client_id": "client",
                    "client_secret": "client-secret",
                    "username": "Fleet@Example.com",
                    "password": " pass word ",
                    "url": url,
                    **data,
                },
                options=options or {},
            )

        yield build


@pytest.fixture
def connect(connection: Connections) -> Connect:
    """Builds providers, from what a connection is built from."""
    return lambda *args, **data: FleetGo(connection(*args, **data))
