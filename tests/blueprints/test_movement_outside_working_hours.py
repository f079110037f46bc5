"""A vehicle moves at night."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from simulator.fleetgo import FleetGoServer
from tests.integration.helpers import async_set_up, entity_id_of, entry_of, state_of

from .helpers import Kinds, Van, async_use, device_of, van

NAME = "movement_outside_working_hours"
KEYS: Kinds = {
    ("device_tracker", "location"): {"latitude": 52.0, "longitude": 5.0},
    ("binary_sensor", "moving"): {"device_class": "moving"},
    ("sensor", "status"): {},
}
FRIDAY_NOON = "2026-11-20T12:00:00+00:00"
FRIDAY_NIGHT = "2026-11-20T23:30:00+00:00"
SATURDAY_NIGHT = "2026-11-21T02:00:00+00:00"
SATURDAY_NOON = "2026-11-21T12:00:00+00:00"
SUNDAY_NIGHT = "2026-11-22T02:00:00+00:00"


@pytest.fixture
async def parked(hass: HomeAssistant) -> Van:
    """Return a vehicle that stands."""
    await hass.config.async_set_time_zone("UTC")
    vehicle = van(hass, "Yellow van", KEYS)
    vehicle.shows("location", "not_home")
    vehicle.shows("moving", "off")
    vehicle.shows("status", "stopped")
    return vehicle


async def async_move(
    hass: HomeAssistant, vehicle: Van, freezer: FrozenDateTimeFactory, minutes: int = 2
) -> None:
    """Let the vehicle drive for some minutes, and stop."""
    vehicle.shows("moving", "on")
    await hass.async_block_till_done()
    freezer.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    vehicle.shows("moving", "off")
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("moment", "hours", "told"),
    [
        (FRIDAY_NOON, {}, False),
        (FRIDAY_NIGHT, {}, True),
        (SATURDAY_NOON, {}, True),
        (SATURDAY_NOON, {"work_days": ["sat"]}, False),
        ("2026-11-20T06:57:00+00:00", {}, True),
        ("2026-11-20T06:59:00+00:00", {}, False),
        ("2026-11-20T17:57:00+00:00", {}, False),
        ("2026-11-20T17:59:00+00:00", {}, True),
        # A night shift that starts on Friday ends on Saturday.
        (FRIDAY_NIGHT, {"work_start": "22:00:00", "work_end": "06:00:00"}, False),
        (SATURDAY_NIGHT, {"work_start": "22:00:00", "work_end": "06:00:00"}, False),
        (SUNDAY_NIGHT, {"work_start": "22:00:00", "work_end": "06:00:00"}, True),
        (FRIDAY_NOON, {"work_start": "22:00:00", "work_end": "06:00:00"}, True),
        # No working hours at all.
        (FRIDAY_NOON, {"work_start": "12:00:00", "work_end": "12:00:00"}, True),
    ],
)
async def test_a_movement_is_told_outside_working_hours(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    moment: str,
    hours: dict[str, object],
    told: bool,
) -> None:
    """The hours of the user's days, also over midnight."""
    freezer.move_to(moment)
    await async_use(hass, NAME, vehicles={"device_id": parked.device_id}, **hours)
    await async_move(hass, parked, freezer)
    assert len(sent) == told
    for call in sent:
        assert call.data["title"] == "Yellow van moves outside working hours"
        assert call.data["message"] == f"It has been moving since {moment[11:16]}."
        assert call.data["data"]["url"].endswith("/52.000000/5.000000")


async def test_a_moment_is_no_movement(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """It has to last as long as the user says."""
    freezer.move_to(FRIDAY_NIGHT)
    await async_use(
        hass,
        NAME,
        vehicles={"device_id": parked.device_id},
        at_least={"minutes": 5},
    )
    await async_move(hass, parked, freezer, minutes=4)
    assert sent == []
    await async_move(hass, parked, freezer, minutes=6)
    assert len(sent) == 1


@pytest.mark.parametrize("between", ["unavailable", "unknown"])
async def test_the_first_state_after_a_gap_is_not_told(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    between: str,
) -> None:
    """It may have moved all the time."""
    freezer.move_to(FRIDAY_NIGHT)
    await async_use(hass, NAME, vehicles={"device_id": parked.device_id})
    parked.shows("moving", between)
    await hass.async_block_till_done()
    await async_move(hass, parked, freezer)
    assert sent == []
    await async_move(hass, parked, freezer)
    assert len(sent) == 1


async def test_other_vehicles_and_conditions_count(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """By label; and only while the user's own condition holds."""
    freezer.move_to(FRIDAY_NIGHT)
    label = lr.async_get(hass).async_create("Vans").label_id
    dr.async_get(hass).async_update_device(parked.device_id, labels={label})
    other = van(hass, "Red van", KEYS)
    other.shows("moving", "off")
    await async_use(
        hass,
        NAME,
        vehicles={"label_id": label},
        further_conditions=[
            {"condition": "state", "entity_id": "input_boolean.watch", "state": "on"}
        ],
    )
    hass.states.async_set("input_boolean.watch", "on")
    await async_move(hass, other, freezer)
    assert sent == []
    hass.states.async_set("input_boolean.watch", "off")
    await async_move(hass, parked, freezer)
    assert sent == []
    hass.states.async_set("input_boolean.watch", "on")
    await async_move(hass, parked, freezer)
    assert len(sent) == 1


@pytest.mark.parametrize("disabled", [None, "status", "location"])
async def test_a_private_drive_is_nobodys_business(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    disabled: str | None,
) -> None:
    """Through the real integration: the vehicle is private, its movement is not.

    Either of two entities tells so, should the user not want the other one.
    """
    world = fleetgo_server.world
    entry: MockConfigEntry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle_id = next(one.vehicle_id for one in world.states() if not one.private)
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    for platform, key in (("sensor", "status"), ("device_tracker", "location")):
        if key == disabled:
            entity_id = entity_id_of(hass, entry, platform, vehicle, key)
            assert entity_id is not None
            er.async_get(hass).async_update_entity(
                entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
    moving = state_of(hass, entry, "binary_sensor", vehicle, "moving")
    await async_use(
        hass,
        NAME,
        vehicles={"device_id": device_of(hass, entry, vehicle)},
        work_start="00:00:00",
        work_end="00:00:00",
        at_least={"minutes": 0},
    )
    for private in (True, False):
        world.set_private(vehicle_id, private)
        await entry.runtime_data.positions.async_refresh()
        for state in ("off", "on"):
            hass.states.async_set(moving.entity_id, state, moving.attributes)
            await hass.async_block_till_done()
        assert len(sent) == (not private)
    truth = world.state(vehicle_id)
    place = f"/{truth.latitude:.6f}/{truth.longitude:.6f}"
    map_url = sent[0].data["data"].get("url", "")
    assert map_url.endswith(place) is (disabled != "location")
