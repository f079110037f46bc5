"""The logbook tells of fuel events in sentences."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.fleet_telematics.const import DOMAIN, EVENT_FUEL
from custom_components.fleet_telematics.providers.demo.world import World
from simulator.trackgps import TrackGpsServer

from .automations import Time, device_of
from .conftest import Clock
from .helpers import async_read_all, async_set_up, entity_id_of, entry_of


@pytest.fixture(autouse=True)
def custom_integrations(
    recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Record before Home Assistant loads this integration."""


@pytest.fixture
def time(world: World, clock: Clock, freezer: FrozenDateTimeFactory) -> Time:
    """Return the time of the world and of Home Assistant."""
    return Time(world, clock, freezer)


@pytest.fixture
async def entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, time: Time
) -> MockConfigEntry:
    """Return an account that tells fuel events, its past read."""
    # The logbook registers a panel there; nobody looks at it.
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    return entry


@pytest.fixture
def logbook(
    hass: HomeAssistant, hass_ws_client: Callable[[HomeAssistant], Any]
) -> Callable[..., Any]:
    """Return what reads this integration's entries in the logbook."""

    async def read(**chosen: list[str]) -> list[dict[str, Any]]:
        """Ask as the logbook's panel does."""
        await async_wait_recording_done(hass)
        client = await hass_ws_client(hass)
        now = dt_util.utcnow()
        await client.send_json_auto_id(
            {
                "type": "logbook/get_events",
                "start_time": (now - timedelta(hours=1)).isoformat(),
                "end_time": (now + timedelta(hours=1)).isoformat(),
                **chosen,
            }
        )
        answer = await client.receive_json()
        assert answer["success"], answer
        return [one for one in answer["result"] if one.get("domain") == DOMAIN]

    return read


async def test_a_refill_and_a_theft_read_like_sentences(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    time: Time,
    logbook: Callable[..., Any],
) -> None:
    """Which vehicle, what, how much and where; also on the vehicle's own page."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    vehicle = trackgps_server.vendor_id(vehicle_id)
    time.advance(timedelta(minutes=2))
    refill = world.refuel(vehicle_id, 12.5)
    await async_read_all(hass, entry)
    world.steal(vehicle_id, 5.0)
    await async_read_all(hass, entry)
    device = device_of(hass, entry, vehicle)
    told = await logbook()
    assert [one["name"] for one in told] == [world.vehicles[vehicle_id].plate] * 2
    assert told[0]["message"].startswith("was refuelled: 12.5 L at ")
    assert refill.address.street in told[0]["message"]
    assert told[1]["message"].startswith("may have had fuel stolen: 5.0 L at ")
    assert {one["entity_id"] for one in told} == {
        entity_id_of(hass, entry, "event", vehicle, "fuel")
    }
    assert await logbook(device_ids=[device.id]) == told


async def test_what_is_told_late_says_when_it_was(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    logbook: Callable[..., Any],
) -> None:
    """The logbook's own time is when Home Assistant heard of it."""
    world = trackgps_server.world
    assert await hass.config_entries.async_unload(entry.entry_id)
    record = world.refuel(
        next(iter(world.vehicles)), 9.0, world.now() - timedelta(hours=3)
    )
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    (told,) = await logbook()
    when = dt_util.as_local(record.time).strftime("on %Y-%m-%d at %H:%M")
    assert told["message"].startswith(f"was refuelled {when}: 9.0 L at ")


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"percent": 23.4}, "was refuelled: 23 % of the tank"),
        ({"percent": 23.4, "volume": 12.0}, "was refuelled: 12.0 L"),
        ({"location": "Ringweg A10"}, "was refuelled at Ringweg A10"),
        ({}, "was refuelled"),
    ],
)
async def test_what_is_not_known_is_left_out(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    logbook: Callable[..., Any],
    known: dict[str, object],
    sentence: str,
) -> None:
    """A private refill has no place, a vehicle without a tank size no litres."""
    hass.bus.async_fire(
        EVENT_FUEL,
        {
            "event_type": "refuelled",
            "time": dt_util.now().isoformat(),
            "late": False,
            "volume": None,
            "percent": None,
            "location": None,
            "device_id": None,
            "entity_id": None,
            **known,
        },
    )
    (told,) = await logbook()
    assert told["name"] == "A vehicle"
    assert told["message"] == sentence


async def test_an_event_fired_by_hand_spoils_no_logbook(
    hass: HomeAssistant, entry: MockConfigEntry, logbook: Callable[..., Any]
) -> None:
    """Who tries an automation need not give all there is."""
    hass.bus.async_fire(EVENT_FUEL, {"volume": 3})
    (told,) = await logbook()
    assert told["message"] == "had its fuel changed: 3.0 L"


async def test_a_vehicle_goes_by_the_name_its_owner_gave_it(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    logbook: Callable[..., Any],
) -> None:
    """As everywhere else in Home Assistant."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    device = device_of(hass, entry, trackgps_server.vendor_id(vehicle_id))
    dr.async_get(hass).async_update_device(device.id, name_by_user="The red van")
    world.refuel(vehicle_id, 8.0)
    await async_read_all(hass, entry)
    (told,) = await logbook()
    assert told["name"] == "The red van"
