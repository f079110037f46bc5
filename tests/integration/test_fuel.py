"""Refills and suspected thefts reach Home Assistant once."""

from datetime import datetime, timedelta
from pathlib import Path
import re
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.fleet_telematics.const import DOMAIN, EVENT_FUEL
from custom_components.fleet_telematics.providers.errors import Rejected
from custom_components.fleet_telematics.providers.models import FuelReport
from simulator.faults import Fault, FaultKind
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import async_set_up, entity_id_of, entry_of, state_of


async def async_read_fuel(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let every vehicle have its turn."""
    for _ in entry.runtime_data.fleet.vehicles:
        await entry.runtime_data.fuel.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> MockConfigEntry:
    """Return an account whose vehicles were all read once."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    return entry


@pytest.fixture
def events(hass: HomeAssistant) -> list[Event[dict[str, Any]]]:
    """Return the fuel events that the bus saw from now on."""
    captured: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    return captured


async def test_history_fires_nothing(
    events: list[Event[dict[str, Any]]],
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
) -> None:
    """The first set-up records the past silently."""
    now = trackgps_server.world.now()
    past = [
        record
        for vehicle_id in trackgps_server.world.vehicles
        for record in trackgps_server.world.fuel_records(
            vehicle_id, now - timedelta(days=30), now
        )
    ]
    assert len(past) > 5
    assert events == []


async def test_a_refill_arrives_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    clock: Clock,
) -> None:
    """On the bus and at the event entity, however often the vendor lists it."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    vehicle = trackgps_server.vendor_id(vehicle_id)
    record = world.refuel(vehicle_id, 12.5)
    for _ in range(3):
        await async_read_fuel(hass, entry)
    (event,) = events
    entity_id = entity_id_of(hass, entry, "event", vehicle, "fuel")
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    assert event.data["event_type"] == "refuelled"
    assert event.data["volume"] == pytest.approx(record.volume, abs=0.1)
    assert event.data["entity_id"] == entity_id
    assert event.data["device_id"] == device.id
    assert event.data["origin"] == "vendor"
    assert event.data["source"] == "primary"
    assert event.data["late"] is False
    assert record.address.street in event.data["location"]
    happened = datetime.fromisoformat(event.data["time"])
    assert abs(happened - record.time) < timedelta(seconds=1)

    state = state_of(hass, entry, "event", vehicle, "fuel")
    assert state.attributes["event_type"] == "refuelled"
    assert state.attributes["event_id"] == event.data["event_id"]
    volume = state_of(hass, entry, "sensor", vehicle, "last_refill_volume")
    assert float(volume.state) == pytest.approx(record.volume, abs=0.1)
    last = state_of(hass, entry, "sensor", vehicle, "last_refill")
    assert datetime.fromisoformat(last.state) == pytest.approx(
        record.time, abs=timedelta(seconds=1)
    )


async def test_a_theft_raises_the_alarm_for_a_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    freezer: Any,
) -> None:
    """The binary sensor is on for 24 hours after a suspected theft."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    vehicle = trackgps_server.vendor_id(vehicle_id)
    world.steal(vehicle_id, 5.0)
    await async_read_fuel(hass, entry)
    assert [one.data["event_type"] for one in events] == ["fuel_theft_suspected"]
    alarm = state_of(hass, entry, "binary_sensor", vehicle, "fuel_theft")
    assert alarm.state == "on"
    stolen = state_of(hass, entry, "sensor", vehicle, "stolen_total")
    assert float(stolen.state) >= 5.0

    freezer.tick(timedelta(hours=24, minutes=1))
    entry.runtime_data.fuel.teller.async_show()
    alarm = state_of(hass, entry, "binary_sensor", vehicle, "fuel_theft")
    assert alarm.state == "off"


async def test_a_restart_repeats_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """What fired before does not fire again after a reload."""
    world = trackgps_server.world
    world.refuel(next(iter(world.vehicles)), 10.0)
    await async_read_fuel(hass, entry)
    assert len(events) == 1
    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_read_fuel(hass, entry)
    assert len(events) == 1


async def test_what_happened_meanwhile_arrives_late_and_in_order(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """Home Assistant was down for hours: nothing is lost, and it says so."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    now = world.now()
    first = world.steal(vehicle_id, 4.0, now - timedelta(hours=3))
    second = world.refuel(vehicle_id, 9.0, now - timedelta(hours=2))
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_read_fuel(hass, entry)
    assert [one.data["event_type"] for one in events] == [
        "fuel_theft_suspected",
        "refuelled",
    ]
    assert all(one.data["late"] for one in events)
    times = [datetime.fromisoformat(one.data["time"]) for one in events]
    assert times == pytest.approx([first.time, second.time], abs=timedelta(seconds=1))


async def test_events_wait_until_automations_listen(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """What is told while Home Assistant starts would reach nobody."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    world = trackgps_server.world
    world.refuel(next(iter(world.vehicles)), 9.0, world.now() - timedelta(hours=2))
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert events == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_read_fuel(hass, entry)
    assert len(events) == 1


async def test_the_event_entity_stays_available_through_an_outage(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
) -> None:
    """A state trigger would otherwise see the old event again afterwards."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    vehicle = trackgps_server.vendor_id(vehicle_id)
    world.refuel(vehicle_id, 10.0)
    await async_read_fuel(hass, entry)
    before = state_of(hass, entry, "event", vehicle, "fuel")
    trackgps_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await entry.runtime_data.positions.async_refresh()
    await entry.runtime_data.fuel.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    speed = state_of(hass, entry, "sensor", vehicle, "status")
    assert speed.state == STATE_UNAVAILABLE
    assert state_of(hass, entry, "event", vehicle, "fuel") == before
    totals = state_of(hass, entry, "sensor", vehicle, "refuelled_total")
    assert totals.state != STATE_UNAVAILABLE


async def test_a_refill_runs_an_automation_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
) -> None:
    """Through the event entity, as the automation editor builds it."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    vehicle = trackgps_server.vendor_id(vehicle_id)
    await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "state",
                    "entity_id": entity_id_of(hass, entry, "event", vehicle, "fuel"),
                    "not_to": ["unavailable", "unknown"],
                },
                "actions": {
                    "event": "refill_seen",
                    "event_data": {
                        "volume": "{{ trigger.to_state.attributes.volume }}"
                    },
                },
            }
        },
    )
    seen = async_capture_events(hass, "refill_seen")
    world.refuel(vehicle_id, 8.0)
    for _ in range(2):
        await async_read_fuel(hass, entry)
    assert [float(one.data["volume"]) for one in seen] == [8.0]


async def test_a_foreign_vehicle_is_skipped_and_asks_nobody_to_log_in(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    events: list[Event[dict[str, Any]]],
) -> None:
    """401 for one vehicle costs that vehicle; the others' refills arrive."""
    world = trackgps_server.world
    foreign, other, *_ = world.vehicles
    trackgps_server.foreign = {trackgps_server.vendor_id(foreign)}
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    assert set(entry.runtime_data.fuel.denied) == {
        str(trackgps_server.vendor_id(foreign))
    }
    world.refuel(other, 10.0)
    await async_read_fuel(hass, entry)
    assert len(events) == 1
    assert not hass.config_entries.flow.async_progress()
    asked = len(
        [
            one
            for one in trackgps_server.requests
            if one.status == 401 and "refills" in one.path
        ]
    )
    assert asked <= 2


async def test_a_declined_vehicle_leaves_the_others_alone(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The vendor cannot tell of one vehicle's fuel; of all of them it is an outage."""
    world = trackgps_server.world
    declined, other, *_ = world.vehicles
    provider = entry.runtime_data.provider
    fuel = provider.fuel

    async def ask(vehicle_id: str, start: datetime, end: datetime) -> FuelReport:
        if vehicle_id in refused:
            raise Rejected("refills: declined", status=200)
        report: FuelReport = await fuel(vehicle_id, start, end)
        return report

    monkeypatch.setattr(provider, "fuel", ask)
    refused = {str(trackgps_server.vendor_id(declined))}
    world.refuel(other, 10.0)
    await async_read_fuel(hass, entry)
    assert len(events) == 1
    assert entry.runtime_data.fuel.last_update_success

    refused = {str(trackgps_server.vendor_id(one)) for one in world.vehicles}
    await async_read_fuel(hass, entry)
    await async_read_fuel(hass, entry)
    assert not entry.runtime_data.fuel.last_update_success


async def test_an_event_of_a_vehicle_without_a_device_holds_up_nobody(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """It is told without a device, and the next one after it."""
    world = trackgps_server.world
    gone, other, *_ = world.vehicles
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{trackgps_server.vendor_id(gone)}"),
        entry.entry_id,
    )
    assert device is not None
    dr.async_get(hass).async_remove_device(device.id)
    world.refuel(gone, 9.0)
    world.refuel(other, 10.0)
    await async_read_fuel(hass, entry)
    assert [one.data["device_id"] is None for one in events].count(True) == 1
    assert len(events) == 2


async def test_what_happened_while_down_is_late_however_short(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """A minute ago, but Home Assistant was not there."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    world = trackgps_server.world
    world.refuel(next(iter(world.vehicles)), 9.0, world.now() - timedelta(minutes=1))
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_read_fuel(hass, entry)
    assert [one.data["late"] for one in events] == [True]


async def test_the_examples_of_the_documentation_run(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    events: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """A refill and a theft, and both heard again as after a power cut."""
    page = Path(__file__).parents[2] / "docs" / "fuel-events.md"
    examples = re.findall(r"```yaml\n(.+?)```", page.read_text("utf-8"), re.DOTALL)
    automations = []
    for number, example in enumerate(examples):
        automation = parse_yaml(example)
        assert isinstance(automation, dict)
        automations.append({"id": str(number), **automation})
    names = {one["alias"] for one in automations}
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    entity_id = entity_id_of(
        hass, entry, "event", trackgps_server.vendor_id(vehicle_id), "fuel"
    )
    assert entity_id is not None
    label = lr.async_get(hass).async_create("rented")
    er.async_get(hass).async_update_entity(entity_id, labels={label.label_id})
    sent = async_mock_service(hass, "notify", "send_message")
    sirens = async_mock_service(hass, "siren", "turn_on")
    written = async_mock_service(hass, "calendar", "create_event")
    shown = async_mock_service(hass, "persistent_notification", "create")
    assert await async_setup_component(
        hass, "input_text", {"input_text": {"fuel_events": {"max": 255}}}
    )
    assert await async_setup_component(hass, "automation", {"automation": automations})
    assert len(hass.states.async_entity_ids("automation")) == len(names) == 5

    refill = world.refuel(vehicle_id, 12.5)
    world.steal(vehicle_id, 5.0)
    await async_read_fuel(hass, entry)
    assert len(events) == 2
    plate = world.vehicles[vehicle_id].plate
    messages = {call.data["message"] for call in sent}
    assert f"{plate} was refuelled" in messages
    assert f"{plate} Fuel: 12.5 L" in messages
    assert {call.data.get("title") for call in sent} == {
        None,
        f"Fuel theft suspected: {plate}",
    }
    assert any(text.startswith("5.0 L, ") for text in messages)
    assert len(sirens) == 1
    assert written[0].data["summary"] == f"{plate}: 12.5 L"
    assert refill.address.street in written[0].data["location"]

    for event in list(events):
        hass.bus.async_fire(EVENT_FUEL, dict(event.data))
    await hass.async_block_till_done()
    assert len({call.data["notification_id"] for call in shown}) == 2
    accounted = [call for call in sent if call.data["message"].endswith("refuelled")]
    assert len(accounted) == 1
