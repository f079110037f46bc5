"""What one vendor alone has, in Home Assistant."""

from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import aiohttp
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_mock_restore_state_shutdown_restart,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import DOMAIN, EVENT_FUEL
from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.errors import Rejected
from custom_components.fleet_telematics.providers.models import FuelReport
from custom_components.fleet_telematics.providers.trackgps import TrackGps
from simulator.faults import Fault, FaultKind
from simulator.fleetwork import FleetworkServer
from simulator.movens import MovensServer
from simulator.movens_categories import category_of
from simulator.ocean import OceanServer
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import (
    async_add,
    async_add_through_flow,
    async_enable_everything,
    async_read_all,
    async_set_up,
    entity_id_of,
    entry_of,
    state_of,
)
from .test_entities import DemoFleet
from .truth import Truth, cost_of, driven_today, has_user, travelled_today
from .vendors import vehicle_of, vendors

# Fleetwork.


@pytest.mark.parametrize("composite", [True, False], ids=["at once", "one by one"])
async def test_fleetworks_figures_are_its_own(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, composite: bool
) -> None:
    """The fleet shows what the dashboard says, in one request where it can."""
    fleetwork_server.composite = composite
    entry = await async_add_through_flow(hass, fleetwork_server)
    asked = [
        one.path.rpartition("/")[2]
        for one in fleetwork_server.requests
        if "/dashboard/" in one.path and one.status == 200
    ]
    views = (
        ["gps-manager"] if composite else ["summary", "fuel-tracking", "monthly-costs"]
    )
    assert sorted(asked) == sorted([*views, "users"])

    fleetwork_server.composite = True
    async with (
        aiohttp.ClientSession(headers={"X-API-Key": entry.data["api_key"]}) as session,
        session.get(f"{fleetwork_server.url}/dashboard/gps-manager") as response,
    ):
        told = await response.json()
    summary, fuel = told["summary"], told["fuelTracking"]
    (month,) = (one for one in told["monthlyCosts"]["months"] if one["month"] == 11)
    for key, value in {
        "active_users": summary["activeEmployees"]["active"],
        "fleet_distance_today": summary["totalDistance"]["value"],
        "fleet_travel_time_today": summary["totalTravelTime"]["totalSeconds"] / 3600,
        "fleet_fuel_cost_today": summary["totalFuelCost"]["value"],
        "fleet_fuel_efficiency": fuel["fuelEfficiency"]["value"],
        "fleet_cost_month": month["costs"]["total"],
    }.items():
        state = state_of(hass, entry, "sensor", None, key)
        assert float(state.state) == pytest.approx(value), key
    costs = state_of(hass, entry, "sensor", None, "fleet_cost_month")
    for part in ("fuel", "maintenance", "insurance", "other"):
        assert costs.attributes[part] == month["costs"][part]
    assert costs.attributes["unit_of_measurement"] == "VND"

    # And the vendor's figures are those of the world.
    world = fleetwork_server.world
    people = [
        truth
        for number in world.vehicles
        if has_user(truth := Truth(source=fleetwork_server, number=number))
    ]
    distance = sum(map(driven_today, people))
    for key, expected in {
        "active_users": len(people),
        "fleet_distance_today": distance,
        "fleet_travel_time_today": sum(map(travelled_today, people)),
        "fleet_fuel_cost_today": cost_of(distance),
        "fleet_fuel_efficiency": 100 / 7,
    }.items():
        state = state_of(hass, entry, "sensor", None, key)
        assert float(state.state) == pytest.approx(expected, rel=0.002), key


async def test_a_fleetwork_account_of_a_thousand_rows_costs_one_request_a_poll(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, clock: Clock
) -> None:
    """After the first whole read a poll asks for what is new, and that is little."""
    fleetwork_server.extra_rows = 1000 - len(fleetwork_server.world.vehicles)
    chosen = [
        vehicle_of(fleetwork_server, one) for one in fleetwork_server.world.vehicles
    ]
    # Home Assistant shows a few of them; the account is read as a whole.
    entry = entry_of(fleetwork_server, {"vehicles": chosen})
    await async_set_up(hass, entry)
    assert len(entry.runtime_data.fleet.names) == 1000

    def polls(since: int) -> list[dict[str, str]]:
        return [dict(one.query) for one in list(fleetwork_server.requests)[since:]]

    for number in fleetwork_server.world.vehicles:
        fleetwork_server.world.set_online(number, online=False)
    for _ in range(10):
        seen = len(fleetwork_server.requests)
        clock.advance(seconds=30)
        await entry.runtime_data.positions.async_refresh()
        (poll,) = polls(seen)
        assert "UpdatedFrom" in poll

    # What moves on is told, and nobody is lost.
    for number in fleetwork_server.world.vehicles:
        fleetwork_server.world.set_online(number, online=True)
    clock.advance(seconds=30)
    seen = len(fleetwork_server.requests)
    await entry.runtime_data.positions.async_refresh()
    assert len(polls(seen)) == 1
    number = next(iter(fleetwork_server.world.vehicles))
    truth = fleetwork_server.world.state(number)
    tracker = state_of(hass, entry, "device_tracker", chosen[0], "location")
    assert tracker.attributes["latitude"] == pytest.approx(truth.latitude, abs=1e-5)
    assert len(entry.runtime_data.fleet.names) == 1000

    # Every ten minutes at the latest all of it is read again.
    whole = 0
    for _ in range(20):
        seen = len(fleetwork_server.requests)
        clock.advance(seconds=30)
        await entry.runtime_data.positions.async_refresh()
        whole += any("UpdatedFrom" not in one for one in polls(seen))
    assert whole == 1


async def test_fleetworks_fuel_is_marked_as_estimated(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """The vendor reckons it; what it measures bears no mark."""
    entry = await async_add_through_flow(hass, fleetwork_server)
    marked = {
        one.translation_key
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if (state := hass.states.get(one.entity_id)) is not None
        and state.attributes.get("estimated") is True
    }
    assert marked == {
        "last_trip_fuel",
        "fuel_used_today",
        "fuel_cost_today",
        "fleet_fuel_cost_today",
        "fleet_fuel_efficiency",
    }


async def test_a_fleetwork_account_without_the_report_on_fuel_has_last_trips(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """What cannot be reckoned has no entity, and costs the others nothing."""
    fleetwork_server.faults.append(
        Fault(kind=FaultKind.HTTP_500, path="/reports/fuel/detail")
    )
    entry = await async_add_through_flow(hass, fleetwork_server)
    found = {
        one.translation_key
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    assert "last_trip_distance" in found
    assert "last_trip_fuel" not in found
    assert entry.runtime_data.feeds[Feed.TRIPS].last_update_success


async def test_a_tank_can_be_told_where_no_level_is(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> None:
    """For the user's own templates; it is remembered, and nothing follows from it."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    first, second, *_ = map(
        partial(vehicle_of, fleetwork_server), fleetwork_server.world.vehicles
    )
    for vehicle in entry.runtime_data.fleet.vehicles:
        tank = state_of(hass, entry, "number", vehicle, "tank_capacity")
        assert tank.state == STATE_UNKNOWN
    await hass.services.async_call(
        "number",
        "set_value",
        {
            "entity_id": entity_id_of(hass, entry, "number", first, "tank_capacity"),
            "value": 62,
        },
        blocking=True,
    )
    for restart in (False, True):
        assert await hass.config_entries.async_unload(entry.entry_id)
        if restart:
            await async_mock_restore_state_shutdown_restart(hass)
        await async_set_up(hass, entry)
        tank = state_of(hass, entry, "number", first, "tank_capacity")
        assert float(tank.state) == 62
        other = state_of(hass, entry, "number", second, "tank_capacity")
        assert other.state == STATE_UNKNOWN
    assert entity_id_of(hass, entry, "sensor", first, "fuel_volume") is None
    assert entity_id_of(hass, entry, "event", first, "fuel") is None


# Movens.


async def test_a_rotated_movens_token_survives_a_restart(
    hass: HomeAssistant, movens_server: MovensServer, clock: Clock
) -> None:
    """The vendor replaces the token while we run: the new one is kept and used."""
    pasted = movens_server.issue_token()
    typed = {"url": movens_server.url, "access_token": pasted}
    entry = await async_add(hass, "movens", typed)
    assert entry.data["access_token"] == pasted
    account = entry.unique_id

    # Its life is two days, and it is replaced in the second half of it.
    movens_server.revoke_rotated = True
    for _ in range(3):
        clock.advance(hours=30)
        await entry.runtime_data.positions.async_refresh()
        assert entry.runtime_data.positions.last_update_success
    kept = entry.data["access_token"]
    assert kept != pasted
    assert not movens_server.token_is_valid(pasted)
    assert movens_server.token_is_valid(kept)

    assert await hass.config_entries.async_unload(entry.entry_id)
    seen = len(movens_server.requests)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == account
    assert {one.status for one in list(movens_server.requests)[seen:]} == {200}
    assert not any(movens_server.is_login(one.path) for one in movens_server.requests)
    assert not hass.config_entries.flow.async_progress()


async def test_movens_logs_in_again_when_its_token_ends(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """With username and password nobody is asked."""
    entry = await async_add_through_flow(hass, movens_server)
    movens_server.expire_tokens()
    await entry.runtime_data.positions.async_refresh()
    assert entry.runtime_data.positions.last_update_success
    assert not hass.config_entries.flow.async_progress()


async def test_movens_vehicles_have_the_picture_of_their_category(
    hass: HomeAssistant,
    movens_server: MovensServer,
    hass_client: ClientSessionGenerator,
) -> None:
    """It is fetched when somebody looks, once for all vehicles of a category."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    await async_enable_everything(hass, entry)
    client = await hass_client()
    # The first, the fourth and the fifth vehicle: electric vans, small vans.
    pictures: dict[int, bytes] = {}
    for number in movens_server.world.vehicles:
        state = state_of(hass, entry, "image", number, "category")
        response = await client.get(state.attributes["entity_picture"])
        if response.status == 200:
            assert response.content_type == "image/png"
            pictures[number] = await response.read()
    by_category: dict[int, set[bytes]] = {}
    for number, picture in pictures.items():
        assert picture.startswith(b"\x89PNG")
        by_category.setdefault(category_of(number), set()).add(picture)
    assert len(by_category) >= 2
    assert all(len(found) == 1 for found in by_category.values())
    asked = [one.path for one in movens_server.requests if one.path.endswith("/images")]
    assert len(asked) == len(set(asked))


# Ocean.


async def test_ocean_without_vehicle_positions_shows_the_same(
    hass: HomeAssistant, ocean_server: OceanServer
) -> None:
    """A server that answers 404 there is asked for the nearest vehicles instead."""
    for number in ocean_server.world.vehicles:
        ocean_server.world.set_private(number, private=False)
    entry = entry_of(ocean_server, {"expose_drivers": True})
    await async_set_up(hass, entry)
    await async_enable_everything(hass, entry)
    await async_read_all(hass, entry)
    registry = er.async_get(hass)

    def shown() -> dict[str, str]:
        found = {}
        for one in er.async_entries_for_config_entry(registry, entry.entry_id):
            state = hass.states.get(one.entity_id)
            assert state is not None
            if one.translation_key != "request_budget":
                found[one.entity_id] = state.state
        return found

    before = shown()
    known = dict(entry.runtime_data.fleet.vehicles)
    ocean_server.vehicle_positions = False
    await hass.config_entries.async_reload(entry.entry_id)
    await async_read_all(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert shown() == before
    assert entry.runtime_data.fleet.vehicles == known
    assert not ir.async_get(hass).issues

    # It is not asked in vain at every poll.
    seen = len(ocean_server.requests)
    await entry.runtime_data.positions.async_refresh()
    (poll,) = list(ocean_server.requests)[seen:]
    assert poll.path.lower().endswith("/nearestvehicles")


async def test_ocean_without_vehicle_positions_can_be_added(
    hass: HomeAssistant, ocean_server: OceanServer
) -> None:
    """From the start, with the plates as names."""
    ocean_server.vehicle_positions = False
    entry = await async_add_through_flow(hass, ocean_server)
    assert set(entry.runtime_data.fleet.names.values()) == {
        spec.plate for spec in ocean_server.world.vehicles.values()
    }


async def test_an_ocean_password_that_is_about_to_expire_is_told(
    hass: HomeAssistant, ocean_server: OceanServer, clock: Clock
) -> None:
    """As a sensor, and from nine days on as a repair; a new password ends it."""
    ocean_server.password_days = 10
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    await async_enable_everything(hass, entry)
    issues = ir.async_get(hass)
    issue_id = f"password_expires_{entry.entry_id}"

    async def read_a_day_later(left: int) -> None:
        ocean_server.password_days = left
        clock.advance(days=1)
        await entry.runtime_data.positions.async_refresh()
        await entry.runtime_data.figures.async_refresh()

    sensor = state_of(hass, entry, "sensor", None, "password_expires_in")
    assert sensor.state == "10"
    assert sensor.attributes["unit_of_measurement"] == "d"
    assert issues.async_get_issue(DOMAIN, issue_id) is None

    await read_a_day_later(9)
    sensor = state_of(hass, entry, "sensor", None, "password_expires_in")
    assert sensor.state == "9"
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"account": entry.title, "days": "9"}

    await read_a_day_later(90)
    assert issues.async_get_issue(DOMAIN, issue_id) is None


async def test_oceans_workshop_visits_are_a_calendar(
    hass: HomeAssistant, ocean_server: OceanServer, clock: Clock
) -> None:
    """Every planned visit with a day, named after its vehicle."""
    await async_setup_component(hass, "calendar", {})
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    calendar = entity_id_of(hass, entry, "calendar", None, "maintenance")
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": calendar,
            "start_date_time": clock.now,
            "end_date_time": clock.now + timedelta(days=450),
        },
        blocking=True,
        return_response=True,
    )
    events = answer[calendar]["events"]
    tests = {one["summary"] for one in events if "Contrôle technique" in one["summary"]}
    # Every fifth vehicle has none.
    assert tests == {
        f"{spec.plate}: Contrôle technique"
        for number, spec in ocean_server.world.vehicles.items()
        if number % 5 != 3
    }
    days = [one["start"] for one in events]
    assert all(earlier <= later for earlier, later in pairwise(days))

    # The day before ends where the visit's begins.
    begins = dt_util.start_of_local_day(date.fromisoformat(days[0]))
    for hours, expected in ((0, set()), (1, {days[0]})):
        answer = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": calendar,
                "start_date_time": begins - timedelta(days=1),
                "end_date_time": begins + timedelta(hours=hours),
            },
            blocking=True,
            return_response=True,
        )
        assert {one["start"] for one in answer[calendar]["events"]} == expected


# TrackGPS.


async def test_a_refill_before_a_vehicles_first_read_is_news(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The account was there already; what was before it is history.

    At the vendor's pace the last vehicle of a large fleet is read hours later.
    """
    world = trackgps_server.world
    *_, last = world.vehicles
    read = TrackGps.fuel
    late = {vehicle_of(trackgps_server, last)}

    async def not_yet(
        provider: TrackGps, vehicle_id: str, start: datetime, end: datetime
    ) -> FuelReport:
        if vehicle_id in late:
            raise Rejected("not yet", status=500)
        return await read(provider, vehicle_id, start, end)

    monkeypatch.setattr(TrackGps, "fuel", not_yet)
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    set_up = clock.now
    past = world.fuel_records(last, set_up - timedelta(days=30), set_up)
    assert past

    clock.advance(minutes=20)
    refill = world.refuel(last, 12.5)
    clock.advance(minutes=20)
    # Also over a restart, before that read.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    late.clear()
    await async_read_all(hass, entry)
    since = {
        vehicle_of(trackgps_server, number): [
            record.time
            for record in world.fuel_records(number, set_up, clock.now)
            if record.time > set_up
        ]
        for number in world.vehicles
    }
    assert len(events) == sum(map(len, since.values()))
    entity_id = entity_id_of(
        hass, entry, "event", vehicle_of(trackgps_server, last), "fuel"
    )
    (event,) = [one.data for one in events if one.data["entity_id"] == entity_id]
    assert event["volume"] == pytest.approx(refill.volume, abs=0.1)
    total = state_of(
        hass, entry, "sensor", vehicle_of(trackgps_server, last), "refuelled_total"
    )
    assert float(total.state) > refill.volume


# The demo.


async def test_the_demo_lives_without_a_network(
    hass: HomeAssistant, clock: Clock
) -> None:
    """Within a day everything happens: no socket is open in this test.

    Refills and thefts are concluded from the levels, none is missed or made up.
    """
    entry = await async_add(hass, "demo", {"vehicles": 5})
    # As rarely as a day of it is read here.
    hass.config_entries.async_update_entry(entry, options={"scan_interval": 300})
    assert await hass.config_entries.async_reload(entry.entry_id)
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_FUEL)
    demo = DemoFleet(clock)
    began = clock.now
    seen: set[str] = set()
    places: dict[int, set[tuple[float, float]]] = {}
    for _ in range(24 * 12):
        clock.advance(minutes=5)
        await entry.runtime_data.positions.async_refresh()
        for number in demo.world.vehicles:
            seen.add(state_of(hass, entry, "sensor", number, "status").state)
            tracker = state_of(hass, entry, "device_tracker", number, "location")
            if tracker.state != STATE_UNAVAILABLE:
                place = (
                    tracker.attributes["latitude"],
                    tracker.attributes["longitude"],
                )
                places.setdefault(number, set()).add(place)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert seen == {"moving", "idling", "stopped", "private", "offline"}
    assert all(len(places[number]) > 20 for number in demo.world.vehicles)

    told = sorted(
        (
            entity_id_of(hass, entry, "event", number, "fuel"),
            record.time,
            "refuelled" if record.kind == "refill" else "fuel_theft_suspected",
            record.volume,
        )
        for number in demo.world.vehicles
        for record in demo.world.fuel_records(number, began, clock.now)
    )
    assert {kind for _, _, kind, _ in told} == {"refuelled", "fuel_theft_suspected"}
    heard = sorted(
        (one.data for one in events), key=lambda one: (one["entity_id"], one["time"])
    )
    assert len(heard) == len(told)
    for data, (entity_id, time, kind, volume) in zip(heard, told, strict=True):
        assert (data["entity_id"], data["event_type"]) == (entity_id, kind)
        assert data["origin"] == "derived"
        assert data["late"] is False
        assert abs(datetime.fromisoformat(data["time"]) - time) < timedelta(minutes=15)
        assert data["volume"] == pytest.approx(volume, abs=1.5)
        assert (data["location"] is None) is data["private"]
    assert entry.runtime_data.queue.sent_last_hour == 0


async def test_the_demo_tells_its_past(hass: HomeAssistant, clock: Clock) -> None:
    """Trips and positions, without the places of private ones."""
    entry = await async_add(hass, "demo", {"vehicles": 5})
    demo = DemoFleet(clock)
    start = clock.now - timedelta(days=1)
    # The one of the five that has private trips.
    number = list(demo.world.vehicles)[3]
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{number}"), entry.entry_id
    )
    assert device is not None

    async def ask(action: str, **fields: object) -> list[dict[str, Any]]:
        """Return the one list of an action's response."""
        answer = await hass.services.async_call(
            DOMAIN,
            action,
            {"device_id": device.id, "start": start, "end": clock.now, **fields},
            blocking=True,
            return_response=True,
        )
        assert answer is not None
        (found,) = answer.values()
        assert isinstance(found, list)
        return found  # type: ignore[return-value]

    records = demo.world.trips(number, start, clock.now)
    trips = await ask("get_trips", polyline=True)
    assert [one["id"] for one in trips] == [str(one.trip_id) for one in records]
    nowhere = {"latitude": None, "longitude": None, "address": None}
    for trip, record in zip(trips, records, strict=True):
        assert trip["distance_km"] == pytest.approx(record.distance, abs=0.01)
        assert trip["kind"] == ("private" if record.private else "business")
        assert (trip["from"] == trip["to"] == nowhere) is record.private
        assert (trip["polyline"] is None) is record.private
    assert {record.private for record in records} == {True, False}

    positions = await ask("get_positions")
    seen = [
        one for one in demo.world.track(number, start, clock.now) if not one.private
    ]
    assert len(positions) == len(seen) > 2000
    for position, state in zip(positions, seen, strict=True):
        assert datetime.fromisoformat(position["time"]) == state.time
        assert position["latitude"] == pytest.approx(state.latitude, abs=1e-6)


# What several tell late.


@vendors("ocean", "movens")
async def test_an_entity_appears_when_its_value_first_does(
    hass: HomeAssistant, server: OceanServer | MovensServer
) -> None:
    """A vehicle without a position has no tracker, until it has a position."""
    number = next(iter(server.world.vehicles))
    server.without_position.add(number)
    entry = entry_of(server)
    await async_set_up(hass, entry)
    vehicle = vehicle_of(server, number)
    assert vehicle in entry.runtime_data.fleet.vehicles
    assert entity_id_of(hass, entry, "device_tracker", vehicle, "location") is None

    server.without_position.discard(number)
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done()
    truth = server.world.state(number)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert tracker.attributes["latitude"] == pytest.approx(truth.latitude, abs=1e-5)

    # A value that is missing later is unknown, and the entity stays.
    server.without_position.add(number)
    await entry.runtime_data.positions.async_refresh()
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert "latitude" not in tracker.attributes
    assert tracker.state == "unknown"
