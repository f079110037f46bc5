"""What FleetGO's event stream tells becomes vehicles, whatever shape it is in."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
import json

from hypothesis import given
import orjson
import pytest

from custom_components.fleet_telematics.providers import parse
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.events import ServerEvent
from custom_components.fleet_telematics.providers.fleetgo import FleetGo, mapping
from custom_components.fleet_telematics.providers.fleetgo.messages import (
    Messages,
    renewed,
)
from custom_components.fleet_telematics.providers.models import Batch, Coordinates
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer

from .anything import ANY_JSON, like
from .conftest import Connect
from .peer import FLEET, LOGIN, REFRESH, SUBSCRIBE, Peer

LIVE = {"live_updates": True}
ROW: dict[str, object] = {
    "Id": 7,
    "EquipmentHeader": {"SerialNumber": "AB-1"},
    "Location": {
        "Latitude": 52.1,
        "Longitude": 5.1,
        "Altitude": 3.0,
        "DateTime": "2026-03-02T12:00:00+00:00",
    },
    "Address": "Damrak 1, Amsterdam",
    "EngineRunning": False,
    "IsStationary": True,
    "PrivateMode": False,
    "Speed": 0,
    "Odometer": 1000.0,
    "DriverId": 5,
    "DriverName": "Anna Vos",
    "Group": {"Id": 12, "Name": "North"},
}
MESSAGE: dict[str, object] = {
    "MessageId": 900,
    "EquipmentId": 7,
    "DriverId": 5,
    "Timestamp": "2026-03-02T12:01:00",
    "Signals": [
        {"Name": "Latitude", "Value": 52.2},
        {"Name": "Longitude", "Value": "5.2"},
        {"Name": "Speed", "Value": 48},
        {"Name": "Engine Running", "Value": True},
        {"Name": "PrivateMode", "Value": False},
    ],
}
NOW = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)


def event(data: object, event_id: str | None = None) -> bytes:
    """Return an event that carries JSON."""
    first = "" if event_id is None else f"id: {event_id}\n"
    return f"{first}data: {json.dumps(data)}\n\n".encode()


async def heard(stream: AsyncGenerator[Batch | None]) -> list[Batch | None]:
    """Return what a stream says until it ends."""
    async with aclosing(stream):
        return [one async for one in stream]


async def listening(peer: Peer, connect: Connect, **options: object) -> FleetGo:
    """Return a provider that has read a fleet of one vehicle."""
    peer.serve(FLEET, lambda seen: [ROW])
    peer.serve("/equipment/getequipments", lambda seen: [ROW])
    provider = connect(peer.url, {**LIVE, **options})
    await provider.positions()
    return provider


async def test_stream_is_asked_for_as_documented(peer: Peer, connect: Connect) -> None:
    """Every parameter of the document goes along, 0 being all of them."""
    provider = await listening(peer, connect)
    peer.streams = [[event("heartbeat"), b": comment\n\n", b"data: heartbeat\n\n"]]
    assert await heard(provider.live()) == [None, None]
    assert peer.seen[-1].query == {
        "groupId": "0",
        "vehicleCategoryId": "0",
        "driverCategoryId": "0",
        "accountId": "0",
    }


async def test_rows_of_the_fleet_are_vehicles(peer: Peer, connect: Connect) -> None:
    """As in the poll; what a row leaves out is as it was."""
    provider = await listening(peer, connect)
    place = {
        "Latitude": 52.3,
        "Longitude": 5.3,
        "DateTime": "2026-03-02T13:05:00+01:00",
    }
    told = {"Id": 7, "Location": place, "Speed": 30, "IsStationary": False}
    peer.streams = [[event([told, None, {"Id": "n/a"}]), event({"Id": 8, "Speed": 1})]]
    first, second = await heard(provider.live())
    assert first is not None
    assert not first.complete
    vehicle = first.vehicles["7"]
    assert vehicle.location == Coordinates(latitude=52.3, longitude=5.3)
    assert (vehicle.speed, vehicle.plate, vehicle.odometer) == (30, "AB-1", 1000)
    assert vehicle.last_report == datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
    assert second is not None
    assert list(second.vehicles) == ["8"]


async def test_messages_renew_what_is_known(peer: Peer, connect: Connect) -> None:
    """One that names its signals gives a whole vehicle all the same."""
    provider = await listening(peer, connect)
    peer.streams = [[event(MESSAGE), event({**MESSAGE, "EquipmentId": 99})]]
    batch, unknown = await heard(provider.live())
    assert batch is not None
    assert unknown is None
    vehicle = batch.vehicles["7"]
    assert vehicle.location == Coordinates(latitude=52.2, longitude=5.2)
    assert vehicle.last_report == datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
    assert (vehicle.speed, vehicle.moving, vehicle.engine) == (48, True, True)
    assert (vehicle.plate, vehicle.driver) == ("AB-1", "Anna Vos")
    # Whose address it was is left behind.
    assert vehicle.address is None


def test_record_of_avl_is_a_message_too() -> None:
    """Its values are its own keys."""
    row = renewed(
        parse.folded(ROW),
        parse.folded(
            {
                "EquipmentId": 7,
                "Timestamp": "2026-03-02T12:01:00",
                "Latitude": 52.2,
                "Longitude": 5.2,
                "Speed": 48,
                "Angle": 90,
                "PrivateMode": True,
                "DriverId": 6,
            }
        ),
    )
    vehicle = mapping.vehicle(row, now=NOW)
    assert vehicle is not None
    assert (vehicle.private_mode, vehicle.heading, vehicle.driver) == (True, 90, None)


def test_drive_that_may_be_private_is_not_followed() -> None:
    """Without a word of private mode a message moves nothing; its engine may run."""
    told = {
        "EquipmentId": 7,
        "Timestamp": "2026-03-02T12:01:00",
        "Latitude": 52.2,
        "Longitude": 5.2,
        "Speed": 48,
        "EngineRunning": True,
    }
    vehicle = mapping.vehicle(renewed(parse.folded(ROW), parse.folded(told)), now=NOW)
    assert vehicle is not None
    assert vehicle.location == Coordinates(latitude=52.1, longitude=5.1)
    assert vehicle.last_report == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert (vehicle.speed, vehicle.engine) == (0, True)


def test_message_of_before_changes_nothing() -> None:
    """What is resumed may be older than what the poll has read since."""
    known = parse.folded(ROW)
    late = parse.folded(MESSAGE | {"Timestamp": "2026-03-02T11:59:59"})
    assert renewed(known, late) == known


@given(row=like(ROW) | ANY_JSON, told=like(MESSAGE) | ANY_JSON)
def test_any_message_leaves_a_row_that_can_be_read(row: object, told: object) -> None:
    """Nothing raises, and what is not of the message stays."""
    known = parse.folded(row)
    found = renewed(known, parse.folded(told))
    assert found.keys() >= known.keys()
    mapping.vehicle(found, now=NOW)


@given(data=ANY_JSON | like(MESSAGE) | like(ROW))
def test_any_event_is_a_batch_or_none(data: object) -> None:
    """No event of the vendor's ends the stream."""
    for loads in (json.loads, orjson.loads):
        messages = Messages(None, lambda: NOW, loads)
        messages.know([ROW, data])
        for text in (json.dumps(data), str(data)):
            batch = messages.take(ServerEvent(data=text))
            assert batch is None or (batch.vehicles and not batch.complete)


def test_number_that_is_none_does_not_cost_the_event() -> None:
    """Strict readers of JSON refuse a NaN; the rest of the row is read."""
    messages = Messages(None, lambda: NOW, orjson.loads)
    messages.know([ROW])
    batch = messages.take(ServerEvent(data='[{"Id": 7, "Speed": NaN}]'))
    assert batch is not None
    assert (batch.vehicles["7"].speed, batch.vehicles["7"].plate) == (None, "AB-1")


async def test_stream_goes_on_where_it_ended(peer: Peer, connect: Connect) -> None:
    """By the message's own id, or by the event's; none is asked for at first."""
    provider = await listening(peer, connect)
    peer.streams = [
        [event(MESSAGE)],
        [event("heartbeat", event_id="901")],
        [event([{**MESSAGE, "MessageId": 902}, {**MESSAGE, "MessageId": 903}])],
        [],
    ]
    for _ in range(4):
        await heard(provider.live())
    asked = [
        seen.query.get("lastMessageId") for seen in peer.seen if seen.path == SUBSCRIBE
    ]
    assert asked == [None, "900", "901", "903"]


async def test_message_that_the_vendor_forgot_is_not_asked_for_again(
    peer: Peer, connect: Connect
) -> None:
    """It keeps a day of them; the next call starts anew."""
    provider = await listening(peer, connect)
    peer.streams = [[event(MESSAGE)]]
    await heard(provider.live())
    peer.refuse(SUBSCRIBE, 400)
    with pytest.raises(Rejected):
        await heard(provider.live())
    peer.streams = [[event("heartbeat")]]
    assert await heard(provider.live()) == [None]
    assert "lastMessageId" not in peer.seen[-1].query


async def test_chosen_group_is_listened_to_alone(peer: Peer, connect: Connect) -> None:
    """A vehicle of another group is left out, whatever the vendor sends."""
    provider = await listening(peer, connect, group="12")
    other = {**ROW, "Id": 8, "Group": {"Id": 13, "Name": "South"}}
    peer.streams = [[event([ROW, other])]]
    (batch,) = await heard(provider.live())
    assert batch is not None
    assert list(batch.vehicles) == ["7"]
    assert peer.seen[-1].query["groupId"] == "12"


async def test_expired_token_is_renewed_once(peer: Peer, connect: Connect) -> None:
    """The stream is opened again with the new one."""
    provider = await listening(peer, connect)
    peer.valid.clear()
    peer.streams = [[event("heartbeat")]]
    peer.refuse(SUBSCRIBE, 401)
    assert await heard(provider.live()) == [None]
    assert peer.count(LOGIN) + peer.count(REFRESH) == 2
    assert peer.count(SUBSCRIBE) == 2


async def test_refusals_are_typed(peer: Peer, connect: Connect) -> None:
    """A missing right is no expired login, and a login that is refused is told."""
    provider = await listening(peer, connect)
    peer.refuse(SUBSCRIBE, 401)
    with pytest.raises(AccessDenied):
        await heard(provider.live())
    peer.refuse(SUBSCRIBE, 404)
    with pytest.raises(NotFound):
        await heard(provider.live())
    # Nobody has the other one either: the next time both are tried again.
    assert peer.seen[-1].path == "/equipment/subscribe"
    peer.valid.clear()
    peer.refuse(SUBSCRIBE, 401)
    peer.refuse(LOGIN, 401)
    peer.refuse(REFRESH, 401)
    with pytest.raises(AuthenticationFailed):
        await heard(provider.live())


# Against the simulated vendor.


class Clock:
    """The world's time, to be turned."""

    def __init__(self) -> None:
        """Start now."""
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The world's clock."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """A dozen vehicles."""
    return World(city=AMSTERDAM, vehicles=12, seed=3, clock=clock)


async def test_moves_are_told_as_they_happen(
    fleetgo_server: FleetGoServer, connect: Connect, clock: Clock
) -> None:
    """The first events tell the fleet, the later ones who moved."""
    fleetgo_server.stream_interval = 0.02
    provider = connect(fleetgo_server.url, LIVE, **fleetgo_server.credentials)
    polled = await provider.positions()
    told: set[str] = set()
    async with aclosing(provider.live()) as stream:
        assert await anext(stream) is None
        first = await anext(stream)
        assert first is not None
        assert first.vehicles == polled.vehicles
        assert not first.complete
        clock.now += timedelta(seconds=40)
        async for batch in stream:
            if batch is None:
                continue
            told |= batch.vehicles.keys()
            for vehicle_id, vehicle in batch.vehicles.items():
                state = fleetgo_server.world.state(int(vehicle_id) % 2**33)
                if vehicle.location is not None and not state.private:
                    assert vehicle.location.latitude == pytest.approx(
                        state.latitude, abs=1e-5
                    )
            break
    assert told
    requests = [one for one in fleetgo_server.requests if "GetFleet" in one.path]
    assert len(requests) == 1


async def test_newer_stream_tells_messages_and_goes_on_where_it_ended(
    fleetgo_server: FleetGoServer, connect: Connect, clock: Clock
) -> None:
    """Where the document's stream is not there; what was missed is told late."""
    fleetgo_server.stream_interval = 0.02
    fleetgo_server.avl_stream = False
    world = fleetgo_server.world
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, private=False)
    provider = connect(fleetgo_server.url, LIVE, **fleetgo_server.credentials)
    await provider.positions()

    async def follow() -> dict[str, datetime]:
        told: dict[str, datetime] = {}
        async with aclosing(provider.live()) as stream:
            assert await anext(stream) is None
            async for batch in stream:
                if batch is None:
                    break
                for key, vehicle in batch.vehicles.items():
                    assert vehicle.last_report is not None
                    told[key] = vehicle.last_report
                    (state,) = world.track(
                        int(key) % 2**33, vehicle.last_report, vehicle.last_report
                    )
                    assert vehicle.location is not None
                    assert vehicle.location.latitude == pytest.approx(
                        state.latitude, abs=1e-5
                    )
                    assert vehicle.speed == round(state.speed)
        return told

    clock.now += timedelta(seconds=40)
    first = await follow()
    clock.now += timedelta(minutes=3)
    second = await follow()
    assert first.keys() == second.keys()
    assert all(second[key] > time for key, time in first.items())
    # A stream is on record once the vendor knows that it ended.
    await fleetgo_server.stop()
    opened = [one for one in fleetgo_server.requests if "Subscribe" in one.path]
    paths = [one.path.rpartition("/api")[2] for one in opened]
    assert paths == ["/Avl/Subscribe", *["/Equipment/Subscribe"] * 2]
    assert dict(opened[1].query) == {"accountId": "0"}
    assert dict(opened[2].query).keys() == {"accountId", "lastMessageId"}


async def test_vendor_that_goes_down_ends_the_stream(
    fleetgo_server: FleetGoServer, connect: Connect
) -> None:
    """By its end, or by an error; and it can be opened again."""
    fleetgo_server.stream_interval = 0.02
    provider = connect(fleetgo_server.url, LIVE, **fleetgo_server.credentials)
    port = fleetgo_server.port
    assert port is not None
    stream = provider.live()
    assert await anext(stream) is None
    await fleetgo_server.stop()
    async for _ in stream:
        pass
    with pytest.raises(Unreachable):
        await heard(provider.live())
    await fleetgo_server.start(port)
    fleetgo_server.faults.append(Fault(kind=FaultKind.RESET, path="subscribe"))
    with pytest.raises(Unreachable):
        await heard(provider.live())
    fleetgo_server.faults.clear()
    async with aclosing(provider.live()) as again:
        assert await anext(again) is None
