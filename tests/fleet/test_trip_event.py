"""Trips as events of a calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM
from hypothesis import given, strategies as st
import pytest

import custom_components.fleet_telematics as integration
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Place,
    Trip,
    TripKind,
)
from custom_components.fleet_telematics.trip_event import between, event_of

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TEXTS = json.loads(
    (Path(integration.__file__).parent / "translations" / "en.json").read_text("utf-8")
)["common"]


@pytest.fixture(autouse=True)
def amsterdam() -> Iterator[None]:
    """Let Home Assistant be in Amsterdam."""
    before = dt_util.get_default_time_zone()
    zone = dt_util.get_time_zone("Europe/Amsterdam")
    assert zone is not None
    dt_util.set_default_time_zone(zone)
    yield
    dt_util.set_default_time_zone(before)


def trip(**values: Any) -> Trip:
    """Return a trip of half an hour."""
    given = {
        "id": "7",
        "vehicle_id": "1",
        "start": START,
        "end": START + timedelta(minutes=30),
        "duration": timedelta(minutes=30),
        **values,
    }
    return Trip(**given)


def title(**values: Any) -> str:
    """Return the title of such a trip's event."""
    event = event_of(trip(**values), TEXTS, METRIC_SYSTEM)
    assert event is not None
    return event.summary


@pytest.mark.parametrize(
    ("origin", "destination", "expected"),
    [
        # Street, postal code and town, as FleetGO and Ocean tell them.
        (
            "Damrak 1, 1012 LG Amsterdam",
            "Catharijnesingel 2, 3511 GE Utrecht",
            "Amsterdam → Utrecht",
        ),
        ("12 Rue de Rivoli, 75001 Paris", "Quai 3, 69002 Lyon", "Paris → Lyon"),
        ("Unter den Linden 1, D-10117 Berlin", "80331 München", "Berlin → München"),
        # Without a postal code, as TrackGPS tells them.
        (
            "Bulevardul Unirii, București",
            "Strada Lipscani, Ploiești",
            "București → Ploiești",
        ),
        # With a country or a province that both ends have.
        ("Amsterdam, Netherlands", "Utrecht, Netherlands", "Amsterdam → Utrecht"),
        (
            "Damrak, 1012 LG Amsterdam, Netherlands",
            "Singel, 3511 GE Utrecht, Netherlands",
            "Amsterdam → Utrecht",
        ),
        ("Hà Nội, Hoàn Kiếm", "Hà Nội, Cầu Giấy", "Hoàn Kiếm → Cầu Giấy"),
        # Within a town.
        (
            "Damrak 1, 1012 LG Amsterdam",
            "Ringweg A10, 1097 XX Amsterdam",
            "Damrak 1 → Ringweg A10",
        ),
        (
            "Damrak 1, 1012 LG Amsterdam",
            "Ringweg A10, AMSTERDAM",
            "Damrak 1 → Ringweg A10",
        ),
        ("Amsterdam", "Damrak 1, Amsterdam", "Amsterdam → Damrak 1"),
        # There and back.
        ("Damrak 1, 1012 LG Amsterdam", "Damrak 1, 1012 LG Amsterdam", "Damrak 1"),
        # One end alone.
        (None, "Singel, 3511 GE Utrecht", "? → Utrecht"),
        ("Singel, 3511 GE Utrecht", " , ", "Utrecht → ?"),
        (None, None, None),
        ("", ",", None),
    ],
)
def test_a_trip_is_named_by_where_it_led(
    origin: str | None, destination: str | None, expected: str | None
) -> None:
    """Towns; within one town the streets."""
    assert between(Place(address=origin), Place(address=destination)) == expected


@given(st.text() | st.none(), st.text() | st.none())
def test_any_address_gives_a_title(origin: str | None, destination: str | None) -> None:
    """Whatever vendors write: a title is never blank, and never raises."""
    found = title(
        origin=Place(address=origin), destination=Place(address=destination), distance=1
    )
    assert found.strip()
    assert found.endswith("1.0 km")


def test_a_title_is_what_a_person_would_say() -> None:
    """Places and distance, or what there is of them."""
    places = {
        "origin": Place(address="Damrak 1, 1012 LG Amsterdam"),
        "destination": Place(address="Singel, 3511 GE Utrecht"),
    }
    assert title(distance=45.64, **places) == "Amsterdam → Utrecht, 45.6 km"
    assert title(**places) == "Amsterdam → Utrecht"
    assert title(distance=12.34) == "12.3 km"
    assert title() == "Trip"
    assert title(distance=12.34, private=True) == "Private trip, 12.3 km"
    assert title(private=True) == "Private trip"


def test_an_event_tells_everything_else_below() -> None:
    """Addresses, duration, fuel, who and what for."""
    event = event_of(
        trip(
            origin=Place(address="Damrak 1, 1012 LG Amsterdam"),
            destination=Place(
                address="Singel, 3511 GE Utrecht",
                location=Coordinates(latitude=52.1, longitude=5.1),
            ),
            duration=timedelta(hours=1, minutes=4, seconds=40),
            distance=45.6,
            fuel_used=3.21,
            driver="Eva Smit",
            kind=TripKind.COMMUTE,
            purpose="To the depot",
        ),
        TEXTS,
        METRIC_SYSTEM,
    )
    assert event is not None
    assert event.uid == "7"
    assert event.location == "Singel, 3511 GE Utrecht"
    assert event.description == (
        "From: Damrak 1, 1012 LG Amsterdam\n"
        "To: Singel, 3511 GE Utrecht\n"
        "Duration: 1:05 h\n"
        "Fuel: 3.2 L\n"
        "Driver: Eva Smit\n"
        "Commute\n"
        "Purpose: To the depot"
    )
    assert event.start.isoformat() == "2026-11-20T09:00:00+01:00"
    assert event.end.isoformat() == "2026-11-20T09:30:00+01:00"


def test_units_are_those_of_home_assistant() -> None:
    """Miles and gallons where people use them."""
    event = event_of(trip(distance=100.0, fuel_used=10.0), TEXTS, US_CUSTOMARY_SYSTEM)
    assert event is not None
    assert event.summary == "62.1 mi"
    assert event.description == "Duration: 0:30 h\nFuel: 2.6 gal"


def test_a_trip_without_times_is_left_out() -> None:
    """What is missing follows from the duration; nonsense is left out, too."""
    half = timedelta(minutes=30)
    incomplete: list[dict[str, Any]] = [{"end": None}, {"start": None}, {}]
    for values in incomplete:
        event = event_of(trip(**values), TEXTS, METRIC_SYSTEM)
        assert event is not None
        assert (event.start, event.end) == (START, START + half)
    hopeless: list[dict[str, Any]] = [
        {"start": None, "end": None},
        {"start": None, "duration": None},
        {"end": None, "duration": None},
        {"end": START - half},
    ]
    for values in hopeless:
        assert event_of(trip(**values), TEXTS, METRIC_SYSTEM) is None


@pytest.mark.parametrize("minutes", [0, 20, 40, 90])
def test_an_event_ends_after_it_started_also_when_the_clock_is_set_back(
    minutes: int,
) -> None:
    """Calendars compare by the clock on the wall; one odd trip must not cost the rest."""
    # 02:50 for the first time.
    start = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    end = start + timedelta(minutes=minutes)

    event = event_of(
        trip(start=start, end=end, duration=end - start), TEXTS, METRIC_SYSTEM
    )

    assert event is not None
    # As the calendar's view sends it to the browser.
    assert event.start_datetime_local.isoformat() == "2026-10-25T02:50:00+02:00"
    assert event.end_datetime_local > event.start_datetime_local
    if minutes == 90:
        assert event.end_datetime_local.isoformat() == "2026-10-25T03:20:00+01:00"
