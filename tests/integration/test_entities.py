"""Entities show what the simulated world says."""

from collections.abc import Sequence
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.restore_state import async_get as async_get_restore_state
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_mock_restore_state_shutdown_restart,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN
from custom_components.fleet_telematics.coordinator import FleetConfigEntry
from custom_components.fleet_telematics.providers import PROVIDERS
from custom_components.fleet_telematics.providers.base import Provider
from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    VehicleState,
    World,
)
from custom_components.fleet_telematics.providers.models import Batch, FuelReport
from simulator.fleetgo import FleetGoServer
from simulator.movens import MovensServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import (
    async_add,
    async_add_through_flow,
    async_enable_everything,
    async_poll,
    async_read_all,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)
from .truth import (
    COUNTS,
    DAMAGED,
    FLEET_ROWS,
    IN_MAINTENANCE,
    KNOWN,
    OPTIONS as MORE_OPTIONS,
    RESERVED,
    ROWS,
    Expected,
    Truth,
)
from .vendors import WITH_PRIVATE_MODE, fact, vehicle_of, vendors

OPTIONS = {"expose_drivers": True}


def shown_vehicles(server: VendorServer) -> list[VehicleState]:
    """Return the truth about the vehicles that are neither private nor offline."""
    found = [one for one in server.world.states() if one.online and not one.private]
    assert len(found) >= 3
    return found


class DemoFleet:
    """The demo's own world, built anew: it is the same for everybody."""

    key = "demo"

    def __init__(self, clock: Clock) -> None:
        """Go by this clock."""
        self.world = World(city=AMSTERDAM, clock=clock, eventful=True)

    def vendor_id(self, vehicle_id: int) -> int:
        """Return the demo's id of a vehicle."""
        return vehicle_id


def keys_of(
    hass: HomeAssistant, entry: ConfigEntry, vehicle: str
) -> dict[tuple[str, str], str]:
    """Return a vehicle's entities by platform and key."""
    return {
        (one.domain, one.translation_key or ""): one.entity_id
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.unique_id == f"{entry.unique_id}_{vehicle}_{one.translation_key}"
    }


def is_as_expected(shown: State, expected: Expected) -> bool:
    """Say whether a state is what is expected, to the digits that vendors tell."""
    if expected is KNOWN:
        return shown.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
    match expected:
        case bool():
            return shown.state == ("on" if expected else "off")
        case str():
            return shown.state == expected
        case tuple():
            return all(part in shown.state for part in expected)
        case datetime():
            told = datetime.fromisoformat(shown.state)
            return abs(told - expected) <= timedelta(seconds=1)
        case float() | int():
            if shown.state in (STATE_UNKNOWN, STATE_UNAVAILABLE):
                return False
            near = pytest.approx(expected, rel=0.005, abs=0.6)
            return bool(float(shown.state) == near)
    return False


async def async_check_rows(
    hass: HomeAssistant, entry: FleetConfigEntry, source: VendorServer | DemoFleet
) -> None:
    """Compare every entity of every vehicle with the world."""
    rows = ROWS[source.key]
    seen: set[tuple[str, str]] = set()
    for number in source.world.vehicles:
        truth = Truth(source=source, number=number)
        vehicle = vehicle_of(source, number)
        found = keys_of(hass, entry, vehicle)
        expected = {
            (platform, key): value
            for platform, keys in rows.items()
            for key, row in keys.items()
            if (value := row(truth)) is not None
        }
        assert found.keys() ^ expected.keys() == set(), f"only one side: {number}"
        for row, value in expected.items():
            state = hass.states.get(found[row])
            assert state is not None, row
            told = f"{number} {row}: {state.state}, expected {value}"
            assert is_as_expected(state, value), told
        tracker = hass.states.get(found["device_tracker", "location"])
        assert tracker is not None
        assert tracker.attributes["source_type"] == "gps"
        for axis in ("latitude", "longitude"):
            assert tracker.attributes[axis] == pytest.approx(
                getattr(truth.state, axis), abs=1e-5
            )
        seen |= expected.keys()
    # On some vehicle every row of the table is told.
    assert seen == {(platform, key) for platform in rows for key in rows[platform]}


async def async_show_everything(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Choose what shows most, enable all of it and read every feed."""
    provider = entry.data[CONF_PROVIDER]
    hass.config_entries.async_update_entry(
        entry, options={**OPTIONS, **MORE_OPTIONS.get(provider, {})}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await async_read_all(hass, entry)
    await async_enable_everything(hass, entry)
    await async_read_all(hass, entry)


async def test_every_entity_shows_what_the_world_says(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Connected through the flow, each vehicle has its rows, no more, and right."""
    for number in server.world.vehicles:
        server.world.set_private(number, private=False)
    if isinstance(server, MovensServer):
        numbers = list(server.world.vehicles)
        server.reserved.add(numbers[RESERVED])
        server.in_maintenance.add(numbers[IN_MAINTENANCE])
        server.damaged.add(numbers[DAMAGED])
    entry = await async_add_through_flow(hass, server)
    await async_show_everything(hass, entry)
    await async_check_rows(hass, entry, server)


async def test_every_entity_of_the_demo_shows_what_its_world_says(
    hass: HomeAssistant, clock: Clock
) -> None:
    """It shows more than any vendor, and needs no network for it."""
    entry = await async_add(hass, "demo", {"vehicles": 5})
    await async_show_everything(hass, entry)
    await async_check_rows(hass, entry, DemoFleet(clock))


async def test_the_fleet_has_its_own_entities(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """The counts that all vendors share, and the figures that one tells."""
    entry = await async_add_through_flow(hass, server)
    await async_show_everything(hass, entry)
    vehicles = {vehicle_of(server, one) for one in server.world.vehicles}
    found = {
        one.translation_key
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if not any(
            one.unique_id == f"{entry.unique_id}_{vehicle}_{one.translation_key}"
            for vehicle in vehicles
        )
    }
    assert found == FLEET_ROWS[server.key]


async def test_the_fleet_counts_its_vehicles(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """The fleet device's figures add up to the world's."""
    _, lost, _, hidden, _ = server.world.vehicles
    server.world.set_online(lost, online=False)
    for number in server.world.vehicles:
        server.world.set_private(number, private=number == hidden)
    # Long enough for every vendor to notice.
    clock.advance(minutes=70)
    entry = entry_of(server, OPTIONS)
    await async_set_up(hass, entry)
    count = {
        key: int(state_of(hass, entry, "sensor", None, key).state)
        for key in COUNTS - {"request_budget"}
    }
    private = fact(server).hidden is not None
    assert count == {
        "vehicles": 5,
        "vehicles_offline": 1,
        "vehicles_private": int(private),
        "vehicles_moving": sum(
            one.speed > 0 and one.online and not (private and one.private)
            for one in server.world.states()
        ),
        "vehicles_stopped": sum(
            one.speed == 0 and one.online and not (private and one.private)
            for one in server.world.states()
        ),
    }
    vehicle = vehicle_of(server, lost)
    assert state_of(hass, entry, "sensor", vehicle, "status").state == "offline"
    assert state_of(hass, entry, "binary_sensor", vehicle, "online").state == "off"


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
        vehicle = vehicle_of(server, vehicle_id)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
        )
        assert device is not None
        assert device.name
        assert device.via_device_id == hub.id
        told = {
            "plate": device.name,
            "make": device.manufacturer,
            "model": device.model,
            "vin": device.serial_number,
        }
        for one in fact(server).described:
            assert told[one] == getattr(spec, one)


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
        vehicle = vehicle_of(server, truth.vehicle_id)
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
        fleet_wide = known.translation_key in COUNTS
        assert fleet_wide or known.unique_id.startswith(prefix)


@vendors(*WITH_PRIVATE_MODE)
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
            hass, entry, "sensor", vehicle_of(server, one.vehicle_id), "address"
        )
    )
    vehicle = vehicle_of(server, chosen.vehicle_id)
    server.world.set_private(chosen.vehicle_id, True)
    await async_poll(hass)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert tracker.state == STATE_UNAVAILABLE
    assert "latitude" not in tracker.attributes
    for key in fact(server).hidden or ():
        assert state_of(hass, entry, "sensor", vehicle, key).state == STATE_UNAVAILABLE
    assert state_of(hass, entry, "sensor", vehicle, "status").state == "private"
    private = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert private.state == "on"
    kept = entry.runtime_data.fleet.vehicles[vehicle]
    assert kept.location is None

    server.world.set_private(chosen.vehicle_id, False)
    await async_poll(hass)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert tracker.attributes["latitude"]


@vendors(*WITH_PRIVATE_MODE)
async def test_where_a_private_vehicle_was_is_nowhere(
    hass: HomeAssistant,
    server: VendorServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
    hass_client: ClientSessionGenerator,
) -> None:
    """In no state, no log, no diagnostics and not on disk, over a restart as well."""
    await async_setup_component(hass, "diagnostics", {})
    caplog.set_level(logging.DEBUG)
    chosen = next(one for one in shown_vehicles(server) if one.speed > 10)
    entry = entry_of(server, {**OPTIONS, "expose_drivers": True})
    server.world.set_private(chosen.vehicle_id, True)
    recorded = async_capture_events(hass, EVENT_STATE_CHANGED)
    hidden: set[str] = set()
    elsewhere: set[str] = set()

    def texts(place: VehicleState) -> set[str]:
        return {f"{place.latitude:.4f}", f"{place.longitude:.4f}"}

    for start in range(2):
        await async_set_up(hass, entry)
        await async_enable_everything(hass, entry)
        for _ in range(3):
            clock.advance(minutes=3)
            places = {one.vehicle_id: one for one in server.world.states()}
            place = places.pop(chosen.vehicle_id)
            hidden |= texts(place)
            elsewhere = elsewhere.union(*map(texts, places.values()))
            await async_poll(hass)
            await async_read_all(hass, entry)
        told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
        await async_get_restore_state(hass).async_dump_states()
        await hass.async_block_till_done()
        if not start:
            await hass.config_entries.async_unload(entry.entry_id)
    # A road may lead straight east, and others be on it.
    hidden -= elsewhere
    assert len(hidden) > 8
    assert "core.restore_state" in hass_storage
    ours = [one.getMessage() for one in caplog.records if "access" not in one.name]
    states = [str(one.data) for one in recorded]
    for text in (str(told), str(hass_storage), *ours, *states):
        assert [one for one in hidden if one in text] == [], text


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


async def test_what_is_read_seldom_outlives_a_restart(
    hass: HomeAssistant, server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large fleet a vehicle's turn may be an hour away."""
    for number in server.world.vehicles:
        server.world.set_private(number, private=False)
    entry = entry_of(server)
    await async_set_up(hass, entry)
    await async_show_everything(hass, entry)

    def shown() -> dict[tuple[str, str], str]:
        """Return the sensors' states by vehicle and key."""
        found = {}
        for vehicle in entry.runtime_data.fleet.vehicles:
            for (platform, key), entity_id in keys_of(hass, entry, vehicle).items():
                state = hass.states.get(entity_id)
                assert state is not None
                if platform == "sensor":
                    found[vehicle, key] = state.state
        return found

    before = shown()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    provider = PROVIDERS[server.key]

    async def nobodys_turn(self: Provider, vehicle_ids: Sequence[str]) -> Batch:
        return Batch(vehicles={})

    async def no_fuel(
        self: Provider, vehicle_id: str, start: datetime, end: datetime
    ) -> FuelReport:
        return FuelReport()

    monkeypatch.setattr(provider, "details", nobodys_turn)
    monkeypatch.setattr(provider, "last_trips", nobodys_turn)
    monkeypatch.setattr(provider, "fuel", no_fuel)
    await async_set_up(hass, entry)
    lost = {
        key
        for (vehicle, key), state in shown().items()
        if state == STATE_UNKNOWN != before[vehicle, key]
    }
    # How fast a vehicle was before a restart says nothing of now.
    assert lost == ({"speed"} if server.key == "ocean" else set())
    assert len(before) > 5 * len(server.world.vehicles)


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
