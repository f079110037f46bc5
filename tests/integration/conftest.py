"""Fixtures of the integration tests."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
import time

import aiohttp
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)
from simulator.server import VendorServer

from .vendors import VENDORS

# Of the usual five vehicles one is parked at this moment and four drive, one of
# them in private mode.
NOW = datetime(2026, 11, 20, 12, 12, tzinfo=UTC)


class Clock:
    """The time of the world and of Home Assistant: it stands still until moved."""

    def __init__(self, freezer: FrozenDateTimeFactory) -> None:
        """Start at a moment when something happens in the world."""
        self._freezer = freezer
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, **time: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(**time)
        self._freezer.move_to(self.now)


@pytest.fixture(autouse=True)
def freezer() -> Iterator[FrozenDateTimeFactory]:
    """Let the time of day stand still; whoever waits, waits in real seconds."""
    monotonic = time.monotonic
    with freeze_time(NOW) as frozen, pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", monotonic)
        assert isinstance(frozen, FrozenDateTimeFactory)
        yield frozen


@pytest.fixture
def clock(freezer: FrozenDateTimeFactory) -> Clock:
    """Return the time of the simulated world."""
    return Clock(freezer)


@pytest.fixture
def world(request: pytest.FixtureRequest, clock: Clock) -> World:
    """Return a world that stands still, so that its truth can be compared."""
    given: Mapping[str, object] = getattr(request, "param", {})
    return World(**{"city": AMSTERDAM, "clock": clock, **given})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def unhurried_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests follow each other at once: the simulators' limits are off.

    How requests are spaced is proved with the providers.
    """
    never = property(lambda queue: 0.0, lambda queue, moment: None)
    monkeypatch.setattr(RequestQueue, "_free_at", never, raising=False)


@pytest.fixture(params=sorted(VENDORS))
def server(request: pytest.FixtureRequest) -> VendorServer:
    """Return each simulated vendor in turn; `vendors` of helpers names some."""
    found: VendorServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def impatient() -> Iterator[Callable[[float], None]]:
    """Return what makes the transport give up after so many seconds."""
    defaults = Transport.__init__.__kwdefaults__
    assert defaults is not None
    patient = defaults["timeout"]

    def give_up_after(seconds: float) -> None:
        defaults["timeout"] = aiohttp.ClientTimeout(sock_read=seconds)

    yield give_up_after
    defaults["timeout"] = patient
