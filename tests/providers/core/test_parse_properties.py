"""What holds for the readers on any value that JSON can carry."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
import math
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from custom_components.fleet_telematics.providers import parse

# Vendors' clocks: this century, before the year that means "never".
TIMES = st.datetimes(
    min_value=datetime(2001, 1, 3),
    max_value=datetime(2099, 12, 30),
    timezones=st.just(UTC),
)
OFFSETS = st.integers(min_value=-14 * 4, max_value=14 * 4).map(
    lambda quarters: timedelta(minutes=15 * quarters)
)
# Texts also get what vendors' texts are made of, or nothing would come near.
TEXTS = (
    st.text(st.characters(), max_size=40)
    | st.text(st.sampled_from("\ud800\udfff\x00\ufeffé😀 "), max_size=5)
    | st.text("0123456789.,:/-+ TZeE_", max_size=30)
    | st.text("0123456789", min_size=4000, max_size=5000)
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**4000).flatmap(
        lambda huge: st.sampled_from([huge, -huge])
    )
    | st.floats()
    | TEXTS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=10,
)
READERS: list[Callable[[object], object]] = [
    parse.mapping,
    parse.folded,
    parse.items,
    parse.records,
    parse.text,
    parse.joined,
    parse.identifier,
    parse.number,
    parse.integer,
    parse.flag,
    parse.moment,
    parse.http_date,
]


@settings(max_examples=300)
@given(value=JSON)
def test_no_reader_raises(value: object) -> None:
    """Every reader answers to any JSON value, with what can be written as JSON."""
    for reader in READERS:
        found = reader(value)
        if isinstance(found, (str, int, float)):
            json.dumps(found, allow_nan=False, ensure_ascii=False).encode()


@given(value=JSON, other=JSON)
def test_readers_of_two_values_do_not_raise(value: object, other: object) -> None:
    """A position is on Earth or None; joined texts are texts or None."""
    place = parse.coordinates(value, other, no_fix_latitudes=(85.0,))
    assert place is None or (abs(place.latitude) <= 90 and abs(place.longitude) <= 180)
    joined = parse.joined(value, other)
    assert joined is None or joined.strip() == joined != ""


@given(value=JSON, zone=st.sampled_from(["Asia/Ho_Chi_Minh", "America/New_York"]))
def test_a_time_is_in_utc_and_believable(value: object, zone: str) -> None:
    """Any zone, any value: UTC within this century, or None."""
    found = parse.moment(value, zone=ZoneInfo(zone))
    assert found is None or (found.tzinfo is UTC and 2001 <= found.year < 2100)


@given(
    year=st.integers(0, 10000),
    rest=st.lists(st.integers(0, 62), min_size=5, max_size=5),
    offset=st.sampled_from(["", "Z", "+0100", "-23:59", "+99:99"]),
    separator=st.sampled_from("./"),
)
def test_impossible_dates_do_not_raise(
    year: int, rest: list[int], offset: str, separator: str
) -> None:
    """A 31st of February, a year 0 or an hour 62 is None."""
    month, day, hour, minute, second = rest
    clock = f"{hour:02}:{minute:02}:{second:02}"
    for text in (
        f"{year:04}-{month:02}-{day:02}T{clock}{offset}",
        f"{day:02}{separator}{month:02}{separator}{year:04} {clock} {offset}".strip(),
        f"{clock} {day} {month} {year}",
    ):
        found = parse.moment(text)
        assert found is None or (found + _offset(offset)).minute == minute


def _offset(text: str) -> timedelta:
    known = {"+0100": timedelta(hours=1), "-23:59": -timedelta(hours=23, minutes=59)}
    return known.get(text, timedelta())


@given(value=st.text(st.characters(codec="ascii"), max_size=60))
def test_header_dates_do_not_raise(value: str) -> None:
    """A Retry-After of noise is noise."""
    found = parse.http_date(f"Wed, 21 Oct {value}")
    assert found is None or found.tzinfo is not None


@settings(max_examples=300)
@given(time=TIMES, offset=OFFSETS)
def test_times_with_an_offset_keep_their_instant(
    time: datetime, offset: timedelta
) -> None:
    """Seven digits of FleetGO, milliseconds of Ocean, Z of Movens: one instant."""
    second = time.replace(microsecond=0)
    local = (time.replace(tzinfo=None) + offset).replace(tzinfo=None)
    sign, distance = ("-", -offset) if offset < timedelta() else ("+", offset)
    hours, minutes = divmod(distance // timedelta(minutes=1), 60)
    colon, plain = f"{sign}{hours:02}:{minutes:02}", f"{sign}{hours:02}{minutes:02}"
    assert parse.moment(f"{local:%Y-%m-%dT%H:%M:%S.%f}0{colon}") == time
    assert parse.moment(f"{local:%Y-%m-%dT%H:%M:%S.%f}{plain}") == time
    assert parse.moment(f"{time:%Y-%m-%dT%H:%M:%S.%f}Z") == time
    assert parse.moment(f"{local:%d/%m/%Y %H:%M:%S} {plain}") == second
    assert parse.moment(f"{local:%d.%m.%Y %H:%M:%S}{colon}") == second


@settings(max_examples=300)
@given(
    time=TIMES,
    zone=st.sampled_from(["UTC", "Europe/Bucharest", "Asia/Ho_Chi_Minh"]).map(ZoneInfo),
)
def test_local_times_keep_their_instant(time: datetime, zone: ZoneInfo) -> None:
    """TrackGPS's clock of the company, in all of its ways to write it.

    The hour that autumn repeats is the one exception: its text stands for two
    instants, and the first is taken.
    """
    local = time.astimezone(zone).replace(fold=0)
    expected = local.astimezone(UTC)
    second, minute = (
        expected.replace(microsecond=0),
        expected.replace(second=0, microsecond=0),
    )
    for layout, instant in (
        ("%Y-%m-%dT%H:%M:%S.%f", expected),
        ("%Y-%m-%d %H:%M:%S", second),
        ("%d.%m.%Y %H:%M:%S", second),
        ("%d.%m.%Y %H:%M", minute),
        ("%d/%m/%Y %H:%M:%S", second),
        ("%d/%m/%Y %H:%M", minute),
    ):
        assert parse.moment(local.strftime(layout), zone=zone) == instant


@given(time=TIMES)
def test_epochs_keep_their_instant(time: datetime) -> None:
    """Seconds and milliseconds are told apart, as numbers and as texts."""
    second = time.replace(microsecond=0)
    epoch = int(second.timestamp())
    assert parse.moment(epoch) == second
    assert parse.moment(str(epoch)) == second
    assert parse.moment(epoch * 1000) == second
    assert parse.moment(float(epoch * 1000)) == second
    assert parse.moment(str(epoch * 1000)) == second


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_as_its_text(value: float) -> None:
    """Numbers that arrive as texts are the same numbers."""
    assert parse.number(value) == value
    assert parse.number(f" {value!r} ") == value
    assert parse.number(repr(value).replace(".", ",")) == value


@given(value=JSON, bounds=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
def test_a_number_is_inside_its_bounds(
    value: object, bounds: tuple[float, float]
) -> None:
    """A number is finite and inside the bounds, or None; never moved into them."""
    low, high = min(bounds), max(bounds)
    found = parse.number(value, low=low, high=high)
    whole = parse.number(value)
    assert found == (whole if whole is not None and low <= whole <= high else None)
    assert whole is None or math.isfinite(whole)


@given(value=st.integers())
def test_an_id_is_the_same_as_number_and_text(value: int) -> None:
    """An id keeps its digits whatever its type."""
    assert parse.identifier(value) == parse.identifier(str(value))
    assert parse.identifier(value) == (str(value) if value else None)


@given(value=TEXTS)
def test_texts_are_stable(value: str) -> None:
    """Reading what was read changes nothing."""
    found = parse.text(value)
    assert found is None or parse.text(found) == found


@given(value=st.dictionaries(st.text("abcXYZ", min_size=1), st.integers()))
def test_folded_keys_are_in_lower_case(value: dict[str, int]) -> None:
    """Every key is there in lower case, with one of its values."""
    found = parse.folded(value)
    assert set(found) == {key.lower() for key in value}
    assert set(found.values()) <= set(value.values())
