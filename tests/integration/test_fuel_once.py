"""Each refill and theft fires once, oldest first, whatever happens meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.fleet_telematics.const import EVENT_FUEL
from custom_components.fleet_telematics.fuel.ledger import FuelLedger
from custom_components.fleet_telematics.providers.demo.records import FuelRecord
from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelReport,
)
from simulator.faults import Fault, FaultKind
from simulator.trackgps import TrackGpsServer
from simulator.trackgps_fuel import Revision

from .conftest import Clock
from .helpers import async_set_up, entry_of, state_of

LONGEST_HOLD = timedelta(minutes=5)


@pytest.fixture
def told(hass: HomeAssistant) -> list[Event[dict[str, Any]]]:
    """Return the fuel events that the bus saw from now on."""
    captured: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    return captured


@pytest.fixture
async def entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> MockConfigEntry:
    """Return an account whose vehicles were all read once; of events only ours."""
    trackgps_server.fuel.own = False
    # Logins do not end while days pass within seconds.
    trackgps_server.token_lifetime = timedelta(days=365).total_seconds()
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    assert set(entry.runtime_data.fuel.ledger.accounts) == {
        str(vehicle) for vehicle in trackgps_server.world.vehicles
    }
    return entry


@pytest.fixture
def move(clock: Clock, freezer: FrozenDateTimeFactory) -> Callable[[timedelta], None]:
    """Return what lets time pass for the world and for Home Assistant."""

    def pass_by(time: timedelta) -> None:
        clock.advance(seconds=time.total_seconds())
        freezer.move_to(clock.now)

    freezer.move_to(clock.now)
    return pass_by


async def async_read_fuel(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let every vehicle have its turn."""
    for _ in entry.runtime_data.fleet.vehicles:
        await entry.runtime_data.fuel.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


def windows(server: TrackGpsServer) -> list[tuple[datetime, datetime]]:
    """Return the windows in which the vendor was asked for fuel events."""
    return [
        (
            datetime.fromisoformat(request.body["startDate"]),
            datetime.fromisoformat(request.body["endDate"]),
        )
        for request in server.requests
        if isinstance(request.body, dict) and "carrierId" in request.body
    ]


@contextmanager
def failing(server: TrackGpsServer, fails: Callable[[int], bool]) -> Iterator[None]:
    """Let the vendor fail to tell of some vehicles' fuel."""
    answer = server.fuel.records

    def records(vehicle_id: int, start: datetime, end: datetime) -> list[FuelRecord]:
        if fails(vehicle_id):
            raise web.HTTPInternalServerError
        return answer(vehicle_id, start, end)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.fuel, "records", records)
        yield


def volumes(told: list[Event[dict[str, Any]]]) -> list[float]:
    """Return what was told, by amounts."""
    return [event.data["volume"] for event in told]


async def test_rows_revised_and_shuffled_at_every_read_fire_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """Amounts, times, places and the order of rows change; events do not."""
    fuel, world = trackgps_server.fuel, trackgps_server.world
    fuel.revise = Revision(volume=0.05, seconds=30, address=True, shuffle=True)
    now = world.now()
    for vehicle_id in world.vehicles:
        fuel.add(vehicle_id, "refill", 40.0, now - timedelta(hours=2))
        fuel.add(vehicle_id, "refill", 20.0, now - timedelta(hours=2, minutes=-3))
        fuel.add(vehicle_id, "theft", 10.0, now - timedelta(hours=2))
    for _ in range(10):
        await async_read_fuel(hass, entry)
    assert len(told) == 3 * len(world.vehicles)
    assert len({event.data["event_id"] for event in told}) == len(told)


async def test_two_events_of_the_hour_that_occurs_twice(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    told: list[Event[dict[str, Any]]],
    clock: Clock,
    move: Callable[[timedelta], None],
) -> None:
    """At 03:30 and at 03:30 the driver refuels; both are told, each when it happens."""
    trackgps_server.fuel.own = False
    trackgps_server.token_lifetime = timedelta(days=365).total_seconds()
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    move(first - timedelta(hours=3) - clock.now)
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    for happened, volume in ((first, 30.0), (second, 55.0)):
        move(happened - clock.now)
        trackgps_server.fuel.add(vehicle_id, "refill", volume, happened)
        move(timedelta(minutes=10))
        for _ in range(2):
            await async_read_fuel(hass, entry)
    move(timedelta(hours=5))
    await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0, 55.0]
    times = [datetime.fromisoformat(event.data["time"]) for event in told]
    assert times == [first, second]
    page = entry.runtime_data.fuel.ledger.accounts[str(vehicle_id)]
    assert [one.event.time for one in page.entries] == [first, second]


async def test_after_a_downtime_the_oldest_is_first_whatever_vehicle_it_is_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """Nothing fires before every vehicle was read."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    now = trackgps_server.world.now()
    for age, vehicle_id in enumerate(trackgps_server.world.vehicles, start=1):
        for hours in (age, age + 10):
            trackgps_server.fuel.add(
                vehicle_id, "refill", float(hours), now - timedelta(hours=hours)
            )
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert volumes(told) == [15, 14, 13, 12, 11, 5, 4, 3, 2, 1]


async def test_a_vehicle_that_cannot_be_read_holds_nothing_up_for_long(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """After five minutes the others' events are told; its own follow."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    now = trackgps_server.world.now()
    good, bad, *_ = trackgps_server.world.vehicles
    trackgps_server.fuel.add(good, "refill", 10.0, now - timedelta(hours=1))
    trackgps_server.fuel.add(bad, "refill", 20.0, now - timedelta(hours=2))
    with failing(trackgps_server, lambda vehicle_id: vehicle_id == bad):
        await hass.config_entries.async_setup(entry.entry_id)
        await async_read_fuel(hass, entry)
        assert told == []
        async_fire_time_changed(hass, dt_util.utcnow() + LONGEST_HOLD)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert volumes(told) == [10.0]
    await async_read_fuel(hass, entry)
    assert volumes(told) == [10.0, 20.0]


async def test_what_a_tracker_delivers_weeks_later_is_found(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    move: Callable[[timedelta], None],
) -> None:
    """Once a day a read reaches back as far as one request can."""
    move(timedelta(days=21))
    await async_read_fuel(hass, entry)
    trackgps_server.requests.clear()
    await async_read_fuel(hass, entry)
    assert all(
        end - start < timedelta(days=3) for start, end in windows(trackgps_server)
    )

    vehicle_id = next(iter(trackgps_server.world.vehicles))
    happened = trackgps_server.world.now() - timedelta(days=20)
    trackgps_server.fuel.add(vehicle_id, "theft", 30.0, happened)
    await async_read_fuel(hass, entry)
    assert told == []
    move(timedelta(days=1))
    for _ in range(2):
        await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0]
    assert told[0].data["late"] is True


async def test_rows_that_come_after_a_day_are_found(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    move: Callable[[timedelta], None],
) -> None:
    """Every read overlaps the last one by two days."""
    trackgps_server.fuel.delay = timedelta(hours=20)
    vehicle_id, *_ = trackgps_server.world.vehicles
    trackgps_server.fuel.add(vehicle_id, "refill", 30.0, trackgps_server.world.now())
    for _ in range(19):
        move(timedelta(hours=1))
        await async_read_fuel(hass, entry)
    assert told == []
    move(timedelta(hours=1))
    await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0]


async def test_a_long_downtime_is_read_in_steps_and_goes_on_where_it_stopped(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    move: Callable[[timedelta], None],
) -> None:
    """No window is longer than 31 days, and none is read twice for an interruption."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    went = trackgps_server.world.now()
    move(timedelta(days=100))
    vehicle_id, *others = trackgps_server.world.vehicles
    for days in (5, 40, 70, 99):
        trackgps_server.fuel.add(
            vehicle_id, "refill", float(days), went + timedelta(days=days)
        )
    for other in others:
        trackgps_server.world.remove_vehicle(other)
    trackgps_server.requests.clear()
    with failing(trackgps_server, lambda _: len(windows(trackgps_server)) == 2):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    before = windows(trackgps_server)
    assert len(before) == 3
    assert told == []
    await hass.config_entries.async_reload(entry.entry_id)
    await async_read_fuel(hass, entry)

    assert volumes(told) == [5.0, 40.0, 70.0, 99.0]
    asked = windows(trackgps_server)
    assert all(end - start <= timedelta(days=31) for start, end in asked)
    # It begins again with the step that failed.
    assert asked[3] == before[2]


async def test_an_account_reloaded_between_writing_and_firing_fires_afterwards(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bus and entity both see it, once."""
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    disk = asyncio.Event()
    save = FuelLedger.async_save

    async def slow(ledger: FuelLedger) -> None:
        await disk.wait()
        await save(ledger)

    monkeypatch.setattr(FuelLedger, "async_save", slow)
    trackgps_server.fuel.add(vehicle_id, "refill", 30.0, trackgps_server.world.now())
    fuel, ledger = entry.runtime_data.fuel, entry.runtime_data.fuel.ledger
    reading = hass.async_create_task(
        fuel._async_read_vehicle(str(vehicle_id))  # noqa: SLF001
    )
    while not ledger.pending():
        await asyncio.sleep(0.01)
    assert await hass.config_entries.async_unload(entry.entry_id)
    disk.set()
    await reading
    assert told == []

    await hass.config_entries.async_setup(entry.entry_id)
    await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0]
    state = state_of(hass, entry, "event", vehicle_id, "fuel")
    assert state.attributes["event_id"] == told[0].data["event_id"]


async def test_polls_that_race_fire_an_event_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """Three reads of every vehicle at the same time are as good as one."""
    vehicles = list(trackgps_server.world.vehicles)
    for vehicle_id in vehicles:
        trackgps_server.fuel.add(vehicle_id, "refill", 5.0, trackgps_server.world.now())
    await asyncio.gather(
        *(
            entry.runtime_data.fuel._async_read_vehicle(str(vehicle_id))  # noqa: SLF001
            for vehicle_id in vehicles * 3
        )
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(told) == len(vehicles)


async def test_what_is_recorded_while_another_event_is_written_waits_for_its_own(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever fires is on disk: what is not yet there would fire again."""
    now = trackgps_server.world.now()
    vehicle_id = str(next(iter(trackgps_server.world.vehicles)))
    fuel = entry.runtime_data.fuel
    saving, disk = asyncio.Event(), asyncio.Event()
    save = FuelLedger.async_save

    async def slow(ledger: FuelLedger) -> None:
        saving.set()
        await save(ledger)
        await disk.wait()

    def refill(volume: float) -> FuelReport:
        """Return a report of a refill, each at a time of its own."""
        event = FuelEvent(
            vehicle_id=vehicle_id,
            kind=FuelEventKind.REFUELLED,
            time=now - timedelta(hours=volume),
            volume=volume,
        )
        return FuelReport(events=(event,))

    monkeypatch.setattr(FuelLedger, "async_save", slow)
    fuel.ledger.record(vehicle_id, refill(1.0), now)
    firing = hass.async_create_task(fuel.teller.async_fire_pending())
    await saving.wait()
    fuel.ledger.record(vehicle_id, refill(2.0), now)
    disk.set()
    await firing
    assert volumes(told) == [1.0]
    await fuel.teller.async_fire_pending()
    assert volumes(told) == [1.0, 2.0]


@pytest.mark.parametrize(("days", "reloads"), [(3, False), (70, True)])
async def test_a_clock_that_ran_ahead_repeats_nothing_and_hides_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    move: Callable[[timedelta], None],
    freezer: FrozenDateTimeFactory,
    days: int,
    reloads: bool,
) -> None:
    """Home Assistant's clock is wrong for a while, and then it is right again."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))

    async def async_continue() -> None:
        if reloads:
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
        for _ in range(2):
            await async_read_fuel(hass, entry)

    move(timedelta(days=5))
    trackgps_server.fuel.add(
        vehicle_id, "refill", 30.0, world.now() - timedelta(hours=60)
    )
    await async_continue()
    freezer.move_to(world.now() + timedelta(days=days))
    await async_continue()
    move(timedelta(minutes=10))
    trackgps_server.requests.clear()
    trackgps_server.fuel.add(vehicle_id, "refill", 50.0, world.now())
    for _ in range(4):
        await async_continue()
        move(timedelta(hours=7))
    assert volumes(told) == [30.0, 50.0]
    assert [one.data["late"] for one in told] == [True, False]
    assert all(start < end for start, end in windows(trackgps_server))
    page = entry.runtime_data.fuel.ledger.accounts[str(vehicle_id)]
    assert page.read_until <= world.now()
    assert page.total(FuelEventKind.REFUELLED) == 80.0


async def test_a_vehicle_that_was_refused_is_asked_again_though_the_clock_went_back(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    move: Callable[[timedelta], None],
    freezer: FrozenDateTimeFactory,
) -> None:
    """A day by the clock that was wrong may be years."""
    world = trackgps_server.world
    vehicle_id = next(iter(world.vehicles))
    fuel = entry.runtime_data.fuel
    freezer.move_to(world.now() + timedelta(days=2000))
    trackgps_server.foreign = {trackgps_server.vendor_id(vehicle_id)}
    await async_read_fuel(hass, entry)
    assert set(fuel.denied) == {str(vehicle_id)}
    trackgps_server.foreign = set()
    entry.runtime_data.provider._access.granted([str(vehicle_id)])  # noqa: SLF001
    move(timedelta(minutes=10))
    trackgps_server.fuel.add(vehicle_id, "refill", 50.0, world.now())
    await async_read_fuel(hass, entry)
    assert volumes(told) == [50.0]


async def test_many_events_at_once_let_others_have_their_turn(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """After a long outage of a large fleet Home Assistant goes on meanwhile."""
    now = trackgps_server.world.now()
    for vehicle_id in trackgps_server.world.vehicles:
        for hours in range(1, 21):
            trackgps_server.fuel.add(
                vehicle_id, "refill", float(hours), now - timedelta(hours=hours)
            )
    assert await hass.config_entries.async_unload(entry.entry_id)
    turns: list[int] = []
    turn = 0

    @callback
    def take_turn() -> None:
        nonlocal turn
        turn += 1
        if len(turns) < 100:
            hass.loop.call_soon(take_turn)

    hass.bus.async_listen(EVENT_FUEL, callback(lambda _: turns.append(turn)))
    take_turn()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(turns) == 100
    assert max(Counter(turns).values()) <= 10
    times = [event.data["time"] for event in told]
    assert times == sorted(times)


async def test_an_account_unloaded_amid_many_events_tells_the_rest_afterwards(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """None is lost and none told twice, to the bus and to the entity."""
    now = trackgps_server.world.now()
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    for hours in range(1, 61):
        trackgps_server.fuel.add(
            vehicle_id, "refill", float(hours), now - timedelta(minutes=10 * hours)
        )
    unloading: list[asyncio.Task[bool]] = []

    @callback
    def unload(_: Event) -> None:
        if not unloading:
            unloading.append(
                hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
            )

    hass.bus.async_listen(EVENT_FUEL, unload)
    await entry.runtime_data.fuel.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert unloading
    assert await unloading[0]
    assert 0 < len(told) < 60
    await hass.config_entries.async_setup(entry.entry_id)
    await async_read_fuel(hass, entry)
    assert volumes(told) == [float(hours) for hours in range(60, 0, -1)]


async def test_a_vendor_that_is_down_at_the_start_delays_what_is_already_known(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """Bus and entity are told together, and so after the account is set up."""
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    fuel = entry.runtime_data.fuel
    now = trackgps_server.world.now()
    trackgps_server.fuel.add(vehicle_id, "theft", 30.0, now)
    # It is written down, and then the power fails.
    report = await entry.runtime_data.provider.fuel(
        str(vehicle_id), now - timedelta(hours=1), now
    )
    assert fuel.ledger.record(str(vehicle_id), report, now)
    trackgps_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert told == []
    trackgps_server.faults.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0]


async def test_an_old_write_never_overwrites_what_a_reload_brought(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
    hass_storage: dict[str, Any],
) -> None:
    """A save that was still waiting at the reload writes what is known by then."""
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    entry.runtime_data.fuel.ledger.async_save_later()
    await hass.config_entries.async_reload(entry.entry_id)
    trackgps_server.fuel.add(vehicle_id, "refill", 30.0, trackgps_server.world.now())
    await async_read_fuel(hass, entry)
    assert len(told) == 1
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    page = hass_storage[f"fleet_telematics.{entry.entry_id}.fuel"]["data"]["vehicles"][
        str(vehicle_id)
    ]
    assert [one["fired"] for one in page["entries"]] == [True]


async def test_a_corrected_time_zone_makes_no_news_of_what_is_known(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    told: list[Event[dict[str, Any]]],
    trackgps_server: TrackGpsServer,
) -> None:
    """The same rows then mean other times, and are the same events."""
    vehicle_id = next(iter(trackgps_server.world.vehicles))
    happened = trackgps_server.world.now() - timedelta(hours=20)
    trackgps_server.fuel.add(vehicle_id, "refill", 30.0, happened)
    await async_read_fuel(hass, entry)
    trackgps_server.fuel.add(vehicle_id, "refill", 40.0, happened + timedelta(hours=9))
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "time_zone": "Asia/Tokyo"}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await async_read_fuel(hass, entry)
    assert volumes(told) == [30.0, 40.0]
    # Tokyo is seven hours ahead of Bucharest in winter.
    assert datetime.fromisoformat(told[1].data["time"]) == happened + timedelta(hours=2)
    page = entry.runtime_data.fuel.ledger.accounts[str(vehicle_id)]
    assert page.entries[0].event.time == happened - timedelta(hours=7)
