"""What all simulated vendors share: faults, the control endpoint, the record."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
import time

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.faults import HUGE_SIZE, NO_ANSWER, Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.trackgps import TrackGpsServer

from .client import Client

FLEET = "/Equipment/GetFleet"
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """A world that stands still."""
    return World(city=AMSTERDAM, clock=lambda: NOW)


@pytest.fixture
async def client(fleetgo_server: FleetGoServer) -> AsyncGenerator[Client]:
    """Return a client of FleetGO that has logged in."""
    async with Client(fleetgo_server) as client:
        _, answer = await client.post("/Session/Login", fleetgo_server.credentials)
        client.token = answer["access_token"]
        yield client


async def raw(client: Client, path: str = FLEET) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    async with client.session.get(
        client.address(path), headers=client.headers, allow_redirects=False
    ) as response:
        return response.status, dict(response.headers), await response.read()


async def test_fault_hits_its_path_so_many_times(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A part of the path selects, in any case; then the service is well again."""
    fleetgo_server.faults.append(
        Fault(kind=FaultKind.HTTP_500, path="GETfleet", times=2)
    )
    assert (await client.get("/Equipment/GetAdministrations"))[0] == 200
    assert [(await client.get(FLEET))[0] for _ in range(3)] == [500, 500, 200]
    assert not fleetgo_server.faults


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.HTTP_429, 429), (FaultKind.HTTP_503, 503)]
)
async def test_refusals_tell_when_to_come_back_or_not(
    client: Client, fleetgo_server: FleetGoServer, kind: FaultKind, status: int
) -> None:
    """Retry-After is absent, seconds or an HTTP date."""
    date = "Wed, 18 Nov 2026 09:30:00 GMT"
    for wish, header in ((None, None), (1.2, "2"), (30, "30"), (date, date)):
        fleetgo_server.faults = [Fault(kind=kind, retry_after=wish)]
        seen, headers, _ = await raw(client)
        assert (seen, headers.get("Retry-After")) == (status, header)


async def test_latency_delays_a_whole_answer(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A slow answer is still right, and delays add to other faults."""
    fleetgo_server.faults = [Fault(kind=FaultKind.LATENCY, delay=0.2)]
    start = time.monotonic()
    assert (await client.get(FLEET))[0] == 200
    assert time.monotonic() - start >= 0.2
    fleetgo_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    start = time.monotonic()
    assert (await client.get(FLEET))[0] == 500
    assert time.monotonic() - start >= 0.2


async def test_reset_breaks_the_connection_off(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """The client gets no answer."""
    fleetgo_server.faults = [Fault(kind=FaultKind.RESET, times=1)]
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/Trips", {"Id": 1})
    assert (await client.get(FLEET))[0] == 200
    assert [one.status for one in fleetgo_server.requests] == [200, NO_ANSWER, 200]


async def test_truncated_json_is_a_whole_answer_with_half_a_text(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """The length is that of what came, so only the JSON shows the cut."""
    _, _, whole = await raw(client)
    fleetgo_server.faults = [Fault(kind=FaultKind.TRUNCATED_JSON)]
    status, headers, body = await raw(client)
    assert status == 200
    assert int(headers["Content-Length"]) == len(body)
    assert abs(len(body) - len(whole) / 2) < 50
    with pytest.raises(ValueError):
        client.loads(body)


async def test_html_comes_with_a_success(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A gateway's page instead of an answer."""
    fleetgo_server.faults = [Fault(kind=FaultKind.HTML)]
    status, headers, body = await raw(client)
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert b"<html>" in body


async def test_wrong_types_spoil_every_value_the_same_way(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """Containers stay, their values change type, but for the keys that are kept."""
    _, whole = await client.get(FLEET)
    fleetgo_server.faults = [Fault(kind=FaultKind.WRONG_TYPES)]
    _, first = await client.get(FLEET)
    _, second = await client.get(FLEET)
    assert first == second
    for right, wrong in zip(whole, first, strict=False):
        for key, value in right.items():
            if not isinstance(value, dict):
                assert type(wrong[key]) is not type(value), key
    fleetgo_server.faults = [Fault(kind=FaultKind.WRONG_TYPES, keep=("id",))]
    _, kept = await client.get(FLEET)
    assert [row["Id"] for row in kept[: len(whole)]] == [row["Id"] for row in whole]
    assert kept[len(whole) :] == [None, "n/a"]


async def test_empty_list_is_well_formed(
    client: Client, fleetgo_server: FleetGoServer, trackgps_server: TrackGpsServer
) -> None:
    """No vehicles, in the vendor's own shape."""
    fault = Fault(kind=FaultKind.EMPTY_LIST, path="/")
    fleetgo_server.faults = [fault]
    assert await client.get(FLEET) == (200, [])
    trackgps_server.faults = [fault]
    async with Client(trackgps_server) as other:
        _, login = await other.send(
            "POST",
            "/api/authentication/login?api-version=2.0",
            data=trackgps_server.credentials,
        )
        other.token = login["access_token"]
        _, answer = await other.get("/api/carriers/company-vehicles?api-version=2.0")
    assert answer["payload"] == []
    assert answer["isSuccess"] is True


async def test_huge_answer_is_streamed(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """More than 32 MiB of JSON arrive, with no length told before."""
    fleetgo_server.faults = [Fault(kind=FaultKind.HUGE)]
    size = 0
    async with client.session.get(
        client.address(FLEET), headers=client.headers
    ) as response:
        assert response.content_length is None
        async for chunk in response.content.iter_any():
            size += len(chunk)
    assert size > HUGE_SIZE > 32 * 1024 * 1024


async def test_huge_answer_may_be_left(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A client that stops reading does not harm the server."""
    fleetgo_server.faults = [Fault(kind=FaultKind.HUGE, times=1)]
    async with client.session.get(
        client.address(FLEET), headers=client.headers
    ) as response:
        await response.content.readany()
    assert (await client.get(FLEET))[0] == 200


async def test_redirect_leads_to_another_host(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """Path and query go along."""
    fleetgo_server.faults = [
        Fault(kind=FaultKind.REDIRECT, target="http://127.0.0.1:9")
    ]
    status, headers, _ = await raw(client, f"{FLEET}?groupId=0")
    assert status == 302
    assert headers["Location"] == "http://127.0.0.1:9/api/Equipment/GetFleet?groupId=0"


async def test_skew_moves_every_time_the_vendor_tells(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """A vendor whose clock is ahead dates everything ahead."""
    fleetgo_server.skew = timedelta(minutes=20)
    _, headers, body = await raw(client)
    assert parsedate_to_datetime(headers["Date"]) - NOW > timedelta(minutes=19)
    row = client.loads(body)[0]
    told = datetime.fromisoformat(row["Location"]["DateTime"])
    truth = world.state(next(iter(world.vehicles))).time
    assert abs(told - truth - timedelta(minutes=20)) < timedelta(seconds=1)


async def test_control_adds_and_clears_faults_and_is_exempt_from_them(
    client: Client,
) -> None:
    """What is switched on over HTTP is switched off over HTTP."""
    status, _ = await client.post(
        "/_control/faults", {"kind": "http_429", "retry_after": 7, "times": 5}
    )
    assert status == 200
    assert (await client.get(FLEET))[0] == 429
    assert (await client.get("/_control/world"))[0] == 200
    assert (await client.send("DELETE", "/_control/faults"))[0] == 200
    assert (await client.get(FLEET))[0] == 200


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("faults", {"kind": "plague"}),
        ("faults", {"kind": "html", "colour": "red"}),
        ("refuel", {}),
        ("refuel", {"vehicle": 1}),
        ("credentials", {"shoe_size": "44"}),
        ("private", []),
    ],
)
async def test_control_refuses_nonsense(
    client: Client, name: str, body: object
) -> None:
    """The reason is told."""
    status, answer = await client.post(f"/_control/{name}", body)
    assert status == 400
    assert answer["error"]


async def test_control_knows_its_commands_only(client: Client) -> None:
    """Anything else is not found."""
    assert (await client.get("/_control/nothing"))[0] == 404


async def test_control_moves_the_world(
    client: Client, fleetgo_server: FleetGoServer, world: World
) -> None:
    """Fuel, privacy and contact change for the vehicle that the vendor names."""
    one = next(iter(world.vehicles))
    named = {"vehicle": fleetgo_server.vendor_id(one)}
    _, stolen = await client.post("/_control/steal", {**named, "volume": 3})
    _, bought = await client.post("/_control/refuel", {**named, "volume": 2.5})
    assert (stolen["kind"], bought["kind"]) == ("theft", "refill")
    records = world.fuel_records(one, NOW, NOW)
    assert [record.record_id for record in records] == [
        stolen["record_id"],
        bought["record_id"],
    ]
    await client.post("/_control/private", {**named, "private": True})
    await client.post("/_control/online", {**named, "online": False})
    _, told = await client.get("/_control/world")
    truth = next(row for row in told["vehicles"] if row["vehicle"] == named["vehicle"])
    assert (truth["private"], truth["online"]) == (True, False)
    assert truth["plate"] == world.vehicles[one].plate
    assert datetime.fromisoformat(truth["time"]) == NOW
    await client.post("/_control/private", {**named, "private": False})
    await client.post("/_control/online", {**named, "online": True})
    state = world.state(one)
    assert (state.private, state.online) == (False, True)


async def test_control_adds_and_removes_vehicles(client: Client) -> None:
    """The vendor tells of a new vehicle, and no more of a removed one."""
    _, before = await client.get(FLEET)
    _, added = await client.post("/_control/add_vehicle", {})
    _, after = await client.get(FLEET)
    assert [row["Id"] for row in after] == [
        *(row["Id"] for row in before),
        added["vehicle"],
    ]
    await client.post("/_control/remove_vehicle", {"vehicle": before[0]["Id"]})
    _, fewer = await client.get(FLEET)
    assert [row["Id"] for row in fewer] == [row["Id"] for row in after[1:]]


async def test_control_expires_tokens(client: Client) -> None:
    """The token is refused, a login helps."""
    await client.post("/_control/expire_tokens", {})
    assert (await client.get(FLEET))[0] == 401
    _, answer = await client.post("/Session/Login", client.server.credentials)
    client.token = answer["access_token"]
    assert (await client.get(FLEET))[0] == 200


async def test_control_changes_the_password_for_good(client: Client) -> None:
    """Old credentials, tokens and refresh tokens are worth nothing after it."""
    old = dict(client.server.credentials)
    _, login = await client.post("/Session/Login", old)
    await client.post("/_control/credentials", {"password": "battery-staple"})
    assert (await client.get(FLEET))[0] == 401
    assert (await client.post("/Session/Login", old))[0] == 401
    refresh = {
        **{key: old[key] for key in ("client_id", "client_secret")},
        "grant_type": "refresh_token",
        "refresh_token": login["refresh_token"],
    }
    assert (await client.post("/session/token", refresh))[0] == 401
    new = {**old, "password": "battery-staple"}
    assert (await client.post("/Session/Login", new))[0] == 200


async def test_requests_are_recorded_without_secrets(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """Method, path, query, status and whether it was authorized; no password."""
    await client.get(FLEET, {"groupId": "0"})
    fleetgo_server.faults = [Fault(kind=FaultKind.HTTP_503)]
    await client.post("/Trips", {"Id": 5})
    login, fleet, trip = fleetgo_server.requests
    assert (login.method, login.status, login.authorized) == ("POST", 200, False)
    assert login.body is None
    assert fleet.path == "/api/Equipment/GetFleet"
    assert (dict(fleet.query), fleet.status, fleet.authorized) == (
        {"groupId": "0"},
        200,
        True,
    )
    assert (trip.status, trip.body) == (503, {"Id": 5})
    _, told = await client.get("/_control/requests")
    assert [row["status"] for row in told["requests"]] == [200, 200, 503]
    assert str(client.server.credentials["password"]) not in str(told)


async def test_stop_does_not_wait_for_slow_answers(
    client: Client, fleetgo_server: FleetGoServer
) -> None:
    """A server that is told to stop does, whatever it is doing."""
    fleetgo_server.faults = [Fault(kind=FaultKind.LATENCY, delay=60)]
    waiting = asyncio.create_task(client.get(FLEET))
    while not fleetgo_server.faults or not client.session.connector:
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    start = time.monotonic()
    await fleetgo_server.stop()
    assert time.monotonic() - start < 5
    with pytest.raises((aiohttp.ClientError, AssertionError)):
        assert (await waiting)[0] != 200


async def test_server_starts_again_after_a_stop(fleetgo_server: FleetGoServer) -> None:
    """An outage is a stop and a start on the same port."""
    port = fleetgo_server.port
    assert port
    await fleetgo_server.stop()
    with pytest.raises(RuntimeError):
        assert fleetgo_server.url
    await fleetgo_server.start(port)
    async with Client(fleetgo_server) as client:
        assert (await client.get(FLEET))[0] == 401
