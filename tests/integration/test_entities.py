"""Entities show what the simulated world says."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import (
    VehicleSpec,
    VehicleState,
)
from simulator.fleetgo import FleetGoServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import (
    async_enable_everything,
    async_poll,
    async_read_all,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)

OPTIONS = {"expose_drivers": True}


def shown_vehicles(server: VendorServer) -> list[VehicleState]:
    """Return the truth about the vehicles that are neither private nor offline."""
    found = [one for one in server.world.states() if one.online and not one.private]
    assert len(found) >= 3
    return found


def status_of(state: VehicleState) -> str:
    """Return the status that a vehicle's truth means."""
    if state.speed > 0:
        return "moving"
    return "idling" if state.engine_on else "stopped"


async def test_every_vehicle_is_on_the_map_where_it_is(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Position, speed, engine, address and last report equal the world's truth."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    for truth in shown_vehicles(server):
        vehicle = server.vendor_id(truth.vehicle_id)
        tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
        assert tracker.attributes["latitude"] == pytest.approx(truth.latitude, abs=1e-5)
        assert tracker.attributes["longitude"] == pytest.approx(
            truth.longitude, abs=1e-5
        )
        assert tracker.attributes["source_type"] == "gps"
        speed = state_of(hass, entry, "sensor", vehicle, "speed")
        assert float(speed.state) == pytest.approx(truth.speed, abs=1)
        assert speed.attributes["unit_of_measurement"] == "km/h"
        engine = state_of(hass, entry, "binary_sensor", vehicle, "engine")
        assert engine.state == ("on" if truth.engine_on else "off")
        status = state_of(hass, entry, "sensor", vehicle, "status")
        assert status.state == status_of(truth)
        report = state_of(hass, entry, "sensor", vehicle, "last_report")
        assert abs(datetime.fromisoformat(report.state) - truth.time) <= timedelta(
            seconds=1
        )


async def test_addresses_are_those_of_the_world(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Where a vendor tells an address it names the street."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    shown = 0
    for truth in shown_vehicles(server):
        vehicle = server.vendor_id(truth.vehicle_id)
        if entity_id_of(hass, entry, "sensor", vehicle, "address") is None:
            continue
        address = state_of(hass, entry, "sensor", vehicle, "address").state
        assert truth.address.street in address
        assert truth.address.city in address
        shown += 1
    assert shown >= 2


async def test_slow_values_are_those_of_the_world(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """The odometer, whichever call tells it, is the world's."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    compared = 0
    for truth in shown_vehicles(server):
        vehicle = server.vendor_id(truth.vehicle_id)
        if entity_id_of(hass, entry, "sensor", vehicle, "odometer") is None:
            continue
        odometer = float(state_of(hass, entry, "sensor", vehicle, "odometer").state)
        if server.key == "fleetgo":
            assert odometer == pytest.approx(truth.odometer, abs=1)
        else:
            # TrackGPS tells it of the last stop: where the current drive began.
            now = server.world.now()
            trips = server.world.trips(truth.vehicle_id, now - timedelta(days=7), now)
            assert odometer == pytest.approx(trips[-1].end.odometer, abs=1)
        compared += 1
    assert compared >= 3


def expected_fleetgo(truth: VehicleState, spec: VehicleSpec) -> Mapping[str, float]:
    """Return the truth behind FleetGO's other sensors."""
    return {
        "heading": truth.heading,
        "altitude": truth.altitude,
        "satellites": truth.satellites,
        "fuel_consumed": truth.fuel_consumed,
        "fuel_level": truth.fuel_level,
    }


def expected_trackgps(truth: VehicleState, spec: VehicleSpec) -> Mapping[str, float]:
    """Return the truth behind TrackGPS's other sensors."""
    return {
        "heading": truth.heading,
        "supply_voltage": truth.supply_voltage,
        "engine_speed": truth.engine_speed,
        "fuel_volume": truth.fuel_volume,
    }


async def test_every_row_of_a_vendor_has_its_entity(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Everything enabled, each measured value is the world's."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    await async_enable_everything(hass, entry)
    await async_read_all(hass, entry)
    expected = expected_fleetgo if server.key == "fleetgo" else expected_trackgps
    seen: set[str] = set()
    for truth in shown_vehicles(server):
        vehicle = server.vendor_id(truth.vehicle_id)
        spec = server.world.vehicles[truth.vehicle_id]
        for key, value in expected(truth, spec).items():
            if entity_id_of(hass, entry, "sensor", vehicle, key) is None:
                continue
            shown = state_of(hass, entry, "sensor", vehicle, key).state
            if shown in (STATE_UNKNOWN, STATE_UNAVAILABLE):
                continue
            assert float(shown) == pytest.approx(value, rel=0.02, abs=1), key
            seen.add(key)
    assert seen == set(expected(truth, spec))


ROWS = {
    "fleetgo": {
        "device_tracker": {"location"},
        "sensor": {
            "status",
            "speed",
            "heading",
            "altitude",
            "satellites",
            "address",
            "last_report",
            "odometer",
            "fuel_level",
            "fuel_consumed",
            "supply_voltage",
            "coolant_temperature",
            "driver",
            "next_service_odometer",
            "last_trip_distance",
            "last_trip_duration",
            "last_trip_fuel",
            "last_trip_start",
            "last_trip_end",
        },
        "binary_sensor": {"engine", "moving", "private_mode", "online", "malfunction"},
        "number": {"tank_capacity"},
    },
    "trackgps": {
        "device_tracker": {"location"},
        "sensor": {
            "status",
            "speed",
            "heading",
            "address",
            "last_report",
            "odometer",
            "engine_hours",
            "fuel_volume",
            "supply_voltage",
            "engine_speed",
            "driver",
            "last_refill",
            "last_refill_volume",
            "refuelled_total",
            "stolen_total",
            "last_trip_distance",
            "last_trip_duration",
            "last_trip_fuel",
            "last_trip_start",
            "last_trip_end",
        },
        "binary_sensor": {"engine", "moving", "private_mode", "online", "fuel_theft"},
        "event": {"fuel"},
    },
}
FLEET_ROWS = {
    "vehicles",
    "vehicles_moving",
    "vehicles_stopped",
    "vehicles_offline",
    "vehicles_private",
    "request_budget",
}


async def test_the_rows_of_the_documents_exist(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Every kind of value a vendor tells has an entity on some vehicle."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    found: dict[str, set[str]] = {}
    fleet: set[str] = set()
    ids = sorted(map(str, map(server.vendor_id, server.world.vehicles)))
    for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key = one.translation_key or ""
        if any(one.unique_id == f"{entry.unique_id}_{vid}_{key}" for vid in ids):
            found.setdefault(one.domain, set()).add(key)
        else:
            fleet.add(key)
    for platform, keys in ROWS[server.key].items():
        assert sorted(found[platform]) == sorted(keys)
    assert set(found) == set(ROWS[server.key])
    assert fleet == FLEET_ROWS


async def test_the_fleet_counts_its_vehicles(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """The fleet device's figures add up to the world's."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    states = server.world.states()
    count = {
        key: int(state_of(hass, entry, "sensor", None, key).state)
        for key in FLEET_ROWS - {"request_budget"}
    }
    assert count["vehicles"] == len(states)
    assert count["vehicles_private"] == sum(one.private for one in states)
    assert count["vehicles_moving"] == sum(
        one.speed > 0 and one.online and not one.private for one in states
    )
    assert count["vehicles"] == sum(count.values()) - count["vehicles"]


async def test_devices_are_linked_and_described(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Plate, make, model and VIN come from the vendor; the fleet is a service."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    registry = dr.async_get(hass)
    hub = registry.async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert hub is not None
    assert hub.entry_type is dr.DeviceEntryType.SERVICE
    for vehicle_id, spec in server.world.vehicles.items():
        vehicle = server.vendor_id(vehicle_id)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
        )
        assert device is not None
        assert device.name == spec.plate
        assert device.manufacturer == spec.make
        assert device.model == spec.model
        assert device.via_device_id == hub.id
        if server.key == "trackgps":
            assert device.serial_number == spec.vin


async def test_vehicles_move_with_the_world(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """A poll later the trackers are where the vehicles have driven to."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    before = {one.vehicle_id: one for one in shown_vehicles(server)}
    clock.advance(seconds=90)
    await async_poll(hass)
    moved = 0
    for truth in shown_vehicles(server):
        vehicle = server.vendor_id(truth.vehicle_id)
        tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
        assert tracker.attributes["latitude"] == pytest.approx(truth.latitude, abs=1e-5)
        earlier = before.get(truth.vehicle_id)
        moved += earlier is not None and earlier.latitude != truth.latitude
    assert moved >= 2


async def test_nothing_changed_writes_nothing(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """A poll that brings the same again is not seen on the bus."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    changes = async_capture_events(hass, "state_changed")
    reports: list[Event[EventStateReportedData]] = []

    @callback
    def always(data: EventStateReportedData) -> bool:
        return True

    hass.bus.async_listen("state_reported", reports.append, always)
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert changes == []
    assert reports == []


async def test_one_change_writes_one_vehicle(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """Only entities of the vehicle that changed are written."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    chosen = next(one for one in shown_vehicles(fleetgo_server))
    written: set[str] = set()

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        written.add(event.data["entity_id"])

    hass.bus.async_listen("state_changed", note)
    fleetgo_server.world.set_private(chosen.vehicle_id, True)
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    prefix = f"{entry.unique_id}_{fleetgo_server.vendor_id(chosen.vehicle_id)}_"
    registry = er.async_get(hass)
    assert written
    for entity_id in written:
        known = registry.async_get(entity_id)
        assert known is not None
        fleet_wide = known.translation_key in FLEET_ROWS
        assert fleet_wide or known.unique_id.startswith(prefix)


async def test_private_mode_hides_the_vehicle(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Tracker, speed and address are unavailable, private mode tells why."""
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    chosen = next(
        one
        for one in shown_vehicles(server)
        if entity_id_of(
            hass, entry, "sensor", server.vendor_id(one.vehicle_id), "address"
        )
    )
    vehicle = server.vendor_id(chosen.vehicle_id)
    server.world.set_private(chosen.vehicle_id, True)
    await async_poll(hass)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert tracker.state == STATE_UNAVAILABLE
    assert "latitude" not in tracker.attributes
    for key in ("speed", "address"):
        assert state_of(hass, entry, "sensor", vehicle, key).state == STATE_UNAVAILABLE
    assert state_of(hass, entry, "sensor", vehicle, "status").state == "private"
    private = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert private.state == "on"
    kept = entry.runtime_data.fleet.vehicles[str(vehicle)]
    assert kept.location is None

    server.world.set_private(chosen.vehicle_id, False)
    await async_poll(hass)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert tracker.attributes["latitude"]


async def test_private_mode_does_not_leave_home(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """Turning private at home does not look like leaving it."""
    chosen = shown_vehicles(fleetgo_server)[0]
    await async_setup_component(hass, "zone", {})
    hass.config.latitude = chosen.latitude
    hass.config.longitude = chosen.longitude
    await hass.config.async_update(latitude=chosen.latitude, longitude=chosen.longitude)
    await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "zone",
                    "entity_id": "device_tracker.placeholder",
                    "zone": "zone.home",
                    "event": "leave",
                },
                "actions": {"event": "left_home"},
            }
        },
    )
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle = fleetgo_server.vendor_id(chosen.vehicle_id)
    entity_id = entity_id_of(hass, entry, "device_tracker", vehicle, "location")
    assert entity_id is not None
    er.async_get(hass).async_update_entity(
        entity_id, new_entity_id="device_tracker.placeholder"
    )
    await hass.async_block_till_done()
    await async_poll(hass)
    tracker = hass.states.get("device_tracker.placeholder")
    assert tracker is not None
    assert tracker.state == "home"
    left = async_capture_events(hass, "left_home")
    fleetgo_server.world.set_private(chosen.vehicle_id, True)
    await async_poll(hass)
    tracker = hass.states.get("device_tracker.placeholder")
    assert tracker is not None
    assert tracker.state == STATE_UNAVAILABLE
    assert left == []


async def test_drivers_are_not_shown_unless_wanted(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """By default there is no driver, in no entity and nowhere in memory."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    known = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert all(one.translation_key != "driver" for one in known)
    assert all(one.driver is None for one in entry.runtime_data.fleet.vehicles.values())


async def test_a_tank_capacity_gives_litres(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """The user tells the tank, the level becomes litres, over a restart too."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle = next(
        one
        for one in entry.runtime_data.fleet.vehicles.values()
        if one.fuel_level is not None
    )
    tank = entity_id_of(hass, entry, "number", vehicle.id, "tank_capacity")
    assert tank is not None
    assert entity_id_of(hass, entry, "sensor", vehicle.id, "fuel_volume") is None
    await hass.services.async_call(
        "number", "set_value", {"entity_id": tank, "value": 80}, blocking=True
    )
    await hass.async_block_till_done()
    assert vehicle.fuel_level is not None
    litres = state_of(hass, entry, "sensor", vehicle.id, "fuel_volume")
    assert float(litres.state) == pytest.approx(vehicle.fuel_level * 0.8, abs=0.1)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    number = state_of(hass, entry, "number", vehicle.id, "tank_capacity")
    assert float(number.state) == 80


async def test_one_vehicle_can_be_read_now(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """homeassistant.update_entity asks for that vehicle alone."""
    await async_setup_component(hass, "homeassistant", {})
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    moving = next(one for one in shown_vehicles(fleetgo_server) if one.speed > 0)
    vehicle = fleetgo_server.vendor_id(moving.vehicle_id)
    tracker = entity_id_of(hass, entry, "device_tracker", vehicle, "location")
    clock.advance(seconds=60)
    seen = len(fleetgo_server.requests)
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": tracker}, blocking=True
    )
    asked = [one.path.lower() for one in list(fleetgo_server.requests)[seen:]]
    assert len(asked) == 1
    assert asked[0].endswith("/equipment/getequipment")
    truth = fleetgo_server.world.state(moving.vehicle_id)
    state = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert state.attributes["latitude"] == pytest.approx(truth.latitude, abs=1e-5)


async def test_a_value_that_is_no_longer_told_is_unknown(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """Unknown is not unavailable: the vendor works, it just does not say."""
    entry = entry_of(trackgps_server, OPTIONS)
    await async_set_up(hass, entry)
    vehicle = str(
        trackgps_server.vendor_id(shown_vehicles(trackgps_server)[0].vehicle_id)
    )
    fleet = entry.runtime_data.fleet
    known = fleet.vehicles[vehicle]
    part = known.__replace__(supply_voltage=None)
    fleet.announce(fleet.apply("positions", [part], clock()))
    state = state_of(hass, entry, "sensor", vehicle, "supply_voltage")
    assert state.state == STATE_UNKNOWN
