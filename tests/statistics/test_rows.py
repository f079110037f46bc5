"""How rows follow from those that are stored and from what the vendor tells now."""

from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.statistics.hours import HOUR
from custom_components.fleet_telematics.statistics.rows import (
    Row,
    changed,
    counted,
    merged,
)

NIGHT = 100

type Windows = list[tuple[int, int]]


def row(hour: int, state: float, total: float) -> Row:
    """Return the row of an hour, by its number."""
    return Row(start=hour * HOUR, state=state, sum=total)


class Table:
    """A statistic as the recorder keeps it."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.rows: dict[int, Row] = {}

    def read(self, start: int) -> tuple[float, list[Row]]:
        """Return the sum before an hour, and the rows from it on."""
        ordered = sorted(self.rows.values(), key=lambda one: one.start)
        earlier = [one for one in ordered if one.start < start]
        return earlier[-1].sum if earlier else 0.0, ordered[len(earlier) :]

    def write(self, hours: Mapping[int, float], start: int, end: int) -> int:
        """Import the hours of a window, and return how many rows they need."""
        before, stored = self.read((start - 1) * HOUR)
        told = {
            hour * HOUR: amount for hour, amount in hours.items() if start <= hour < end
        }
        if not told:
            return 0
        rows = merged(before, stored, told, start * HOUR, end * HOUR)
        self.rows |= {one.start: one for one in changed(stored, rows)}
        led = any(one.start == (start - 1) * HOUR and one.state for one in stored)
        return counted(told, start * HOUR, led=led)

    @property
    def ordered(self) -> list[Row]:
        """All rows, oldest first."""
        return self.read(0)[1]


def test_sums_go_on_from_the_last_row_before_the_window() -> None:
    """An hour in which nothing happened leads every drive."""
    table = Table()
    table.write({10: 5.0, 11: 6.0}, 0, 24)
    table.write({30: 2.0}, 24, 48)

    assert table.ordered == [
        row(9, 0.0, 0.0),
        row(10, 5.0, 5.0),
        row(11, 6.0, 11.0),
        row(29, 0.0, 11.0),
        row(30, 2.0, 13.0),
    ]


def test_what_comes_late_moves_the_later_sums() -> None:
    """The amounts of later hours stay as they are."""
    table = Table()
    table.write({10: 5.0, 30: 2.0}, 0, 48)
    table.write({5: 1.0, 10: 5.0}, 0, 24)

    assert table.ordered == [
        row(4, 0.0, 0.0),
        row(5, 1.0, 1.0),
        row(9, 0.0, 1.0),
        row(10, 5.0, 6.0),
        row(29, 0.0, 6.0),
        row(30, 2.0, 8.0),
    ]


def test_what_is_taken_back_becomes_zero() -> None:
    """Home Assistant does not delete single rows."""
    table = Table()
    table.write({10: 5.0, 12: 6.0}, 0, 24)
    table.write({10: 5.0}, 0, 24)

    assert table.ordered == [
        row(9, 0.0, 0.0),
        row(10, 5.0, 5.0),
        row(11, 0.0, 5.0),
        row(12, 0.0, 5.0),
    ]


def test_what_a_vendor_forgot_stays() -> None:
    """It may keep less than it once told: what is older than all that is not touched."""
    table = Table()
    table.write({3: 5.0, 10: 6.0}, 0, 24)
    before = table.ordered
    table.write({10: 6.0}, 0, 24)

    assert table.ordered == before


def test_only_what_changed_is_written() -> None:
    """An import that brings nothing new writes nothing."""
    table = Table()
    table.write({10: 5.0, 12: 6.0}, 0, 24)
    before, stored = table.read(-HOUR)
    rows = merged(before, stored, {10 * HOUR: 5.0, 12 * HOUR: 6.0}, 0, 24 * HOUR)

    assert changed(stored, rows) == []


hours = st.dictionaries(
    st.integers(1, NIGHT - 1),
    st.floats(0.001, 1000, allow_nan=False),
    min_size=1,
    max_size=30,
)
windows = st.lists(
    st.tuples(st.integers(0, NIGHT), st.integers(0, NIGHT)).map(
        lambda ends: (min(ends), max(ends))
    ),
    max_size=5,
)


@given(hours=hours, before=windows, cut=st.integers(1, NIGHT - 1))
def test_the_way_in_which_hours_came_leaves_no_trace(
    hours: dict[int, float], before: Windows, cut: int
) -> None:
    """Windows in any order, overlapping or within each other, end in the same rows."""
    direct, detour = Table(), Table()
    direct.write(hours, 0, NIGHT)
    for start, end in before:
        detour.write(hours, start, end)
    detour.write(hours, cut, NIGHT)
    detour.write(hours, 0, cut)
    once = detour.ordered
    detour.write(hours, 0, NIGHT)

    assert detour.ordered == once == direct.ordered


@given(first=hours, second=hours)
def test_the_sum_is_that_of_all_hours(
    first: dict[int, float], second: dict[int, float]
) -> None:
    """Whatever was told before, what is told now holds from its first hour on."""
    table = Table()
    table.write(first, 0, NIGHT)
    table.write(second, 0, NIGHT)
    since = min(second)
    kept = [amount for hour, amount in first.items() if hour < since]

    total = 0.0
    for one in table.ordered:
        total += one.state
        assert one.sum == total
    assert table.ordered[-1].sum == pytest.approx(sum(second.values()) + sum(kept))


@given(hours=hours, cuts=st.lists(st.integers(1, NIGHT - 1), max_size=4))
def test_each_row_is_counted_once(hours: dict[int, float], cuts: list[int]) -> None:
    """In one import or again, in one step or in several."""
    borders = sorted({0, *cuts, NIGHT})
    steps = list(pairwise(borders))
    table = Table()

    for _ in range(2):
        assert sum(table.write(hours, *step) for step in steps) == len(table.rows)
