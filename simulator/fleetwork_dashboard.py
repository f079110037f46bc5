"""Fleetwork's dashboard: figures of a day, of hours, of periods and of months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .fleetwork_figures import (
    DAY,
    HOUR,
    ZONE,
    Figures,
    Period,
    cost,
    litres,
    period_end,
    period_start,
    periods,
)
from .fleetwork_json import (
    Shapes,
    duration,
    efficiency,
    kilometres,
    milliseconds,
    paged,
    pagination,
)
from .fleetwork_request import Given, bad_request, moment
from .fleetwork_rows import Row

_ACTIVE: Final = timedelta(minutes=5)
_HEATMAP_DAYS: Final = 14
_POINTS_AN_HOUR: Final = 120
_MOST_ROWS: Final = 100
_STATUSES: Final = {"moving": 1, "stopped": 2, "signal_lost": 0}
_CATEGORIES: Final = {
    "fuel": ("Nhiên liệu", "#4F8EF7"),
    "maintenance": ("Bảo dưỡng", "#F7C24F"),
    "insurance": ("Bảo hiểm", "#4FF79B"),
    "other": ("Khác", "#F74F4F"),
}
_CURRENCIES: Final = {"VND": 1, "USD": 25_000}
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """Answers for the people of an account.

    `now` is by the vendor's clock, `true_now` by the world's.
    """

    people: Sequence[Row]
    figures: Figures
    shapes: Shapes
    now: datetime
    true_now: datetime

    def summary(self, given: Given) -> dict[str, object]:
        """Return the day's totals."""
        start, end = self._day(given)
        distance = self._distance(self.people, start, end)
        money = cost(distance)
        travel = sum(
            (self.figures.travel(row.vehicle_id, start, end) for row in self.people),
            timedelta(),
        )
        active = sum(self.true_now - row.latest.time <= _ACTIVE for row in self.people)
        return {
            "date": milliseconds(start),
            "activeEmployees": {"active": active, "total": len(self.people)},
            "totalDistance": kilometres(distance),
            "totalTravelTime": duration(travel),
            "totalFuelCost": {
                "value": money,
                "currency": "VND",
                "formatted": f"{money:,} VND",
            },
            "generatedAt": milliseconds(self.now),
        }

    def users(self, given: Given) -> dict[str, object]:
        """Return a page of the day's figures of each person."""
        start, end = self._day(given)
        word = given.one_of("status", "all", *_STATUSES)
        page = given.page()
        size = given.page_size(default=20, most=_MOST_ROWS)
        wanted = [
            row
            for row in self.people
            if word == "all" or row.latest.status(self.true_now) == _STATUSES[word]
        ]
        return {
            "date": milliseconds(start),
            "summary": self._statuses(),
            "users": [self._user(row, start, end) for row in paged(wanted, page, size)],
            "pagination": pagination(len(wanted), page, size),
        }

    def _statuses(self) -> dict[str, object]:
        codes = [row.latest.status(self.true_now) for row in self.people]
        return {
            "total": len(codes),
            "moving": codes.count(1),
            "stopped": codes.count(2),
            "signalLost": codes.count(0),
        }

    def _user(self, row: Row, start: datetime, end: datetime) -> dict[str, object]:
        return self.shapes.day_of(
            row,
            self.true_now,
            self.figures.distance(row.vehicle_id, start, end),
            self.figures.travel(row.vehicle_id, start, end),
        )

    def heatmap(self, given: Given) -> dict[str, object]:
        """Return the kilometres, or the points, of every hour."""
        today = period_start(self.now, Period.DAY)
        start, end = _window(given, today - (_HEATMAP_DAYS - 1) * DAY, self.now)
        metric = given.one_of("metric", "distance", "points")
        people = self._people(given)
        cells = [
            self._cell(people, day, hour, (start, end), metric)
            for day, _ in periods(start, end, Period.DAY)
            for hour in range(24)
        ]
        values = [value for value, _ in cells]
        return {
            "from": milliseconds(start),
            "to": milliseconds(end),
            "metric": metric,
            "cells": [cell for _, cell in cells],
            "maxValue": max(values, default=0.0),
            "minValue": min(values, default=0.0),
            "totalCells": len(cells),
        }

    def _cell(
        self,
        people: Sequence[Row],
        day: datetime,
        hour: int,
        window: tuple[datetime, datetime],
        metric: str,
    ) -> tuple[float, dict[str, object]]:
        low = max(day + hour * HOUR, window[0])
        high = min(day + (hour + 1) * HOUR, window[1], self.now)
        if metric == "distance":
            value = round(self._distance(people, low, high), 1)
            label = f"{value:g} km"
        else:
            share = max(timedelta(), high - low) / HOUR
            drivers = sum(row.vehicle_id is not None for row in people)
            value = round(share * _POINTS_AN_HOUR * drivers)
            label = f"{value} points"
        return value, {
            "dayOfWeek": _WEEKDAYS[day.weekday()],
            "date": milliseconds(day),
            "hour": hour,
            "value": value,
            "label": label,
        }

    def fuel(self, given: Given) -> dict[str, object]:
        """Return kilometres and the fuel reckoned for them, period by period."""
        period = Period(given.one_of("groupBy", "week", "day", "month"))
        current = period_start(self.now, period)
        start, end = _window(given, current, _last(current, period))
        people = self._people(given)
        series = []
        for low, high in periods(start, min(end, self.now), period):
            distance = self._distance(people, max(low, start), min(high, end))
            name, label = _period_names(low, period)
            series.append(
                {
                    "period": name,
                    "label": label,
                    "distanceKm": round(distance, 1),
                    "fuelLiters": litres(distance),
                    "efficiencyKmPerL": efficiency(distance),
                }
            )
        total = self._distance(people, start, end)
        return {
            "from": milliseconds(start),
            "to": milliseconds(end),
            "groupBy": period,
            # What is reckoned from the distance never gets better or worse.
            "fuelEfficiency": {
                "value": efficiency(total),
                "unit": "km/L",
                "trend": "stable",
            },
            "series": series,
            "totals": {
                "totalDistanceKm": round(total, 1),
                "totalFuelLiters": litres(total),
                "avgEfficiencyKmPerL": efficiency(total),
            },
        }

    def costs(self, given: Given) -> dict[str, object]:
        """Return what the fleet costs in every month."""
        year = period_start(self.now, Period.DAY).replace(month=1, day=1)
        next_year = year.replace(year=year.year + 1)
        start, end = _window(given, year, next_year - timedelta(milliseconds=1))
        currency = given.one_of("currency", *_CURRENCIES)
        rate = _CURRENCIES[currency]
        months: list[dict[str, object]] = []
        totals = dict.fromkeys((*_CATEGORIES, "grandTotal"), 0)
        for low, high in periods(start, min(end, self.now), Period.MONTH):
            fuel = cost(self._distance(self.people, max(low, start), min(high, end)))
            amounts = {
                name: round(amount / rate)
                for name, amount in self._amounts(fuel, low.month).items()
            }
            months.append(
                {
                    "month": low.month,
                    "label": _MONTHS[low.month - 1],
                    "costs": {**amounts, "total": sum(amounts.values())},
                }
            )
            for name, amount in amounts.items():
                totals[name] += amount
            totals["grandTotal"] += sum(amounts.values())
        return {
            "from": milliseconds(start),
            "to": milliseconds(end),
            "currency": currency,
            "months": months,
            "totals": totals,
            "categories": [
                {"key": key, "label": label, "color": color}
                for key, (label, color) in _CATEGORIES.items()
            ],
        }

    def _amounts(self, fuel: int, month: int) -> Mapping[str, int]:
        """Return a month's costs in VND; every third month is one of services."""
        vehicles = sum(row.vehicle_id is not None for row in self.people)
        return {
            "fuel": fuel,
            "maintenance": vehicles * (1_750_000 if month % 3 == 0 else 400_000),
            "insurance": vehicles * 750_000,
            "other": vehicles * (150_000 + 10_000 * month),
        }

    def everything(self, given: Given) -> dict[str, object]:
        """Return the whole dashboard of a day."""
        start, end = self._day(given)
        nothing = Given({})
        top = sorted(
            self.people,
            key=lambda row: self.figures.distance(row.vehicle_id, start, end),
            reverse=True,
        )
        return {
            "summary": self.summary(given),
            "users": {
                "summary": self._statuses(),
                "topUsers": [self._user(row, start, end) for row in top[:5]],
            },
            "heatmap": self.heatmap(nothing),
            "fuelTracking": self.fuel(nothing),
            "monthlyCosts": self.costs(nothing),
        }

    def _people(self, given: Given) -> list[Row]:
        user = given.text("userId")
        return [row for row in self.people if user in (None, row.ids.user)]

    def _distance(self, people: Sequence[Row], start: datetime, end: datetime) -> float:
        return sum(self.figures.distance(row.vehicle_id, start, end) for row in people)

    def _day(self, given: Given) -> tuple[datetime, datetime]:
        start = period_start(given.optional("date", moment, self.now), Period.DAY)
        return start, start + DAY


def _window(
    given: Given, default_from: datetime, default_to: datetime
) -> tuple[datetime, datetime]:
    start = given.optional("from", moment, default_from)
    end = given.optional("to", moment, default_to)
    if end < start:
        raise bad_request("from is after to")
    return start, end


def _last(start: datetime, period: Period) -> datetime:
    """Return the last millisecond of a period."""
    return period_end(start, period) - timedelta(milliseconds=1)


def _period_names(start: datetime, period: Period) -> tuple[str, str]:
    """Return what a period is called, for a program and for a person."""
    local = start.astimezone(ZONE)
    match period:
        case Period.WEEK:
            year, week, _ = local.isocalendar()
            return f"{year}-W{week:02}", f"T{local.month}/W{week}"
        case Period.MONTH:
            return f"{local:%Y-%m}", f"T{local.month}"
    return f"{local:%Y-%m-%d}", f"{local:%d/%m}"
