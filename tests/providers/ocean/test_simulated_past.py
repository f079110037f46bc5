"""What Ocean tells of the past and of its surroundings, from the simulated vendor."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.fleet_telematics.providers import capabilities
from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.demo.world import TripRecord
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import Coordinates, Place, Trip
from custom_components.fleet_telematics.providers.ocean import (
    Ocean,
    trips as ocean_trips,
)
from simulator.faults import Fault, FaultKind
from simulator.ocean import CUSTOMER_ID, START_CODE, STOP_CODE, OceanServer
from simulator.ocean_json import DateForm, hides_private

from .conftest import Open, Standing

SHEET = "/mobility/v1/ficheJour"
SEARCH = "/positions/search"
EVENTS = "/evenement/lastEvent"
RECORDS = "/vehicule_engin/vehicles"
DAY = timedelta(days=1)
PARIS = Coordinates(latitude=48.8566, longitude=2.3522)


def requests(server: OceanServer, path: str) -> int:
    """Return how often a path was asked for."""
    return sum(one.path.endswith(path) for one in server.requests)


def check(found: Iterable[Trip], expected: Iterable[TripRecord]) -> None:
    """Compare trips with the truth."""
    for trip, truth in zip(found, expected, strict=True):
        assert (trip.id, trip.vehicle_id) == (str(truth.trip_id), str(truth.vehicle_id))
        assert trip.start is not None
        assert trip.end is not None
        assert abs(trip.start - truth.start.time) < timedelta(seconds=1)
        assert abs(trip.end - truth.end.time) < timedelta(seconds=1)
        assert trip.distance == pytest.approx(truth.distance, abs=0.001)
        assert trip.duration is not None
        assert abs(trip.duration - truth.duration) < timedelta(seconds=1)
        assert trip.driver
        if truth.private and hides_private(truth.vehicle_id):
            assert trip.origin.location is trip.destination.location is None
            continue
        for place, state in ((trip.origin, truth.start), (trip.destination, truth.end)):
            assert place.address is not None
            assert state.address.street in place.address
            assert place.location is not None
            assert place.location.latitude == pytest.approx(state.latitude, abs=1e-5)


def test_what_ocean_offers() -> None:
    """And what it does not."""
    offered = (
        capabilities.TripHistory,
        capabilities.PositionHistory,
        capabilities.NearestVehicles,
        capabilities.VendorEvents,
        capabilities.OpenApi,
    )
    assert all(issubclass(Ocean, one) for one in offered)
    assert not issubclass(Ocean, capabilities.Reports)


# Trips.


@pytest.mark.parametrize("form", DateForm)
@pytest.mark.parametrize("letters", [False, True])
async def test_trips_are_the_truth(
    ocean_server: OceanServer, open_account: Open, form: DateForm, letters: bool
) -> None:
    """Of any vehicle and window, with times and states in any form."""
    ocean_server.date_form = form
    ocean_server.day_letters = letters
    world = ocean_server.world
    provider = open_account()
    now = world.now()
    for vehicle_id in list(world.vehicles)[:4]:
        for start, end in (
            (now - 3 * DAY, now),
            (now - 2 * DAY, now - timedelta(hours=30)),
        ):
            found = await provider.trips([str(vehicle_id)], start, end)
            expected = world.trips(vehicle_id, start, end)
            assert expected
            check(found, expected)


async def test_a_window_costs_a_request_a_day(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """And one or two more, because the vendor's days may begin earlier or later."""
    now = ocean_server.world.now()
    vehicle_id = str(next(iter(ocean_server.world.vehicles)))
    await open_account().trips([vehicle_id], now - 10 * DAY, now - 3 * DAY)
    assert 8 <= requests(ocean_server, SHEET) <= 9
    # Nothing is asked of days that have not begun.
    days = [
        datetime.strptime(dict(one.query)["date"], "%d/%m/%Y")
        for one in ocean_server.requests
        if one.path.endswith(SHEET)
    ]
    assert max(days).replace(tzinfo=UTC) <= now + timedelta(hours=2)


async def test_trips_of_several_vehicles_come_in_order(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Equipment makes none, and is not asked for."""
    world = ocean_server.world
    now = world.now()
    numbers = list(world.vehicles)[:3]
    found = await open_account().trips(
        ["equipment_5", *map(str, numbers)], now - DAY, now
    )
    assert len(found) == sum(len(world.trips(one, now - DAY, now)) for one in numbers)
    starts = [one.start for one in found if one.start is not None]
    assert starts == sorted(starts)
    assert await open_account().trips(["equipment_5"], now - DAY, now) == ()


async def test_a_vehicle_that_may_be_private_keeps_its_trips_places(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """No row of a day sheet tells which of its trips were private: none has places."""
    world = ocean_server.world
    number, other = (one for one in list(world.vehicles)[:2])
    ocean_server.may_be_private.add(number)
    provider = open_account()
    now = world.now()
    found = await provider.trips([str(number), str(other)], now - 3 * DAY, now)
    mine = [one for one in found if one.vehicle_id == str(number)]
    assert len(mine) == len(world.trips(number, now - 3 * DAY, now))
    assert all(one.private and one.distance and one.duration for one in mine)
    assert {one.origin for one in mine} | {one.destination for one in mine} == {Place()}
    others = [one for one in found if one.vehicle_id == str(other)]
    assert others
    assert all(one.origin.location and not one.private for one in others)


async def test_a_private_drive_stays_private_once_it_is_over(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Who was seen private has drives whose places nobody is told."""
    world = ocean_server.world
    number = next(one for one in world.vehicles if not hides_private(one))
    provider = open_account()
    window = world.now() - 3 * DAY, world.now()
    await provider.positions()
    before = await provider.trips([str(number)], *window)
    assert any(one.origin.location for one in before)
    world.set_private(number, private=True)
    await provider.positions()
    world.set_private(number, private=False)
    await provider.positions()
    after = await provider.trips([str(number)], *window)
    assert [one.id for one in after] == [one.id for one in before]
    assert all(one.private and one.origin == Place() for one in after)


async def test_trips_of_somebody_elses_vehicle_are_denied(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """The vendor does not know it."""
    now = ocean_server.world.now()
    with pytest.raises(AccessDenied):
        await open_account().trips(["1"], now - DAY, now)


# Last trips.


async def test_last_trips_are_the_truth(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Found in a few sheets each, some vehicles a step."""
    world = ocean_server.world
    provider = open_account()
    assert Feed.TRIPS in provider.feeds
    vehicles = list((await provider.positions()).vehicles)
    steps = 0
    batch = await provider.last_trips(vehicles)
    before = requests(ocean_server, SHEET)
    assert before <= 28
    while len(batch.vehicles) < len(vehicles):
        batch = await provider.last_trips(vehicles)
        steps += 1
        assert steps < 20
    for key, vehicle in batch.vehicles.items():
        truth = world.trips(int(key), world.now() - 7 * DAY, world.now())[-1]
        assert vehicle.last_trip_distance == pytest.approx(truth.distance, abs=0.001)
        assert vehicle.last_trip_duration == pytest.approx(
            truth.duration.total_seconds() / 3600, abs=0.001
        )
        assert vehicle.last_trip_start is not None
        assert abs(vehicle.last_trip_start - truth.start.time) < timedelta(seconds=1)
        assert vehicle.last_trip_end is not None
        assert abs(vehicle.last_trip_end - truth.end.time) < timedelta(seconds=1)
        assert vehicle.last_trip_fuel is None


async def test_a_vehicle_that_stands_costs_nothing(
    ocean_server: OceanServer,
    open_account: Open,
    standing: Standing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it was looked at after it stopped; every few hours it is all the same."""
    world = ocean_server.world
    while all(state.engine_on for state in world.states()):
        standing.time -= timedelta(minutes=1)
    now = world.now()
    monkeypatch.setattr(ocean_trips, "_now", lambda: now)
    provider = open_account()
    parked = [
        key
        for key, one in (await provider.positions()).vehicles.items()
        if not one.engine
    ][:5]
    assert parked
    first = await provider.last_trips(parked)
    assert first.vehicles.keys() == set(parked)

    async def step(minutes: float) -> int:
        nonlocal now
        now += timedelta(minutes=minutes)
        before = requests(ocean_server, SHEET)
        await provider.positions()
        assert await provider.last_trips(parked) == first
        return requests(ocean_server, SHEET) - before

    for _ in range(12):
        assert await step(5) == 0
    assert 1 <= await step(6 * 60) <= 2 * len(parked)
    assert await step(5) == 0


# Tracks.


@pytest.mark.parametrize("form", DateForm)
async def test_tracks_are_the_truth(
    ocean_server: OceanServer, open_account: Open, form: DateForm
) -> None:
    """A point a minute, a request a day, without what was private."""
    ocean_server.date_form = form
    world = ocean_server.world
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    key = next(key for key, one in vehicles.items() if one.moving)
    end = world.now().replace(second=0, microsecond=0)
    start = end - timedelta(hours=30)
    track = await provider.track(key, start, end)
    assert requests(ocean_server, SEARCH) == 2
    truth = {
        state.time: state
        for state in world.track(int(key), start, end, timedelta(minutes=1))
    }
    assert len(track) == len(truth) == 30 * 60 + 1
    assert [one.time for one in track] == sorted(truth)
    for one in track:
        state = truth[one.time]
        assert one.speed == pytest.approx(state.speed, abs=0.06)
        assert one.heading == round(state.heading) % 360
        assert one.engine in (state.engine_on, None)
        assert (one.odometer, one.altitude, one.private) == (None, None, False)
        if one.location is not None:
            assert one.location.latitude == pytest.approx(state.latitude, abs=1e-5)
    assert any(one.engine for one in track)
    assert {dict(one.query).get("withPrivacy") for one in ocean_server.requests} == {
        None,
        "false",
    }


async def test_private_drives_are_not_told(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """A vehicle that is private now still has its past."""
    world = ocean_server.world
    number = next(iter(world.vehicles))
    world.set_private(number, private=True)
    provider = open_account()
    await provider.positions()
    end = world.now()
    track = await provider.track(str(number), end - timedelta(hours=2), end)
    expected = world.track(number, end - timedelta(hours=2), end, timedelta(minutes=1))
    assert len(track) == pytest.approx(sum(not one.private for one in expected), abs=1)


async def test_a_point_without_a_state_may_be_private(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Of a vehicle whose driver may turn privacy on; a known state tells it is not."""
    world = ocean_server.world
    number = next(iter(world.vehicles))
    ocean_server.may_be_private.add(number)
    ocean_server.without_fix.add(number)
    provider = open_account()
    now = world.now()
    blind = await provider.track(str(number), now - timedelta(hours=1), now)
    assert blind
    assert all(one.private for one in blind)
    ocean_server.without_fix.clear()
    seen = await provider.track(str(number), now - timedelta(hours=1), now)
    assert len(seen) == len(blind)
    assert not any(one.private for one in seen)


async def test_what_is_too_old_is_rejected_without_asking(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """The vendor keeps two months."""
    provider = open_account()
    key = next(iter((await provider.positions()).vehicles))
    now = datetime.now(UTC)
    with pytest.raises(NotSent) as refused:
        await provider.track(key, now - 70 * DAY, now)
    assert "two months" in str(refused.value.reason)
    assert requests(ocean_server, SEARCH) == 0


async def test_a_short_pause_of_the_search_is_waited_out(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """What was read before it is kept; a long one is the caller's."""
    provider = open_account()
    key = next(iter((await provider.positions()).vehicles))
    end = ocean_server.world.now()
    limit = Fault(kind=FaultKind.HTTP_429, path=SEARCH, retry_after=0.3, times=2)
    ocean_server.faults.append(limit)
    track = await provider.track(key, end - timedelta(hours=1), end)
    assert len(track) >= 60
    ocean_server.faults.append(
        Fault(kind=FaultKind.HTTP_429, path=SEARCH, retry_after=900)
    )
    with pytest.raises(RateLimited):
        await provider.track(key, end - timedelta(hours=1), end)
    # The poll goes on.
    assert (await provider.positions()).vehicles


# The nearest.


@pytest.mark.parametrize("by_road", [False, True])
async def test_the_nearest_are_the_truth(
    ocean_server: OceanServer, open_account: Open, by_road: bool
) -> None:
    """The nearest first, in kilometres; by road with a time of arrival."""
    world = ocean_server.world
    hidden = next(iter(world.vehicles))
    world.set_private(hidden, private=True)
    provider = open_account()
    found = await provider.nearest(PARIS, radius=100, limit=5, by_road=by_road)
    assert len(found) == 5
    distances = [one.distance for one in found]
    assert distances == sorted(distances)
    for one in found:
        state = world.state(int(one.vehicle_id))
        assert one.vehicle_id != str(hidden)
        assert one.location is not None
        assert one.location.latitude == pytest.approx(state.latitude, abs=1e-5)
        assert one.address is not None
        assert state.address.street in one.address
        if by_road:
            assert one.duration is not None
            assert one.arrival is not None
            assert one.duration.total_seconds() == pytest.approx(
                one.distance / 30 * 3600, abs=2
            )
        else:
            assert (one.duration, one.arrival) == (None, None)
    limit = distances[2]
    near = await provider.nearest(PARIS, radius=limit, limit=50, by_road=by_road)
    assert [one.distance for one in near] == distances[:3]
    assert await provider.nearest(PARIS, radius=0.001, limit=5, by_road=by_road) == ()


async def test_the_nearest_are_of_the_chosen_entity(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """The others are not told of, however near."""
    groups = {one.group for one in ocean_server.world.vehicles.values()}
    assert len(groups) > 1
    seen: set[str] = set()
    for group in groups:
        found = await open_account({"entity": group}).nearest(
            PARIS, radius=1000, limit=100, by_road=False
        )
        members = {
            str(key)
            for key, one in ocean_server.world.vehicles.items()
            if one.group == group
        }
        assert {one.vehicle_id for one in found} <= members
        seen |= {one.vehicle_id for one in found}
    assert len(seen) > 10


# Events.


async def test_events_come_with_the_last_trips(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """In one request for all vehicles, those of the chosen codes alone."""
    world = ocean_server.world
    provider = open_account({"event_codes": f"{START_CODE}; 7,,{START_CODE}"})
    assert list(provider.event_codes) == [START_CODE, "7"]
    vehicles = list((await provider.positions()).vehicles)
    batch = await provider.last_trips(vehicles)
    assert requests(ocean_server, EVENTS) == 1
    told = 0
    for key in vehicles:
        found = world.trips(int(key), world.now() - DAY, world.now())
        event = batch.vehicles[key].vendor_event if key in batch.vehicles else None
        if not found:
            assert event is None
            continue
        assert event is not None
        told += 1
        assert (event.code, event.label) == (START_CODE, "Démarrage")
        assert abs(event.time - found[-1].start.time) < timedelta(seconds=1)
        if found[-1].start.private:
            assert event.address is None
            continue
        assert event.address is not None
        assert found[-1].start.address.street in event.address
    assert told > 10


async def test_an_event_of_a_vehicle_that_may_be_private_does_not_tell_where(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Its record says so, even where the event does not."""
    world = ocean_server.world
    provider = open_account({"event_codes": STOP_CODE})
    keys = list((await provider.positions()).vehicles)
    told = (await provider.last_trips(keys)).vehicles
    number = next(
        int(key)
        for key, one in told.items()
        if one.vendor_event is not None and one.vendor_event.address is not None
    )
    assert number in world.vehicles
    ocean_server.may_be_private.add(number)
    provider = open_account({"event_codes": STOP_CODE})
    await provider.positions()
    (one,) = (await provider.last_trips([str(number)])).vehicles.values()
    assert one.vendor_event is not None
    assert one.vendor_event.address is None


async def test_an_event_tells_no_place_before_the_vehicles_record_is_known(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """After a start records may fail when events do not; then they are asked for."""
    provider = open_account({"event_codes": STOP_CODE})
    keys = list((await provider.positions()).vehicles)
    ocean_server.may_be_private.update(map(int, keys[::2]))
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500, path=RECORDS))

    async def placed() -> set[str]:
        told = (await provider.last_trips(keys)).vehicles
        assert sum(one.vendor_event is not None for one in told.values()) > 10
        return {
            key
            for key, one in told.items()
            if one.vendor_event is not None and one.vendor_event.address is not None
        }

    assert await placed() == set()
    ocean_server.faults.clear()
    known = await placed()
    assert known
    assert known.isdisjoint(keys[::2])


async def test_events_are_only_asked_for_by_code(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Without codes there are none."""
    provider = open_account({"event_codes": " , "})
    assert list(provider.event_codes) == []
    await provider.last_trips(list((await provider.positions()).vehicles))
    assert requests(ocean_server, EVENTS) == 0


async def test_events_that_fail_are_as_they_were(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """And the trips go on; trips that fail keep no event back for long."""
    provider = open_account({"event_codes": STOP_CODE})
    vehicles = list((await provider.positions()).vehicles)[:5]
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500, path=SHEET))
    with pytest.raises(Unreachable):
        await provider.last_trips(vehicles)
    ocean_server.faults.clear()
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500, path=EVENTS))
    batch = await provider.last_trips(vehicles)
    assert all(one.last_trip_distance for one in batch.vehicles.values())
    assert any(one.vendor_event for one in batch.vehicles.values())


# Anything else.


async def test_experts_may_ask_for_anything_below_the_base(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """With the login and the customer, and nowhere else."""
    ocean_server.multi_client = True
    provider = open_account(customer_id=CUSTOMER_ID)
    answer = await provider.call("/mobility/v1/entities", {})
    assert isinstance(answer, dict)
    assert answer["entities"]
    number = str(next(iter(ocean_server.world.vehicles)))
    sheet = await provider.call(SHEET, {"vehId": number, "date": "01/07/2026"})
    assert isinstance(sheet, dict)
    assert sheet["vehId"] == int(number)
    for path in ("../../admin", "/%2e%2e/admin"):
        with pytest.raises(Rejected):
            await provider.call(path, {})
    with pytest.raises(NotFound):
        await provider.call("https://example.com/", {})
    assert all(one.path.startswith("/ocean") for one in ocean_server.requests)
