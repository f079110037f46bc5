"""The trips of Ocean's vehicles, which it tells by vehicle and day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ..errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
)
from ..models import Status, Trip, Vehicle
from .api import OceanApi
from .day_sheets import Leg, finished, hidden, legs, overlaps
from .mapping import EQUIPMENT

_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
# The vendor says "UTC" of every date; its customers have days of their own, from
# Polynesia to New Caledonia. A window is covered whichever day is meant, and so is
# a trip that began before midnight.
_ANY_DAY: Final = timedelta(hours=12)
# No sheet is asked for before its day begins in France.
_AHEAD: Final = timedelta(hours=2)

# The last trip of a vehicle that has not been looked at yet is looked for so far back.
_FIRST_LOOK: Final = timedelta(days=7)
# So many sheets a step, or a few more to bring a vehicle's look to an end.
_MOST_SHEETS: Final = 20
# A vehicle that stands is left alone once it was looked at so long after it stopped.
_SETTLED: Final = timedelta(minutes=5)
# One that is under way finishes a trip now and then without being seen to stop.
_UNDER_WAY_AGAIN: Final = timedelta(minutes=30)
# A vehicle whose sheets alone cannot be read waits so long, and nobody for it.
_FAILED_AGAIN: Final = timedelta(minutes=30)
# Whatever was seen of it: sheets are corrected, and polls fail.
_AT_LEAST: Final = timedelta(hours=6)
# Degrees by which a vehicle does not move when it stands.
_DRIFT: Final = 0.005


class DaySheets:
    """Trips of the past, from the sheets of the days they may be on."""

    def __init__(self, api: OceanApi) -> None:
        """Read from this account."""
        self._api = api

    async def trips(
        self,
        vehicle_id: str,
        start: datetime,
        end: datetime,
        *,
        may_be_private: bool = False,
    ) -> list[Trip]:
        """Return a vehicle's finished trips that overlap a window, oldest first.

        Where the vehicle may be private every trip counts as private. Raises
        AccessDenied for a vehicle that the account does not have.
        """
        now = _now()
        parts: list[Leg] = []
        try:
            for day in _days(start, end, now):
                parts += await self.legs(vehicle_id, day)
        except NotFound as err:
            raise AccessDenied(str(err)) from None
        found = [
            one.trip for one in finished(parts, now) if overlaps(one.trip, start, end)
        ]
        return list(map(hidden, found)) if may_be_private else found

    async def legs(self, vehicle_id: str, day: date) -> list[Leg]:
        """Return the rows of one day's sheet."""
        return legs(await self._api.day_sheet(vehicle_id, day), vehicle_id)


class LastTrips:
    """The last trip of each vehicle, looked for when it may be another.

    A vehicle is looked at when it has stopped; standing or driving it is left
    alone for long. Once a trip is known, sheets are read back to that look only.
    """

    def __init__(self, sheets: DaySheets) -> None:
        """Start without knowing any."""
        self._sheets = sheets
        self._trips: dict[str, Trip] = {}
        self._looked: dict[str, datetime] = {}
        self._tried: dict[str, datetime] = {}
        self._failed: dict[str, datetime] = {}
        self._works = False
        self._stirred: dict[str, datetime] = {}
        self._seen: dict[str, Vehicle] = {}

    def note(self, vehicles: Mapping[str, Vehicle]) -> None:
        """Take notice of what the vehicles do now, and forget the others."""
        now = _now()
        for key, vehicle in vehicles.items():
            before = self._seen.get(key, vehicle)
            if _under_way(vehicle) or _differs(before, vehicle):
                self._stirred[key] = now
        self._seen = dict(vehicles)
        memories = (
            self._trips,
            self._looked,
            self._tried,
            self._failed,
            self._stirred,
        )
        for known in memories:
            for key in known.keys() - vehicles.keys():
                del known[key]

    async def read(self, vehicle_ids: Sequence[str]) -> dict[str, Trip]:
        """Look at those that are due, longest waiting first; return what is known.

        Raises any ProviderError that is about more than one vehicle; AccessDenied or
        NotFound where the vendor has not told any sheet yet.
        """
        now = _now()
        due = [
            key
            for key in vehicle_ids
            if not key.startswith(EQUIPMENT) and self._is_due(key, now)
        ]
        due.sort(key=lambda key: self._tried.get(key, _NEVER))
        failures: list[ProviderError] = []
        told = False
        left = _MOST_SHEETS
        for key in due:
            if left <= 0:
                break
            self._tried[key] = now
            try:
                left -= await self._look(key, now)
                told = self._works = True
                self._failed.pop(key, None)
            except (AccessDenied, InvalidResponse, Rejected) as err:
                left -= 1
                failures.append(err)
            except AuthenticationFailed, RateLimited:
                raise
            except ProviderError:
                # Of a vendor that answers for others it is the vehicle's own fault.
                if not told and key not in self._failed:
                    raise
                self._failed[key] = now
                if told:
                    break
                continue
            self._looked[key] = now
        if not told and self._concerns_all(failures):
            raise failures[-1]
        return {key: self._trips[key] for key in vehicle_ids if key in self._trips}

    def _concerns_all(self, failures: Sequence[ProviderError]) -> bool:
        """Whether failures, and nothing else, mean that there are no day sheets.

        Vehicles that the account does not have may be all that is due just now.
        """
        if not self._works:
            return bool(failures)
        broken = [
            one for one in failures if not isinstance(one, (AccessDenied, NotFound))
        ]
        return len(broken) > 1

    async def _look(self, key: str, now: datetime) -> int:
        """Find a vehicle's last trip; return how many sheets that took."""
        since = self._looked.get(key)
        first = now - _FIRST_LOOK if since is None else since - _ANY_DAY
        parts: list[Leg] = []
        count = 0
        for day in reversed(list(_span(first.date(), (now + _AHEAD).date()))):
            parts += await self._sheets.legs(key, day)
            count += 1
            found = finished(parts, now)
            if found:
                self._trips[key] = found[-1].trip
                # What begins under way has its beginning on the sheet before.
                if not found[-1].begins_under_way:
                    break
        return count

    def _is_due(self, key: str, now: datetime) -> bool:
        looked = self._looked.get(key)
        failed = self._failed.get(key)
        if failed is not None:
            return now - failed >= _FAILED_AGAIN
        if looked is None or now - looked >= _AT_LEAST:
            return True
        vehicle = self._seen.get(key)
        if vehicle is not None and _under_way(vehicle):
            return now - looked >= _UNDER_WAY_AGAIN
        stirred = self._stirred.get(key)
        return stirred is not None and looked < stirred + _SETTLED


def _now() -> datetime:
    return datetime.now(UTC)


def _days(start: datetime, end: datetime, now: datetime) -> Iterator[date]:
    """Return the days whose sheets tell of a window."""
    return _span(
        (start.astimezone(UTC) - _ANY_DAY).date(),
        min(end.astimezone(UTC) + _ANY_DAY, now + _AHEAD).date(),
    )


def _span(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _under_way(vehicle: Vehicle) -> bool:
    return vehicle.status in (Status.MOVING, Status.IDLING)


def _differs(before: Vehicle, now: Vehicle) -> bool:
    if before.status is not now.status:
        return True
    if before.location is None or now.location is None:
        return False
    return (
        abs(before.location.latitude - now.location.latitude) > _DRIFT
        or abs(before.location.longitude - now.location.longitude) > _DRIFT
    )
