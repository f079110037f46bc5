"""Fleetwork's JSON becomes models, whatever it holds."""

from dataclasses import replace
from datetime import UTC, datetime
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.fleetwork import mapping
from custom_components.fleet_telematics.providers.fleetwork.mapping import Sighting
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    FleetFigures,
    Position,
    Status,
    Vehicle,
)

from .vendor import (
    NOW,
    Json,
    fuel_tracking,
    monthly_costs,
    summary,
    today_row,
    tracked_row,
    waypoint,
)

_KEYS = st.sampled_from(
    [
        "userId",
        "deviceId",
        "vehicleId",
        "statusCode",
        "status",
        "lastLocation",
        "lat",
        "lng",
        "time",
        "speed",
        "heading",
        "metadata",
        "metaData",
        "name",
        "distance",
        "value",
        "travelTime",
        "totalSeconds",
        "fuel",
        "consumedLiters",
        "activeUsers",
        "active",
        "totalFuelCost",
        "currency",
        "date",
        "startTime",
        "endTime",
        "distanceKm",
        "startLocation",
        "endLocation",
        "address",
        "fuelStandardLiters",
        "totalCostVnd",
        "months",
        "month",
        "costs",
        "total",
    ]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["{", "[]", '{"name": 3}', "[" * 5000, "21,5", "NaN"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6)
    ),
    max_leaves=20,
)


def _sighting(**changes: object) -> Sighting:
    found = mapping.tracked({**tracked_row(1), **changes})
    assert found is not None
    return found


def _vehicle(**changes: object) -> Vehicle:
    return _sighting(**changes).vehicle


def test_a_row_is_a_vehicle_where_it_was_seen_last() -> None:
    """Every value of the document arrives under the project's own name."""
    assert _sighting() == Sighting(
        vehicle=Vehicle(
            id="vehicle-1",
            name="Truck 1",
            location=Coordinates(latitude=21.0285, longitude=105.8542),
            speed=45.2,
            heading=90.0,
            last_report=NOW,
            status=Status.MOVING,
            moving=True,
            online=True,
        ),
        user="user-1",
    )


@given(ANYTHING)
def test_nothing_that_a_vendor_may_send_raises(value: object) -> None:
    """A row, a waypoint and a view of any shape is read or left out."""
    known = _sighting()
    mapping.row_key(value)
    mapping.user(value)
    mapping.tracked(value)
    mapping.latest("vehicle-1", value, None)
    mapping.latest("vehicle-1", value, known)
    mapping.today("vehicle-1", value)
    mapping.figures(summary=value, fuel=value, costs=value, now=NOW)


@given(st.sampled_from(sorted(tracked_row(1))), ANYTHING)
def test_a_bad_value_never_costs_the_vehicle(key: str, value: object) -> None:
    """With one key of a row spoilt the row is still a vehicle."""
    assert mapping.tracked({**tracked_row(1), key: value}) is not None


@given(st.sampled_from(sorted(waypoint())), ANYTHING)
def test_a_bad_value_in_the_place_costs_that_value(key: str, value: object) -> None:
    """The status comes from the row, whatever the place looks like."""
    vehicle = _vehicle(lastLocation={**waypoint(), key: value})
    assert (vehicle.id, vehicle.status) == ("vehicle-1", Status.MOVING)


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 400))
def test_numbers_come_through_as_numbers_and_as_texts(
    latitude: float, longitude: float, speed: int
) -> None:
    """A number in quotes is the same number."""
    place: Json = {"lat": latitude, "lng": longitude, "speed": speed}
    quoted = {key: str(value) for key, value in place.items()}
    assert _vehicle(lastLocation=quoted) == _vehicle(lastLocation=place)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"vehicleId": "v", "deviceId": "d", "userId": "u"}, "v"),
        ({"vehicleId": None, "deviceId": "d", "userId": "u"}, "device:d"),
        ({"vehicleId": "", "deviceId": None, "userId": "u"}, "user:u"),
        ({"vehicleId": 12, "deviceId": None, "userId": None}, "12"),
        ({"vehicleId": f"{'0' * 8}-0000-0000-0000-{'0' * 12}", "userId": 7}, "user:7"),
        ({"lastLocation": {"vehicleId": "v"}, "userId": "u"}, "v"),
    ],
)
def test_a_vehicle_goes_by_the_best_id_of_its_row(ids: Json, expected: str) -> None:
    """Vehicle, else device, else user; alike ids of two kinds do not collide."""
    found = mapping.tracked(ids)
    assert found is not None
    assert found.vehicle.id == expected


@pytest.mark.parametrize("row", [{}, None, [], "row", {"statusCode": 1}])
def test_a_row_without_an_id_is_no_vehicle(row: object) -> None:
    """There is nothing to tell it by."""
    assert mapping.tracked(row) is None
    assert mapping.row_key(row) is None


@pytest.mark.parametrize(
    ("code", "text", "status", "moving", "online"),
    [
        (1, "moving", Status.MOVING, True, True),
        (2, "stopping", Status.STOPPED, False, True),
        (0, "signal_lost", Status.OFFLINE, None, False),
        ("2", "moving", Status.STOPPED, False, True),
        (None, "stopped", Status.STOPPED, False, True),
        (None, "Stopping", Status.STOPPED, False, True),
        (9, "signal_lost", Status.OFFLINE, None, False),
        (None, "parked", None, None, None),
    ],
)
def test_the_status_follows_the_code_and_then_the_label(
    code: object,
    text: str,
    status: Status | None,
    moving: bool | None,
    online: bool | None,
) -> None:
    """Labels changed between versions; the code is stable."""
    vehicle = _vehicle(statusCode=code, status=text)
    assert (vehicle.status, vehicle.moving, vehicle.online) == (status, moving, online)


def test_a_lost_signal_is_the_vendors_word() -> None:
    """An old report alone does not make a vehicle offline."""
    found = mapping.tracked(tracked_row(1, age=3600))
    assert found is not None
    assert found.vehicle.online is True


@pytest.mark.parametrize(
    "metadata",
    [
        {"userName": "Minh"},
        {"NAME": "Minh"},
        {"vehicleName": " Minh ", "battery": 82},
        {"username": "Minh", "name": "other", "vehicleName": "another"},
    ],
)
@pytest.mark.parametrize("key", ["metadata", "metaData"])
@pytest.mark.parametrize("as_text", [True, False])
def test_the_name_is_found_in_the_metadata(
    metadata: Json, key: str, as_text: bool
) -> None:
    """As an object or as JSON in a text, under either key, in any case."""
    value = json.dumps(metadata) if as_text else metadata
    assert _vehicle(lastLocation={key: value}).name == "Minh"
    assert _vehicle(lastLocation=None, **{key: value}).name == "Minh"


@pytest.mark.parametrize("metadata", [None, "", "{", "[1]", {}, {"battery": 1}, 5])
def test_without_a_name_the_rest_stays(metadata: object) -> None:
    """Metadata that tells no name costs the name."""
    vehicle = _vehicle(lastLocation={**waypoint(), "metadata": metadata})
    assert vehicle.name is None
    assert vehicle.location == Coordinates(latitude=21.05, longitude=105.9)


@pytest.mark.parametrize("place", [None, {}, {"lat": 0, "lng": 0}, {"lat": 91}, "x"])
def test_no_place_is_no_location(place: object) -> None:
    """0/0 and what is not on Earth is never drawn on the map."""
    assert _vehicle(lastLocation=place).location is None


def test_a_later_waypoint_tells_whether_the_vehicle_moves() -> None:
    """It carries no status, and was sent on the move or standing."""
    before = _sighting()
    later = {"time": waypoint()["time"] + 60_000}
    standing = mapping.latest("vehicle-1", waypoint(**later), before)
    moving = mapping.latest("vehicle-1", waypoint(**later, speed=12.5), before)
    assert standing is not None
    assert moving is not None
    assert standing.vehicle.status is Status.STOPPED
    assert moving.vehicle.status is Status.MOVING
    assert moving.user == "user-1"


def test_a_waypoint_of_the_same_moment_keeps_the_status() -> None:
    """A signal that the vendor called lost is not found again by looking."""
    before = _sighting(statusCode=0)
    same = mapping.latest("vehicle-1", waypoint(speed=45.2, userId=None), before)
    assert same is not None
    assert (same.vehicle.status, same.vehicle.online) == (Status.OFFLINE, False)
    assert same.user == "user-1"


@pytest.mark.parametrize("answer", [None, {}, waypoint(lat=None), {"lat": 0, "lng": 0}])
def test_an_empty_place_is_no_vehicle(answer: object) -> None:
    """The vendor answers so for a device that it does not know."""
    assert mapping.latest("device:x", answer, None) is None


@pytest.mark.parametrize(
    ("vehicle_id", "expected"),
    [
        ("vehicle-1", ("vehicles", "vehicle-1")),
        ("device:a:b", ("devices", "a:b")),
        ("user:7", ("users", "7")),
        ("truck:7", ("vehicles", "truck:7")),
    ],
)
def test_an_id_tells_what_it_stands_for(
    vehicle_id: str, expected: tuple[str, str]
) -> None:
    """Only our own prefixes are taken off."""
    assert mapping.kind_and_id(vehicle_id) == expected


def test_a_day_is_in_kilometres_hours_litres_and_dong() -> None:
    """The values of the document's example."""
    assert mapping.today("vehicle-1", today_row(1)) == Vehicle(
        id="vehicle-1",
        distance_today=165.0,
        travel_time_today=8.5,
        fuel_used_today=11.6,
        fuel_cost_today=266000.0,
    )


@pytest.mark.parametrize("people", ["activeEmployees", "activeUsers"])
def test_the_figures_come_from_three_views(people: str) -> None:
    """The values of the document's examples, under the old and the new name."""
    assert mapping.figures(
        summary=summary(people=people),
        fuel=fuel_tracking(),
        costs=monthly_costs(),
        now=NOW,
    ) == FleetFigures(
        active_users=4,
        fleet_distance_today=936.9,
        fleet_travel_time_today=111000 / 3600,
        fleet_fuel_cost_today=900000.0,
        fleet_fuel_efficiency=16.8,
        fleet_cost_month=14_000_000.0,
        cost_month_parts=(
            ("fuel", 3_000_000.0),
            ("maintenance", 7_000_000.0),
            ("insurance", 3_000_000.0),
            ("other", 1_000_000.0),
        ),
        currency="VND",
    )


@pytest.mark.parametrize(
    ("now", "millions"),
    [
        (datetime(2026, 3, 31, 16, 59, tzinfo=UTC), 14.0),
        (datetime(2026, 3, 31, 17, 0, tzinfo=UTC), 15.0),
        (datetime(2026, 12, 31, 18, 0, tzinfo=UTC), 12.0),
    ],
)
def test_the_month_begins_where_the_vendor_is(now: datetime, millions: float) -> None:
    """Seven hours before it does in UTC."""
    found = mapping.figures(summary={}, fuel={}, costs=monthly_costs(), now=now)
    assert found.fleet_cost_month == millions * 1_000_000


def test_a_month_without_costs_is_unknown() -> None:
    """Another month's costs are never shown for it."""
    found = mapping.figures(
        summary=None, fuel=None, costs=monthly_costs(months=[1, 2]), now=NOW
    )
    assert (found.fleet_cost_month, found.cost_month_parts) == (None, None)
    assert found.currency == "VND"


def test_the_efficiency_falls_back_on_the_totals() -> None:
    """A chart without its headline still has the average of its rows."""
    fuel = {**fuel_tracking(), "fuelEfficiency": None}
    found = mapping.figures(summary=None, fuel=fuel, costs=None, now=NOW)
    assert found.fleet_fuel_efficiency == 16.1


# The history.


def test_a_point_of_the_history_is_a_position() -> None:
    """Whether the engine ran is not told; a place that is none costs the place."""
    position = Position(
        time=NOW,
        location=Coordinates(latitude=21.05, longitude=105.9),
        speed=0.0,
        heading=180,
    )
    assert mapping.point(waypoint(statusCode=2)) == position
    for changes, expected in (
        ({"lat": 0, "lng": 0}, replace(position, location=None)),
        ({"speed": -1}, replace(position, speed=None)),
        ({"heading": "north"}, replace(position, heading=None)),
        ({"time": 0}, None),
        ({"time": "n/a"}, None),
    ):
        assert mapping.point(waypoint(**changes)) == expected


@pytest.mark.parametrize("kind", ["vehicle", "device", "user"])
def test_a_point_is_of_what_it_names(kind: str) -> None:
    """One that names nothing of the kind is taken for what was asked."""
    assert mapping.is_of(f"{kind}s", f"{kind}-1", waypoint())
    assert not mapping.is_of(f"{kind}s", f"{kind}-2", waypoint())
    assert mapping.is_of(f"{kind}s", f"{kind}-2", waypoint(**{f"{kind}Id": None}))


@given(ANYTHING)
def test_any_point_is_in_bounds_or_none(value: object) -> None:
    """Nothing raises."""
    found = mapping.point(value)
    assert mapping.is_of("users", "user-1", value) in (True, False)
    if found is None:
        return
    assert found.time.tzinfo is UTC
    assert found.speed is None or 0 <= found.speed <= 400
    assert found.heading is None or 0 <= found.heading <= 360
    assert not found.private
