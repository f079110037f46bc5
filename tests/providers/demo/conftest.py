"""A world of five vehicles, the demo that tells of one, and a clock to turn."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.demo import Demo
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.transport import RequestQueue


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    time: datetime

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.time

    def turn(self, **by: float) -> None:
        """Let time pass."""
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """Stand in the middle of a working day."""
    return Clock(datetime(2026, 11, 20, 10, 17, 33, tzinfo=UTC))


@pytest.fixture
def world(clock: Clock) -> World:
    """Populate Amsterdam."""
    return World(city=AMSTERDAM, clock=clock)


type Connect = Callable[..., Demo]


@pytest.fixture
async def connect(clock: Clock) -> AsyncIterator[Connect]:
    """Builds demos from account fields; the plugin lets no socket open."""
    async with aiohttp.ClientSession() as session:
        yield lambda **data: Demo(
            Connection(session=session, queue=RequestQueue(), data=data), clock=clock
        )


@pytest.fixture
def demo(connect: Connect) -> Demo:
    """Start the demo as its form suggests."""
    return connect(vehicles=5)


@pytest.fixture
def truth(clock: Clock) -> World:
    """Populate the world that the demo tells of, a second time."""
    return World(city=AMSTERDAM, vehicles=5, clock=clock, eventful=True)
