"""A world of five vehicles, and a clock to turn."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World


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
