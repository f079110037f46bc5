"""A running vendor, and the provider that talks to it."""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.api import FleetworkApi
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)

from .vendor import KEY, Clock, Vendor, provider, server


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
    return FleetworkApi(Transport(session, RequestQueue(), base), KEY)


@pytest.fixture
def clock() -> Clock:
    """Return the clock of whatever keeps time."""
    return Clock()
