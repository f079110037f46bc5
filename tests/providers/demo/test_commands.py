"""Switching privacy and contact, and changing the fleet, in the simulated world."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World

from .conftest import Clock

DAY = timedelta(days=1)


def test_private_mode_holds_from_now_on(world: World, clock: Clock) -> None:
    """The vehicle goes on driving, privately, until it is switched back."""
    vehicle = next(iter(world.vehicles))
    before = clock.time - timedelta(seconds=1)
    world.set_private(vehicle, True)
    clock.turn(hours=3)

    assert world.state(vehicle).private
    assert not world.state(vehicle, before).private
    world.set_private(vehicle, False)
    assert not world.state(vehicle).private
    trips = world.trips(vehicle, before, clock.time)
    assert trips and all(trip.private for trip in trips)


def test_what_happens_in_private_mode_is_marked(world: World) -> None:
    """A refill during private mode says so."""
    vehicle = next(iter(world.vehicles))
    world.set_private(vehicle, True)

    assert world.refuel(vehicle, 3).private


def test_privacy_that_was_switched_off_stays_off(world: World, clock: Clock) -> None:
    """The vehicle's own private trips end with the first command."""
    vehicle = list(world.vehicles)[3]
    world.set_private(vehicle, False)

    times = [clock.time + timedelta(minutes=5 * number) for number in range(288)]
    assert not any(world.state(vehicle, time).private for time in times)


def test_an_offline_vehicle_freezes(world: World, clock: Clock) -> None:
    """Time and values stay at the loss of contact, and catch up afterwards."""
    vehicle = next(iter(world.vehicles))
    last = world.state(vehicle)
    world.set_online(vehicle, False)
    clock.turn(hours=3)

    assert world.state(vehicle) == replace(last, online=False)

    world.set_online(vehicle, True)
    state = world.state(vehicle)
    assert state.online
    assert state.time == clock.time
    assert state.odometer > last.odometer


def test_losing_contact_twice_keeps_the_first_moment(
    world: World, clock: Clock
) -> None:
    """A vehicle that is offline cannot go offline."""
    vehicle = next(iter(world.vehicles))
    world.set_online(vehicle, False)
    lost = clock.time
    clock.turn(hours=1)
    world.set_online(vehicle, False)
    clock.turn(hours=1)

    assert world.state(vehicle).time == lost


def test_what_happened_offline_is_told_afterwards(world: World, clock: Clock) -> None:
    """Trips, positions and fuel records come late, none is lost."""
    untouched = World(city=AMSTERDAM, clock=clock)
    vehicle = next(iter(world.vehicles))
    lost = clock.time
    world.set_online(vehicle, False)
    clock.turn(days=1)

    assert all(
        trip.end.time <= lost for trip in world.trips(vehicle, lost - DAY, clock.time)
    )
    assert [state.time for state in world.track(vehicle, lost, clock.time)] == [lost]
    assert not world.fuel_records(vehicle, lost, clock.time)

    world.set_online(vehicle, True)
    assert world.trips(vehicle, lost, clock.time) == untouched.trips(
        vehicle, lost, clock.time
    )
    assert world.fuel_records(vehicle, lost, clock.time) == untouched.fuel_records(
        vehicle, lost, clock.time
    )
    assert len(world.fuel_records(vehicle, lost, clock.time)) >= 1


def test_an_outage_of_its_own_freezes_a_vehicle_too(world: World, clock: Clock) -> None:
    """Within a day the fleet's fifth vehicle loses contact and finds it again."""
    vehicle = list(world.vehicles)[4]
    frozen = [
        state
        for minutes in range(1440)
        if not (
            state := world.state(vehicle, clock.time + timedelta(minutes=minutes))
        ).online
    ]

    outages = {state.time for state in frozen}
    assert len(frozen) >= 4 * 14
    assert 3 <= len(outages) <= 5
    assert len({(state.time, state.odometer) for state in frozen}) == len(outages)


def test_a_new_vehicle_has_no_past(world: World, clock: Clock) -> None:
    """It appears with an id of its own and is told of from now on."""
    spec = world.add_vehicle()
    vehicle = spec.vehicle_id
    joined = clock.time

    assert len(world.vehicles) == 6
    assert world.vehicles[vehicle] == spec
    assert vehicle in {state.vehicle_id for state in world.states()}
    assert not world.trips(vehicle, clock.time - DAY, clock.time)
    assert not world.fuel_records(vehicle, clock.time - DAY, clock.time)
    clock.turn(days=1)
    trips = world.trips(vehicle, clock.time - 9 * DAY, clock.time)
    assert trips and all(trip.start.time >= joined for trip in trips)


def test_a_removed_vehicle_is_gone(world: World) -> None:
    """It is not told of any more and its id is not given again."""
    vehicle = list(world.vehicles)[-1]

    world.remove_vehicle(vehicle)

    assert vehicle not in world.vehicles
    assert len(world.states()) == 4
    with pytest.raises(KeyError):
        world.state(vehicle)
    with pytest.raises(KeyError):
        world.remove_vehicle(vehicle)
    assert world.add_vehicle().vehicle_id != vehicle
