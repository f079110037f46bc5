"""Where a vehicle was: FleetGO's AVL records, a day and a page at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from aiohttp import web
from hypothesis import given
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
)
from custom_components.fleet_telematics.providers.fleetgo import FleetGo, track
from custom_components.fleet_telematics.providers.fleetgo.api import PAGE_SIZE
from custom_components.fleet_telematics.providers.models import Coordinates, Position
from simulator.fleetgo import FleetGoServer

from .anything import ANY_JSON, like
from .conftest import Connect
from .peer import ADMINISTRATIONS, AVL, Peer, Seen

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AVL_ROW: dict[str, object] = {
    "Timestamp": "2024-01-15T10:30:00",
    "LocalTime": "2024-01-15T11:30:00",
    "Latitude": 52.3676,
    "Longitude": 4.9041,
    "Altitude": 7.5,
    "Angle": 180,
    "Speed": 65,
    "EngineRunning": True,
    "PrivateMode": False,
    "EquipmentId": 12345,
    "HighResolutionTotalVehicleDistance": 45678.5,
}


def test_record_of_the_document_is_a_position() -> None:
    """Its naive timestamp is UTC."""
    assert track.position("12345", AVL_ROW) == Position(
        time=datetime(2024, 1, 15, 10, 30, tzinfo=UTC),
        location=Coordinates(latitude=52.3676, longitude=4.9041),
        speed=65,
        heading=180,
        altitude=7.5,
        odometer=45678.5,
        engine=True,
    )


def test_private_record_is_marked_and_delivered() -> None:
    """Who shows it hides it; a place that the vendor hides is none."""
    private = track.position("12345", AVL_ROW | {"PrivateMode": True, "Latitude": 0})
    assert private is not None
    assert private.private
    hidden = AVL_ROW | {"PrivateMode": 1, "Latitude": 0, "Longitude": 0}
    found = track.position("12345", hidden)
    assert found is not None
    assert (found.private, found.location) == (True, None)


@pytest.mark.parametrize(
    "changes", [{"EquipmentId": 7}, {"EquipmentId": None}, {"Timestamp": None}]
)
def test_record_of_another_vehicle_or_without_a_time_is_none(
    changes: dict[str, object],
) -> None:
    """An administration's records are everybody's."""
    assert track.position("12345", AVL_ROW | changes) is None


@given(row=like(AVL_ROW) | ANY_JSON)
def test_any_row_is_a_position_or_none(row: object) -> None:
    """No value costs more than itself."""
    found = track.position("12345", row)
    if found is None:
        return
    assert found.time.tzinfo is UTC
    assert found.speed is None or 0 <= found.speed <= 400
    assert found.heading is None or 0 <= found.heading <= 360
    assert found.odometer is None or found.odometer > 0


class Archive:
    """The vendor's records of some administrations."""

    def __init__(self, peer: Peer) -> None:
        """Serve two administrations without records."""
        self.peer = peer
        self.largest_page = PAGE_SIZE
        self.records: dict[str, list[dict[str, object]]] = {"5": [], "6": []}
        peer.serve(
            ADMINISTRATIONS, lambda seen: [{"Id": int(key)} for key in self.records]
        )
        peer.serve(AVL, self._page)

    def add(self, vehicle_id: int, time: datetime, administration: str = "5") -> None:
        """Add a record."""
        self.records[administration].append(
            {
                "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
                "EquipmentId": vehicle_id,
                "Latitude": 52.1,
                "Longitude": 5.1,
            }
        )

    def asked(self) -> list[tuple[str, str, str, int]]:
        """Return administration, start, end and skip of every page."""
        return [
            (
                seen.query["administrationId"],
                seen.query["from"],
                seen.query["to"],
                int(seen.query["skip"]),
            )
            for seen in self.peer.seen
            if seen.path == AVL
        ]

    def _page(self, seen: Seen) -> object:
        rows = [
            row
            for row in self.records[seen.query["administrationId"]]
            if seen.query["from"] <= str(row["Timestamp"]) <= seen.query["to"]
        ]
        skip = int(seen.query["skip"])
        take = min(int(seen.query["take"]), self.largest_page)
        return rows[skip : skip + take]


@pytest.fixture
def archive(peer: Peer) -> Archive:
    """An archive that the peer serves."""
    return Archive(peer)


async def test_all_pages_are_read_and_one_vehicle_is_picked(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """Oldest first, each moment once."""
    start = NOW - timedelta(hours=20)
    for index in range(PAGE_SIZE + 10):
        archive.add(1 + index % 2, start + timedelta(minutes=index // 2))
    archive.add(1, start)
    found = await connect(peer.url).track("1", start, NOW)
    times = [one.time for one in found]
    assert times == [start + timedelta(minutes=one) for one in range(255)]
    assert [skip for *_, skip in archive.asked()] == [0, PAGE_SIZE]


@pytest.mark.parametrize("largest", [10, 50, 100, 250])
async def test_vendor_with_smaller_pages_tells_the_whole_track(
    archive: Archive, peer: Peer, connect: Connect, largest: int
) -> None:
    """It publishes no limit to `take`; what lies behind a page is not lost."""
    archive.largest_page = largest
    start = NOW - timedelta(hours=20)
    for index in range(300):
        archive.add(1, start + timedelta(minutes=index))
    found = await connect(peer.url).track("1", start, NOW)
    assert len(found) == 300


async def test_empty_page_is_the_end(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """Behind a round number of records one page is asked for, and no second one."""
    for index in range(20):
        archive.add(1, NOW - timedelta(minutes=20 - index))
    found = await connect(peer.url).track("1", NOW - timedelta(hours=2), NOW)
    assert len(found) == 20
    assert [skip for *_, skip in archive.asked()] == [0, 20]


async def test_page_that_is_all_there_is_may_be_told_twice(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """By a vendor that does not know `skip` and has few records."""
    for index in range(20):
        archive.add(1, NOW - timedelta(minutes=20 - index))
    peer.serve(AVL, lambda seen: archive.records["5"])
    found = await connect(peer.url).track("1", NOW - timedelta(hours=2), NOW)
    assert len(found) == 20
    assert len(archive.asked()) == 2


async def test_window_is_cut_into_days(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """No page is far from its window's beginning, and no moment is left out."""
    start = NOW - timedelta(days=3, hours=2)
    for index in range(75):
        archive.add(1, start + timedelta(hours=index))
    found = await connect(peer.url).track("1", start, NOW)
    assert len(found) == 75
    asked = archive.asked()
    assert {administration for administration, *_ in asked} == {"5"}
    assert len(asked) == 4
    assert all(before[2] == after[1] for before, after in pairwise(asked))


async def test_administration_is_found_once(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """The vehicle's own is remembered, for this read and for later ones."""
    for hours in (5, 30, 50):
        archive.add(1, NOW - timedelta(hours=hours), "6")
    provider = connect(peer.url)
    found = await provider.track("1", NOW - timedelta(days=3), NOW)
    assert len(found) == 3
    assert [one[0] for one in archive.asked()] == ["5", "6", "6", "6"]
    await provider.track("1", NOW - timedelta(days=1), NOW)
    assert [one[0] for one in archive.asked()[4:]] == ["6"]
    assert peer.count(ADMINISTRATIONS) == 1


async def test_administration_is_known_from_the_details(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """The feed of AVL records has met the vehicle already."""
    now = datetime.now(UTC)
    archive.add(1, now - timedelta(hours=1), "6")
    provider = connect(peer.url)
    await provider.details(["1"])
    before = len(archive.asked())
    await provider.track("1", now - timedelta(hours=3), now)
    assert [one[0] for one in archive.asked()[before:]] == ["6"]


async def test_refused_administration_does_not_cost_the_others(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """What is refused by all of them is refused."""
    archive.add(1, NOW - timedelta(hours=1), "6")
    served = peer.answers[AVL]

    def refusing(administrations: set[str], status: int) -> Callable[..., web.Response]:
        return lambda seen: (
            web.json_response({}, status=status)
            if seen.query["administrationId"] in administrations
            else served(seen)
        )

    peer.answers[AVL] = refusing({"5"}, 403)
    day = timedelta(days=1)
    assert len(await connect(peer.url).track("1", NOW - day, NOW)) == 1
    peer.answers[AVL] = refusing({"5", "6"}, 403)
    with pytest.raises(AccessDenied):
        await connect(peer.url).track("1", NOW - day, NOW)
    peer.answers[AVL] = refusing({"5", "6"}, 404)
    with pytest.raises(NotFound):
        await connect(peer.url).track("1", NOW - day, NOW)


async def test_vendor_that_repeats_a_page_is_not_followed(
    archive: Archive, peer: Peer, connect: Connect
) -> None:
    """One that does not know `skip` would be read for ever."""
    for _ in range(PAGE_SIZE):
        archive.add(1, NOW - timedelta(hours=1))
    peer.serve(AVL, lambda seen: archive.records["5"])
    with pytest.raises(InvalidResponse):
        await connect(peer.url).track("1", NOW - timedelta(hours=2), NOW)
    assert len(archive.asked()) == 2


# Against the simulated vendor.


@pytest.fixture
def world() -> World:
    """Some vehicles whose day is over."""
    return World(city=AMSTERDAM, vehicles=6, seed=3, clock=lambda: NOW)


@pytest.mark.parametrize("split", [False, True])
async def test_track_is_the_worlds(
    fleetgo_server: FleetGoServer, connect: Connect, split: bool
) -> None:
    """Every record of a day and a half, from whichever administration it is in."""
    fleetgo_server.split_administrations = split
    provider: FleetGo = connect(fleetgo_server.url, **fleetgo_server.credentials)
    start = NOW - timedelta(hours=30)
    seen_private = False
    for world_id in fleetgo_server.world.vehicles:
        vehicle_id = str(fleetgo_server.vendor_id(world_id))
        found = await provider.track(vehicle_id, start, NOW)
        # A record every half minute.
        assert len(found) == 30 * 120 + 1
        for position in found[::97]:
            (state,) = fleetgo_server.world.track(
                world_id, position.time, position.time
            )
            assert position.private is state.private
            assert position.speed == pytest.approx(state.speed, abs=0.5)
            assert position.engine is state.engine_on
            if not state.private:
                assert position.location is not None
                assert position.location.latitude == pytest.approx(
                    state.latitude, abs=1e-5
                )
        seen_private = seen_private or any(one.private for one in found)
    assert seen_private
