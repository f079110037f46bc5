"""Times on the company's clock, the repeated hour of autumn above all."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.trackgps.local_time import (
    LONGEST_WINDOW,
    LocalTime,
)

BUCHAREST = LocalTime(ZoneInfo("Europe/Bucharest"))
# On 25 October 2026 the clocks of Bucharest go back at 01:00 UTC, 04:00 to 03:00.
FIRST_PASS = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
SECOND_PASS = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
AMBIGUOUS = "2026-10-25T03:20:00.000"

moments = st.datetimes(
    min_value=datetime(2010, 1, 1),
    max_value=datetime(2040, 1, 1),
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-14T15:30:00",
        "2026-07-14T15:30:00.000",
        "2026-07-14T15:30:00.0000000",
        "2026-07-14 15:30:00",
        "14.07.2026 15:30:00",
        "14.07.2026 15:30",
        "14/07/2026 15:30:00",
        "14/07/2026 15:30",
    ],
)
def test_every_format_is_read_on_the_local_clock(text: str) -> None:
    """Romania's summer time is three hours ahead of UTC."""
    moment = BUCHAREST.read(text, not_after=datetime(2027, 1, 1, tzinfo=UTC))
    assert moment == datetime(2026, 7, 14, 12, 30, tzinfo=UTC)


def test_an_offset_in_the_text_decides() -> None:
    """A text with an offset means one time, in the repeated hour as well."""
    text = f"{AMBIGUOUS}+03:00"
    assert BUCHAREST.candidates(text) == (FIRST_PASS,)


def test_the_repeated_hour_has_two_meanings() -> None:
    """03:20 comes twice in that night."""
    assert BUCHAREST.candidates(AMBIGUOUS) == (FIRST_PASS, SECOND_PASS)


@pytest.mark.parametrize(
    ("not_after", "meant"),
    [
        (FIRST_PASS - timedelta(hours=1), FIRST_PASS),
        (FIRST_PASS + timedelta(minutes=5), FIRST_PASS),
        (SECOND_PASS - timedelta(seconds=1), FIRST_PASS),
        (SECOND_PASS, SECOND_PASS),
        (SECOND_PASS + timedelta(days=1), SECOND_PASS),
    ],
)
def test_the_latest_meaning_that_has_happened_is_taken(
    not_after: datetime, meant: datetime
) -> None:
    """The second pass is only believed once it was there."""
    assert BUCHAREST.read(AMBIGUOUS, not_after=not_after) == meant


def test_a_window_is_naive_local_with_milliseconds() -> None:
    """The form of the vendor's examples."""
    start = datetime(2026, 1, 10, 8, 0, 0, 123_456, tzinfo=UTC)
    assert BUCHAREST.window(start, start + timedelta(hours=1)) == (
        "2026-01-10T10:00:00.123",
        "2026-01-10T11:00:00.123",
    )


@given(start=moments, seconds=st.integers(0, 3 * 86_400), share=st.floats(0, 1))
def test_what_happens_in_a_window_lies_in_it_on_the_local_clock(
    start: datetime, seconds: int, share: float
) -> None:
    """Also over the change of the clocks, where local times go backwards."""
    end = start + timedelta(seconds=seconds)
    moment = start + timedelta(seconds=int(seconds * share))
    told = moment.astimezone(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None)
    first, last = BUCHAREST.window(start, end)
    assert first <= told.isoformat(timespec="milliseconds") <= last


@pytest.mark.parametrize("minutes", range(-90, 150, 10))
def test_windows_around_the_change_hold_their_events(minutes: int) -> None:
    """A short window anywhere in that night is never upside down."""
    start = FIRST_PASS + timedelta(minutes=minutes)
    end = start + timedelta(minutes=40)
    first, last = BUCHAREST.window(start, end)
    for step in range(41):
        moment = start + timedelta(minutes=step)
        local = moment.astimezone(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None)
        assert first <= local.isoformat(timespec="milliseconds") <= last


@given(moment=moments)
def test_a_time_that_was_written_is_read_back(moment: datetime) -> None:
    """Whichever pass it lies in, as long as the reader looks at that moment."""
    local = moment.astimezone(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None)
    assert BUCHAREST.read(local.isoformat(), not_after=moment) == moment


@given(
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just([])
)
def test_whatever_comes_is_read_as_a_time_or_as_none(value: object) -> None:
    """Nothing raises, and what is read is in UTC."""
    found = BUCHAREST.read(value, not_after=SECOND_PASS)
    assert found is None or found.tzinfo is UTC


@given(moment=st.datetimes())
def test_any_date_of_the_calendar_can_be_read(moment: datetime) -> None:
    """The first and last years of the calendar do not overflow."""
    found = BUCHAREST.candidates(moment.isoformat())
    assert list(found) == sorted(found)


@given(start=moments, days=st.integers(0, 400), minutes=st.integers(0, 1440))
def test_a_long_window_is_cut_into_what_the_vendor_takes(
    start: datetime, days: int, minutes: int
) -> None:
    """At most 31 days, on our clock and on the vendor's, and nothing twice."""
    end = start + timedelta(days=days, minutes=minutes)
    pieces = list(BUCHAREST.windows(start, end))
    assert (pieces[0][0], pieces[-1][1]) == (start, end)
    assert all(one[1] == other[0] for one, other in pairwise(pieces))
    most = timedelta(days=31)
    for one in pieces:
        assert one[1] - one[0] <= most
        first, last = map(datetime.fromisoformat, BUCHAREST.window(*one))
        assert last - first <= most
    for one, other in pairwise(pieces):
        assert BUCHAREST.window(*one)[1] == BUCHAREST.window(*other)[0]


@pytest.mark.parametrize("minutes", [0, 30, 60, 90, 119])
def test_a_window_is_not_cut_in_the_repeated_hour(minutes: int) -> None:
    """Both requests would ask for that hour."""
    start = FIRST_PASS.replace(minute=0) + timedelta(minutes=minutes) - LONGEST_WINDOW
    (_, cut), *_ = BUCHAREST.windows(start, start + timedelta(days=40))
    assert len(BUCHAREST.candidates(BUCHAREST.window(cut, cut)[0])) == 1
