"""Simulated vendors for tests: a world, and servers that tell of it.

The servers listen on 127.0.0.1 and start with a short world of their own; a test
that wants another gives `world` a parameter:

    @pytest.mark.parametrize("world", [{"vehicles": 12, "seed": 7}], indirect=True)
"""

from collections.abc import AsyncGenerator, Mapping

import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.fleetgo import FleetGoServer
from simulator.fleetwork import FleetworkServer
from simulator.movens import MovensServer
from simulator.ocean import OceanServer
from simulator.trackgps import TrackGpsServer


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Return a world; an indirect parameter holds arguments of World."""
    given: Mapping[str, object] = getattr(request, "param", {})
    return World(**{"city": AMSTERDAM, **given})  # type: ignore[arg-type]


@pytest.fixture
async def fleetgo_server(
    socket_enabled: None, world: World
) -> AsyncGenerator[FleetGoServer]:
    """Return FleetGO, listening."""
    server = FleetGoServer(world)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def trackgps_server(
    socket_enabled: None, world: World
) -> AsyncGenerator[TrackGpsServer]:
    """Return TrackGPS, listening, without its limit of requests."""
    server = TrackGpsServer(world)
    server.request_interval = 0.0
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def fleetwork_server(
    socket_enabled: None, world: World
) -> AsyncGenerator[FleetworkServer]:
    """Return Fleetwork, listening, without its limits of requests."""
    server = FleetworkServer(world)
    server.limit_requests = False
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def ocean_server(
    socket_enabled: None, world: World
) -> AsyncGenerator[OceanServer]:
    """Return Ocean, listening."""
    server = OceanServer(world)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def movens_server(
    socket_enabled: None, world: World
) -> AsyncGenerator[MovensServer]:
    """Return Movens, listening."""
    server = MovensServer(world)
    await server.start()
    yield server
    await server.stop()
