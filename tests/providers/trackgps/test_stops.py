"""What TrackGPS's stops mean."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import Vehicle
from custom_components.fleet_telematics.providers.trackgps.local_time import LocalTime
from custom_components.fleet_telematics.providers.trackgps.stops import (
    completed,
    details_of,
    stops,
)

from .shapes import anything, shaped, upper

LOCAL = LocalTime(ZoneInfo("Europe/Bucharest"))
NOW = datetime(2026, 7, 14, 12, 30, 30, tzinfo=UTC)

STOP: dict[str, Any] = {
    "vehicleId": 4711,
    "startDate": "2026-07-14T13:00:00.000",
    "endDate": "2026-07-14T14:00:00.000",
    "distance": 12.5,
    "indexKm": 120_345.6,
    "indexHours": 2_345.5,
    "address": "Calea Victoriei 1",
    "stopDuration": 60,
    "isPrivate": False,
    "drivers": [{"firstName": "Ana", "lastName": "Pop"}],
    "fuelConsumption": 0.9,
}
LATER = {
    **STOP,
    "startDate": "2026-07-14T14:45:00",
    "endDate": None,
    "indexKm": "120380,6",
    "indexHours": 2_346.25,
    "distance": 35,
    "fuelConsumption": 2.5,
}


def details(*rows: object) -> Vehicle:
    """Read stops and sum up vehicle 4711."""
    return details_of(stops(list(rows), LOCAL, NOW)["4711"])


@pytest.mark.parametrize(
    "rows",
    [
        (STOP, LATER),
        (LATER, STOP),
        (upper(LATER), upper(STOP)),
        ({"results": {"B 12 ABC": [LATER, STOP], "B 13 ABC": []}},),
        ({"Results": {"B 12 ABC": [LATER]}}, {"Results": {"B 12 ABC": [STOP]}}),
    ],
)
def test_the_last_stop_tells_the_counters_and_the_drive_before_it(
    rows: tuple[object, ...],
) -> None:
    """In any order, flat or grouped by vehicle."""
    assert details(*rows) == Vehicle(
        id="4711",
        odometer=120_380.6,
        engine_hours=2_346.25,
        driver="Ana Pop",
        last_trip_distance=35.0,
        last_trip_fuel=2.5,
        last_trip_start=datetime(2026, 7, 14, 11, 0, tzinfo=UTC),
        last_trip_end=datetime(2026, 7, 14, 11, 45, tzinfo=UTC),
        last_trip_duration=0.75,
    )


def test_of_a_single_stop_nobody_knows_when_the_drive_began() -> None:
    """Its distance is known all the same."""
    found = details(STOP)
    assert found.last_trip_start is None
    assert found.last_trip_duration is None
    assert found.last_trip_distance == 12.5


def test_stops_that_overlap_have_no_drive_between_them() -> None:
    """A drive cannot end before it began."""
    found = details({**STOP, "endDate": "2026-07-14T15:00:00"}, LATER)
    assert (found.last_trip_start, found.last_trip_duration) == (None, None)
    assert found.last_trip_end is not None


def test_a_stop_without_a_counter_leaves_the_one_before() -> None:
    """0 is no odometer."""
    found = details(STOP, {**LATER, "indexKm": 0, "indexHours": None})
    assert (found.odometer, found.engine_hours) == (120_345.6, 2_345.5)


def test_stops_of_nobody_or_of_no_time_are_left_out() -> None:
    """Without vehicle or time a stop says nothing."""
    rows = [{**STOP, "vehicleId": None}, {**STOP, "startDate": None}, None, 3, "x"]
    assert stops(rows, LOCAL, NOW) == {}


def test_a_stop_may_name_its_vehicle_and_time_otherwise() -> None:
    """The other words the vendor has for them."""
    row = {"carrierId": "4711", "date": "14.07.2026 13:00", "indexKm": 5}
    assert details(row).odometer == 5


def test_a_later_look_keeps_when_the_drive_began() -> None:
    """Its window may begin after the stop before; another drive has its own times."""
    began = NOW - timedelta(hours=4)
    known = Vehicle(id="1", last_trip_start=began, last_trip_duration=3.0)
    told = Vehicle(id="1", odometer=100.0)
    kept = completed(told, known)
    assert (kept.last_trip_start, kept.last_trip_duration) == (began, 3.0)
    assert kept.odometer == 100.0
    assert completed(known, told) == known
    assert completed(told, None) == told


@given(
    rows=st.lists(
        shaped(STOP)
        | shaped(STOP).map(lambda row: {"results": {"any": [row]}})
        | st.builds(
            lambda extra: {**STOP, **extra},
            st.fixed_dictionaries(
                {
                    "startDate": anything,
                    "endDate": anything,
                    "indexKm": anything,
                }
            ),
        ),
        max_size=5,
    )
)
def test_no_stop_list_breaks_the_reader(rows: list[object]) -> None:
    """Whatever comes: a trip never lasts less than nothing."""
    for history in stops(rows, LOCAL, NOW).values():
        found = details_of(history)
        assert found.last_trip_duration is None or found.last_trip_duration >= 0
        assert found.odometer is None or found.odometer > 0
