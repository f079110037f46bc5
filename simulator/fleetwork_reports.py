"""Fleetwork's reports: trips and fuel by person and by day, hours of activity."""

from collections.abc import Callable, Mapping, Sequence
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
    estimate,
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
class Reports:
    """Answers for the people of an account; `now` is by the vendor's clock."""

    people: Sequence[Row]
    figures: Figures
    shapes: Shapes
    now: datetime

    def trip_summary(self, given: Given) -> Told:
        """Return the trips of each person."""
        start, end = _window(given)
        rows = [
            {
                "userId": row.ids.user,
                "name": row.name,
                "groupName": row.group,
                "totalDistanceKm": round(driven.distance, 1),
                "travelTime": duration(driven.travel),
                "stopTime": duration(driven.stops),
                **_speeds(driven),
                "tripDays": len(
                    {
                        period_start(drive.start.time, Period.DAY)
                        for drive in driven.drives
                    }
                ),
            }
            for row, driven in self._driven(given, start, end)
        ]
        sort = given.one_of("sortBy", "totalDistance", "travelTime", "maxSpeed", "name")
        _sort(given, rows, sort)
        return {
            "reportType": "trip_summary",
            "from": milliseconds(start),
            "to": milliseconds(end),
            **self._page(given, "employees", rows, 20, _MOST_SUMMARIES),
        }

    def trip_detail(self, given: Given) -> Told:
        """Return a row for each person and day."""
        start, end = _window(given)
        rows = [
            {
                **self._day(row, day, driven),
                "distanceKm": round(driven.distance, 1),
                "travelTime": duration(driven.travel),
                "stopTime": duration(driven.stops),
                **_speeds(driven),
                "startLocation": place(driven.drives[0].start),
                "endLocation": place(driven.drives[-1].end),
            }
            for row, day, driven in self._days(given, start, end)
        ]
        sort = given.one_of(
            "sortBy", "date", "totalDistance", "travelTime", "maxSpeed", "name"
        )
        _sort(given, rows, sort)
        return {
            "reportType": "trip_detail",
            **self._page(given, "trips", rows, 20, _MOST_DETAILS),
        }

    def fuel_summary(self, given: Given) -> Told:
        """Return the fuel reckoned for each person."""
        start, end = _window(given)
        rows = [
            {
                "userId": row.ids.user,
                "name": row.name,
                "groupName": row.group,
                "travelTime": duration(driven.travel),
                **fuel_row(driven.distance),
            }
            for row, driven in self._driven(given, start, end)
        ]
        sort = given.one_of(
            "sortBy", "distanceKm", "fuelStandardLiters", "totalCostVnd", "name"
        )
        _sort(given, rows, sort)
        return {
            "reportType": "fuel_summary",
            "fuelConfig": FUEL_CONFIG,
            **self._page(given, "employees", rows, 20, _MOST_SUMMARIES),
            "totals": fuel_totals(rows),
        }

    def fuel_detail(self, given: Given) -> Told:
        """Return the fuel reckoned for each person and day."""
        start, end = _window(given)
        rows = [
            {
                **self._day(row, day, driven),
                "distanceKm": round(driven.distance, 1),
                "travelTime": duration(driven.travel),
                "fuelPricePerLiterVnd": VND_PER_LITRE,
                **estimate(driven.distance),
            }
            for row, day, driven in self._days(given, start, end)
        ]
        sort = given.one_of(
            "sortBy", "date", "distanceKm", "fuelStandardLiters", "totalCostVnd"
        )
        _sort(given, rows, sort)
        return {
            "reportType": "fuel_detail",
            **self._page(given, "trips", rows, 50, _MOST_DETAILS),
            "totals": fuel_totals(rows),
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
            **self._page(given, "rows", rows, 50, _MOST_DETAILS),
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

    def _driven(
        self, given: Given, start: datetime, end: datetime
    ) -> list[tuple[Row, Driven]]:
        return [
            (row, driven)
            for row in self._wanted(given)
            if (driven := self.figures.driven(row.vehicle_id, start, end)) is not None
        ]

    def _days(
        self, given: Given, start: datetime, end: datetime
    ) -> list[tuple[Row, datetime, Driven]]:
        return [
            (row, day, driven)
            for row in self._wanted(given)
            for day, until in periods(start, min(end, self.now), Period.DAY)
            if (
                driven := self.figures.driven(
                    row.vehicle_id, max(day, start), min(until, end)
                )
            )
            is not None
        ]

    def _day(self, row: Row, day: datetime, driven: Driven) -> Told:
        return {
            "date": milliseconds(day),
            "userId": row.ids.user,
            "name": row.name,
            "startTime": self.shapes.time(driven.drives[0].start.time),
            "endTime": self.shapes.time(driven.drives[-1].end.time),
        }

    def _page(
        self, given: Given, name: str, rows: list[Told], default: int, most: int
    ) -> Told:
        page = given.page()
        size = given.page_size(default=default, most=most)
        return {
            name: paged(rows, page, size),
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


def _speeds(driven: Driven) -> Told:
    return {
        "maxSpeedKmh": round(max(driven.speeds), 1),
        "minSpeedKmh": round(min(driven.speeds), 1),
    }


_SORTED: Final[Mapping[str, Callable[[Told], tuple[float, str]]]] = {
    "totalDistance": lambda row: (
        _number(row.get("totalDistanceKm", row.get("distanceKm"))),
        "",
    ),
    "travelTime": lambda row: (_seconds(row["travelTime"]), ""),
    "maxSpeed": lambda row: (_number(row["maxSpeedKmh"]), ""),
    "name": lambda row: (0.0, str(row["name"])),
}


def _sort(given: Given, rows: list[Told], by: str) -> None:
    """Sort rows; equal ones stay in the order of people and days."""
    key = _SORTED.get(by, lambda row: (_number(row[by]), ""))
    rows.sort(key=key, reverse=given.optional("sortDesc", flag, True))


def _number(value: object) -> float:
    return float(str(value))


def _seconds(value: object) -> float:
    return _number(value["totalSeconds"]) if isinstance(value, dict) else 0.0
