"""TrackGPS as its pages have it: login, limit, envelope, vehicles, fuel and stops."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.fleet_telematics.providers.demo.world import BUCHAREST, World
from simulator.trackgps import TrackGpsServer

from .client import Client

LOGIN = "/api/authentication/login?api-version=2.0"
VEHICLES = "/api/carriers/company-vehicles?api-version=2.0"
REFILLS = "/api/carriers/refills?api-version=2.0"
STOPS = "/api/carriers/stops?api-version=2.0"
WAY = "/api/carriers/way?api-version=2.0"
CONSUMPTION = "/api/carriers/consumption?api-version=2.0"
ZONE = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
SUMMARIES = [
    "FuelStart",
    "TotalRefill",
    "TotalPossibleTheft",
    "RemainingFuel",
    "TotalFuelConsumption",
]


@pytest.fixture
def world() -> World:
    """A world that stands still."""
    return World(city=BUCHAREST, vehicles=6, clock=lambda: NOW)


@pytest.fixture
async def client(trackgps_server: TrackGpsServer) -> AsyncGenerator[Client]:
    """Return a client that has logged in."""
    async with Client(trackgps_server) as client:
        await log_in(client)
        yield client


async def log_in(client: Client) -> dict[str, Any]:
    """Log in, keep the token and return the answer."""
    status, answer = await client.send("POST", LOGIN, data=client.server.credentials)
    assert status == 200
    client.token = answer["access_token"]
    return dict(answer)


def local(moment: datetime) -> str:
    """Return a time as the vendor writes it."""
    naive = moment.astimezone(ZONE).replace(tzinfo=None)
    return naive.isoformat(timespec="milliseconds")


def told_time(value: object) -> datetime:
    """Read a time of the vendor's."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=ZONE)


def window(hours: float) -> dict[str, object]:
    """Return the times of a request for the last hours."""
    return {"startDate": local(NOW - timedelta(hours=hours)), "endDate": local(NOW)}


async def payload(client: Client, path: str, body: object = None) -> Any:
    """Return the payload of a call that must succeed."""
    if body is None:
        status, answer = await client.get(path)
    else:
        status, answer = await client.post(path, body)
    assert status == 200, answer
    assert answer["isSuccess"] is True
    assert answer["failureReasons"] == []
    assert answer["correlationId"]
    return answer["payload"]


async def test_login_claims_more_than_it_gives(
    trackgps_server: TrackGpsServer,
) -> None:
    """The answer says eight hours; the token lives for one."""
    moments = [NOW]
    trackgps_server.clock = lambda: moments[0]
    async with Client(trackgps_server) as client:
        answer = await log_in(client)
        assert answer["expires_in"] == 28_800
        assert answer["token_type"] == "Bearer"
        moments[0] += timedelta(seconds=3599)
        assert (await client.get(VEHICLES))[0] == 200
        moments[0] += timedelta(seconds=1)
        assert (await client.get(VEHICLES))[0] == 401


async def test_login_checks_form_and_version(trackgps_server: TrackGpsServer) -> None:
    """Missing fields or version are 400, JSON has no fields, wrong ones are 401."""
    right = trackgps_server.credentials
    async with Client(trackgps_server) as client:
        bare = LOGIN.partition("?")[0]
        assert (await client.send("POST", bare, data=right))[0] == 400
        assert (await client.post(LOGIN, right))[0] == 400
        for field in right:
            fewer = {key: value for key, value in right.items() if key != field}
            assert (await client.send("POST", LOGIN, data=fewer))[0] == 400
            wrong = {**right, field: "wrong"}
            assert (await client.send("POST", LOGIN, data=wrong))[0] == 401


@pytest.mark.parametrize("path", [VEHICLES, REFILLS, STOPS, WAY, CONSUMPTION])
async def test_every_call_needs_version_and_token(client: Client, path: str) -> None:
    """No version is 400 and no token 401, in the vendor's envelope."""
    method = "GET" if path == VEHICLES else "POST"
    status, answer = await client.send(method, path.partition("?")[0])
    assert (status, answer["isSuccess"]) == (400, False)
    client.token = "stale"
    status, answer = await client.send(method, path)
    assert (status, answer["isSuccess"]) == (401, False)


async def test_limit_is_one_request_for_the_whole_api(
    client: Client, trackgps_server: TrackGpsServer
) -> None:
    """A second call inside 30 s is 429, whatever it asks; logins are exempt."""
    seconds = [0.0]
    trackgps_server.timer = lambda: seconds[0]
    trackgps_server.request_interval = 30.0
    assert (await client.get(VEHICLES))[0] == 200
    seconds[0] = 29.9
    assert (await client.post(REFILLS, {}))[0] == 429
    await log_in(client)
    trackgps_server.tell_retry_after = True
    async with client.session.get(
        client.address(VEHICLES), headers=client.headers
    ) as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "1"
    # What was refused does not count.
    seconds[0] = 30.0
    assert (await client.get(VEHICLES))[0] == 200


async def test_vehicles_are_the_worlds(client: Client, world: World) -> None:
    """Every value of the list is the truth, rounded, at company-local time."""
    told = await payload(client, VEHICLES)
    assert [row["vehicleId"] for row in told] == list(world.vehicles)
    for row, spec in zip(told, world.vehicles.values(), strict=True):
        state = world.state(spec.vehicle_id)
        assert row["vehicleRegistrationNumber"] == spec.plate
        assert row["vehicleIdentificationNumber"] == spec.vin
        assert row["manufactureYear"] == spec.year
        assert row["speed"] == round(state.speed)
        assert row["course"] == round(state.heading) % 360
        assert row["engineEvent"] in ((1,) if state.engine_on else (0, 2))
        assert row["engineRpm"] == round(state.engine_speed)
        assert row["externalPowerVoltage"] == pytest.approx(
            state.supply_voltage, abs=0.01
        )
        assert abs(told_time(row["gpsDate"]) - state.time) < timedelta(seconds=1)
        assert row["isPrivate"] is state.private
        if row["latitude"] is None:
            assert state.private
        else:
            assert row["latitude"] == pytest.approx(state.latitude, abs=1e-6)
            assert row["longitude"] == pytest.approx(state.longitude, abs=1e-6)


async def test_private_vehicles_are_hidden_or_not(client: Client, world: World) -> None:
    """Some private vehicles still come with their coordinates."""
    for one in world.vehicles:
        world.set_private(one, True)
    told = await payload(client, VEHICLES)
    assert all(row["isPrivate"] for row in told)
    assert {row["latitude"] is None for row in told} == {True, False}


async def test_refills_tell_events_between_their_sums(
    client: Client, world: World
) -> None:
    """Events carry litres and their time, the sums the window's edges."""
    one = next(iter(world.vehicles))
    world.steal(one, 4, NOW - timedelta(minutes=20))
    world.refuel(one, 6, NOW - timedelta(minutes=10))
    asked = {"carrierId": one, **window(24)}
    rows = await payload(client, REFILLS, asked)
    start = NOW - timedelta(hours=24)
    truth = world.fuel_records(one, start, NOW)
    names = {"refill": "Fueling", "theft": "PossibleFuelTheft"}
    events = [row for row in rows if row["event"] in names.values()]
    assert [names[record.kind] for record in truth] == [row["event"] for row in events]
    assert len(events) >= 2
    for row, record in zip(events, truth, strict=True):
        assert row["estimation"] == pytest.approx(record.volume, abs=0.01)
        assert abs(told_time(row["date"]) - record.time) < timedelta(seconds=1)
        assert row["location"]
    sums = {row["event"]: row for row in rows if row not in events}
    assert list(sums) == SUMMARIES
    before, after = world.state(one, start), world.state(one)
    assert sums["FuelStart"]["estimation"] == pytest.approx(
        before.fuel_volume, abs=0.01
    )
    assert sums["RemainingFuel"]["estimation"] == pytest.approx(
        after.fuel_volume, abs=0.01
    )
    assert sums["TotalFuelConsumption"]["estimation"] == pytest.approx(
        after.fuel_consumed - before.fuel_consumed, abs=0.01
    )
    assert sums["TotalRefill"]["estimation"] == pytest.approx(
        sum(record.volume for record in truth if record.kind == "refill"), abs=0.01
    )
    assert sums["FuelStart"]["date"] == asked["startDate"]
    assert sums["RemainingFuel"]["date"] == asked["endDate"]


async def test_private_refills_tell_no_place(client: Client, world: World) -> None:
    """The place of what happened privately is left out."""
    one = next(iter(world.vehicles))
    world.set_private(one, True)
    world.refuel(one, 5)
    rows = await payload(client, REFILLS, {"carrierId": one, **window(0.5)})
    event = next(row for row in rows if row["event"] == "Fueling")
    assert event["isPrivate"] is True
    assert event["location"] == ""


async def test_second_tank_has_events_of_its_own_name(
    client: Client, trackgps_server: TrackGpsServer, world: World
) -> None:
    """All rows of such a vehicle carry the vendor's suffix."""
    one = next(iter(world.vehicles))
    trackgps_server.secondary_source.add(one)
    world.refuel(one, 5)
    rows = await payload(client, REFILLS, {"carrierId": one, **window(0.5)})
    assert "FuelingSecondarySource" in [row["event"] for row in rows]
    assert all(row["event"].endswith("SecondarySource") for row in rows)


async def test_repeated_hour_of_autumn_is_inside_its_window(
    socket_enabled: None,
) -> None:
    """Both hours called three o'clock are told for a window over that hour."""
    now = datetime(2026, 10, 25, 6, 0, tzinfo=UTC)
    world = World(city=BUCHAREST, vehicles=1, clock=lambda: now)
    one = next(iter(world.vehicles))
    # 03:30 is at 00:30 UTC, and an hour later again.
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    world.steal(one, 1, first)
    world.steal(one, 2, first + timedelta(hours=1))
    server = TrackGpsServer(world)
    server.request_interval = 0
    await server.start()
    try:
        async with Client(server) as client:
            await log_in(client)
            rows = await payload(
                client,
                REFILLS,
                {
                    "carrierId": one,
                    "startDate": "2026-10-25T03:00:00.000",
                    "endDate": "2026-10-25T03:59:59.000",
                },
            )
    finally:
        await server.stop()
    dates = [row["date"] for row in rows if row["event"] == "PossibleFuelTheft"]
    assert dates == ["2026-10-25T03:30:00.000"] * 2


async def test_vehicles_of_others_are_401_while_the_token_holds(
    client: Client, trackgps_server: TrackGpsServer, world: World
) -> None:
    """One foreign vehicle spoils the whole call; the list still shows it."""
    own, foreign, *_ = world.vehicles
    trackgps_server.foreign.add(foreign)
    assert (await client.post(REFILLS, {"carrierId": foreign, **window(1)}))[0] == 401
    assert (await client.post(REFILLS, {"carrierId": 1, **window(1)}))[0] == 401
    for path in (STOPS, WAY, CONSUMPTION):
        both = {"vehiclesList": [own, foreign], "stationaryMargin": 1, **window(1)}
        assert (await client.post(path, both))[0] == 401
        assert (await client.post(path, {**both, "vehiclesList": [own]}))[0] == 200
    told = await payload(client, VEHICLES)
    assert foreign in [row["vehicleId"] for row in told]


async def test_stops_tell_the_drive_that_led_to_them(
    client: Client, world: World
) -> None:
    """A stop per finished trip, where nothing but the trip's end is told."""
    listed = list(world.vehicles)
    asked = {"vehiclesList": listed, "stationaryMargin": 1, **window(24)}
    told = await payload(client, STOPS, asked)
    assert set(told[0]["results"]) == {str(one) for one in listed}
    for one in listed:
        trips = {
            local(trip.end.time): trip
            for trip in world.trips(one, NOW - timedelta(days=2), NOW)
        }
        rows = told[0]["results"][str(one)]
        assert rows
        for row in rows:
            trip = trips[row["startDate"]]
            assert row["vehicleId"] == one
            assert row["indexKm"] == pytest.approx(trip.end.odometer, abs=0.001)
            assert row["indexHours"] == pytest.approx(trip.end.engine_hours, abs=0.001)
            assert row["distance"] == pytest.approx(trip.distance, abs=0.001)
            assert row["fuelConsumption"] == pytest.approx(trip.fuel_used, abs=0.001)
            assert row["functioningTime"] == pytest.approx(
                trip.duration.total_seconds(), abs=1
            )
            until = told_time(row["endDate"])
            assert NOW >= until > trip.end.time - timedelta(seconds=1)
            assert row["drivers"][0]["lastName"]


async def test_last_stop_ends_when_the_vehicle_left(
    client: Client, world: World
) -> None:
    """The stop of a parked vehicle lasts to the window's end, of a driving one not."""
    listed = list(world.vehicles)
    asked = {"vehiclesList": listed, "stationaryMargin": 1, **window(24)}
    results = (await payload(client, STOPS, asked))[0]["results"]
    minute = timedelta(minutes=1)
    for one in listed:
        until = told_time(results[str(one)][-1]["endDate"])
        state = world.state(one)
        just_parked = world.trips(one, NOW - minute, NOW)
        if state.engine_on:
            later = until + timedelta(seconds=2)
            assert world.track(one, later, later)[0].trip_id == state.trip_id
        elif not just_parked:
            assert until == NOW
    assert any(world.state(one).engine_on for one in listed)


async def test_margin_joins_the_drives_between_short_stops(
    client: Client, world: World
) -> None:
    """A longer margin means fewer stops over the same distance."""
    one = next(iter(world.vehicles))
    asked = {"vehiclesList": [one], "stationaryMargin": 1, **window(24)}
    short = (await payload(client, STOPS, asked))[0]["results"][str(one)]
    asked["stationaryMargin"] = 24 * 60
    assert short
    assert (await payload(client, STOPS, asked))[0]["results"][str(one)] == []


async def test_stops_may_come_as_a_plain_list(
    client: Client, trackgps_server: TrackGpsServer, world: World
) -> None:
    """The same rows without the grouping."""
    asked = {"vehiclesList": list(world.vehicles), "stationaryMargin": 1, **window(24)}
    grouped = (await payload(client, STOPS, asked))[0]["results"]
    trackgps_server.flat_stops = True
    flat = await payload(client, STOPS, asked)
    assert flat == [row for rows in grouped.values() for row in rows]


async def test_way_is_the_worlds_track(client: Client, world: World) -> None:
    """Points are a minute apart and true."""
    one = next(iter(world.vehicles))
    points = await payload(client, WAY, {"vehiclesList": [one], **window(2)})
    assert len(points) == 121
    for point in points:
        moment = told_time(point["gpsDate"]).astimezone(UTC)
        (state,) = world.track(one, moment, moment)
        assert point["latitude"] == pytest.approx(state.latitude, abs=1e-6)
        assert point["speed"] == round(state.speed)


async def test_consumption_is_the_worlds(
    client: Client, trackgps_server: TrackGpsServer, world: World
) -> None:
    """Litres, kilometres and hours of the window, by plate."""
    one, other, *_ = world.vehicles
    trackgps_server.secondary_source.add(other)
    rows = await payload(
        client, CONSUMPTION, {"vehiclesList": [one, other], **window(24)}
    )
    before, after = world.state(one, NOW - timedelta(hours=24)), world.state(one)
    assert rows[0]["licensePlate"] == world.vehicles[one].plate
    assert rows[0]["distance"] == pytest.approx(
        after.odometer - before.odometer, abs=0.001
    )
    assert rows[0]["consumptionValue"] == pytest.approx(
        after.fuel_consumed - before.fuel_consumed, abs=0.001
    )
    hours, minutes, seconds = map(int, rows[0]["hours"].split(":"))
    assert hours + minutes / 60 + seconds / 3600 == pytest.approx(
        after.engine_hours - before.engine_hours, abs=0.001
    )
    assert rows[0]["secondarySource"] is None
    assert rows[1]["secondarySource"]["distance"] == rows[1]["distance"]


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (REFILLS, {"carrierId": "x"}),
        (REFILLS, {"startDate": None}),
        (REFILLS, {"startDate": "2030-01-01T00:00:00"}),
        (STOPS, {"vehiclesList": []}),
        (STOPS, {"vehiclesList": list(range(11))}),
        (STOPS, {"stationaryMargin": 0}),
        (WAY, {"vehiclesList": 5}),
        (WAY, {"startDate": "2026-10-01T00:00:00"}),
        (CONSUMPTION, {"startDate": "2026-10-01T00:00:00"}),
    ],
)
async def test_malformed_requests_are_400(
    client: Client, world: World, path: str, changes: dict[str, object]
) -> None:
    """Each field is checked, and the limits of ten vehicles and 31 days."""
    one = next(iter(world.vehicles))
    right = {
        "carrierId": one,
        "vehiclesList": [one],
        "stationaryMargin": 1,
        **window(1),
    }
    assert (await client.post(path, right))[0] == 200
    status, answer = await client.post(path, {**right, **changes})
    assert (status, answer["isSuccess"]) == (400, False)
    assert answer["failureReasons"][0]["errorCode"]
    assert (await client.post(path, []))[0] == 400


async def test_keys_come_in_the_other_case_on_demand(
    client: Client, trackgps_server: TrackGpsServer
) -> None:
    """Real clients have met PascalCase, at every depth."""
    trackgps_server.pascal_case = True
    status, answer = await client.get(VEHICLES)
    assert status == 200
    assert set(answer) == {"Payload", "CorrelationId", "FailureReasons", "IsSuccess"}
    assert answer["Payload"][0]["VehicleId"]
    trackgps_server.fail_reason = "Busy"
    status, answer = await client.get(VEHICLES)
    assert answer["FailureReasons"][0]["ErrorCode"] == "Busy"


async def test_failures_may_hide_inside_http_200(
    client: Client, trackgps_server: TrackGpsServer
) -> None:
    """While a reason is set every call fails with it, politely."""
    trackgps_server.fail_reason = "InternalError"
    status, answer = await client.get(VEHICLES)
    assert (status, answer["isSuccess"], answer["payload"]) == (200, False, None)
    assert answer["failureReasons"][0]["errorCode"] == "InternalError"
    trackgps_server.fail_reason = None
    assert await payload(client, VEHICLES)


async def test_dates_come_in_the_companys_zone_and_format(
    client: Client, trackgps_server: TrackGpsServer, world: World
) -> None:
    """Zone and format are the company's."""
    trackgps_server.zone = "Asia/Tokyo"
    trackgps_server.date_format = "%d.%m.%Y %H:%M:%S"
    told = await payload(client, VEHICLES)
    state = world.state(told[0]["vehicleId"])
    expected = state.time.astimezone(ZoneInfo("Asia/Tokyo"))
    assert told[0]["gpsDate"] == expected.strftime("%d.%m.%Y %H:%M:%S")
