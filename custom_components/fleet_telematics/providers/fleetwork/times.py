"""The vendor's times: Unix milliseconds, and days of its own time zone."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

# The vendor's days and months begin and end here (field notes).
ZONE: Final = timezone(timedelta(hours=7))
_DAY: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Return a time as the vendor reads and writes it."""
    return round(moment.timestamp() * 1000)


def day_of(moment: datetime) -> date:
    """Return the vendor's day that a time is in."""
    return moment.astimezone(ZONE).date()


def day_start(day: date) -> datetime:
    """Return when one of the vendor's days begins."""
    return datetime.combine(day, time(), ZONE)


def day_end(day: date) -> datetime:
    """Return when one of the vendor's days is over."""
    return day_start(day) + _DAY


def last_of(end: datetime) -> datetime:
    """Return the last moment before the end of a window.

    The vendor's windows include their ends: one that ends at midnight must not
    touch the next day.
    """
    return end - _MILLISECOND
