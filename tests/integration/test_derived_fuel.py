"""Refills and thefts are concluded from levels where the vendor tells none."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.fleet_telematics.const import EVENT_FUEL
from simulator.fleetgo import FleetGoServer

from .conftest import Clock
from .helpers import async_set_up, entity_id_of, entry_of, state_of


async def async_watch(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock, polls: int
) -> None:
    """Let the vehicles drive for some minutes, read once a minute."""
    for _ in range(polls):
        clock.advance(seconds=60)
        await entry.runtime_data.positions.async_refresh()
        await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def entry(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> MockConfigEntry:
    """Return an account whose levels were watched for a while."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    await async_watch(hass, entry, clock, 12)
    return entry


@pytest.fixture
def vehicle_id(entry: MockConfigEntry, fleetgo_server: FleetGoServer) -> int:
    """Return a vehicle that tells its level and is there all the time."""
    fleet = entry.runtime_data.fleet.vehicles
    for vehicle_id in fleetgo_server.world.vehicles:
        known = fleet[str(fleetgo_server.vendor_id(vehicle_id))]
        if known.fuel_level is not None and known.fuel_level < 60 and known.online:
            fleetgo_server.world.set_private(vehicle_id, False)
            return vehicle_id
    raise AssertionError("no vehicle tells its level")


async def test_a_refill_is_concluded_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
) -> None:
    """With its percent, its levels, and litres once the tank is known."""
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    spec = fleetgo_server.world.vehicles[vehicle_id]
    await hass.services.async_call(
        "number",
        "set_value",
        {
            "entity_id": entity_id_of(hass, entry, "number", vehicle, "tank_capacity"),
            "value": spec.tank_capacity,
        },
        blocking=True,
    )
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    record = fleetgo_server.world.refuel(vehicle_id, spec.tank_capacity * 0.3)
    await async_watch(hass, entry, clock, 20)
    mine = [one for one in events if one.data["event_type"] == "refuelled"]
    entity_id = entity_id_of(hass, entry, "event", vehicle, "fuel")
    (event,) = [one for one in mine if one.data["entity_id"] == entity_id]
    assert event.data["origin"] == "derived"
    assert event.data["percent"] == pytest.approx(30, abs=3)
    assert event.data["volume"] == pytest.approx(record.volume, rel=0.1)
    happened = datetime.fromisoformat(event.data["time"])
    assert abs(happened - record.time) < timedelta(minutes=10)
    state = state_of(hass, entry, "event", vehicle, "fuel")
    assert state.attributes["event_id"] == event.data["event_id"]
    refuelled = state_of(hass, entry, "sensor", vehicle, "refuelled_total")
    assert float(refuelled.state) == pytest.approx(record.volume, rel=0.1)


async def test_a_refill_while_down_is_concluded_afterwards(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
) -> None:
    """The levels before and after are compared, and it is told late."""
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    spec = fleetgo_server.world.vehicles[vehicle_id]
    assert await hass.config_entries.async_unload(entry.entry_id)
    clock.advance(minutes=30)
    fleetgo_server.world.refuel(vehicle_id, spec.tank_capacity * 0.3)
    clock.advance(minutes=30)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_watch(hass, entry, clock, 15)
    entity_id = entity_id_of(hass, entry, "event", vehicle, "fuel")
    (event,) = [one for one in events if one.data["entity_id"] == entity_id]
    assert event.data["event_type"] == "refuelled"
    assert event.data["late"] is True


async def test_the_users_threshold_counts(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """A refill below it is none."""
    entry = entry_of(fleetgo_server, {"refill_threshold": 50})
    await async_set_up(hass, entry)
    await async_watch(hass, entry, clock, 12)
    events = async_capture_events(hass, EVENT_FUEL)
    for vehicle_id, spec in fleetgo_server.world.vehicles.items():
        if fleetgo_server.world.state(vehicle_id).fuel_level < 60:
            fleetgo_server.world.refuel(vehicle_id, spec.tank_capacity * 0.3)
    await async_watch(hass, entry, clock, 15)
    assert events == []
