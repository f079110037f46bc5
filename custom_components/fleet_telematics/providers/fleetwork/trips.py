"""The trips of the past: the vendor tells one a user and day, with all its drives."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Final

from .. import parse
from ..errors import (
    AccessDenied,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Rejected,
    Unreachable,
)
from ..models import Trip, Vehicle
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
# A report that the account may not read is tried again now and then.
_UNOFFERED: Final = timedelta(hours=12)


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
    told = [one for row in listing.rows if (one := user_day(row)) and one.user == user]
    # Where a version tells several rows a day, they keep their numbers in every window.
    rows: Counter[date] = Counter()
    days: list[tuple[UserDay, int]] = []
    for day in told:
        rows[day.day] += 1
        if day.is_over(now) and day.overlaps(start, end):
            days.append((day, rows[day.day]))
    if not days:
        return []
    fuel = await _fuel(api, user, first, last)
    return [day.trip(vehicle_id, fuel.pop(day.day, None), row=row) for day, row in days]


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
    """The last day that each user drove on and that is over, and its fuel."""

    def __init__(self, api: FleetworkApi, now: Callable[[], datetime] = utcnow) -> None:
        """Know nothing yet."""
        self._api = api
        self._now = now
        self._looked_at: datetime | None = None
        self._days: dict[str, UserDay] = {}
        # What is reckoned for those days, as far as that is known.
        self._fuel: dict[str, DayFuel] = {}
        self._no_fuel_before = _EARLIEST

    def vehicle(self, user: str, vehicle_id: str) -> Vehicle | None:
        """Return a user's last day as the last trip of a vehicle; None without one."""
        day = self._days.get(user)
        return None if day is None else day.vehicle(vehicle_id, self._fuel.get(user))

    async def read(self) -> None:
        """Look what is new, for all users at once.

        Who is under way keeps what was known before. Raises any ProviderError, but
        none of the report on fuel except that the key is refused.
        """
        now = self._now()
        earliest = now - _FIRST_LOOK
        if self._looked_at is not None:
            earliest = max(earliest, self._looked_at - _OVERLAP)
        start, end = day_start(day_of(earliest)), day_end(day_of(now))
        listing = await reports.read(self._api, "trip_detail", start, end)
        told_at = _told_at(listing, now)
        rows: Counter[tuple[str, date]] = Counter()
        news: set[str] = set()
        for part in batched(listing.rows, _SLICE, strict=False):
            days = [one for row in part if (one := user_day(row)) is not None]
            rows.update((one.user, one.day) for one in days)
            news.update(self._note(days, told_at))
            await asyncio.sleep(0)
        self._looked_at = now
        # The fuel of a day is not that of one of several parts of it.
        lacking = {
            user
            for user in news - self._fuel.keys()
            if rows[user, self._days[user].day] == 1
        }
        if lacking and now >= self._no_fuel_before:
            await self._read_fuel(lacking, start, end)

    def _note(self, days: Iterable[UserDay], now: datetime) -> Iterator[str]:
        """Keep each user's last day; yield the users whose it is."""
        for day in days:
            held = self._days.get(day.user)
            if day.is_over(now) and (held is None or _newer(day, held)):
                if day != held:
                    self._days[day.user] = day
                    self._fuel.pop(day.user, None)
                yield day.user

    async def _read_fuel(
        self, users: Collection[str], start: datetime, end: datetime
    ) -> None:
        """Look what is reckoned for the last days of some users."""
        try:
            listing = await reports.read(self._api, "fuel_detail", start, end)
        except AccessDenied, NotFound, MethodNotAllowed:
            self._no_fuel_before = self._now() + _UNOFFERED
            return
        except InvalidResponse, RateLimited, Rejected, Unreachable:
            return
        for part in batched(listing.rows, _SLICE, strict=False):
            for fuel in map(day_fuel, part):
                if (
                    fuel
                    and fuel.user in users
                    and fuel.day == self._days[fuel.user].day
                ):
                    self._fuel[fuel.user] = fuel
            await asyncio.sleep(0)


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
