"""Whole hours, by the number of seconds since 1970 at which they begin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

HOUR: Final = 3600


def hour_of(moment: datetime) -> int:
    """Return the hour that a moment is in."""
    return int(moment.timestamp() // HOUR) * HOUR


def hour_after(moment: datetime) -> int:
    """Return the first hour that does not begin before a moment."""
    return -int(-moment.timestamp() // HOUR) * HOUR


def moment_of(hour: int) -> datetime:
    """Return when an hour begins, in UTC."""
    return datetime.fromtimestamp(hour, UTC)


def spread(
    start: datetime, end: datetime, amount: float, *, window: tuple[int, int]
) -> Iterator[tuple[int, float]]:
    """Yield the part of an amount in each hour between two times, by time.

    What takes no time at all is in the hour where it begins. Hours outside of the
    window are left out: one that began in the year 1 would have millions of them.
    """
    first, last = start.timestamp(), end.timestamp()
    if last <= first:
        if window[0] <= hour_of(start) < window[1]:
            yield hour_of(start), amount
        return
    hour = max(hour_of(start), window[0])
    while hour < min(last, window[1]):
        share = min(hour + HOUR, last) - max(hour, first)
        yield hour, amount * share / (last - first)
        hour += HOUR
