"""A vehicle comes to a zone and goes."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from simulator.fleetgo import FleetGoServer
from tests.integration.helpers import async_set_up, entry_of, state_of

from .helpers import Kinds, Van, async_use, device_of, van

NAME = "zone_arrival_departure"
KEYS: Kinds = {("device_tracker", "location"): {}}
DEPOT = "zone.depot"


@pytest.fixture
async def vehicle(hass: HomeAssistant) -> Van:
    """Return a vehicle on the road, and a zone."""
    assert await async_setup_component(
        hass,
        "zone",
        {"zone": {"name": "Depot", "latitude": 52.0, "longitude": 5.0, "radius": 200}},
    )
    vehicle = van(hass, "Yellow van", KEYS)
    away(vehicle)
    return vehicle


def away(vehicle: Van) -> None:
    """Let the vehicle be on the road."""
    vehicle.shows("location", "not_home", in_zones=[])


def there(vehicle: Van) -> None:
    """Let the vehicle be in the zone."""
    vehicle.shows("location", "Depot", in_zones=[DEPOT])


@pytest.mark.parametrize(
    ("inputs", "messages"),
    [
        ({}, ["Arrived at Depot", "Left Depot"]),
        ({"tell_departures": False}, ["Arrived at Depot"]),
        ({"tell_arrivals": False}, ["Left Depot"]),
    ],
)
async def test_coming_and_going_are_told(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    inputs: dict[str, object],
    messages: list[str],
) -> None:
    """Each once, as the user chose."""
    await async_use(
        hass, NAME, vehicles={"device_id": vehicle.device_id}, zone=DEPOT, **inputs
    )
    there(vehicle)
    await hass.async_block_till_done()
    vehicle.shows("location", "Depot", in_zones=[DEPOT], latitude=52.0001)
    away(vehicle)
    await hass.async_block_till_done()
    vehicle.shows("location", "home", in_zones=["zone.home"])
    await hass.async_block_till_done()
    assert {call.data["title"] for call in sent} == {"Yellow van"}
    assert [call.data["message"].rsplit(" at ", 1)[0] for call in sent] == messages


@pytest.mark.parametrize("between", ["unavailable", "unknown", "removed"])
async def test_a_gap_is_neither_coming_nor_going(
    hass: HomeAssistant, vehicle: Van, sent: list[ServiceCall], between: str
) -> None:
    """An outage, private mode, a restart, inside the zone and outside of it."""
    await async_use(hass, NAME, vehicles={"device_id": vehicle.device_id}, zone=DEPOT)
    for place in (away, there):
        for back in (away, there):
            place(vehicle)
            await hass.async_block_till_done()
            sent.clear()
            if between == "removed":
                hass.states.async_remove(vehicle.entities["location"])
            else:
                vehicle.shows("location", between, in_zones=[])
            await hass.async_block_till_done()
            back(vehicle)
            await hass.async_block_till_done()
            assert sent == []


async def test_driving_through_can_be_left_out(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """It has to stay as long as the user says."""
    await async_use(
        hass,
        NAME,
        vehicles={"device_id": vehicle.device_id},
        zone=DEPOT,
        tell_departures=False,
        at_least={"minutes": 5},
    )
    for minutes, told in ((3, 0), (6, 1)):
        there(vehicle)
        await hass.async_block_till_done()
        freezer.tick(timedelta(minutes=minutes))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert len(sent) == told
        away(vehicle)
        await hass.async_block_till_done()


async def test_only_vehicles_of_the_target_are_told_of(
    hass: HomeAssistant, vehicle: Van, sent: list[ServiceCall]
) -> None:
    """Not other vehicles, and not a phone that lies in one."""
    registry = er.async_get(hass)
    other = van(hass, "Red van", KEYS)
    away(other)
    phone = registry.async_get_or_create("device_tracker", "mobile_app", "phone")
    devices = dr.async_get(hass)
    assert devices.async_get(vehicle.device_id) is not None
    registry.async_update_entity(phone.entity_id, device_id=vehicle.device_id)
    hass.states.async_set(phone.entity_id, "not_home", {"in_zones": []})
    await async_use(hass, NAME, vehicles={"device_id": vehicle.device_id}, zone=DEPOT)
    there(other)
    hass.states.async_set(phone.entity_id, "Depot", {"in_zones": [DEPOT]})
    await hass.async_block_till_done()
    assert sent == []
    there(vehicle)
    await hass.async_block_till_done()
    assert len(sent) == 1


async def test_a_private_vehicle_is_not_located(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, sent: list[ServiceCall]
) -> None:
    """Through the real integration: private at the depot, and on the map again."""
    world = fleetgo_server.world
    vehicle_id = next(
        one.vehicle_id for one in world.states() if one.online and not one.private
    )
    truth = world.state(vehicle_id)
    assert await async_setup_component(
        hass,
        "zone",
        {
            "zone": {
                "name": "Depot",
                "latitude": truth.latitude,
                "longitude": truth.longitude,
                "radius": 200,
            }
        },
    )
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    await async_use(
        hass,
        NAME,
        vehicles={"device_id": device_of(hass, entry, vehicle)},
        zone=DEPOT,
    )
    shown = []
    for private in (True, False):
        world.set_private(vehicle_id, private)
        await entry.runtime_data.positions.async_refresh()
        await hass.async_block_till_done()
        tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
        shown.append(tracker.state)
    assert shown == ["unavailable", "Depot"]
    assert sent == []
