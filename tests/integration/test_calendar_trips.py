"""A vehicle's trips in Home Assistant's calendar."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN
from custom_components.fleet_telematics.providers import PROVIDERS
from custom_components.fleet_telematics.providers.capabilities import TripHistory
from custom_components.fleet_telematics.providers.demo.records import TripRecord
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.fleetwork import FleetworkServer
from simulator.movens import MovensServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import async_set_up, entity_id_of, entry_of
from .truth import Truth, has_user
from .vendors import VENDORS, vehicle_of, vendors
from .watching import Watched

DAY = timedelta(days=1)
# What a page of a month shows at most.
MONTH = timedelta(days=28)
# Where each vendor tells of trips, as a part of the path.
TELLS = {
    "fleetgo": "gettrips",
    "ocean": "fichejour",
    "trackgps": "carriers/stops",
    "fleetwork": "trip/detail",
}
WITH_TRIPS = tuple(
    key
    for key in VENDORS
    if issubclass(kind := PROVIDERS[key], TripHistory) and kind.whole_history
)


async def async_follow(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    vehicles: Sequence[str],
) -> list[str]:
    """Set an account up and enable these vehicles' calendars, as a user may."""
    await async_setup_component(hass, "calendar", {})
    await async_set_up(hass, entry)
    registry = er.async_get(hass)
    found = []
    for vehicle in vehicles:
        entity_id = entity_id_of(hass, entry, "calendar", vehicle, "trips")
        assert entity_id is not None
        known = registry.async_get(entity_id)
        assert known is not None
        assert known.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        registry.async_update_entity(entity_id, disabled_by=None)
        found.append(entity_id)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return found


async def async_events(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """Return what `calendar.get_events` answers."""
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": entity_id, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    events: list[dict[str, Any]] = answer[entity_id]["events"]
    return events


def asked(server: VendorServer, since: int = 0) -> int:
    """Return how often the vendor told of trips since so many requests."""
    return sum(
        TELLS[server.key] in one.path.lower() and one.status == HTTPStatus.OK
        for one in list(server.requests)[since:]
    )


def with_user(server: VendorServer) -> int:
    """Return a vehicle of which every vendor tells trips."""
    return next(
        number
        for number in server.world.vehicles
        if has_user(Truth(source=server, number=number))
    )


def assert_same_times(
    events: Sequence[dict[str, Any]], trips: Sequence[TripRecord]
) -> None:
    """Compare when events and trips were, to the seconds that vendors tell."""
    assert len(events) == len(trips)
    second = timedelta(seconds=1)
    for event, trip in zip(events, trips, strict=True):
        assert abs(datetime.fromisoformat(event["start"]) - trip.start.time) <= second
        assert abs(datetime.fromisoformat(event["end"]) - trip.end.time) <= second


def as_utc(moment: str) -> str:
    """Return a time as the vendor's world tells it."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()


def kilometres(event: dict[str, Any]) -> float:
    """Return the distance in a title."""
    return float(event["summary"].split()[-2])


@vendors("fleetgo", "ocean", "trackgps")
async def test_a_calendar_holds_the_trips_of_its_vehicle(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """Each trip of three days, when it was and how far it went; the state is off."""
    number = next(iter(server.world.vehicles))
    server.world.set_private(number, private=False)
    entry = entry_of(server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(server, number)])

    events = await async_events(hass, calendar, clock.now - 3 * DAY, clock.now + DAY)

    trips = server.world.trips(number, clock.now - 3 * DAY, clock.now)
    assert len(trips) > 5
    assert_same_times(events, trips)
    for event, trip in zip(events, trips, strict=True):
        assert kilometres(event) == pytest.approx(trip.distance, abs=0.06)
        assert trip.private == event["summary"].startswith("Private trip, ")
        if not trip.private:
            first, last = trip.start.address.street, trip.end.address.street
            assert last in event["location"]
            names = first if first == last else f"{first} → {last}"
            assert event["summary"].startswith(f"{names}, ")
    state = hass.states.get(calendar)
    assert state is not None
    assert state.state == STATE_OFF
    assert "message" not in state.attributes


async def test_fleetworks_trips_are_those_of_a_day(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, clock: Clock
) -> None:
    """It tells one a day, from the first drive to the last."""
    world = fleetwork_server.world
    number = with_user(fleetwork_server)
    entry = entry_of(fleetwork_server)
    vehicle = vehicle_of(fleetwork_server, number)
    (calendar,) = await async_follow(hass, entry, [vehicle])

    # Midnight in Vietnam is at 17:00.
    midnight = clock.now.replace(hour=17, minute=0) - 4 * DAY
    events = await async_events(hass, calendar, midnight, midnight + 3 * DAY)

    assert len(events) == 3
    for day, event in enumerate(events):
        begin, end = midnight + day * DAY, midnight + (day + 1) * DAY
        before, after = world.state(number, begin), world.state(number, end)
        distance = after.odometer - before.odometer
        assert kilometres(event) == pytest.approx(distance, abs=0.5)
        assert begin <= datetime.fromisoformat(event["start"]) < end
        assert begin < datetime.fromisoformat(event["end"]) <= end


async def test_the_demo_has_calendars_too(hass: HomeAssistant, clock: Clock) -> None:
    """Private trips keep places and drivers; else who drove is told if that is wanted."""
    world = World(city=AMSTERDAM, clock=clock, eventful=True)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="demo_demo",
        data={CONF_PROVIDER: "demo", "vehicles": 5},
        options={"expose_drivers": True},
    )
    entry.add_to_hass(hass)
    calendars = await async_follow(hass, entry, [str(one) for one in world.vehicles])

    private = 0
    for number, calendar in zip(world.vehicles, calendars, strict=True):
        trips = world.trips(number, clock.now - 2 * DAY, clock.now)
        events = await async_events(hass, calendar, clock.now - 2 * DAY, clock.now)
        assert_same_times(events, trips)
        for event, trip in zip(events, trips, strict=True):
            named = world.vehicles[number].driver.name in event["description"]
            assert named != trip.private
            if not trip.private:
                continue
            private += 1
            assert event["summary"].startswith("Private trip, ")
            assert kilometres(event) == pytest.approx(trip.distance, abs=0.06)
            assert "location" not in event
            for place in (trip.start.address, trip.end.address):
                assert place.street not in str(event)
                assert place.city not in str(event)
    assert private > 0


@vendors("fleetgo", "trackgps")
async def test_private_trips_and_drivers_keep_to_themselves(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """Whether or not the vendor hides them; who drove is nobody's business either."""
    for number in list(server.world.vehicles):
        server.world.set_private(number, private=True)
    clock.advance(hours=12)
    entry = entry_of(server)
    numbers = list(server.world.vehicles)
    calendars = await async_follow(
        hass, entry, [vehicle_of(server, one) for one in numbers]
    )

    private = 0
    for number, calendar in zip(numbers, calendars, strict=True):
        events = await async_events(
            hass, calendar, clock.now - timedelta(hours=10), clock.now
        )
        for event in events:
            private += event["summary"].startswith("Private trip, ")
            assert event["summary"].startswith("Private trip, ")
            assert "location" not in event
            assert AMSTERDAM.name not in str(event)
            assert server.world.vehicles[number].driver.last_name not in str(event)
    assert private > 5


@vendors("trackgps", "fleetgo")
async def test_a_month_is_one_request_and_looking_again_none(
    hass: HomeAssistant, server: VendorServer, clock: Clock
) -> None:
    """Nor are a week or a day of it, until what is recent may have changed."""
    number = next(iter(server.world.vehicles))
    entry = entry_of(server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(server, number)])
    seen = len(server.requests)
    start = clock.now - MONTH

    month = await async_events(hass, calendar, start, clock.now + 14 * DAY)
    assert asked(server, seen) == 1
    assert month == await async_events(hass, calendar, start, clock.now + 14 * DAY)
    week = await async_events(hass, calendar, clock.now - 9 * DAY, clock.now - 2 * DAY)
    assert [one for one in month if one in week] == week
    assert len(week) > 5
    assert await async_events(hass, calendar, clock.now, clock.now + DAY) == []
    assert asked(server, seen) == 1

    clock.advance(minutes=6)
    await async_events(hass, calendar, start, clock.now)
    assert asked(server, seen) == 2
    # The days that can change no more are not read again ...
    clock.advance(hours=2)
    await async_events(hass, calendar, start, clock.now - 7 * DAY)
    assert asked(server, seen) == 2
    # ... for half a day.
    clock.advance(hours=12)
    await async_events(hass, calendar, start, clock.now - 7 * DAY)
    assert asked(server, seen) == 3


async def test_the_calendars_of_several_vehicles_share_a_request(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    hass_client: ClientSessionGenerator,
    clock: Clock,
) -> None:
    """A page that shows all of them is one request, where one tells of ten vehicles."""
    world = trackgps_server.world
    entry = entry_of(trackgps_server)
    calendars = await async_follow(
        hass, entry, [vehicle_of(trackgps_server, one) for one in world.vehicles]
    )
    client = await hass_client()
    seen = len(trackgps_server.requests)
    window = {"start": (clock.now - MONTH).isoformat(), "end": clock.now.isoformat()}

    answers = await asyncio.gather(
        *(client.get(f"/api/calendars/{one}", params=window) for one in calendars)
    )

    assert len(calendars) == 5
    assert asked(trackgps_server, seen) == 1
    for number, answer in zip(world.vehicles, answers, strict=True):
        assert answer.status == HTTPStatus.OK
        events = await answer.json()
        trips = world.trips(number, clock.now - MONTH, clock.now)
        assert len(events) == len(trips)


async def test_two_who_look_at_the_same_page_share_a_request(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """Also when the first of them goes away before the answer is there."""
    number = next(iter(fleetgo_server.world.vehicles))
    entry = entry_of(fleetgo_server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(fleetgo_server, number)])
    slow = Watched(kind=FaultKind.LATENCY, path="GetTrips", delay=0.2)
    fleetgo_server.faults.append(slow)
    seen = len(fleetgo_server.requests)

    looks = [
        hass.async_create_task(
            async_events(hass, calendar, clock.now - MONTH, clock.now)
        )
        for _ in range(3)
    ]
    await slow.hit.wait()
    looks[0].cancel()
    first, second = await asyncio.gather(*looks[1:])

    assert first == second
    assert len(first) > 20
    assert asked(fleetgo_server, seen) == 1


async def test_a_corrected_trip_is_shown_at_once(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """What somebody declared private a moment ago keeps its places."""
    number = next(iter(fleetgo_server.world.vehicles))
    entry = entry_of(fleetgo_server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(fleetgo_server, number)])
    # Days that are settled, and a read of them that is still under way.
    window = clock.now - MONTH, clock.now - 7 * DAY
    trip = next(
        one
        for one in await async_events(hass, calendar, *window)
        if "location" in one and one["end"] < (clock.now - 8 * DAY).isoformat()
    )
    clock.advance(hours=13)
    slow = Watched(kind=FaultKind.LATENCY, path="GetTrips", delay=0.2, times=1)
    fleetgo_server.faults.append(slow)
    look = hass.async_create_task(async_events(hass, calendar, *window))
    await slow.hit.wait()

    told = await hass.services.async_call(
        DOMAIN,
        "save_trip",
        {
            "config_entry_id": entry.entry_id,
            "trip_id": str(
                next(
                    one.trip_id
                    for one in fleetgo_server.world.trips(number, *window)
                    if one.start.time.isoformat()[:16] == as_utc(trip["start"])[:16]
                )
            ),
            "ride_type": "private",
        },
        blocking=True,
        return_response=True,
    )
    assert told
    await look

    (corrected,) = (
        one
        for one in await async_events(hass, calendar, *window)
        if one["start"] == trip["start"]
    )
    assert corrected["summary"].startswith("Private trip, ")
    assert "location" not in corrected


@vendors(*WITH_TRIPS)
async def test_a_vendor_that_is_down_is_told_when_somebody_looks(
    hass: HomeAssistant,
    server: VendorServer,
    hass_client: ClientSessionGenerator,
    clock: Clock,
) -> None:
    """In words; the calendar stays, and works again when the vendor does."""
    number = with_user(server)
    entry = entry_of(server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(server, number)])
    client = await hass_client()
    window = {"start": (clock.now - DAY).isoformat(), "end": clock.now.isoformat()}
    name = entry.runtime_data.provider.info.name
    server.faults.append(Fault(kind=FaultKind.HTML))
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)

    with pytest.raises(HomeAssistantError) as raised:
        await async_events(hass, calendar, clock.now - DAY, clock.now)
    assert raised.value.translation_key == "invalid_response"
    assert raised.value.translation_placeholders is not None
    assert raised.value.translation_placeholders["vendor"] == name
    answer = await client.get(f"/api/calendars/{calendar}", params=window)
    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    message = (await answer.json())["message"]
    assert f"{name} answered something unexpected" in message
    state = hass.states.get(calendar)
    assert state is not None
    assert state.state == STATE_OFF

    server.faults.clear()
    answer = await client.get(f"/api/calendars/{calendar}", params=window)
    assert answer.status == HTTPStatus.OK
    assert await answer.json()


async def test_a_reload_ends_a_read_that_is_under_way(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """Whoever waits for it is told so, and is not left waiting."""
    number = next(iter(fleetgo_server.world.vehicles))
    entry = entry_of(fleetgo_server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(fleetgo_server, number)])
    slow = Watched(kind=FaultKind.LATENCY, path="GetTrips", delay=5.0, times=1)
    fleetgo_server.faults.append(slow)
    look = hass.async_create_task(
        async_events(hass, calendar, clock.now - DAY, clock.now)
    )
    await slow.hit.wait()

    await hass.config_entries.async_reload(entry.entry_id)

    with pytest.raises(HomeAssistantError) as raised:
        await look
    assert raised.value.translation_key == "cannot_connect"
    assert await async_events(hass, calendar, clock.now - DAY, clock.now)


async def test_distances_are_in_miles_where_people_use_them(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """The unit is Home Assistant's, not the vendor's."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    number = next(iter(fleetgo_server.world.vehicles))
    entry = entry_of(fleetgo_server)
    (calendar,) = await async_follow(hass, entry, [vehicle_of(fleetgo_server, number)])

    events = await async_events(hass, calendar, clock.now - DAY, clock.now)

    trips = fleetgo_server.world.trips(number, clock.now - DAY, clock.now)
    miles = [f"{trip.distance * 0.621371:.1f} mi" for trip in trips]
    assert [one["summary"].rpartition(", ")[2] for one in events] == miles


async def test_a_calendar_goes_with_its_vehicle(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, clock: Clock
) -> None:
    """A vehicle that left has no trips to show any more."""
    number, other = list(fleetgo_server.world.vehicles)[:2]
    entry = entry_of(fleetgo_server)
    calendar, stays = await async_follow(
        hass, entry, [vehicle_of(fleetgo_server, one) for one in (number, other)]
    )

    entry.runtime_data.fleet.remove(vehicle_of(fleetgo_server, number))
    await hass.async_block_till_done()

    for entity_id, gone in ((calendar, True), (stays, False)):
        state = hass.states.get(entity_id)
        assert state is not None
        assert (state.state == STATE_UNAVAILABLE) is gone


async def test_a_vendor_of_last_trips_alone_has_no_calendar(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """One trip is no calendar."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)

    for number in movens_server.world.vehicles:
        vehicle = vehicle_of(movens_server, number)
        assert entity_id_of(hass, entry, "calendar", vehicle, "trips") is None
