"""FleetGO's trips become trips, whatever shape they come in."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.demo.records import TripRecord
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetgo import FleetGo, trips
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Place,
    Trip,
    TripKind,
    Vehicle,
)
from simulator.fleetgo import FleetGoServer

from .anything import ANY_JSON, like
from .conftest import Connect
from .peer import TRIPS, Peer

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def _trip(start: str | None, end: str | None, **changes: object) -> dict[str, object]:
    return {
        "From": {"DateTime": start, "Odometer": 100},
        "To": {"DateTime": end, "Odometer": 112},
        "Distance": 12.3,
        "FuelUsedInLiters": 1.1,
        "IsCorrection": False,
        **changes,
    }


def test_last_trip_is_the_newest_finished_one() -> None:
    """Order, trips under way and corrections do not mislead."""
    newest = _trip("2026-03-02T08:00:00", "2026-03-02T08:30:00Z", Distance=20)
    rows = [
        newest,
        _trip("2026-03-01T08:00:00", "2026-03-01T09:00:00"),
        _trip("2026-03-02T10:00:00", None),
        _trip("2026-03-02T10:00:00", "2026-03-02T11:00:00", IsCorrection=True),
        _trip("2026-03-02T10:00:00", "2026-03-02T11:00:00", To=None),
        "noise",
    ]
    assert trips.last_trip("7", rows) == Vehicle(
        id="7",
        last_trip_distance=20,
        last_trip_duration=0.5,
        last_trip_fuel=1.1,
        last_trip_start=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        last_trip_end=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
    )


def test_trip_of_the_document_has_no_times() -> None:
    """The flat shape is read; of several the last one in the list counts."""
    place = {"Latitude": 52.1, "Longitude": 5.1, "Address": "Utrecht, Netherlands"}
    rows: list[object] = [
        {"From": place, "To": place, "Distance": 45.6, "FuelUsedInLiters": 4.2},
        {"From": place, "To": place, "Distance": 3.5, "FuelUsedInLiters": 0},
    ]
    assert trips.last_trip("7", rows) == Vehicle(id="7", last_trip_distance=3.5)


def test_trip_that_ends_before_it_starts_has_no_duration() -> None:
    """A broken clock costs the duration alone."""
    trip = trips.last_trip("7", [_trip("2026-03-02T09:00:00", "2026-03-02T08:00:00")])
    assert trip is not None
    assert (trip.last_trip_duration, trip.last_trip_distance) == (None, 12.3)


def test_no_finished_trip_is_no_trip() -> None:
    """Nothing is made up for a vehicle that did not drive."""
    assert trips.last_trip("7", []) is None


@given(rows=st.lists(like(_trip("2026-03-02T08:00:00", None)) | ANY_JSON, max_size=4))
def test_no_trip_raises(rows: list[object]) -> None:
    """Any JSON gives a trip that took no negative time, or none."""
    trip = trips.last_trip("7", rows)
    if trip is not None:
        assert trip.last_trip_duration is None or trip.last_trip_duration >= 0
        assert trip.last_trip_distance is None or trip.last_trip_distance >= 0


NESTED: dict[str, object] = {
    "Id": 8589934593,
    "RideNumber": 12,
    "EquipmentId": 7,
    "From": {
        "Odometer": 100,
        "Description": "",
        "Location": {"Latitude": 52.3676, "Longitude": 4.9041, "Altitude": 2},
        "MinutesAtLocation": 12,
        "DateTime": "2026-03-02T09:00:00.0000000+01:00",
        "Address": {
            "Country": "Netherlands",
            "Address": "Damrak 1",
            "City": "Amsterdam",
            "PostalCode": "1012 LG",
        },
    },
    "To": {
        "Odometer": 145.6,
        "Location": {"Latitude": 52.0907, "Longitude": 5.1214},
        "DateTime": "2026-03-02T08:40:00",
        "Address": None,
    },
    "Distance": 45.6,
    "DriverName": "Anna Vos",
    "DriverId": 111,
    "FuelUsedInLiters": 4.2,
    "RideType": "Business",
    "EncodedTrack": "_p~iF~ps|U_ulLnnqC",
    "Purpose": "Client meeting",
    "IsCorrection": False,
}
FLAT: dict[str, object] = {
    "From": {
        "Latitude": 52.3676,
        "Longitude": 4.9041,
        "Address": "Amsterdam, Netherlands",
    },
    "To": {"Latitude": 52.0907, "Longitude": 5.1214, "Address": "Utrecht, Netherlands"},
    "Distance": 45.6,
    "DriverName": "John Doe",
    "FuelUsedInLiters": 4.2,
    "RideType": "Business",
    "EncodedTrack": "encoded_polyline_string",
    "Purpose": "Client meeting",
    "IsCorrection": False,
}


def test_nested_trip_is_read_whole() -> None:
    """Times, places and what the driver wrote, and the route where it was asked for."""
    expected = Trip(
        id="8589934593",
        vehicle_id="7",
        start=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        end=datetime(2026, 3, 2, 8, 40, tzinfo=UTC),
        duration=timedelta(minutes=40),
        distance=45.6,
        fuel_used=4.2,
        driver="Anna Vos",
        kind=TripKind.BUSINESS,
        purpose="Client meeting",
        origin=Place(
            location=Coordinates(latitude=52.3676, longitude=4.9041),
            address="Damrak 1, 1012 LG Amsterdam",
        ),
        destination=Place(location=Coordinates(latitude=52.0907, longitude=5.1214)),
    )
    assert trips.trip("7", NESTED) == expected
    routed = trips.trip("7", NESTED, route=True)
    assert routed is not None
    assert routed.polyline == "_p~iF~ps|U_ulLnnqC"


def test_flat_trip_of_the_document_is_read() -> None:
    """Its ends are a place each; it has no times."""
    found = trips.trip("7", FLAT)
    assert found is not None
    assert (found.start, found.end, found.duration) == (None, None, None)
    assert found.origin == Place(
        location=Coordinates(latitude=52.3676, longitude=4.9041),
        address="Amsterdam, Netherlands",
    )
    assert found.destination.address == "Utrecht, Netherlands"
    assert found.driver == "John Doe"


@pytest.mark.parametrize(
    ("told", "kind", "private"),
    [
        ("Business", TripKind.BUSINESS, False),
        ("PRIVATE", TripKind.PRIVATE, True),
        ("Privé", TripKind.PRIVATE, True),
        ("Commuting", TripKind.COMMUTE, False),
        ("Woon-werk", TripKind.COMMUTE, False),
        ("zakelijk", TripKind.BUSINESS, False),
        ("Undefined", None, False),
        (None, None, False),
        # What a number stands for is not published.
        (1, None, True),
        ("2", None, True),
    ],
)
def test_ride_type_tells_the_kind_and_what_is_private(
    told: object, kind: TripKind | None, private: bool
) -> None:
    """What cannot be understood may be private, and is kept so."""
    found = trips.trip("7", NESTED | {"RideType": told})
    assert found is not None
    assert (found.kind, found.private) == (kind, private)


def test_fuel_that_is_not_measured_is_not_zero() -> None:
    """A vehicle that does not measure tells 0."""
    found = trips.trip("7", NESTED | {"FuelUsedInLiters": 0})
    assert found is not None
    assert found.fuel_used is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "8589934593"),
        ({"Id": None}, "12"),
        ({"Id": 0, "RideNumber": 0}, "20260302T080000Z"),
    ],
)
def test_id_is_the_vendors_or_follows_from_the_start(
    changes: dict[str, object], expected: str
) -> None:
    """A trip's start is told once and for all."""
    found = trips.trip("7", NESTED | changes)
    assert found is not None
    assert found.id == expected


def test_id_of_a_flat_trip_outlives_what_a_driver_edits() -> None:
    """Purpose and kind change, the drive does not; another drive is another trip."""
    ids = {
        found.id
        for changes in ({}, {"Purpose": "Other", "RideType": "Private"})
        if (found := trips.trip("7", FLAT | changes)) is not None
    }
    assert len(ids) == 1
    other = trips.trip("7", FLAT | {"Distance": 12.0})
    assert other is not None
    assert other.id not in ids


@given(
    row=like(NESTED) | like(FLAT) | ANY_JSON,
    route=st.booleans(),
)
def test_any_row_is_a_trip_or_none(row: object, route: bool) -> None:
    """No value costs more than itself."""
    found = trips.trip("7", row, route=route)
    if found is None:
        return
    assert found.id
    assert found.vehicle_id == "7"
    assert found.distance is None or found.distance >= 0
    assert found.duration is None or found.duration >= timedelta()
    assert found.fuel_used is None or found.fuel_used > 0
    assert route or found.polyline is None
    assert found.private or found.kind is not TripKind.PRIVATE
    assert trips.trip("7", row, route=route) == found


# Windows of any length.


async def test_long_window_is_cut_into_months(peer: Peer, connect: Connect) -> None:
    """Each piece begins where the one before ended; a trip across is one trip."""
    peer.serve(TRIPS, lambda seen: [NESTED])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = datetime(2026, 3, 15, 6, 30, tzinfo=UTC)
    found = await connect(peer.url).trips(["7"], start, end)
    assert [one.id for one in found] == ["8589934593"]
    asked = [
        (seen.query["from"], seen.query["to"])
        for seen in peer.seen
        if seen.path == TRIPS
    ]
    # What was under way at the start may be listed by the day it began on.
    assert asked[0][0] == "2025-12-31T00:00:00"
    assert asked[-1][1] == "2026-03-15T06:30:00"
    assert all(before[1] == after[0] for before, after in pairwise(asked))
    assert len(asked) == 3
    assert {seen.query.get("extendedInfo") for seen in peer.seen[1:]} == {"false"}


async def test_trip_beside_the_window_is_left_out(peer: Peer, connect: Connect) -> None:
    """Also where the vendor is generous; one without times is believed."""
    peer.serve(TRIPS, lambda seen: [NESTED, FLAT])
    later = NOW + timedelta(days=1)
    (found,) = await connect(peer.url).trips(["7"], NOW, later)
    assert found.start is None
    assert await connect(peer.url).trips(["7"], later, NOW) == ()


@pytest.mark.parametrize("status", [403, 404])
async def test_foreign_vehicle_is_denied(
    peer: Peer, connect: Connect, status: int
) -> None:
    """A vehicle of another account is refused or not found."""
    peer.refuse(TRIPS, status)
    with pytest.raises(AccessDenied):
        await connect(peer.url).trips(["7"], NOW - timedelta(days=1), NOW)


async def test_outage_is_no_empty_history(peer: Peer, connect: Connect) -> None:
    """Half a window is not passed off as the whole."""
    peer.serve(TRIPS, lambda seen: [])
    served = peer.answers[TRIPS]
    peer.refuse(TRIPS, 500)
    failing = peer.answers[TRIPS]
    peer.answers[TRIPS] = lambda seen: (
        served(seen) if seen.query["from"].startswith("2026-01") else failing(seen)
    )
    with pytest.raises(Unreachable):
        await connect(peer.url).trips(["7"], datetime(2026, 1, 2, tzinfo=UTC), NOW)


# Against the simulated vendor.


@pytest.fixture
def world() -> World:
    """Two vehicles whose drives are over."""
    now = NOW
    return World(city=AMSTERDAM, vehicles=4, seed=5, clock=lambda: now)


@pytest.fixture
def provider(fleetgo_server: FleetGoServer, connect: Connect) -> FleetGo:
    """The provider of the simulated account."""
    return connect(fleetgo_server.url, **fleetgo_server.credentials)


def _expected(
    server: FleetGoServer, vehicle_id: int, start: datetime
) -> list[TripRecord]:
    return [
        one for one in server.world.trips(vehicle_id, start, NOW) if one.end.time <= NOW
    ]


@pytest.mark.parametrize("flat", [False, True])
async def test_trips_are_the_worlds(
    fleetgo_server: FleetGoServer, provider: FleetGo, flat: bool
) -> None:
    """Every trip of forty days, of two vehicles, oldest first and private ones marked."""
    fleetgo_server.flat_trips = flat
    start = NOW - timedelta(days=40)
    world_ids = list(fleetgo_server.world.vehicles)[:2]
    ids = [str(fleetgo_server.vendor_id(one)) for one in world_ids]
    found = await provider.trips(ids, start, NOW)
    for world_id, vehicle_id in zip(world_ids, ids, strict=True):
        own = [one for one in found if one.vehicle_id == vehicle_id]
        truth = _expected(fleetgo_server, world_id, start)
        assert len(truth) > 20
        if not flat:
            assert [one.id for one in own] == [str(one.trip_id) for one in truth]
        assert len({one.id for one in own}) == len(own)
        for trip, record in zip(own, truth, strict=True):
            assert trip.distance == pytest.approx(record.distance, abs=0.001)
            assert trip.fuel_used == pytest.approx(record.fuel_used or None, abs=0.001)
            assert trip.private is record.private
            assert trip.driver
            assert trip.polyline is None
            if not record.private:
                assert trip.origin.location is not None
                assert trip.origin.location.latitude == pytest.approx(
                    record.start.latitude, abs=1e-5
                )
                assert trip.kind is TripKind.BUSINESS
            if not flat:
                assert trip.start is not None
                assert abs(trip.start - record.start.time) < timedelta(seconds=1)
                assert trip.duration is not None
    if not flat:
        times = [one.start for one in found if one.start is not None]
        assert times == sorted(times)
    asked = [one for one in fleetgo_server.requests if "GetTrips" in one.path]
    # Of rows without times the first window is asked for once more, as it is.
    assert len(asked) == (6 if flat else 4)


@pytest.mark.parametrize("by_start", [False, True])
@pytest.mark.parametrize("flat", [False, True])
async def test_trip_under_way_when_a_window_begins_is_told(
    fleetgo_server: FleetGoServer, provider: FleetGo, by_start: bool, flat: bool
) -> None:
    """Also by a vendor that lists what began in a window; one beside it is not.

    Rows without times are those that the vendor lists for the window itself.
    """
    fleetgo_server.trips_by_start = by_start
    fleetgo_server.flat_trips = flat
    world_id = next(iter(fleetgo_server.world.vehicles))
    vehicle = str(fleetgo_server.vendor_id(world_id))
    before, across, *_ = truth = _expected(
        fleetgo_server, world_id, NOW - timedelta(days=5)
    )
    start = across.start.time + across.duration / 2
    found = await provider.trips([vehicle], start, NOW)
    told = truth[2:] if flat and by_start else truth[1:]
    assert [one.distance for one in found] == [round(one.distance, 3) for one in told]
    assert before.end.time < start


async def test_trip_that_was_saved_is_told(
    fleetgo_server: FleetGoServer, provider: FleetGo
) -> None:
    """A new one with what was said of it, a changed one with all that it had."""
    world_id = next(iter(fleetgo_server.world.vehicles))
    vehicle = str(fleetgo_server.vendor_id(world_id))
    start = NOW - timedelta(days=2)
    (last, *_) = reversed(_expected(fleetgo_server, world_id, start))
    end = last.end.time + timedelta(minutes=1)
    await provider.save_trip({"trip_id": last.trip_id, "end": end, "purpose": "Visit"})
    created = await provider.save_trip(
        {
            "vehicle_id": vehicle,
            "start": NOW - timedelta(hours=40),
            "end": NOW - timedelta(hours=39),
            "distance": 12.5,
            "ride_type": TripKind.BUSINESS,
        }
    )
    assert isinstance(created, dict)
    told = {one.id: one for one in await provider.trips([vehicle], start, NOW)}
    changed = told[str(last.trip_id)]
    assert (changed.purpose, changed.end) == ("Visit", end.replace(microsecond=0))
    assert changed.destination.location is not None or changed.private
    new = told[str(created["Id"])]
    assert (new.distance, new.kind) == (12.5, TripKind.BUSINESS)
    assert new.duration == timedelta(hours=1)


async def test_routes_come_when_asked_for(
    fleetgo_server: FleetGoServer, provider: FleetGo
) -> None:
    """A private drive's route may be empty; everybody else's is there."""
    vehicle = str(fleetgo_server.vendor_id(next(iter(fleetgo_server.world.vehicles))))
    found = await provider.trips([vehicle], NOW - timedelta(days=5), NOW, routes=True)
    assert found
    assert all(one.polyline for one in found if not one.private)


async def test_vehicle_of_nobody_is_denied(provider: FleetGo) -> None:
    """The vendor does not know it for this account."""
    with pytest.raises(AccessDenied):
        await provider.trips(["999999"], NOW - timedelta(days=1), NOW)
