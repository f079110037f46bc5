"""Corrections of trips go out in the vendor's words."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.errors import Rejected
from custom_components.fleet_telematics.providers.fleetgo import edits
from custom_components.fleet_telematics.providers.models import TripKind
from simulator.fleetgo import FleetGoServer

from .anything import ANY_JSON
from .conftest import Connect
from .peer import Peer

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SAVE = "/trips"


def test_every_field_has_the_vendors_name() -> None:
    """Numbers are numbers, times are the document's, in UTC."""
    assert edits.trip(
        {
            "trip_id": "8589934593",
            "vehicle_id": 12,
            "driver_id": 111.0,
            "ride_type": TripKind.PRIVATE,
            "purpose": " Client meeting ",
            "reason": "Forgot",
            "remarks": "",
            "custom_field": "X-1",
            "distance": "45,6",
            "start": datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=1))),
            "end": "2026-03-02T08:40:00",
        }
    ) == {
        "Id": 8589934593,
        "EquipmentId": 12,
        "DriverId": 111,
        "RideType": "Private",
        "Purpose": "Client meeting",
        "Reason": "Forgot",
        "Remarks": "",
        "CustomField": "X-1",
        "Distance": 45.6,
        "From": {"DateTime": "2026-03-02T08:00:00"},
        "To": {"DateTime": "2026-03-02T08:40:00"},
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("business", "Business"),
        ("commute", "Commuting"),
        ("private", "Private"),
        ("Mixed", "Mixed"),
    ],
)
def test_ride_type_is_ours_or_the_vendors_own(given: str, sent: str) -> None:
    """A word that is none of ours is the customer's."""
    assert edits.trip({"trip_id": 1, "ride_type": given})["RideType"] == sent


def test_what_is_not_said_stays_as_it_is() -> None:
    """None is no change."""
    assert edits.trip({"trip_id": 1, "purpose": "Visit", "remarks": None}) == {
        "Id": 1,
        "Purpose": "Visit",
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trip_id": 1, "colour": "red"}, "colour: unknown"),
        ({"trip_id": "20260302T080000Z", "purpose": "x"}, "trip_id: cannot be read"),
        ({"trip_id": 1, "driver_id": "Anna"}, "driver_id: cannot be read"),
        ({"trip_id": 1, "start": "yesterday"}, "start: cannot be read"),
        ({"trip_id": 1, "distance": -1}, "distance: cannot be read"),
        ({"trip_id": 1, "remarks": "x" * 2001}, "remarks: cannot be read"),
        ({"trip_id": 1}, "trip_id: nothing to change"),
        ({"purpose": "x"}, "vehicle_id: required for a new trip"),
        ({"vehicle_id": 1, "start": NOW}, "end: required for a new trip"),
    ],
)
def test_what_cannot_be_sent_names_the_field(
    fields: dict[str, object], reason: str
) -> None:
    """Nothing is guessed, and nothing is sent."""
    with pytest.raises(Rejected) as caught:
        edits.trip(fields)
    assert (caught.value.status, caught.value.reason) == (400, reason)


@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["trip_id", "vehicle_id", "ride_type", "purpose", "distance", "start"]
        )
        | st.text(max_size=5),
        ANY_JSON | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_anything_is_written_or_refused(fields: dict[str, object]) -> None:
    """No other error than a refusal."""
    with suppress(Rejected):
        assert edits.trip(fields)


async def test_vendors_answer_is_returned_as_it_is(
    peer: Peer, connect: Connect
) -> None:
    """Whatever it looks like; a refusal keeps the vendor's word."""
    peer.serve(SAVE, lambda seen: {"Id": 1, "Weird": [seen.body]})
    provider = connect(peer.url)
    answer = await provider.save_trip({"trip_id": 1, "purpose": "Visit"})
    assert answer == {"Id": 1, "Weird": [{"Id": 1, "Purpose": "Visit"}]}
    peer.answers[SAVE] = lambda seen: web.json_response(
        {"message": "trip is locked"}, status=409
    )
    with pytest.raises(Rejected) as caught:
        await provider.save_trip({"trip_id": 1, "purpose": "Visit"})
    assert caught.value.reason == "trip is locked"


async def test_expired_token_is_renewed_for_a_correction(
    peer: Peer, connect: Connect
) -> None:
    """It was refused, so it can be sent again; it is saved once."""
    saved: list[object] = []

    def save(body: object) -> object:
        saved.append(body)
        return body

    peer.serve(SAVE, lambda seen: save(seen.body))
    provider = connect(peer.url)
    await provider.authenticate()
    peer.valid.clear()
    await provider.save_trip({"trip_id": 1, "purpose": "Visit"})
    assert saved == [{"Id": 1, "Purpose": "Visit"}]


# Against the simulated vendor.


@pytest.fixture
def world() -> World:
    """A vehicle with trips."""
    return World(city=AMSTERDAM, vehicles=2, seed=5, clock=lambda: NOW)


async def test_corrected_trip_is_read_back(
    fleetgo_server: FleetGoServer, connect: Connect
) -> None:
    """What was saved is what the history tells from then on."""
    provider = connect(fleetgo_server.url, **fleetgo_server.credentials)
    vehicle = str(fleetgo_server.vendor_id(next(iter(fleetgo_server.world.vehicles))))
    window = (NOW - timedelta(days=3), NOW)
    before = (await provider.trips([vehicle], *window))[-1]
    answer = await provider.save_trip(
        {"trip_id": before.id, "ride_type": "private", "purpose": "Dentist"}
    )
    assert answer == {
        "Id": int(before.id),
        "RideType": "Private",
        "Purpose": "Dentist",
    }
    after = (await provider.trips([vehicle], *window))[-1]
    assert (after.id, after.purpose, after.private) == (before.id, "Dentist", True)
    created = await provider.save_trip(
        {
            "vehicle_id": vehicle,
            "start": NOW - timedelta(hours=2),
            "end": NOW - timedelta(hours=1),
            "purpose": "By hand",
        }
    )
    assert isinstance(created, dict)
    assert created["EquipmentId"] == int(vehicle)
    assert fleetgo_server.requests[-1].status == 201
