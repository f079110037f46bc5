"""FleetGO as its document has it: session, equipment, track and trips."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.fleetgo import MFA_CODE, FleetGoServer

from .client import Client

ALL = {"groupId": "0", "hasDeviceOnly": "false"}
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
HEARTBEAT = b'data: "heartbeat"\n\n'


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A world that stands still, of so many vehicles."""
    return World(
        city=AMSTERDAM, vehicles=getattr(request, "param", 5), clock=lambda: NOW
    )


@pytest.fixture
async def client(fleetgo_server: FleetGoServer) -> AsyncGenerator[Client]:
    """Return a client that has logged in."""
    async with Client(fleetgo_server) as client:
        await log_in(client)
        yield client


async def log_in(client: Client, **more: object) -> dict[str, object]:
    """Log in, keep the token and return the answer."""
    status, answer = await client.post(
        "/Session/Login", {**client.server.credentials, **more}
    )
    assert status == 200
    assert isinstance(answer, dict)
    client.token = answer.get("access_token")
    return answer


def stamp(moment: datetime) -> str:
    """Return a time as the document writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


async def test_login_tells_a_bearer_token(fleetgo_server: FleetGoServer) -> None:
    """A login answers the document's LoginResultDto."""
    async with Client(fleetgo_server) as client:
        answer = await log_in(client)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["login_result_type"] == "Success"
    assert answer["refresh_token"]


@pytest.mark.parametrize(
    "field", ["client_id", "client_secret", "username", "password"]
)
async def test_login_checks_every_credential(
    fleetgo_server: FleetGoServer, field: str
) -> None:
    """A wrong one is 401, a missing one 400."""
    async with Client(fleetgo_server) as client:
        wrong = {**fleetgo_server.credentials, field: "wrong"}
        assert (await client.post("/Session/Login", wrong))[0] == 401
        del wrong[field]
        assert (await client.post("/Session/Login", wrong))[0] == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"client_id": 1}'])
async def test_login_refuses_what_is_no_login(
    fleetgo_server: FleetGoServer, body: bytes
) -> None:
    """Anything but the JSON object of the document is 400."""
    async with Client(fleetgo_server) as client:
        assert (await client.send("POST", "/Session/Login", data=body))[0] == 400


async def test_mfa_account_gets_no_token_without_its_code(
    fleetgo_server: FleetGoServer,
) -> None:
    """The answer is a success without an access token, until the code comes."""
    async with Client(fleetgo_server) as client:
        await client.post("/_control/mfa", {"mfa": True})
        for more in ({}, {"user_token_type": None}, {"user_token_type": 1}):
            answer = await log_in(client, **more)
            assert "access_token" not in answer
            assert answer["login_result_type"] != "Success"
        answer = await log_in(client, user_token_type=1, user_token=MFA_CODE)
        assert answer["access_token"]


async def test_refresh_token_is_good_once(fleetgo_server: FleetGoServer) -> None:
    """A refresh gives new tokens and uses the old one up."""
    async with Client(fleetgo_server) as client:
        first = await log_in(client)
        body = {
            "client_id": fleetgo_server.credentials["client_id"],
            "client_secret": fleetgo_server.credentials["client_secret"],
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
            "code": "",
        }
        status, second = await client.post("/session/token", body)
        assert status == 200
        assert isinstance(second, dict)
        assert second["access_token"] != first["access_token"]
        client.token = second["access_token"]
        assert (await client.get("/Equipment/GetFleet", ALL))[0] == 200
        assert (await client.post("/session/token", body))[0] == 401
        fleetgo_server.refresh = False
        body["refresh_token"] = second["refresh_token"]
        assert (await client.post("/session/token", body))[0] == 400


async def test_tokens_end_when_the_vendors_clock_says_so(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """After its lifetime a token is refused and no longer valid."""
    moments = [NOW]
    fleetgo_server.clock = lambda: moments[0]
    assert (await client.get("/Equipment/GetFleet"))[0] == 200
    assert await client.get(
        "/Session/ValidateAccessToken", {"accessToken": str(client.token)}
    ) == (200, True)
    moments[0] += timedelta(seconds=3601)
    assert (await client.get("/Equipment/GetFleet"))[0] == 401
    assert await client.get(
        "/Session/ValidateAccessToken", {"accessToken": str(client.token)}
    ) == (200, False)


async def test_nothing_is_told_without_a_token(fleetgo_server: FleetGoServer) -> None:
    """Every resource needs the Bearer token."""
    async with Client(fleetgo_server) as client:
        for path in (
            "/Equipment/GetFleet",
            "/Equipment/GetEquipments",
            "/Equipment/GetEquipment",
            "/Equipment/GetAdministrations",
            "/Avl/GetAvlData",
            "/Avl/Subscribe",
            "/Trips/GetTrips",
        ):
            assert (await client.get(path))[0] == 401
        assert (await client.post("/Trips", {}))[0] == 401


async def test_paths_are_read_in_any_case_with_and_without_the_prefix(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """api.fleetgo.com/api and app.fleetgo.com are the same service."""
    assert fleetgo_server.url.endswith("/api")
    bare = fleetgo_server.url.removesuffix("/api")
    for url in (
        f"{fleetgo_server.url}/Equipment/GetFleet",
        f"{bare}/equipment/getfleet",
        f"{bare}/API/EQUIPMENT/GETFLEET",
    ):
        assert (await client.send("GET", url))[0] == 200
    assert (await client.get("/Equipment/GetNothing"))[0] == 404
    assert (await client.post("/Equipment/GetFleet", {}))[0] == 405


async def test_fleet_is_the_worlds(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Every value of the fleet is the truth, rounded."""
    _, told = await client.get("/Equipment/GetFleet", ALL)
    assert [row["Id"] for row in told] == [
        fleetgo_server.vendor_id(one) for one in world.vehicles
    ]
    for row, spec in zip(told, world.vehicles.values(), strict=True):
        state = world.state(spec.vehicle_id)
        assert row["EquipmentHeader"]["SerialNumber"] == spec.plate
        assert row["EquipmentHeader"]["Make"] == spec.make
        assert row["Speed"] == round(state.speed)
        assert row["EngineRunning"] is state.engine_on
        assert row["IsStationary"] is (state.speed == 0)
        assert row["Odometer"] == pytest.approx(state.odometer, abs=0.05)
        assert row["DriverName"] == state.driver
        assert row["PrivateMode"] is state.private
        assert row["Group"]["Name"] == spec.group
        if row["FuelLevelPercentage"] not in (None, -1):
            assert row["FuelLevelPercentage"] == pytest.approx(
                state.fuel_level, abs=0.05
            )
        assert row["Latency"] == pytest.approx(
            (NOW - state.time).total_seconds(), abs=1
        )
        if state.private and row["HidePrivate"]:
            assert row["Location"] is None
            continue
        place = row["Location"]
        assert place["Latitude"] == pytest.approx(state.latitude, abs=1e-6)
        assert place["Longitude"] == pytest.approx(state.longitude, abs=1e-6)
        told_time = datetime.fromisoformat(place["DateTime"])
        assert abs(told_time - state.time) < timedelta(seconds=1)


@pytest.mark.parametrize("world", [12], indirect=True)
async def test_fleet_has_the_vendors_gaps(client: Client) -> None:
    """Large ids, long fractions, no address and no fuel level all occur."""
    _, told = await client.get("/Equipment/GetFleet")
    assert {row["Id"] > 2**32 for row in told} == {True, False}
    times = [row["Location"]["DateTime"] for row in told if row["Location"]]
    assert {len(text) for text in times} == {25, 33}
    assert any(row["Address"] is None for row in told)
    assert any(row["Address"] and row["Address"]["City"] for row in told)
    levels = [row["FuelLevelPercentage"] for row in told]
    assert -1 in levels
    assert None in levels
    assert any(level is not None and level > 0 for level in levels)


@pytest.mark.parametrize("world", [4], indirect=True)
async def test_private_vehicles_are_hidden_or_not(client: Client, world: World) -> None:
    """Some private vehicles still come with their coordinates."""
    for one in world.vehicles:
        world.set_private(one, True)
    _, told = await client.get("/Equipment/GetFleet")
    assert all(row["PrivateMode"] for row in told)
    hidden = {row["HidePrivate"]: row["Location"] for row in told}
    assert hidden[True] is None
    assert hidden[False]["Latitude"]


async def test_equipments_needs_both_parameters_and_filters(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """A group and the trackers select; 0 is every group."""
    _, fleet = await client.get("/Equipment/GetFleet")
    path = "/Equipment/GetEquipments"
    assert (await client.get(path))[0] == 400
    assert (await client.get(path, {"groupId": "0"}))[0] == 400
    assert (await client.get(path, {"hasDeviceOnly": "true"}))[0] == 400
    assert (await client.get(path, {**ALL, "groupId": "x"}))[0] == 400
    assert (await client.get(path, {**ALL, "hasDeviceOnly": "x"}))[0] == 400
    group = fleet[0]["Group"]["Id"]
    _, told = await client.get(path, {**ALL, "groupId": str(group)})
    assert told
    assert {row["Group"]["Id"] for row in told} == {group}
    assert (await client.get(path, {**ALL, "groupId": "1"})) == (200, [])
    bare = next(iter(world.vehicles))
    fleetgo_server.without_device.add(bare)
    _, told = await client.get(path, {**ALL, "hasDeviceOnly": "true"})
    assert fleetgo_server.vendor_id(bare) not in [row["Id"] for row in told]
    assert len(told) == len(fleet) - 1


async def test_one_equipment_is_told_by_its_id(client: Client) -> None:
    """GetEquipment answers the same object, 404 for a stranger."""
    _, fleet = await client.get("/Equipment/GetFleet")
    path = "/Equipment/GetEquipment"
    for row in fleet:
        status, told = await client.get(path, {"equipmentId": str(row["Id"])})
        assert status == 200
        assert told["EquipmentHeader"] == row["EquipmentHeader"]
    assert (await client.get(path, {"equipmentId": "1"}))[0] == 404
    assert (await client.get(path))[0] == 400


async def test_administrations_divide_the_track(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Every vehicle's track is in one administration."""
    fleetgo_server.split_administrations = True
    _, told = await client.get("/Equipment/GetAdministrations")
    assert {row["Name"] for row in told} == {
        spec.group for spec in world.vehicles.values()
    }
    end = NOW
    seen: list[int] = []
    for row in told:
        status, rows = await client.get(
            "/Avl/GetAvlData",
            {
                "administrationId": str(row["Id"]),
                "from": stamp(end - timedelta(minutes=10)),
                "to": stamp(end),
            },
        )
        assert status == 200
        seen += {one["EquipmentId"] for one in rows}
    assert sorted(seen) == sorted(
        fleetgo_server.vendor_id(one) for one in world.vehicles
    )


async def test_track_is_paged_and_true(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """All pages together are the window, in order, with the world's values."""
    _, administrations = await client.get("/Equipment/GetAdministrations")
    end = NOW
    window = {
        "administrationId": str(administrations[0]["Id"]),
        "from": stamp(end - timedelta(hours=3)),
        "to": stamp(end),
    }
    rows: list[dict[str, object]] = []
    while True:
        status, page = await client.get(
            "/Avl/GetAvlData", {**window, "skip": str(len(rows)), "take": "700"}
        )
        assert status == 200
        assert len(page) <= 500
        rows += page
        if len(page) < 500:
            break
    assert len(rows) > 1000
    times = [str(row["Timestamp"]) for row in rows]
    assert times == sorted(times)
    assert len({(row["Timestamp"], row["EquipmentId"]) for row in rows}) == len(rows)
    for row in rows[::97]:
        vehicle_id = fleetgo_server.vehicle_id(row["EquipmentId"])
        assert vehicle_id is not None
        moment = datetime.fromisoformat(str(row["Timestamp"])).replace(tzinfo=UTC)
        # What a device recorded out of touch is delivered afterwards.
        (state,) = world.track(vehicle_id, moment, moment)
        assert row["HighResolutionTotalVehicleDistance"] == pytest.approx(
            state.odometer, abs=0.001
        )
        assert row["HighResolutionFuelConsumption"] == pytest.approx(
            state.fuel_consumed, abs=0.001
        )
        assert row["Satellites"] == state.satellites
        local = moment.astimezone(ZoneInfo(world.city.zone)).replace(tzinfo=None)
        assert row["LocalTime"] == local.isoformat()
    _, newest = await client.get(
        "/Avl/GetAvlData",
        {**window, "skip": "3", "take": "20", "orderDescending": "true"},
    )
    assert newest == rows[::-1][3:23]


async def test_private_drives_are_hidden_or_not(socket_enabled: None) -> None:
    """In private mode a track has 0/0 or the truth, a trip no place or the truth."""
    moments = [NOW]
    world = World(city=AMSTERDAM, vehicles=4, clock=lambda: moments[0])
    for one in world.vehicles:
        world.set_private(one, True)
    moments[0] = end = NOW + timedelta(hours=12)
    server = FleetGoServer(world)
    await server.start()
    try:
        async with Client(server) as client:
            await log_in(client)
            _, fleet = await client.get("/Equipment/GetFleet")
            hides = {row["Id"]: row["HidePrivate"] for row in fleet}
            assert set(hides.values()) == {True, False}
            _, administrations = await client.get("/Equipment/GetAdministrations")
            _, track = await client.get(
                "/Avl/GetAvlData",
                {
                    "administrationId": str(administrations[0]["Id"]),
                    "from": stamp(end - timedelta(minutes=5)),
                    "to": stamp(end),
                },
            )
            assert track
            for row in track:
                assert row["PrivateMode"] is True
                hidden = (row["Latitude"], row["Longitude"]) == (0, 0)
                assert hidden is hides[row["EquipmentId"]]
            for one, hidden in hides.items():
                told = await trips(client, one, end)
                private = [row for row in told if row["RideType"] == "Private"]
                assert private
                for row in private:
                    place = client.mapping(row["From"])["Location"]
                    assert (place is None) is hidden
    finally:
        await server.stop()


async def test_track_of_a_long_window_is_whole_but_coarser(
    client: Client, world: World
) -> None:
    """A window of days is covered to both ends."""
    _, administrations = await client.get("/Equipment/GetAdministrations")
    end = NOW
    start = end - timedelta(days=3)
    window = {
        "administrationId": str(administrations[0]["Id"]),
        "from": stamp(start),
        "to": stamp(end),
        "take": "1",
    }
    first = (await client.get("/Avl/GetAvlData", window))[1][0]
    last = (await client.get("/Avl/GetAvlData", {**window, "orderDescending": "1"}))[1]
    near = timedelta(minutes=5)
    oldest = datetime.fromisoformat(first["Timestamp"]).replace(tzinfo=UTC)
    newest = datetime.fromisoformat(last[0]["Timestamp"]).replace(tzinfo=UTC)
    assert oldest - start < near
    assert end - newest < near


@pytest.mark.parametrize(
    "changes",
    [
        {"from": ""},
        {"to": "yesterday"},
        {"administrationId": "x"},
        {"skip": "-1"},
        {"take": "0"},
        {"from": "2030-01-01T00:00:00"},
    ],
)
async def test_track_refuses_malformed_requests(
    client: Client, world: World, changes: dict[str, str]
) -> None:
    """Each parameter is checked."""
    _, administrations = await client.get("/Equipment/GetAdministrations")
    params = {
        "administrationId": str(administrations[0]["Id"]),
        "from": stamp(NOW - timedelta(hours=1)),
        "to": stamp(NOW),
    }
    assert (await client.get("/Avl/GetAvlData", params))[0] == 200
    assert (await client.get("/Avl/GetAvlData", {**params, **changes}))[0] == 400
    params["administrationId"] = "1"
    assert (await client.get("/Avl/GetAvlData", params))[0] == 404


async def test_subscription_streams_heartbeats_and_the_fleet(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Server-sent events are a heartbeat or an array of fleet objects."""
    fleetgo_server.stream_interval = 0.05
    async with client.session.get(
        f"{fleetgo_server.url}/Avl/Subscribe",
        params={"groupId": "0", "vehicleCategoryId": "0", "driverCategoryId": "0"},
        headers=client.headers,
    ) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        first = await response.content.readuntil(b"\n\n")
        second = await response.content.readuntil(b"\n\n")
    assert first == HEARTBEAT
    told = client.loads(second.removeprefix(b"data: "))
    assert [row["Id"] for row in told] == [
        fleetgo_server.vendor_id(one) for one in world.vehicles
    ]


async def test_stream_of_messages_goes_on_after_one(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Each has an id, later ones a higher one; a heartbeat where there is none."""
    fleetgo_server.stream_interval = 0.01

    async def listen(**params: str) -> list[dict[str, object]]:
        found = []
        async with client.session.get(
            f"{fleetgo_server.url}/Equipment/Subscribe",
            params={"accountId": "0", **params},
            headers=client.headers,
        ) as response:
            assert await response.content.readuntil(b"\n\n") == HEARTBEAT
            while (event := await response.content.readuntil(b"\n\n")) != HEARTBEAT:
                found.append(client.loads(event.removeprefix(b"data: ")))
        return found

    told = await listen()
    fleet = {fleetgo_server.vendor_id(one) for one in world.vehicles}
    assert told
    assert {one["EquipmentId"] for one in told} <= fleet
    numbers = [int(str(one["MessageId"])) for one in told]
    assert numbers == sorted(set(numbers))
    for one in told:
        assert one.keys() == {
            "MessageId",
            "EquipmentId",
            "DriverId",
            "Timestamp",
            "Signals",
        }
    assert await listen(lastMessageId=str(numbers[0])) == told[1:]
    assert await listen(lastMessageId=str(numbers[-1])) == []


async def trips(
    client: Client, equipment: int, end: datetime, **more: str
) -> list[dict[str, object]]:
    """Return a day of trips."""
    status, told = await client.get(
        "/Trips/GetTrips",
        {
            "equipmentId": str(equipment),
            "from": stamp(end - timedelta(days=1)),
            "to": stamp(end),
            "extendedInfo": "false",
            **more,
        },
    )
    assert status == 200
    assert isinstance(told, list)
    return told


async def test_trips_are_the_worlds(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Trips have nested ends, and agree with the world."""
    end = NOW
    for one in world.vehicles:
        told = await trips(client, fleetgo_server.vendor_id(one), end)
        truth = world.trips(one, end - timedelta(days=1), end)
        assert [row["Id"] for row in told] == [trip.trip_id for trip in truth]
        assert told
        for row, trip in zip(told, truth, strict=True):
            assert row["Distance"] == pytest.approx(trip.distance, abs=0.001)
            assert row["FuelUsedInLiters"] == pytest.approx(trip.fuel_used, abs=0.001)
            ends = client.mapping(row["From"]), client.mapping(row["To"])
            for told_end, state in zip(ends, (trip.start, trip.end), strict=True):
                moment = datetime.fromisoformat(str(told_end["DateTime"]))
                assert abs(moment - state.time) < timedelta(seconds=1)
                place = client.mapping(told_end["Location"])
                assert place["Latitude"] == pytest.approx(state.latitude, abs=1e-6)
            assert "EncodedTrack" not in row


async def test_extended_trips_have_their_route(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """The encoded track begins and ends where the trip does."""
    one = next(iter(world.vehicles))
    told = await trips(client, fleetgo_server.vendor_id(one), NOW, extendedInfo="true")
    start = client.mapping(client.mapping(told[-1]["From"])["Location"])
    points = decoded(str(told[-1]["EncodedTrack"]))
    assert len(points) > 2
    assert points[0] == pytest.approx((start["Latitude"], start["Longitude"]), abs=2e-5)


async def test_flat_trips_are_the_documents(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Its ends have coordinates and a text for the address; it has no number."""
    fleetgo_server.flat_trips = True
    one = fleetgo_server.vendor_id(next(iter(world.vehicles)))
    row = (await trips(client, one, NOW, extendedInfo="true"))[-1]
    assert set(row) == {
        *("From", "To", "Distance", "StationaryTimeInHours"),
        *("DriverName", "DriverId", "LicensePlate", "FuelUsedInLiters", "RideType"),
        *("EncodedTrack", "EncodedSpeed", "EncodedTime"),
        *("RouteDescription", "RoutePlannerDistance", "Events"),
        *("Purpose", "Reason", "Remarks", "IsCorrection", "CustomField"),
    }
    assert set(client.mapping(row["From"])) == {"Latitude", "Longitude", "Address"}


async def test_trips_need_all_parameters(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """The document requires vehicle, both times and extendedInfo."""
    params = {
        "equipmentId": str(fleetgo_server.vendor_id(next(iter(world.vehicles)))),
        "from": stamp(NOW - timedelta(days=1)),
        "to": stamp(NOW),
        "extendedInfo": "false",
    }
    for name in params:
        fewer = {key: value for key, value in params.items() if key != name}
        assert (await client.get("/Trips/GetTrips", fewer))[0] == 400
    params["equipmentId"] = "1"
    assert (await client.get("/Trips/GetTrips", params))[0] == 404


async def test_saved_trip_is_echoed_and_kept(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """What was posted about a trip is read with it; without an Id it is a new one."""
    one = fleetgo_server.vendor_id(next(iter(world.vehicles)))
    trip_id = (await trips(client, one, NOW))[-1]["Id"]
    change = {"Id": trip_id, "RideType": "Private", "Purpose": "Visit"}
    status, saved = await client.post("/Trips", change)
    assert (status, saved) == (200, change)
    last = (await trips(client, one, NOW))[-1]
    assert (last["RideType"], last["Purpose"]) == ("Private", "Visit")
    change = {"Id": trip_id, "To": {"DateTime": stamp(NOW)}}
    await client.post("/Trips", change)
    moved = (await trips(client, one, NOW))[-1]
    before = last["To"]
    assert isinstance(before, dict)
    assert moved["To"] == {**before, "DateTime": stamp(NOW)}
    new = {
        "EquipmentId": one,
        "From": {"DateTime": stamp(NOW - timedelta(hours=2))},
        "To": {"DateTime": stamp(NOW - timedelta(hours=1))},
    }
    status, created = await client.post("/Trips", new)
    assert status == 201
    assert (await trips(client, one, NOW))[-1] == {**new, "Id": created["Id"]}
    assert created["Id"] not in {
        row["Id"] for row in await trips(client, one, NOW - timedelta(days=2))
    }
    assert (await client.post("/Trips", {"EquipmentId": 1}))[0] == 404
    assert (await client.post("/Trips", {"Purpose": "Visit"}))[0] == 400
    assert (await client.post("/Trips", []))[0] == 400
    assert (await client.post("/Trips", {"Id": "x"}))[0] == 400


async def test_denied_resources_are_403_or_401(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A missing right is told apart by the token, which stays valid."""
    fleetgo_server.denied = {"avl", "equipment/getadministrations"}
    assert (await client.get("/Avl/GetAvlData"))[0] == 403
    assert (await client.get("/Equipment/GetAdministrations"))[0] == 403
    assert (await client.get("/Equipment/GetFleet"))[0] == 200
    fleetgo_server.deny_with_401 = True
    assert (await client.get("/Avl/GetAvlData"))[0] == 401
    assert await client.get(
        "/Session/ValidateAccessToken", {"accessToken": str(client.token)}
    ) == (200, True)


async def test_requests_beyond_fair_use_are_dropped(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """Too fast a request gets no answer at all, a later one does."""
    seconds = [0.0]
    fleetgo_server.timer = lambda: seconds[0]
    fleetgo_server.minimum_interval = 10.0
    assert (await client.get("/Equipment/GetFleet"))[0] == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/Trips", {"Id": 1})
    seconds[0] = 10.0
    assert (await client.get("/Equipment/GetFleet"))[0] == 200


def decoded(text: str) -> list[tuple[float, float]]:
    """Return the points of an encoded polyline."""
    numbers: list[int] = []
    value = shift = 0
    for character in text:
        piece = ord(character) - 63
        value |= (piece & 0x1F) << shift
        shift += 5
        if piece < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    points: list[tuple[float, float]] = []
    north = east = 0
    for index in range(0, len(numbers), 2):
        north += numbers[index]
        east += numbers[index + 1]
        points.append((north / 1e5, east / 1e5))
    return points
