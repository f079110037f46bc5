"""A small Fleetwork: its lists, pages and refusals in the document's shapes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
import json
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.transport import RequestQueue

KEY = "0123-key-of-the-test"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
# A day of the document's, which begins in UTC the day before.
DAY_MS = 1712682000000

type Json = dict[str, Any]


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        """Start at NOW."""
        self.time = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time


def tracked_row(number: int, *, age: int = 0, **changes: object) -> Json:
    """Return a row of tracked users, reported `age` seconds before NOW."""
    ids = {
        "userId": f"user-{number}",
        "deviceId": f"device-{number}",
        "vehicleId": f"vehicle-{number}",
    }
    return {
        **ids,
        "statusCode": 1,
        "status": "moving",
        "lastLocation": {
            "lat": 21.0285,
            "lng": 105.8542,
            "time": NOW_MS - age * 1000,
            "speed": 45.2,
            "heading": 90,
            **ids,
            "data": None,
            "metadata": json.dumps({"name": f"Truck {number}"}),
        },
        **changes,
    }


def waypoint(**changes: object) -> Json:
    """Return a WaypointMSG of vehicle 1."""
    return {
        "lat": 21.05,
        "lng": 105.9,
        "time": NOW_MS,
        "speed": 0.0,
        "heading": 180,
        "userId": "user-1",
        "vehicleId": "vehicle-1",
        "deviceId": "device-1",
        "data": None,
        "metadata": {"name": "Truck 1"},
        **changes,
    }


def today_row(number: int, *, distance: float = 165.0) -> Json:
    """Return a row of the dashboard's users."""
    return {
        "userId": f"user-{number}",
        "distance": {"value": distance, "unit": "km"},
        "travelTime": {"totalSeconds": 30600, "formatted": "8h 30m"},
        "fuel": {
            "consumedLiters": 11.6,
            "costVnd": 266000,
            "costFormatted": "266,000 VND",
            "efficiencyKmPerL": 14.2,
        },
        "statusCode": 1,
        "status": "moving",
        "lastSeenAt": NOW_MS,
    }


def summary(*, people: str = "activeEmployees") -> Json:
    """Return the dashboard's key figures."""
    return {
        "date": NOW_MS,
        people: {"active": 4, "total": 25},
        "totalDistance": {"value": 936.9, "unit": "km"},
        "totalTravelTime": {"totalSeconds": 111000, "formatted": "30 giờ 50 phút"},
        "totalFuelCost": {
            "value": 900000,
            "currency": "VND",
            "formatted": "900,000 VND",
        },
        "generatedAt": NOW_MS,
    }


def fuel_tracking() -> Json:
    """Return the dashboard's fuel chart."""
    return {
        "groupBy": "week",
        "fuelEfficiency": {"value": 16.8, "unit": "km/L", "trend": "improving"},
        "series": [],
        "totals": {"totalDistanceKm": 18420.0, "avgEfficiencyKmPerL": 16.1},
    }


def monthly_costs(months: Iterable[int] = range(1, 13)) -> Json:
    """Return the dashboard's costs, a million times the month for the fuel."""
    return {
        "currency": "VND",
        "months": [
            {
                "month": month,
                "label": str(month),
                "costs": {
                    "fuel": month * 1_000_000,
                    "maintenance": 7_000_000,
                    "insurance": 3_000_000,
                    "other": 1_000_000,
                    "total": 11_000_000 + month * 1_000_000,
                },
            }
            for month in months
        ],
        "totals": {"grandTotal": 58_400_000},
    }


def trip_day(number: int, *, day: int = 0) -> Json:
    """Return a row of the report on trips, some days after the document's."""
    date = DAY_MS + day * 86_400_000
    return {
        "date": date,
        "userId": f"user-{number}",
        "name": f"Nguyễn Văn {number}",
        "startTime": date + 52_200_000,
        "endTime": date + 89_100_000,
        "distanceKm": 156.8,
        "travelTime": {"totalSeconds": 30600, "formatted": "8 giờ 30 phút"},
        "stopTime": {"totalSeconds": 6300, "formatted": "1 giờ 45 phút"},
        "maxSpeedKmh": 95.0,
        "minSpeedKmh": 15.0,
        "startLocation": {
            "lat": 21.0285,
            "lng": 105.8542,
            "address": "Hà Nội, Hoàn Kiếm",
        },
        "endLocation": {"lat": 21.035, "lng": 105.8, "address": "Hà Nội, Cầu Giấy"},
    }


def fuel_day(number: int, *, day: int = 0) -> Json:
    """Return a row of the report on fuel for the same day."""
    trip = trip_day(number, day=day)
    same = ("date", "userId", "name", "startTime", "endTime", "distanceKm")
    return {
        **{key: trip[key] for key in same},
        "fuelStandardLiters": 11.0,
        "fuelPricePerLiterVnd": 23000,
        "totalCostVnd": 253000,
        "totalCostFormatted": "253.000 VNĐ",
    }


@dataclass(slots=True, kw_only=True)
class Asked:
    """A request that arrived: its method, its path below the base, what it asked."""

    method: str
    path: str
    params: dict[str, Any]
    headers: dict[str, str]


@dataclass(slots=True)
class Vendor:
    """The account's data, how the server behaves, and what it was asked."""

    rows: list[Json] = field(default_factory=list)
    today: list[Json] = field(default_factory=list)
    latest: dict[str, Json] = field(default_factory=dict)
    views: dict[str, Json] = field(
        default_factory=lambda: {
            "summary": summary(),
            "fuel-tracking": fuel_tracking(),
            "monthly-costs": monthly_costs(),
        }
    )
    composite: bool = True
    # By path: what a report calls its rows, and the rows.
    reports: dict[str, tuple[str, list[Json]]] = field(default_factory=dict)
    # By which clock the reports are made.
    generated: datetime = NOW
    # By path, or method and path: a status and a body that answer instead.
    faults: dict[str, tuple[int, object]] = field(default_factory=dict)
    post_only: set[str] = field(default_factory=set)
    post_refusal: int = 405
    largest_page: int | None = None
    distort: Callable[[Json], Json] = lambda answer: answer
    asked: list[Asked] = field(default_factory=list)

    def requests(self, path: str = "") -> list[Asked]:
        """Return the requests to a path, or all of them, and forget every one."""
        found = [one for one in self.asked if path in ("", one.path)]
        self.asked.clear()
        return found

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as the vendor would."""
        path = request.path.removeprefix("/api/v1")
        body = await request.json() if request.method == "POST" else {}
        if isinstance(body, list):
            body = {"points": body}
        params = {**request.query, **body}
        self.asked.append(
            Asked(
                method=request.method,
                path=path,
                params=params,
                headers=dict(request.headers),
            )
        )
        fault = self.faults.get(path) or self.faults.get(f"{request.method} {path}")
        if fault is not None:
            status, answer = fault
            if isinstance(answer, str):
                return web.Response(status=status, text=answer)
            return web.json_response(answer, status=status)
        if request.headers.get("X-API-Key") != KEY:
            return _refusal(401, "UNAUTHORIZED")
        if (request.method == "POST") != (path in self.post_only):
            return _refusal(self.post_refusal, "METHOD_NOT_ALLOWED")
        answer = self._answer(path, params)
        if answer is None:
            return _refusal(404, "NOT_FOUND")
        return web.json_response(self.distort(answer))

    def _answer(self, path: str, params: Json) -> Json | None:
        if path == "/gps-tracking/users":
            return self._tracked(params)
        if path.startswith("/gps-tracking/latest/"):
            key = path.removeprefix("/gps-tracking/latest/")
            return self.latest.get(key, {} if key.startswith("devices/") else None)
        if path in self.reports:
            return self._report(path, params)
        if path == "/dashboard/gps-manager/users":
            return self._today(params)
        if path == "/dashboard/gps-manager":
            return self._everything() if self.composite else None
        return self.views.get(path.removeprefix("/dashboard/gps-manager/"))

    def _tracked(self, params: Json) -> Json:
        since = int(params.get("UpdatedFrom", 0))
        rows = [
            row
            for row in self.rows
            if not since or (row["lastLocation"] or {}).get("time", 0) >= since
        ]
        page = int(params.get("PageNumber", 1))
        size = self._size(int(params.get("PageSize", 20)))
        return {
            "users": rows[(page - 1) * size : page * size],
            "totalCount": len(rows),
            "page": page,
            "pageSize": size,
            "totalPages": -(-len(rows) // size),
        }

    def _today(self, params: Json) -> Json:
        page = int(params.get("page", 1))
        size = min(100, self._size(int(params.get("pageSize", 20))))
        return {
            "date": NOW_MS,
            "summary": {"total": len(self.today)},
            "users": self.today[(page - 1) * size : page * size],
            "pagination": {
                "page": page,
                "pageSize": size,
                "totalItems": len(self.today),
                "totalPages": -(-len(self.today) // size),
            },
        }

    def _report(self, path: str, params: Json) -> Json:
        name, rows = self.reports[path]
        page = int(params.get("page", 1))
        size = self._size(int(params.get("pageSize", 20)))
        return {
            "reportType": "x",
            name: rows[(page - 1) * size : page * size],
            "pagination": {
                "page": page,
                "pageSize": size,
                "totalItems": len(rows),
                "totalPages": -(-len(rows) // size),
            },
            "generatedAt": int(self.generated.timestamp() * 1000),
        }

    def _everything(self) -> Json:
        return {
            "summary": self.views.get("summary"),
            "users": {"summary": {"total": 0}, "topUsers": []},
            "heatmap": None,
            "fuelTracking": self.views.get("fuel-tracking"),
            "monthlyCosts": self.views.get("monthly-costs"),
        }

    def _size(self, asked: int) -> int:
        return asked if self.largest_page is None else min(asked, self.largest_page)


def _refusal(status: int, error: str) -> web.Response:
    return web.json_response(
        {"error": error, "message": "...", "code": status}, status=status
    )


def server(vendor: Vendor) -> TestServer:
    """Return a server of this account's data, on a loopback address."""
    app = web.Application()
    app.router.add_route("*", "/api/v1/{path:.*}", vendor.handle)
    return TestServer(app, host="127.0.0.1")


def provider(session: ClientSession, base: str, *, key: str = KEY) -> Fleetwork:
    """Return the provider of an account at a base."""
    return Fleetwork(
        Connection(
            session=session,
            queue=RequestQueue(),
            data={"api_key": key, "url": base},
        )
    )
