"""The past of vehicles in Home Assistant's long-term statistics."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
import logging
import math
from typing import Any
from unittest.mock import patch

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import TripRecord, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    Unreachable,
)
from custom_components.fleet_telematics.statistics import step
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.movens import MovensServer

from .conftest import NOW, Clock
from .helpers import async_set_up, entry_of
from .statistics import (
    Later,
    Rows,
    async_ask,
    async_import,
    async_night,
    async_ours,
    async_rows,
    async_trips,
    async_until,
    device_of,
    shown,
    start_import,
)
from .vendors import vehicle_of

# The fourth vehicle of a world is private at times.
WORLD = {"vehicles": 4, "history": timedelta(days=400)}
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = datetime(2025, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
WEEKS = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
# Where the first of two steps ends.
BORDER = datetime(2026, 11, 3, tzinfo=UTC)
DAY = timedelta(days=1)
IMPORTER = "custom_components.fleet_telematics.statistics.importer"
UPDATE = "custom_components.fleet_telematics.statistics.update"

pytestmark = pytest.mark.parametrize("world", [WORLD], indirect=True)


@pytest.fixture(autouse=True)
def mock_recorder_before_hass(recorder_db_url: str) -> Iterator[None]:
    """Have a database before Home Assistant, without a word on each query."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def recorder(recorder_mock: Recorder) -> Recorder:
    """Have a recorder."""
    return recorder_mock


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch, world: World) -> set[int]:
    """Let vehicles rest from evening to morning; return trips that come late."""
    late: set[int] = set()
    trips = world.trips

    def told(vehicle_id: int, start: datetime, end: datetime) -> list[TripRecord]:
        return [
            trip
            for trip in trips(vehicle_id, start, end)
            if 6 <= trip.start.time.hour < 12 and trip.trip_id not in late
        ]

    monkeypatch.setattr(world, "trips", told)
    return late


@pytest.fixture
def vehicle(world: World) -> int:
    """Return the vehicle that it is about."""
    return list(world.vehicles)[3]


@pytest.fixture
async def entry(hass: HomeAssistant, fleetgo_server: FleetGoServer) -> MockConfigEntry:
    """Return a loaded account."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    return entry


@pytest.fixture
def device(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    vehicle: int,
) -> str:
    """Return the id of the vehicle's device."""
    return device_of(hass, entry, vehicle_of(fleetgo_server, vehicle))


@pytest.fixture
async def client(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """Return a browser's connection."""
    # They serve pages, which nothing can once a browser is there.
    for component in ("calendar", "image"):
        assert await async_setup_component(hass, component, {})
    return await hass_ws_client(hass)


def only(rows: Rows, kind: str) -> list[tuple[float, float, float]]:
    """Return the rows of the one statistic of a kind."""
    (found,) = (one for key, one in rows.items() if key.endswith(f"_{kind}"))
    return found


def local_day(moment: float) -> date:
    """Return the day in Home Assistant's time zone."""
    return dt_util.as_local(dt_util.utc_from_timestamp(moment)).date()


def total(rows: Rows, kind: str) -> float:
    """Return what all rows add up to."""
    return math.fsum(amount for _, amount, _ in only(rows, kind))


async def test_hours_add_up_to_the_trips(
    hass: HomeAssistant, device: str, client: MockHAClientWebSocket, world: World
) -> None:
    """Distance and fuel of private trips, too; nothing else is told by the vendor."""
    trips = await async_trips(hass, device, *WEEKS)
    assert any(trip["kind"] == "private" for trip in trips)

    answer = await async_import(hass, device, *WEEKS)

    listed = await async_ours(client)
    rows = await async_rows(client, LONG_AGO)
    assert set(answer["statistic_ids"]) == listed.keys() == rows.keys()
    assert answer["rows"] == sum(len(one) for one in rows.values())
    assert dt_util.parse_datetime(answer["from"]) == WEEKS[0]
    assert dt_util.parse_datetime(answer["to"]) == WEEKS[1]
    assert total(rows, "distance") == pytest.approx(
        sum(trip["distance_km"] for trip in trips)
    )
    assert total(rows, "fuel_used") == pytest.approx(
        sum(trip["fuel_l"] for trip in trips)
    )
    name = list(world.vehicles.values())[3].plate
    assert [
        (one["name"], one["statistics_unit_of_measurement"], one["unit_class"])
        for one in listed.values()
    ] == [
        (f"{name} distance", "km", "distance"),
        (f"{name} fuel used", "L", "volume"),
    ]
    assert all(one["has_sum"] and one["mean_type"] == 0 for one in listed.values())


async def test_a_year_that_is_imported_twice_is_the_same(
    hass: HomeAssistant, device: str, client: MockHAClientWebSocket
) -> None:
    """Each row of it, and the answer."""
    first = await async_import(hass, device, *YEAR)
    rows = await async_rows(client, LONG_AGO)
    second = await async_import(hass, device, *YEAR)

    assert second == first
    assert first["rows"] == sum(len(one) for one in rows.values()) > 2 * 365 * 7
    assert await async_rows(client, LONG_AGO) == rows
    assert only(rows, "distance")[-1][2] == pytest.approx(total(rows, "distance"))
    assert total(rows, "distance") > 10_000


async def test_windows_in_any_order_end_in_the_same_rows(
    hass: HomeAssistant,
    device: str,
    client: MockHAClientWebSocket,
) -> None:
    """Windows that overlap, and one that begins before what is stored."""
    start, end = WEEKS
    # In the middle of drives: hours are imported as a whole.
    for first, last in (
        (start + 9.3 * DAY, start + 15.4 * DAY),
        (start + 12.35 * DAY, end),
        (start, start + 9.3 * DAY),
    ):
        await async_import(hass, device, first, last)
    piecemeal = await async_rows(client, LONG_AGO)

    await async_import(hass, device, *WEEKS)

    assert await async_rows(client, LONG_AGO) == piecemeal
    running = 0.0
    for _, amount, total_so_far in only(piecemeal, "distance"):
        running += amount
        assert total_so_far == running


async def test_a_late_trip_moves_the_later_sums(
    hass: HomeAssistant,
    device: str,
    vehicle: int,
    client: MockHAClientWebSocket,
    world: World,
    untold: set[int],
) -> None:
    """Only its own hours change their amounts."""
    day = WEEKS[0] + 8 * DAY
    late = world.trips(vehicle, day, day + DAY)[1]
    untold.add(late.trip_id)
    await async_import(hass, device, *WEEKS)
    before = only(await async_rows(client, LONG_AGO), "distance")

    untold.clear()
    await async_import(hass, device, day, day + DAY)

    after = only(await async_rows(client, LONG_AGO), "distance")
    touched = {
        hour * 3600
        for hour in range(
            int(late.start.time.timestamp()) // 3600,
            int(late.end.time.timestamp()) // 3600 + 1,
        )
    }
    amounts = {start: amount for start, amount, _ in before}
    for start, amount, _ in after:
        if start not in touched:
            assert amount == amounts.get(start, 0.0)
    end_of_day = (day + DAY).timestamp()
    sums = {start: one for start, _, one in before}
    later = [one - sums[start] for start, _, one in after if start >= end_of_day]
    assert len(later) > 100
    assert later == pytest.approx([late.distance] * len(later), abs=0.01)
    # As if it had never been late.
    await async_import(hass, device, *WEEKS)
    assert only(await async_rows(client, LONG_AGO), "distance") == after


async def test_a_trip_that_was_corrected_is_corrected(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    device: str,
    vehicle: int,
    client: MockHAClientWebSocket,
    world: World,
    untold: set[int],
) -> None:
    """With another distance, or gone altogether."""
    await async_import(hass, device, *WEEKS)
    before = total(await async_rows(client, LONG_AGO), "distance")
    day = WEEKS[0] + 8 * DAY
    longer, gone = world.trips(vehicle, day, day + DAY)[1:3]

    fleetgo_server.saved_trips[longer.trip_id] = {"Distance": longer.distance + 100}
    untold.add(gone.trip_id)
    await async_import(hass, device, day, day + DAY)

    rows = await async_rows(client, LONG_AGO)
    expected = before + 100 - gone.distance
    assert total(rows, "distance") == pytest.approx(expected, abs=0.1)
    assert only(rows, "distance")[-1][2] == pytest.approx(expected, abs=0.1)


async def test_home_assistant_tells_the_right_amount_of_any_period(
    hass: HomeAssistant, device: str, client: MockHAClientWebSocket
) -> None:
    """Bars of days, and a card's number from any hour to any other, gaps or not."""
    await async_import(hass, device, *WEEKS)
    hours = only(await async_rows(client, LONG_AGO), "distance")
    (statistic_id,) = (one for one in await async_ours(client) if "distance" in one)
    assert 0 < len(hours) < 30 * 12

    days = only(await async_rows(client, WEEKS[0] - DAY, "day"), "distance")
    assert len(days) in (30, 31)
    for start, change, _ in days:
        day = local_day(start)
        assert change == pytest.approx(
            sum(amount for hour, amount, _ in hours if local_day(hour) == day)
        )

    for begin in range(30):
        first = WEEKS[0] + 5 * DAY + timedelta(hours=begin)
        for length in (3, 24, 47, 168):
            end = first + timedelta(hours=length)
            inside = [
                amount
                for hour, amount, _ in hours
                if first.timestamp() <= hour < end.timestamp()
            ]
            told = await async_ask(
                client,
                "statistic_during_period",
                statistic_id=statistic_id,
                fixed_period={
                    "start_time": first.isoformat(),
                    "end_time": end.isoformat(),
                },
                types=["change"],
            )
            # Of no row at all Home Assistant tells nothing.
            assert told["change"] == (pytest.approx(sum(inside)) if inside else None)


async def test_a_dry_run_writes_nothing(
    hass: HomeAssistant,
    device: str,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
) -> None:
    """It tells what the import would."""
    told = await async_import(hass, device, *WEEKS, dry_run=True)

    assert told["rows"] > 0
    assert await async_ours(client) == {}
    assert memory(hass_storage, entry) is None
    assert await async_import(hass, device, *WEEKS) == told
    assert await async_import(hass, device, *WEEKS, dry_run=True) == told


async def test_a_renamed_vehicle_renames_its_statistics(
    hass: HomeAssistant, device: str, client: MockHAClientWebSocket
) -> None:
    """The next import does; the ids stay."""
    await async_import(hass, device, *WEEKS)
    ids = (await async_ours(client)).keys()
    dr.async_get(hass).async_update_device(device, name_by_user="Grandma")

    await async_import(hass, device, *WEEKS)

    listed = await async_ours(client)
    assert listed.keys() == ids
    assert {one["name"] for one in listed.values()} == {
        "Grandma distance",
        "Grandma fuel used",
    }


async def test_several_vehicles_are_imported_together(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    client: MockHAClientWebSocket,
    world: World,
) -> None:
    """Each has statistics of its own, and is imported once."""
    devices = [
        device_of(hass, entry, vehicle_of(fleetgo_server, one))
        for one in world.vehicles
    ]
    before = len(fleetgo_server.requests)
    answer = await async_import(hass, [*devices, devices[0]], WEEKS[1] - DAY, WEEKS[1])

    assert len(answer["statistic_ids"]) == 2 * len(devices)
    assert set(answer["statistic_ids"]) == (await async_ours(client)).keys()
    assert len(fleetgo_server.requests) - before == len(devices)


async def test_progress_is_shown(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, device: str
) -> None:
    """Step by step, and no longer than it takes."""
    fleetgo_server.faults = [Fault(kind=FaultKind.LATENCY, path="GetTrips", delay=0.2)]
    importing = start_import(hass, device, *WEEKS)

    await async_until(lambda: "0 of 2 steps" in (shown(hass) or ""))
    assert "2026-10-20" in (shown(hass) or "")
    await async_until(lambda: "1 of 2 steps" in (shown(hass) or ""))
    assert "2026-11-03" in (shown(hass) or "")
    await importing
    assert shown(hass) is None


async def async_half(
    hass: HomeAssistant, server: FleetGoServer, device: str
) -> asyncio.Task[dict[str, Any]]:
    """Import in two steps, and wait until one is done and the other asked for."""
    server.faults = [
        Later(kind=FaultKind.LATENCY, path="GetTrips", delay=60, skip=1, times=1)
    ]
    importing = start_import(hass, device, *WEEKS)
    await async_until(lambda: "1 of 2 steps" in (shown(hass) or ""))
    return importing


def memory(hass_storage: dict[str, Any], entry: MockConfigEntry) -> Any:
    """Return the import that is kept on disk."""
    stored = hass_storage.get(f"{DOMAIN}.{entry.entry_id}.statistics")
    return None if stored is None else stored["data"]["job"]


def asked_windows(server: FleetGoServer) -> list[tuple[datetime, datetime]]:
    """Return the windows of which trips were asked."""
    return [
        (
            datetime.fromisoformat(one.query["from"]).replace(tzinfo=UTC),
            datetime.fromisoformat(one.query["to"]).replace(tzinfo=UTC),
        )
        for one in server.requests
        if "gettrips" in one.path.lower()
    ]


async def async_is_complete(
    hass: HomeAssistant, client: MockHAClientWebSocket, device: str
) -> None:
    """Importing it once more changes nothing."""
    rows = await async_rows(client, LONG_AGO)
    assert rows
    await async_import(hass, device, *WEEKS)
    assert await async_rows(client, LONG_AGO) == rows


def first_step(rows: Rows) -> Rows:
    """Return the rows of the first step."""
    border = BORDER.timestamp()
    return {
        key: [row for row in one if row[0] < border - 3600] for key, one in rows.items()
    }


async def test_an_import_can_be_cancelled(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
) -> None:
    """What is complete stays, and nothing goes on; another import may follow."""
    importing = await async_half(hass, fleetgo_server, device)
    assert memory(hass_storage, entry)["done"] == 1

    await hass.services.async_call(
        DOMAIN, "cancel_import", {"config_entry_id": entry.entry_id}, blocking=True
    )

    with pytest.raises(HomeAssistantError, match="cancelled"):
        await importing
    assert shown(hass) is None
    assert memory(hass_storage, entry) is None
    half = await async_rows(client, LONG_AGO)
    await async_import(hass, device, *WEEKS)
    whole = await async_rows(client, LONG_AGO)
    assert first_step(whole) == first_step(half)
    assert len(only(half, "distance")) < len(only(whole, "distance"))
    with pytest.raises(ServiceValidationError, match="No statistics"):
        await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)


async def test_whoever_stops_waiting_cancels_the_import(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    hass_storage: dict[str, Any],
) -> None:
    """As a script does that is stopped."""
    importing = await async_half(hass, fleetgo_server, device)

    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
    await hass.async_block_till_done(wait_background_tasks=True)

    assert shown(hass) is None
    assert memory(hass_storage, entry) is None
    assert not entry.runtime_data.statistics.running


async def test_an_account_has_one_import_at_a_time(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, device: str
) -> None:
    """The second one is refused, and the first one goes on."""
    importing = await async_half(hass, fleetgo_server, device)

    with pytest.raises(ServiceValidationError, match="already"):
        await async_import(hass, device, *WEEKS)
    assert not importing.done()

    await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)
    with pytest.raises(HomeAssistantError):
        await importing


async def test_a_vendors_failure_leaves_what_is_complete(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
) -> None:
    """Whoever asked hears of it, and may ask again."""
    fleetgo_server.faults = [Later(kind=FaultKind.HTTP_500, path="GetTrips", skip=1)]
    with pytest.raises(HomeAssistantError, match="cannot be reached"):
        await async_import(hass, device, *WEEKS)
    half = await async_rows(client, LONG_AGO)
    assert memory(hass_storage, entry) is None
    assert shown(hass) is None

    fleetgo_server.faults.clear()
    await async_import(hass, device, *WEEKS)

    assert first_step(await async_rows(client, LONG_AGO)) == first_step(half)
    assert len(first_step(half)) == 2


async def test_an_import_goes_on_after_a_reload(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
) -> None:
    """Where it stopped, and in the background; whoever waits hears of it."""
    importing = await async_half(hass, fleetgo_server, device)

    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError, match="goes on"):
        await importing
    assert shown(hass) is None
    assert memory(hass_storage, entry)["done"] == 1
    fleetgo_server.requests.clear()
    await async_set_up(hass, entry)
    await async_until(lambda: memory(hass_storage, entry) is None)

    # A drive may have begun the day before.
    asked = asked_windows(fleetgo_server)
    assert (BORDER - DAY, WEEKS[1]) in asked
    assert WEEKS[0] - DAY not in {start for start, _ in asked}
    await async_is_complete(hass, client, device)


def interrupted(
    hass_storage: dict[str, Any], entry: MockConfigEntry, vehicle_id: str, done: int = 0
) -> None:
    """Let an import be on disk as a killed Home Assistant left it."""
    key = f"{DOMAIN}.{entry.entry_id}.statistics"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {
            "job": {
                "vehicle_ids": [vehicle_id, "sold"],
                "start": WEEKS[0].isoformat(),
                "end": WEEKS[1].isoformat(),
                "vehicles_per_read": 1,
                "done": done,
            },
            "vehicles": {},
            "last": None,
        },
    }


async def async_start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an account up without waiting for what goes on in the background."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)


@pytest.mark.parametrize("done", [0, 1])
async def test_an_import_goes_on_after_a_restart(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
    done: int,
) -> None:
    """Home Assistant may have been killed: what counts is on disk."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle), done)

    await async_set_up(hass, entry)
    await async_until(lambda: memory(hass_storage, entry) is None)

    assert not entry.runtime_data.statistics.running
    rows = await async_rows(client, LONG_AGO)
    assert bool(only(first_step(rows), "distance")) is (done == 0)
    if done == 0:
        device = device_of(hass, entry, vehicle_of(fleetgo_server, vehicle))
        await async_is_complete(hass, client, device)


async def test_what_goes_on_waits_for_the_vendor(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody would hear of a failure."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    fleetgo_server.faults = [Fault(kind=FaultKind.HTTP_500, path="GetTrips")]

    with patch(f"{IMPORTER}._FIRST_PAUSE", 0.01):
        await async_start(hass, entry)
        await async_until(lambda: caplog.text.count("statistics import waits") > 1)
        assert memory(hass_storage, entry)["done"] == 0
        fleetgo_server.faults.clear()
        await async_until(lambda: memory(hass_storage, entry) is None)

    device = device_of(hass, entry, vehicle_of(fleetgo_server, vehicle))
    await async_is_complete(hass, client, device)


async def test_what_goes_on_waits_for_new_credentials(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The account is loaded again once the user gave them."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    with patch(f"{IMPORTER}.async_run_step", side_effect=AuthenticationFailed("no")):
        await async_start(hass, entry)
        await async_until(lambda: "statistics import waits" in caplog.text)
    assert memory(hass_storage, entry) is not None

    await hass.config_entries.async_reload(entry.entry_id)

    await async_until(lambda: memory(hass_storage, entry) is None)


async def test_what_waits_for_new_credentials_can_be_cancelled(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It does not go on once they are there."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    with patch(f"{IMPORTER}.async_run_step", side_effect=AuthenticationFailed("no")):
        await async_start(hass, entry)
        await async_until(lambda: "statistics import waits" in caplog.text)

    await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)

    assert memory(hass_storage, entry) is None


async def test_an_import_that_begins_before_the_start_runs_once(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
) -> None:
    """It is not taken for one that a restart interrupted."""
    entry = entry_of(fleetgo_server)
    hass.set_state(CoreState.starting)
    await async_start(hass, entry)
    device = device_of(hass, entry, vehicle_of(fleetgo_server, vehicle))
    importing = await async_half(hass, fleetgo_server, device)

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await asyncio.sleep(0.1)
    # It is the only one.
    await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)

    async with asyncio.timeout(5):
        with pytest.raises(HomeAssistantError, match="cancelled"):
            await importing


async def test_what_goes_on_can_be_cancelled(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    hass_storage: dict[str, Any],
) -> None:
    """By the same action."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    fleetgo_server.faults = [Fault(kind=FaultKind.LATENCY, path="GetTrips", delay=60)]
    await async_start(hass, entry)

    await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)

    assert memory(hass_storage, entry) is None
    assert not entry.runtime_data.statistics.running


async def test_what_waits_for_the_start_can_be_cancelled(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    hass_storage: dict[str, Any],
) -> None:
    """An import goes on only once Home Assistant has started."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    hass.set_state(CoreState.starting)
    await async_start(hass, entry)
    assert entry.runtime_data.statistics.running
    assert memory(hass_storage, entry)["done"] == 0

    await hass.services.async_call(DOMAIN, "cancel_import", {}, blocking=True)

    assert memory(hass_storage, entry) is None
    assert not entry.runtime_data.statistics.running


async def test_what_goes_on_leaves_out_whom_the_vendor_refuses(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    world: World,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asking again would not help; the others are imported all the same."""
    entry = entry_of(fleetgo_server)
    refused, wanted = (
        vehicle_of(fleetgo_server, one) for one in (list(world.vehicles)[0], vehicle)
    )
    interrupted(hass_storage, entry, refused)
    job = hass_storage[f"{DOMAIN}.{entry.entry_id}.statistics"]["data"]["job"]
    job["vehicle_ids"].append(wanted)
    run_step = step.async_run_step
    asked = 0

    async def run(*args: Any, **more: Any) -> Any:
        nonlocal asked
        if args[2].vehicle_ids == (refused,):
            asked += 1
            raise AccessDenied("not yours")
        return await run_step(*args, **more)

    with patch(f"{IMPORTER}.async_run_step", run):
        await async_start(hass, entry)
        await async_until(lambda: memory(hass_storage, entry) is None)

    assert asked == 1
    assert (
        "FleetGO: statistics import left out 1 of 3 vehicles (not yours)" in caplog.text
    )
    assert len(await async_ours(client)) == 2
    await async_is_complete(hass, client, device_of(hass, entry, wanted))


async def test_what_goes_on_ends_where_the_vendor_refuses_everybody(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not asked for all its windows."""
    entry = entry_of(fleetgo_server)
    interrupted(hass_storage, entry, vehicle_of(fleetgo_server, vehicle))
    fleetgo_server.denied = {"trips"}

    await async_start(hass, entry)
    await async_until(lambda: memory(hass_storage, entry) is None)

    assert "statistics import left out 1 of 2 vehicles" in caplog.text


async def test_an_account_that_is_deleted_leaves_nothing(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    hass_storage: dict[str, Any],
) -> None:
    """Its import ends with it."""
    importing = await async_half(hass, fleetgo_server, device)
    assert memory(hass_storage, entry) is not None

    await hass.config_entries.async_remove(entry.entry_id)

    with pytest.raises(HomeAssistantError):
        await importing
    assert f"{DOMAIN}.{entry.entry_id}.statistics" not in hass_storage


async def test_an_account_that_is_deleted_while_it_writes_leaves_nothing(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    entry: MockConfigEntry,
    device: str,
    hass_storage: dict[str, Any],
) -> None:
    """What is on its way to a slow disk would outlive the account."""
    save = Store.async_save
    saving = asyncio.Event()

    async def slowly(store: Store[Any], data: Any) -> None:
        if store.key == f"{DOMAIN}.{entry.entry_id}.statistics":
            saving.set()
            await asyncio.sleep(0.2)
        await save(store, data)

    with patch.object(Store, "async_save", slowly):
        importing = start_import(hass, device, *WEEKS)
        await saving.wait()
        await hass.config_entries.async_remove(entry.entry_id)
        with pytest.raises(HomeAssistantError):
            await importing
        await hass.async_block_till_done(wait_background_tasks=True)

    assert f"{DOMAIN}.{entry.entry_id}.statistics" not in hass_storage


async def test_other_vendors_are_refused(
    hass: HomeAssistant, movens_server: MovensServer, world: World
) -> None:
    """Movens tells last trips alone."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    device = device_of(
        hass, entry, vehicle_of(movens_server, next(iter(world.vehicles)))
    )

    with pytest.raises(ServiceValidationError, match="does not offer"):
        await async_import(hass, device, *WEEKS)


async def async_distance(
    client: MockHAClientWebSocket, vehicle_id: str
) -> list[tuple[float, float, float]]:
    """Return the rows of a vehicle's distance."""
    rows = await async_rows(client, LONG_AGO)
    (found,) = (
        one
        for key, one in rows.items()
        if f"_{vehicle_id}_" in key and key.endswith("_distance")
    )
    return found


async def async_days(hass: HomeAssistant, vehicle_id: str) -> set[date]:
    """Return the days for which there is some distance of a vehicle.

    No browser keeps its connection, and its login, over a week of nights.
    """
    kept = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        LONG_AGO,
        None,
        None,
        "hour",
        None,
        {"state"},
    )
    return {
        local_day(row["start"])
        for key, rows in kept.items()
        if f"_{vehicle_id}_" in key and key.endswith("_distance")
        for row in rows
        if row["state"]
    }


def driven(world: World, vehicle_id: int, until: datetime) -> set[date]:
    """Return the days on which a vehicle drove since the tests began."""
    return {
        local_day(trip.start.time.timestamp())
        for trip in world.trips(vehicle_id, NOW, until)
    }


def amount_at(rows: list[tuple[float, float, float]], hour: float) -> float:
    """Return what happened in an hour."""
    return sum(amount for start, amount, _ in rows if start == hour)


async def test_the_last_days_are_imported_every_night(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    clock: Clock,
    world: World,
    untold: set[int],
) -> None:
    """Where the options say so; what came late is in its hour then."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    late = world.trips(vehicle, NOW - DAY, NOW)[-1]
    untold.add(late.trip_id)

    await async_night(hass, clock)
    assert len(await async_ours(client)) == 2 * len(world.vehicles)
    before = await async_distance(client, vehicle_of(fleetgo_server, vehicle))

    untold.clear()
    await async_night(hass, clock)
    after = await async_distance(client, vehicle_of(fleetgo_server, vehicle))
    hour = late.start.time.timestamp() // 3600 * 3600
    assert amount_at(after, hour) > amount_at(before, hour)


async def test_a_night_that_was_missed_is_made_up_for(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The vendor was down, and then Home Assistant was."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    await async_night(hass, clock)
    fleetgo_server.faults = [Fault(kind=FaultKind.HTTP_500, path="GetTrips")]
    await async_night(hass, clock)
    assert "some statistics are updated tomorrow" in caplog.text
    await hass.config_entries.async_unload(entry.entry_id)
    clock.advance(days=8)
    fleetgo_server.faults.clear()
    await async_set_up(hass, entry)

    await async_night(hass, clock)

    rows = await async_distance(client, vehicle_of(fleetgo_server, vehicle))
    days = {local_day(start) for start, amount, _ in rows if amount}
    assert days >= {(NOW + number * DAY).date() for number in range(10)}


async def test_vehicles_of_others_are_passed_over_at_night(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    client: MockHAClientWebSocket,
    clock: Clock,
) -> None:
    """What the account may not see costs no other vehicle its update."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    run_step = step.async_run_step
    refused = list(entry.runtime_data.fleet.vehicles)[0]

    async def run(*args: Any, **more: Any) -> Any:
        if args[2].vehicle_ids == (refused,):
            raise AccessDenied("not yours")
        return await run_step(*args, **more)

    with patch(f"{IMPORTER}.async_run_step", run):
        await async_night(hass, clock)

    assert len(await async_ours(client)) == 2 * 3
    updated = entry.runtime_data.statistics.memory.updated
    assert updated == dict.fromkeys(entry.runtime_data.fleet.vehicles, clock.now)


async def test_one_vehicles_trouble_costs_no_other_one_its_night(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is made up for as soon as the vendor tells of that vehicle again."""
    caplog.set_level(logging.INFO)
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    await async_night(hass, clock)
    run_step = step.async_run_step
    troubled = list(entry.runtime_data.fleet.vehicles)[0]

    async def run(*args: Any, **more: Any) -> Any:
        if args[2].vehicle_ids == (troubled,):
            raise Unreachable("GET /Trips/GetTrips: HTTP 500")
        return await run_step(*args, **more)

    with patch(f"{IMPORTER}.async_run_step", run):
        for _ in range(4):
            await async_night(hass, clock)
    updated = entry.runtime_data.statistics.memory.updated
    assert updated.pop(troubled) == clock.now - 4 * DAY
    assert set(updated.values()) == {clock.now}
    assert caplog.text.count("FleetGO: some statistics are updated tomorrow") == 4

    await async_night(hass, clock)
    number = fleetgo_server.vehicle_id(troubled)
    assert number is not None
    assert await async_days(hass, troubled) >= driven(
        fleetgo_server.world, number, clock.now
    )


async def test_a_vendor_that_is_down_is_left_alone_at_night(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """Three failures in a row are the vendor's and not a vehicle's."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    asked = len(asked_windows(fleetgo_server))
    fleetgo_server.faults = [Fault(kind=FaultKind.HTTP_500, path="GetTrips")]
    runs: list[tuple[str, ...]] = []
    run_step = step.async_run_step

    async def run(*args: Any, **more: Any) -> Any:
        runs.append(args[2].vehicle_ids)
        return await run_step(*args, **more)

    with patch(f"{IMPORTER}.async_run_step", run):
        await async_night(hass, clock)
    assert len(runs) == 3
    assert len(asked_windows(fleetgo_server)) >= asked + 3
    assert entry.runtime_data.statistics.memory.updated == {}


async def test_a_night_that_is_too_short_goes_on_in_the_next_one(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    hass_storage: dict[str, Any],
) -> None:
    """Everybody has a turn, also over a restart, and no day is left out."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    fleet = sorted(entry.runtime_data.fleet.vehicles)
    runs: list[str] = []
    run_step = step.async_run_step

    async def run(*args: Any, **more: Any) -> Any:
        runs.extend(args[2].vehicle_ids)
        return await run_step(*args, **more)

    with (
        patch(f"{IMPORTER}.async_run_step", run),
        patch(f"{UPDATE}._LONGEST_NIGHT", 0.0),
    ):
        for night in range(1, 9):
            await async_night(hass, clock)
            assert runs == (fleet * 2)[:night]
            if night in (2, 5):
                await hass.config_entries.async_reload(entry.entry_id)
                await hass.async_block_till_done(wait_background_tasks=True)

    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.statistics"]["data"]
    assert stored["last"] == fleet[-1]
    assert stored["vehicles"].keys() == set(fleet)
    for place, vehicle_id in enumerate(fleet):
        number = fleetgo_server.vehicle_id(vehicle_id)
        assert number is not None
        assert await async_days(hass, vehicle_id) >= driven(
            fleetgo_server.world, number, NOW + (place + 5) * DAY
        )


async def test_a_restart_in_the_night_costs_nobody_a_turn(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    hass_storage: dict[str, Any],
) -> None:
    """Not even where there is one every night: who had a turn is written down."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    fleet = sorted(entry.runtime_data.fleet.vehicles)
    run_step = step.async_run_step
    hangs = asyncio.Event()

    async def run(*args: Any, **more: Any) -> Any:
        if args[2].vehicle_ids == (fleet[1],):
            hangs.set()
            await asyncio.Event().wait()
        return await run_step(*args, **more)

    with (
        patch(f"{IMPORTER}.async_run_step", run),
        patch(f"{UPDATE}._SAVED_EVERY", 0.0),
    ):
        night = hass.async_create_task(async_night(hass, clock))
        await hangs.wait()
        await hass.config_entries.async_unload(entry.entry_id)
        await night

    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.statistics"]["data"]
    assert stored["last"] == fleet[0]
    assert list(stored["vehicles"]) == [fleet[0]]


async def test_nothing_is_imported_at_night_unless_it_is_wanted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MockHAClientWebSocket,
    clock: Clock,
) -> None:
    """The option is off by default."""
    await async_night(hass, clock)

    assert await async_ours(client) == {}


async def test_an_update_and_an_import_take_turns(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    vehicle: int,
    client: MockHAClientWebSocket,
    clock: Clock,
) -> None:
    """Both end, in the same rows as one after the other."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    device = device_of(hass, entry, vehicle_of(fleetgo_server, vehicle))
    fleetgo_server.faults = [Fault(kind=FaultKind.LATENCY, path="GetTrips", delay=0.1)]
    period = WEEKS[0], NOW + DAY
    night = hass.async_create_task(async_night(hass, clock))
    await async_until(lambda: len(asked_windows(fleetgo_server)) > 4)

    await async_import(hass, device, *period)
    await night

    fleetgo_server.faults.clear()
    assert len(await async_ours(client)) == 2 * 4
    rows = await async_rows(client, LONG_AGO)
    await async_import(hass, device, *period)
    assert await async_rows(client, LONG_AGO) == rows
