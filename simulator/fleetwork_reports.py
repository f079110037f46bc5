"""Fleetwork's reports: trips and fuel by person and by day, hours of activity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from .fleetwork_figures import (
    HOUR,
    VND_PER_LITRE,
    Driven,
    Figures,
    Period,
    period_start,
    periods,
)
from .fleetwork_json import (
    FUEL_CONFIG,
    Shapes,
    duration,
    fuel_row,
    fuel_totals,
    group_id,
    milliseconds,
    paged,
    pagination,
    place,
)
from .fleetwork_request import Given, bad_request, flag, moment, refusal
from .fleetwork_rows import Row

_MOST_SUMMARIES: Final = 200
_MOST_DETAILS: Final = 500

type Told = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What somebody drove: in the whole window, or on one of its days."""

    row: Row
    day: datetime | None
    driven: Driven


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Answers for the people of an account; `now` is by the vendor's clock."""

    people: Sequence[Row]
    figures: Figures
    shapes: Shapes
    now: datetime

    def trip_summary(self, given: Given) -> Told:
        """Return the trips of each person."""
        start, end = _window(given)
        found = self._people(given, start, end)
        self._sort(given, found, "totalDistance", "travelTime", "maxSpeed", "name")
        return {
            "reportType": "trip_summary",
            "from": milliseconds(start),
            "to": milliseconds(end),
            **self._page(
                given, "employees", found, self._trips_of_person, most=_MOST_SUMMARIES
            ),
        }

    def _trips_of_person(self, found: Found) -> Told:
        driven = found.driven
        return {
            "userId": found.row.ids.user,
            "name": found.row.name,
            "groupName": found.row.group,
            "totalDistanceKm": round(driven.distance, 1),
            **self._times_and_speeds(driven),
            "tripDays": len(
                {
                    period_start(drive.start.time + self.shapes.skew, Period.DAY)
                    for drive in driven.drives
                }
            ),
        }

    def trip_detail(self, given: Given) -> Told:
        """Return a row for each person and day."""
        found = self._days(given, *_window(given))
        self._sort(
            given, found, "totalDistance", "travelTime", "maxSpeed", "name", "date"
        )
        return {
            "reportType": "trip_detail",
            **self._page(given, "trips", found, self._trips_of_day, most=_MOST_DETAILS),
        }

    def _trips_of_day(self, found: Found) -> Told:
        driven = found.driven
        return {
            **self._day(found),
            "distanceKm": round(driven.distance, 1),
            **self._times_and_speeds(driven),
            "startLocation": place(driven.drives[0].start),
            "endLocation": place(driven.drives[-1].end),
        }

    def _times_and_speeds(self, driven: Driven) -> Told:
        lowest, highest = self.figures.top_speeds(driven)
        return {
            "travelTime": duration(driven.travel),
            "stopTime": duration(driven.stops),
            "maxSpeedKmh": round(highest, 1),
            "minSpeedKmh": round(lowest, 1),
        }

    def fuel_summary(self, given: Given) -> Told:
        """Return the fuel reckoned for each person."""
        found = self._people(given, *_window(given))
        self._sort(
            given, found, "distanceKm", "fuelStandardLiters", "totalCostVnd", "name"
        )
        return {
            "reportType": "fuel_summary",
            "fuelConfig": FUEL_CONFIG,
            **self._page(
                given, "employees", found, self._fuel_of_person, most=_MOST_SUMMARIES
            ),
            "totals": fuel_totals(one.driven.distance for one in found),
        }

    def _fuel_of_person(self, found: Found) -> Told:
        return {
            "userId": found.row.ids.user,
            "name": found.row.name,
            "groupName": found.row.group,
            "travelTime": duration(found.driven.travel),
            **fuel_row(found.driven.distance),
        }

    def fuel_detail(self, given: Given) -> Told:
        """Return the fuel reckoned for each person and day."""
        found = self._days(given, *_window(given))
        self._sort(
            given, found, "date", "distanceKm", "fuelStandardLiters", "totalCostVnd"
        )
        return {
            "reportType": "fuel_detail",
            **self._page(
                given,
                "trips",
                found,
                self._fuel_of_day,
                default=50,
                most=_MOST_DETAILS,
            ),
            "totals": fuel_totals(one.driven.distance for one in found),
        }

    def _fuel_of_day(self, found: Found) -> Told:
        return {
            **self._day(found),
            "travelTime": duration(found.driven.travel),
            "fuelPricePerLiterVnd": VND_PER_LITRE,
            **fuel_row(found.driven.distance),
        }

    def activity_time(self, given: Given) -> Told:
        """Return a row for each hour in which somebody drove."""
        start, end = _window(given)
        rows: list[Told] = []
        for day, _ in periods(start, min(end, self.now), Period.DAY):
            for hour in range(24):
                low = max(day + hour * HOUR, start)
                high = min(day + (hour + 1) * HOUR, end)
                distances = [
                    self.figures.distance(row.vehicle_id, low, high)
                    for row in self.people
                ]
                active = sum(distance > 0 for distance in distances)
                if active:
                    rows.append(
                        {
                            "date": milliseconds(day),
                            "hour": hour,
                            "activeEmployeeCount": active,
                            "inactiveEmployeeCount": len(self.people) - active,
                            "totalDistanceKm": round(sum(distances), 1),
                        }
                    )
        total = sum(float(str(row["totalDistanceKm"])) for row in rows)
        return {
            "reportType": "activity_time",
            "totalEmployees": len(self.people),
            **self._page(given, "rows", rows, dict, default=50, most=_MOST_DETAILS),
            "totals": {"totalDistanceKm": round(total, 1)},
        }

    def _wanted(self, given: Given) -> list[Row]:
        user = given.text("userId")
        group = given.optional("groupId", UUID, None)
        return [
            row
            for row in self.people
            if user in (None, row.ids.user)
            and (group is None or (row.group and group_id(row.group) == group))
        ]

    def _people(self, given: Given, start: datetime, end: datetime) -> list[Found]:
        return [
            Found(row=row, day=None, driven=driven)
            for row in self._wanted(given)
            if (driven := self.figures.driven(row.vehicle_id, start, end)) is not None
        ]

    def _days(self, given: Given, start: datetime, end: datetime) -> list[Found]:
        end = min(end, self.now)
        return [
            Found(row=row, day=day, driven=driven)
            for row in self._wanted(given)
            for day, driven in self.figures.driven_by_day(row.vehicle_id, start, end)
        ]

    def _day(self, found: Found) -> Told:
        drives = found.driven.drives
        return {
            "date": None if found.day is None else milliseconds(found.day),
            "userId": found.row.ids.user,
            "name": found.row.name,
            "startTime": self.shapes.time(drives[0].start.time),
            "endTime": self.shapes.time(drives[-1].end.time),
        }

    def _sort(self, given: Given, found: list[Found], *choices: str) -> None:
        """Sort rows; equal ones stay in the order of people and days."""

        def by_time(one: Found) -> float:
            return 0.0 if one.day is None else one.day.timestamp()

        keys: dict[str, Callable[[Found], float | str]] = {
            "travelTime": lambda one: one.driven.travel.total_seconds(),
            "maxSpeed": lambda one: self.figures.top_speeds(one.driven)[1],
            "name": lambda one: one.row.name or "",
            "date": by_time,
        }
        # Fuel and its cost are in the order of the distance they are reckoned from.
        key = keys.get(
            given.one_of("sortBy", *choices), lambda one: one.driven.distance
        )
        found.sort(key=key, reverse=given.optional("sortDesc", flag, True))

    def _page[T](
        self,
        given: Given,
        name: str,
        rows: Sequence[T],
        shape: Callable[[T], Told],
        *,
        default: int = 20,
        most: int,
    ) -> Told:
        page = given.page()
        size = given.page_size(default=default, most=most)
        return {
            name: [shape(row) for row in paged(rows, page, size)],
            "pagination": pagination(len(rows), page, size),
            "generatedAt": milliseconds(self.now),
        }


def _window(given: Given) -> tuple[datetime, datetime]:
    start, end = given.required("from", moment), given.required("to", moment)
    if end < start:
        raise bad_request("from is after to")
    if "format" in given:
        raise refusal(501, "NOT_IMPLEMENTED", "Export is not available yet")
    return start, end
