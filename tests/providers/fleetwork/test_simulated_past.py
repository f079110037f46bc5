"""What Fleetwork tells of the past, from the simulated vendor."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.fleet_telematics.providers import capabilities
from custom_components.fleet_telematics.providers.demo.world import World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    InvalidResponse,
    ProviderError,
    RateLimited,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.times import (
    day_end,
    day_of,
    day_start,
)
from custom_components.fleet_telematics.providers.models import Trip
from simulator.faults import Fault, FaultKind
from simulator.fleetwork import FleetworkServer
from simulator.fleetwork_rows import ids_of
from simulator.running import trip_start

from .conftest import Open, Standing

TRIPS = "/reports/trip/detail"
FUEL = "/reports/fuel/detail"
HISTORY = "/gps-tracking/history"
DAY = timedelta(days=1)
REST = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a vehicle did on a day of the vendor's."""

    day: date
    start: datetime
    end: datetime
    travel: timedelta
    distance: float


def vehicle_of(server: FleetworkServer, number: int) -> str:
    """Return our id of one of the world's vehicles."""
    ids = ids_of(server.world.vehicles[number])
    if ids.vehicle is not None:
        return ids.vehicle
    return f"device:{ids.device}" if ids.device is not None else f"user:{ids.user}"


def numbers(server: FleetworkServer) -> list[int]:
    """Return the vehicles that are with a user."""
    return [one for one in server.world.vehicles if server.user_id(one) is not None]


def driven(world: World, number: int, first: date, last: date) -> Iterator[Day]:
    """Yield the days on which a vehicle drove, up to now."""
    now = world.now()
    drives = [
        (trip.start.time, trip.end.time)
        for trip in world.trips(number, day_start(first), day_end(last))
    ]
    began = trip_start(world, number)
    if began is not None:
        drives.append((began, now))
    day = first
    while day <= last:
        low, high = day_start(day), min(day_end(day), now)
        parts = [
            (max(start, low), min(end, high))
            for start, end in drives
            if min(end, high) - max(start, low) >= SECOND
        ]
        if parts:
            yield Day(
                day=day,
                start=parts[0][0].astimezone(UTC),
                end=parts[-1][1].astimezone(UTC),
                travel=sum((end - start for start, end in parts), timedelta()),
                distance=odometer(world, number, high) - odometer(world, number, low),
            )
        day += DAY


def odometer(world: World, number: int, moment: datetime) -> float:
    """Return what the odometer said, whether or not it could be told then."""
    return world.track(number, moment, moment)[0].odometer


def over(days: Iterator[Day], now: datetime) -> list[Day]:
    """Return those days to which nothing is added any more, for now."""
    return [one for one in days if one.end <= now - REST]


def check(trip: Trip, truth: Day) -> None:
    """Compare a trip with the truth."""
    assert trip.start is not None
    assert abs(trip.start - truth.start) < SECOND
    assert trip.end is not None
    assert abs(trip.end - truth.end) < SECOND
    assert trip.duration is not None
    assert abs(trip.duration - truth.travel) <= SECOND
    assert trip.distance == pytest.approx(truth.distance, abs=0.06)
    assert trip.fuel_used == pytest.approx(truth.distance * 0.07, abs=0.06)
    assert trip.fuel_cost == pytest.approx(truth.distance * 0.07 * 23_000, abs=1400)
    assert trip.currency == "VND"
    for place in (trip.origin, trip.destination):
        assert place.location is not None
        assert place.address


def requests(server: FleetworkServer, path: str) -> int:
    """Return how often a path was asked for."""
    return sum(one.path.endswith(path) for one in server.requests)


def test_what_fleetwork_offers() -> None:
    """And what it does not."""
    offered = (
        capabilities.TripHistory,
        capabilities.PositionHistory,
        capabilities.Reports,
        capabilities.Dashboards,
        capabilities.PositionSink,
        capabilities.OpenApi,
    )
    assert all(issubclass(Fleetwork, one) for one in offered)
    missing = (
        capabilities.FuelUse,
        capabilities.NearestVehicles,
        capabilities.VendorEvents,
        capabilities.LiveUpdates,
    )
    assert not any(issubclass(Fleetwork, one) for one in missing)
    assert Fleetwork.whole_history


# Trips.


@pytest.mark.parametrize("names", ["old", "new"])
async def test_a_trip_is_a_users_day(
    fleetwork_server: FleetworkServer,
    open_account: Open,
    standing: Standing,
    names: str,
) -> None:
    """Every vehicle of a user, in both of the vendor's versions, told like the world."""
    fleetwork_server.new_names = names == "new"
    if names == "new":
        fleetwork_server.post_only |= {TRIPS, FUEL}
    account = open_account()
    now = standing()
    checked = 0
    for number in numbers(fleetwork_server):
        vehicle = vehicle_of(fleetwork_server, number)
        found = await account.trips([vehicle], now - 5 * DAY, now)
        truth = over(
            driven(fleetwork_server.world, number, day_of(now - 5 * DAY), day_of(now)),
            now,
        )
        truth = [one for one in truth if one.end >= now - 5 * DAY]
        for trip, day in zip(found, truth, strict=True):
            check(trip, day)
            assert trip.vehicle_id == vehicle
            assert trip.driver == fleetwork_server.world.vehicles[number].driver.name
            assert trip.polyline is None
            assert not trip.private
            checked += 1
        assert len({one.id for one in found}) == len(found)
    assert checked >= 3 * len(numbers(fleetwork_server))


async def test_a_year_is_read_in_two_requests(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """A page has room for five hundred days; the user's are asked for alone."""
    account = open_account()
    number = numbers(fleetwork_server)[0]
    vehicle = vehicle_of(fleetwork_server, number)
    await account.positions()
    fleetwork_server.requests.clear()
    now = standing()
    found = await account.trips([vehicle], now - 365 * DAY, now)
    assert len(found) > 20
    starts = [one.start for one in found]
    assert starts == sorted(starts, key=lambda one: one or now)
    first, second = fleetwork_server.requests
    assert (first.path.endswith(TRIPS), second.path.endswith(FUEL)) == (True, True)
    for asked in (first, second):
        assert asked.query["userId"] == fleetwork_server.user_id(number)
        assert asked.query["pageSize"] == "500"
        assert "format" not in asked.query


async def test_a_trip_is_the_same_in_every_window(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """A window that cuts a day brings the whole of it, and days outside of it not."""
    account = open_account()
    number = numbers(fleetwork_server)[0]
    vehicle = vehicle_of(fleetwork_server, number)
    now = standing()
    whole = await account.trips([vehicle], now - 6 * DAY, now - 2 * DAY)
    trip = whole[len(whole) // 2]
    assert trip.start is not None
    assert trip.end is not None
    middle = trip.start + (trip.end - trip.start) / 2
    assert await account.trips([vehicle], middle, middle + SECOND) == (trip,)
    assert await account.trips([vehicle], trip.end + SECOND, trip.end + 2 * SECOND) in (
        (),
        (whole[whole.index(trip) + 1],),
    )
    assert await account.trips([vehicle], now + DAY, now + 2 * DAY) == ()


async def test_only_what_is_over_is_a_trip(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The day of a vehicle that is under way is told when it is past."""
    world = fleetwork_server.world
    account = open_account()
    moving = next(
        one for one in numbers(fleetwork_server) if world.state(one).trip_id is not None
    )
    vehicle = vehicle_of(fleetwork_server, moving)
    now = standing()
    today = day_of(now)
    before = await account.trips([vehicle], day_start(today) + SECOND, now)
    standing.time = day_end(today) + REST
    await account.positions()
    [*earlier, trip] = await account.trips([vehicle], day_start(today) + SECOND, now)
    assert tuple(earlier) == before
    [truth] = driven(world, moving, today, today)
    check(trip, truth)


async def test_vehicles_without_a_user_make_no_trips(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The vendor counts by user; nothing is asked for the others."""
    account = open_account()
    now = standing()
    others = [
        vehicle_of(fleetwork_server, one)
        for one in fleetwork_server.world.vehicles
        if fleetwork_server.user_id(one) is None
    ]
    assert others
    assert await account.trips(others, now - 5 * DAY, now) == ()
    assert requests(fleetwork_server, TRIPS) == 0
    with pytest.raises(AccessDenied):
        await account.trips(["somebody-elses"], now - DAY, now)


async def test_many_vehicles_trips_come_in_one_order(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """Oldest first, whoever made them."""
    account = open_account()
    now = standing()
    three = [vehicle_of(fleetwork_server, one) for one in numbers(fleetwork_server)[:3]]
    found = await account.trips(three, now - 4 * DAY, now)
    assert {one.vehicle_id for one in found} == set(three)
    starts = [one.start for one in found if one.start is not None]
    assert starts == sorted(starts)
    assert len(starts) == len(found)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.HTTP_500, Unreachable),
        (FaultKind.HTML, InvalidResponse),
        (FaultKind.HTTP_429, RateLimited),
    ],
)
async def test_trips_that_lack_their_fuel_for_now_are_not_told(
    fleetwork_server: FleetworkServer,
    open_account: Open,
    standing: Standing,
    kind: FaultKind,
    error: type[ProviderError],
) -> None:
    """Statistics would take what is missing for nothing burnt."""
    account = open_account()
    now = standing()
    vehicle = vehicle_of(fleetwork_server, numbers(fleetwork_server)[0])
    fleetwork_server.faults.append(Fault(kind=kind, path=FUEL))
    with pytest.raises(error, match=FUEL):
        await account.trips([vehicle], now - 3 * DAY, now)


# The last trip.


async def test_the_last_trips_of_all_are_two_requests(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The last day of each that is over, and the fuel that is reckoned for it."""
    account = open_account()
    known = await account.positions()
    fleetwork_server.requests.clear()
    batch = await account.last_trips(list(known.vehicles))
    driving, burning = fleetwork_server.requests
    assert driving.path.endswith(TRIPS)
    assert burning.path.endswith(FUEL)
    assert driving.query == burning.query
    assert "userId" not in driving.query
    now = standing()
    expected = {}
    for number in numbers(fleetwork_server):
        days = over(
            driven(fleetwork_server.world, number, day_of(now - 7 * DAY), day_of(now)),
            now,
        )
        expected[vehicle_of(fleetwork_server, number)] = days[-1]
    assert set(batch.vehicles) == set(expected)
    for vehicle, truth in expected.items():
        found = batch.vehicles[vehicle]
        assert found.last_trip_distance == pytest.approx(truth.distance, abs=0.06)
        assert found.last_trip_duration == pytest.approx(
            truth.travel / timedelta(hours=1), abs=0.001
        )
        assert found.last_trip_start is not None
        assert abs(found.last_trip_start - truth.start) < SECOND
        assert found.last_trip_end is not None
        assert abs(found.last_trip_end - truth.end) < SECOND
        assert found.last_trip_fuel == pytest.approx(truth.distance * 0.07, abs=0.06)
    assert await account.last_trips([]) == type(batch)(vehicles={})
    one = next(iter(expected))
    assert set((await account.last_trips([one])).vehicles) == {one}


async def test_later_looks_are_short(
    fleetwork_server: FleetworkServer, open_account: Open
) -> None:
    """A week at first, then yesterday and today; fuel that is known stays so."""
    account = open_account()
    known = list((await account.positions()).vehicles)
    fleetwork_server.requests.clear()
    first = await account.last_trips(known)
    again = await account.last_trips(known)
    assert again == first
    windows = [
        (
            one.path.rpartition("/reports")[2],
            timedelta(milliseconds=int(one.query["to"]) - int(one.query["from"]) + 1),
        )
        for one in fleetwork_server.requests
    ]
    assert windows == [
        ("/trip/detail", 8 * DAY),
        ("/fuel/detail", 8 * DAY),
        ("/trip/detail", 2 * DAY),
    ]


# Tracks.


async def test_every_kind_of_id_has_its_track(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """Vehicles, devices and users: all points of all pages, oldest first."""
    account = open_account()
    now = standing()
    start = now - timedelta(hours=20)
    four = list(fleetwork_server.world.vehicles)[:4]
    assert len({ids_of(fleetwork_server.world.vehicles[one]) for one in four}) == 4
    for number in four:
        vehicle = vehicle_of(fleetwork_server, number)
        found = await account.track(vehicle, start, now)
        truth = fleetwork_server.world.track(
            number, *_grid(start, now), timedelta(seconds=30)
        )
        assert len(truth) > 2000
        assert [one.time for one in found] == [one.time for one in truth]
        for position, state in zip(found, truth, strict=True):
            assert position.location is not None
            assert position.location.latitude == pytest.approx(state.latitude, abs=1e-5)
            assert position.location.longitude == pytest.approx(
                state.longitude, abs=1e-5
            )
            assert position.speed == pytest.approx(state.speed, abs=0.06)
            assert not position.private
    # Three pages each.
    assert requests(fleetwork_server, HISTORY) == 4 * 3


async def test_long_windows_are_cut(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """A week a time, without a gap and without a point told twice."""
    fleetwork_server.post_only.add(HISTORY)
    account = open_account()
    now = standing()
    number = numbers(fleetwork_server)[0]
    vehicle = vehicle_of(fleetwork_server, number)
    found = await account.track(vehicle, now - 16 * DAY, now)
    times = [one.time for one in found]
    assert times == sorted(set(times))
    assert times[0] - (now - 16 * DAY) < timedelta(minutes=4)
    gaps = {after - before for before, after in pairwise(times)}
    assert max(gaps) < timedelta(minutes=8)
    windows = {
        (one.body["FromTime"], one.body["ToTime"])
        for one in fleetwork_server.requests
        if one.path.endswith(HISTORY) and isinstance(one.body, dict)
    }
    assert len(windows) == 3


async def test_nobodys_track_is_empty(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """So the vendor answers for an id that it does not know."""
    account = open_account()
    now = standing()
    assert await account.track("device:unknown", now - DAY, now) == ()
    assert await account.track("vehicle", now, now) == ()


# Limits.


async def test_reports_keep_within_the_vendors_limit(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """Five a second; a dozen of them in a row are none too many."""
    fleetwork_server.limit_requests = True
    account = open_account()
    now = standing()
    six = [vehicle_of(fleetwork_server, one) for one in numbers(fleetwork_server)[:6]]
    assert len(six) == 6
    found = await account.trips(six, now - 3 * DAY, now)
    assert {one.vehicle_id for one in found} == set(six)
    assert requests(fleetwork_server, "/detail") == 12


async def test_the_dashboard_keeps_within_the_vendors_limit(
    fleetwork_server: FleetworkServer, open_account: Open
) -> None:
    """Ten a second; a large account has more pages than that."""
    fleetwork_server.limit_requests = True
    fleetwork_server.extra_rows = 1200
    account = open_account()
    users = (await account.dashboard("users"))["users"]
    assert isinstance(users, list)
    assert len(users) == 1200 + len(numbers(fleetwork_server))
    assert len(fleetwork_server.requests) == 13


async def test_a_refused_report_does_not_hold_up_the_poll(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The vendor limits reports by themselves."""
    account = open_account()
    now = standing()
    known = list((await account.positions()).vehicles)
    fleetwork_server.faults.append(
        Fault(kind=FaultKind.HTTP_429, path="/reports", retry_after=3600)
    )
    with pytest.raises(RateLimited):
        await account.last_trips(known)
    fleetwork_server.requests.clear()
    with pytest.raises(RateLimited):
        await account.report("trip_summary", now - DAY, now)
    assert requests(fleetwork_server, "") == 0
    assert list((await account.positions()).vehicles) == known


async def test_a_vendor_that_is_down_is_unreachable(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """For every question about the past."""
    account = open_account()
    now = standing()
    known = list((await account.positions()).vehicles)
    fleetwork_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    with pytest.raises(Unreachable):
        await account.trips(known, now - DAY, now)
    with pytest.raises(Unreachable):
        await account.last_trips(known)
    with pytest.raises(Unreachable):
        await account.track(known[0], now - DAY, now)


@pytest.mark.parametrize(
    "kind", [FaultKind.WRONG_TYPES, FaultKind.EMPTY_LIST, FaultKind.TRUNCATED_JSON]
)
async def test_spoilt_answers_cost_no_more_than_themselves(
    fleetwork_server: FleetworkServer,
    open_account: Open,
    standing: Standing,
    kind: FaultKind,
) -> None:
    """Whatever is wrong in them, only a vendor's failure is raised."""
    account = open_account()
    now = standing()
    known = list((await account.positions()).vehicles)
    vehicle = vehicle_of(fleetwork_server, numbers(fleetwork_server)[0])
    questions: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: account.trips([vehicle], now - 2 * DAY, now),
        lambda: account.last_trips(known),
        lambda: account.track(vehicle, now - timedelta(hours=1), now),
        lambda: account.report("fuel_detail", now - DAY, now),
        lambda: account.report("activity_time", now - DAY, now),
        lambda: account.dashboard("users"),
        lambda: account.dashboard("all"),
        lambda: account.details(known),
    )
    whole = await account.trips([vehicle], now - 2 * DAY, now)
    fleetwork_server.faults.append(Fault(kind=kind))
    for ask in questions:
        with suppress(ProviderError):
            await ask()
    fleetwork_server.faults.clear()
    assert await account.trips([vehicle], now - 2 * DAY, now) == whole


def _grid(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return a window whose beginning is one of the simulator's times."""
    step = 30
    return datetime.fromtimestamp(-(-start.timestamp() // step) * step, UTC), end
