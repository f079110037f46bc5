"""Trips of past days, kept for a while so that leafing through a calendar is cheap."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import FleetConfigEntry
from .history import async_trips
from .providers.capabilities import TripHistory
from .providers.errors import Unreachable
from .providers.models import Trip

_DAY: Final = timedelta(days=1)
# Trackers deliver late and drivers correct their trips: after that a day is settled.
_SETTLED_AFTER: Final = timedelta(days=2)
_KEEP_SETTLED: Final = timedelta(hours=12)
_KEEP_RECENT: Final = timedelta(minutes=5)
# Of all vehicles together: some fifty months.
_MOST_DAYS: Final = 1500
# No vendor remembers more, and the calendar of years has a beginning.
_FARTHEST: Final = timedelta(days=3660)

type _Key = tuple[str, date]
type _Days = Mapping[_Key, tuple[Trip, ...]]


@callback
def async_forget_trips(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Read an account's trips anew: some were corrected."""
    async_dispatcher_send(hass, _signal(entry))


def _signal(entry: FleetConfigEntry) -> str:
    return f"{DOMAIN}_trips_changed_{entry.entry_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownDay:
    """The trips that touch a day, as they were told at a time."""

    read_at: datetime
    lasts: timedelta
    trips: tuple[Trip, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Read:
    """A read that is under way."""

    vehicle_ids: Sequence[str]
    first: date
    last: date
    task: asyncio.Task[_Days]


class TripCache:
    """Reads trips by vehicle and day, of a day once until it may have changed.

    Days are those of Home Assistant's time zone. What several ask for at the same
    time is read once. Where one request tells of several vehicles, it asks for those
    whose calendars are shown, too: a page with all of them is one request.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        *,
        most_days: int = _MOST_DAYS,
    ) -> None:
        """Know nothing yet; keep so many days of vehicles."""
        self._hass = hass
        self._entry = entry
        self._most_days = most_days
        self._followed: list[str] = []
        # The days that were looked at last are at the end.
        self._known: dict[_Key, _KnownDay] = {}
        self._reads: list[_Read] = []
        entry.async_on_unload(
            async_dispatcher_connect(hass, _signal(entry), self._forget)
        )

    @callback
    def _forget(self) -> None:
        """Know nothing any more; what is under way keeps what it reads to itself."""
        self._known = {}
        self._reads = []

    @callback
    def follow(self, vehicle_id: str) -> Callable[[], None]:
        """Read this vehicle along with others; return what ends that."""
        self._followed.append(vehicle_id)
        return lambda: self._followed.remove(vehicle_id)

    async def async_trips(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Trip, ...]:
        """Return a vehicle's finished trips that overlap a window, oldest first.

        Raises any ProviderError. A read that others wait for, too, goes on when
        whoever asked does not wait any longer.
        """
        now = dt_util.utcnow()
        start, end = max(start, now - _FARTHEST), min(end, now)
        days = list(_days(start, end)) if start < end else []
        known = {
            (vehicle_id, day): self._trips_of((vehicle_id, day), now) for day in days
        }
        missing = [day for (_, day), trips in known.items() if trips is None]
        if missing:
            known |= await self._async_read(vehicle_id, missing[0], missing[-1], now)
        found = {
            trip.id: trip
            for day in days
            for trip in known[vehicle_id, day] or ()
            if _overlaps(trip, start, end)
        }
        return tuple(sorted(found.values(), key=_began))

    def _trips_of(self, key: _Key, now: datetime) -> tuple[Trip, ...] | None:
        """Return what is known of a day, None where it is too old or nothing."""
        known = self._known.pop(key, None)
        if known is None or not timedelta() <= now - known.read_at < known.lasts:
            return None
        self._known[key] = known
        return known.trips

    async def _async_read(
        self, vehicle_id: str, first: date, last: date, now: datetime
    ) -> _Days:
        read = next(
            (
                one
                for one in self._reads
                if vehicle_id in one.vehicle_ids
                and one.first <= first
                and last <= one.last
            ),
            None,
        ) or self._begin(vehicle_id, first, last, now)
        await asyncio.wait([read.task])
        if read.task.cancelled():
            raise Unreachable("reading trips was interrupted")
        return read.task.result()

    def _begin(self, vehicle_id: str, first: date, last: date, now: datetime) -> _Read:
        vehicle_ids = [
            vehicle_id,
            *self._companions(vehicle_id, list(_span(first, last)), now),
        ]
        task = self._entry.async_create_background_task(
            self._hass,
            self._async_ask(vehicle_ids, first, last, now),
            f"{DOMAIN} trips",
        )
        read = _Read(vehicle_ids=vehicle_ids, first=first, last=last, task=task)
        self._reads.append(read)

        def ended(task: asyncio.Task[_Days]) -> None:
            if read in self._reads:
                self._reads.remove(read)
            # Nobody may be left to hear of it.
            if not task.cancelled():
                task.exception()

        task.add_done_callback(ended)
        return read

    def _companions(
        self, vehicle_id: str, days: Sequence[date], now: datetime
    ) -> list[str]:
        """Return the vehicles that the same request can tell of, and should."""
        provider = self._entry.runtime_data.provider
        if not isinstance(provider, TripHistory) or provider.vehicles_per_read == 1:
            return []
        # What is on its way already is not asked for once more.
        on_its_way = {
            one
            for read in self._reads
            if read.first <= days[0] and days[-1] <= read.last
            for one in read.vehicle_ids
        }
        found = [
            other
            for other in self._followed
            if other != vehicle_id
            and other not in on_its_way
            and any(self._trips_of((other, day), now) is None for day in days)
        ]
        return found[: provider.vehicles_per_read - 1]

    async def _async_ask(
        self, vehicle_ids: Sequence[str], first: date, last: date, now: datetime
    ) -> _Days:
        """Read a span of days; what is under way today comes with a later read."""
        kept = self._known
        trips = await async_trips(
            self._entry.runtime_data,
            vehicle_ids,
            _begins(first),
            min(_begins(last + _DAY), now),
        )
        found: dict[_Key, tuple[Trip, ...]] = {}
        for day in _span(first, last):
            begins, ends = _begins(day), _begins(day + _DAY)
            settled = ends + _SETTLED_AFTER <= now
            for vehicle_id in vehicle_ids:
                key = (vehicle_id, day)
                found[key] = tuple(
                    trip
                    for trip in trips
                    if trip.vehicle_id == vehicle_id and _overlaps(trip, begins, ends)
                )
                kept.pop(key, None)
                kept[key] = _KnownDay(
                    read_at=now,
                    lasts=_KEEP_SETTLED if settled else _KEEP_RECENT,
                    trips=found[key],
                )
        for key in list(kept)[: max(0, len(kept) - self._most_days)]:
            del kept[key]
        return found


def _overlaps(trip: Trip, start: datetime, end: datetime) -> bool:
    """Whether a trip touches a window; one without a time touches none."""
    begun, ended = trip.start or trip.end, trip.end or trip.start
    return (
        begun is not None
        and ended is not None
        and begun < end
        and (ended > start or begun >= start)
    )


def _began(trip: Trip) -> datetime:
    return trip.start or trip.end or datetime.min.replace(tzinfo=UTC)


def _days(start: datetime, end: datetime) -> Iterator[date]:
    """Yield the days of a window that is not empty."""
    last = end - timedelta.resolution
    return _span(dt_util.as_local(start).date(), dt_util.as_local(last).date())


def _span(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _begins(day: date) -> datetime:
    return dt_util.as_utc(dt_util.start_of_local_day(day))
