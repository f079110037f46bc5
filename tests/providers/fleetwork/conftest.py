"""A running vendor, and the provider that talks to it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from aiohttp import ClientSession
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.demo.world import HANOI, World
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.api import FleetworkApi
from custom_components.fleet_telematics.providers.transport import RequestQueue
from simulator.fleetwork import FleetworkServer

from .vendor import KEY, Clock, Vendor, provider, server

type Open = Callable[..., Fleetwork]


@pytest.fixture
def vendor() -> Vendor:
    """Return an account without data."""
    return Vendor()


@pytest.fixture
async def base(vendor: Vendor, socket_enabled: None) -> AsyncIterator[str]:
    """Return the base of the running vendor."""
    async with server(vendor) as running:
        yield str(running.make_url("/api/v1"))


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """Return a session of the test."""
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
def fleetwork(base: str, session: ClientSession) -> Fleetwork:
    """Return the provider."""
    return provider(session, base)


@pytest.fixture
def api(base: str, session: ClientSession) -> FleetworkApi:
    """Return the endpoints alone."""
    connection = Connection(session=session, queue=RequestQueue(), data={})
    return FleetworkApi(connection, base, KEY)


@pytest.fixture
def clock() -> Clock:
    """Return the clock of whatever keeps time."""
    return Clock()


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
    """Return the world's clock."""
    return Standing()


@pytest.fixture
def world(standing: Standing) -> World:
    """A dozen vehicles, all of them in touch unless a test says otherwise."""
    world = World(city=HANOI, vehicles=12, seed=5, clock=standing)
    for vehicle_id in world.vehicles:
        world.set_online(vehicle_id, online=True)
    return world


@pytest.fixture
def open_account(fleetwork_server: FleetworkServer, session: ClientSession) -> Open:
    """Builds providers for the simulated account."""

    def build(*, api_key: str | None = None) -> Fleetwork:
        key = api_key or fleetwork_server.credentials["api_key"]
        return provider(session, fleetwork_server.url, key=key)

    return build
