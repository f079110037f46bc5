"""How an import is cut into steps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json

from freezegun import freeze_time
from hypothesis import given, strategies as st

from custom_components.fleet_telematics.statistics.plan import Job

NOW = datetime(2026, 11, 20, 12, 12, tzinfo=UTC)
moments = st.datetimes(
    datetime(2024, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)
)


def job(start: datetime, end: datetime, vehicles: int = 1, **more: int) -> Job:
    """Return an import of some vehicles, right now."""
    with freeze_time(NOW):
        return Job.of(
            [str(number) for number in range(vehicles)],
            start,
            end,
            **{"vehicles_per_read": 1, **more},  # type: ignore[arg-type]
        )


def test_a_year_is_cut_into_months() -> None:
    """Of 30 days, with the same borders in each import."""
    steps = job(datetime(2025, 11, 15, tzinfo=UTC), NOW).steps

    later = job(datetime(2026, 1, 2, tzinfo=UTC), NOW).steps

    assert len(steps) == 13
    assert {step.end - step.start for step in steps[1:-1]} == {timedelta(days=30)}
    assert [step.end for step in later] == [step.end for step in steps[-len(later) :]]


def test_no_hour_is_ahead() -> None:
    """An import ends with the hour that it is."""
    found = job(NOW - timedelta(hours=2), NOW + timedelta(days=40))

    assert found.start == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert job(NOW + timedelta(days=1), NOW + timedelta(days=2)).steps == []


@given(start=moments, length=st.timedeltas(timedelta(minutes=1), timedelta(days=400)))
def test_steps_cover_the_period_without_gaps(
    start: datetime, length: timedelta
) -> None:
    """None is longer than vendors take."""
    found = job(start, start + length)
    steps = found.steps

    assert found.start <= start
    assert found.end >= min(start + length, NOW)
    assert (steps[0].start, steps[-1].end) == (found.start, found.end)
    assert all(one.end == other.start for one, other in pairwise(steps))
    assert all(timedelta() < one.end - one.start <= timedelta(days=30) for one in steps)


def test_vehicles_that_one_request_asks_for_go_together() -> None:
    """Each group is done with all its months before the next one."""
    found = job(
        datetime(2026, 9, 10, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
        vehicles=5,
        vehicles_per_read=2,
    )

    assert [(step.vehicle_ids, step.start.month) for step in found.steps] == [
        (("0", "1"), 9),
        (("0", "1"), 10),
        (("2", "3"), 9),
        (("2", "3"), 10),
        (("4",), 9),
        (("4",), 10),
    ]


def test_an_update_goes_day_by_day() -> None:
    """So that what is told of a window is told of each day."""
    with freeze_time(NOW):
        found = Job.of(
            ["1"], NOW - timedelta(days=2), NOW, vehicles_per_read=1, daily=True
        )

    assert [(step.start.day, step.end.day) for step in found.steps] == [
        (18, 19),
        (19, 20),
        (20, 20),
    ]


@given(moments, st.integers(0, 5))
def test_a_restart_changes_no_step(start: datetime, vehicles: int) -> None:
    """What is on disk is the whole import."""
    found = job(start, NOW, vehicles, vehicles_per_read=3)
    again = Job.from_dict(json.loads(json.dumps(found.as_dict())))

    assert again == found
    assert again.steps == found.steps
