"""Automations that ask what a vehicle does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.condition import CONDITIONS
from custom_components.fleet_telematics.providers.demo.world import VehicleState, World
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.fleetwork import FleetworkServer

from .automations import (
    Seen,
    Time,
    async_automate,
    async_look,
    async_offered,
    device_of,
)
from .conftest import Clock
from .helpers import async_add_through_flow, async_set_up, entry_of, state_of


@pytest.fixture
def time(world: World, clock: Clock, freezer: FrozenDateTimeFactory) -> Time:
    """Return the time of the world and of Home Assistant."""
    return Time(world, clock, freezer)


@pytest.fixture
async def entry(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, time: Time
) -> MockConfigEntry:
    """Return an account that tells engine, movement and private mode."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    return entry


async def async_asked(
    hass: HomeAssistant,
    name: str,
    target: dict[str, Any],
    options: dict[str, str] | None = None,
) -> Callable[[], Any]:
    """Return what asks the condition: whether the automation runs now."""
    seen: Seen = await async_automate(
        hass,
        {
            "triggers": {"trigger": "event", "event_type": "now"},
            "conditions": {
                "condition": f"fleet_telematics.{name}",
                "target": target,
                **({} if options is None else {"options": options}),
            },
        },
    )

    async def ask() -> bool:
        """Ask once."""
        before = len(seen)
        hass.bus.async_fire("now")
        await hass.async_block_till_done(wait_background_tasks=True)
        return len(seen) > before

    return ask


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_moving", lambda state: state.speed > 0),
        ("engine_is_running", lambda state: state.engine_on),
    ],
)
async def test_it_holds_while_it_is_so(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
    name: str,
    value: Callable[[VehicleState], bool],
) -> None:
    """Of the vehicle that was asked about, before and after it starts."""
    vehicle_id, moment = time.turns(value, True)
    device = device_of(hass, entry, fleetgo_server.vendor_id(vehicle_id))
    ask = await async_asked(hass, name, {"device_id": device.id})
    time.move_to(moment - timedelta(seconds=16))
    await async_look(hass, entry)
    assert not await ask()
    time.move_to(moment)
    await async_look(hass, entry)
    assert await ask()


@pytest.mark.parametrize("kind", ["device", "area", "label"])
async def test_private_mode_is_found_by_device_area_and_label(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    kind: str,
) -> None:
    """Also after the entity was given another name."""
    world = fleetgo_server.world
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    device = device_of(hass, entry, vehicle)
    area = ar.async_get(hass).async_create("Depot")
    label = lr.async_get(hass).async_create("Vans")
    dr.async_get(hass).async_update_device(
        device.id, area_id=area.id, labels={label.label_id}
    )
    targets = {
        "device": {"device_id": device.id},
        "area": {"area_id": area.id},
        "label": {"label_id": label.label_id},
    }
    ask = await async_asked(hass, "is_private", targets[kind])
    assert not await ask()
    world.set_private(vehicle_id, True)
    await async_look(hass, entry)
    assert await ask()
    shown = state_of(hass, entry, "binary_sensor", vehicle, "private_mode")
    er.async_get(hass).async_update_entity(
        shown.entity_id, new_entity_id="binary_sensor.day_off"
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await ask()


async def test_a_neighbour_of_another_integration_does_not_count(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    time: Time,
) -> None:
    """Nor does what else is on of the vehicle itself."""
    area = ar.async_get(hass).async_create("Depot")
    vehicle_id, moment = time.turns(lambda state: state.engine_on, True)
    device = device_of(hass, entry, fleetgo_server.vendor_id(vehicle_id))
    dr.async_get(hass).async_update_device(device.id, area_id=area.id)
    pump = er.async_get(hass).async_get_or_create(
        "binary_sensor", "pumps", "1_engine", translation_key="engine"
    )
    er.async_get(hass).async_update_entity(pump.entity_id, area_id=area.id)
    hass.states.async_set(pump.entity_id, "on")
    fleetgo_server.world.set_private(vehicle_id, True)
    time.move_to(moment - timedelta(seconds=16))
    await async_look(hass, entry)
    ask = await async_asked(hass, "engine_is_running", {"area_id": area.id})
    assert not await ask()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, [False, True, True]),
        ({"behavior": "all"}, [False, False, True]),
    ],
)
async def test_it_asks_for_any_of_several_vehicles_or_for_all(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    options: dict[str, str] | None,
    expected: list[bool],
) -> None:
    """Any, unless all are asked for."""
    world = fleetgo_server.world
    vehicles = list(world.vehicles)[:2]
    target = {
        "device_id": [
            device_of(hass, entry, fleetgo_server.vendor_id(one)).id for one in vehicles
        ]
    }
    ask = await async_asked(hass, "is_private", target, options)
    answers = []
    for private in ((False, False), (True, False), (True, True)):
        for vehicle_id, one in zip(vehicles, private, strict=True):
            world.set_private(vehicle_id, one)
        await async_look(hass, entry)
        answers.append(await ask())
    assert answers == expected


async def test_nothing_holds_of_a_vehicle_that_nobody_can_see(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
) -> None:
    """During an outage it is not known whether it moves."""
    vehicle_id = next(
        one.vehicle_id
        for one in fleetgo_server.world.states()
        if one.engine_on and one.online and not one.private
    )
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    device = device_of(hass, entry, vehicle)
    ask = await async_asked(hass, "engine_is_running", {"device_id": device.id})
    assert await ask()
    fleetgo_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await async_look(hass, entry)
    shown = state_of(hass, entry, "binary_sensor", vehicle, "engine")
    assert shown.state == STATE_UNAVAILABLE
    assert not await ask()


async def test_the_editor_offers_what_can_be_asked_of_a_vehicle(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    fleetwork_server: FleetworkServer,
    hass_ws_client: Any,
) -> None:
    """Nothing about engines where the vendor tells of none."""
    await async_automate(hass, {"triggers": {"trigger": "event", "event_type": "x"}})
    offered = {}
    for server in (fleetgo_server, fleetwork_server):
        entry = await async_add_through_flow(hass, server)
        vehicle = server.vendor_id(next(iter(server.world.vehicles)))
        offered[server.key] = await async_offered(
            hass,
            hass_ws_client,
            "conditions",
            device_id=device_of(hass, entry, vehicle).id,
        )
    assert offered["fleetgo"] == set(CONDITIONS)
    assert "is_moving" in offered["fleetwork"]
    assert "engine_is_running" not in offered["fleetwork"]
