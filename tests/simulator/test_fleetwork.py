"""Fleetwork as its document has it: key, points, tracking, methods and limits."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
import json
from typing import Any, override

import pytest

from custom_components.fleet_telematics.providers.demo.world import HANOI, World
from simulator.fleetwork import FleetworkServer, Unauthorized
from simulator.fleetwork_rows import EXTRA_TIME, ids_of

from .client import Client

USERS = "/gps-tracking/users"
HISTORY = "/gps-tracking/history"
LATEST = "/gps-tracking/latest"
DASHBOARD = "/dashboard/gps-manager"
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


class KeyClient(Client):
    """Sends the account's key."""

    @property
    @override
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"X-API-Key": str(self.token)}


@pytest.fixture
def world() -> World:
    """A world that stands still."""
    return World(city=HANOI, vehicles=10, clock=lambda: NOW)


@pytest.fixture
async def client(fleetwork_server: FleetworkServer) -> AsyncGenerator[KeyClient]:
    """Return a client that has the key."""
    async with KeyClient(fleetwork_server) as client:
        client.token = fleetwork_server.credentials["api_key"]
        yield client


def ms(moment: datetime) -> int:
    """Return a time as the vendor writes it."""
    return round(moment.timestamp() * 1000)


async def ask(client: Client, path: str, **params: object) -> Any:
    """Return the answer of a GET that must succeed."""
    status, answer = await client.get(
        path, {name: str(value) for name, value in params.items()}
    )
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_without_the_key_there_are_three_bodies(
    client: KeyClient, fleetwork_server: FleetworkServer, key: str | None
) -> None:
    """Each is a 401; the document's has a code."""
    client.token = key
    answers = []
    for shape in Unauthorized:
        fleetwork_server.unauthorized = shape
        status, answer = await client.get(USERS)
        assert status == 401
        answers.append(answer)
    assert answers[0] == {
        "error": "UNAUTHORIZED",
        "message": "Missing or invalid X-API-Key",
        "code": 401,
    }
    assert answers[1] == {"message": "AccountId not resolved"}
    assert set(answers[2]) == {"error", "message", "status", "errors"}
    assert not any(one.authorized for one in fleetwork_server.requests if key is None)


async def test_tracking_tells_of_the_fleet_with_all_kinds_of_ids(
    client: KeyClient, world: World
) -> None:
    """Every vehicle once, where the world has it, under the ids it has."""
    answer = await ask(client, USERS, PageSize=100)
    assert answer["totalCount"] == 10
    rows = {
        (row["userId"], row["vehicleId"], row["deviceId"]): row
        for row in answer["users"]
    }
    assert {tuple(one is not None for one in ids) for ids in rows} == {
        (True, True, True),
        (False, True, False),
        (False, False, True),
        (True, False, False),
    }
    for vehicle_id, spec in world.vehicles.items():
        ids = ids_of(spec)
        row = rows[ids.user, ids.vehicle, ids.device]
        state = world.state(vehicle_id)
        place = row["lastLocation"]
        assert place["lat"] == pytest.approx(state.latitude, abs=1e-6)
        assert place["lng"] == pytest.approx(state.longitude, abs=1e-6)
        assert place["speed"] == pytest.approx(state.speed, abs=0.05)
        assert place["time"] == ms(state.time)
        assert place["data"] is None
        moving = place["speed"] > 0
        if state.online:
            assert (row["statusCode"], row["status"]) == (
                (1, "moving") if moving else (2, "stopping")
            )


async def test_a_vehicle_without_contact_has_lost_its_signal(
    socket_enabled: None,
) -> None:
    """After 15 minutes the code is 0, and the word for standing is another one."""
    world = World(city=HANOI, vehicles=1, clock=lambda: moments[0])
    moments = [NOW]
    server = FleetworkServer(world)
    server.standing = "stopped"
    await server.start()
    try:
        async with KeyClient(server) as one:
            one.token = server.credentials["api_key"]
            (vehicle_id,) = world.vehicles
            world.set_online(vehicle_id, False)
            for minutes, codes in ((15, {1, 2}), (16, {0})):
                moments[0] = NOW + timedelta(minutes=minutes)
                (row,) = (await ask(one, USERS))["users"]
                assert row["statusCode"] in codes
                assert row["status"] in {"moving", "stopped", "signal_lost"}
            assert row["status"] == "signal_lost"
    finally:
        await server.stop()


async def test_metadata_is_text_in_lists_and_an_object_elsewhere(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Some rows have none; the key is spelt in two ways."""
    rows = (await ask(client, USERS, PageSize=100))["users"]
    told = [row["lastLocation"]["metadata"] for row in rows]
    assert None in told
    names = {name for one in told if one for name in json.loads(one)}
    assert names >= {"name", "userName", "vehicleName"}
    fleetwork_server.metadata_key = "metaData"
    for row in (await ask(client, USERS, PageSize=100))["users"]:
        assert "metadata" not in row["lastLocation"]
        if row["vehicleId"] is None:
            continue
        latest = await ask(client, f"{LATEST}/vehicles/{row['vehicleId']}")
        assert latest["metaData"] == json.loads(row["lastLocation"]["metaData"])


async def test_filters_and_pages_have_exact_totals(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """A thousand parked rows page through once each, and are left out of a delta."""
    fleetwork_server.extra_rows = 1000
    seen: list[object] = []
    for page in range(1, 6):
        answer = await ask(client, USERS, PageNumber=page, PageSize=250)
        assert (answer["totalCount"], answer["totalPages"]) == (1010, 5)
        seen += [
            (row["userId"], row["vehicleId"], row["deviceId"])
            for row in answer["users"]
        ]
    assert len(seen) == len(set(seen)) == 1010
    newest = await ask(client, USERS, UpdatedFrom=ms(EXTRA_TIME) + 1, PageSize=100)
    assert newest["totalCount"] == 10
    oldest = await ask(client, USERS, UpdatedTo=ms(EXTRA_TIME))
    assert (oldest["totalCount"], len(oldest["users"])) == (1000, 20)
    counts = [
        (await ask(client, USERS, Status=code))["totalCount"] for code in (0, 1, 2)
    ]
    assert sum(counts) == 1010
    assert counts[0] >= 1000
    times = [
        row["lastLocation"]["time"]
        for row in (await ask(client, USERS, SortDescending="false", PageSize=2000))[
            "users"
        ]
    ]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "params",
    [
        {"Status": "moving"},
        {"Status": "3"},
        {"PageNumber": "0"},
        {"PageSize": "x"},
        {"UpdatedFrom": "yesterday"},
        {"UpdatedFrom": "9" * 30},
        {"SortDescending": "down"},
    ],
)
async def test_senseless_parameters_are_refused(
    client: KeyClient, params: dict[str, str]
) -> None:
    """The body says what is wrong."""
    status, answer = await client.get(USERS, params)
    assert (status, answer["error"], answer["code"]) == (400, "BAD_REQUEST", 400)
    assert next(iter(params)) in answer["message"]


async def test_points_that_are_sent_show_up(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """In users, latest and history; the answer is an empty object."""
    sent = {
        "lat": 21.0285,
        "lng": 105.8542,
        "time": ms(NOW) + 500,
        "speed": 45.2,
        "heading": 90,
        "metaData": {"battery": 82},
        "userId": "user-001",
        "vehicleId": "vehicle-abc",
    }
    assert await client.post("/gps-tracking", sent) == (200, {})
    answer = await ask(client, USERS, PageSize=100)
    assert answer["totalCount"] == 11
    row = answer["users"][0]
    assert (row["userId"], row["vehicleId"], row["deviceId"]) == (
        "user-001",
        "vehicle-abc",
        None,
    )
    assert row["statusCode"] == 1
    assert json.loads(row["lastLocation"]["metadata"]) == {"battery": 82}
    for path in ("users/user-001", "vehicles/vehicle-abc"):
        latest = await ask(client, f"{LATEST}/{path}")
        assert latest["lat"] == 21.0285
        assert latest["metadata"] == {"battery": 82}
    more = [{**sent, "time": ms(NOW) - 1000 * number} for number in (1, 2)]
    assert await client.post("/gps-tracking/bulk", more) == (200, {})
    history = await ask(client, HISTORY, UserId="user-001", ToTime=ms(NOW) + 1000)
    assert [point["time"] for point in history["trackingData"]] == [
        ms(NOW) + 500,
        ms(NOW) - 1000,
        ms(NOW) - 2000,
    ]
    assert len(fleetwork_server.sent) == 3


async def test_a_point_of_the_fleet_moves_its_row(
    client: KeyClient, world: World
) -> None:
    """A row keeps its ids, and goes to where its user says."""
    spec = next(one for one in world.vehicles.values() if ids_of(one).user)
    point = {"lat": 1.5, "lng": 2.5, "userId": ids_of(spec).user, "time": None}
    assert (await client.post("/gps-tracking", point))[0] == 200
    answer = await ask(client, USERS, PageSize=100)
    assert answer["totalCount"] == 10
    (row,) = [one for one in answer["users"] if one["userId"] == point["userId"]]
    assert row["vehicleId"] == ids_of(spec).vehicle
    assert (row["lastLocation"]["lat"], row["statusCode"]) == (1.5, 2)


@pytest.mark.parametrize(
    "point",
    [
        {"lng": 1, "userId": "a"},
        {"lat": 90.1, "lng": 1, "userId": "a"},
        {"lat": 1, "lng": -180.1, "userId": "a"},
        {"lat": "1", "lng": 1, "userId": "a"},
        {"lat": 1, "lng": 1},
        {"lat": 1, "lng": 1, "userId": ""},
        {"lat": 1, "lng": 1, "userId": 5},
        {"lat": 1, "lng": 1, "userId": "a", "heading": 361},
        {"lat": 1, "lng": 1, "userId": "a", "metaData": "text"},
        {"lat": 1, "lng": 1, "userId": "a", "time": "now"},
        [],
    ],
)
async def test_wrong_points_are_refused_whole(
    client: KeyClient, fleetwork_server: FleetworkServer, point: object
) -> None:
    """One wrong point of a bulk keeps the others out."""
    right = {"lat": 1, "lng": 1, "userId": "a"}
    for path, body in (
        ("/gps-tracking", point),
        ("/gps-tracking/bulk", [right, point]),
        ("/gps-tracking/bulk", right),
    ):
        status, answer = await client.post(path, body)
        assert (status, answer["error"], answer["code"]) == (400, "BAD_REQUEST", 400)
        assert answer["message"]
    assert fleetwork_server.sent == []


async def test_latest_of_a_device_always_answers(client: KeyClient) -> None:
    """Unknown users and vehicles are 404, unknown devices are at 0/0."""
    assert (await client.get(f"{LATEST}/users/nobody"))[0] == 404
    assert (await client.get(f"{LATEST}/vehicles/none"))[0] == 404
    nowhere = await ask(client, f"{LATEST}/devices/none")
    assert (nowhere["lat"], nowhere["lng"], nowhere["deviceId"]) == (0, 0, "none")


async def test_history_is_the_track_page_by_page(
    client: KeyClient, world: World
) -> None:
    """All pages together are the vehicle's track, oldest first when asked."""
    spec = next(one for one in world.vehicles.values() if ids_of(one).vehicle)
    start, end = NOW - timedelta(hours=2), NOW
    params: dict[str, object] = {
        "VehicleId": ids_of(spec).vehicle,
        "FromTime": ms(start),
        "ToTime": ms(end),
        "SortDescending": "false",
    }
    points: list[Any] = []
    more = True
    while more:
        page = len(points) // 100 + 1
        answer = await ask(client, HISTORY, **params, PageNumber=page)
        assert answer["hasPreviousPage"] == (page > 1)
        points += answer["trackingData"]
        more = answer["hasNextPage"]
    truth = world.track(spec.vehicle_id, start, end)
    assert [point["time"] for point in points] == [ms(one.time) for one in truth]
    assert answer["totalCount"] == len(truth)
    for point, state in zip(points, truth, strict=True):
        assert point["lat"] == pytest.approx(state.latitude, abs=1e-6)
        assert point["statusCode"] == (1 if point["speed"] > 0 else 2)
    moving = await ask(client, HISTORY, **params, Status=1)
    assert moving["totalCount"] == sum(point["statusCode"] == 1 for point in points)


async def test_newer_versions_take_a_post(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """A path is of one method or the other; the body has what the query had."""
    assert (await client.post(USERS, {}))[0] == 405
    fleetwork_server.post_only = {USERS, f"{DASHBOARD}/summary"}
    status, answer = await client.get(USERS)
    assert (status, answer["code"]) == (405, 405)
    status, answer = await client.post(USERS, {"pageSize": 3, "sortDescending": False})
    assert (status, len(answer["users"])) == (200, 3)
    assert (await client.post(f"{DASHBOARD}/summary", {}))[0] == 200
    assert (await client.get(f"{DASHBOARD}/summary"))[0] == 405
    assert (await client.get(f"{DASHBOARD}/users"))[0] == 200
    assert (await client.send("POST", USERS, data=b"{"))[0] == 400


async def test_dashboard_and_reports_have_limits_of_their_own(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """Ten and five in a second; tracking has none."""
    seconds = [0.0]
    fleetwork_server.timer = lambda: seconds[0]
    fleetwork_server.limit_requests = True
    report = "/reports/fuel/summary"
    window = {"from": str(ms(NOW) - 1000), "to": str(ms(NOW))}
    for _ in range(10):
        assert (await client.get(f"{DASHBOARD}/summary"))[0] == 200
    status, answer = await client.get(f"{DASHBOARD}/users")
    assert (status, answer["code"]) == (429, 429)
    for _ in range(5):
        assert (await client.get(report, window))[0] == 200
    assert (await client.get(report, window))[0] == 429
    assert (await client.get(USERS))[0] == 200
    seconds[0] = 1.0
    assert (await client.get(f"{DASHBOARD}/summary"))[0] == 200
    assert (await client.get(report, window))[0] == 200


async def test_the_vendors_clock_may_be_wrong(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """What it tells is off by the skew, and so is what it understands."""
    fleetwork_server.skew = timedelta(minutes=7)
    (row,) = (await ask(client, USERS, PageSize=1))["users"]
    assert row["lastLocation"]["time"] == ms(NOW + timedelta(minutes=7))
    delta = await ask(client, USERS, UpdatedFrom=ms(NOW + timedelta(minutes=6)))
    assert delta["totalCount"] == sum(state.time == NOW for state in world.states())


async def test_the_control_endpoint_knows_the_vendors_ids(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Whichever kind of id names a vehicle."""
    for vehicle_id in world.vehicles:
        name = fleetwork_server.vendor_id(vehicle_id)
        assert fleetwork_server.vehicle_id(name) == vehicle_id
        status, _ = await client.post(
            "/_control/online", {"vehicle": name, "online": False}
        )
        assert status == 200
    assert not any(state.online for state in world.states())
    await client.post("/_control/credentials", {"api_key": "another"})
    assert (await client.get(USERS))[0] == 401
