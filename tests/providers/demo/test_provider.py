"""The demo tells what is the case in its world, and there is always something on."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from math import cos, hypot, radians
import threading

import aiohttp
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.fleet_telematics.providers.base import Connection, Feed
from custom_components.fleet_telematics.providers.demo import Demo
from custom_components.fleet_telematics.providers.demo.world import World
from custom_components.fleet_telematics.providers.errors import AccessDenied
from custom_components.fleet_telematics.providers.models import (
    Place,
    Status,
    TripKind,
    Vehicle,
)
from custom_components.fleet_telematics.providers.transport import RequestQueue

from .conftest import Clock, Connect

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


async def read(demo: Demo) -> list[Vehicle]:
    """Return the vehicles, in the fleet's order."""
    return list((await demo.positions()).vehicles.values())


async def test_there_is_one_fleet_whatever_its_size(
    demo: Demo, connect: Connect
) -> None:
    """A second entry is the same account, so that it is refused."""
    account = await demo.authenticate()

    assert account == await connect(vehicles=12).authenticate()
    assert (account.id, account.title, account.comparable) == ("demo", "fleet", True)
    assert not any(field.required for field in Demo.info.fields)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, 5),
        ({"vehicles": 1}, 1),
        ({"vehicles": 12.0}, 12),
        ({"vehicles": 0}, 5),
        ({"vehicles": 501}, 5),
        ({"vehicles": "many"}, 5),
    ],
)
async def test_the_fleet_has_the_size_of_the_form(
    connect: Connect, given: dict[str, object], size: int
) -> None:
    """What the form would not allow gives the usual size."""
    assert len(await read(connect(**given))) == size


async def test_positions_are_the_truth(demo: Demo, truth: World) -> None:
    """Every value of every vehicle, rounded as a tracker would."""
    batch = await demo.positions()

    assert batch.complete
    assert set(batch.vehicles) == {str(number) for number in truth.vehicles}
    for number, spec in truth.vehicles.items():
        found, state = batch.vehicles[str(number)], truth.state(number)
        assert (found.name, found.plate, found.vin) == (
            spec.plate,
            spec.plate,
            spec.vin,
        )
        assert (found.make, found.model, found.group) == (
            spec.make,
            spec.model,
            spec.group,
        )
        assert found.location is not None
        assert found.location.latitude == pytest.approx(state.latitude, abs=1e-6)
        assert found.location.longitude == pytest.approx(state.longitude, abs=1e-6)
        assert found.address == (
            f"{state.address.street}, {state.address.postal_code} {state.address.city}"
        )
        assert found.speed == pytest.approx(state.speed, abs=0.5)
        assert found.heading == round(state.heading) % 360
        assert found.altitude == pytest.approx(state.altitude, abs=0.05)
        assert found.satellites == state.satellites
        assert found.last_report == state.time
        assert found.odometer == pytest.approx(state.odometer, abs=0.05)
        assert found.engine_hours == pytest.approx(state.engine_hours, abs=0.005)
        assert found.fuel_level == pytest.approx(state.fuel_level, abs=0.05)
        assert found.fuel_volume == pytest.approx(state.fuel_volume, abs=0.05)
        assert found.fuel_consumed == pytest.approx(state.fuel_consumed, abs=0.05)
        assert found.tank_capacity == spec.tank_capacity
        assert found.supply_voltage == pytest.approx(state.supply_voltage, abs=0.05)
        assert found.coolant_temperature == round(state.coolant_temperature)
        assert found.engine_speed == round(state.engine_speed)
        assert found.signal_strength == round(state.signal_strength)
        assert found.driver == state.driver
        assert found.engine is state.engine_on
        assert found.moving is (round(state.speed) > 0)
        assert (found.online, found.private_mode) == (True, False)
        assert await demo.vehicle(str(number)) == found


async def test_the_next_service_stands_still_and_lies_ahead(
    demo: Demo, clock: Clock
) -> None:
    """A vehicle drives towards it."""
    before = await read(demo)
    clock.turn(hours=5)

    for earlier, later in zip(before, await read(demo), strict=True):
        assert earlier.odometer is not None
        assert later.odometer is not None
        assert later.next_service_odometer == earlier.next_service_odometer
        assert later.next_service_odometer is not None
        assert earlier.odometer < later.odometer < later.next_service_odometer


async def test_most_of_the_fleet_is_elsewhere_at_the_next_poll(
    demo: Demo, clock: Clock
) -> None:
    """Around the clock."""
    for _ in range(24):
        clock.turn(hours=1)
        before = await read(demo)
        clock.turn(seconds=Demo.info.default_interval.total_seconds())
        after = await read(demo)

        moved = sum(
            later.location is not None and later.location != earlier.location
            for earlier, later in zip(before, after, strict=True)
        )
        assert moved >= 2


async def test_a_day_shows_every_status(demo: Demo, truth: World, clock: Clock) -> None:
    """Each is what the vehicle does; one is private at times and another offline."""
    seen: Counter[tuple[str, Status]] = Counter()
    for _ in range(0, 1440, 4):
        clock.turn(minutes=4)
        for found in await read(demo):
            assert found.status is not None
            seen[found.id, found.status] += 1
            state = truth.state(int(found.id))
            assert (found.status is Status.PRIVATE) is state.private
            assert (found.status is Status.OFFLINE) is (found.online is False)
            assert found.online is state.online
            if found.status is Status.MOVING:
                assert (found.moving, found.engine) == (True, True)
            elif found.status is Status.IDLING:
                assert (found.moving, found.engine) == (False, True)
            elif found.status is Status.STOPPED:
                assert (found.moving, found.engine) == (False, False)

    assert {status for _, status in seen} == set(Status) - {Status.MAINTENANCE}
    for status in (Status.PRIVATE, Status.OFFLINE):
        (count,) = [count for (_, shown), count in seen.items() if shown is status]
        assert 10 < count < 120


async def test_a_private_vehicle_does_not_tell_where_it_is(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Nor how fast it goes; the rest is told."""
    hidden: list[Vehicle] = []
    for _ in range(48):
        clock.turn(minutes=30)
        hidden += [one for one in await read(demo) if one.private_mode]

    assert hidden
    for found in hidden:
        assert found.id == str(list(truth.vehicles)[3])
        assert (found.location, found.address) == (None, None)
        assert (found.speed, found.heading, found.altitude) == (None, None, None)
        assert found.engine is True
        assert found.fuel_level is not None


async def test_an_offline_vehicle_stays_as_it_was_last_heard_of(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Until it is back, with the way that it has come."""
    number = str(list(truth.vehicles)[4])
    for _ in range(0, 1440, 5):
        clock.turn(minutes=5)
        lost = await demo.vehicle(number)
        if not lost.online:
            break
    else:
        pytest.fail("It is never offline")
    assert lost.last_report is not None
    assert lost.last_report < clock.time

    clock.turn(minutes=5)
    assert await demo.vehicle(number) == lost

    clock.turn(minutes=45)
    back = await demo.vehicle(number)
    assert (back.online, back.last_report) == (True, clock.time)
    assert lost.odometer is not None
    assert back.odometer is not None
    assert back.odometer > lost.odometer


async def test_last_trips_are_the_worlds(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """The newest finished one of each vehicle that is asked for."""
    for _ in range(12):
        clock.turn(hours=2, minutes=17)
        batch = await demo.last_trips([str(number) for number in truth.vehicles])
        assert set(batch.vehicles) == {str(number) for number in truth.vehicles}
        assert not batch.complete
        for number in truth.vehicles:
            found = batch.vehicles[str(number)]
            trip = truth.trips(number, clock.time - DAY, clock.time)[-1]
            assert found.last_trip_start == trip.start.time
            assert found.last_trip_end == trip.end.time
            assert found.last_trip_duration == trip.duration / timedelta(hours=1)
            assert found.last_trip_distance == pytest.approx(trip.distance, abs=0.005)
            assert found.last_trip_fuel == pytest.approx(trip.fuel_used, abs=0.005)

    one = str(next(iter(truth.vehicles)))
    assert set((await demo.last_trips([one, "7", "van"])).vehicles) == {one}


async def test_the_level_tells_of_refills_and_thefts(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Whoever watches it sees each by its step, while the vehicle stands."""
    start = clock.time
    clock.turn(days=1)
    seen: Counter[str] = Counter()
    for number in truth.vehicles:
        for record in truth.fuel_records(number, start, clock.time):
            seen[record.kind] += 1
            levels = []
            for seconds in (-5, 5):
                watch = Clock(record.time + timedelta(seconds=seconds))
                found = await Demo(demo.connection, clock=watch).vehicle(str(number))
                levels.append(found.fuel_level)
                assert (found.moving, found.engine) == (False, False)
            assert levels == [
                pytest.approx(record.level_before, abs=0.05),
                pytest.approx(record.level_after, abs=0.05),
            ]
    # One refill for each vehicle, and at least one of them is robbed.
    assert seen["refill"] >= 5
    assert seen["theft"] >= 1


# Trips and positions of the past.


async def test_trips_are_the_worlds(demo: Demo, truth: World, clock: Clock) -> None:
    """Of all vehicles that are asked for, oldest first, with private ones marked."""
    window = (clock.time - 3 * DAY, clock.time)
    found = await demo.trips([str(number) for number in truth.vehicles], *window)

    records = {
        str(record.trip_id): record
        for number in truth.vehicles
        for record in truth.trips(number, *window)
    }
    assert [trip.id for trip in found] == sorted(
        records, key=lambda one: records[one].start.time
    )
    for trip in found:
        record = records[trip.id]
        assert trip.vehicle_id == str(record.vehicle_id)
        assert (trip.start, trip.end) == (record.start.time, record.end.time)
        assert trip.duration == record.duration
        assert trip.distance == pytest.approx(record.distance, abs=0.005)
        assert trip.fuel_used == pytest.approx(record.fuel_used, abs=0.005)
        assert trip.driver == truth.vehicles[record.vehicle_id].driver.name
        assert trip.private is record.private
        assert trip.polyline is None
    private = [trip for trip in found if trip.private]
    assert {trip.vehicle_id for trip in private} == {str(list(truth.vehicles)[3])}
    assert len(private) >= 6
    for trip in private:
        assert trip.kind is TripKind.PRIVATE
        assert trip.origin == trip.destination == Place()
    for trip in found:
        if not trip.private:
            assert trip.kind is TripKind.BUSINESS
            for place, state in (
                (trip.origin, records[trip.id].start),
                (trip.destination, records[trip.id].end),
            ):
                assert place.location is not None
                assert place.location.latitude == pytest.approx(
                    state.latitude, abs=1e-6
                )
                assert place.location.longitude == pytest.approx(
                    state.longitude, abs=1e-6
                )
                assert (place.address or "").startswith(state.address.street)


async def test_a_trip_that_reaches_into_the_window_is_told(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """From either side; one that is under way is not."""
    number = next(iter(truth.vehicles))
    first, *_, last = truth.trips(number, clock.time - DAY, clock.time)
    start = first.end.time - timedelta(minutes=1)
    end = last.start.time + timedelta(minutes=1)

    found = await demo.trips([str(number)], start, end)
    assert (found[0].id, found[-1].id) == (str(first.trip_id), str(last.trip_id))
    assert all(
        one.end is not None and one.end <= clock.time
        for one in await demo.trips([str(number)], start, clock.time + DAY)
    )


async def test_routes_are_told_when_asked_for(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Each leads from one end of the trip to the other, and is as long as it was."""
    numbers = [str(number) for number in truth.vehicles]
    found = await demo.trips(numbers, clock.time - DAY, clock.time, routes=True)

    assert any(trip.private for trip in found)
    for trip in found:
        if trip.private:
            assert trip.polyline is None
            continue
        assert trip.polyline is not None
        points = decoded(trip.polyline)
        for point, place in ((points[0], trip.origin), (points[-1], trip.destination)):
            assert place.location is not None
            assert point == pytest.approx(
                (place.location.latitude, place.location.longitude), abs=1e-5
            )
        assert all(one != other for one, other in pairwise(points))
        way = sum(kilometres(one, other) for one, other in pairwise(points))
        assert way == pytest.approx(trip.distance, rel=0.05)


async def test_a_track_is_the_worlds(demo: Demo, truth: World, clock: Clock) -> None:
    """A position every half minute, over days, each of them once."""
    number = list(truth.vehicles)[3]
    start = clock.time - timedelta(days=2, hours=5)
    found = await demo.track(str(number), start, clock.time)

    states = truth.track(number, start, clock.time)
    assert [one.time for one in found] == [one.time for one in states]
    for position, state in zip(found, states, strict=True):
        assert position.private is state.private
        assert position.engine is state.engine_on
        assert position.odometer == pytest.approx(state.odometer, abs=0.05)
        if state.private:
            assert (position.location, position.altitude) == (None, None)
            assert (position.speed, position.heading) == (None, None)
            continue
        assert position.location is not None
        assert position.location.latitude == pytest.approx(state.latitude, abs=1e-6)
        assert position.location.longitude == pytest.approx(state.longitude, abs=1e-6)
        assert position.speed == pytest.approx(state.speed, abs=0.5)
        assert position.heading == round(state.heading) % 360
        assert position.altitude == pytest.approx(state.altitude, abs=0.05)
    assert {one.private for one in found} == {True, False}


async def test_the_past_reaches_five_weeks_back(demo: Demo, clock: Clock) -> None:
    """However much is asked for; and there is no future."""
    vehicle = next(iter((await demo.positions()).vehicles))
    ages = timedelta(days=20_000)
    oldest = clock.time - timedelta(days=35)

    track = await demo.track(vehicle, clock.time - ages, clock.time - 34 * DAY)
    assert (track[0].time, track[-1].time) == (oldest, clock.time - 34 * DAY)
    trips = await demo.trips([vehicle], clock.time - ages, clock.time - 34 * DAY)
    assert trips[0].start is not None
    assert oldest <= trips[0].start < oldest + timedelta(hours=4)
    assert await demo.track(vehicle, clock.time + DAY, clock.time + 2 * DAY) == ()
    assert await demo.track(vehicle, clock.time, clock.time - DAY) == ()


@settings(max_examples=15, deadline=None)
@given(
    minutes=st.integers(0, 50_000),
    length=st.integers(0, 3_000),
    index=st.integers(0, 4),
)
async def test_any_window_is_told_as_it_was(
    minutes: int, length: int, index: int
) -> None:
    """In parts or as a whole, trips and positions are the same."""
    clock = Clock(datetime(2026, 11, 20, 10, 17, 33, tzinfo=UTC))
    start = clock.time - timedelta(minutes=minutes)
    end = start + timedelta(minutes=length)
    async with aiohttp.ClientSession() as session:
        connection = Connection(session=session, queue=RequestQueue(), data={})
        demo = Demo(connection, clock=clock)
        vehicle = list((await demo.positions()).vehicles)[index]
        track = await demo.track(vehicle, start, end)
        trips = await demo.trips([vehicle], start, end)

    assert all(start <= one.time <= min(end, clock.time) for one in track)
    assert all(later.time > one.time for one, later in pairwise(track))
    for trip in trips:
        assert trip.start is not None
        assert trip.end is not None
        assert trip.end > start
        assert trip.start < end
        assert trip.end <= clock.time
    for one, later in pairwise(trips):
        assert one.end is not None
        assert later.start is not None
        assert one.end <= later.start


def decoded(text: str) -> list[tuple[float, float]]:
    """Return the points of a polyline, as Google describes its encoding."""
    numbers: list[int] = []
    value = shift = 0
    for sign in text:
        chunk = ord(sign) - 63
        value |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    latitudes, longitudes = accumulate(numbers[::2]), accumulate(numbers[1::2])
    return [
        (latitude / 1e5, longitude / 1e5)
        for latitude, longitude in zip(latitudes, longitudes, strict=True)
    ]


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far two neighbouring points are apart."""
    north = other[0] - one[0]
    east = (other[1] - one[1]) * cos(radians(one[0]))
    return hypot(north, east) * 111.195


async def test_a_restarted_demo_goes_on(
    demo: Demo, connect: Connect, truth: World, clock: Clock
) -> None:
    """It tells the past as it did before, also as part of a larger fleet."""
    # Until when every trip that had begun is over by now.
    window = (clock.time - WEEK, clock.time - timedelta(hours=3))
    numbers = [str(number) for number in truth.vehicles]
    told = await demo.trips(numbers, *window)
    tracked = await demo.track(numbers[3], *window)
    clock.turn(days=2)

    for restarted in (connect(vehicles=5), connect(vehicles=30)):
        assert await restarted.trips(numbers, *window) == told
        assert await restarted.track(numbers[3], *window) == tracked
        assert (await read(restarted))[:5] == await read(demo)
        assert await restarted.last_trips(numbers) == await demo.last_trips(numbers)


@pytest.mark.parametrize("vehicle_id", ["7", "van", ""])
async def test_a_vehicle_of_somebody_else_is_not_told_of(
    demo: Demo, clock: Clock, vehicle_id: str
) -> None:
    """Its own reads are refused, and it is left out of those of many."""
    with pytest.raises(AccessDenied):
        await demo.vehicle(vehicle_id)
    with pytest.raises(AccessDenied):
        await demo.trips([vehicle_id], clock.time - DAY, clock.time)
    with pytest.raises(AccessDenied):
        await demo.track(vehicle_id, clock.time - DAY, clock.time)
    assert not (await demo.last_trips([vehicle_id])).vehicles


async def test_five_hundred_vehicles_are_read_together(
    connect: Connect, clock: Clock
) -> None:
    """Each is distinct, and has a last trip and a level."""
    demo = connect(vehicles=500)
    vehicles = await read(demo)
    numbers = [one.id for one in vehicles]

    assert len(set(numbers)) == len({one.name for one in vehicles}) == 500
    assert sum(one.status is Status.MOVING for one in vehicles) > 250
    assert all(one.fuel_level is not None for one in vehicles)
    assert len((await demo.last_trips(numbers)).vehicles) == 500
    trips = await demo.trips(numbers, clock.time - DAY, clock.time)
    assert {trip.vehicle_id for trip in trips} == set(numbers)
    assert await read(demo) == vehicles


async def test_the_event_loop_does_not_wait_for_the_world(
    demo: Demo, clock: Clock
) -> None:
    """It is asked in other threads, by one of them at a time."""
    askers: set[int] = set()
    at_once = 0
    most_at_once = 0

    def tell() -> datetime:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        askers.add(threading.get_ident())
        # Long enough for the others to come in, were they let.
        threading.Event().wait(0.02)
        at_once -= 1
        return clock.time

    slow = Demo(demo.connection, clock=tell)
    first, second, trips = await asyncio.gather(
        slow.positions(), slow.positions(), slow.last_trips(["1"])
    )

    assert first == second == await demo.positions()
    assert not trips.vehicles
    assert askers
    assert threading.get_ident() not in askers
    assert most_at_once == 1


def test_it_is_lively_but_no_pest(demo: Demo) -> None:
    """Polls by the second would fill a database; nothing limits requests."""
    assert timedelta(seconds=5) == Demo.info.minimum_interval
    assert Demo.info.minimum_interval <= Demo.info.default_interval
    assert Demo.info.request_interval == 0
    assert set(demo.feeds) == {Feed.TRIPS}


def test_the_real_clock_is_the_default(demo: Demo) -> None:
    """Nothing but the connection has to be given, as for any other provider."""
    connection: Connection = demo.connection

    assert Demo(connection).connection is connection
