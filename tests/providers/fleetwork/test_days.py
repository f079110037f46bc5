"""Rows of the reports on trips and fuel become days, whatever they hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.fleetwork.days import (
    DayFuel,
    UserDay,
    day_fuel,
    user_day,
)
from custom_components.fleet_telematics.providers.fleetwork.times import (
    day_end,
    day_of,
    day_start,
)
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Place,
    Trip,
    Vehicle,
)

from .test_mapping import ANYTHING
from .vendor import DAY_MS, fuel_day, trip_day

DAY = date(2024, 4, 10)
START = datetime(2024, 4, 10, 7, 30, tzinfo=UTC)
END = datetime(2024, 4, 10, 17, 45, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _day(**changes: object) -> UserDay:
    found = user_day({**trip_day(1), **changes})
    assert found is not None
    return found


def test_a_row_is_a_day_of_a_user() -> None:
    """Every value of the document arrives under the project's own name."""
    assert _day() == UserDay(
        user="user-1",
        day=DAY,
        start=START,
        end=END,
        duration=timedelta(hours=8, minutes=30),
        distance=156.8,
        driver="Nguyễn Văn 1",
        origin=Place(
            location=Coordinates(latitude=21.0285, longitude=105.8542),
            address="Hà Nội, Hoàn Kiếm",
        ),
        destination=Place(
            location=Coordinates(latitude=21.035, longitude=105.8),
            address="Hà Nội, Cầu Giấy",
        ),
    )
    assert day_fuel(fuel_day(1)) == DayFuel(
        user="user-1", day=DAY, litres=11.0, cost=253_000
    )


def test_a_day_is_a_trip_with_the_fuel_reckoned_for_it() -> None:
    """In the vendor's money; a day without fuel has no currency either."""
    day = _day()
    fuel = day_fuel(fuel_day(1))
    trip = day.trip("truck", fuel)
    assert trip == Trip(
        id="2024-04-10",
        vehicle_id="truck",
        start=START,
        end=END,
        duration=timedelta(hours=8, minutes=30),
        distance=156.8,
        fuel_used=11.0,
        fuel_cost=253_000,
        currency="VND",
        driver="Nguyễn Văn 1",
        origin=day.origin,
        destination=day.destination,
    )
    assert day.trip("truck", None) == replace(
        trip, fuel_used=None, fuel_cost=None, currency=None
    )


def test_a_day_stays_the_same_trip_when_a_tracker_reports_late() -> None:
    """Its first start may move: in a calendar it is no second trip."""
    day = user_day(trip_day(1))
    assert day is not None
    for start in (None, START - timedelta(hours=3), START):
        for end in (None, END):
            told = replace(day, start=start, end=end).trip("truck", None)
            assert told.id == "2024-04-10"


def test_a_day_is_a_last_trip_with_the_fuel_reckoned_for_it() -> None:
    """Without the fuel where the vendor did not reckon any."""
    last = Vehicle(
        id="truck",
        last_trip_distance=156.8,
        last_trip_duration=8.5,
        last_trip_fuel=11.0,
        last_trip_start=START,
        last_trip_end=END,
    )
    assert _day().vehicle("truck", day_fuel(fuel_day(1))) == last
    assert _day().vehicle("truck", None) == replace(last, last_trip_fuel=None)
    bare = _day(travelTime=None, startTime=None).vehicle("t", None)
    assert bare.last_trip_duration is None


@pytest.mark.parametrize(
    ("told", "duration"),
    [
        ({"totalSeconds": 60}, timedelta(minutes=1)),
        ({"totalSeconds": "60"}, timedelta(minutes=1)),
        (60, timedelta(minutes=1)),
        (None, END - START),
        ({}, END - START),
        ({"totalSeconds": -1}, END - START),
        ({"totalSeconds": 1e300}, END - START),
        ("8 giờ", END - START),
    ],
)
def test_without_a_travel_time_the_times_tell(
    told: object, duration: timedelta
) -> None:
    """Then stops are in it."""
    assert _day(travelTime=told).duration == duration


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({"date": None}, DAY),
        ({"date": None, "startTime": None}, date(2024, 4, 11)),
        ({"date": "2024-04-09T17:00:00Z"}, DAY),
        ({"date": str(DAY_MS)}, DAY),
    ],
)
def test_the_day_is_the_vendors(changes: dict[str, object], day: date) -> None:
    """It begins seven hours before the day in UTC; the times stand in for it."""
    assert _day(**changes).day == day


def test_what_is_no_drive_is_no_day() -> None:
    """Without a user or a day, or where nobody drove."""
    for changes in (
        {"userId": None},
        {"userId": 0},
        {"date": None, "startTime": 0, "endTime": "none"},
        {"distanceKm": 0, "travelTime": {"totalSeconds": 0}},
        {"distanceKm": 0, "travelTime": None},
    ):
        assert user_day({**trip_day(1), **changes}) is None
    assert _day(distanceKm=0).duration == timedelta(hours=8, minutes=30)
    assert _day(distanceKm=None, travelTime=None).distance is None
    assert day_fuel({**fuel_day(1), "userId": None}) is None
    assert day_fuel({"userId": "user-1"}) is None


def test_an_end_before_the_start_is_none() -> None:
    """It costs the end, and what would follow from it."""
    day = _day(endTime=DAY_MS, travelTime=None)
    assert (day.start, day.end, day.duration) == (START, None, None)


def test_a_day_is_over_when_it_is_at_rest() -> None:
    """A quarter of an hour after its end, else at the vendor's midnight."""
    day = _day()
    at_rest = END + timedelta(minutes=15)
    assert not day.is_over(at_rest - SECOND)
    assert day.is_over(at_rest)
    endless = _day(endTime=None)
    assert not endless.is_over(day_end(DAY) - SECOND)
    assert endless.is_over(day_end(DAY))


def test_a_day_is_in_a_window_by_its_times() -> None:
    """One that does not tell them is of its whole day."""
    day = _day()
    assert day.overlaps(END, END + SECOND)
    assert day.overlaps(START - SECOND, START)
    assert not day.overlaps(END + SECOND, END + 2 * SECOND)
    assert not day.overlaps(START - 2 * SECOND, START - SECOND)
    without = replace(day, start=None, end=None)
    begun, over = day_start(DAY), day_end(DAY)
    assert without.overlaps(begun, begun)
    assert without.overlaps(over - SECOND, over)
    assert not without.overlaps(begun - SECOND, begun - SECOND)
    assert not without.overlaps(over, over + SECOND)


@given(
    st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2099, 1, 1)).map(
        lambda one: one.replace(tzinfo=UTC)
    )
)
def test_days_have_no_gaps(moment: datetime) -> None:
    """Every moment is in exactly one of the vendor's days."""
    day = day_of(moment)
    assert day_start(day) <= moment < day_end(day)
    assert day_of(day_end(day)) == day + timedelta(days=1)


@given(ANYTHING)
def test_nothing_raises(value: Any) -> None:
    """Whatever a row holds, it is a day in bounds or none."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    day, fuel = user_day(value), day_fuel(value)
    if day is None:
        return
    trip = day.trip("truck", fuel)
    assert trip.id
    assert trip.distance is None or trip.distance >= 0
    assert trip.duration is None or trip.duration >= timedelta()
    if trip.start is not None and trip.end is not None:
        assert trip.start <= trip.end
    last = day.vehicle("truck", fuel)
    assert (last.last_trip_distance, last.last_trip_fuel) == (
        trip.distance,
        trip.fuel_used,
    )
    assert day.overlaps(now, now) in (True, False)
    assert day.is_over(now) in (True, False)


@given(st.dictionaries(st.sampled_from(sorted(trip_day(1))), ANYTHING, max_size=8))
def test_a_bad_value_costs_that_value(changes: dict[str, Any]) -> None:
    """What is left as it was is told as it was."""
    row = {**trip_day(1), **changes}
    day = user_day(row)
    if day is None:
        return
    if "distanceKm" not in changes:
        assert day.distance == 156.8
    if "startTime" not in changes:
        assert day.start == START
    if "endTime" not in changes and day.end is None:
        assert "startTime" in changes
    if not {"startLocation"} & set(changes):
        assert day.origin.address == "Hà Nội, Hoàn Kiếm"
