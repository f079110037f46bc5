"""What a user did on one day, and the fuel reckoned for it, from the reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from .. import parse
from ..models import Place, Trip, Vehicle
from .times import day_end, day_of, day_start, last_of

CURRENCY: Final = "VND"
_HOUR: Final = timedelta(hours=1)
# Nobody is under way for longer on a day; some days have an hour more elsewhere.
_MOST_SECONDS: Final = 25 * 3600
# A user whose last drive ended no longer ago may be at a red light: the vendor takes
# so long, too, to say that a signal is lost.
_AT_REST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDay:
    """A row of the report on trips: all that a user drove on a day of the vendor's.

    `start` is when the first drive began and `end` when the last one ended;
    `duration` is the time under way, without stops where the vendor tells that.
    """

    user: str
    day: date
    start: datetime | None = None
    end: datetime | None = None
    duration: timedelta | None = None
    distance: float | None = None
    driver: str | None = None
    origin: Place
    destination: Place

    def is_over(self, now: datetime) -> bool:
        """Whether its last drive ended a while ago, or else the day did."""
        if self.end is not None:
            return self.end <= now - _AT_REST
        return self.day < day_of(now)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it has a part in a window; its day's own where it has no times."""
        began = self.start or day_start(self.day)
        ended = self.end or last_of(day_end(self.day))
        return began <= end and ended >= start

    def trip(self, vehicle_id: str, fuel: DayFuel | None, *, row: int = 1) -> Trip:
        """Return the day, or its row of that number, as a trip of the user's vehicle."""
        day = self.day.isoformat()
        return Trip(
            # Trackers report late: when it began may change, and which day it is not.
            id=day if row == 1 else f"{day}-{row}",
            vehicle_id=vehicle_id,
            start=self.start,
            end=self.end,
            duration=self.duration,
            distance=self.distance,
            fuel_used=None if fuel is None else fuel.litres,
            fuel_cost=None if fuel is None else fuel.cost,
            currency=None if fuel is None or fuel.cost is None else CURRENCY,
            driver=self.driver,
            origin=self.origin,
            destination=self.destination,
        )

    def vehicle(self, vehicle_id: str, fuel: DayFuel | None) -> Vehicle:
        """Return the day as the last trip of the user's vehicle."""
        return Vehicle(
            id=vehicle_id,
            last_trip_distance=self.distance,
            last_trip_duration=(
                None if self.duration is None else self.duration / _HOUR
            ),
            last_trip_fuel=None if fuel is None else fuel.litres,
            last_trip_start=self.start,
            last_trip_end=self.end,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFuel:
    """A row of the report on fuel: what the vendor reckons for a user's day."""

    user: str
    day: date
    litres: float | None = None
    cost: float | None = None


def user_day(value: object) -> UserDay | None:
    """Return a row of the report on trips (document, 3.2).

    None without a user or a day, and for a day on which nobody drove.
    """
    row = parse.folded(value)
    user = parse.identifier(row.get("userid"))
    start = parse.moment(row.get("starttime"))
    end = parse.moment(row.get("endtime"))
    day = _day(row)
    if user is None or day is None:
        return None
    if start is not None and end is not None and end < start:
        end = None
    distance = parse.number(row.get("distancekm"), low=0)
    travel = _duration(row.get("traveltime"))
    if not (distance or travel) and (distance is not None or travel is not None):
        return None
    return UserDay(
        user=user,
        day=day,
        start=start,
        end=end,
        duration=end - start if travel is None and start and end else travel,
        distance=distance,
        driver=parse.text(row.get("name")),
        origin=_place(row.get("startlocation")),
        destination=_place(row.get("endlocation")),
    )


def day_fuel(value: object) -> DayFuel | None:
    """Return a row of the report on fuel (document, 3.4); None without user or day."""
    row = parse.folded(value)
    user = parse.identifier(row.get("userid"))
    day = _day(row)
    if user is None or day is None:
        return None
    return DayFuel(
        user=user,
        day=day,
        litres=parse.number(row.get("fuelstandardliters"), low=0),
        cost=parse.number(row.get("totalcostvnd"), low=0),
    )


def _day(row: Mapping[str, object]) -> date | None:
    """Return the day that a row is of, by its date or else its times."""
    found = parse.first(
        parse.moment(row.get(key)) for key in ("date", "starttime", "endtime")
    )
    return None if found is None else day_of(found)


def _duration(value: object) -> timedelta | None:
    """Return a time of the reports, `totalSeconds` beside a text for people."""
    found = parse.folded(value)
    seconds = parse.number(
        found.get("totalseconds") if found else value, low=0, high=_MOST_SECONDS
    )
    return None if seconds is None else timedelta(seconds=seconds)


def _place(value: object) -> Place:
    place = parse.folded(value)
    return Place(
        location=parse.coordinates(place.get("lat"), place.get("lng")),
        address=parse.text(place.get("address")),
    )
