"""The actions that return the past: trips, positions and fuel events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
import re
from typing import Any
from unittest.mock import AsyncMock
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN, EVENT_FUEL
from custom_components.fleet_telematics.providers import PROVIDERS
from custom_components.fleet_telematics.providers.capabilities import PositionHistory
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.fleetwork import FleetworkServer
from simulator.movens import MovensServer
from simulator.ocean import OceanServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer
from simulator.trackgps_fuel import Revision

from .automations import device_of
from .conftest import Clock
from .helpers import async_set_up, entry_of
from .truth import Truth, has_user
from .vendors import VENDORS, vehicle_of, vendors

ACTIONS = ("get_trips", "get_positions", "get_fuel_events")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
TRIP = {
    "id",
    "start",
    "end",
    "distance_km",
    "duration_s",
    "fuel_l",
    "driver",
    "kind",
    "purpose",
    "from",
    "to",
    "polyline",
}
POSITION = {
    "time",
    "latitude",
    "longitude",
    "speed_kmh",
    "heading",
    "altitude_m",
    "odometer_km",
    "engine_on",
}
FUEL_EVENT = {
    "event_type",
    "event_id",
    "time",
    "volume",
    "percent",
    "level_before",
    "level_after",
    "source",
    "origin",
    "location",
    "latitude",
    "longitude",
    "private",
    "late",
    "earliest",
    "latest",
}
# They tell each drive; Fleetwork tells days, Movens the last drive.
EACH_DRIVE = ("fleetgo", "ocean", "trackgps")
WITH_POSITIONS = tuple(
    key for key in VENDORS if issubclass(PROVIDERS[key], PositionHistory)
)


async def async_ask(
    hass: HomeAssistant, action: str, device_id: str, **fields: Any
) -> list[dict[str, Any]]:
    """Return the rows that an action answers."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device_id, **fields},
        blocking=True,
        return_response=True,
    )
    (rows,) = answer.values()
    found: list[dict[str, Any]] = rows
    return found


async def async_connect(
    hass: HomeAssistant, server: VendorServer, options: dict[str, Any] | None = None
) -> tuple[int, str]:
    """Set an account up; return a vehicle that everybody tells of, and its device."""
    entry = entry_of(server, options)
    await async_set_up(hass, entry)
    number = next(
        one
        for one in server.world.vehicles
        if has_user(Truth(source=server, number=one))
    )
    return number, device_of(hass, entry, vehicle_of(server, number)).id


def near(told: str | None, truth: datetime, within: timedelta = SECOND) -> bool:
    """Say whether a time that was told is the true one."""
    return told is not None and abs(datetime.fromisoformat(told) - truth) <= within


@vendors(*EACH_DRIVE)
async def test_trips_are_what_the_world_drove(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """When, how far, from where to where; times are Home Assistant's."""
    await hass.config.async_set_time_zone("Asia/Tokyo")
    number, device = await async_connect(hass, server, {"expose_drivers": True})

    told = await async_ask(
        hass, "get_trips", device, start=clock.now - 2 * DAY, end=clock.now + DAY
    )

    trips = server.world.trips(number, clock.now - 2 * DAY, clock.now)
    assert len(told) == len(trips) > 5
    assert len({one["id"] for one in told}) == len(told)
    for one, trip in zip(told, trips, strict=True):
        assert one.keys() == TRIP
        assert near(one["start"], trip.start.time)
        assert near(one["end"], trip.end.time)
        assert one["start"].endswith("+09:00")
        assert one["distance_km"] == pytest.approx(trip.distance, abs=0.06)
        duration = trip.duration.total_seconds()
        assert one["duration_s"] == pytest.approx(duration, abs=2)
        assert one["driver"] == server.world.vehicles[number].driver.name
        if server.key != "ocean":
            assert one["fuel_l"] == pytest.approx(trip.fuel_used, abs=0.06)
        assert one["polyline"] is None
        for key, state in (("from", trip.start), ("to", trip.end)):
            assert one[key].keys() == {"latitude", "longitude", "address"}
            if not trip.private:
                assert state.address.street in one[key]["address"]
                assert one[key]["latitude"] == pytest.approx(state.latitude, abs=1e-3)
                assert one[key]["longitude"] == pytest.approx(state.longitude, abs=1e-3)


@vendors("fleetgo", "trackgps")
async def test_private_trips_keep_their_places(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """When and how far is told, where and who not; positions are left out."""
    number, device = await async_connect(hass, server, {"expose_drivers": True})
    server.world.set_private(number, private=True)
    clock.advance(hours=12)
    window = {"start": clock.now - timedelta(hours=8), "end": clock.now}

    trips = await async_ask(hass, "get_trips", device, polyline=True, **window)
    positions = await async_ask(hass, "get_positions", device, **window)

    nowhere = {"latitude": None, "longitude": None, "address": None}
    assert len(trips) > 1
    for one in trips:
        assert one["distance_km"] > 0
        assert one["kind"] == "private"
        assert one["from"] == one["to"] == nowhere
        assert one["polyline"] is one["purpose"] is one["driver"] is None
    assert positions == []


async def test_fleetwork_tells_days(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, clock: Clock
) -> None:
    """As trips: what was driven and reckoned on each day in Vietnam."""
    number, device = await async_connect(hass, fleetwork_server)
    midnight = clock.now.replace(hour=17, minute=0) - 4 * DAY

    told = await async_ask(
        hass, "get_trips", device, start=midnight, end=midnight + 3 * DAY
    )

    assert len(told) == 3
    for day, one in enumerate(told):
        assert one.keys() == TRIP
        begin, end = (
            fleetwork_server.world.state(number, midnight + (day + add) * DAY)
            for add in (0, 1)
        )
        driven = end.odometer - begin.odometer
        assert one["distance_km"] == pytest.approx(driven, abs=0.5)
        assert one["fuel_l"] == pytest.approx(driven * 0.07, rel=0.05)


async def test_movens_tells_the_last_trip(
    hass: HomeAssistant, movens_server: MovensServer, clock: Clock
) -> None:
    """And no other; where a vehicle was it does not tell at all."""
    world = movens_server.world
    parked = next(one.vehicle_id for one in world.states() if one.trip_id is None)
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    device = device_of(hass, entry, vehicle_of(movens_server, parked)).id

    (told,) = await async_ask(
        hass, "get_trips", device, start=clock.now - 3 * DAY, end=clock.now
    )

    last = world.trips(parked, clock.now - DAY, clock.now)[-1]
    assert told.keys() == TRIP
    assert near(told["start"], last.start.time)
    assert near(told["end"], last.end.time)
    before = clock.now - 20 * DAY
    assert (
        await async_ask(hass, "get_trips", device, start=before, end=before + DAY) == []
    )


@vendors(*WITH_POSITIONS)
async def test_positions_are_where_the_vehicle_was(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """Each point of an evening is on the world's way, oldest first."""
    for number in server.world.vehicles:
        server.world.set_private(number, private=False)
    clock.advance(hours=8)
    number, device = await async_connect(hass, server)
    start, end = clock.now - timedelta(hours=3), clock.now - timedelta(hours=1)

    told = await async_ask(hass, "get_positions", device, start=start, end=end)

    assert len(told) > 20
    times = [datetime.fromisoformat(one["time"]) for one in told]
    assert times == sorted(times)
    assert start <= times[0]
    assert times[-1] <= end
    for one, time in zip(told, times, strict=True):
        assert one.keys() == POSITION
        truth = server.world.state(number, time)
        # Times are told to the second.
        assert one["latitude"] == pytest.approx(truth.latitude, abs=1e-3)
        assert one["longitude"] == pytest.approx(truth.longitude, abs=1e-3)


async def test_the_demo_tells_its_past_like_a_vendor(
    hass: HomeAssistant, clock: Clock
) -> None:
    """Trips, routes and positions, without its private ones."""
    world = World(city=AMSTERDAM, clock=clock, eventful=True)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="demo_demo",
        data={CONF_PROVIDER: "demo", "vehicles": 5},
    )
    await async_set_up(hass, entry)
    number = next(iter(world.vehicles))
    device = device_of(hass, entry, number).id
    window = {"start": clock.now - DAY, "end": clock.now}

    trips = await async_ask(hass, "get_trips", device, polyline=True, **window)
    positions = await async_ask(hass, "get_positions", device, **window)

    driven = world.trips(number, clock.now - DAY, clock.now)
    assert len(trips) == len(driven) > 3
    for one, trip in zip(trips, driven, strict=True):
        assert near(one["start"], trip.start.time)
        assert (one["polyline"] is None) == trip.private
        assert one["driver"] is None
    spans = [(one.start.time, one.end.time) for one in driven if one.private]
    assert len(positions) > 100
    assert not any(
        first < datetime.fromisoformat(one["time"]) < last
        for one in positions
        for first, last in spans
    )


# Fuel events.


async def async_read_fuel(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let every vehicle have its turn."""
    for _ in entry.runtime_data.fleet.vehicles:
        await entry.runtime_data.fuel.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


def assert_same_events(
    told: Sequence[dict[str, Any]], server: TrackGpsServer, number: int, since: datetime
) -> None:
    """Compare fuel events with the world's, up to now."""
    records = server.world.fuel_records(number, since, server.world.now())
    assert len(told) == len(records)
    for one, record in zip(told, records, strict=True):
        assert one.keys() == FUEL_EVENT
        assert near(one["time"], record.time)
        assert one["volume"] == pytest.approx(record.volume, abs=0.1)
        refill = record.kind == "refill"
        assert one["event_type"] == ("refuelled" if refill else "fuel_theft_suspected")
        assert one["origin"] == "vendor"
        assert one["private"] is record.private
        if record.private:
            assert one["location"] is None


async def test_fuel_events_come_from_memory(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """Of the last month nothing is asked; ids are those that fired."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    fired = async_capture_events(hass, EVENT_FUEL)
    number = next(iter(trackgps_server.world.vehicles))
    device = device_of(hass, entry, number).id
    clock.advance(minutes=10)
    trackgps_server.world.refuel(number, 21.0)
    await async_read_fuel(hass, entry)
    clock.advance(minutes=1)
    seen = len(trackgps_server.requests)
    since = clock.now - 29 * DAY

    told = await async_ask(
        hass, "get_fuel_events", device, start=since, end=clock.now + DAY
    )

    assert len(told) > 5
    assert_same_events(told, trackgps_server, number, since)
    (event,) = fired
    assert told[-1]["event_id"] == event.data["event_id"]
    assert len(trackgps_server.requests) == seen


async def test_older_fuel_events_are_asked_of_the_vendor(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """They fire nothing, are there once, and are the same when asked again."""
    world = trackgps_server.world
    book = trackgps_server.fuel
    book.own = False
    number = next(iter(world.vehicles))
    days = (1, 12, 29.9, 30.1, 33, 45, 70)
    for day in reversed(days):
        book.add(number, "refill", 10 + day, clock.now - day * DAY)
    fired = async_capture_events(hass, EVENT_FUEL)
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    device = device_of(hass, entry, number).id
    window = {"start": clock.now - 80 * DAY, "end": clock.now}

    seen = len(trackgps_server.requests)
    told = await async_ask(hass, "get_fuel_events", device, **window)
    # 50 days in windows of 31.
    assert len(trackgps_server.requests) == seen + 2
    book.revise = Revision(shuffle=True)
    again = await async_ask(hass, "get_fuel_events", device, **window)

    assert [round(one["volume"], 1) for one in told] == [
        round(10 + day, 1) for day in reversed(days)
    ]
    assert len({one["event_id"] for one in told}) == len(days)
    assert again == told
    assert fired == []


async def test_a_row_that_is_listed_twice_is_one_event(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also of those that only the vendor still knows."""
    book = trackgps_server.fuel
    book.own = False
    number = next(iter(trackgps_server.world.vehicles))
    for day in (50, 40, 3):
        book.add(number, "refill", 30.0, clock.now - day * DAY)
    arranged = book.arranged
    monkeypatch.setattr(book, "arranged", lambda rows: 2 * arranged(rows))
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    device = device_of(hass, entry, number).id

    told = await async_ask(
        hass, "get_fuel_events", device, start=clock.now - 60 * DAY, end=clock.now
    )

    assert len(told) == 3


async def test_asking_for_the_past_leaves_the_sensors_of_this_month_alone(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """The sums that a vendor tells along with old events are of back then."""
    book = trackgps_server.fuel
    book.own = False
    number = next(iter(trackgps_server.world.vehicles))
    book.add(number, "refill", 500.0, clock.now - 50 * DAY)
    book.add(number, "refill", 30.0, clock.now - 3 * DAY)
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_fuel(hass, entry)
    vehicles = entry.runtime_data.fleet.vehicles
    assert vehicles[str(number)].month_refuelled == pytest.approx(30.0, abs=0.1)

    device = device_of(hass, entry, number).id
    await async_ask(
        hass, "get_fuel_events", device, start=clock.now - 61 * DAY, end=clock.now
    )
    clock.advance(minutes=10)
    await async_read_fuel(hass, entry)

    assert vehicles[str(number)].month_refuelled == pytest.approx(30.0, abs=0.1)


@vendors("fleetgo", "movens")
async def test_fuel_events_that_nobody_tells_are_those_that_were_concluded(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """At first there is none; nothing is asked for."""
    _, device = await async_connect(hass, server)
    seen = len(server.requests)

    told = await async_ask(
        hass, "get_fuel_events", device, start=clock.now - 60 * DAY, end=clock.now
    )

    assert told == []
    assert len(server.requests) == seen


# Wrong targets and arguments.


@pytest.mark.parametrize(
    ("server", "action"),
    [
        ("movens", "get_positions"),
        ("ocean", "get_fuel_events"),
        ("fleetwork", "get_fuel_events"),
    ],
    indirect=["server"],
)
async def test_what_a_vendor_does_not_tell_is_a_wrong_target(
    hass: HomeAssistant, server: VendorServer, clock: Clock, action: str
) -> None:
    """The message names the vendor."""
    _, device = await async_connect(hass, server)

    with pytest.raises(ServiceValidationError) as raised:
        await async_ask(hass, action, device, start=clock.now - DAY, end=clock.now)

    assert raised.value.translation_key == "not_offered"
    assert raised.value.translation_placeholders == {
        "vendor": PROVIDERS[server.key].info.name
    }


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_target_has_to_be_a_vehicle_of_ours(
    hass: HomeAssistant, ocean_server: OceanServer, clock: Clock, action: str
) -> None:
    """Not the fleet, not another integration's device, nor one that is not there."""
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    registry = dr.async_get(hass)
    fleet = registry.async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert fleet is not None
    other = MockConfigEntry(domain="elsewhere")
    other.add_to_hass(hass)
    foreign = registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("elsewhere", "1")}
    )
    number = next(iter(ocean_server.world.vehicles))
    vehicle = device_of(hass, entry, vehicle_of(ocean_server, number)).id
    window = {"start": clock.now - DAY, "end": clock.now}
    seen = len(ocean_server.requests)

    for device_id in (fleet.id, foreign.id, "nobody"):
        with pytest.raises(ServiceValidationError):
            await async_ask(hass, action, device_id, **window)
    entry.runtime_data.fleet.remove(vehicle_of(ocean_server, number))
    with pytest.raises(ServiceValidationError) as raised:
        await async_ask(hass, action, vehicle, **window)
    assert raised.value.translation_key == "no_vehicle"
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await async_ask(hass, action, vehicle, **window)
    assert len(ocean_server.requests) == seen


async def test_a_period_has_to_be_one(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """Nothing is asked of the vendor before."""
    _, device = await async_connect(hass, fleetgo_server)
    seen = len(fleetgo_server.requests)

    for start, end, key in (
        ("2026-11-20 12:00", "2026-11-20 11:00", "end_before_start"),
        ("2026-11-20 12:00", "2026-11-20 12:00", "end_before_start"),
        # What a template gives that came to nothing.
        ("1970-01-01 00:00", "2026-11-20 12:00", "no_period"),
        ("0001-01-01 00:00", "2026-11-20 12:00", "no_period"),
        ("2026-11-20 12:00", "9999-12-31 23:59", "no_period"),
    ):
        for action in ACTIONS:
            with pytest.raises(ServiceValidationError) as raised:
                await async_ask(hass, action, device, start=start, end=end)
            assert raised.value.translation_key == key
    assert len(fleetgo_server.requests) == seen


@pytest.mark.parametrize(
    ("action", "days"),
    [("get_trips", 366), ("get_positions", 31), ("get_fuel_events", 366)],
)
async def test_a_call_asks_for_no_longer_than_a_vendor_can_bear(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    clock: Clock,
    action: str,
    days: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Days are those of the calendar; of those to come nothing is asked anyway."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    _, device = await async_connect(hass, fleetgo_server)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    # So much of the past takes its time.
    past = {asked: AsyncMock(return_value=()) for asked in ("trips", "track")}
    for asked, told in past.items():
        monkeypatch.setattr(entry.runtime_data.provider, asked, told)

    # Midnight of the 1st of November, summer time having ended a week before.
    end = datetime(2026, 11, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))
    start = end - days * DAY
    with pytest.raises(ServiceValidationError) as raised:
        await async_ask(hass, action, device, start=start - SECOND, end=end)
    assert raised.value.translation_key == "period_too_long"
    assert raised.value.translation_placeholders == {"days": str(days)}
    with pytest.raises(ServiceValidationError):
        await async_ask(
            hass, action, device, start=start - SECOND, end="2099-01-01 00:00"
        )
    assert not any(told.called for told in past.values())

    await async_ask(hass, action, device, start=start, end=end)
    await async_ask(
        hass, action, device, start=clock.now - days * DAY, end="2099-01-01 00:00"
    )
    if action != "get_fuel_events":
        told = past["trips" if action == "get_trips" else "track"]
        windows = [call.args[1:] for call in told.call_args_list]
        assert windows == [(start, end), (clock.now - days * DAY, clock.now)]


async def test_naive_times_are_home_assistants(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """A day in Tokyo begins nine hours before one in UTC."""
    await hass.config.async_set_time_zone("Asia/Tokyo")
    number, device = await async_connect(hass, fleetgo_server)

    told = await async_ask(
        hass,
        "get_trips",
        device,
        start="2026-11-19 00:00:00",
        end="2026-11-20 00:00:00",
    )

    start = datetime(2026, 11, 19, tzinfo=ZoneInfo("Asia/Tokyo"))
    trips = fleetgo_server.world.trips(number, start, start + DAY)
    assert len(trips) > 5
    assert len(told) == len(trips)
    for one, trip in zip(told, trips, strict=True):
        assert near(one["start"], trip.start.time)


@vendors("fleetgo", "ocean", "trackgps", "fleetwork")
async def test_of_the_time_to_come_nothing_is_asked(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """However far away the end is."""
    _, device = await async_connect(hass, server)
    seen = len(server.requests)

    for action in ("get_trips", "get_positions"):
        ahead = await async_ask(
            hass, action, device, start=clock.now + DAY, end=clock.now + 9000 * DAY
        )
        assert ahead == []
    assert len(server.requests) == seen
    hour = timedelta(hours=6)
    assert await async_ask(
        hass, "get_trips", device, start=clock.now - DAY, end=clock.now + 9000 * DAY
    ) == await async_ask(
        hass, "get_trips", device, start=clock.now - DAY, end=clock.now + hour
    )
    assert len(server.requests) - seen < 20


# Failures and scripts.


@vendors(*WITH_POSITIONS)
async def test_a_vendor_that_is_down_is_told_in_words(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """With its name; the next call asks again."""
    _, device = await async_connect(hass, server)
    window = {"start": clock.now - DAY, "end": clock.now}
    server.faults.append(Fault(kind=FaultKind.HTML))

    for action in ("get_trips", "get_positions"):
        with pytest.raises(HomeAssistantError) as raised:
            await async_ask(hass, action, device, **window)
        assert not isinstance(raised.value, ServiceValidationError)
        assert raised.value.translation_key == "invalid_response"
        assert raised.value.translation_placeholders is not None
        name = PROVIDERS[server.key].info.name
        assert raised.value.translation_placeholders["vendor"] == name

    server.faults.clear()
    assert await async_ask(hass, "get_trips", device, **window)


async def test_a_foreign_vehicle_is_denied(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """That is the vendor's answer and no reason to log in again."""
    number, device = await async_connect(hass, trackgps_server)
    trackgps_server.foreign.add(number)

    with pytest.raises(HomeAssistantError) as raised:
        await async_ask(hass, "get_trips", device, start=clock.now - DAY, end=clock.now)

    assert raised.value.translation_key == "access_denied"
    assert not hass.config_entries.flow.async_progress()


async def test_a_script_uses_what_is_returned(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """In templates, under the name that it gives."""
    number, device = await async_connect(hass, fleetgo_server)
    summed = async_capture_events(hass, "week_summed")
    assert await async_setup_component(
        hass,
        "script",
        {
            "script": {
                "week": {
                    "sequence": [
                        {
                            "action": "fleet_telematics.get_trips",
                            "data": {
                                "device_id": device,
                                "start": "{{ now() - timedelta(days=7) }}",
                                "end": "{{ now() }}",
                            },
                            "response_variable": "week",
                        },
                        {
                            "event": "week_summed",
                            "event_data": {
                                "count": "{{ week.trips | count }}",
                                "distance": "{{ week.trips "
                                "| map(attribute='distance_km') | sum }}",
                            },
                        },
                    ]
                }
            }
        },
    )

    await hass.services.async_call("script", "week", blocking=True)
    await hass.async_block_till_done()

    trips = fleetgo_server.world.trips(number, clock.now - 7 * DAY, clock.now)
    (event,) = summed
    assert event.data["count"] == len(trips)
    assert event.data["distance"] == pytest.approx(
        sum(trip.distance for trip in trips), rel=1e-3
    )


async def test_the_documented_scripts_run(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """As they stand on the page, with a vehicle of this fleet."""
    text = (Path(__file__).parents[2] / "docs" / "trips.md").read_text("utf-8")
    number, device = await async_connect(hass, trackgps_server)
    blocks = [
        parse_yaml(block.replace("0123456789abcdef0123456789abcdef", device))
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]
    sequences = [
        block["actions"]
        if "actions" in block
        else block["script"]["was_at_the_depot"]["sequence"]
        for block in blocks
        if isinstance(block, dict) and block.keys() & {"actions", "script"}
    ]
    here = trackgps_server.world.state(number)
    hass.states.async_set(
        "zone.depot",
        "0",
        {"latitude": here.latitude, "longitude": here.longitude, "radius": 100},
    )
    told = async_mock_service(hass, "notify", "notify")
    assert await async_setup_component(
        hass,
        "script",
        {
            "script": {
                f"documented_{index}": {"sequence": sequence}
                for index, sequence in enumerate(sequences)
            }
        },
    )

    answers = [
        await hass.services.async_call(
            "script", f"documented_{index}", blocking=True, return_response=True
        )
        for index in range(len(sequences))
    ]

    monday = dt_util.start_of_local_day() - dt_util.now().weekday() * DAY
    trips = trackgps_server.world.trips(number, dt_util.as_utc(monday), clock.now)
    refills = [
        one
        for one in trackgps_server.world.fuel_records(
            number, clock.now - 30 * DAY, clock.now
        )
        if one.kind == "refill"
    ]
    week, month = (" ".join(one.data["message"].split()) for one in told)
    assert week.startswith(f"{len(trips)} trips, ")
    assert week.endswith(" km.")
    assert month.startswith(f"{len(refills)} refills, ")
    assert {"was_there": True} in answers
