"""TrackGPS changes its mind about fuel events, and tells late of them."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.fleet_telematics.providers.demo.world import BUCHAREST, World
from simulator.trackgps import TrackGpsServer
from simulator.trackgps_fuel import Revision

from .client import Client

LOGIN = "/api/authentication/login?api-version=2.0"
REFILLS = "/api/carriers/refills?api-version=2.0"
ZONE = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
HAPPENED = NOW - timedelta(hours=3)


@pytest.fixture
def world() -> World:
    """A world that stands still."""
    return World(city=BUCHAREST, vehicles=2, clock=lambda: NOW)


@pytest.fixture
async def client(trackgps_server: TrackGpsServer) -> AsyncGenerator[Client]:
    """Return a client that has logged in."""
    async with Client(trackgps_server) as client:
        status, answer = await client.send(
            "POST", LOGIN, data=trackgps_server.credentials
        )
        assert status == 200
        client.token = answer["access_token"]
        yield client


async def rows(client: Client, days: float = 10) -> list[dict[str, Any]]:
    """Return all rows of the first vehicle's last days."""
    start, end = (
        moment.astimezone(ZONE).replace(tzinfo=None).isoformat()
        for moment in (NOW - timedelta(days=days), NOW)
    )
    carrier = next(iter(client.server.world.vehicles))
    _, answer = await client.post(
        REFILLS, {"carrierId": carrier, "startDate": start, "endDate": end}
    )
    found: list[dict[str, Any]] = answer["payload"]
    return found


async def events(client: Client, days: float = 10) -> list[dict[str, Any]]:
    """Return the rows that are events."""
    return [
        row
        for row in await rows(client, days)
        if row["event"] in {"Fueling", "PossibleFuelTheft"}
    ]


def told_time(row: dict[str, Any]) -> datetime:
    """Return when a row says that it happened."""
    return datetime.fromisoformat(row["date"]).replace(tzinfo=ZONE)


async def test_without_revisions_rows_are_the_same_at_every_read(
    client: Client,
) -> None:
    """In order, and beside them the sums."""
    first = await rows(client)
    assert first == await rows(client)
    assert await events(client)


async def test_revised_rows_differ_within_bounds(
    client: Client, trackgps_server: TrackGpsServer
) -> None:
    """Amount, time and address move around the truth, and the rows change places."""
    truth = await events(client)
    trackgps_server.fuel.revise = Revision(
        volume=0.05, seconds=30, address=True, shuffle=True
    )
    reads = [await rows(client) for _ in range(5)]
    assert len({tuple(row["event"] for row in read) for read in reads}) > 1
    places: set[str] = set()
    for _ in range(5):
        told = sorted(await events(client), key=told_time)
        assert len(told) == len(truth)
        assert told != truth
        for row, real in zip(told, truth, strict=True):
            assert row["event"] == real["event"]
            assert row["estimation"] == pytest.approx(real["estimation"], rel=0.06)
            shift = abs(told_time(row) - told_time(real))
            assert shift <= timedelta(seconds=30, milliseconds=1)
        places |= {row["location"] for row in told}
    assert len(places) > len({row["location"] for row in truth})


async def test_a_delay_hides_what_is_younger(
    client: Client, trackgps_server: TrackGpsServer
) -> None:
    """It comes when its time has come."""
    book = trackgps_server.fuel
    book.own = False
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    book.add(vehicle_id, "refill", 30.0, HAPPENED)
    book.delay = timedelta(hours=3, minutes=1)
    assert await events(client) == []
    book.delay = timedelta(hours=2, minutes=59)
    assert len(await events(client)) == 1


async def test_events_are_added_at_the_control_endpoint(client: Client) -> None:
    """Whatever a tank would hold, and instead of the world's own if wanted."""
    carrier = next(iter(client.server.world.vehicles))
    status, _ = await client.post("/_control/fuel", {"own": False})
    assert status == 200
    assert await events(client) == []
    given = {"vehicle": carrier, "kind": "theft", "volume": 500}
    status, _ = await client.post(
        "/_control/fuel_event", {**given, "time": HAPPENED.isoformat()}
    )
    assert status == 200
    (row,) = await events(client)
    assert row["event"] == "PossibleFuelTheft"
    assert row["estimation"] == 500
    assert told_time(row) == HAPPENED
    assert row["location"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "spill"},
        {"volume": -1},
        {"volume": "much"},
        {"time": "soon"},
        {"vehicle": 1},
    ],
)
async def test_what_makes_no_sense_is_refused(
    client: Client, wrong: dict[str, object]
) -> None:
    """With status 400, and nothing is added."""
    carrier = next(iter(client.server.world.vehicles))
    given = {
        "vehicle": carrier,
        "kind": "refill",
        "volume": 1,
        "time": HAPPENED.isoformat(),
    }
    before = await events(client)
    status, _ = await client.post("/_control/fuel_event", {**given, **wrong})
    assert status == 400
    assert await events(client) == before
