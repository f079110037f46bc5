"""The provider against a simulated TrackGPS, compared with the truth it tells of."""

import asyncio
from datetime import UTC, datetime, timedelta
import time

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.demo.records import TripRecord
from custom_components.fleet_telematics.providers.demo.world import BUCHAREST, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    Rejected,
)
from custom_components.fleet_telematics.providers.models import (
    FuelEventKind,
    FuelSource,
    Status,
)
from custom_components.fleet_telematics.providers.trackgps import TrackGps
from custom_components.fleet_telematics.providers.transport import RequestQueue
from simulator.trackgps import CREDENTIALS, TrackGpsServer
from simulator.trackgps_json import hides_private

# The world stands still, so that what was told can be compared with what is. On a
# whole second, or the vendor's milliseconds would be of a moment before it.
NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = {
    "refill": FuelEventKind.REFUELLED,
    "theft": FuelEventKind.THEFT_SUSPECTED,
}

pytestmark = pytest.mark.parametrize(
    "world",
    [{"city": BUCHAREST, "vehicles": 6, "clock": lambda: NOW}],
    indirect=True,
    ids=["bucharest"],
)


def connect(
    session: aiohttp.ClientSession,
    server: TrackGpsServer,
    *,
    interval: float = 0.0,
    **data: object,
) -> TrackGps:
    """Return a provider for the server's account, with a request each `interval`."""
    connection = Connection(
        session=session,
        queue=RequestQueue(),
        data={**CREDENTIALS, "url": server.url, **data},
        options={"request_interval": max(interval, 1)},
    )
    found = TrackGps(connection)
    connection.queue.interval = interval
    return found


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A fleet that is neither private nor out of touch unless a test says so."""
    world = World(**request.param)
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, private=False)
        world.set_online(vehicle_id, online=True)
    return world


@pytest.fixture
def provider(
    session: aiohttp.ClientSession, trackgps_server: TrackGpsServer
) -> TrackGps:
    """A provider that does not wait; neither does the server want it to."""
    return connect(session, trackgps_server)


def logins(server: TrackGpsServer) -> int:
    """Return how often somebody logged in."""
    return sum(one.path.endswith("/login") for one in server.requests)


async def test_the_right_credentials_open_the_account(provider: TrackGps) -> None:
    """The username is the account."""
    assert (await provider.authenticate()).id == CREDENTIALS["username"]


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_wrong_or_missing_credentials_are_refused(
    session: aiohttp.ClientSession, trackgps_server: TrackGpsServer, password: str
) -> None:
    """Tried once, whether the vendor says 401 or 400."""
    provider = connect(session, trackgps_server, password=password)
    for _ in range(2):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert len(trackgps_server.requests) == 1


@pytest.mark.parametrize("pascal_case", [False, True])
@pytest.mark.parametrize(
    ("date_format", "precision"),
    [
        ("iso", timedelta(milliseconds=1)),
        ("%d.%m.%Y %H:%M:%S", timedelta(seconds=1)),
        ("%d/%m/%Y %H:%M", timedelta(minutes=1)),
    ],
)
async def test_positions_are_the_truth(
    provider: TrackGps,
    world: World,
    trackgps_server: TrackGpsServer,
    pascal_case: bool,
    date_format: str,
    precision: timedelta,
) -> None:
    """In either key case and every format of dates."""
    trackgps_server.pascal_case = pascal_case
    trackgps_server.date_format = date_format
    batch = await provider.positions()
    assert batch.complete
    assert set(batch.vehicles) == {str(one) for one in world.vehicles}
    for spec in world.vehicles.values():
        truth = world.state(spec.vehicle_id)
        found = batch.vehicles[str(spec.vehicle_id)]
        assert (found.name, found.plate, found.vin) == (
            spec.plate,
            spec.plate,
            spec.vin,
        )
        assert (found.make, found.model) == (spec.make, spec.model)
        assert found.location is not None
        assert found.location.latitude == pytest.approx(truth.latitude, abs=1e-6)
        assert found.location.longitude == pytest.approx(truth.longitude, abs=1e-6)
        assert found.address == f"{truth.address.street}, {truth.address.city}"
        assert found.speed == round(truth.speed)
        assert found.heading == round(truth.heading) % 360
        assert found.engine is truth.engine_on
        assert found.engine_speed == round(truth.engine_speed)
        assert found.supply_voltage == pytest.approx(truth.supply_voltage, abs=0.005)
        assert found.last_report is not None
        assert timedelta() <= truth.time - found.last_report < precision
        assert found.moving is (round(truth.speed) > 0)
        assert (found.online, found.private_mode) == (True, False)
        assert found.status is (
            Status.MOVING
            if found.moving
            else Status.IDLING
            if truth.engine_on
            else Status.STOPPED
        )


async def test_private_vehicles_hide_where_they_are(
    provider: TrackGps, world: World
) -> None:
    """Whether the vendor leaves the place out or not."""
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, True)
    for found in (await provider.positions()).vehicles.values():
        assert found.status is Status.PRIVATE
        assert found.private_mode is True
        assert (found.location, found.address, found.speed) == (None, None, None)


async def test_vehicles_the_vendor_has_not_heard_of_are_offline(
    provider: TrackGps, trackgps_server: TrackGpsServer
) -> None:
    """A day and an hour is too long for any of them."""
    trackgps_server.skew = timedelta(hours=-25)
    for found in (await provider.positions()).vehicles.values():
        assert found.online is False
        assert found.status is Status.OFFLINE


@pytest.mark.parametrize("secondary", [False, True])
async def test_refills_are_the_worlds_fuel_records(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer, secondary: bool
) -> None:
    """A month of them, oldest first, with what is left in the tank."""
    start = NOW - timedelta(days=31)
    if secondary:
        trackgps_server.secondary_source = set(world.vehicles)
    source = FuelSource.SECONDARY if secondary else FuelSource.PRIMARY
    robbed, *_ = world.vehicles
    world.steal(robbed, 7.0, NOW - timedelta(hours=2))
    seen = set()
    for vehicle_id in world.vehicles:
        report = await provider.fuel(str(vehicle_id), start, NOW)
        records = world.fuel_records(vehicle_id, start, NOW)
        assert len(report.events) == len(records)
        for event, record in zip(report.events, records, strict=True):
            assert event.vehicle_id == str(vehicle_id)
            assert (event.kind, event.source) == (KINDS[record.kind], source)
            assert abs(event.time - record.time) < timedelta(milliseconds=1)
            assert event.volume == pytest.approx(record.volume, abs=0.005)
            assert event.private is record.private
            seen.add(record.kind)
        assert report.vehicle is not None
        told = report.vehicle
        sensors = (told.fuel_volume, told.fuel_volume_secondary)
        remaining, other = reversed(sensors) if secondary else sensors
        truth = world.state(vehicle_id).fuel_volume
        assert remaining == pytest.approx(truth, abs=0.005)
        assert other is None
    assert seen == {"refill", "theft"}


@pytest.mark.parametrize("pascal_case", [False, True])
@pytest.mark.parametrize("flat", [False, True])
async def test_the_last_stops_are_the_worlds_trips(
    provider: TrackGps,
    world: World,
    trackgps_server: TrackGpsServer,
    pascal_case: bool,
    flat: bool,
) -> None:
    """Counters as they were there, and the drive that led to it."""
    trackgps_server.pascal_case = pascal_case
    trackgps_server.flat_stops = flat
    batch = await provider.details([str(one) for one in world.vehicles])
    assert set(batch.vehicles) == {str(one) for one in world.vehicles}
    for spec in world.vehicles.values():
        found = batch.vehicles[str(spec.vehicle_id)]
        began, ended = found.last_trip_start, found.last_trip_end
        assert began is not None
        assert ended is not None
        there = world.state(spec.vehicle_id, ended)
        assert found.odometer == pytest.approx(there.odometer, abs=0.1)
        assert found.engine_hours == pytest.approx(there.engine_hours, abs=0.01)
        assert found.driver == f"{spec.driver.first_name} {spec.driver.last_name}"
        close = timedelta(seconds=2)
        drive = [
            trip
            for trip in world.trips(spec.vehicle_id, began, ended)
            if trip.start.time >= began - close and trip.end.time <= ended + close
        ]
        assert found.last_trip_distance == pytest.approx(
            sum(trip.distance for trip in drive), abs=0.01
        )
        assert found.last_trip_fuel == pytest.approx(
            sum(trip.fuel_used for trip in drive), abs=0.01
        )
        assert found.last_trip_duration == pytest.approx(
            (ended - began) / timedelta(hours=1)
        )


async def test_an_expired_token_is_renewed_once(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """However many requests find out at the same time."""
    await provider.positions()
    trackgps_server.expire_tokens()
    vehicle_ids = [str(one) for one in world.vehicles]
    await asyncio.gather(
        provider.positions(),
        provider.details(vehicle_ids),
        *(provider.fuel(one, NOW - timedelta(days=1), NOW) for one in vehicle_ids),
    )
    assert logins(trackgps_server) == 2


async def test_changed_credentials_are_asked_for(
    provider: TrackGps, trackgps_server: TrackGpsServer
) -> None:
    """The renewal is refused, once."""
    await provider.positions()
    trackgps_server.change_credentials(password="another")
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert logins(trackgps_server) == 2


async def test_parallel_requests_keep_to_the_limit(
    session: aiohttp.ClientSession, world: World, trackgps_server: TrackGpsServer
) -> None:
    """One a second here; the server would answer 429 to a faster one."""
    trackgps_server.request_interval = 1.0
    provider = connect(session, trackgps_server, interval=1.0)
    first, second, *_ = map(str, world.vehicles)
    begun = time.monotonic()
    await asyncio.gather(
        provider.positions(),
        provider.fuel(first, NOW - timedelta(days=1), NOW),
        provider.fuel(second, NOW - timedelta(days=1), NOW),
        provider.details([first, second]),
    )
    assert time.monotonic() - begun >= 3
    assert [one.status for one in trackgps_server.requests] == [200] * 5


async def test_a_declined_request_is_told_with_its_reason(
    provider: TrackGps, trackgps_server: TrackGpsServer
) -> None:
    """The vendor's code inside HTTP 200."""
    trackgps_server.fail_reason = "MaintenanceWindow"
    with pytest.raises(Rejected) as caught:
        await provider.positions()
    assert (caught.value.status, caught.value.reason) == (200, "MaintenanceWindow")


async def test_a_foreign_vehicle_is_denied_while_the_others_go_on(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """Neither its refills nor its stops stand in the way of anybody's."""
    foreign, *ours = world.vehicles
    trackgps_server.foreign = {foreign}
    window = NOW - timedelta(days=1), NOW
    with pytest.raises(AccessDenied):
        await provider.fuel(str(foreign), *window)
    for vehicle_id in ours:
        assert (await provider.fuel(str(vehicle_id), *window)).vehicle is not None
    batch = await provider.details([str(one) for one in world.vehicles])
    assert set(batch.vehicles) == {str(one) for one in ours}
    assert len((await provider.positions()).vehicles) == len(world.vehicles)


async def test_stops_alone_find_the_foreign_vehicle_too(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """In a few readings, and without asking the user for credentials."""
    foreign, *ours = world.vehicles
    trackgps_server.foreign = {foreign}
    for _ in range(8):
        batch = await provider.details([str(one) for one in world.vehicles])
    assert set(batch.vehicles) == {str(one) for one in ours}
    trackgps_server.requests.clear()
    await provider.details([str(one) for one in world.vehicles])
    assert [one.status for one in trackgps_server.requests] == [200]


def legs_between(
    world: World, vehicle_id: int, start: datetime, end: datetime
) -> list[TripRecord]:
    """Return the world's trips inside of a drive between two stops."""
    close = timedelta(seconds=2)
    return [
        trip
        for trip in world.trips(vehicle_id, start - close, end + close)
        if trip.start.time >= start - close and trip.end.time <= end + close
    ]


@pytest.mark.parametrize("date_format", ["iso", "%d.%m.%Y %H:%M:%S"])
@pytest.mark.parametrize("flat", [False, True])
async def test_trips_are_the_worlds(
    provider: TrackGps,
    world: World,
    trackgps_server: TrackGpsServer,
    flat: bool,
    date_format: str,
) -> None:
    """Every finished one of a window, with places, distance, fuel and driver."""
    trackgps_server.flat_stops = flat
    trackgps_server.date_format = date_format
    start, end = NOW - timedelta(days=3), NOW - timedelta(hours=2)
    found = await provider.trips([str(one) for one in world.vehicles], start, end)
    assert [one.start for one in found] == sorted(
        one.start for one in found if one.start
    )
    covered = set()
    for trip in found:
        spec = world.vehicles[int(trip.vehicle_id)]
        assert trip.start is not None
        assert trip.end is not None
        assert trip.start <= end
        assert trip.end >= start
        legs = legs_between(world, spec.vehicle_id, trip.start, trip.end)
        covered |= {leg.trip_id for leg in legs}
        assert trip.distance == pytest.approx(
            sum(leg.distance for leg in legs), abs=0.01
        )
        assert trip.fuel_used == pytest.approx(
            sum(leg.fuel_used for leg in legs), abs=0.01
        )
        assert trip.duration == trip.end - trip.start
        assert trip.driver == spec.driver.name
        assert trip.private is legs[-1].private
        address = legs[-1].end.address
        hidden = trip.private and hides_private(spec.vehicle_id)
        assert trip.destination.address == (
            None if hidden else f"{address.street}, {address.city}"
        )
        assert (trip.destination.location is None) is hidden
    # A trip that goes on, in which only a short halt was made, is not told yet.
    finished = {
        trip.trip_id
        for vehicle_id in world.vehicles
        for trip in world.trips(vehicle_id, start, end)
        if trip.end.time <= end - timedelta(minutes=5)
    }
    assert covered >= finished
    assert len(found) == len({(one.vehicle_id, one.id) for one in found})
    assert len(trackgps_server.requests) == 2


async def test_a_month_of_trips_is_whole_though_it_takes_two_requests(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """The sum of them is what the odometer says, to the last drive."""
    one, *_ = world.vehicles
    start = NOW - timedelta(days=45)
    found = await provider.trips([str(one)], start, NOW)
    assert len(trackgps_server.requests) == 3
    first = next(trip for trip in found if trip.start is not None)
    assert first.start is not None
    last = found[-1].end
    assert last is not None
    driven = world.state(one, last).odometer - world.state(one, first.start).odometer
    told = sum(trip.distance or 0 for trip in found if trip.start is not None)
    assert told == pytest.approx(driven, abs=0.5)


async def test_the_track_is_the_worlds_without_what_was_private(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """The vendor tells where some vehicles drove in private, and not that they did."""
    start, end = NOW - timedelta(days=6), NOW - timedelta(hours=1)
    vehicle_id, private = next(
        (one, trips)
        for one in world.vehicles
        if not hides_private(one)
        and (
            trips := {
                trip.trip_id for trip in world.trips(one, start, end) if trip.private
            }
        )
    )
    track = await provider.track(str(vehicle_id), start, end)
    assert len(track) > 500
    for point in track:
        (truth,) = world.track(vehicle_id, point.time, point.time)
        if truth.trip_id in private:
            assert point.private
        if point.private:
            assert (point.location, point.speed) == (None, None)
            continue
        assert point.location is not None
        assert point.location.latitude == pytest.approx(truth.latitude, abs=1e-3)
        assert point.location.longitude == pytest.approx(truth.longitude, abs=1e-3)
    told = [point.private for point in track]
    assert 0 < sum(told) < len(told) / 2


async def test_a_vehicle_in_private_mode_tells_no_track_since_its_last_stop(
    provider: TrackGps, world: World
) -> None:
    """The vendor's points of some vehicles would."""
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, private=True)
    for vehicle_id in world.vehicles:
        track = await provider.track(str(vehicle_id), NOW - timedelta(hours=1), NOW)
        assert track[-1].private
        assert track[-1].location is None


async def test_fuel_used_is_the_worlds(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """Of more than a month, of every vehicle, whichever sensor tells it."""
    _, other, *_ = world.vehicles
    trackgps_server.secondary_source = {other}
    start, end = NOW - timedelta(days=40), NOW - timedelta(hours=3)
    found = await provider.fuel_used([str(one) for one in world.vehicles], start, end)
    assert set(found) == {str(one) for one in world.vehicles}
    for vehicle_id in world.vehicles:
        before, after = world.state(vehicle_id, start), world.state(vehicle_id, end)
        assert found[str(vehicle_id)] == pytest.approx(
            after.fuel_consumed - before.fuel_consumed, abs=0.01
        )


async def test_a_foreign_vehicle_costs_the_others_nothing_of_the_past(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """Neither trips nor litres; alone it is denied."""
    foreign, *ours = world.vehicles
    trackgps_server.foreign = {foreign}
    vehicle_ids = [str(one) for one in world.vehicles]
    window = NOW - timedelta(days=2), NOW
    trips = await provider.trips(vehicle_ids, *window)
    assert {one.vehicle_id for one in trips} == {str(one) for one in ours}
    assert set(await provider.fuel_used(vehicle_ids, *window)) == {
        str(one) for one in ours
    }
    with pytest.raises(AccessDenied):
        await provider.track(str(foreign), *window)


async def test_the_past_keeps_to_the_limit(
    session: aiohttp.ClientSession, world: World, trackgps_server: TrackGpsServer
) -> None:
    """One request a second here, whoever asks: the server would answer 429."""
    trackgps_server.request_interval = 1.0
    provider = connect(session, trackgps_server, interval=1.0)
    one, *_ = map(str, world.vehicles)
    window = NOW - timedelta(days=1), NOW
    await asyncio.gather(
        provider.trips([one], *window),
        provider.track(one, *window),
        provider.fuel_used([one], *window),
        provider.call("/api/carriers/company-vehicles", {}),
    )
    assert {seen.status for seen in trackgps_server.requests} == {200}


async def test_any_other_call_answers_whole(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer
) -> None:
    """The envelope with it; a path that is none is the vendor's 404."""
    answer = await provider.call("/api/carriers/company-vehicles", {})
    assert isinstance(answer, dict)
    assert len(answer["payload"]) == len(world.vehicles)
    with pytest.raises(NotFound):
        await provider.call("/api/nothing", {})
    trackgps_server.fail_reason = "MaintenanceWindow"
    answer = await provider.call("api/carriers/company-vehicles", {"x": "1"})
    assert isinstance(answer, dict)
    assert answer["isSuccess"] is False
