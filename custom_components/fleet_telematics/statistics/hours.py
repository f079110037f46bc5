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
    start: datetime, end: datetime, amount: float
) -> Iterator[tuple[int, float]]:
    """Yield the part of an amount in each hour between two times, by time.

    What takes no time at all is in the hour where it begins.
    """
    first, last = start.timestamp(), end.timestamp()
    if last <= first:
        yield hour_of(start), amount
        return
    hour = hour_of(start)
    while hour < last:
        share = min(hour + HOUR, last) - max(hour, first)
        yield hour, amount * share / (last - first)
        hour += HOUR
