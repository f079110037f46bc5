"""Events that a vendor reports by codes of the user's choice."""

from datetime import datetime, timedelta

from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
)
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_restore_state_shutdown_restart,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.providers.base import Feed
from simulator.faults import Fault, FaultKind
from simulator.ocean import START_CODE, STOP_CODE, OceanServer

from .conftest import Clock
from .helpers import async_set_up, entity_id_of, entry_of, state_of
from .vendors import vehicle_of

PATH = "lastEvent"


async def async_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let the vendor tell its latest events once."""
    await entry.runtime_data.positions.async_refresh()
    await entry.runtime_data.feeds[Feed.TRIPS].async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def entry(hass: HomeAssistant, ocean_server: OceanServer) -> MockConfigEntry:
    """Return an account whose user chose the end of a trip."""
    for number in ocean_server.world.vehicles:
        ocean_server.world.set_private(number, private=False)
    entry = entry_of(ocean_server, {"event_codes": f"{STOP_CODE}, 77"})
    await async_set_up(hass, entry)
    return entry


@pytest.fixture
def number(ocean_server: OceanServer) -> int:
    """Return the vehicle that is watched."""
    return next(iter(ocean_server.world.vehicles))


def last_stop(server: OceanServer, number: int) -> datetime:
    """Return when a vehicle's last trip ended."""
    world = server.world
    trips = world.trips(number, world.now() - timedelta(days=1), world.now())
    return trips[-1].end.time


def drive_on(server: OceanServer, clock: Clock, number: int) -> datetime:
    """Let time pass until a vehicle has ended another trip; return when it did."""
    before = last_stop(server, number)
    while (found := last_stop(server, number)) == before:
        clock.advance(minutes=5)
    return found


class Watch:
    """What a trigger sees of an entity's events: changes from one state to another."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Watch from now on."""
        self._entity_id = entity_id
        self._changes: list[Event[EventStateChangedData]] = async_capture_events(
            hass, EVENT_STATE_CHANGED
        )

    @property
    def events(self) -> list[State]:
        """The states that came from another one and are events."""
        found: list[State] = []
        for change in self._changes:
            old, new = change.data["old_state"], change.data["new_state"]
            if (
                change.data["entity_id"] == self._entity_id
                and old is not None
                and new is not None
                and old.state != STATE_UNAVAILABLE
                and new.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE, old.state)
            ):
                found.append(new)
        return found


@pytest.fixture
def watch(hass: HomeAssistant, entry: MockConfigEntry, number: int) -> Watch:
    """Watch the event of one vehicle."""
    return Watch(hass, state_of(hass, entry, "event", number, "vendor_event").entity_id)


async def test_the_first_look_is_silent(
    hass: HomeAssistant, entry: MockConfigEntry, ocean_server: OceanServer
) -> None:
    """What was there before nobody waits for any more."""
    for number in ocean_server.world.vehicles:
        state = state_of(hass, entry, "event", number, "vendor_event")
        assert state.state == STATE_UNKNOWN
        assert state.attributes["event_types"] == [STOP_CODE, "77"]


async def test_an_event_is_shown_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """With its code, its own time, what the vendor calls it and where it was."""
    stopped = drive_on(ocean_server, clock, number)
    for _ in range(3):
        await async_read(hass, entry)
    (state,) = watch.events
    truth = ocean_server.world.state(number, stopped)
    attributes = state.attributes
    assert attributes["event_type"] == attributes["code"] == STOP_CODE
    told = datetime.fromisoformat(attributes["time"])
    assert abs(told - stopped) < timedelta(seconds=1)
    assert attributes["label"] == "Arrêt"
    assert truth.address.street in attributes["address"]
    shown = datetime.fromisoformat(state.state)
    assert abs(shown - clock.now) < timedelta(seconds=1)

    again = drive_on(ocean_server, clock, number)
    await async_read(hass, entry)
    assert len(watch.events) == 2
    told = datetime.fromisoformat(watch.events[-1].attributes["time"])
    assert abs(told - again) < timedelta(seconds=1)


async def test_a_restart_repeats_nothing_and_loses_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """The newest event of the time in between is shown."""
    drive_on(ocean_server, clock, number)
    await async_read(hass, entry)
    assert len(watch.events) == 1
    before = state_of(hass, entry, "event", number, "vendor_event")
    for restart in (False, True):
        assert await hass.config_entries.async_unload(entry.entry_id)
        if restart:
            await async_mock_restore_state_shutdown_restart(hass)
        await async_set_up(hass, entry)
        await async_read(hass, entry)
        after = state_of(hass, entry, "event", number, "vendor_event")
        assert (after.state, after.attributes) == (before.state, before.attributes)
    assert len(watch.events) == 1

    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    drive_on(ocean_server, clock, number)
    await async_set_up(hass, entry)
    await async_read(hass, entry)
    assert len(watch.events) == 2


async def test_a_restart_before_the_first_event_loses_none(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """Up to when events are known is kept, whether or not one was shown."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    drive_on(ocean_server, clock, number)
    await async_set_up(hass, entry)
    await async_read(hass, entry)
    assert len(watch.events) == 1


async def test_an_outage_hides_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """The entity stays available, and what happened meanwhile comes once."""
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    drive_on(ocean_server, clock, number)
    await async_read(hass, entry)
    assert not entry.runtime_data.positions.last_update_success
    state = state_of(hass, entry, "event", number, "vendor_event")
    assert state.state == STATE_UNKNOWN
    ocean_server.faults.clear()
    for _ in range(2):
        await async_read(hass, entry)
    assert len(watch.events) == 1


async def test_a_failure_of_the_events_is_theirs_alone(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    number: int,
) -> None:
    """Last trips go on, and with them everything else."""
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500, path=PATH))
    await async_read(hass, entry)
    assert entry.runtime_data.feeds[Feed.TRIPS].last_update_success
    trip = state_of(hass, entry, "sensor", number, "last_trip_distance")
    assert float(trip.state) > 0


async def test_nothing_is_shown_before_automations_listen(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """While Home Assistant starts, events wait."""
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_reload(entry.entry_id)
    drive_on(ocean_server, clock, number)
    await async_read(hass, entry)
    assert not watch.events
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert len(watch.events) == 1


async def test_the_first_event_of_a_vehicle_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, ocean_server: OceanServer, clock: Clock
) -> None:
    """Its entity comes with it."""
    number = ocean_server.world.add_vehicle().vehicle_id
    ocean_server.world.set_private(number, private=False)
    clock.advance(minutes=1)
    await async_read(hass, entry)
    assert str(number) in entry.runtime_data.fleet.vehicles
    assert entity_id_of(hass, entry, "event", number, "vendor_event") is None
    world = ocean_server.world
    while not world.trips(number, clock.now - timedelta(days=1), clock.now):
        clock.advance(minutes=10)
    await async_read(hass, entry)
    state = state_of(hass, entry, "event", number, "vendor_event")
    assert state.attributes["event_type"] == STOP_CODE


async def test_a_private_vehicle_does_not_tell_where(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
    watch: Watch,
) -> None:
    """Only what happened."""
    drive_on(ocean_server, clock, number)
    ocean_server.world.set_private(number, private=True)
    await async_read(hass, entry)
    (state,) = watch.events
    assert state.attributes["code"] == STOP_CODE
    assert "address" not in state.attributes


async def test_without_codes_there_are_no_such_entities(
    hass: HomeAssistant, ocean_server: OceanServer
) -> None:
    """And nobody asks the vendor."""
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    await async_read(hass, entry)
    keys = {
        one.translation_key
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    assert "vendor_event" not in keys
    assert not any(PATH in one.path for one in ocean_server.requests)


async def test_codes_are_an_option(
    hass: HomeAssistant, entry: MockConfigEntry, ocean_server: OceanServer, number: int
) -> None:
    """Changed in the account's options, the event types follow."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    done = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 60,
            "refill_threshold": 8,
            "theft_threshold": 8,
            "expose_drivers": False,
            "event_codes": f" {START_CODE} ",
        },
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.options["event_codes"] == START_CODE
    state = state_of(hass, entry, "event", number, "vendor_event")
    assert state.attributes["event_types"] == [START_CODE]


async def test_diagnostics_tell_neither_code_nor_label(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    number: int,
) -> None:
    """The codes are private to the customer, and a label is anybody's free text."""
    await async_read(hass, entry)
    key = vehicle_of(ocean_server, number)
    event = entry.runtime_data.fleet.vehicles[key].vendor_event
    assert event is not None
    assert event.label

    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    shown = [
        one["vendor_event"]
        for one in told["vehicles"].values()
        if "vendor_event" in one
    ]
    assert shown
    assert event.label not in str(shown)
    assert event.code not in [value for one in shown for value in one.values()]
