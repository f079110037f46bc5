"""Fuel is stolen from a simulated vehicle, and the phone tells."""

import asyncio
from datetime import timedelta

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.fleet_telematics.const import EVENT_FUEL
from simulator.trackgps import TrackGpsServer
from tests.integration.helpers import (
    async_read_all,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)

from .helpers import MAIL, async_use, device_of, usable_vehicles

NAME = "fuel_theft_alert"
BUTTON = "mobile_app_notification_action"
# What the integration itself never tells: a private event with a place.
PRIVATE = {
    "event_type": "fuel_theft_suspected",
    "event_id": "0123456789abcdef",
    "time": "2026-11-20T12:00:00+00:00",
    "volume": None,
    "location": "Secret Street 1",
    "latitude": 52.1,
    "longitude": 4.9,
    "private": True,
    "late": False,
    "device_id": None,
    "entity_id": None,
}


async def async_buttons(hass: HomeAssistant, count: int) -> None:
    """Let automations run until so many wait for their button."""
    async with asyncio.timeout(10):
        while hass.bus.async_listeners().get(BUTTON, 0) != count:
            await asyncio.sleep(0)


@pytest.fixture
async def entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> MockConfigEntry:
    """Return an account whose past was read."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    return entry


async def test_a_theft_is_told_with_amount_place_and_map(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    sent: list[ServiceCall],
) -> None:
    """Once, however often the vendor lists it; a refill is none."""
    await async_use(hass, NAME)
    vehicle_id = usable_vehicles(trackgps_server.world)[0]
    record = trackgps_server.world.steal(vehicle_id, 6.0)
    for _ in range(3):
        await async_read_all(hass, entry)
    (call,) = sent
    tracker = state_of(
        hass,
        entry,
        "device_tracker",
        trackgps_server.vendor_id(vehicle_id),
        "location",
    )
    assert call.data["title"] == f"Fuel theft suspected: {tracker.name}"
    amount, time, place = call.data["message"].split(", ", 2)
    assert amount == f"{round(record.volume, 1)} L"
    assert time == dt_util.as_local(record.time).strftime("%Y-%m-%d %H:%M")
    assert record.address.street in place
    assert "late" not in call.data["message"]
    latitude, longitude = (
        f"{tracker.attributes[key]:.6f}" for key in ("latitude", "longitude")
    )
    link = (
        f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
        f"#map=16/{latitude}/{longitude}"
    )
    assert call.data["data"]["url"] == call.data["data"]["clickAction"] == link
    assert call.data["data"]["actions"] == [
        {"action": "URI", "title": "Open map", "uri": link}
    ]
    assert link not in call.data["message"]
    trackgps_server.world.refuel(vehicle_id, 5.0)
    await async_read_all(hass, entry)
    assert len(sent) == 1


async def test_by_mail_the_link_stands_in_the_text(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    written: list[ServiceCall],
) -> None:
    """And it opens the map that the user chose."""
    await async_use(
        hass,
        NAME,
        notify_action=MAIL,
        map_address="https://maps.example.com/{latitude},{longitude}",
    )
    trackgps_server.world.steal(usable_vehicles(trackgps_server.world)[0], 6.0)
    await async_read_all(hass, entry)
    (call,) = written
    assert call.data["message"].splitlines()[-1] == call.data["data"]["url"]
    assert call.data["data"]["url"].startswith("https://maps.example.com/")
    assert "{" not in call.data["data"]["url"]


async def test_without_a_choice_it_is_one_of_home_assistants_notifications(
    hass: HomeAssistant, entry: MockConfigEntry, trackgps_server: TrackGpsServer
) -> None:
    """The default needs nothing that is not there."""
    assert await async_setup_component(hass, "notify", {})
    calls = async_capture_events(hass, "call_service")
    await async_use(hass, NAME, notify_action="notify.persistent_notification")
    trackgps_server.world.steal(usable_vehicles(trackgps_server.world)[0], 6.0)
    await async_read_all(hass, entry)
    (call,) = [one for one in calls if one.data["domain"] == "notify"]
    assert call.data["service"] == "persistent_notification"
    shown = hass.data["persistent_notification"]
    assert list(shown) == [call.data["service_data"]["data"]["notification_id"]]


async def test_only_the_chosen_vehicles_are_told_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    sent: list[ServiceCall],
) -> None:
    """The others may be robbed unheard."""
    chosen, other, *_ = usable_vehicles(trackgps_server.world)
    device = device_of(hass, entry, trackgps_server.vendor_id(chosen))
    await async_use(hass, NAME, vehicles=[device])
    trackgps_server.world.steal(other, 6.0)
    await async_read_all(hass, entry)
    assert sent == []
    trackgps_server.world.steal(chosen, 6.0)
    await async_read_all(hass, entry)
    assert len(sent) == 1


async def test_small_amounts_can_be_left_out(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    sent: list[ServiceCall],
) -> None:
    """The mark itself is enough."""
    await async_use(hass, NAME, minimum_volume=6)
    first, second, *_ = usable_vehicles(trackgps_server.world)
    trackgps_server.world.steal(first, 5.0)
    trackgps_server.world.steal(second, 6.0)
    await async_read_all(hass, entry)
    assert [call.data["message"].split(",")[0] for call in sent] == ["6.0 L"]


@pytest.mark.parametrize("tell_late", [True, False])
async def test_what_happened_meanwhile_is_told_late_or_not_at_all(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    sent: list[ServiceCall],
    tell_late: bool,
) -> None:
    """Where the vehicle is now says nothing of where it was robbed hours ago."""
    await async_use(hass, NAME, tell_late=tell_late)
    assert await hass.config_entries.async_unload(entry.entry_id)
    world = trackgps_server.world
    vehicle_id = usable_vehicles(trackgps_server.world)[0]
    world.steal(vehicle_id, 6.0, world.now() - timedelta(hours=3))
    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_read_all(hass, entry)
    assert len(sent) == tell_late
    for call in sent:
        assert call.data["message"].endswith("This came to light late.")
        assert call.data["data"]["actions"] == []


async def test_a_private_theft_is_told_without_a_place(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    sent: list[ServiceCall],
) -> None:
    """Even where the vehicle is on the map again, and whatever the event says."""
    await async_use(hass, NAME)
    vehicle_id = usable_vehicles(trackgps_server.world)[0]
    vehicle = trackgps_server.vendor_id(vehicle_id)
    hass.bus.async_fire(
        EVENT_FUEL,
        {
            **PRIVATE,
            "device_id": device_of(hass, entry, vehicle),
            "entity_id": entity_id_of(hass, entry, "event", vehicle, "fuel"),
        },
    )
    await hass.async_block_till_done()
    (call,) = sent
    assert call.data["message"].startswith("An unknown amount, ")
    assert call.data["message"].endswith(", in private mode")
    assert "Secret" not in str(call.data)
    assert "url" not in call.data["data"]
    assert call.data["data"]["actions"] == []


async def test_without_litres_it_tells_the_share_of_the_tank(
    hass: HomeAssistant, sent: list[ServiceCall]
) -> None:
    """Where the theft is concluded from a level and the tank's size is unknown."""
    await async_use(hass, NAME, minimum_volume=40)
    hass.bus.async_fire(EVENT_FUEL, {**PRIVATE, "percent": 31.6})
    await hass.async_block_till_done()
    (call,) = sent
    assert call.data["message"].startswith("32 % of the tank, ")


async def test_a_button_runs_the_users_actions(
    hass: HomeAssistant, sent: list[ServiceCall]
) -> None:
    """The button of this theft, not that of another one."""
    ran = async_capture_events(hass, "siren")
    await async_use(
        hass,
        NAME,
        button_title="Sound the siren",
        button_actions=[
            {"event": "siren", "event_data": {"why": "{{ fuel.event_id }}"}}
        ],
    )
    for number in range(2):
        hass.bus.async_fire(EVENT_FUEL, {**PRIVATE, "event_id": f"event{number}"})
    await async_buttons(hass, 2)
    buttons = [call.data["data"]["actions"][-1] for call in sent]
    assert [one["title"] for one in buttons] == ["Sound the siren"] * 2
    assert buttons[0]["action"] != buttons[1]["action"]
    assert ran == []
    for _ in range(2):
        hass.bus.async_fire(BUTTON, {"action": buttons[1]["action"]})
        await async_buttons(hass, 1)
    hass.bus.async_fire(BUTTON, {"action": buttons[0]["action"]})
    await hass.async_block_till_done()
    assert [one.data["why"] for one in ran] == ["event1", "event0"]


async def test_further_actions_run_even_if_the_notification_fails(
    hass: HomeAssistant, entry: MockConfigEntry, trackgps_server: TrackGpsServer
) -> None:
    """A phone out of reach must not silence the siren."""
    async_mock_service(
        hass, "notify", "mobile_app_phone", raise_exception=HomeAssistantError("gone")
    )
    ran = async_capture_events(hass, "siren")
    await async_use(
        hass,
        NAME,
        further_actions=[
            {"event": "siren", "event_data": {"litres": "{{ fuel.volume }}"}}
        ],
    )
    trackgps_server.world.steal(usable_vehicles(trackgps_server.world)[0], 6.0)
    await async_read_all(hass, entry)
    assert [one.data["litres"] for one in ran] == [6.0]
