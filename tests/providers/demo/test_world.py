"""The simulated world is the same every time, and agrees with itself."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import subprocess
import sys

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.fleet_telematics.providers.demo.roads import bearing, distance
from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    BUCHAREST,
    HANOI,
    PARIS,
    ROME,
    City,
    TripRecord,
    VehicleState,
    World,
)

from .conftest import Clock

CITIES = (AMSTERDAM, PARIS, HANOI, ROME, BUCHAREST)
# South, north, west and east.
BOXES = {
    AMSTERDAM.key: (52.30, 52.44, 4.80, 5.00),
    PARIS.key: (48.80, 48.91, 2.24, 2.43),
    HANOI.key: (20.95, 21.11, 105.75, 105.90),
    ROME.key: (41.77, 42.01, 12.36, 12.64),
    BUCHAREST.key: (44.32, 44.55, 25.92, 26.25),
}
DAY = timedelta(days=1)

seeds = st.integers(min_value=0, max_value=2**32)
times = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2028, 12, 31)
).map(lambda time: time.replace(tzinfo=UTC))
cities = st.sampled_from(CITIES)


def first(world: World) -> int:
    """Return the id of the fleet's first vehicle."""
    return next(iter(world.vehicles))


def member(world: World, index: int) -> int:
    """Return the id of a vehicle by its place in the fleet."""
    return list(world.vehicles)[index]


def driven(track: list[VehicleState]) -> float:
    """Return the length of a track on the map, in km."""
    return sum(
        distance((a.latitude, a.longitude), (b.latitude, b.longitude))
        for a, b in pairwise(track)
    )


# The same every time.


@settings(max_examples=25, deadline=None)
@given(seed=seeds, time=times, city=cities)
def test_two_worlds_with_the_same_seed_are_the_same(
    seed: int, time: datetime, city: City
) -> None:
    """Vehicles and states follow from city, seed and time."""
    one = World(city=city, seed=seed, clock=lambda: time)
    other = World(city=city, seed=seed, clock=lambda: time)

    assert one.vehicles == other.vehicles
    assert one.states() == other.states()


def test_worlds_with_different_seeds_differ(clock: Clock) -> None:
    """Another seed gives other vehicles in other places."""
    one = World(city=PARIS, seed=1, clock=clock)
    other = World(city=PARIS, seed=2, clock=clock)

    assert {spec.plate for spec in one.vehicles.values()}.isdisjoint(
        spec.plate for spec in other.vehicles.values()
    )
    assert one.states() != other.states()


def test_a_world_restarted_on_a_later_day_goes_on(world: World, clock: Clock) -> None:
    """What was told before a restart is told after it too."""
    vehicle = first(world)
    start, end = clock.time - 3 * DAY, clock.time
    state = world.state(vehicle)
    trips = world.trips(vehicle, start, end)
    records = world.fuel_records(vehicle, start, end)
    clock.turn(days=2, minutes=1)

    restarted = World(city=AMSTERDAM, clock=clock)

    assert restarted.state(vehicle, end) == state
    assert restarted.trips(vehicle, start, end)[: len(trips)] == trips
    assert restarted.fuel_records(vehicle, start, end) == records
    assert restarted.states() == world.states()


def test_another_process_sees_the_same_world(world: World) -> None:
    """Nothing depends on how a process hashes or counts."""
    program = (
        "from datetime import datetime\n"
        "from custom_components.fleet_telematics.providers.demo.world import *\n"
        f"now = datetime.fromisoformat({world.now().isoformat()!r})\n"
        "print(repr(World(city=AMSTERDAM, clock=lambda: now).states()))\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == repr(world.states())


def test_the_order_of_questions_does_not_matter(clock: Clock) -> None:
    """A state is the same whatever was asked before it."""
    asked, fresh = (World(city=ROME, clock=clock) for _ in range(2))
    vehicle = first(asked)
    asked.trips(vehicle, clock.time - 30 * DAY, clock.time)
    asked.state(vehicle, clock.time + 5 * DAY)

    assert asked.state(vehicle) == fresh.state(vehicle)


# Driving.


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.key)
def test_vehicles_stay_on_the_streets_of_their_city(city: City, clock: Clock) -> None:
    """Every coordinate lies in the city, every address names one of its streets."""
    world = World(city=city, clock=clock)
    south, north, west, east = BOXES[city.key]
    streets = {segment.street.name for segment in city.roads.segments.values()}

    for vehicle in world.vehicles:
        for state in world.track(
            vehicle, clock.time - DAY, clock.time, timedelta(minutes=2)
        ):
            assert south < state.latitude < north
            assert west < state.longitude < east
            assert 0 <= state.heading < 360
            assert state.address.street in streets
            assert state.address.city == city.name


@settings(max_examples=15, deadline=None)
@given(seed=seeds, time=times, city=cities, index=st.integers(0, 4))
def test_the_odometer_is_the_way_on_the_map(
    seed: int, time: datetime, city: City, index: int
) -> None:
    """Six hours of positions are as long as the odometer says, within 2 %."""
    world = World(city=city, seed=seed, clock=lambda: time + DAY)
    track = world.track(
        member(world, index), time, time + timedelta(hours=6), timedelta(seconds=5)
    )

    counted = track[-1].odometer - track[0].odometer
    assert counted > 50
    assert driven(track) == pytest.approx(counted, rel=0.02)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, time=times, city=cities, index=st.integers(0, 4))
# Very short stretches before a corner.
@example(
    seed=3424062513, time=datetime(2027, 3, 7, 21, 11, tzinfo=UTC), city=ROME, index=0
)
@example(
    seed=4132180455,
    time=datetime(2026, 7, 13, 7, 45, tzinfo=UTC),
    city=BUCHAREST,
    index=0,
)
def test_the_odometer_is_the_integral_of_the_speed(
    seed: int, time: datetime, city: City, index: int
) -> None:
    """Speeds add up to the distance, and stay those of vans."""
    world = World(city=city, seed=seed, clock=lambda: time + DAY)
    step = timedelta(seconds=1)
    track = world.track(member(world, index), time, time + timedelta(hours=1), step)

    summed = sum((a.speed + b.speed) / 2 / 3600 for a, b in pairwise(track))
    assert summed == pytest.approx(track[-1].odometer - track[0].odometer, abs=0.02)
    assert max(state.speed for state in track) <= 90
    assert all(b.odometer >= a.odometer for a, b in pairwise(track))
    assert all(b.engine_hours >= a.engine_hours for a, b in pairwise(track))
    # Nobody brakes or accelerates by more than 4 m/s².
    assert all(abs(b.speed - a.speed) <= 4 * 3.6 for a, b in pairwise(track))


def test_a_vehicle_follows_its_heading(world: World, clock: Clock) -> None:
    """A second later it is where the heading points to."""
    vehicle = first(world)
    checked = 0
    for minutes in range(0, 600, 7):
        time = clock.time - timedelta(minutes=minutes)
        a = world.state(vehicle, time)
        b = world.state(vehicle, time + timedelta(seconds=1))
        if a.heading == b.heading and a.speed > 5:
            way = bearing((a.latitude, a.longitude), (b.latitude, b.longitude))
            assert abs((way - a.heading + 180) % 360 - 180) < 1
            checked += 1
    assert checked > 40


def test_engine_and_speed_agree(world: World, clock: Clock) -> None:
    """A vehicle parks, idles and drives, with the values that belong to each."""
    kinds: Counter[str] = Counter()
    track = world.track(first(world), clock.time - DAY, clock.time)
    for state in track:
        assert (state.trip_id is not None) is state.engine_on
        assert 0 < state.signal_strength <= 100
        assert state.satellites > 3
        if not state.engine_on:
            kinds["parked"] += 1
            assert (state.speed, state.engine_speed) == (0, 0)
            assert state.supply_voltage < 13
        else:
            kinds["driving" if state.speed else "idling"] += 1
            assert 700 < state.engine_speed < 4000
            assert state.supply_voltage > 13
        assert 18 <= state.coolant_temperature <= 90
    assert set(kinds) == {"parked", "driving", "idling"}


def test_the_engine_hours_count_the_running_engine(world: World, clock: Clock) -> None:
    """Between two times they grow by the time the engine was on."""
    step = timedelta(seconds=10)
    track = world.track(first(world), clock.time - DAY, clock.time, step)

    running = sum(state.engine_on for state in track) * step
    assert track[-1].engine_hours - track[0].engine_hours == pytest.approx(
        running / timedelta(hours=1), abs=0.05
    )


# Trips.


def test_trips_are_what_the_vehicle_drove(world: World, clock: Clock) -> None:
    """They follow each other without a gap in the odometer, and ids are unique."""
    vehicle = first(world)
    trips = world.trips(vehicle, clock.time - 30 * DAY, clock.time)

    assert len(trips) > 300
    assert len({trip.trip_id for trip in trips}) == len(trips)
    for trip in trips:
        assert trip.distance == trip.end.odometer - trip.start.odometer > 0
        assert trip.fuel_used == trip.end.fuel_consumed - trip.start.fuel_consumed
        assert trip.duration == trip.end.time - trip.start.time
        assert world.state(vehicle, trip.start.time).trip_id == trip.trip_id
        assert world.state(vehicle, trip.start.time) == trip.start
        assert not trip.end.engine_on
    for earlier, later in pairwise(trips):
        assert earlier.end.time < later.start.time
        assert earlier.end.odometer == pytest.approx(later.start.odometer)
        assert earlier.end.engine_hours == pytest.approx(later.start.engine_hours)


def test_the_trip_that_is_under_way_is_not_told(world: World, clock: Clock) -> None:
    """A trip is listed once it is finished."""
    vehicle = next(state.vehicle_id for state in world.states() if state.trip_id)
    under_way = world.state(vehicle).trip_id

    def listed() -> set[int]:
        trips: list[TripRecord] = world.trips(vehicle, clock.time - DAY, clock.time)
        return {trip.trip_id for trip in trips}

    assert under_way not in listed()
    clock.turn(hours=2)
    assert under_way in listed()


def test_nothing_is_told_from_before_the_history(clock: Clock) -> None:
    """A short memory limits trips, tracks and fuel records."""
    world = World(city=HANOI, clock=clock, history=timedelta(days=2))
    vehicle = first(world)
    window = (clock.time - 30 * DAY, clock.time)
    oldest = clock.time - timedelta(days=2)

    assert world.track(vehicle, *window, timedelta(hours=1))[0].time == oldest
    assert world.trips(vehicle, *window)[0].start.time >= oldest
    records = world.fuel_records(vehicle, *window)
    assert records and all(record.time >= oldest for record in records)


def test_the_future_is_not_told(world: World, clock: Clock) -> None:
    """Windows end now."""
    vehicle = first(world)
    window = (clock.time - timedelta(hours=1), clock.time + DAY)

    assert world.track(vehicle, *window)[-1].time <= clock.time
    assert all(trip.end.time <= clock.time for trip in world.trips(vehicle, *window))
    assert not world.trips(vehicle, clock.time + DAY, clock.time + 2 * DAY)
    assert not world.track(vehicle, clock.time + DAY, clock.time + 2 * DAY)


def test_a_track_needs_a_positive_step(world: World, clock: Clock) -> None:
    """A step of nothing would never arrive."""
    with pytest.raises(ValueError, match="positive"):
        world.track(first(world), clock.time, clock.time, timedelta())


# The fleet.


@settings(max_examples=20, deadline=None)
@given(seed=seeds, time=times, city=cities)
def test_most_of_a_fleet_moves_at_any_moment(
    seed: int, time: datetime, city: City
) -> None:
    """Of five vehicles three are open to see and most of those move."""
    world = World(city=city, seed=seed, clock=lambda: time)
    for minutes in range(0, 1440, 41):
        at = time + timedelta(minutes=minutes)
        states = [world.state(vehicle, at) for vehicle in world.vehicles]
        seen = [state for state in states if state.online and not state.private]
        assert len(seen) >= 3
        assert sum(state.speed > 0 for state in seen) * 2 > len(seen)
        assert sum(state.speed > 0 for state in states) >= 3
        assert sum(state.private for state in states) <= 1
        assert sum(not state.online for state in states) <= 1


def test_one_vehicle_of_five_is_private_and_one_offline_at_times(
    world: World, clock: Clock
) -> None:
    """In a day both happen, and both are over again."""
    private: Counter[int] = Counter()
    offline: Counter[int] = Counter()
    for minutes in range(0, 1440, 5):
        for vehicle in world.vehicles:
            state = world.state(vehicle, clock.time + timedelta(minutes=minutes))
            private[vehicle] += state.private
            offline[vehicle] += not state.online

    assert [count for count in private.values() if count] == [private[member(world, 3)]]
    assert [count for count in offline.values() if count] == [offline[member(world, 4)]]
    assert 0 < private[member(world, 3)] < 200
    assert 0 < offline[member(world, 4)] < 200


def test_private_trips_are_marked(world: World, clock: Clock) -> None:
    """A trip is private when the vehicle was, all the way."""
    vehicle = member(world, 3)
    trips = world.trips(vehicle, clock.time - 5 * DAY, clock.time)

    assert {trip.private for trip in trips} == {True, False}
    for trip in trips:
        middle = trip.start.time + trip.duration / 2
        assert world.state(vehicle, middle).private is trip.private


def test_a_large_fleet_has_distinct_vehicles(clock: Clock) -> None:
    """Ids, plates and VINs are unique, and VINs have their 17 signs."""
    for city in CITIES:
        specs = World(city=city, vehicles=300, clock=clock).vehicles
        assert len(specs) == 300
        assert len({spec.plate for spec in specs.values()}) == 300
        assert len({spec.vin for spec in specs.values()}) == 300
        assert {len(spec.vin) for spec in specs.values()} == {17}
        assert len({spec.driver.id for spec in specs.values()}) == 300
        assert all(spec.vehicle_id == number for number, spec in specs.items())
        assert all(spec.home in city.roads.places.values() for spec in specs.values())


def test_a_larger_fleet_begins_with_the_smaller_one(world: World, clock: Clock) -> None:
    """More vehicles do not change the first ones."""
    larger = World(city=AMSTERDAM, vehicles=12, clock=clock)

    assert larger.states()[:5] == world.states()
