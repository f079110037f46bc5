"""The trips of the past: the vendor tells one a user and day, with all its drives."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Final

from .. import parse
from ..errors import AccessDenied, MethodNotAllowed, NotFound
from ..models import Trip
from . import reports
from .api import FleetworkApi
from .days import DayFuel, UserDay, day_fuel, user_day
from .paging import Listing
from .times import day_end, day_of, day_start

# The first look finds who was on holiday for a week; later ones go on from the last.
_FIRST_LOOK: Final = timedelta(days=7)
# Trackers report late: the day before is looked at again.
_OVERLAP: Final = timedelta(days=1)
_MARGIN: Final = timedelta(days=1)
_SLICE: Final = 100
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def utcnow() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def began(trip: Trip) -> datetime:
    """Return a trip's time, for the order of trips."""
    return trip.start or trip.end or _EARLIEST


async def read(
    api: FleetworkApi, vehicle_id: str, user: str, start: datetime, end: datetime
) -> list[Trip]:
    """Return the trips of a vehicle's user that overlap a window.

    Whole days are asked for, and one more that is left out again: a day is then the
    same whatever the window, and not cut short by its end. Fuel and its cost are the
    vendor's estimates, and missing where the account may not read their report.
    """
    now = utcnow()
    end = min(end, now)
    if end < start:
        return []
    first, last = day_start(day_of(start)), day_end(day_of(end)) + _MARGIN
    listing = await reports.read(api, "trip_detail", first, last, user=user)
    now = _told_at(listing, now)
    days = [
        one
        for row in listing.rows
        if (one := user_day(row)) is not None
        and one.user == user
        and one.is_over(now)
        and one.overlaps(start, end)
    ]
    if not days:
        return []
    fuel = await _fuel(api, user, first, last)
    return [day.trip(vehicle_id, fuel.pop(day.day, None)) for day in days]


async def _fuel(
    api: FleetworkApi, user: str, first: datetime, last: datetime
) -> dict[date, DayFuel]:
    """Return what the vendor reckons for each day."""
    with suppress(AccessDenied, NotFound, MethodNotAllowed):
        listing = await reports.read(api, "fuel_detail", first, last, user=user)
        return {
            one.day: one
            for row in listing.rows
            if (one := day_fuel(row)) is not None and one.user == user
        }
    return {}


class LastTrips:
    """The last day that each user drove on and that is over."""

    def __init__(self, api: FleetworkApi, now: Callable[[], datetime] = utcnow) -> None:
        """Know nothing yet."""
        self._api = api
        self._now = now
        self._looked_at: datetime | None = None
        self._days: dict[str, UserDay] = {}

    async def read(self) -> Mapping[str, UserDay]:
        """Look what is new, for all users at once; return what is known of each.

        Who is under way keeps what was known before.
        """
        now = self._now()
        earliest = now - _FIRST_LOOK
        if self._looked_at is not None:
            earliest = max(earliest, self._looked_at - _OVERLAP)
        listing = await reports.read(
            self._api,
            "trip_detail",
            day_start(day_of(earliest)),
            day_end(day_of(now)),
        )
        told_at = _told_at(listing, now)
        for part in batched(listing.rows, _SLICE, strict=False):
            self._note((one for row in part if (one := user_day(row))), told_at)
            await asyncio.sleep(0)
        self._looked_at = now
        return self._days

    def _note(self, days: Iterable[UserDay], now: datetime) -> None:
        for day in days:
            held = self._days.get(day.user)
            if day.is_over(now) and (held is None or _newer(day, held)):
                self._days[day.user] = day


def _newer(day: UserDay, held: UserDay) -> bool:
    """Whether a day is a later one, or the same told anew."""
    return (day.day, day.end or day.start or _EARLIEST) >= (
        held.day,
        held.end or held.start or _EARLIEST,
    )


def _told_at(listing: Listing, now: datetime) -> datetime:
    """Return when a report was made, by the clock of the times in it."""
    told = parse.moment(parse.folded(listing.about).get("generatedat"))
    return now if told is None else told
