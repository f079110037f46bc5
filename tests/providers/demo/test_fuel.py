"""The fuel in the simulated tanks: never too much, never too little, never from nowhere."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    BUCHAREST,
    HANOI,
    PARIS,
    ROME,
    City,
    FuelRecord,
    VehicleState,
    World,
)

from .conftest import Clock

DAY = timedelta(days=1)
MONTH = timedelta(days=30)


def added(records: list[FuelRecord]) -> float:
    """Return the litres that came, less those that were stolen."""
    return sum(
        record.volume if record.kind == "refill" else -record.volume
        for record in records
    )


def assert_balanced(
    before: VehicleState, after: VehicleState, records: list[FuelRecord]
) -> None:
    """What is in the tank is what was in it, less what was used, and what came."""
    used = after.fuel_consumed - before.fuel_consumed
    assert after.fuel_volume == pytest.approx(
        before.fuel_volume - used + added(records), abs=1e-3
    )


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    time=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 12, 31)),
    city=st.sampled_from((AMSTERDAM, PARIS, HANOI, ROME, BUCHAREST)),
    index=st.integers(0, 4),
    eventful=st.booleans(),
)
def test_a_month_of_fuel_adds_up(
    seed: int, time: datetime, city: City, index: int, eventful: bool
) -> None:
    """Records are plausible, and explain every change that driving does not."""
    now = time.replace(tzinfo=UTC)
    world = World(city=city, seed=seed, clock=lambda: now, eventful=eventful)
    vehicle, spec = list(world.vehicles.items())[index]
    track = world.track(vehicle, now - MONTH, now, timedelta(hours=1))
    records = world.fuel_records(vehicle, track[0].time, track[-1].time)

    assert_balanced(track[0], track[-1], records)
    assert all(5 < state.fuel_level <= 100 for state in track)
    refills = [record for record in records if record.kind == "refill"]
    assert len(refills) >= 28
    for earlier, later in pairwise(refills):
        assert later.time - earlier.time > timedelta(hours=8)
    for record in records:
        share = record.volume / spec.tank_capacity
        low, high = (0.25, 0.9) if record.kind == "refill" else (0.1, 0.4)
        assert low <= share <= high
        state = world.track(vehicle, record.time, record.time)[0]
        assert not state.engine_on
        assert state.fuel_level == pytest.approx(record.level_after)
        assert state.address == record.address


def test_the_tank_jumps_by_the_volume_of_a_record(world: World, clock: Clock) -> None:
    """A second before a record the level is the one before, then the one after."""
    vehicle, spec = next(iter(world.vehicles.items()))
    for record in world.fuel_records(vehicle, clock.time - MONTH, clock.time):
        before = world.state(vehicle, record.time - timedelta(seconds=1))
        after = world.state(vehicle, record.time)
        assert before.fuel_level == pytest.approx(record.level_before)
        assert after.fuel_level == pytest.approx(record.level_after)
        assert abs(after.fuel_volume - before.fuel_volume) == pytest.approx(
            record.volume
        )
        assert after.fuel_volume == pytest.approx(
            after.fuel_level / 100 * spec.tank_capacity
        )


def test_thefts_happen_by_themselves_but_rarely(world: World, clock: Clock) -> None:
    """In a month a fleet of five sees some, and ids do not repeat."""
    records = [
        record
        for vehicle in world.vehicles
        for record in world.fuel_records(vehicle, clock.time - MONTH, clock.time)
    ]
    thefts = [record for record in records if record.kind == "theft"]

    assert 1 <= len(thefts) <= 20
    assert len({record.record_id for record in records}) == len(records)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    time=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 12, 31)),
)
def test_in_an_eventful_world_something_happens_soon(seed: int, time: datetime) -> None:
    """At any moment five vehicles have a refill before them, and a theft."""
    now = time.replace(tzinfo=UTC)
    world = World(city=AMSTERDAM, seed=seed, clock=lambda: now, eventful=True)
    records = [
        record
        for vehicle in world.vehicles
        for record in world.fuel_records(vehicle, now - MONTH, now)
    ]
    # The one that was offline last may have a record that is not known yet.
    known = now - timedelta(hours=1)
    for kind, soon in (("refill", timedelta(hours=7)), ("theft", DAY)):
        happened = sorted(record.time for record in records if record.kind == kind)
        moments = [now - MONTH, *(one for one in happened if one < known), known]
        assert all(after - before <= soon for before, after in pairwise(moments))
    thefts = [record for record in records if record.kind == "theft"]
    assert {record.vehicle_id for record in thefts} == set(world.vehicles)
    assert len(thefts) < 45


def test_a_refill_adds_its_volume(world: World, clock: Clock) -> None:
    """The level steps up, the record is listed, the odometer is not touched."""
    vehicle = list(world.vehicles)[2]
    before = world.state(vehicle)

    record = world.refuel(vehicle, 12.5)

    after = world.state(vehicle)
    assert after.fuel_volume == pytest.approx(before.fuel_volume + 12.5)
    assert record.volume == pytest.approx(12.5)
    assert record.time == clock.time
    assert (record.latitude, record.longitude) == (after.latitude, after.longitude)
    assert record in world.fuel_records(vehicle, clock.time - DAY, clock.time)
    assert (after.odometer, after.fuel_consumed) == (
        before.odometer,
        before.fuel_consumed,
    )
    earlier = clock.time - timedelta(seconds=1)
    assert world.state(vehicle, earlier).fuel_volume < before.fuel_volume + 1


def test_a_refill_never_overflows_the_tank(world: World) -> None:
    """Without a volume, or with too large a one, the tank is full afterwards."""
    one, other, *_ = world.vehicles

    assert world.refuel(one).level_after == pytest.approx(100)
    assert world.refuel(other, 1000).level_after == pytest.approx(100)
    with pytest.raises(ValueError, match="allows no refill"):
        world.refuel(one)


def test_a_thief_leaves_a_little(world: World) -> None:
    """However much is asked for, the vehicle reaches its next rest."""
    vehicle, spec = next(iter(world.vehicles.items()))
    before = world.state(vehicle)

    record = world.steal(vehicle, 1000)

    assert record.level_after == pytest.approx(7)
    assert record.volume == pytest.approx(
        before.fuel_volume - 0.07 * spec.tank_capacity
    )
    assert world.state(vehicle).fuel_level == pytest.approx(7)
    with pytest.raises(ValueError, match="allows no theft"):
        world.steal(vehicle)


def test_a_volume_must_be_positive(world: World) -> None:
    """Neither a refill nor a theft of nothing is one."""
    vehicle = next(iter(world.vehicles))
    for command in (world.refuel, world.steal):
        with pytest.raises(ValueError, match="positive"):
            command(vehicle, 0)


def test_a_theft_in_the_past_is_told_late(world: World, clock: Clock) -> None:
    """Everything after it agrees, everything before stays."""
    vehicle = list(world.vehicles)[1]
    at = clock.time - timedelta(minutes=25)
    just_before = world.state(vehicle, at - timedelta(seconds=1))
    untouched = world.state(vehicle, at).fuel_volume

    record = world.steal(vehicle, 6, at=at)

    assert record.time == at
    assert world.state(vehicle, at - timedelta(seconds=1)) == just_before
    assert world.state(vehicle, at).fuel_volume == pytest.approx(untouched - 6)
    assert record in world.fuel_records(vehicle, at, clock.time)


def test_commands_in_the_same_second_are_two_records(world: World) -> None:
    """Each has its own id, and both count."""
    vehicle = next(iter(world.vehicles))
    before = world.state(vehicle).fuel_volume

    one, other = world.refuel(vehicle, 2), world.refuel(vehicle, 3)

    assert one.record_id != other.record_id
    assert world.state(vehicle).fuel_volume == pytest.approx(before + 5)


def test_a_command_wears_off_with_a_planned_refill(world: World, clock: Clock) -> None:
    """Days after a theft the vehicle is where it would have been."""
    untouched = World(city=AMSTERDAM, clock=clock)
    vehicle = next(iter(world.vehicles))
    world.steal(vehicle, 10)
    clock.turn(days=4)

    assert world.state(vehicle) == untouched.state(vehicle)


def test_fuel_that_runs_on_after_months_is_still_known(
    world: World, clock: Clock
) -> None:
    """A command long ago does not make readings slow or wrong."""
    vehicle = next(iter(world.vehicles))
    world.refuel(vehicle)
    clock.turn(days=150)

    records = world.fuel_records(vehicle, clock.time - MONTH, clock.time)

    start = world.state(vehicle, clock.time - MONTH)
    assert_balanced(start, world.state(vehicle), records)


commands = st.lists(
    st.tuples(
        st.sampled_from(("refill", "theft")),
        st.one_of(st.none(), st.floats(min_value=0.5, max_value=120)),
        st.integers(min_value=1, max_value=40),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), commands=commands)
def test_whatever_is_ordered_the_tank_stays_in_its_limits(
    seed: int, commands: list[tuple[str, float | None, int]]
) -> None:
    """Over days of refills and thefts every litre is accounted for."""
    clock = Clock(datetime(2026, 11, 20, 10, 0, 3, tzinfo=UTC))
    world = World(city=PARIS, seed=seed, vehicles=1, clock=clock)
    vehicle = next(iter(world.vehicles))
    begin = clock.time
    first = world.state(vehicle)
    ordered: list[FuelRecord] = []
    for kind, volume, hours in commands:
        clock.turn(hours=hours)
        command = world.refuel if kind == "refill" else world.steal
        with suppress(ValueError):
            ordered.append(command(vehicle, volume))
    clock.turn(days=2)

    records = world.fuel_records(vehicle, begin, clock.time)
    track = world.track(vehicle, begin, clock.time, timedelta(minutes=20))
    assert_balanced(first, world.state(vehicle), records)
    assert all(0 <= state.fuel_level <= 100 + 1e-9 for state in track)
    assert all(0 <= record.level_after <= 100 + 1e-9 for record in records)
    assert [record for record in records if record.record_id > 10**10] == ordered
    assert len({record.record_id for record in records}) == len(records)
    assert records == sorted(records, key=lambda record: record.time)
