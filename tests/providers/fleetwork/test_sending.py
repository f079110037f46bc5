"""Positions that are sent to the vendor, and what the simulated one makes of them."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.capabilities import PositionSink
from custom_components.fleet_telematics.providers.errors import (
    AuthenticationFailed,
    InvalidResponse,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.sending import waypoint
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    SentPosition,
)
from simulator.fleetwork import FleetworkServer
from simulator.fleetwork_rows import Ids

from .conftest import Open, Standing
from .vendor import NOW, NOW_MS, Vendor

HANOI = Coordinates(latitude=21.0285, longitude=105.8542)
HERE = SentPosition(time=NOW, location=HANOI, vehicle_id="tractor-1")


def _bulk(count: int, end: datetime) -> list[SentPosition]:
    """Return positions of a tractor and of who is on foot, a second apart."""
    return [
        SentPosition(
            time=end - (count - number) * timedelta(seconds=1),
            location=HANOI,
            speed=number % 50,
            vehicle_id="tractor-1" if number % 2 else None,
            user_id=None if number % 2 else "walker-1",
        )
        for number in range(count)
    ]


def test_fleetwork_takes_positions() -> None:
    """In requests of a modest size, as the document names none."""
    assert issubclass(Fleetwork, PositionSink)
    assert Fleetwork.positions_per_request == 500


async def test_one_position_is_one_point(vendor: Vendor, fleetwork: Fleetwork) -> None:
    """In the words and units of the document, and only what is known."""
    vendor.faults["/gps-tracking"] = (200, {})
    await fleetwork.send_positions(
        [
            SentPosition(
                time=NOW + timedelta(milliseconds=1),
                location=HANOI,
                speed=45.2,
                heading=89.6,
                vehicle_id="tractor-1",
                user_id="user-1",
                device_ref="phone-1",
                name="Tractor",
            )
        ]
    )
    await fleetwork.send_positions([HERE])
    whole, bare = vendor.requests()
    assert (whole.method, whole.path) == ("POST", "/gps-tracking")
    assert whole.params == {
        "lat": 21.0285,
        "lng": 105.8542,
        "time": NOW_MS + 1,
        "speed": 45.2,
        "heading": 90,
        "vehicleId": "tractor-1",
        "userId": "user-1",
        "deviceId": "phone-1",
        "metaData": {"name": "Tractor"},
    }
    assert bare.params == {
        "lat": 21.0285,
        "lng": 105.8542,
        "time": NOW_MS,
        "vehicleId": "tractor-1",
    }


async def test_nothing_is_not_sent(vendor: Vendor, fleetwork: Fleetwork) -> None:
    """No positions are no request."""
    await fleetwork.send_positions([])
    assert vendor.requests() == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "BAD_REQUEST", "message": "...", "code": 400}, Rejected),
        (404, {}, Rejected),
        (405, {}, Rejected),
        (500, {}, Unreachable),
        (200, "<html>Maintenance</html>", InvalidResponse),
    ],
)
async def test_positions_that_may_not_have_arrived_are_told_of(
    vendor: Vendor,
    fleetwork: Fleetwork,
    status: int,
    body: object,
    error: type[Exception],
) -> None:
    """Once, and nothing is sent a second time from here."""
    vendor.faults["/gps-tracking"] = (status, body)
    with pytest.raises(error):
        await fleetwork.send_positions([HERE])
    assert len(vendor.requests()) == 1


async def test_an_empty_answer_is_an_answer(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The document has no body for several positions."""
    vendor.faults["/gps-tracking/bulk"] = (200, "")
    await fleetwork.send_positions([HERE, HERE])
    [asked] = vendor.requests()
    assert asked.params == {"points": [waypoint(HERE)] * 2}


# The simulated vendor.


async def test_sent_positions_arrive(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """One alone, and a whole request of them, in their order."""
    account = open_account()
    now = standing()
    await account.send_positions(
        [
            SentPosition(
                time=now,
                location=HANOI,
                speed=12.5,
                heading=270,
                device_ref="phone-1",
                name="Phone",
            )
        ]
    )
    [point] = fleetwork_server.sent
    assert (point.ids, point.time) == (Ids(device="phone-1"), now)
    assert (point.latitude, point.longitude) == (HANOI.latitude, HANOI.longitude)
    assert (point.speed, point.heading) == (12.5, 270)
    batch = await account.positions()
    told = batch.vehicles["device:phone-1"]
    assert (told.name, told.location, told.last_report) == ("Phone", HANOI, now)
    assert told.moving

    many = _bulk(account.positions_per_request, now)
    await account.send_positions(many)
    sent = fleetwork_server.sent[1:]
    assert [one.time for one in sent] == [one.time for one in many]
    assert [one.speed for one in sent] == [one.speed for one in many]
    assert {one.ids for one in sent} == {Ids(vehicle="tractor-1"), Ids(user="walker-1")}
    asked = [one for one in fleetwork_server.requests if one.method == "POST"]
    assert [one.path.removeprefix("/api/v1") for one in asked] == [
        "/gps-tracking",
        "/gps-tracking/bulk",
    ]


async def test_a_declined_position_declines_them_all(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """None of its request arrives, as who sends them expects."""
    account = open_account()
    nobody = SentPosition(time=standing(), location=HANOI)
    with pytest.raises(Rejected):
        await account.send_positions([*_bulk(3, standing()), nobody])
    assert fleetwork_server.sent == []


async def test_a_refused_key_sends_nothing(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """It is the key that has to be asked for again."""
    account = open_account(api_key="withdrawn")
    with pytest.raises(AuthenticationFailed):
        await account.send_positions(_bulk(2, standing()))
    assert fleetwork_server.sent == []


@given(
    position=st.builds(
        SentPosition,
        time=st.datetimes(
            min_value=datetime(2001, 2, 1),
            max_value=datetime(2090, 1, 1),
            timezones=st.just(UTC),
        ),
        location=st.builds(
            Coordinates,
            latitude=st.floats(-90, 90),
            longitude=st.floats(-180, 180),
        ),
        speed=st.none() | st.floats(),
        heading=st.none() | st.floats(),
        vehicle_id=st.none() | st.text(min_size=1),
        user_id=st.text(min_size=1),
        device_ref=st.none() | st.text(min_size=1),
        name=st.none() | st.text(),
    )
)
def test_every_position_is_sendable(position: SentPosition) -> None:
    """No odd speed or heading of a tracker makes the vendor decline the others."""
    body = waypoint(position)
    json.dumps(body, allow_nan=False)
    assert abs(int(str(body["time"])) - position.time.timestamp() * 1000) <= 1
    heading = body.get("heading", 0)
    assert isinstance(heading, int)
    assert 0 <= heading <= 360
    speed = body.get("speed", 0.0)
    assert isinstance(speed, (int, float))
    assert speed >= 0
    assert body["userId"] == position.user_id
    assert None not in body.values()
