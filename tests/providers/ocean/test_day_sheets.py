"""What the rows of Ocean's day sheets mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import Coordinates, Place, Trip
from custom_components.fleet_telematics.providers.ocean.day_sheets import (
    Leg,
    finished,
    legs,
    overlaps,
)

START = datetime(2026, 7, 14, 13, 30, tzinfo=UTC)
END = START + timedelta(minutes=40)
NOW = START + timedelta(days=3)


def end_of(time: datetime | None, state: str, **more: object) -> dict[str, Any]:
    """Return one end of a row."""
    return {
        "date": None if time is None else time.isoformat(),
        "heure": None if time is None else f"{time:%H:%M:%S}",
        "etat": state,
        "latitudeY": 48.8566,
        "longitudeX": 2.3522,
        "fullAddress": {
            "address": "1 Rue de Rivoli",
            "postalCode": "75001",
            "town": "Paris",
        },
        "driver": {"nom": "Martin", "prenom": "Claire"},
        **more,
    }


ROW: dict[str, Any] = {
    "id": 4712,
    "type": "T",
    "distanceMeter": 12_345,
    "dureeMs": 2_400_000,
    "posDeb": end_of(START, "start D"),
    "posFin": end_of(END, "stop A"),
}


def trips(*rows: object, now: datetime = NOW) -> list[Trip]:
    """Read the rows of a vehicle's sheets."""
    return [leg.trip for leg in finished(legs(rows, "7"), now)]


def row(start: datetime, end: datetime, states: str, **more: object) -> dict[str, Any]:
    """Return a row between two times, of 1 km a minute."""
    began, ended = states.split()
    return {
        **ROW,
        "id": None,
        "distanceMeter": (end - start).total_seconds() / 60 * 1000,
        "dureeMs": (end - start).total_seconds() * 1000,
        "posDeb": end_of(start, began),
        "posFin": end_of(end, ended),
        **more,
    }


def test_a_row_is_read_whole() -> None:
    """Every value that the vendor's page has arrives in the common vocabulary."""
    place = Place(
        location=Coordinates(latitude=48.8566, longitude=2.3522),
        address="1 Rue de Rivoli, 75001 Paris",
    )
    assert trips(ROW) == [
        Trip(
            id="4712",
            vehicle_id="7",
            start=START,
            end=END,
            duration=timedelta(minutes=40),
            distance=12.345,
            driver="Claire Martin",
            origin=place,
            destination=place,
        )
    ]


@pytest.mark.parametrize(
    ("changes", "start", "end", "duration"),
    [
        ({"posFin": None}, START, END, timedelta(minutes=40)),
        ({"posDeb": None}, START, END, timedelta(minutes=40)),
        ({"dureeMs": None}, START, END, timedelta(minutes=40)),
        ({"dureeMs": "2400000"}, START, END, timedelta(minutes=40)),
        ({"dureeMs": -1, "posFin": None}, START, None, None),
        ({"dureeMs": None, "posDeb": None}, None, END, None),
        (
            {"posFin": end_of(START - timedelta(days=1), "stop")},
            START,
            END,
            timedelta(minutes=40),
        ),
    ],
)
def test_a_missing_end_follows_from_the_duration(
    changes: dict[str, Any],
    start: datetime | None,
    end: datetime | None,
    duration: timedelta | None,
) -> None:
    """As far as the rest of the row tells."""
    (trip,) = trips({**ROW, **changes})
    assert (trip.start, trip.end, trip.duration) == (start, end, duration)


def test_a_row_without_a_time_is_none() -> None:
    """Nobody could say when it was."""
    assert trips({**ROW, "posDeb": None, "posFin": {}}) == []


@pytest.mark.parametrize("latitude", [85, "85.0", 0, None, "north"])
def test_a_placeholder_is_no_place(latitude: object) -> None:
    """The trip stays."""
    (trip,) = trips(
        {**ROW, "posDeb": end_of(START, "start", latitudeY=latitude, longitudeX=0)}
    )
    assert trip.origin.location is None
    assert trip.origin.address is not None
    assert trip.destination.location is not None


@pytest.mark.parametrize(
    "pause",
    [
        {"type": "A"},
        {"type": "ARRET", "posDeb": None},
        {"type": None, "distanceMeter": 0, "posDeb": end_of(START, "stop A")},
        {"type": None, "distanceMeter": None, "posDeb": end_of(START, "A")},
    ],
)
def test_pauses_are_no_trips(pause: dict[str, Any]) -> None:
    """A sheet may tell of them between the trips."""
    assert trips({**ROW, **pause}) == []


def test_a_private_trip_says_no_more_than_that_it_was() -> None:
    """Where it went is not read at all."""
    (trip,) = trips({**ROW, "posFin": end_of(END, "PRIVACY")})
    assert trip.private
    assert (trip.origin, trip.destination) == (Place(), Place())
    assert trip.distance == 12.345


def test_a_trip_without_an_id_has_that_of_its_start() -> None:
    """The same one at every read; an id of 0 is none."""
    assert trips({**ROW, "id": 0})[0].id == "20260714T133000Z"


@pytest.mark.parametrize("states", ["start traveling", "D R"])
def test_a_trip_over_midnight_is_one_again(states: str) -> None:
    """It is the last row of one sheet and the first one of the next."""
    midnight = datetime(2026, 7, 15, tzinfo=UTC)
    began, ended = midnight - timedelta(minutes=20), midnight + timedelta(minutes=30)
    first = row(began, midnight, states)
    last = row(midnight + timedelta(seconds=30), ended, "traveling stop")
    (trip,) = trips(last, first)
    assert (trip.start, trip.end) == (began, ended)
    assert trip.duration == timedelta(minutes=50)
    assert trip.distance == pytest.approx(49.5)
    assert trip.id == f"{began:%Y%m%dT%H%M%SZ}"

    # Two trips with a pause between are two, however short it was.
    assert (
        len(trips(row(began, midnight, "start stop"), row(midnight, ended, "D A"))) == 2
    )


def test_a_row_on_two_sheets_is_one_trip() -> None:
    """Where the vendor does not cut at midnight."""
    assert len(trips(ROW, ROW)) == 1


def test_a_trip_that_goes_on_is_not_over() -> None:
    """Until an hour without a report; one without any end until a day has passed."""
    under_way = row(START, END, "start traveling")
    assert trips(under_way, now=END + timedelta(minutes=5)) == []
    assert len(trips(under_way, now=END + timedelta(minutes=61))) == 1
    endless = {**ROW, "posFin": None, "dureeMs": None}
    assert trips(endless, now=START + timedelta(hours=23)) == []
    assert len(trips(endless, now=START + timedelta(hours=25))) == 1
    # Standing with the engine on is under way, too.
    assert trips(row(START, END, "start waiting"), now=END) == []
    assert len(trips(row(START, END, "start stop"), now=END)) == 1


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (-60, 0, False),
        (-60, 1, True),
        (10, 20, True),
        (39, 60, True),
        (40, 60, False),
        (-60, 120, True),
    ],
)
def test_what_overlaps_a_window(first: int, last: int, *, expected: bool) -> None:
    """A trip from minute 0 to 40."""
    (trip,) = trips(ROW)
    window = START + timedelta(minutes=first), START + timedelta(minutes=last)
    assert overlaps(trip, *window) is expected


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text()
    | st.sampled_from(["start D", "R", "stop A", "PRIVACY", START.isoformat()]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
ENDS = ANYTHING | st.fixed_dictionaries(
    {}, optional=dict.fromkeys((*end_of(START, ""), "latitude"), ANYTHING)
)
ROWS = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "type", "distanceMeter", "dureeMs"), ANYTHING),
        "posDeb": ENDS,
        "posFin": ENDS,
    },
)


@given(st.lists(ROWS))
def test_whatever_comes_is_read(rows: list[object]) -> None:
    """Nothing raises, and what is told of is plausible."""
    found = finished(legs(rows, "7"), NOW)
    assert len(found) <= len(rows)
    for leg in found:
        trip = leg.trip
        assert trip.id
        assert trip.start is not None or trip.end is not None
        assert trip.distance is None or trip.distance >= 0


TIMES = st.datetimes(
    min_value=datetime(2026, 7, 1),
    max_value=datetime(2026, 7, 9),
    timezones=st.just(UTC),
)


@given(st.lists(st.tuples(TIMES, st.booleans(), st.booleans()), max_size=8))
def test_trips_come_in_order_and_lose_no_way(
    given_legs: list[tuple[datetime, bool, bool]],
) -> None:
    """However they are cut: the parts' kilometres are the trips'."""
    parts = [
        Leg(
            trip=Trip(
                id=f"{number}",
                vehicle_id="7",
                start=start,
                end=start + timedelta(minutes=5),
                distance=1.0,
            ),
            begins_under_way=begins,
            ends_under_way=ends,
        )
        for number, (start, begins, ends) in enumerate(given_legs)
    ]
    found = [leg.trip for leg in finished(reversed(parts), NOW + timedelta(days=30))]
    assert sum(trip.distance or 0 for trip in found) == pytest.approx(len(parts))
    starts = [trip.start for trip in found if trip.start is not None]
    assert starts == sorted(starts)
