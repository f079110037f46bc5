"""The rows of one statistic: what is stored, and what it has to become."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .amounts import Hours
from .hours import HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hour: the amount of that hour, and the sum of all until its end."""

    start: int
    state: float
    sum: float


def merged(
    before: float, stored: Iterable[Row], hours: Hours, start: int, end: int
) -> Sequence[Row]:
    """Return the rows after a window from `start` to `end` was read again.

    `stored` are the rows there are, from the hour before the window on and beyond
    its end, `before` is the sum ahead of them. Sums follow from the amounts, so
    that later rows move along with what changed.

    Rows exist for hours in which something happened. An hour before that there is
    one, too, where nothing did: Home Assistant takes the sum at the beginning of a
    period from the hour before it, or from the first one that comes. What the
    vendor no longer tells becomes zero, as a row cannot be deleted; but not what is
    older than all that it tells: it may merely have forgotten that.
    """
    states = {row.start: row.state for row in stored}
    first = min(hours, default=end)
    for hour in states:
        if first <= hour < end:
            states[hour] = 0.0
    states.update(hours)
    for hour in hours:
        states.setdefault(hour - HOUR, 0.0)
    rows = []
    total = before
    for hour, state in sorted(states.items()):
        total += state
        rows.append(Row(start=hour, state=state, sum=total))
    return rows


def changed(stored: Iterable[Row], rows: Iterable[Row]) -> Sequence[Row]:
    """Return the rows that are not stored as they are."""
    known = {row.start: row for row in stored}
    return [row for row in rows if known.get(row.start) != row]


def counted(hours: Hours, start: int, *, led: bool) -> int:
    """Return how many rows the hours of a window need, those ahead of them included.

    `led` is whether something happened in the hour before the window.
    """
    ahead = sum(hour - HOUR not in hours for hour in hours)
    return len(hours) + ahead - (led and start in hours)
