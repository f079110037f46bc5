"""Examples of what the readers take: every vendor's way to write a value."""

from datetime import UTC, datetime
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.fleet_telematics.providers import parse
from custom_components.fleet_telematics.providers.models import Coordinates

BUCHAREST = ZoneInfo("Europe/Bucharest")


def utc(*parts: int) -> datetime:
    """Return a UTC time."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # FleetGO: seven digits and an offset, or naive UTC.
        ("2018-06-16T13:16:16.0000000+02:00", utc(2018, 6, 16, 11, 16, 16)),
        ("2018-06-16T13:16:16.1234567+02:00", utc(2018, 6, 16, 11, 16, 16, 123456)),
        ("2024-01-15T10:30:00", utc(2024, 1, 15, 10, 30)),
        # Ocean: ISO with Z or an offset, epoch milliseconds, day first.
        ("2024-12-17T16:14:51.577Z", utc(2024, 12, 17, 16, 14, 51, 577000)),
        ("2024-12-17T17:14:51.577+01:00", utc(2024, 12, 17, 16, 14, 51, 577000)),
        ("2024-12-17T17:14:51.577+0100", utc(2024, 12, 17, 16, 14, 51, 577000)),
        (1734452091577, utc(2024, 12, 17, 16, 14, 51, 577000)),
        ("1734452091577", utc(2024, 12, 17, 16, 14, 51, 577000)),
        ("17/12/2024 17:14:51 +0100", utc(2024, 12, 17, 16, 14, 51)),
        ("17/12/2024 14:44:51 -01:30", utc(2024, 12, 17, 16, 14, 51)),
        ("17/12/2024 16:14:51 Z", utc(2024, 12, 17, 16, 14, 51)),
        # Fleetwork: epoch milliseconds.
        (1713235100000, utc(2024, 4, 16, 2, 38, 20)),
        (1713235100000.0, utc(2024, 4, 16, 2, 38, 20)),
        # Movens: UTC.
        ("2019-09-18T04:14:23Z", utc(2019, 9, 18, 4, 14, 23)),
        # Epoch seconds, a space for the T, a date alone.
        (1713235100, utc(2024, 4, 16, 2, 38, 20)),
        ("2024-04-16 02:38:20", utc(2024, 4, 16, 2, 38, 20)),
        ("  2024-04-16  ", utc(2024, 4, 16)),
        ("16/04/2024", utc(2024, 4, 16)),
        ("6.4.2024 2:38", utc(2024, 4, 6, 2, 38)),
    ],
)
def test_times_of_every_vendor(written: object, expected: datetime) -> None:
    """Whatever a vendor's way to write it, a time is the instant it stands for."""
    found = parse.moment(written)
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-09-09T09:42:51.835", utc(2024, 9, 9, 6, 42, 51, 835000)),
        ("09.09.2024 09:42:51", utc(2024, 9, 9, 6, 42, 51)),
        ("09.09.2024 09:42", utc(2024, 9, 9, 6, 42)),
        ("09/09/2024 09:42:51", utc(2024, 9, 9, 6, 42, 51)),
        ("09/09/2024 09:42", utc(2024, 9, 9, 6, 42)),
        ("15.01.2024 09:42", utc(2024, 1, 15, 7, 42)),
        # With an offset of its own, a text needs no zone.
        ("2024-09-09T09:42:51Z", utc(2024, 9, 9, 9, 42, 51)),
        ("09/09/2024 09:42:51 +0200", utc(2024, 9, 9, 7, 42, 51)),
    ],
)
def test_local_times_are_read_in_their_zone(written: str, expected: datetime) -> None:
    """TrackGPS writes the company's clock: summer and winter differ."""
    assert parse.moment(written, zone=BUCHAREST) == expected


@pytest.mark.parametrize(
    "written",
    [
        None,
        True,
        "",
        "   ",
        "n/a",
        "never",
        [],
        {},
        # Placeholders.
        0,
        "0",
        -1,
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00Z",
        "2001-01-01T00:00:00Z",
        "2001-01-01T01:01:01Z",
        "01/01/2001 00:00:00",
        "9999-12-31T23:59:59.9999999",
        "9999-12-31T23:59:59-14:00",
        "31/12/2999",
        # No such day, hour, or shape.
        "31.02.2024 10:00",
        "09.09.2024 25:00",
        "09.09/2024 10:00",
        "2024-13-01T00:00:00Z",
        "20240115",
        "09.09.2024 10:00:00 +9900",
        # No time that a computer knows.
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        pytest.param(10**400, id="huge"),
        pytest.param(-(10**400), id="minus huge"),
        pytest.param("9" * 5000, id="digits"),
    ],
)
def test_placeholders_and_noise_are_no_time(written: object) -> None:
    """A placeholder, or what is no time at all, is None."""
    assert parse.moment(written) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12.0),
        (12.5, 12.5),
        ("12.5", 12.5),
        ("12,5", 12.5),
        (" -3 ", -3.0),
        ("1e3", 1000.0),
        (0, 0.0),
    ],
)
def test_numbers_also_come_as_texts(value: object, expected: float) -> None:
    """A text that is a number is read, with a point or a comma."""
    assert parse.number(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, "", "abc", "12 km", "1_000", "1.234,5", "nan", "-inf",
        math.nan, math.inf, pytest.param(10**400, id="huge"), "1e999", "\ud800", [1], {"value": 1},
    ],
)  # fmt: skip
def test_what_is_no_number(value: object) -> None:
    """A truth value, noise and what is not finite is no number."""
    assert parse.number(value) is None
    assert parse.integer(value) is None


def test_numbers_outside_their_bounds_are_sentinels() -> None:
    """FleetGO's fuel level of -1 is none, not 0."""
    assert parse.number(-1, low=0, high=100) is None
    assert parse.number(100.1, low=0, high=100) is None
    assert parse.number("0", low=0, high=100) == 0
    assert parse.number(100, low=0, high=100) == 100
    assert parse.integer("-1", low=0) is None
    assert parse.integer("7.6", low=0) == 8


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (1, True), (1.0, True), ("true", True), (" True ", True),
        ("1", True), ("yes", True), ("ON", True),
        (False, False), (0, False), (0.0, False), ("false", False), ("0", False),
        ("No", False), ("off", False),
        (2, None), (-1, None), (math.nan, None), pytest.param(10**400, None, id="huge"), ("", None),
        ("maybe", None), (None, None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_truth_values_come_in_many_words(value: object, expected: bool | None) -> None:
    """Truth is read from booleans, 0 and 1, and words; anything else is unknown."""
    assert parse.flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  AB-123-CD ", "AB-123-CD"),
        ("Via Roma\r\n12", "Via Roma 12"),
        ("Đường Láng", "Đường Láng"),
        ("cut \ud83d", "cut"),
        ("nul\x00l", "nul l"),
        (12, "12"),
        (12.5, "12.5"),
        ("", None),
        ("   ", None),
        ("\x00\ud800", None),
        (None, None),
        (True, None),
        (math.nan, None),
        (math.inf, None),
        pytest.param(10**4000, None, id="huge"),
        (["a"], None),
        ({"a": "b"}, None),
    ],
)
def test_texts_are_one_line_that_can_be_stored(
    value: object, expected: str | None
) -> None:
    """Blank is None; control characters and half an emoji are gone."""
    assert parse.text(value) == expected


def test_texts_are_joined_without_those_that_are_missing() -> None:
    """A missing part of an address leaves no separator behind."""
    assert parse.joined("Main St", None, " ", 12, separator=", ") == "Main St, 12"
    assert parse.joined(None, "") is None


@pytest.mark.parametrize("value", [12, 12.0, "12", " 12 "])
def test_an_id_is_the_same_however_it_is_typed(value: object) -> None:
    """A vendor that turns ids into floats or texts does not make new vehicles."""
    assert parse.identifier(value) == "12"


def test_ids_longer_than_a_float_keep_their_digits() -> None:
    """FleetGO's ids exceed 32 bits; others exceed a float's 53."""
    assert parse.identifier(2**63 + 1) == "9223372036854775809"


@pytest.mark.parametrize("value", [None, 0, 0.0, "0", "", "  ", False, True, [], {}])
def test_zero_and_blank_are_no_id(value: object) -> None:
    """A vehicle without an id is none."""
    assert parse.identifier(value) is None


def test_positions() -> None:
    """Degrees are read from numbers and texts."""
    expected = Coordinates(latitude=44.43, longitude=-26.1)
    assert parse.coordinates(44.43, -26.1) == expected
    assert parse.coordinates("44,43", "-26.1") == expected
    assert parse.coordinates(0, 9.5) == Coordinates(latitude=0, longitude=9.5)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0, 0), ("0.0", "-0"), (None, 4.0), (52.0, None), (90.1, 0), (0, 180.1), ("x", 1)],
)
def test_no_place_on_earth(latitude: object, longitude: object) -> None:
    """0/0 and what is outside of the globe is no position."""
    assert parse.coordinates(latitude, longitude) is None


def test_a_vendors_own_latitudes_of_no_fix() -> None:
    """Ocean says "no fix" by a latitude of 85 or 0, whatever the longitude."""
    no_fix = (0.0, 85.0)
    assert parse.coordinates(85, 2.35, no_fix_latitudes=no_fix) is None
    assert parse.coordinates("0", "2.35", no_fix_latitudes=no_fix) is None
    assert parse.coordinates(48.85, 2.35, no_fix_latitudes=no_fix) == Coordinates(
        latitude=48.85, longitude=2.35
    )


def test_keys_are_found_whatever_their_case() -> None:
    """PascalCase and camelCase are the same key."""
    assert parse.folded({"GpsDate": 1, "vehicleID": 2}) == {
        "gpsdate": 1,
        "vehicleid": 2,
    }
    assert parse.folded(["GpsDate"]) == {}


def test_containers_of_another_type_are_empty() -> None:
    """An object where a list was promised costs that list, and the reverse."""
    assert parse.mapping([1]) == {}
    assert parse.mapping({"a": 1}) == {"a": 1}
    assert parse.items({"a": 1}) == []
    assert parse.items([1, None]) == [1, None]
    assert parse.records([{"a": 1}, None, 3, [], {"b": 2}]) == [{"a": 1}, {"b": 2}]
    assert parse.records("[{}]") == []


def test_first_of_several() -> None:
    """The first that is there counts, also where it is false."""
    assert parse.first([None, 0, 1]) == 0
    assert parse.first([None, None]) is None
    assert parse.first([]) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", utc(2015, 10, 21, 7, 28)),
        ("Wed, 21 Oct 2015 07:28:00", utc(2015, 10, 21, 7, 28)),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", utc(2015, 10, 21, 7, 28)),
        ("Wed, 21 Oct 2015 09:28:00 +0200", utc(2015, 10, 21, 7, 28)),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("soon", None),
        ("", None),
        (None, None),
        (120, None),
    ],
)
def test_dates_of_http_headers(header: object, expected: datetime | None) -> None:
    """An HTTP date is read; noise is None."""
    assert parse.http_date(header) == expected
