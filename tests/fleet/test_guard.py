"""The guard lets in what is newer, plausible and not private."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.guard import HIDDEN_IN_PRIVATE, Guard
from custom_components.fleet_telematics.providers.models import Coordinates, Vehicle

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Coordinates(latitude=52.37, longitude=4.9)


def reading(minutes: float = 0, **values: object) -> Vehicle:
    """Return a reading that the vehicle reported so many minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    return Vehicle(id="1", last_report=at, **values)  # type: ignore[arg-type]


def test_an_older_payload_never_replaces_a_newer_one() -> None:
    """A payload that arrives late changes nothing and is counted."""
    guard = Guard()
    newer = guard.admit("positions", reading(0, speed=50.0), None, NOW)
    assert guard.admit("positions", reading(-1, speed=10.0), newer, NOW) == newer
    assert guard.rejected["stale"] == 1


def test_a_payload_of_the_same_time_is_let_in() -> None:
    """A vendor may learn more about the same moment."""
    guard = Guard()
    first = guard.admit("positions", reading(0), None, NOW)
    assert guard.admit("positions", reading(0, speed=1.0), first, NOW).speed == 1.0


def test_feeds_have_an_order_of_their_own() -> None:
    """A slow feed's older record is not late: it is that feed's newest."""
    guard = Guard()
    guard.admit("positions", reading(0), None, NOW)
    assert guard.admit("details", reading(-5, satellites=9), None, NOW).satellites == 9
    assert not guard.rejected


@pytest.mark.parametrize(("minutes", "believed"), [(9, True), (11, False)])
def test_a_time_in_the_future_is_believed_for_ten_minutes(
    minutes: int, believed: bool
) -> None:
    """A skewed clock costs the time, not the reading."""
    guard = Guard()
    kept = guard.admit("positions", reading(minutes, speed=30.0), None, NOW)
    assert kept.speed == 30.0
    assert (kept.last_report is not None) is believed


def test_a_time_in_the_future_does_not_lock_the_vehicle() -> None:
    """After one wild time the true ones still count."""
    guard = Guard()
    wild = guard.admit("positions", reading(60 * 24 * 365), None, NOW)
    kept = guard.admit("positions", reading(0, speed=20.0), wild, NOW)
    assert kept.last_report == NOW
    assert kept.speed == 20.0


def test_private_mode_hides_where_and_how_fast() -> None:
    """What the vendor sends all the same is not kept."""
    kept = Guard().admit(
        "positions",
        reading(
            private_mode=True,
            location=HERE,
            address="Street 1",
            speed=50.0,
            heading=90.0,
            altitude=3.0,
            odometer=100.0,
        ),
        None,
        NOW,
    )
    assert all(getattr(kept, key) is None for key in HIDDEN_IN_PRIVATE)
    assert kept.odometer == 100.0


def test_a_late_word_of_private_mode_still_hides() -> None:
    """Privacy goes before the order of time."""
    guard = Guard()
    shown = guard.admit("positions", reading(0, location=HERE), None, NOW)
    kept = guard.admit(
        "positions", reading(-1, private_mode=True, location=HERE), shown, NOW
    )
    assert kept.private_mode
    assert kept.location is None


def test_a_late_word_of_private_mode_changes_nothing_else() -> None:
    """Neither the time nor the odometer goes back with it."""
    guard = Guard()
    shown = guard.admit("positions", reading(0, odometer=1000.0), None, NOW)
    late = reading(-1, private_mode=True, odometer=900.0)
    kept = guard.admit("positions", late, shown, NOW)
    assert kept.odometer == 1000.0
    assert kept.last_report == NOW


def test_a_flag_that_cannot_be_read_keeps_a_vehicle_private() -> None:
    """Only a clear word ends private mode."""
    guard = Guard()
    hidden = guard.admit("positions", reading(0, private_mode=True), None, NOW)
    kept = guard.admit("positions", reading(1, location=HERE), hidden, NOW)
    assert kept.private_mode
    assert kept.location is None
    shown = reading(2, private_mode=False, location=HERE)
    assert guard.admit("positions", shown, kept, NOW).location == HERE


def test_each_source_has_its_own_odometer() -> None:
    """A second counter with another base does not freeze the first."""
    guard = Guard()
    guard.admit("details", reading(0, odometer=45_678.0), None, NOW)
    kept = guard.admit("positions", reading(1, odometer=45_000.0), None, NOW)
    assert kept.odometer == 45_000.0
    assert not guard.rejected


def test_the_odometer_does_not_fall() -> None:
    """A lower reading keeps the known value and is counted."""
    guard = Guard()
    guard.admit("positions", reading(0, odometer=1000.0), None, NOW)
    assert (
        guard.admit("positions", reading(1, odometer=900.0), None, NOW).odometer == 1000
    )
    assert guard.rejected["odometer_fall"] == 1


def test_rounding_is_no_fall() -> None:
    """Whole kilometres after a finer value hold it without a complaint."""
    guard = Guard()
    guard.admit("positions", reading(0, odometer=1000.7), None, NOW)
    kept = guard.admit("positions", reading(1, odometer=1000.0), None, NOW)
    assert kept.odometer == 1000.7
    assert not guard.rejected


def test_the_odometer_does_not_leap() -> None:
    """No vehicle drives 500 km in an hour; 200 km it may."""
    guard = Guard()
    guard.admit("positions", reading(0, odometer=1000.0), None, NOW)
    leap = guard.admit("positions", reading(60, odometer=1500.0), None, NOW)
    assert leap.odometer == 1000.0
    assert guard.rejected["odometer_leap"] == 1
    later = NOW + timedelta(hours=1)
    assert (
        guard.admit("positions", reading(60, odometer=1200.0), None, later).odometer
        == 1200
    )


def test_after_a_long_silence_the_odometer_may_have_gone_far() -> None:
    """The allowance grows with the time that passed."""
    guard = Guard()
    guard.admit("positions", reading(0, odometer=1000.0), None, NOW)
    week = NOW + timedelta(days=7)
    kept = guard.admit("positions", reading(7 * 24 * 60, odometer=6000.0), None, week)
    assert kept.odometer == 6000.0


def test_a_forgotten_vehicle_starts_anew() -> None:
    """What left the fleet and came back is believed again."""
    guard = Guard()
    guard.admit("positions", reading(0, odometer=1000.0), None, NOW)
    guard.forget("1")
    kept = guard.admit("positions", reading(-5, odometer=10.0), None, NOW)
    assert kept.odometer == 10.0
    assert kept.last_report == NOW - timedelta(minutes=5)


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=-600, max_value=600),
            st.floats(min_value=0.1, max_value=1e6) | st.none(),
        ),
        max_size=30,
    )
)
def test_whatever_comes_time_and_odometer_only_rise(
    readings: list[tuple[int, float | None]],
) -> None:
    """Property: neither the time nor the odometer of what is kept ever falls."""
    guard = Guard()
    kept: Vehicle | None = None
    newest = NOW - timedelta(days=1)
    highest = 0.0
    for minutes, odometer in readings:
        now = NOW + timedelta(minutes=max(minutes, 0))
        kept = guard.admit("positions", reading(minutes, odometer=odometer), kept, now)
        assert kept.last_report is not None
        assert kept.last_report >= newest
        newest = kept.last_report
        if kept.odometer is not None:
            assert kept.odometer >= highest
            highest = kept.odometer
