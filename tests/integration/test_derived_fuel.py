"""Refills and thefts are concluded from levels where the vendor tells none."""

import asyncio
from collections.abc import Collection, Iterable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.fleet_telematics.const import DOMAIN, EVENT_FUEL
from custom_components.fleet_telematics.fleet import LEDGER, Fleet
from custom_components.fleet_telematics.fuel.detector import Detector
from custom_components.fleet_telematics.fuel.reading import Reading
from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelOrigin,
    Vehicle,
)
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


async def test_what_waits_at_a_start_fires_when_automations_are_armed(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock
) -> None:
    """They too begin to listen when Home Assistant has started, and take a moment."""
    ledger = entry.runtime_data.fuel.ledger
    vehicle = next(iter(ledger.accounts))
    assert await hass.config_entries.async_unload(entry.entry_id)
    event = refilled(vehicle, clock.now)
    ledger.conclude(vehicle, [event], ledger.detectors[vehicle])
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    heard: list[list[Event[dict[str, Any]]]] = []

    async def arm(_: Event) -> None:
        await asyncio.sleep(0.3)
        heard.append(async_capture_events(hass, EVENT_FUEL))

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, arm)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [len(events) for events in heard] == [1]
    assert ledger.pending() == []


async def test_a_change_across_a_kill_is_told_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
    hass_storage: dict[str, Any],
) -> None:
    """Home Assistant saw the rise once, and died before it wrote that down."""
    key = f"{DOMAIN}.{entry.entry_id}.fuel"
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    spec = fleetgo_server.world.vehicles[vehicle_id]
    entity_id = entity_id_of(hass, entry, "event", vehicle, "fuel")
    await entry.runtime_data.fuel.ledger.async_save()
    on_disk = deepcopy(hass_storage[key])
    fleetgo_server.world.refuel(vehicle_id, spec.tank_capacity * 0.3)
    await async_watch(hass, entry, clock, 1)
    assert [one for one in events if one.data["entity_id"] == entity_id] == []

    assert await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[key] = on_disk
    del hass.data[f"{DOMAIN}_fuel_ledgers"]
    clock.advance(minutes=2)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_watch(hass, entry, clock, 20)
    (event,) = [one.data for one in events if one.data["entity_id"] == entity_id]
    assert event["event_type"] == "refuelled"
    assert event["percent"] == pytest.approx(30, abs=3)
    assert event["late"] is True


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


async def async_steal(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
) -> None:
    """Rob a vehicle while it stands, and let it be noticed."""
    for _ in range(240):
        state = server.world.state(vehicle_id)
        if not state.engine_on:
            break
        await async_watch(hass, entry, clock, 1)
    await async_watch(hass, entry, clock, 2)
    capacity = server.world.vehicles[vehicle_id].tank_capacity
    server.world.steal(vehicle_id, capacity * 0.25)
    await async_watch(hass, entry, clock, 5)


async def test_an_alarm_ends_after_a_day_though_nobody_reads(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
) -> None:
    """Not only when the next event comes."""
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    await async_steal(hass, entry, fleetgo_server, clock, vehicle_id)
    (event,) = [one for one in events if one.data["event_type"] != "refuelled"]

    def alarm() -> str:
        return state_of(hass, entry, "binary_sensor", vehicle, "fuel_theft").state

    assert alarm() == "on"
    await fleetgo_server.stop()
    end = datetime.fromisoformat(event.data["time"]) + timedelta(hours=24)
    for moment, expected in (
        (-timedelta(minutes=1), "on"),
        (timedelta(seconds=1), "off"),
    ):
        clock.advance(seconds=(end + moment - clock.now).total_seconds())
        async_fire_time_changed(hass, clock.now, fire_all=True)
        await hass.async_block_till_done()
        assert alarm() == expected


async def test_a_vehicle_that_comes_back_has_its_sums_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    vehicle_id: int,
) -> None:
    """It was away for longer than a vehicle may be missing."""
    spec = fleetgo_server.world.vehicles[vehicle_id]
    vehicle = str(fleetgo_server.vendor_id(vehicle_id))
    fleetgo_server.world.refuel(vehicle_id, spec.tank_capacity * 0.3)
    await async_watch(hass, entry, clock, 20)
    refuelled = state_of(hass, entry, "sensor", vehicle, "last_refill").state
    assert refuelled not in ("unknown", "unavailable")

    entry.runtime_data.fleet.remove(vehicle)
    gone = state_of(hass, entry, "sensor", vehicle, "last_refill").state
    assert gone == "unavailable"
    await async_watch(hass, entry, clock, 1)
    assert vehicle in entry.runtime_data.fleet.vehicles
    back = state_of(hass, entry, "sensor", vehicle, "last_refill").state
    assert back == refuelled


@pytest.mark.no_fail_on_log_exception
async def test_an_entity_that_fails_holds_up_no_other_event(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged, and each event is on the bus, once."""
    fuel = entry.runtime_data.fuel
    first, other = list(fuel.ledger.accounts)[:2]

    def fail(kind: str, data: dict[str, Any]) -> None:
        raise RuntimeError("no entity")

    fuel.teller.async_listen(first, fail)
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    for vehicle in (first, other):
        event = refilled(vehicle, clock.now)
        fuel.ledger.conclude(vehicle, [event], fuel.ledger.detectors[vehicle])
    await fuel.teller.async_fire_pending()
    await fuel.teller.async_fire_pending()
    assert len(events) == 2
    assert fuel.ledger.pending() == []
    assert "RuntimeError: no entity" in caplog.text


def refilled(vehicle: str, time: datetime) -> FuelEvent:
    """Return a refill that a detector might conclude."""
    return FuelEvent(
        vehicle_id=vehicle,
        kind=FuelEventKind.REFUELLED,
        time=time,
        origin=FuelOrigin.DERIVED,
        percent=30.0,
    )


@pytest.mark.parametrize("world", [{"vehicles": 60}], indirect=True)
async def test_what_one_read_shows_is_told_oldest_first(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a large fleet too, which is looked at in slices."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    ages: dict[str, timedelta] = {}

    def conclude(
        detector: Detector, reading: Reading, now: datetime
    ) -> list[FuelEvent]:
        if detector.vehicle_id in ages:
            return []
        # Who is looked at later was refilled earlier.
        age = ages[detector.vehicle_id] = timedelta(minutes=5 * len(ages) + 5)
        return [refilled(detector.vehicle_id, clock.now - age)]

    monkeypatch.setattr(Detector, "feed", conclude)
    await async_watch(hass, entry, clock, 1)
    times = [one.data["time"] for one in events]
    assert len(times) >= 30
    assert times == sorted(times)


async def test_only_what_changed_is_shown(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One event is no reason to work out the figures of all vehicles."""
    fuel = entry.runtime_data.fuel
    vehicle = next(iter(fuel.ledger.accounts))
    shown: list[str] = []
    apply = Fleet.apply

    def spy(
        fleet: Fleet, source: str, vehicles: Collection[Vehicle], now: datetime
    ) -> Iterable[str]:
        if source == LEDGER:
            shown.extend(one.id for one in vehicles)
        return apply(fleet, source, vehicles, now)

    monkeypatch.setattr(Fleet, "apply", spy)
    fuel.teller.async_show()
    assert shown == []
    event = refilled(vehicle, clock.now)
    fuel.ledger.conclude(vehicle, [event], fuel.ledger.detectors[vehicle])
    fuel.teller.async_show()
    assert shown == [vehicle]
    fuel.teller.async_show()
    assert shown == [vehicle]
