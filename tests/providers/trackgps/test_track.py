"""What TrackGPS's tracks and consumption mean."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import Coordinates, Position
from custom_components.fleet_telematics.providers.trackgps.local_time import LocalTime
from custom_components.fleet_telematics.providers.trackgps.track import (
    fuel_used,
    hidden,
    names,
    tells_privacy,
    track,
)

from .shapes import anything, shaped, upper

LOCAL = LocalTime(ZoneInfo("Europe/Bucharest"))
START = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
END = START + timedelta(hours=1)
POINT: dict[str, Any] = {
    "vehicleId": 4711,
    "gpsDate": "2026-07-14T15:30:00.000",
    "latitude": 44.4268,
    "longitude": 26.1025,
    "speed": 42,
    "course": 270,
}


def read(*rows: object) -> list[Position]:
    """Read the track of vehicle 4711."""
    return track("4711", rows, LOCAL, START, END)


@pytest.mark.parametrize(
    "rows", [(POINT,), (upper(POINT),), ({"results": {"4711": [POINT]}},)]
)
def test_a_point_is_read_whole(rows: tuple[object, ...]) -> None:
    """In either case of the keys, flat or grouped."""
    assert read(*rows) == [
        Position(
            time=datetime(2026, 7, 14, 12, 30, tzinfo=UTC),
            location=Coordinates(latitude=44.4268, longitude=26.1025),
            speed=42.0,
            heading=270.0,
        )
    ]


def test_what_else_a_point_may_tell_is_read() -> None:
    """The vendor's words of its other answers."""
    (found,) = read({**POINT, "indexKm": "1000,5", "engineEvent": 2, "altitude": 80})
    assert (found.odometer, found.engine, found.altitude) == (1000.5, False, 80.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"gpsDate": None},
        {"gpsDate": "soon"},
        {"vehicleId": 4712},
        {"gpsDate": "2026-07-14T14:59:00"},
        {"gpsDate": "2026-07-14T16:01:00"},
    ],
)
def test_a_point_of_no_time_of_others_or_outside_is_left_out(
    changes: dict[str, object],
) -> None:
    """A request on the local clock may bring more than was asked for."""
    assert read({**POINT, **changes}) == []


def test_points_come_oldest_first_and_once() -> None:
    """In whichever order the vendor tells them."""
    later = {**POINT, "gpsDate": "2026-07-14T15:40:00.000"}
    earlier = {**POINT, "gpsDate": "2026-07-14T15:10:00.000"}
    times = [START + timedelta(minutes=one) for one in (10, 30, 40)]
    for rows in ((later, POINT, earlier), (earlier, POINT, later, later)):
        assert [one.time for one in read(*rows)] == times


def test_a_private_point_has_no_place() -> None:
    """Nor a speed; that it is private is told."""
    (found,) = read({**POINT, "isPrivate": True, "indexKm": 5})
    assert found == Position(
        time=datetime(2026, 7, 14, 12, 30, tzinfo=UTC), odometer=5.0, private=True
    )
    (seen,) = read(POINT)
    assert hidden(seen, private=False) is seen
    assert hidden(seen, private=True).location is None


def test_whether_privacy_is_told_is_told_by_every_point() -> None:
    """One point without it is one too many."""
    assert tells_privacy([])
    assert tells_privacy([{**POINT, "isPrivate": False}, {**POINT, "isPrivate": 1}])
    assert not tells_privacy([{**POINT, "isPrivate": False}, POINT])


@pytest.mark.parametrize("backwards", [False, True])
def test_in_the_repeated_hour_points_follow_each_other(backwards: bool) -> None:
    """Ten points a quarter of an hour apart, of which four names occur twice."""
    start = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    moments = [start + timedelta(minutes=15 * number) for number in range(10)]
    rows = [
        {
            **POINT,
            "gpsDate": moment.astimezone(ZoneInfo("Europe/Bucharest"))
            .replace(tzinfo=None)
            .isoformat(),
        }
        for moment in moments
    ]
    if backwards:
        rows.reverse()
    found = track("4711", rows, LOCAL, start, start + timedelta(hours=3))
    assert [one.time for one in found] == moments


def test_a_window_in_the_second_pass_has_its_points() -> None:
    """A vendor that tells only these means these."""
    start = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    rows = [{**POINT, "gpsDate": f"2026-10-25T03:{one}:00"} for one in (15, 30, 45)]
    found = track("4711", rows, LOCAL, start, start + timedelta(hours=1))
    assert [one.time.minute for one in found] == [15, 30, 45]
    assert {one.time.hour for one in found} == {1}


@given(
    rows=st.lists(
        shaped(POINT, {"isPrivate": 0, "indexKm": 0, "engineEvent": 0, "altitude": 0})
        | st.builds(
            lambda extra: {**POINT, **extra},
            st.fixed_dictionaries(
                {},
                optional={
                    "gpsDate": anything,
                    "isPrivate": anything,
                    "latitude": anything,
                    "speed": anything,
                },
            ),
        ),
        max_size=6,
    )
)
def test_no_list_of_points_breaks_the_track(rows: list[object]) -> None:
    """Whatever comes: points of the window in order, private ones without places."""
    found = read(*rows)
    times = [one.time for one in found]
    assert times == sorted(set(times))
    for one in found:
        assert START <= one.time <= END
        assert one.speed is None or 0 <= one.speed <= 400
        assert not (one.private and (one.location or one.speed))
    assert isinstance(tells_privacy(rows), bool)


FLEET: list[object] = [
    {"vehicleId": 1, "vehicleRegistrationNumber": "B 12-ABC", "vehicleName": "Van"},
    {"vehicleId": 2, "vehicleRegistrationNumber": "B13ABC", "vehicleName": "Van"},
    {"vehicleId": 3, "vehicleRegistrationNumber": None, "vehicleName": "Crane 1"},
    {"vehicleId": None, "vehicleRegistrationNumber": "B 99 XYZ"},
]
ROW = {"vehicleName": "Van", "licensePlate": "B 12 ABC", "consumptionValue": 12.5}


def test_a_vehicle_is_called_by_its_plate_or_by_a_name_of_its_own() -> None:
    """Two vans are called van: that is nobody's name."""
    assert names(FLEET) == {"b12abc": "1", "b13abc": "2", "crane1": "3"}


def test_a_plate_goes_before_a_name() -> None:
    """Somebody named a vehicle after another one's plate."""
    told = names([*FLEET, {"vehicleId": 4, "vehicleName": "B 12 ABC"}])
    assert told["b12abc"] == "1"


@pytest.mark.parametrize(
    "rows",
    [
        [ROW],
        [upper(ROW)],
        [{**ROW, "licensePlate": "b-12-abc", "vehicleName": None}],
        [{"vehicleId": 1, "consumptionValue": "12,5"}],
        [{"results": {"B 12 ABC": {"consumptionValue": 12.5}}}],
        [{"results": {"B 12 ABC": [{"consumptionValue": 12.5}]}}],
        [{"results": {"x": [ROW]}}],
    ],
)
def test_rows_are_keyed_by_plate_name_or_id(rows: list[object]) -> None:
    """As the vendor's answers may have it."""
    assert fuel_used(rows, ["1", "2"], names(FLEET)) == {"1": 12.5}


def test_a_vehicle_without_a_plate_is_found_by_its_name() -> None:
    """As long as nobody else has it."""
    rows = [{"vehicleName": "CRANE 1", "consumptionValue": 3}]
    assert fuel_used(rows, ["3"], names(FLEET)) == {"3": 3.0}
    shared = [{"vehicleName": "Van", "consumptionValue": 3}]
    assert fuel_used(shared, ["1", "2"], names(FLEET)) == {}


def test_the_only_row_for_the_only_vehicle_is_its_own() -> None:
    """Whatever it is called."""
    rows = [{"licensePlate": "new", "consumptionValue": 3}]
    assert fuel_used(rows, ["9"], names(FLEET)) == {"9": 3.0}
    assert fuel_used(rows, ["8", "9"], names(FLEET)) == {}


def test_rows_of_vehicles_that_were_not_asked_for_are_left_out() -> None:
    """A name may lead to somebody else."""
    assert fuel_used([ROW], ["2", "3"], names(FLEET)) == {}
    assert fuel_used([ROW], ["2"], names(FLEET)) == {}


@pytest.mark.parametrize("value", [0, None, -1, "unknown", True, []])
def test_a_vehicle_that_does_not_measure_is_left_out(value: object) -> None:
    """0 is what a vehicle without a fuel sensor burns."""
    assert fuel_used([{**ROW, "consumptionValue": value}], ["1"], names(FLEET)) == {}


def test_a_second_sensor_stands_in_for_the_first() -> None:
    """And adds nothing to it."""
    second = {**ROW, "secondarySource": {"consumptionValue": 4}}
    assert fuel_used([second], ["1"], names(FLEET)) == {"1": 12.5}
    alone = {**second, "consumptionValue": 0}
    assert fuel_used([alone], ["1"], names(FLEET)) == {"1": 4.0}


@given(
    rows=st.lists(shaped(ROW, {"secondarySource": 0, "vehicleId": 0}), max_size=5),
    fleet=st.lists(
        shaped({"vehicleId": 0, "vehicleName": 0, "vehicleRegistrationNumber": 0}),
        max_size=5,
    ),
)
def test_no_consumption_breaks_the_reader(
    rows: list[object], fleet: list[object]
) -> None:
    """Whatever comes: litres above 0 of vehicles that were asked for."""
    for litres in fuel_used(rows, ["1", "2"], names(FLEET)).values():
        assert litres > 0
    assert set(names(fleet).values()).isdisjoint({"", "0"})
