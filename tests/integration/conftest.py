"""Fixtures of the integration tests."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)
from simulator.server import VendorServer


class Clock:
    """The world's time: it stands still until it is moved."""

    def __init__(self) -> None:
        """Start now, on a whole second as vendors tell it."""
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, **time: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    """Return the time of the simulated world."""
    return Clock()


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


@pytest.fixture(params=["fleetgo", "trackgps"])
def server(request: pytest.FixtureRequest) -> VendorServer:
    """Return each simulated vendor in turn."""
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
