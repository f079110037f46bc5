"""FleetGO's AVL records are followed forward in time, a page at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    NotFound,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetgo.administrations import (
    Administrations,
)
from custom_components.fleet_telematics.providers.fleetgo.api import (
    PAGE_SIZE,
    FleetGoApi,
)
from custom_components.fleet_telematics.providers.fleetgo.session import Session
from custom_components.fleet_telematics.providers.fleetgo.telemetry import (
    MOST_PAGES,
    Telemetry,
)
from custom_components.fleet_telematics.providers.transport import Transport

from .conftest import Connect, Connections
from .peer import ADMINISTRATIONS, AVL, Peer, Seen

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Archive:
    """The vendor's AVL records of some administrations, and its clock."""

    def __init__(self, peer: Peer) -> None:
        """Serve one administration without records."""
        self.now = START
        self.largest_page = PAGE_SIZE
        self.records: dict[str, list[dict[str, object]]] = {"5": []}
        peer.serve(
            ADMINISTRATIONS, lambda seen: [{"Id": int(key)} for key in self.records]
        )
        peer.serve(AVL, self._page)

    def add(
        self,
        vehicle_id: int,
        time: datetime,
        odometer: float | None,
        administration: str = "5",
        **more: object,
    ) -> None:
        """Add a record."""
        self.records[administration].append(
            {
                "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
                "EquipmentId": vehicle_id,
                "HighResolutionTotalVehicleDistance": odometer,
                **more,
            }
        )

    def _page(self, seen: Seen) -> object:
        rows = sorted(
            (
                row
                for row in self.records[seen.query["administrationId"]]
                if seen.query["from"] <= str(row["Timestamp"]) <= seen.query["to"]
            ),
            key=lambda row: str(row["Timestamp"]),
            reverse=seen.query["orderDescending"] == "true",
        )
        skip = int(seen.query["skip"])
        take = min(int(seen.query["take"]), self.largest_page)
        return rows[skip : skip + take]


@pytest.fixture
def archive(peer: Peer) -> Archive:
    """An archive that the peer serves."""
    return Archive(peer)


@pytest.fixture
def telemetry(peer: Peer, archive: Archive, connection: Connections) -> Telemetry:
    """A reader by the archive's clock."""
    account = connection(peer.url)
    transport = Transport(account.session, account.queue, peer.url)
    session = Session(transport, account.data)
    api = FleetGoApi(session)
    administrations = Administrations(api, lambda: archive.now)
    return Telemetry(api, administrations, lambda: archive.now)


def _sometimes(peer: Peer, status: int, when: Callable[[Seen], bool]) -> None:
    """Let the archive fail for some requests."""
    page = peer.answers[AVL]
    peer.answers[AVL] = lambda seen: (
        web.Response(status=status) if when(seen) else page(seen)
    )


async def test_newest_record_of_each_vehicle_counts(
    archive: Archive, telemetry: Telemetry
) -> None:
    """Of what was asked for, and nobody else's."""
    archive.add(1, START - timedelta(hours=2), 100, Satellites=7)
    archive.add(1, START - timedelta(hours=1), 130, Satellites=9)
    archive.add(2, START - timedelta(hours=3), 900)
    archive.add(3, START - timedelta(hours=3), 50)
    found = await telemetry.read(["1", "2", "4"])
    assert {key: one.odometer for key, one in found.items()} == {"1": 130, "2": 900}
    assert found["1"].satellites == 9
    assert found["1"].last_report == START - timedelta(hours=1)


async def test_first_read_goes_back_a_day_and_the_next_goes_on(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """A read starts at the newest record of the one before."""
    archive.add(1, START - timedelta(hours=30), 10)
    archive.add(1, START - timedelta(minutes=10), 100)
    await telemetry.read(["1"])
    archive.now += timedelta(minutes=5)
    await telemetry.read(["1"])
    windows = [
        (seen.query["from"], seen.query["to"]) for seen in peer.seen if seen.path == AVL
    ]
    assert windows == [
        ("2026-03-01T12:00:00", "2026-03-02T12:00:00"),
        ("2026-03-02T11:50:00", "2026-03-02T12:05:00"),
    ]


async def test_vehicle_without_new_records_keeps_its_values(
    archive: Archive, telemetry: Telemetry
) -> None:
    """Parked for longer than a day, the odometer is still known."""
    archive.add(1, START - timedelta(hours=1), 100)
    await telemetry.read(["1"])
    archive.now += timedelta(days=3)
    assert (await telemetry.read(["1"]))["1"].odometer == 100


async def test_record_without_a_counter_leaves_the_counter(
    archive: Archive, telemetry: Telemetry
) -> None:
    """A newer record that does not measure moves the time alone."""
    archive.add(1, START - timedelta(hours=2), 100, HighResolutionFuelConsumption=40)
    archive.add(1, START - timedelta(hours=1), None, HighResolutionFuelConsumption=0)
    found = (await telemetry.read(["1"]))["1"]
    assert (found.odometer, found.fuel_consumed) == (100, 40)
    assert found.last_report == START - timedelta(hours=1)


async def test_first_read_stops_once_every_vehicle_was_met(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """It goes back in time, so that a long day of a large fleet is not read."""
    for index in range(3 * PAGE_SIZE):
        archive.add(index % 50 + 1, START - timedelta(seconds=index), 5000 - index)
    found = await telemetry.read([str(index + 1) for index in range(50)])
    assert peer.count(AVL) == 1
    assert found["1"].odometer == 5000
    assert found["50"].odometer == 5000 - 49


async def test_pages_are_read_until_one_is_short(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """Every record is seen once, with skip and take."""
    for index in range(2 * PAGE_SIZE + 1):
        archive.add(index + 1, START - timedelta(seconds=index), 100)
    found = await telemetry.read([str(index + 1) for index in range(2 * PAGE_SIZE + 1)])
    assert len(found) == 2 * PAGE_SIZE + 1
    skips = [int(seen.query["skip"]) for seen in peer.seen if seen.path == AVL]
    assert skips == [0, PAGE_SIZE, 2 * PAGE_SIZE]
    assert {seen.query["take"] for seen in peer.seen if seen.path == AVL} == {
        str(PAGE_SIZE)
    }


async def test_empty_page_is_the_end(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """Behind a round number of records one page is asked for, and no second one."""
    for index in range(20):
        archive.add(1, START - timedelta(minutes=index + 1), 100)
    await telemetry.read(["1", "2"])
    assert peer.count(AVL) == 2
    # With the newest one of before these are 20 again.
    for index in range(19):
        archive.add(1, START + timedelta(seconds=index), 200)
    archive.now += timedelta(minutes=5)
    await telemetry.read(["1", "2"])
    assert peer.count(AVL) == 4


@pytest.mark.parametrize("largest", [10, 50, 100, 250])
async def test_vendor_with_smaller_pages_is_followed_to_the_end(
    archive: Archive, telemetry: Telemetry, largest: int
) -> None:
    """It publishes no limit to `take`; what lies behind a page is not for later."""
    archive.largest_page = largest
    for index in range(110):
        archive.add(index + 1, START - timedelta(minutes=index), 100)
    vehicles = [str(index + 1) for index in range(110)]
    assert len(await telemetry.read(vehicles)) == 110
    archive.now += timedelta(minutes=5)
    for index in range(110):
        archive.add(index + 1, START + timedelta(seconds=index + 1), 200)
    found = await telemetry.read(vehicles)
    assert {one.odometer for one in found.values()} == {200}


async def test_vendor_that_does_not_know_skip_is_asked_twice(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """The same page again is the end."""
    for index in range(20):
        archive.add(1, START - timedelta(minutes=index + 1), 100)
    peer.serve(AVL, lambda seen: archive.records["5"])
    assert (await telemetry.read(["1", "2"]))["1"].odometer == 100
    assert peer.count(AVL) == 2
    await telemetry.read(["1", "2"])
    assert peer.count(AVL) == 4


async def test_first_read_keeps_to_the_page_budget(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """A vehicle that is not met does not make it read on and on."""
    for index in range((MOST_PAGES + 1) * PAGE_SIZE):
        archive.add(1, START - timedelta(seconds=6 * index), 20_000 - index)
    assert set(await telemetry.read(["1", "2"])) == {"1"}
    assert peer.count(AVL) == MOST_PAGES


async def test_backlog_beyond_the_page_budget_goes_on_at_the_next_read(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """What a large fleet did in an outage is caught up in steps, nothing lost."""
    await telemetry.read(["1"])
    archive.now += timedelta(hours=20)
    total = (MOST_PAGES + 1) * PAGE_SIZE
    for index in range(total):
        archive.add(1, START + timedelta(seconds=6 * index), 1000 + index)
    first = (await telemetry.read(["1"]))["1"]
    assert peer.count(AVL) == 1 + MOST_PAGES
    assert first.odometer == 1000 + MOST_PAGES * PAGE_SIZE - 1
    second = (await telemetry.read(["1"]))["1"]
    assert second.odometer == 1000 + total - 1
    assert peer.count(AVL) <= 1 + MOST_PAGES + 2
    starts = [seen.query["from"] for seen in peer.seen if seen.path == AVL]
    assert all(earlier <= later for earlier, later in pairwise(starts))


async def test_outage_between_pages_keeps_what_was_read(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """The next read goes on behind the last page that came."""
    await telemetry.read(["1"])
    archive.now += timedelta(hours=20)
    for index in range(PAGE_SIZE + 10):
        archive.add(1, START + timedelta(minutes=index), 1000 + index)
    page = peer.answers[AVL]
    _sometimes(peer, 500, lambda seen: seen.query["skip"] != "0")
    with pytest.raises(Unreachable):
        await telemetry.read(["1"])
    peer.answers[AVL] = page
    assert (await telemetry.read(["1"]))["1"].odometer == 1000 + PAGE_SIZE + 9
    last_of_the_page = START + timedelta(minutes=PAGE_SIZE - 1)
    assert peer.seen[-1].query["from"] == last_of_the_page.strftime("%Y-%m-%dT%H:%M:%S")


async def test_outage_during_the_first_read_starts_it_over(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """No vehicle is passed over because it was further back."""
    archive.add(2, START - timedelta(hours=20), 700)
    for index in range(PAGE_SIZE):
        archive.add(1, START - timedelta(minutes=index), 5000 - index)
    page = peer.answers[AVL]
    _sometimes(peer, 500, lambda seen: seen.query["skip"] != "0")
    with pytest.raises(Unreachable):
        await telemetry.read(["1", "2"])
    peer.answers[AVL] = page
    found = await telemetry.read(["1", "2"])
    assert {key: one.odometer for key, one in found.items()} == {"1": 5000, "2": 700}


async def test_device_with_a_fast_clock_does_not_move_the_window(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """A record from the future is not believed, even from a vendor that sends it."""
    archive.add(1, START - timedelta(minutes=1), 100)
    page = peer.answers[AVL]
    peer.serve(
        AVL,
        lambda seen: [
            *archive.records["5"],
            {"Timestamp": "2038-01-01T00:00:00", "EquipmentId": 1},
        ],
    )
    found = (await telemetry.read(["1"]))["1"]
    assert found.last_report == START - timedelta(minutes=1)
    peer.answers[AVL] = page
    archive.now += timedelta(minutes=5)
    archive.add(1, START + timedelta(minutes=4), 105)
    assert (await telemetry.read(["1"]))["1"].odometer == 105


async def test_administrations_are_asked_for_once_a_day(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """Each one's records are read; the list itself hardly changes."""
    archive.records["6"] = []
    archive.add(1, START - timedelta(hours=1), 100)
    archive.add(2, START - timedelta(hours=2), 200, administration="6")
    assert set(await telemetry.read(["1", "2"])) == {"1", "2"}
    archive.now += timedelta(hours=23)
    await telemetry.read(["1"])
    assert peer.count(ADMINISTRATIONS) == 1
    archive.now += timedelta(hours=2)
    await telemetry.read(["1"])
    assert peer.count(ADMINISTRATIONS) == 2


async def test_account_without_avl_says_so(
    peer: Peer, archive: Archive, connect: Connect
) -> None:
    """A refused resource is not an empty one."""
    provider = connect(peer.url)
    peer.refuse(AVL, 403)
    with pytest.raises(AccessDenied):
        await provider.details(["1"])
    peer.refuse(AVL, 404)
    with pytest.raises(NotFound):
        await provider.details(["1"])
    peer.refuse(ADMINISTRATIONS, 401)
    with pytest.raises(AccessDenied):
        await connect(peer.url).details(["1"])


async def test_one_refused_administration_does_not_cost_the_others(
    peer: Peer, archive: Archive, telemetry: Telemetry
) -> None:
    """An account may read the records of some units and not of others."""
    archive.records["6"] = []
    archive.add(2, START - timedelta(hours=2), 200, administration="6")
    _sometimes(peer, 403, lambda seen: seen.query["administrationId"] == "5")
    assert (await telemetry.read(["2"]))["2"].odometer == 200
