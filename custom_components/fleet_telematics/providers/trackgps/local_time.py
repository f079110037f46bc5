"""TrackGPS tells and takes every time on the company's own clock, without its zone."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final, override

from .. import parse

# The vendor takes 31 days, on its own clock; a window in autumn is widened, too.
LONGEST_WINDOW: Final = timedelta(days=31) - timedelta(hours=2)


class LocalTime:
    """Translates between aware times and the company's wall clock."""

    def __init__(self, zone: tzinfo) -> None:
        """Take times to be in `zone`."""
        self._zone = zone
        self._second_pass = _SecondPass(zone)

    def candidates(self, value: object) -> tuple[datetime, ...]:
        """Return what a text can mean, earliest first: two times in autumn's hour."""
        found = (
            parse.moment(value, zone=self._zone),
            parse.moment(value, zone=self._second_pass),
        )
        return tuple(sorted({moment for moment in found if moment is not None}))

    def read(self, value: object, *, not_after: datetime) -> datetime | None:
        """Return a text's latest meaning up to `not_after`, else its earliest."""
        candidates = self.candidates(value)
        known = [moment for moment in candidates if moment <= not_after]
        return parse.first([*reversed(known), *candidates])

    def window(self, start: datetime, end: datetime) -> tuple[str, str]:
        """Return a window as the vendor takes it: naive, with milliseconds.

        On the wall clock the repeated hour lies over itself. A window that begins
        in its first pass or ends in its second is widened by that hour, or what
        lies in the other pass would be outside.
        """
        first = start.astimezone(self._zone)
        last = end.astimezone(self._zone)
        if first.fold == 0:
            first -= _repeated(first)
        if last.fold == 1:
            last += _repeated(last)
        return _naive(first), _naive(last)

    def windows(
        self, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Cut a window into what the vendor takes in one request, oldest first.

        Not inside of a repeated hour, or both requests would ask for it.
        """
        while end - start > LONGEST_WINDOW:
            cut = start + LONGEST_WINDOW
            cut -= 2 * _repeated(cut.astimezone(self._zone))
            yield start, cut
            start = cut
        yield start, end


class _SecondPass(tzinfo):
    """A zone in which a repeated hour is always the second one."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    @override
    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else _offset(dt.replace(tzinfo=self._zone), 1)

    @override
    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    @override
    def tzname(self, dt: datetime | None) -> str | None:
        return None


def _offset(local: datetime, fold: int) -> timedelta:
    return local.replace(fold=fold).utcoffset() or timedelta()


def _repeated(local: datetime) -> timedelta:
    """Return how long the stretch is that `local` lies in twice; 0 for most times."""
    return _offset(local, 0) - _offset(local, 1)


def _naive(local: datetime) -> str:
    return local.replace(tzinfo=None).isoformat(timespec="milliseconds")
