"""The vehicles are known as the vendor lists them, at one request a poll."""

from datetime import timedelta

import pytest

from custom_components.fleet_telematics.providers.errors import (
    InvalidResponse,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.api import FleetworkApi
from custom_components.fleet_telematics.providers.fleetwork.tracking import (
    OVERLAP,
    SMALL,
    Tracking,
)
from custom_components.fleet_telematics.providers.models import (
    Batch,
    Coordinates,
    Status,
)

from .vendor import NOW, NOW_MS, Clock, Json, Vendor, tracked_row, waypoint

USERS = "/gps-tracking/users"
OVERLAP_S = int(OVERLAP.total_seconds())
POLL = timedelta(seconds=30)


@pytest.fixture
def tracking(api: FleetworkApi, clock: Clock) -> Tracking:
    """Return what follows the vehicles."""
    return Tracking(api, clock)


def _fleet(count: int, *, age: int = 3600) -> list[Json]:
    """Return rows, the newest first, each a second older than the one before."""
    return [tracked_row(number, age=age + number) for number in range(count)]


def _status(batch: Batch, vehicle_id: str) -> Status | None:
    return batch.vehicles[vehicle_id].status


async def test_the_whole_fleet_is_known_with_its_state(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The first read is complete."""
    vendor.rows = [tracked_row(1), tracked_row(2, statusCode=2)]
    batch = await fleetwork.positions()
    assert batch.complete
    assert _status(batch, "vehicle-1") is Status.MOVING
    assert _status(batch, "vehicle-2") is Status.STOPPED


async def test_a_thousand_rows_are_one_request_at_every_poll(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """Where nothing changed the answer holds only what the overlap repeats."""
    vendor.rows = _fleet(1000)
    first = await tracking.read()
    clock.time += POLL
    second = await tracking.read()
    whole, new = vendor.requests()
    assert "UpdatedFrom" not in whole.params
    assert int(new.params["UpdatedFrom"]) == NOW_MS - (3600 + OVERLAP_S) * 1000
    assert first.complete
    assert not second.complete
    assert len(second.vehicles) == 1000
    assert second.vehicles == first.vehicles


async def test_a_server_with_small_pages_is_read_to_the_end(
    vendor: Vendor, tracking: Tracking
) -> None:
    """A page of its own size is not taken for the last one."""
    vendor.largest_page = 100
    vendor.rows = _fleet(950)
    batch = await tracking.read()
    assert batch.complete
    assert len(batch.vehicles) == 950
    assert len(vendor.requests()) == 10


async def test_what_is_new_joins_what_is_known(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """Changed and added vehicles come with a delta, the others stay."""
    vendor.rows = _fleet(500)
    await tracking.read()
    clock.time += POLL
    vendor.rows[7] = tracked_row(7, age=-20, statusCode=2)
    vendor.rows.append(tracked_row(900, age=-10))
    batch = await tracking.read()
    assert len(batch.vehicles) == 501
    assert _status(batch, "vehicle-7") is Status.STOPPED
    assert _status(batch, "vehicle-8") is Status.MOVING


async def test_a_status_that_changed_without_a_report_counts(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """Of two rows of the same moment the one that was read later is right."""
    vendor.rows = _fleet(500)
    await tracking.read()
    vendor.rows[0]["statusCode"] = 2
    clock.time += POLL
    assert _status(await tracking.read(), "vehicle-0") is Status.STOPPED


async def test_a_lost_signal_of_a_large_fleet_shows_within_ten_minutes(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """It is no update: only a read of all rows sees it."""
    vendor.rows = _fleet(500)
    await tracking.read()
    vendor.rows[400]["statusCode"] = 0
    vendor.requests()
    seen = []
    while clock.time < NOW + timedelta(minutes=10):
        clock.time += POLL
        seen.append(_status(await tracking.read(), "vehicle-400"))
    assert seen[0] is Status.MOVING
    assert seen[-1] is Status.OFFLINE
    assert len(vendor.requests()) == len(seen)


async def test_a_vehicle_that_left_is_dropped_by_a_whole_read(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """Until then it stays as it was, in batches that do not claim to be complete."""
    vendor.rows = _fleet(500)
    await tracking.read()
    gone = vendor.rows.pop(450)
    clock.time += POLL
    kept = await tracking.read()
    clock.time += timedelta(minutes=10)
    dropped = await tracking.read()
    assert (gone["vehicleId"] in kept.vehicles, kept.complete) == (True, False)
    assert (gone["vehicleId"] in dropped.vehicles, dropped.complete) == (False, True)


async def test_a_small_fleet_is_read_whole_at_every_poll(
    vendor: Vendor, tracking: Tracking
) -> None:
    """One short answer shows a lost signal and a vehicle that left at once."""
    vendor.rows = _fleet(SMALL)
    await tracking.read()
    vendor.rows[3]["statusCode"] = 0
    vendor.rows.pop(4)
    batch = await tracking.read()
    assert batch.complete
    assert _status(batch, "vehicle-3") is Status.OFFLINE
    assert "vehicle-4" not in batch.vehicles
    assert len(vendor.requests()) == 2


async def test_a_tracker_with_its_clock_ahead_hides_nobody(
    vendor: Vendor, tracking: Tracking, clock: Clock
) -> None:
    """New is counted from the newest time that can be true."""
    vendor.rows = [tracked_row(999, age=-86400), *_fleet(500, age=60)]
    await tracking.read()
    vendor.rows[10] = tracked_row(9, age=-20, statusCode=2)
    clock.time += POLL
    batch = await tracking.read()
    assert _status(batch, "vehicle-9") is Status.STOPPED
    [_, new] = vendor.requests()
    assert int(new.params["UpdatedFrom"]) == NOW_MS - (60 + OVERLAP_S) * 1000


async def test_rows_without_any_time_are_read_whole(
    vendor: Vendor, tracking: Tracking
) -> None:
    """There is nothing to count from."""
    vendor.rows = [tracked_row(number, lastLocation=None) for number in range(500)]
    await tracking.read()
    assert (await tracking.read()).complete


async def test_the_newest_of_two_users_of_a_vehicle_counts(
    vendor: Vendor, tracking: Tracking
) -> None:
    """In either order of their rows."""
    older = tracked_row(1, age=600, userId="early", statusCode=2)
    newer = tracked_row(1, age=5, userId="late", statusCode=1)
    for rows in ([older, newer], [newer, older]):
        vendor.rows = rows
        batch = await tracking.read()
        assert list(batch.vehicles) == ["vehicle-1"]
        assert _status(batch, "vehicle-1") is Status.MOVING
        assert tracking.by_user() == {"late": "vehicle-1"}


async def test_a_user_of_two_vehicles_is_with_the_last_one(
    vendor: Vendor, tracking: Tracking
) -> None:
    """What the user did today is told of one vehicle only."""
    vendor.rows = [
        tracked_row(1, age=5, userId="u"),
        tracked_row(2, age=600, userId="u"),
    ]
    await tracking.read()
    assert tracking.by_user() == {"u": "vehicle-1"}


async def test_a_name_outlives_a_report_without_one(
    vendor: Vendor, tracking: Tracking
) -> None:
    """Metadata belongs to a report, a name to the vehicle."""
    vendor.rows = [tracked_row(1)]
    await tracking.read()
    vendor.rows[0]["lastLocation"]["metadata"] = None
    assert (await tracking.read()).vehicles["vehicle-1"].name == "Truck 1"


async def test_an_empty_list_takes_no_vehicle_away(
    vendor: Vendor, tracking: Tracking
) -> None:
    """It is more likely a fault."""
    vendor.rows = [tracked_row(1)]
    await tracking.read()
    vendor.rows = []
    batch = await tracking.read()
    assert set(batch.vehicles) == {"vehicle-1"}
    assert not batch.complete


async def test_an_account_without_vehicles_is_not_an_error(
    tracking: Tracking,
) -> None:
    """There may be some tomorrow."""
    assert await tracking.read() == Batch(vehicles={})


async def test_totals_without_rows_are_an_error(
    vendor: Vendor, tracking: Tracking
) -> None:
    """A list that promises rows and has none is not an empty fleet."""
    vendor.distort = lambda answer: {**answer, "totalCount": 12}
    with pytest.raises(InvalidResponse):
        await tracking.read()


async def test_a_row_without_ids_leaves_the_others(
    vendor: Vendor, tracking: Tracking
) -> None:
    """The batch is not complete: the row may be any vehicle."""
    nobody = tracked_row(2, userId=None, deviceId=None, vehicleId=None)
    nobody["lastLocation"] = None
    vendor.rows = [tracked_row(1), nobody]
    batch = await tracking.read()
    assert set(batch.vehicles) == {"vehicle-1"}
    assert not batch.complete


async def test_a_read_that_fails_changes_nothing(
    vendor: Vendor, tracking: Tracking
) -> None:
    """What was known is there again with the next answer."""
    vendor.rows = [tracked_row(1)]
    before = await tracking.read()
    vendor.faults[USERS] = (500, {})
    with pytest.raises(Unreachable):
        await tracking.read()
    vendor.faults.clear()
    assert await tracking.read() == before


async def test_one_vehicle_is_read_by_its_id(
    vendor: Vendor, tracking: Tracking
) -> None:
    """The newer report also stands in the next batch, whatever that lists."""
    vendor.rows = [tracked_row(1, age=60)]
    vendor.latest["vehicles/vehicle-1"] = waypoint()
    await tracking.read()
    vehicle = await tracking.read_one("vehicle-1")
    assert vehicle is not None
    assert vehicle.location == Coordinates(latitude=21.05, longitude=105.9)
    assert vehicle.status is Status.STOPPED
    assert vehicle.last_report == NOW


async def test_an_older_answer_does_not_take_a_vehicle_back(
    vendor: Vendor, tracking: Tracking
) -> None:
    """The vendor's caches are not in step."""
    vendor.rows = [tracked_row(1)]
    vendor.latest["vehicles/vehicle-1"] = waypoint(time=NOW_MS - 60_000)
    batch = await tracking.read()
    assert await tracking.read_one("vehicle-1") == batch.vehicles["vehicle-1"]


@pytest.mark.parametrize(
    ("vehicle_id", "path"),
    [
        ("vehicle-1", "vehicles/vehicle-1"),
        ("device:a/b?c", "devices/a/b?c"),
        ("user:7", "users/7"),
    ],
)
async def test_each_kind_of_id_has_its_own_path(
    vendor: Vendor, fleetwork: Fleetwork, vehicle_id: str, path: str
) -> None:
    """Ids are the customer's own and may hold anything."""
    vendor.latest[path] = waypoint()
    vehicle = await fleetwork.vehicle(vehicle_id)
    assert vehicle is not None
    assert vehicle.id == vehicle_id


@pytest.mark.parametrize("vehicle_id", ["unknown", "device:unknown", "user:unknown"])
async def test_a_vehicle_without_a_place_is_left_to_the_poll(
    vendor: Vendor, fleetwork: Fleetwork, vehicle_id: str
) -> None:
    """Not found, or the answer that every device gets."""
    assert await fleetwork.vehicle(vehicle_id) is None
    assert [one.method for one in vendor.requests()] == ["GET"]
