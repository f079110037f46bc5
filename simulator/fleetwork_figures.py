"""What Fleetwork counts: the kilometres and hours of days in its time zone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from custom_components.fleet_telematics.providers.demo.records import VehicleState
from custom_components.fleet_telematics.providers.demo.world import World

from .running import trip_start

ZONE: Final = timezone(timedelta(hours=7))
LITRES_PER_100_KM: Final = 7.0
VND_PER_LITRE: Final = 23_000
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
# Before it the account was not the vendor's customer.
EARLIEST: Final = datetime(2025, 7, 1, tzinfo=ZONE)
_SECOND: Final = timedelta(seconds=1)
_SPEED_STEP: Final = timedelta(minutes=1)


class Period(StrEnum):
    """What figures are grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def period_start(moment: datetime, period: Period) -> datetime:
    """Return when the period around a moment began in the vendor's time zone."""
    day = moment.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.WEEK:
            return day - day.weekday() * DAY
        case Period.MONTH:
            return day.replace(day=1)
    return day


def period_end(start: datetime, period: Period) -> datetime:
    """Return when the period that began at `start` ends."""
    match period:
        case Period.WEEK:
            return start + 7 * DAY
        case Period.MONTH:
            return period_start(start + 31 * DAY, Period.MONTH)
    return start + DAY


def periods(
    start: datetime, end: datetime, period: Period
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the periods that touch a window, whole."""
    first = period_start(max(start, EARLIEST), period)
    while first <= end:
        until = period_end(first, period)
        yield first, until
        first = until


def litres(distance: float) -> float:
    """Return the fuel that the vendor reckons for a distance, to a decilitre."""
    return round(distance * LITRES_PER_100_KM / 100, 1)


def cost(distance: float) -> int:
    """Return what that fuel costs, in VND."""
    return round(litres(distance) * VND_PER_LITRE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A trip, or the part of it that lies in a window."""

    start: VehicleState
    end: VehicleState

    @property
    def distance(self) -> float:
        """The distance in kilometres."""
        return self.end.odometer - self.start.odometer

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.end.time - self.start.time


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """The drives of a window, in order; there is at least one."""

    drives: tuple[Drive, ...]

    @property
    def distance(self) -> float:
        """The distance in kilometres."""
        return sum(drive.distance for drive in self.drives)

    @property
    def travel(self) -> timedelta:
        """How long the vehicle was under way."""
        return sum((drive.duration for drive in self.drives), timedelta())

    @property
    def stops(self) -> timedelta:
        """How long it stood between drives."""
        whole = self.drives[-1].end.time - self.drives[0].start.time
        return whole - self.travel


class Figures:
    """Counts in a world; every time it is given is by the vendor's clock."""

    def __init__(self, world: World, skew: timedelta) -> None:
        """Count in a world whose time the vendor's clock shows `skew` off."""
        self._world = world
        self._skew = skew
        self._now = world.now()
        self._states: dict[tuple[int, datetime], VehicleState] = {}

    def distance(self, vehicle_id: int | None, start: datetime, end: datetime) -> float:
        """Return the kilometres of a window."""
        first, last = self._ends(vehicle_id, start, end)
        return last.odometer - first.odometer if first and last else 0.0

    def travel(
        self, vehicle_id: int | None, start: datetime, end: datetime
    ) -> timedelta:
        """Return how long a vehicle was under way in a window."""
        first, last = self._ends(vehicle_id, start, end)
        if first is None or last is None:
            return timedelta()
        return timedelta(hours=last.engine_hours - first.engine_hours)

    def _ends(
        self, vehicle_id: int | None, start: datetime, end: datetime
    ) -> tuple[VehicleState | None, VehicleState | None]:
        first, last = self._true(start), self._true(end)
        if vehicle_id is None or last <= first:
            return None, None
        return self._at(vehicle_id, first), self._at(vehicle_id, last)

    def _at(self, vehicle_id: int, moment: datetime) -> VehicleState:
        """Return what a vehicle's device recorded, or else what was known then."""
        if (known := self._states.get((vehicle_id, moment))) is not None:
            return known
        recorded = self._world.track(vehicle_id, moment, moment)
        state = recorded[0] if recorded else self._world.state(vehicle_id, moment)
        self._states[vehicle_id, moment] = state
        return state

    def _true(self, moment: datetime) -> datetime:
        """Return a true time, in the past, of the customer's."""
        moment = moment.astimezone(UTC) - self._skew
        return min(max(moment, EARLIEST.astimezone(UTC)), self._now)

    def driven(
        self, vehicle_id: int | None, start: datetime, end: datetime
    ) -> Driven | None:
        """Return the drives of a window, the unfinished one with them."""
        first, last = self._true(start), self._true(end)
        if vehicle_id is None or last <= first:
            return None
        return self._part(self._drives(vehicle_id, first, last), first, last)

    def driven_by_day(
        self, vehicle_id: int | None, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, Driven]]:
        """Yield the days of a window that have drives."""
        first, last = self._true(start), self._true(end)
        if vehicle_id is None or last <= first:
            return
        drives = self._drives(vehicle_id, first, last)
        for day, until in periods(start, end, Period.DAY):
            low, high = self._true(max(day, start)), self._true(min(until, end))
            if (part := self._part(drives, low, high)) is not None:
                yield day, part

    def top_speeds(self, driven: Driven) -> tuple[float, float]:
        """Return the lowest and the highest speed under way, seen every minute."""
        speeds = [
            state.speed
            for drive in driven.drives
            for state in self._world.track(
                drive.start.vehicle_id, drive.start.time, drive.end.time, _SPEED_STEP
            )
            if state.speed > 0
        ]
        return min(speeds, default=0.0), max(speeds, default=0.0)

    def _drives(self, vehicle_id: int, first: datetime, last: datetime) -> list[Drive]:
        """Return the whole drives that touch a window."""
        drives = [
            Drive(start=trip.start, end=trip.end)
            for trip in self._world.trips(vehicle_id, first, last)
        ]
        now = self._world.state(vehicle_id)
        ended = drives[-1].end.time if drives else first
        # Between the last drive and the end of the window it may be under way.
        if now.trip_id is not None and last > ended:
            began = trip_start(self._world, vehicle_id)
            if began is not None and began < last:
                drives.append(Drive(start=self._at(vehicle_id, began), end=now))
        return drives

    def _part(
        self, drives: Iterable[Drive], first: datetime, last: datetime
    ) -> Driven | None:
        """Return what of some drives lies in a window."""
        parts = []
        for drive in drives:
            low = max(drive.start.time, first)
            high = min(drive.end.time, last)
            if high - low < _SECOND:
                continue
            number = drive.start.vehicle_id
            start = drive.start if low > first else self._at(number, low)
            end = drive.end if high < last else self._at(number, high)
            parts.append(Drive(start=start, end=end))
        return Driven(drives=tuple(parts)) if parts else None
