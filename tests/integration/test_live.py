"""A vendor that tells of changes as they happen is listened to, beside the poll."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
import logging
from typing import override

from aiohttp import web
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics import live
from custom_components.fleet_telematics.providers.demo.records import VehicleState
from custom_components.fleet_telematics.providers.demo.world import World
from custom_components.fleet_telematics.providers.fleetgo import live as stream
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.server import Endpoint

from .conftest import Clock
from .helpers import entry_of, state_of
from .vendors import vehicle_of

USUAL = timedelta(seconds=60)
STREAM = "/avl/subscribe"
POLL = "/equipment/getfleet"


class BreakableServer(FleetGoServer):
    """FleetGO, whose open streams can be broken off or ended."""

    def __init__(self, world: World) -> None:
        """Tell news many times a second."""
        super().__init__(world)
        self.stream_interval = 0.02
        self.open: list[web.Request] = []
        self.opened = 0
        self.ending = False
        self.beats = 0

    @property
    @override
    def stopping(self) -> bool:
        return self.ending or super().stopping

    @override
    async def pause(self, seconds: float) -> None:
        self.beats += 1
        await super().pause(seconds)

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        known = dict(super().endpoints())
        subscribe = known["GET", STREAM]

        async def watched(request: web.Request) -> web.StreamResponse:
            self.open.append(request)
            self.opened += 1
            try:
                return await subscribe(request)
            finally:
                self.open.remove(request)

        known["GET", STREAM] = watched
        return known

    def break_off(self) -> None:
        """Let every open stream die in the middle."""
        for request in self.open:
            assert request.transport is not None
            request.transport.abort()

    def count(self, path: str) -> int:
        """Return how often a path was asked for and answered."""
        return sum(one.path.lower().endswith(path) for one in self.requests)


@pytest.fixture
async def server(socket_enabled: None, world: World) -> AsyncGenerator[BreakableServer]:
    """Return FleetGO, at its port."""
    server = BreakableServer(world)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long between two streams."""
    monkeypatch.setattr(live, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(live, "LONGEST_WAIT", 0.1)


async def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


async def async_beats(server: BreakableServer, count: int = 3) -> None:
    """Wait until the streams have told so often how things are."""
    beats = server.beats + count
    await until(lambda: server.beats >= beats)


async def async_listen(hass: HomeAssistant, server: BreakableServer) -> MockConfigEntry:
    """Set an account up that listens, and wait until it hears."""
    entry = entry_of(server, {"live_updates": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data.positions.live)
    # The reads of the set-up are over.
    await until(lambda: server.count("/trips/gettrips") >= len(server.world.vehicles))
    return entry


async def async_pass(hass: HomeAssistant, time: timedelta) -> None:
    """Let time pass; what is due by then begins."""
    async_fire_time_changed(hass, dt_util.utcnow() + time)
    await hass.async_block_till_done()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says to people of live updates."""
    return [
        one.getMessage()
        for one in caplog.records
        if one.levelno >= logging.INFO and "live updates" in one.getMessage()
    ]


def driving(server: BreakableServer) -> VehicleState:
    """Return a vehicle that drives, and not in private."""
    return next(
        state
        for state in server.world.states()
        if state.speed > 5 and not state.private
    )


def shows(hass: HomeAssistant, entry: MockConfigEntry, server: BreakableServer) -> bool:
    """Whether every tracker that may be seen is where the world has its vehicle."""
    for state in server.world.states():
        if state.private:
            continue
        shown = state_of(
            hass,
            entry,
            "device_tracker",
            vehicle_of(server, state.vehicle_id),
            "location",
        )
        latitude = shown.attributes.get("latitude")
        if latitude is None or abs(latitude - state.latitude) > 1e-5:
            return False
    return True


async def test_moves_show_without_a_poll(
    hass: HomeAssistant, server: BreakableServer, clock: Clock
) -> None:
    """Every vehicle that moved is where it is within the stream's own pace."""
    entry = await async_listen(hass, server)
    polls = server.count(POLL)
    before = driving(server)
    for _ in range(3):
        clock.advance(seconds=20)
        await until(lambda: shows(hass, entry, server))
    after = server.world.state(before.vehicle_id)
    assert (after.latitude, after.longitude) != (before.latitude, before.longitude)
    assert server.count(POLL) == polls
    assert len(server.open) == 1


async def test_poll_goes_slower_while_the_stream_lives(
    hass: HomeAssistant, server: BreakableServer
) -> None:
    """The next one comes as usual, and the one after it five times later."""
    entry = await async_listen(hass, server)
    polls = server.count(POLL)
    await async_pass(hass, USUAL + timedelta(seconds=2))
    await until(lambda: server.count(POLL) == polls + 1)
    await until(lambda: entry.runtime_data.positions.update_interval == 5 * USUAL)
    await async_pass(hass, USUAL + timedelta(seconds=2))
    await async_beats(server)
    assert server.count(POLL) == polls + 1
    assert len(server.open) == 1


@pytest.mark.parametrize(
    ("usual", "slow"), [(30, 150), (300, 600), (600, 600), (3600, 3600)]
)
async def test_slower_is_at_most_ten_minutes(
    hass: HomeAssistant, server: BreakableServer, usual: int, slow: int
) -> None:
    """And never faster than the user wants."""
    entry = entry_of(server, {"live_updates": True, "scan_interval": usual})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    positions = entry.runtime_data.positions
    await until(lambda: positions.live)
    await positions.async_refresh()
    assert positions.update_interval == timedelta(seconds=slow)


async def test_broken_stream_gives_the_poll_its_pace_back(
    hass: HomeAssistant,
    server: BreakableServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line when it falls back, one when it is back, and no move is lost."""
    caplog.set_level(logging.INFO)
    entry = await async_listen(hass, server)
    positions = entry.runtime_data.positions
    await positions.async_refresh()
    assert told(caplog) == []
    server.faults.append(Fault(kind=FaultKind.RESET, path=STREAM))
    server.break_off()
    await until(lambda: not positions.live)
    assert positions.update_interval == USUAL
    # Tried again and again, and told once.
    tries = server.count(STREAM)
    await until(lambda: server.count(STREAM) > tries + 6)
    assert len(told(caplog)) == 1
    polls = server.count(POLL)
    clock.advance(seconds=20)
    await async_pass(hass, USUAL + timedelta(seconds=2))
    await until(lambda: server.count(POLL) == polls + 1)
    await until(lambda: shows(hass, entry, server))
    assert positions.update_interval == USUAL

    server.faults.clear()
    await until(lambda: positions.live)
    assert len(told(caplog)) == 2
    assert told(caplog)[1] == "FleetGO: live updates are back"
    polls = server.count(POLL)
    clock.advance(seconds=20)
    await until(lambda: shows(hass, entry, server))
    assert server.count(POLL) == polls


class Stopwatch:
    """The seconds that the listener measures, as a test wants them."""

    def __init__(self) -> None:
        """Stand still."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """Measure time for the listener."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(live, "monotonic", stopwatch)
    return stopwatch


async def async_end(server: BreakableServer) -> None:
    """Let the vendor end its stream, and be listened to again."""
    opened = server.opened
    server.ending = True
    await until(lambda: not server.open)
    server.ending = False
    await until(lambda: server.opened > opened and server.open)


async def test_vendor_that_ends_a_good_stream_is_listened_to_again_at_once(
    hass: HomeAssistant,
    server: BreakableServer,
    stopwatch: Stopwatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A gateway's limit on how long an answer may take is no outage."""
    caplog.set_level(logging.INFO)
    entry = await async_listen(hass, server)
    opened = server.opened
    stopwatch.seconds = live.SETTLED
    await async_end(server)
    assert server.opened == opened + 1
    assert entry.runtime_data.positions.live
    assert told(caplog) == []


async def test_stream_that_was_opened_again_has_to_prove_itself_anew(
    hass: HomeAssistant,
    server: BreakableServer,
    clock: Clock,
    stopwatch: Stopwatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The poll has its pace back where it only beats, until it tells of a move."""
    caplog.set_level(logging.INFO)
    entry = await async_listen(hass, server)
    positions = entry.runtime_data.positions
    await positions.async_refresh()
    assert positions.update_interval == 5 * USUAL
    stopwatch.seconds = live.SETTLED
    everybody = set(server.world.vehicles)
    server.without_device = everybody
    await async_end(server)
    assert positions.live

    stopwatch.seconds = 2 * live.SETTLED
    await until(lambda: not positions.live)
    assert positions.update_interval == USUAL
    polls = server.count(POLL)
    await async_pass(hass, USUAL + timedelta(seconds=2))
    await until(lambda: server.count(POLL) == polls + 1)
    assert positions.update_interval == USUAL

    server.without_device = set()
    clock.advance(seconds=20)
    await until(lambda: positions.live)
    # It is still the same stream, and nothing was wrong with it.
    assert len(server.open) == 1
    assert told(caplog) == []


async def test_what_nobody_expected_does_not_end_it_for_good(
    hass: HomeAssistant,
    server: BreakableServer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log tells of it once, the poll has its pace, and then it is listened to."""
    entry = await async_listen(hass, server)
    positions = entry.runtime_data.positions
    failed = 0

    async def fail(batch: object) -> None:
        nonlocal failed
        failed += 1
        raise ValueError("nobody expected that")

    with monkeypatch.context() as patch:
        patch.setattr(positions, "async_take", fail)
        clock.advance(seconds=20)
        await until(lambda: failed > 2)
        assert not positions.live
        assert positions.update_interval == USUAL
    assert caplog.text.count("ValueError: nobody expected that") == 1
    assert caplog.text.count("FleetGO: live updates failed") == 1

    clock.advance(seconds=20)
    await until(lambda: positions.live)
    await until(lambda: shows(hass, entry, server))


async def test_silent_stream_gives_the_poll_its_pace_back(
    hass: HomeAssistant, server: BreakableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that nobody closed and nobody speaks on is no stream."""
    monkeypatch.setattr(stream, "SILENCE", 0.5)
    entry = await async_listen(hass, server)
    opened = server.opened
    server.stream_interval = 3600.0
    await until(lambda: not entry.runtime_data.positions.live)
    server.stream_interval = 0.02
    await until(lambda: entry.runtime_data.positions.live)
    assert server.opened == opened + 1


async def test_stream_that_only_beats_does_not_slow_the_poll(
    hass: HomeAssistant, server: BreakableServer
) -> None:
    """Heartbeats prove a connection; that moves are told, only a move does."""
    server.without_device = set(server.world.vehicles)
    entry = entry_of(server, {"live_updates": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_beats(server)
    positions = entry.runtime_data.positions
    await positions.async_refresh()
    assert not positions.live
    assert positions.update_interval == USUAL


async def test_poll_that_fails_is_repeated_at_the_usual_pace(
    hass: HomeAssistant, server: BreakableServer
) -> None:
    """What the stream tells does not put off what only the poll can mend."""
    entry = await async_listen(hass, server)
    positions = entry.runtime_data.positions
    await positions.async_refresh()
    assert positions.update_interval == 5 * USUAL
    server.faults.append(Fault(kind=FaultKind.HTTP_500, path=POLL))
    await positions.async_refresh()
    assert not positions.last_update_success
    assert positions.update_interval == USUAL
    assert positions.live


async def test_private_drive_hides_as_in_the_poll(
    hass: HomeAssistant, server: BreakableServer, clock: Clock
) -> None:
    """The moment the stream says so, and it stays hidden while it drives on."""
    entry = await async_listen(hass, server)
    polls = server.count(POLL)
    vehicle = driving(server).vehicle_id
    key = vehicle_of(server, vehicle)
    server.world.set_private(vehicle, private=True)

    def hidden() -> bool:
        return all(
            state_of(hass, entry, platform, key, name).state == STATE_UNAVAILABLE
            for platform, name in (
                ("device_tracker", "location"),
                ("sensor", "speed"),
            )
        )

    clock.advance(seconds=20)
    await until(hidden)
    assert state_of(hass, entry, "binary_sensor", key, "private_mode").state == "on"
    clock.advance(seconds=20)
    await async_beats(server)
    assert hidden()
    known = entry.runtime_data.fleet.vehicles[key]
    assert (known.location, known.address, known.speed) == (None, None, None)
    assert server.count(POLL) == polls


async def test_unloading_hangs_up(hass: HomeAssistant, server: BreakableServer) -> None:
    """The vendor sees the end of the stream, and is asked nothing more."""
    entry = await async_listen(hass, server)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await until(lambda: not server.open)
    await hass.async_block_till_done(wait_background_tasks=True)
    asked = len(server.requests)
    await async_pass(hass, timedelta(hours=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(server.requests) == asked


async def test_unloading_between_two_streams_ends_the_wait(
    hass: HomeAssistant, server: BreakableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody opens one more."""
    entry = await async_listen(hass, server)
    monkeypatch.setattr(live, "FIRST_WAIT", 60.0)
    monkeypatch.setattr(live, "LONGEST_WAIT", 60.0)
    server.break_off()
    await until(lambda: not entry.runtime_data.positions.live)
    assert await hass.config_entries.async_unload(entry.entry_id)
    asked = len(server.requests)
    await async_pass(hass, timedelta(hours=1))
    assert len(server.requests) == asked


async def test_refused_credentials_are_left_to_the_poll(
    hass: HomeAssistant, server: BreakableServer
) -> None:
    """The stream asks nobody to log in and tries them once; the poll asks."""
    entry = await async_listen(hass, server)
    logins = server.count("/session/login")
    server.change_credentials(password="another")
    server.break_off()
    await until(lambda: not entry.runtime_data.positions.live)
    await asyncio.sleep(0.3)
    assert not hass.config_entries.flow.async_progress()
    assert server.count("/session/login") == logins + 1
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert server.count("/session/login") == logins + 1


async def test_stream_that_is_not_allowed_is_left_alone(
    hass: HomeAssistant, server: BreakableServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, the poll goes on as usual and nobody is asked to log in."""
    caplog.set_level(logging.INFO)
    server.denied = {"avl/subscribe"}
    entry = entry_of(server, {"live_updates": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: told(caplog))
    await asyncio.sleep(0.3)
    assert server.count(STREAM) == 1
    assert len(told(caplog)) == 1
    assert entry.runtime_data.positions.update_interval == USUAL
    assert not hass.config_entries.flow.async_progress()


async def test_stream_that_refuses_every_token_is_left_alone(
    hass: HomeAssistant, server: BreakableServer
) -> None:
    """Where the vendor cannot say that the token holds, nobody logs in for ever."""
    server.denied = {"avl/subscribe"}
    server.deny_with_401 = True
    server.faults.append(Fault(kind=FaultKind.HTML, path="validateaccesstoken"))
    entry = entry_of(server, {"live_updates": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: server.count(STREAM) >= 2)
    # The reads of the set-up are over.
    await until(lambda: server.count("/trips/gettrips") >= len(server.world.vehicles))
    await asyncio.sleep(1)
    assert server.count(STREAM) == 2
    await entry.runtime_data.positions.async_refresh()
    assert entry.runtime_data.positions.last_update_success
    assert not hass.config_entries.flow.async_progress()


async def test_option_decides_and_diagnostics_tell(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, server: BreakableServer
) -> None:
    """Off by default; turned on in the options, it listens after the reload."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(server)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert server.opened == 0
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["live"] is False
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["type"] is FlowResultType.FORM
    assert form["data_schema"] is not None
    assert "live_updates" in form["data_schema"].schema
    result = await hass.config_entries.options.async_configure(
        form["flow_id"], {"live_updates": True}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data.positions.live)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["live"] is True
    assert told["options"]["live_updates"] is True
