"""Automations that start with what a vehicle does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.providers.demo.world import VehicleState, World
from custom_components.fleet_telematics.trigger import TRIGGERS
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.fleetwork import FleetworkServer
from simulator.trackgps import TrackGpsServer

from .automations import (
    Seen,
    Time,
    async_automate,
    async_look,
    async_offered,
    device_of,
)
from .conftest import Clock
from .helpers import (
    async_add_through_flow,
    async_poll,
    async_read_all,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)

ENTITY = {"entity": "{{ trigger.entity_id }}"}


def engine(state: VehicleState) -> bool:
    """Return whether the engine runs."""
    return state.engine_on


def moving(state: VehicleState) -> bool:
    """Return whether the vehicle moves."""
    return state.speed > 0


def starts(name: str, **target: str | list[str]) -> dict[str, object]:
    """Return an automation that one of this integration's triggers starts."""
    return {"triggers": {"trigger": f"fleet_telematics.{name}", "target": target}}


@pytest.fixture
def time(world: World, clock: Clock, freezer: FrozenDateTimeFactory) -> Time:
    """Return the time of the world and of Home Assistant."""
    return Time(world, clock, freezer)


@pytest.fixture
async def entry(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, time: Time
) -> MockConfigEntry:
    """Return an account that tells engine, movement, contact and private mode."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    return entry


@pytest.fixture
async def fuel_entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> MockConfigEntry:
    """Return an account that tells fuel events, its past read."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    return entry


def entities(seen: Seen) -> list[str]:
    """Return which entities started the automation."""
    return [one.data["entity"] for one in seen]


@pytest.mark.parametrize(
    ("name", "key", "value", "to"),
    [
        ("engine_started", "engine", engine, True),
        ("engine_stopped", "engine", engine, False),
        ("started_moving", "moving", moving, True),
        ("stopped_moving", "moving", moving, False),
    ],
)
async def test_a_vehicle_that_turns_starts_it_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
    name: str,
    key: str,
    value: Callable[[VehicleState], bool],
    to: bool,
) -> None:
    """The engine or the wheels, on or off, told by the vehicle's device."""
    vehicle_id, moment = time.turns(value, to)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    device = device_of(hass, entry, vehicle)
    seen = await async_automate(
        hass,
        starts(name, device_id=device.id),
        {
            **ENTITY,
            "change": "{{ trigger.from_state.state }}-{{ trigger.to_state.state }}",
        },
    )
    time.move_to(moment - timedelta(seconds=16))
    await async_look(hass, entry)
    assert seen == []
    time.move_to(moment)
    for _ in range(2):
        await async_look(hass, entry)
    assert [one.data for one in seen] == [
        {
            "entity": entity_id_of(hass, entry, "binary_sensor", vehicle, key),
            "change": "off-on" if to else "on-off",
        }
    ]


@pytest.mark.parametrize("to", [True, False])
async def test_private_mode_starts_it(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    to: bool,
) -> None:
    """The trigger of one direction is deaf to the other."""
    world = fleetgo_server.world
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    world.set_private(vehicle_id, not to)
    await async_look(hass, entry)
    device = device_of(hass, entry, fleetgo_server.vendor_id(vehicle_id))
    name = "private_mode_on" if to else "private_mode_off"
    seen = await async_automate(hass, starts(name, device_id=device.id))
    for private in (to, not to):
        world.set_private(vehicle_id, private)
        await async_look(hass, entry)
        assert len(seen) == 1


async def test_losing_contact_starts_one_and_having_it_again_the_other(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
) -> None:
    """Although whether a vehicle is online is one of its diagnostics."""
    world = fleetgo_server.world
    vehicle_id = next(
        one.vehicle_id for one in world.states() if one.online and one.engine_on
    )
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    target = {"device_id": device_of(hass, entry, vehicle).id}
    seen = await async_automate(
        hass,
        {
            "triggers": [
                {
                    "trigger": f"fleet_telematics.{name}",
                    "target": target,
                    "id": name,
                }
                for name in ("went_offline", "came_online")
            ]
        },
        {"name": "{{ trigger.id }}"},
    )
    world.set_online(vehicle_id, False)
    time.advance(timedelta(hours=25))
    await async_look(hass, entry)
    assert [one.data["name"] for one in seen] == ["went_offline"]
    world.set_online(vehicle_id, True)
    await async_look(hass, entry)
    assert [one.data["name"] for one in seen] == ["went_offline", "came_online"]


async def test_it_can_wait_until_something_lasts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
) -> None:
    """A private drive of ten minutes, not one of five."""
    world = fleetgo_server.world
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    device = device_of(hass, entry, fleetgo_server.vendor_id(vehicle_id))
    automation = starts("private_mode_on", device_id=device.id)
    automation["triggers"]["options"] = {"for": {"minutes": 10}}  # type: ignore[index]
    seen = await async_automate(hass, automation)

    async def drive(minutes: int) -> None:
        """Have a private drive."""
        world.set_private(vehicle_id, True)
        await async_look(hass, entry)
        await async_poll(hass, timedelta(minutes=minutes))
        world.set_private(vehicle_id, False)
        await async_look(hass, entry)

    await drive(minutes=5)
    await async_poll(hass, timedelta(minutes=11))
    assert seen == []
    await drive(minutes=11)
    assert len(seen) == 1


@pytest.mark.parametrize("kind", ["area", "label of device", "label", "entity"])
async def test_a_target_may_be_an_area_a_label_or_an_entity(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
    kind: str,
) -> None:
    """Whatever leads to the vehicle, and to no other vehicle."""
    vehicle_id, moment = time.turns(engine, True)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    device = device_of(hass, entry, vehicle)
    entity_id = entity_id_of(hass, entry, "binary_sensor", vehicle, "engine")
    assert entity_id is not None
    area = ar.async_get(hass).async_create("Depot")
    label = lr.async_get(hass).async_create("Vans")
    target = {"label_id": label.label_id}
    match kind:
        case "area":
            dr.async_get(hass).async_update_device(device.id, area_id=area.id)
            target = {"area_id": area.id}
        case "label of device":
            dr.async_get(hass).async_update_device(device.id, labels={label.label_id})
        case "label":
            er.async_get(hass).async_update_entity(entity_id, labels={label.label_id})
        case _:
            target = {"entity_id": entity_id}
    seen = await async_automate(hass, starts("engine_started", **target), ENTITY)
    other = next(one for one in fleetgo_server.world.vehicles if one != vehicle_id)
    stranger = entity_id_of(
        hass, entry, "binary_sensor", fleetgo_server.vendor_id(other), "engine"
    )
    assert stranger is not None
    for state in ("off", "on"):
        hass.states.async_set(stranger, state)
    time.move_to(moment - timedelta(seconds=16))
    await async_look(hass, entry)
    time.move_to(moment)
    await async_look(hass, entry)
    assert entities(seen) == [entity_id]


async def test_only_this_integrations_entity_of_the_matter_counts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
) -> None:
    """An area holds pumps with engines too, and vehicles turn more than engines."""
    area = ar.async_get(hass).async_create("Depot")
    vehicle_id, moment = time.turns(engine, True)
    device = device_of(hass, entry, fleetgo_server.vendor_id(vehicle_id))
    dr.async_get(hass).async_update_device(device.id, area_id=area.id)
    registry = er.async_get(hass)
    pump = registry.async_get_or_create(
        "binary_sensor",
        "pumps",
        "1_engine",
        translation_key="engine",
        original_device_class="running",
    )
    registry.async_update_entity(pump.entity_id, area_id=area.id)
    hass.states.async_set("binary_sensor.unregistered_engine", "off")
    seen = await async_automate(
        hass,
        starts(
            "engine_started",
            area_id=area.id,
            entity_id="binary_sensor.unregistered_engine",
        ),
        ENTITY,
    )
    for entity_id in (pump.entity_id, "binary_sensor.unregistered_engine"):
        for state in ("off", "on"):
            hass.states.async_set(entity_id, state)
    fleetgo_server.world.set_private(vehicle_id, True)
    await async_look(hass, entry)
    assert seen == []
    fleetgo_server.world.set_private(vehicle_id, False)
    time.move_to(moment - timedelta(seconds=16))
    await async_look(hass, entry)
    time.move_to(moment)
    await async_look(hass, entry)
    assert len(seen) == 1


async def test_a_vehicle_that_joins_later_is_included(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
) -> None:
    """One bought after the automation was made, once it is put into the area."""
    world = fleetgo_server.world
    area = ar.async_get(hass).async_create("Depot")
    seen = await async_automate(
        hass, starts("private_mode_on", area_id=area.id), ENTITY
    )
    vehicle = fleetgo_server.vendor_id(world.add_vehicle().vehicle_id)
    await async_look(hass, entry)
    vehicle_id = fleetgo_server.vehicle_id(vehicle)
    assert vehicle_id is not None
    world.set_private(vehicle_id, True)
    await async_look(hass, entry)
    assert seen == []
    world.set_private(vehicle_id, False)
    await async_look(hass, entry)
    device = device_of(hass, entry, vehicle)
    dr.async_get(hass).async_update_device(device.id, area_id=area.id)
    world.set_private(vehicle_id, True)
    await async_look(hass, entry)
    assert entities(seen) == [
        entity_id_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    ]


async def test_a_renamed_entity_goes_on_working(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
) -> None:
    """The rename itself starts nothing, and the next change does."""
    world = fleetgo_server.world
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    device = device_of(hass, entry, vehicle)
    seen = await async_automate(
        hass, starts("private_mode_on", device_id=device.id), ENTITY
    )
    entity_id = entity_id_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert entity_id is not None
    for private, name in ((False, "day_off"), (True, "weekend")):
        world.set_private(vehicle_id, private)
        await async_look(hass, entry)
        before = len(seen)
        renamed = f"binary_sensor.{name}"
        er.async_get(hass).async_update_entity(entity_id, new_entity_id=renamed)
        await hass.async_block_till_done(wait_background_tasks=True)
        entity_id = renamed
        assert len(seen) == before
    assert entities(seen) == ["binary_sensor.day_off"]


async def async_set_up_again(
    hass: HomeAssistant, entry: MockConfigEntry, *, restart: bool
) -> None:
    """Set an unloaded entry up; after a restart no states are there before."""
    if restart:
        for entity_id in hass.states.async_entity_ids(["binary_sensor", "event"]):
            hass.states.async_remove(entity_id)
    await async_set_up(hass, entry)


@pytest.mark.parametrize("restart", [False, True])
async def test_neither_restart_nor_reload_nor_outage_starts_it(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    restart: bool,
) -> None:
    """What turned while nobody looked is not news of this moment."""
    world = fleetgo_server.world
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    area = ar.async_get(hass).async_create("Depot")
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        dr.async_get(hass).async_update_device(device.id, area_id=area.id)
    seen = await async_automate(
        hass,
        {
            "triggers": [
                {"trigger": f"fleet_telematics.{name}", "target": {"area_id": area.id}}
                for name in TRIGGERS
            ]
        },
        ENTITY,
    )
    assert await hass.config_entries.async_unload(entry.entry_id)
    entity_id = entity_id_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert entity_id is not None
    unloaded = hass.states.get(entity_id)
    assert unloaded is not None
    assert unloaded.state == STATE_UNAVAILABLE
    world.set_private(vehicle_id, True)
    await async_set_up_again(hass, entry, restart=restart)
    shown = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert shown.state == "on"

    fleetgo_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await async_look(hass, entry)
    shown = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert shown.state == STATE_UNAVAILABLE
    fleetgo_server.faults.clear()
    world.set_private(vehicle_id, False)
    await async_look(hass, entry)
    shown = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    assert shown.state == "off"
    assert seen == []
    world.set_private(vehicle_id, True)
    await async_look(hass, entry)
    assert entities(seen) == [entity_id]


async def test_a_refill_starts_it_once_with_all_there_is_to_tell(
    hass: HomeAssistant,
    fuel_entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
) -> None:
    """The first event of an entity too, and a theft only its own trigger."""
    world = trackgps_server.world
    vehicle_id, other, *_ = world.vehicles
    vehicle = trackgps_server.vendor_id(vehicle_id)
    shown = state_of(hass, fuel_entry, "event", vehicle, "fuel")
    assert shown.state == STATE_UNKNOWN
    device = device_of(hass, fuel_entry, vehicle)
    seen = await async_automate(
        hass,
        {
            "triggers": [
                {
                    "trigger": f"fleet_telematics.{name}",
                    "target": {"device_id": device.id},
                    "id": name,
                }
                for name in ("refuelled", "fuel_theft_suspected")
            ]
        },
        {
            "name": "{{ trigger.id }}",
            "volume": "{{ trigger.to_state.attributes.volume }}",
            "place": "{{ trigger.to_state.attributes.location }}",
        },
    )
    record = world.refuel(vehicle_id, 12.5)
    world.refuel(other, 20.0)
    for _ in range(2):
        await async_read_all(hass, fuel_entry)
    assert [one.data["name"] for one in seen] == ["refuelled"]
    assert float(seen[0].data["volume"]) == pytest.approx(12.5, abs=0.1)
    assert record.address.street in seen[0].data["place"]
    world.steal(vehicle_id, 5.0)
    for _ in range(2):
        await async_read_all(hass, fuel_entry)
    assert [one.data["name"] for one in seen] == ["refuelled", "fuel_theft_suspected"]


@pytest.mark.parametrize("restart", [False, True])
async def test_fuel_events_are_not_repeated_and_what_was_missed_comes_late(
    hass: HomeAssistant,
    fuel_entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    restart: bool,
) -> None:
    """A new start restores the last event silently; two missed ones start it twice."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    device = device_of(hass, fuel_entry, trackgps_server.vendor_id(vehicle_id))
    seen = await async_automate(
        hass,
        starts("refuelled", device_id=device.id),
        {
            "time": "{{ trigger.to_state.attributes.time }}",
            "late": "{{ trigger.to_state.attributes.late }}",
        },
    )
    now = world.now()
    world.refuel(vehicle_id, 6.0, now - timedelta(minutes=5))
    await async_read_all(hass, fuel_entry)
    assert len(seen) == 1
    assert await hass.config_entries.async_unload(fuel_entry.entry_id)
    await async_set_up_again(hass, fuel_entry, restart=restart)
    await async_read_all(hass, fuel_entry)
    shown = state_of(
        hass, fuel_entry, "event", trackgps_server.vendor_id(vehicle_id), "fuel"
    )
    assert shown.attributes["time"] == seen[0].data["time"]
    assert len(seen) == 1
    assert await hass.config_entries.async_unload(fuel_entry.entry_id)
    missed = [
        world.refuel(vehicle_id, 7.0, now - timedelta(hours=hours)) for hours in (5, 3)
    ]
    await async_set_up_again(hass, fuel_entry, restart=restart)
    await async_read_all(hass, fuel_entry)
    times = [datetime.fromisoformat(one.data["time"]) for one in seen[1:]]
    assert times == pytest.approx(
        [one.time for one in missed], abs=timedelta(seconds=1)
    )
    assert [one.data["late"] for one in seen[1:]] == [True, True]


async def test_the_editor_offers_what_a_vehicle_can_do(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    trackgps_server: TrackGpsServer,
    fleetwork_server: FleetworkServer,
    hass_ws_client: Any,
) -> None:
    """No engine where the vendor tells of none, and nothing for the fleet itself."""
    await async_automate(hass, {"triggers": {"trigger": "event", "event_type": "x"}})
    offered = {}
    for server in (fleetgo_server, trackgps_server, fleetwork_server):
        entry = await async_add_through_flow(hass, server)
        if server is trackgps_server:
            await async_read_all(hass, entry)
        vehicle = server.vendor_id(next(iter(server.world.vehicles)))
        offered[server.key] = await async_offered(
            hass,
            hass_ws_client,
            "triggers",
            device_id=device_of(hass, entry, vehicle).id,
        )
    fuel = {"refuelled", "fuel_theft_suspected"}
    assert offered["trackgps"] == set(TRIGGERS)
    assert offered["fleetgo"] >= set(TRIGGERS) - fuel
    assert offered["fleetwork"].isdisjoint(fuel | {"engine_started", "engine_stopped"})
    assert offered["fleetwork"] >= {"started_moving", "went_offline"}
    fleet = dr.async_get(hass).async_get_device_by_identifier(
        ("fleet_telematics", str(entry.unique_id)), entry.entry_id
    )
    assert fleet is not None
    assert not await async_offered(hass, hass_ws_client, "triggers", device_id=fleet.id)


async def test_the_examples_of_the_documentation_are_understood(
    hass: HomeAssistant,
) -> None:
    """Home Assistant takes each of them as it stands."""
    page = Path(__file__).parents[2] / "docs" / "automations.md"
    examples = re.findall(r"```yaml\n(.+?)```", page.read_text("utf-8"), re.DOTALL)
    whole = {"triggers": {"trigger": "event", "event_type": "x"}, "actions": []}
    automations = []
    for number, example in enumerate(examples):
        part = parse_yaml(example)
        assert isinstance(part, dict)
        automations.append({"id": str(number), **whole, **part})
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    states = [one.state for one in hass.states.async_all("automation")]
    assert states == ["on"] * len(examples)
    assert len(examples) >= 3
