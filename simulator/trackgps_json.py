"""The shapes in which TrackGPS tells of vehicles, stops, tracks and fuel.

From the vendor's pages. Times are the company's, without an offset. Some vehicles
are told of with gaps: which ones follows from their id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from custom_components.fleet_telematics.providers.demo.records import (
    Address,
    FuelRecord,
    TripRecord,
    VehicleSpec,
    VehicleState,
)

_SECONDARY: Final = "SecondarySource"
_EVENTS: Final = {"refill": "Fueling", "theft": "PossibleFuelTheft"}


def pascal(answer: object) -> object:
    """Return an answer with its keys in the other case that clients have met."""
    if isinstance(answer, Mapping):
        return {
            f"{key[:1].upper()}{key[1:]}": pascal(value)
            for key, value in answer.items()
        }
    if isinstance(answer, (list, tuple)):
        return [pascal(item) for item in answer]
    return answer


def hides_private(vehicle_id: int) -> bool:
    """Say whether the vendor leaves out where a vehicle is in private mode."""
    return vehicle_id % 2 == 1


class Shapes:
    """Writes JSON in the company's time zone, by the vendor's clock."""

    def __init__(
        self, zone: ZoneInfo, skew: timedelta, date_format: str | None
    ) -> None:
        """Write times in `zone`, `skew` off, as ISO unless a format is given."""
        self._zone = zone
        self._skew = skew
        self._date_format = date_format

    def _local(self, moment: datetime) -> str:
        local = (moment + self._skew).astimezone(self._zone).replace(tzinfo=None)
        if self._date_format is not None:
            return local.strftime(self._date_format)
        return local.isoformat(timespec="milliseconds")

    def vehicle(self, spec: VehicleSpec, state: VehicleState) -> dict[str, object]:
        """Return an element of company-vehicles."""
        hidden = state.private and hides_private(spec.vehicle_id)
        # The vendor has two words for an engine that is off.
        off = 2 if spec.vehicle_id % 3 == 0 else 0
        return {
            "vehicleId": spec.vehicle_id,
            "vehicleUId": str(uuid5(NAMESPACE_URL, spec.vin)),
            "vehicleName": f"{spec.make} {spec.model}",
            "vehicleRegistrationNumber": spec.plate,
            "latitude": None if hidden else round(state.latitude, 6),
            "longitude": None if hidden else round(state.longitude, 6),
            "gpsDate": self._local(state.time),
            "address": None if hidden else _address(state.address),
            "speed": round(state.speed),
            "course": round(state.heading) % 360,
            "engineEvent": 1 if state.engine_on else off,
            "engineRpm": round(state.engine_speed),
            "engineEventDate": None,
            "serverDate": self._local(state.time),
            "isPrivate": state.private,
            "vehicleIdentificationNumber": spec.vin,
            "externalPowerVoltage": round(state.supply_voltage, 2),
            "vehicleManufacturer": spec.make,
            "vehicleModel": spec.model,
            "manufactureYear": spec.year,
        }

    def refills(
        self,
        window: tuple[datetime, datetime],
        before: VehicleState,
        after: VehicleState,
        records: Sequence[FuelRecord],
        *,
        secondary: bool,
    ) -> list[dict[str, object]]:
        """Return the events of a window between its summary rows, in litres."""
        start, end = map(self._local, window)
        rows = [self._sum("FuelStart", start, before, before.fuel_volume)]
        rows += [
            {
                "date": self._local(record.time),
                "event": _EVENTS[record.kind],
                "location": "" if record.private else _address(record.address),
                "estimation": round(record.volume, 2),
                "isPrivate": record.private,
            }
            for record in records
        ]
        sums = {
            "TotalRefill": _volume(records, "refill"),
            "TotalPossibleTheft": _volume(records, "theft"),
            "RemainingFuel": after.fuel_volume,
            "TotalFuelConsumption": after.fuel_consumed - before.fuel_consumed,
        }
        rows += [self._sum(event, end, after, value) for event, value in sums.items()]
        if secondary:
            return [{**row, "event": f"{row['event']}{_SECONDARY}"} for row in rows]
        return rows

    @staticmethod
    def _sum(
        event: str, edge: str, state: VehicleState, value: float
    ) -> dict[str, object]:
        return {
            "date": edge,
            "event": event,
            "location": "" if state.private else _address(state.address),
            "estimation": round(value, 2),
            "isPrivate": state.private,
        }

    def stop(
        self,
        spec: VehicleSpec,
        leg: Sequence[TripRecord],
        track: Sequence[VehicleState],
        until: datetime,
    ) -> dict[str, object]:
        """Return a stop that lasted to `until`, and the drive that led to it."""
        here = leg[-1].end
        hidden = leg[-1].private and hides_private(spec.vehicle_id)
        speeds = [state.speed for state in track if state.speed > 0]
        standing = sum(state.speed == 0 and state.engine_on for state in track)
        return {
            "vehicleId": spec.vehicle_id,
            "startDate": self._local(here.time),
            "endDate": self._local(until),
            "latitude": None if hidden else round(here.latitude, 6),
            "longitude": None if hidden else round(here.longitude, 6),
            "stationaryEngineOnTime": standing * 60,
            "distance": round(sum(trip.distance for trip in leg), 3),
            "maxSpeed": round(max(speeds, default=0)),
            "averageSpeed": round(sum(speeds) / len(speeds)) if speeds else 0,
            "speedCount": len(speeds),
            "indexKm": round(here.odometer, 3),
            "indexHours": round(here.engine_hours, 3),
            "address": None if hidden else _address(here.address),
            "stopDuration": round((until - here.time).total_seconds()),
            "engineOnStops": [],
            "hotSpot": None,
            "functioningTime": round(
                sum(trip.duration.total_seconds() for trip in leg)
            ),
            "isPrivate": leg[-1].private,
            "drivers": [
                {
                    "firstName": spec.driver.first_name,
                    "lastName": spec.driver.last_name,
                }
            ],
            "fuelConsumption": round(sum(trip.fuel_used for trip in leg), 3),
        }

    def way(self, state: VehicleState) -> dict[str, object]:
        """Return a point of a track."""
        hidden = state.private and hides_private(state.vehicle_id)
        return {
            "vehicleId": state.vehicle_id,
            "gpsDate": self._local(state.time),
            "latitude": None if hidden else round(state.latitude, 6),
            "longitude": None if hidden else round(state.longitude, 6),
            "speed": round(state.speed),
            "course": round(state.heading) % 360,
        }

    def consumption(
        self,
        spec: VehicleSpec,
        before: VehicleState,
        after: VehicleState,
        *,
        secondary: bool,
    ) -> dict[str, object]:
        """Return what a vehicle drove and burnt between two moments."""
        distance = after.odometer - before.odometer
        burnt = after.fuel_consumed - before.fuel_consumed
        hours = timedelta(hours=after.engine_hours - before.engine_hours)
        figures = {
            "distance": round(distance, 3),
            "hours": _time_span(hours),
            "consumptionValue": round(burnt, 3),
            "averageConsumption100Km": round(burnt / distance * 100, 2)
            if distance
            else 0,
        }
        return {
            "vehicleName": f"{spec.make} {spec.model}",
            "licensePlate": spec.plate,
            **figures,
            "secondarySource": figures if secondary else None,
        }


def _address(address: Address) -> str:
    return f"{address.street}, {address.city}"


def _volume(records: Sequence[FuelRecord], kind: str) -> float:
    return sum(record.volume for record in records if record.kind == kind)


def _time_span(duration: timedelta) -> str:
    """Return hours:minutes:seconds."""
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
