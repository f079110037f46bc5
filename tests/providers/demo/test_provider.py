"""The demo tells what is the case in its world, and there is always something on."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
import threading

import pytest

from custom_components.fleet_telematics.providers.base import Connection, Feed
from custom_components.fleet_telematics.providers.demo import Demo
from custom_components.fleet_telematics.providers.demo.world import World
from custom_components.fleet_telematics.providers.errors import AccessDenied
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    FuelEventKind,
    FuelOrigin,
    Status,
    Vehicle,
)

from .conftest import Clock, Connect

DAY = timedelta(days=1)
MONTH = timedelta(days=31)
KINDS = {
    "refill": FuelEventKind.REFUELLED,
    "theft": FuelEventKind.THEFT_SUSPECTED,
}


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


async def test_fuel_events_are_the_worlds_records(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """A month of refills and thefts, oldest first."""
    seen: Counter[FuelEventKind] = Counter()
    for number in truth.vehicles:
        records = truth.fuel_records(number, clock.time - MONTH, clock.time)
        report = await demo.fuel(str(number), clock.time - MONTH, clock.time)
        assert len(report.events) == len(records)
        assert sorted(report.events, key=lambda event: event.time) == list(
            report.events
        )
        for event, record in zip(report.events, records, strict=True):
            seen[event.kind] += 1
            assert event.vehicle_id == str(number)
            assert (event.kind, event.time) == (KINDS[record.kind], record.time)
            assert event.origin is FuelOrigin.VENDOR
            assert event.volume == pytest.approx(record.volume, abs=0.05)
            assert event.level_before == pytest.approx(record.level_before, abs=0.05)
            assert event.level_after == pytest.approx(record.level_after, abs=0.05)
            assert event.percent == pytest.approx(
                abs(record.level_after - record.level_before), abs=0.05
            )
            assert event.private is False
            assert event.location == Coordinates(
                latitude=round(record.latitude, 6), longitude=round(record.longitude, 6)
            )
            assert event.address is not None
            assert event.address.startswith(record.address.street)
    assert seen[FuelEventKind.REFUELLED] >= 5 * 30
    assert seen[FuelEventKind.THEFT_SUSPECTED] >= 31


async def test_the_level_follows_from_the_events(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Whoever watches the level sees each event by its step."""
    start = clock.time
    clock.turn(days=1)
    for number in map(str, truth.vehicles):
        for event in (await demo.fuel(number, start, clock.time)).events:
            levels = []
            for seconds in (-5, 5):
                watch = Clock(event.time + timedelta(seconds=seconds))
                found = await Demo(demo.connection, clock=watch).vehicle(number)
                levels.append(found.fuel_level)
            assert levels == [event.level_before, event.level_after]


async def test_from_any_moment_on_something_happens_soon(
    demo: Demo, truth: World, clock: Clock
) -> None:
    """Within hours a refill, within a day a theft."""
    times: dict[FuelEventKind, list[datetime]] = {kind: [] for kind in FuelEventKind}
    for number in truth.vehicles:
        for event in (
            await demo.fuel(str(number), clock.time - MONTH, clock.time)
        ).events:
            times[event.kind].append(event.time)
    for kind, soon in (
        (FuelEventKind.REFUELLED, timedelta(hours=7)),
        (FuelEventKind.THEFT_SUSPECTED, DAY),
    ):
        moments = [clock.time - MONTH, *sorted(times[kind]), clock.time]
        assert all(later - earlier <= soon for earlier, later in pairwise(moments))


async def test_a_restarted_demo_goes_on(
    demo: Demo, connect: Connect, truth: World, clock: Clock
) -> None:
    """It tells the past as it did before, also as part of a larger fleet."""
    window = (clock.time - MONTH, clock.time)
    numbers = [str(number) for number in truth.vehicles]
    told = [await demo.fuel(number, *window) for number in numbers]
    clock.turn(days=2)

    for restarted in (connect(vehicles=5), connect(vehicles=30)):
        assert [await restarted.fuel(number, *window) for number in numbers] == told
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
        await demo.fuel(vehicle_id, clock.time - DAY, clock.time)
    assert not (await demo.last_trips([vehicle_id])).vehicles


async def test_five_hundred_vehicles_are_read_together(
    connect: Connect, clock: Clock
) -> None:
    """Each is distinct, and has a last trip and refills."""
    demo = connect(vehicles=500)
    vehicles = await read(demo)
    numbers = [one.id for one in vehicles]

    assert len(set(numbers)) == len({one.name for one in vehicles}) == 500
    assert sum(one.status is Status.MOVING for one in vehicles) > 250
    reports = await asyncio.gather(
        *(demo.fuel(one, clock.time - 2 * DAY, clock.time) for one in numbers)
    )
    assert len((await demo.last_trips(numbers)).vehicles) == 500
    assert all(report.events for report in reports)
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
    assert set(demo.feeds) == {Feed.TRIPS, Feed.FUEL}


def test_the_real_clock_is_the_default(demo: Demo) -> None:
    """Nothing but the connection has to be given, as for any other provider."""
    connection: Connection = demo.connection

    assert Demo(connection).connection is connection
