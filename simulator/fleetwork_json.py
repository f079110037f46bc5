"""The shapes in which Fleetwork answers: points, dashboards and reports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from custom_components.fleet_telematics.providers.demo.records import VehicleState

from .fleetwork_figures import LITRES_PER_100_KM, VND_PER_LITRE, cost, litres
from .fleetwork_rows import Ids, Point, Row

SIGNAL_LOST: Final = "signal_lost"
_RENAMED: Final = {
    "activeEmployees": "activeUsers",
    "employees": "users",
    "totalEmployees": "totalUsers",
    "activeEmployeeCount": "activeUserCount",
    "inactiveEmployeeCount": "inactiveUserCount",
}


def renamed(answer: object) -> object:
    """Return an answer with the names of the vendor's newer version."""
    if isinstance(answer, Mapping):
        return {
            _RENAMED.get(key, key): value.replace("_", "-")
            if key == "reportType"
            else renamed(value)
            for key, value in answer.items()
        }
    if isinstance(answer, list):
        return [renamed(item) for item in answer]
    return answer


def group_id(name: str) -> UUID:
    """Return the id of a group."""
    return uuid5(NAMESPACE_URL, name)


def paged[T](rows: Sequence[T], page: int, size: int) -> list[T]:
    """Return one page."""
    return list(rows[(page - 1) * size : page * size])


def pages(total: int, size: int) -> int:
    """Return how many pages there are."""
    return -(-total // size)


def pagination(total: int, page: int, size: int) -> dict[str, object]:
    """Return what dashboards and reports say of their pages."""
    return {
        "page": page,
        "pageSize": size,
        "totalItems": total,
        "totalPages": pages(total, size),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Writes JSON by the vendor's clock, in the words of one of its versions."""

    skew: timedelta
    metadata_key: str
    standing: str

    def time(self, moment: datetime) -> int:
        """Return a true time as the vendor tells it."""
        return milliseconds(moment + self.skew)

    def status(self, code: int) -> str:
        """Return the word for a status code."""
        return {1: "moving", 2: self.standing}.get(code, SIGNAL_LOST)

    def waypoint(self, point: Point, *, as_text: bool = False) -> dict[str, object]:
        """Return a WaypointMSG, with its metadata as an object or as JSON in a text."""
        metadata: object = point.metadata
        if as_text and metadata is not None:
            metadata = json.dumps(metadata, ensure_ascii=False)
        return {
            "lat": point.latitude,
            "lng": point.longitude,
            "time": self.time(point.time),
            "speed": point.speed,
            "heading": point.heading,
            **_ids(point.ids),
            "data": point.data,
            self.metadata_key: metadata,
        }

    def nowhere(self, ids: Ids) -> dict[str, object]:
        """Return the WaypointMSG of a device that never sent anything."""
        return {
            "lat": 0.0,
            "lng": 0.0,
            "time": 0,
            "speed": 0.0,
            "heading": 0,
            **_ids(ids),
            "data": None,
            self.metadata_key: None,
        }

    def tracked(self, row: Row, now: datetime) -> dict[str, object]:
        """Return a row of tracking's users."""
        code = row.latest.status(now)
        return {
            **_ids(row.ids),
            "statusCode": code,
            "status": self.status(code),
            "lastLocation": self.waypoint(row.latest, as_text=True),
        }

    def recorded(self, point: Point) -> dict[str, object]:
        """Return a row of the history."""
        return {**self.waypoint(point), "statusCode": point.motion}

    def day_of(
        self, row: Row, now: datetime, distance: float, travel: timedelta
    ) -> dict[str, object]:
        """Return a row of the dashboard's users."""
        code = row.latest.status(now)
        money = cost(distance)
        return {
            "userId": row.ids.user,
            "distance": kilometres(distance),
            "travelTime": {
                "totalSeconds": round(travel.total_seconds()),
                "formatted": _hours(travel, "{}h {}m"),
            },
            "fuel": {
                "consumedLiters": litres(distance),
                "costVnd": money,
                "costFormatted": f"{money:,} VND",
                "efficiencyKmPerL": efficiency(distance),
            },
            "statusCode": code,
            "status": self.status(code),
            "lastLocation": {
                "lat": row.latest.latitude,
                "lng": row.latest.longitude,
                "speed": row.latest.speed,
                "time": self.time(row.latest.time),
            },
            "lastSeenAt": self.time(row.latest.time),
        }


def milliseconds(moment: datetime) -> int:
    """Return a time as the vendor writes it."""
    return round(moment.timestamp() * 1000)


def _ids(ids: Ids) -> dict[str, object]:
    return {"userId": ids.user, "vehicleId": ids.vehicle, "deviceId": ids.device}


def kilometres(distance: float) -> dict[str, object]:
    """Return a distance."""
    return {"value": round(distance, 1), "unit": "km"}


def efficiency(distance: float) -> float:
    """Return kilometres per litre; 0 where nothing was driven."""
    return round(100 / LITRES_PER_100_KM, 1) if litres(distance) else 0.0


def duration(time: timedelta) -> dict[str, object]:
    """Return how long something took, as summaries and reports tell it."""
    return {
        "totalSeconds": round(time.total_seconds()),
        "formatted": _hours(time, "{} giờ {} phút"),
    }


def _hours(time: timedelta, form: str) -> str:
    return form.format(*divmod(round(time.total_seconds()) // 60, 60))


def fuel_row(distance: float) -> dict[str, object]:
    """Return a distance, and what the vendor reckons for it."""
    return _fuel(round(distance, 1), litres(distance), cost(distance))


def fuel_totals(distances: Iterable[float]) -> dict[str, object]:
    """Return the sums of the rows of some distances."""
    told = list(distances)
    return _fuel(
        round(sum(round(distance, 1) for distance in told), 1),
        round(sum(map(litres, told)), 1),
        sum(map(cost, told)),
    )


def _fuel(distance: float, fuel: float, money: int) -> dict[str, object]:
    return {
        "distanceKm": distance,
        "fuelStandardLiters": fuel,
        "totalCostVnd": money,
        "totalCostFormatted": f"{money:,} VNĐ".replace(",", "."),
    }


FUEL_CONFIG: Final = {
    "efficiencyLper100km": LITRES_PER_100_KM,
    "pricePerLiterVnd": VND_PER_LITRE,
}


def place(state: VehicleState) -> dict[str, object]:
    """Return where a drive began or ended."""
    return {
        "lat": round(state.latitude, 6),
        "lng": round(state.longitude, 6),
        "address": f"{state.address.city}, {state.address.street}",
    }
