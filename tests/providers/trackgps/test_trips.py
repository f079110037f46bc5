"""What TrackGPS's stops tell of the drives between them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Place,
    Trip,
    TripKind,
)
from custom_components.fleet_telematics.providers.trackgps.local_time import LocalTime
from custom_components.fleet_telematics.providers.trackgps.stops import stops
from custom_components.fleet_telematics.providers.trackgps.trips import (
    overlaps,
    private_spans,
    trips,
)

from .shapes import anything, shaped, upper

LOCAL = LocalTime(ZoneInfo("Europe/Bucharest"))
NOW = datetime(2026, 7, 14, 12, 30, tzinfo=UTC)

DEPOT: dict[str, Any] = {
    "vehicleId": 4711,
    "startDate": "2026-07-14T06:00:00.000",
    "endDate": "2026-07-14T08:00:00.000",
    "latitude": 44.42,
    "longitude": 26.10,
    "address": "Calea Victoriei 1, București",
    "distance": 3.5,
    "indexKm": 1000.0,
    "indexHours": 50.0,
    "stopDuration": 7200,
    "functioningTime": 600,
    "isPrivate": False,
    "drivers": [{"firstName": "Ana", "lastName": "Pop"}],
    "fuelConsumption": 0.4,
}
SITE: dict[str, Any] = {
    **DEPOT,
    "startDate": "2026-07-14T08:45:00.000",
    "endDate": "2026-07-14T10:00:00.000",
    "latitude": 44.50,
    "longitude": 26.20,
    "address": "Strada Lungă 7, Ploiești",
    "distance": 35.25,
    "indexKm": 1035.3,
    "stopDuration": 4500,
    "fuelConsumption": 2.5,
}
HOME: dict[str, Any] = {
    **SITE,
    "startDate": "2026-07-14T10:30:00.000",
    "endDate": "2026-07-14T15:30:00.000",
    "latitude": 44.60,
    "longitude": 26.30,
    "address": "Strada Mică 2, Otopeni",
    "distance": 20,
    "indexKm": 1055.3,
    "stopDuration": 18_000,
}


def read(*rows: object, until: datetime = NOW) -> list[Trip]:
    """Read the drives of vehicle 4711."""
    return trips(stops(rows, LOCAL, until).get("4711", []))


def place(row: dict[str, Any]) -> Place:
    """Return where a stop was."""
    return Place(
        location=Coordinates(latitude=row["latitude"], longitude=row["longitude"]),
        address=row["address"],
    )


@pytest.mark.parametrize(
    "rows",
    [
        (DEPOT, SITE),
        (SITE, DEPOT),
        (upper(SITE), upper(DEPOT)),
        ({"results": {"4711": [DEPOT, SITE]}},),
        ({"results": {"4711": DEPOT}}, {"results": {"4711": SITE}}),
    ],
)
def test_a_drive_lasts_from_one_stop_to_the_next(rows: tuple[object, ...]) -> None:
    """The later stop tells of the drive, both tell the places."""
    assert read(*rows)[-1] == Trip(
        id="20260714T054500Z",
        vehicle_id="4711",
        start=datetime(2026, 7, 14, 5, 0, tzinfo=UTC),
        end=datetime(2026, 7, 14, 5, 45, tzinfo=UTC),
        duration=timedelta(minutes=45),
        distance=35.25,
        fuel_used=2.5,
        driver="Ana Pop",
        origin=place(DEPOT),
        destination=place(SITE),
    )


def test_of_the_drive_to_the_first_stop_only_its_end_is_known() -> None:
    """It is told all the same: somebody may have driven into the window."""
    first, second = read(DEPOT, SITE)
    assert (first.start, first.duration, first.origin) == (None, None, Place())
    assert (first.distance, first.destination) == (3.5, place(DEPOT))
    assert second.start is not None


@pytest.mark.parametrize("told", [0, None, "unknown", -1])
def test_the_odometer_tells_a_distance_that_the_vendor_does_not(told: object) -> None:
    """The difference of both stops' counters, to a metre."""
    assert read(DEPOT, {**SITE, "distance": told})[-1].distance == 35.3


@pytest.mark.parametrize(
    "changes",
    [
        {"distance": 0, "indexKm": 1000.0},
        {"distance": 0, "indexKm": 900.0},
        {"distance": 0, "indexKm": None},
    ],
)
def test_where_nothing_was_driven_there_is_no_trip(changes: dict[str, object]) -> None:
    """An engine that was started and stopped is none."""
    assert [one.end for one in read(DEPOT, {**SITE, **changes})] == [
        datetime(2026, 7, 14, 3, 0, tzinfo=UTC)
    ]


def test_a_drive_of_an_unknown_distance_stays_a_trip() -> None:
    """A value that is missing costs that value; a single stop tells no drive then."""
    bare = {**SITE, "distance": None, "indexKm": None}
    assert read(DEPOT, bare)[-1].distance is None
    assert read(bare) == []


def test_stops_that_touch_or_overlap_are_one() -> None:
    """A request cuts a stop at its window's end; the next one goes on with it."""
    first = {**DEPOT, "endDate": "2026-07-14T07:00:00.000", "stopDuration": 3600}
    rest = {
        **DEPOT,
        "startDate": "2026-07-14T07:00:00.000",
        "stopDuration": 3600,
        "distance": 0,
    }
    assert read(first, rest, SITE) == read(DEPOT, SITE)
    inside = {**DEPOT, "startDate": "2026-07-14T06:30:00", "endDate": None}
    assert read(DEPOT, inside, SITE)[-1].start is None


def test_a_stop_that_two_requests_tell_is_one() -> None:
    """The later request knows when it ended."""
    cut = {**DEPOT, "endDate": "2026-07-14T06:20:00.000", "stopDuration": 1200}
    assert read(cut, DEPOT, SITE) == read(DEPOT, SITE)


@pytest.mark.parametrize("private", [True, 1, "true"])
def test_a_private_drive_says_so(private: object) -> None:
    """Its places are told; the drive after it does not begin where it ended."""
    _, home, back = read(
        DEPOT,
        {**SITE, "isPrivate": private},
        {**HOME, "isPrivate": False},
    )
    assert (home.private, home.kind) == (True, TripKind.PRIVATE)
    assert (home.origin, home.destination) == (place(DEPOT), place(SITE))
    assert (back.private, back.kind) == (False, None)
    assert (back.origin, back.destination) == (Place(), place(HOME))


def test_two_private_drives_tell_their_places() -> None:
    """Whoever shows them leaves the places out."""
    rows = ({**SITE, "isPrivate": True}, {**HOME, "isPrivate": True})
    assert read(DEPOT, *rows)[-1].origin == place(SITE)


def test_what_is_private_lasts_until_the_private_stop_ends() -> None:
    """From the end of the stop before it, if that is known."""
    history = stops([DEPOT, {**SITE, "isPrivate": True}, HOME], LOCAL, NOW)["4711"]
    assert list(private_spans(history)) == [
        (
            datetime(2026, 7, 14, 5, 0, tzinfo=UTC),
            datetime(2026, 7, 14, 7, 0, tzinfo=UTC),
        )
    ]
    alone = stops([{**SITE, "isPrivate": True, "endDate": None}], LOCAL, NOW)["4711"]
    assert list(private_spans(alone)) == [(None, None)]


def night(start: str, end: str, minutes: int, km: float) -> dict[str, object]:
    """Return a stop in the night in which the clock goes from 04:00 to 03:00."""
    return {
        "vehicleId": 4711,
        "startDate": f"2026-10-25T{start}:00",
        "endDate": f"2026-10-25T{end}:00",
        "stopDuration": minutes * 60,
        "indexKm": km,
        "distance": 5,
    }


def at(hour: int, minute: int) -> datetime:
    """Return a time of that night: 03:00 is 00:00 and, an hour later, 01:00 UTC."""
    return datetime(2026, 10, 25, hour, minute, tzinfo=UTC)


AUTUMN = (
    night("02:30", "03:10", 40, 100.0),
    night("03:40", "03:50", 10, 105.0),
    night("03:10", "03:30", 20, 110.0),
    night("03:45", "05:00", 75, 115.0),
)


@pytest.mark.parametrize("durations", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_in_the_repeated_hour_drives_follow_each_other(
    durations: bool, backwards: bool
) -> None:
    """Odometers and durations tell which of the two hours a time is of."""
    rows = [dict(row) for row in AUTUMN]
    if not durations:
        for row in rows[1:]:
            del row["stopDuration"]
    found = read(*(reversed(rows) if backwards else rows), until=at(12, 0))
    assert [(one.start, one.end) for one in found[1:]] == [
        (at(0, 10), at(0, 40)),
        (at(0, 50), at(1, 10)),
        (at(1, 30), at(1, 45)),
    ]


def test_two_stops_of_one_name_in_the_repeated_hour_are_two() -> None:
    """Both begin at 03:20; the odometer went on."""
    rows = (night("03:20", "03:30", 10, 100.0), night("03:20", "03:30", 10, 105.0))
    assert [(one.start, one.end) for one in read(*rows, until=at(12, 0))] == [
        (None, at(0, 20)),
        (at(0, 30), at(1, 20)),
    ]


@pytest.mark.parametrize(
    ("hours", "inside"),
    [
        ((0, 1), False),
        ((1, 2), True),
        ((2, 3), True),
        ((3, 5), True),
        ((4, 5), True),
        ((5, 6), False),
    ],
)
def test_a_trip_overlaps_a_window(hours: tuple[int, int], inside: bool) -> None:
    """One moment is enough."""
    trip = Trip(id="1", vehicle_id="1", start=at(2, 0), end=at(4, 0))
    assert overlaps(trip, *(at(hour, 0) for hour in hours)) is inside


def test_a_trip_of_unknown_times_overlaps_nothing() -> None:
    """One end alone is enough to know."""
    window = (at(1, 0), at(3, 0))
    assert not overlaps(Trip(id="1", vehicle_id="1"), *window)
    assert overlaps(Trip(id="1", vehicle_id="1", end=at(2, 0)), *window)
    assert not overlaps(Trip(id="1", vehicle_id="1", end=at(4, 0)), *window)


times = st.sampled_from(
    [*(row[key] for row in AUTUMN for key in ("startDate", "endDate")), None, "x"]
)


@given(
    rows=st.lists(
        shaped(SITE)
        | st.builds(
            lambda extra: {**SITE, **extra},
            st.fixed_dictionaries(
                {"startDate": times | anything, "endDate": times | anything},
                optional={
                    "stopDuration": anything,
                    "indexKm": anything,
                    "distance": anything,
                    "isPrivate": anything,
                },
            ),
        ),
        max_size=8,
    )
)
def test_no_stop_list_breaks_the_drives(rows: list[object]) -> None:
    """Whatever comes: drives in order that do not overlap, with plausible values."""
    for history in stops(rows, LOCAL, NOW).values():
        found = trips(history)
        assert len({one.id for one in found}) == len(found)
        ends: list[datetime] = []
        for one in found:
            assert one.end is not None
            if one.start is not None:
                assert one.start < one.end
                assert all(end <= one.start for end in ends)
            assert one.distance is None or one.distance > 0
            ends.append(one.end)
        assert ends == sorted(ends)
        assert sum(1 for _ in private_spans(history)) <= len(history)
