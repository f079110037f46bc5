"""Positions reach the vendor once, whatever happens on the way."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3
import time
from typing import Any

from homeassistant import loader
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, frame, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_test_home_assistant,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    SentPosition,
)
from custom_components.fleet_telematics.push import sender as sending
from custom_components.fleet_telematics.push.store import Counts, PositionStore
from simulator.faults import Fault, FaultKind
from simulator.fleetwork import FleetworkServer
from simulator.fleetwork_rows import Point

from .conftest import NOW, Clock
from .helpers import (
    async_enable_everything,
    async_poll,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)
from .watching import Watched

PHONE = "device_tracker.phone"
ISSUE = "positions_dropped"


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Keep the configuration, and with it the queues, in a folder of its own."""
    return str(tmp_path)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for what might come within the same second."""
    monkeypatch.setattr(sending, "SOON", 0.0)


@pytest.fixture
def phone(hass: HomeAssistant) -> er.RegistryEntry:
    """Return a phone that is known to the registry and somewhere."""
    known = er.async_get(hass).async_get_or_create(
        "device_tracker", "mobile_app", "phone", suggested_object_id="phone"
    )
    assert known.entity_id == PHONE
    move(hass, 52.1)
    return known


def move(
    hass: HomeAssistant,
    latitude: float | None,
    entity_id: str = PHONE,
    state: str = "not_home",
    **attributes: Any,
) -> None:
    """Let a tracker report where it is."""
    hass.states.async_set(
        entity_id,
        state,
        {
            "friendly_name": "Anna's phone",
            "latitude": latitude,
            "longitude": 4.9,
            **attributes,
        },
    )


def following(server: FleetworkServer, *entity_ids: str) -> MockConfigEntry:
    """Return an account that forwards these trackers."""
    return entry_of(server, {"forward_trackers": list(entity_ids)})


def latitudes(server: FleetworkServer) -> list[float]:
    """Return where the vendor was told that something is, in the order of arrival."""
    return [point.latitude for point in server.sent]


def waiting(entry: MockConfigEntry) -> int:
    """Return how many positions an account has yet to send."""
    count: int = entry.runtime_data.push.queue.waiting
    return count


async def async_settle(hass: HomeAssistant) -> None:
    """Let timers that are due fire, and wait for what they do.

    Once for what is written down, once for what then is sent, once for what follows.
    """
    for _ in range(3):
        await asyncio.sleep(0.02)
        await hass.async_block_till_done(wait_background_tasks=True)


async def async_send(
    hass: HomeAssistant, entry: MockConfigEntry, **data: Any
) -> dict[str, Any]:
    """Call the action, with a place unless there is an entity."""
    if "entity_id" not in data:
        data = {"latitude": 52.3, "longitude": 4.9, "device_ref": "bike", **data}
    answer = await hass.services.async_call(
        DOMAIN,
        "send_position",
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        return_response=True,
    )
    assert isinstance(answer, dict)
    return answer


# Forwarding.


async def test_a_tracker_is_forwarded_when_it_moves(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    clock: Clock,
) -> None:
    """With its time, speed and heading, under a reference of its own, once."""
    await async_set_up(hass, following(fleetwork_server, PHONE))
    assert fleetwork_server.sent == []

    clock.advance(seconds=30)
    # The app tells metres a second.
    move(hass, 52.2, speed=10, course=90)
    await async_settle(hass)
    (point,) = fleetwork_server.sent
    assert point.ids.device == f"ha-{phone.id}"
    assert (point.ids.user, point.ids.vehicle) == (None, None)
    assert point.time == NOW + timedelta(seconds=30)
    assert (point.latitude, point.longitude) == (52.2, 4.9)
    assert (point.speed, point.heading) == (36.0, 90)
    assert point.metadata == {"name": "Anna's phone"}

    # What else changes does not matter.
    clock.advance(seconds=30)
    move(hass, 52.2, speed=0, battery=50)
    await async_settle(hass)
    assert len(fleetwork_server.sent) == 1


@pytest.mark.parametrize(
    ("platform", "attributes", "speed", "heading"),
    [
        ("mobile_app", {"speed": 10, "course": 90}, 36.0, 90),
        ("gpslogger", {"speed": 2.5, "direction": 45.4}, 9.0, 45),
        ("traccar", {"speed": 10.0, "bearing": 270}, 18.5, 270),
        ("owntracks", {"velocity": 50, "course": 360}, 50.0, 0),
        ("other", {"speed": "81,5", "heading": "12"}, 81.5, 12),
        # Phones tell -1 for what they do not know.
        ("mobile_app", {"speed": -1, "course": -1}, 0.0, 0),
        ("other", {"speed": "fast", "heading": 400}, 0.0, 0),
    ],
)
async def test_speed_and_heading_come_from_what_trackers_tell(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    platform: str,
    attributes: dict[str, Any],
    speed: float,
    heading: int,
) -> None:
    """Each integration has names and units of its own; nonsense is left out."""
    er.async_get(hass).async_get_or_create(
        "device_tracker", platform, "phone", suggested_object_id="phone"
    )
    await async_set_up(hass, following(fleetwork_server, PHONE))
    move(hass, 52.2, **attributes)
    await async_settle(hass)
    (point,) = fleetwork_server.sent
    assert (point.speed, point.heading % 360) == (speed, heading)


async def test_who_is_nowhere_is_not_forwarded(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, phone: er.RegistryEntry
) -> None:
    """Unavailable, unknown, without coordinates or without a fix; nor the return."""
    await async_set_up(hass, following(fleetwork_server, PHONE))
    for state, latitude in (
        (STATE_UNAVAILABLE, 52.2),
        (STATE_UNKNOWN, 52.2),
        ("not_home", None),
        ("not_home", 91.0),
        ("not_home", 52.1),
    ):
        move(hass, latitude, state=state)
        await async_settle(hass)
    move(hass, 0.0, longitude=0)
    hass.states.async_remove(PHONE)
    await async_settle(hass)
    assert fleetwork_server.sent == []
    assert fleetwork_server.requests[-1].method == "GET"


async def test_a_tracker_that_is_renamed_is_the_same_device(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    clock: Clock,
) -> None:
    """The name that people read follows, and nobody else takes its place."""
    entry = following(fleetwork_server, PHONE)
    await async_set_up(hass, entry)
    move(hass, 52.2)
    await async_settle(hass)

    clock.advance(seconds=30)
    er.async_get(hass).async_update_entity(
        PHONE, new_entity_id="device_tracker.annas_telephone"
    )
    hass.states.async_remove(PHONE)
    move(hass, 52.2, "device_tracker.annas_telephone")
    move(hass, 52.3, "device_tracker.annas_telephone", friendly_name="Telephone")
    clock.advance(seconds=30)
    move(hass, 52.9)
    await async_settle(hass)
    assert latitudes(fleetwork_server) == [52.2, 52.3]
    assert {one.ids.device for one in fleetwork_server.sent} == {f"ha-{phone.id}"}
    assert fleetwork_server.sent[-1].metadata == {"name": "Telephone"}


async def test_what_is_chosen_in_the_options_survives_a_rename(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, phone: er.RegistryEntry
) -> None:
    """The form shows the entity under its present name; ours cannot be chosen."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    flow = hass.config_entries.options
    form = await flow.async_init(entry.entry_id)
    schema = form["data_schema"]
    assert schema is not None
    given = {"scan_interval": 30, "refill_threshold": 8, "theft_threshold": 8}
    own = entity_id_of(hass, entry, "device_tracker", "vehicle-101", "location") or ""
    config = schema.schema["forward_trackers"].config
    assert config["multiple"]
    assert config["filter"] == [{"domain": ["device_tracker", "person"]}]
    assert len(config["exclude_entities"]) == len(fleetwork_server.world.vehicles)
    assert own in config["exclude_entities"] or not own

    result = await flow.async_configure(
        form["flow_id"],
        {
            **given,
            "expose_drivers": False,
            "forward_trackers": [PHONE, "person.nobody"],
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)

    new = "device_tracker.annas_telephone"
    er.async_get(hass).async_update_entity(PHONE, new_entity_id=new)
    hass.states.async_remove(PHONE)
    await hass.config_entries.async_reload(entry.entry_id)
    await async_settle(hass)
    move(hass, 52.3, new)
    await async_settle(hass)
    assert latitudes(fleetwork_server) == [52.3]

    form = await flow.async_init(entry.entry_id)
    schema = form["data_schema"]
    assert schema is not None
    (marker,) = (one for one in schema.schema if one == "forward_trackers")
    assert marker.description == {"suggested_value": [new, "person.nobody"]}


async def test_only_vendors_that_take_positions_are_offered_any(
    hass: HomeAssistant, ocean_server: Any
) -> None:
    """There is neither an option nor a sensor for the others."""
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    schema = form["data_schema"]
    assert schema is not None
    assert "forward_trackers" not in schema.schema
    assert entity_id_of(hass, entry, "sensor", None, "queued_positions") is None


async def test_an_accounts_own_vehicles_are_not_sent_back(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, clock: Clock
) -> None:
    """Neither by their trackers nor by people who follow these."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    own = [
        one.entity_id
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.domain == "device_tracker"
    ]
    hass.config_entries.async_update_entry(
        entry, options={"forward_trackers": [*own, "person.anna"]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await async_settle(hass)
    before = {one: hass.states.get(one) for one in own}
    clock.advance(minutes=3)
    await async_poll(hass)
    assert {one: hass.states.get(one) for one in own} != before
    move(hass, 52.2, "person.anna", source=own[0])
    await async_settle(hass)
    assert fleetwork_server.sent == []

    # She changes to her phone, which knows how fast she is.
    move(hass, 52.3, speed=50, heading=90)
    move(hass, 52.3, "person.anna", source=PHONE, friendly_name="Anna")
    await async_settle(hass)
    (point,) = fleetwork_server.sent
    assert point.ids.device == "ha-person.anna"
    assert point.metadata == {"name": "Anna"}
    assert (point.speed, point.heading) == (50.0, 90)


@pytest.fixture
def vans(hass: HomeAssistant) -> dict[str, str]:
    """Return trackers of two other accounts, by their vendors."""
    found = {}
    for vendor in ("fleetwork", "fleetgo"):
        other = MockConfigEntry(
            domain=DOMAIN, unique_id=f"{vendor}_other", data={"provider": vendor}
        )
        other.add_to_hass(hass)
        found[vendor] = (
            er.async_get(hass)
            .async_get_or_create(
                "device_tracker",
                DOMAIN,
                f"{vendor}_other_1_location",
                suggested_object_id=f"{vendor}_van",
                config_entry=other,
            )
            .entity_id
        )
    return found


async def test_two_accounts_that_take_positions_tell_each_other_nothing(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, vans: dict[str, str]
) -> None:
    """It would come back as a vehicle more; those of other vendors are sent."""
    for one in vans.values():
        move(hass, 52.1, one)
    entry = following(fleetwork_server, *vans.values(), "person.anna")
    await async_set_up(hass, entry)
    move(hass, 52.2, vans["fleetwork"])
    move(hass, 52.3, vans["fleetgo"])
    move(hass, 52.4, "person.anna", source=vans["fleetwork"])
    await async_settle(hass)
    assert latitudes(fleetwork_server) == [52.3]

    with pytest.raises(ServiceValidationError) as raised:
        await async_send(hass, entry, entity_id=vans["fleetwork"])
    assert raised.value.translation_key == "own_tracker"


async def test_a_tracker_that_would_come_back_cannot_be_chosen(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, vans: dict[str, str]
) -> None:
    """Nor is one kept that was chosen before; the form says what is wrong."""
    entry = following(fleetwork_server, *vans.values())
    await async_set_up(hass, entry)
    flow = hass.config_entries.options
    form = await flow.async_init(entry.entry_id)
    schema = form["data_schema"]
    assert schema is not None
    (marker,) = (one for one in schema.schema if one == "forward_trackers")
    assert marker.description == {"suggested_value": [vans["fleetgo"]]}
    assert (
        vans["fleetwork"]
        in schema.schema["forward_trackers"].config["exclude_entities"]
    )

    known = er.async_get(hass).async_get(vans["fleetwork"])
    assert known is not None
    given = {"scan_interval": 30, "refill_threshold": 8, "theft_threshold": 8}
    form = await flow.async_configure(
        form["flow_id"],
        {**given, "expose_drivers": False, "forward_trackers": [known.id]},
    )
    assert form["errors"] == {"forward_trackers": "own_tracker"}
    result = await flow.async_configure(
        form["flow_id"],
        {**given, "expose_drivers": False, "forward_trackers": [vans["fleetgo"]]},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_who_moved_while_nobody_looked_is_sent_once_it_is_seen(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    clock: Clock,
) -> None:
    """Over a reload, and only if it is elsewhere."""
    entry = following(fleetwork_server, PHONE)
    await async_set_up(hass, entry)
    move(hass, 52.2)
    await async_settle(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    clock.advance(seconds=30)
    move(hass, 52.3)
    await async_settle(hass)
    assert latitudes(fleetwork_server) == [52.2]

    for _ in range(2):
        await hass.config_entries.async_setup(entry.entry_id)
        await async_settle(hass)
        assert latitudes(fleetwork_server) == [52.2, 52.3]
        await hass.config_entries.async_unload(entry.entry_id)


# The queue.


async def test_a_day_without_network_is_delivered_once(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    clock: Clock,
) -> None:
    """Ten thousand positions, a reload in the outage and one while they go out."""
    entry = following(fleetwork_server, PHONE)
    await async_set_up(hass, entry)
    down = Fault(kind=FaultKind.RESET)
    fleetwork_server.faults.append(down)
    times: list[datetime] = []
    for number in range(10_000):
        clock.advance(seconds=8.64)
        times.append(clock.now)
        move(hass, 50 + number / 10_000)
        if number == 4_000:
            # The account is not loaded from here on, as the vendor cannot be asked.
            await hass.config_entries.async_reload(entry.entry_id)
            assert entry.state is ConfigEntryState.SETUP_RETRY
        if number % 1000 == 0:
            await hass.async_block_till_done(wait_background_tasks=True)
    await hass.async_block_till_done()
    assert clock.now - NOW == timedelta(days=1)
    assert fleetwork_server.sent == []

    fleetwork_server.faults.clear()
    slow = Fault(kind=FaultKind.LATENCY, path="bulk", delay=0.05)
    fleetwork_server.faults.append(slow)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=15))
    for reloads in range(3):
        while len(fleetwork_server.sent) < 2_000 * (reloads + 1):
            await asyncio.sleep(0.01)
        await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is ConfigEntryState.LOADED
    await async_settle(hass)
    while waiting(entry):
        await async_settle(hass)

    assert len(fleetwork_server.sent) == 10_000
    assert [one.time for one in fleetwork_server.sent] == [
        datetime.fromtimestamp(int(one.timestamp() * 1000) / 1000, UTC) for one in times
    ]
    assert latitudes(fleetwork_server) == [
        50 + number / 10_000 for number in range(10_000)
    ]
    bulks = [one for one in fleetwork_server.requests if one.path.endswith("/bulk")]
    assert len([one for one in bulks if one.status == 200]) <= 24
    assert waiting(entry) == 0


async def test_a_restart_in_an_outage_loses_nothing(
    socket_enabled: None,
    fleetwork_server: FleetworkServer,
    tmp_path: Path,
    clock: Clock,
) -> None:
    """What was queued before and after it goes out in order, each once."""
    config = str(tmp_path)
    fleetwork_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="tracking"))
    entry_id = ""
    for start in (0, 100):
        async with async_test_home_assistant(config_dir=config) as hass:
            frame.async_setup(hass)
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            entry = following(fleetwork_server, PHONE)
            entry_id = entry_id or entry.entry_id
            entry = MockConfigEntry(
                domain=DOMAIN,
                entry_id=entry_id,
                unique_id=entry.unique_id,
                data=dict(entry.data),
                options=dict(entry.options),
            )
            await async_set_up(hass, entry)
            assert entry.state is ConfigEntryState.SETUP_RETRY
            for number in range(start, start + 100):
                clock.advance(seconds=30)
                move(hass, 50 + number / 1000, speed=number / 10)
            answer = await async_send(hass, entry, latitude=50 + start / 1000)
            assert answer == {"queued": start + 101 + start // 100}
            if start:
                fleetwork_server.faults.clear()
                async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=15))
                await async_settle(hass)
                await async_settle(hass)
                assert waiting(entry) == 0
            await hass.async_stop(force=True)
    phones = [one for one in fleetwork_server.sent if one.ids.device != "bike"]
    assert sorted(one.latitude for one in phones) == [
        50 + number / 1000 for number in range(200)
    ]
    assert len(fleetwork_server.sent) == 202


async def test_a_restart_lets_the_request_under_way_end(
    socket_enabled: None, fleetwork_server: FleetworkServer, tmp_path: Path
) -> None:
    """An orderly end of Home Assistant sends nothing twice."""
    slow = Watched(kind=FaultKind.LATENCY, path="/gps-tracking/bulk", delay=0.4)
    fleetwork_server.faults.append(slow)
    for again in (False, True):
        async with async_test_home_assistant(config_dir=str(tmp_path)) as hass:
            frame.async_setup(hass)
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            entry = entry_of(fleetwork_server)
            entry = MockConfigEntry(
                domain=DOMAIN,
                entry_id="account",
                unique_id=entry.unique_id,
                data=dict(entry.data),
            )
            await async_set_up(hass, entry)
            if not again:
                queue = entry.runtime_data.push.queue
                await queue.async_add(
                    [
                        SentPosition(
                            time=NOW - timedelta(seconds=number),
                            location=Coordinates(latitude=52.0, longitude=4.9),
                            device_ref="bike",
                        )
                        for number in range(900)
                    ]
                )
                await slow.hit.wait()
                assert not fleetwork_server.sent
            else:
                assert waiting(entry) + len(fleetwork_server.sent) == 900
                await async_settle(hass)
            await hass.async_stop(force=True)
    assert len(fleetwork_server.sent) == 900


async def test_too_many_positions_are_a_repair_issue_until_they_are_sent(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """The oldest are dropped; the sensor shows how many wait."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    await async_enable_everything(hass, entry)
    fleetwork_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="bulk"))
    queue = entry.runtime_data.push.queue
    issues = ir.async_get(hass)
    for count in (20_000, 7):
        assert issues.async_get_issue(DOMAIN, f"{ISSUE}_{entry.entry_id}") is None
        start = NOW - timedelta(days=1 if count > 7 else 0)
        await queue.async_add(
            [
                SentPosition(
                    time=start + timedelta(seconds=number),
                    location=Coordinates(latitude=52.0, longitude=4.9),
                    device_ref="bike",
                )
                for number in range(count)
            ]
        )
        await async_settle(hass)
    issue = issues.async_get_issue(DOMAIN, f"{ISSUE}_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == ISSUE
    assert issue.translation_placeholders == {"account": entry.title, "limit": "20000"}
    length = state_of(hass, entry, "sensor", None, "queued_positions")
    assert length.state == "20000"
    assert length.attributes["state_class"] == "measurement"

    # A restart does not make it forget.
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues.async_get_issue(DOMAIN, f"{ISSUE}_{entry.entry_id}") is not None

    fleetwork_server.faults.clear()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=15))
    await async_settle(hass)
    assert issues.async_get_issue(DOMAIN, f"{ISSUE}_{entry.entry_id}") is None
    assert state_of(hass, entry, "sensor", None, "queued_positions").state == "0"
    assert len(fleetwork_server.sent) == 20_000
    assert min(one.time for one in fleetwork_server.sent) == NOW - timedelta(
        days=1
    ) + timedelta(seconds=7)


async def test_a_position_that_the_vendor_declines_holds_up_no_other(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    fleetwork_server: FleetworkServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is dropped, told once and counted."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    fleetwork_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="tracking"))
    for number in range(20):
        # The vendor takes ids of at most 200 characters.
        name = "bike" if number % 7 else "b" * 201
        await async_send(
            hass, entry, device_ref=name, time=NOW - timedelta(seconds=20 - number)
        )
    await async_settle(hass)
    fleetwork_server.faults.clear()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=15))
    await async_settle(hass)
    assert [(NOW - one.time).total_seconds() for one in fleetwork_server.sent] == [
        20 - number for number in range(20) if number % 7
    ]
    assert caplog.text.count("declines a position") == 1
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["sent_positions"] == {
        "followed": 0,
        "waiting": 0,
        "dropped": 0,
        "sent": 17,
        "declined": 3,
    }


async def test_the_vendors_limit_is_kept(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """After a 429 nothing is sent before its time."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    fleetwork_server.faults.append(
        Fault(kind=FaultKind.HTTP_429, path="tracking", times=1, retry_after=300)
    )
    await async_send(hass, entry)
    await async_settle(hass)
    before = len(fleetwork_server.requests)
    await async_send(hass, entry, time=NOW - timedelta(seconds=9))
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=290))
    await async_settle(hass)
    assert not any(
        one.method == "POST" for one in list(fleetwork_server.requests)[before:]
    )
    assert waiting(entry) == 2


async def test_a_withdrawn_key_keeps_the_queue(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """The user is asked for another one, and then everything is sent."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    fleetwork_server.change_credentials(api_key="another")
    assert await async_send(hass, entry) == {"queued": 1}
    await async_settle(hass)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert waiting(entry) == 1

    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"api_key": "another"}
    )
    await async_settle(hass)
    await async_settle(hass)
    assert len(fleetwork_server.sent) == 1
    assert waiting(entry) == 0


async def test_removing_the_account_deletes_what_waits(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, tmp_path: Path
) -> None:
    """Nobody else is told of these places."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    fleetwork_server.faults.append(Fault(kind=FaultKind.RESET))
    await async_send(hass, entry)
    await async_settle(hass)
    storage = tmp_path / ".storage"
    name = f"fleet_telematics.{entry.entry_id}.positions"
    assert (storage / name).exists()

    await hass.config_entries.async_remove(entry.entry_id)
    await async_settle(hass)
    assert list(storage.glob(f"{name}*")) == []


async def test_removing_the_account_removes_its_issue_for_good(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when a slow disk tells only then that positions were dropped."""
    entry = following(fleetwork_server, PHONE)
    await async_set_up(hass, entry)

    def slow(*args: object) -> Counts:
        time.sleep(0.2)
        return Counts(waiting=1, dropped=1)

    monkeypatch.setattr(PositionStore, "add", slow)
    move(hass, 52.2)
    await hass.config_entries.async_remove(entry.entry_id)
    await async_settle(hass)
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"{ISSUE}_{entry.entry_id}") is None


# The action.


async def test_a_place_is_sent_by_the_action(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """With all that it may tell; the answer is how many wait."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    answer = await async_send(
        hass,
        entry,
        latitude=21.0285,
        longitude=105.8542,
        vehicle_id="vehicle-abc",
        user_id="user-001",
        device_ref="gps-7",
        speed=45.2,
        heading=90,
        time="2026-11-20 11:00:00+00:00",
    )
    assert answer == {"queued": 1}
    await async_settle(hass)
    (point,) = fleetwork_server.sent
    assert (point.ids.vehicle, point.ids.user, point.ids.device) == (
        "vehicle-abc",
        "user-001",
        "gps-7",
    )
    assert point == Point(
        ids=point.ids,
        time=NOW.replace(hour=11, minute=0),
        latitude=21.0285,
        longitude=105.8542,
        speed=45.2,
        heading=90,
    )

    # The same place at the same time is no news.
    assert await async_send(
        hass,
        entry,
        vehicle_id="vehicle-abc",
        user_id="user-001",
        device_ref="gps-7",
        time="2026-11-20 11:00:00+00:00",
    ) == {"queued": 0}


async def test_an_entity_is_sent_as_it_would_be_forwarded(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    clock: Clock,
) -> None:
    """Unless the call names somebody else, or knows better."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    move(hass, 52.2, speed=10, course=90)
    clock.advance(minutes=5)
    await async_send(hass, entry, entity_id=PHONE)
    await async_send(
        hass, entry, entity_id=PHONE, user_id="user-001", speed=5, heading=1
    )
    # Without a response it works, too.
    await hass.services.async_call(
        DOMAIN,
        "send_position",
        {
            "config_entry_id": entry.entry_id,
            "latitude": 52.4,
            "longitude": 4.9,
            "user_id": "user-002",
        },
        blocking=True,
    )
    await async_settle(hass)
    first, second, third = fleetwork_server.sent
    assert first.ids.device == f"ha-{phone.id}"
    assert first.time == second.time == NOW
    assert (first.speed, first.heading) == (36.0, 90)
    assert (second.ids.user, second.ids.device) == ("user-001", None)
    assert (second.speed, second.heading) == (5.0, 1)
    assert second.metadata == {"name": "Anna's phone"}
    assert third.time == clock.now


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "no_place"),
    ({"latitude": 52.3, "device_ref": "bike"}, "no_place"),
    ({"latitude": 52.3, "longitude": 4.9, "entity_id": PHONE}, "no_place"),
    ({"longitude": 4.9, "entity_id": PHONE}, "no_place"),
    ({"latitude": 0, "longitude": 0, "device_ref": "bike"}, "not_a_place"),
    ({"latitude": 90.1, "longitude": 0, "device_ref": "bike"}, "not_a_place"),
    ({"latitude": 52, "longitude": -181, "device_ref": "bike"}, "not_a_place"),
    ({"latitude": "nan", "longitude": 4.9, "device_ref": "bike"}, "not_a_place"),
    ({"latitude": 52.3, "longitude": 4.9}, "no_reference"),
    ({"latitude": 52.3, "longitude": 4.9, "user_id": " "}, "no_reference"),
    ({"entity_id": "zone.home"}, "not_a_tracker"),
    ({"entity_id": "device_tracker.nobody"}, "entity_without_place"),
    ({"entity_id": "device_tracker.hidden"}, "entity_without_place"),
    ({"entity_id": PHONE, "speed": -1}, "out_of_range"),
    ({"entity_id": PHONE, "speed": 1001}, "out_of_range"),
    ({"entity_id": PHONE, "heading": 361}, "out_of_range"),
    ({"entity_id": PHONE, "time": "2026-11-20 12:23:00+00:00"}, "not_a_time"),
    ({"entity_id": PHONE, "time": "1970-01-01 00:00:00"}, "not_a_time"),
    # Neither is a time in UTC.
    ({"entity_id": PHONE, "time": "9999-12-31T23:59:59-12:00"}, "not_a_time"),
    ({"entity_id": PHONE, "time": "0001-01-01T00:00:00+14:00"}, "not_a_time"),
]


@pytest.mark.parametrize(("data", "key"), WRONG)
async def test_a_wrong_argument_is_told_and_queues_nothing(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    phone: er.RegistryEntry,
    data: dict[str, Any],
    key: str,
) -> None:
    """In words that the user reads in their language."""
    move(hass, 52.2, "device_tracker.hidden", state=STATE_UNAVAILABLE)
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(
            DOMAIN,
            "send_position",
            {"config_entry_id": entry.entry_id, **data},
            blocking=True,
            return_response=True,
        )
    assert raised.value.translation_key == key
    assert waiting(entry) == 0


async def test_a_full_disk_fails_the_action(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A script does not go on as if the position were kept."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)

    def full(*args: object) -> None:
        """Fail as SQLite does."""
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(PositionStore, "add", full)
    with pytest.raises(HomeAssistantError) as raised:
        await async_send(hass, entry)
    assert raised.value.translation_key == "position_not_kept"
    assert "disk is full" in str(raised.value)


async def test_the_accounts_own_trackers_are_a_wrong_argument(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """The vendor knows where its vehicles are."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    own = next(
        one.entity_id
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.domain == "device_tracker"
    )
    with pytest.raises(ServiceValidationError) as raised:
        await async_send(hass, entry, entity_id=own)
    assert raised.value.translation_key == "own_tracker"


async def test_an_account_that_is_unloaded_takes_nothing(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """Nor does it after it was removed, or where its vendor was never reached."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await async_send(hass, entry)

    # While the vendor is down it does.
    fleetwork_server.faults.append(Fault(kind=FaultKind.RESET))
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert await async_send(hass, entry) == {"queued": 1}
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await async_send(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await async_send(hass, entry)
