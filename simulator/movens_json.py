"""The shape in which Movens tells of a vehicle.

Some vehicles are told of with gaps: which ones follows from their id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from custom_components.fleet_telematics.providers.demo.records import (
    TripRecord,
    VehicleSpec,
    VehicleState,
)

from .movens_categories import category_of, guid, utc

NEVER: Final = "0001-01-01T00:00:00"
NONE_YET: Final = "2001-01-01T00:00:00Z"
_LOW: Final = 15.0
_WEAK: Final = 30.0

type Told = dict[str, object]


def is_electric(vehicle_id: int) -> bool:
    """Say whether a vehicle is told of as an electric one."""
    return vehicle_id % 5 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A vehicle as the vendor sees it; `running_since` is of an unfinished trip."""

    spec: VehicleSpec
    state: VehicleState
    last_trip: TripRecord | None
    running_since: datetime | None
    labels: str
    position: bool
    reserved: bool
    in_maintenance: bool
    damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Writes JSON by the vendor's clock."""

    skew: timedelta

    def _time(self, moment: datetime) -> str:
        return utc(moment + self.skew)

    def listed(self, seen: Seen) -> Told:
        """Return an element of list-vehicles."""
        number = seen.spec.vehicle_id
        return {
            **self._vehicle(seen),
            "Devices": [
                {
                    "ID": number + 1,
                    "SerialNumber": f"DEV{number}",
                    "LastDeviceSync": self._time(seen.state.time),
                }
            ],
        }

    def descendant(self, seen: Seen) -> Told:
        """Return an element of list-descendants-vehicles."""
        return {
            **self._vehicle(seen),
            "Devices": None,
            "NominalGarage": seen.spec.group,
            "NominalGarageID": len(seen.spec.group),
            "RecoveringGarage": None,
            "RecoveringGarageID": None,
        }

    def _vehicle(self, seen: Seen) -> Told:
        spec, state = seen.spec, seen.state
        number = spec.vehicle_id
        electric = is_electric(number)
        level = round(state.fuel_level, 3)
        signal = round(state.signal_strength)
        return {
            "ID": number,
            "LicensePlate": spec.plate,
            "VIN": spec.vin,
            "Sticker": None if number % 2 else f"S-{number % 1000}",
            "LastSetOperativeBy": None,
            "IsOperative": state.online and not seen.in_maintenance,
            "AdminOperativeStatus": not seen.in_maintenance,
            "SystemOperativeStatus": state.online,
            "SystemOperativeReason": None if state.online else "LostContact",
            "OverriddenSystemOperativeStatus": False,
            "ForcedOperativeBy": None,
            "Notes": None,
            "CategoryLabels": seen.labels,
            "CategoryID": category_of(number),
            "CategoryTree": None,
            "Latitude": round(state.latitude, 6) if seen.position else None,
            "Longitude": round(state.longitude, 6) if seen.position else None,
            "LastPositionUpdate": self._position_time(seen),
            "Groups": [guid(f"group/{spec.group}")],
            "CurrentTripGuid": None
            if state.trip_id is None
            else guid(f"trip/{state.trip_id}"),
            "DeviceID": number + 1,
            "LastDeviceSync": self._time(state.time),
            "LastNetworkSignalStrengthPct": signal,
            "EngineType": 2 if electric else 0,
            "FuelTankCapacity": None
            if electric or number % 5 == 3
            else round(spec.tank_capacity),
            "FuelLevelPct": None if electric else level,
            "EVBLevelPct": level if electric else None,
            "OdometerKm": int(state.odometer),
            "LastOdometerReading": NONE_YET
            if number % 5 == 2
            else self._time(state.time),
            "IsDamaged": seen.damaged,
            "Status": self._status(seen),
            "InternalCleaningStatus": None if number % 3 == 0 else number % 4,
            "ExternalCleaningStatus": None if number % 3 == 0 else number % 3,
            "IgnitionVoltageLevel": None if number % 2 else int(state.engine_on),
        }

    def _position_time(self, seen: Seen) -> str:
        return self._time(seen.state.time) if seen.position else NONE_YET

    def _status(self, seen: Seen) -> Told:
        state, number = seen.state, seen.spec.vehicle_id
        electric = is_electric(number)
        low = state.fuel_level < _LOW
        on_trip = state.trip_id is not None
        return {
            **self._reservation(seen),
            "LastDeviceSync": self._time(state.time),
            **self._maintenance(seen),
            **self._trips(seen),
            "LastPositionUpdate": self._position_time(seen),
            "FuelLevelPct": None if electric else round(state.fuel_level, 3),
            "ServiceBattery": round(state.supply_voltage, 3),
            "LastNetworkSignalStrengthPct": round(state.signal_strength),
            "AdminOperativeStatus": not seen.in_maintenance,
            "SystemOperativeStatus": state.online,
            "IsLowFuel": low and not electric,
            "IsLowEVB": low and electric,
            "IsLostContact": not state.online,
            "IsPositionLost": not seen.position,
            "IsReserved": seen.reserved,
            "IsOnTrip": on_trip,
            "IsOnTripAndMoving": on_trip and state.speed > 0,
            "IsWithoutTripsForLong": not on_trip and seen.last_trip is None,
            "IsInMaintenance": seen.in_maintenance,
            "IsInternetWeak": state.signal_strength < _WEAK,
        }

    def _reservation(self, seen: Seen) -> Told:
        if not seen.reserved:
            return {
                "CurrentReservationEnd": None if seen.spec.vehicle_id % 2 else NEVER,
                "CurrentReservationMaxStart": NONE_YET,
                "CurrentReservationMinStart": NONE_YET,
            }
        last = seen.last_trip
        start = seen.state.time if last is None else last.end.time
        return {
            "CurrentReservationEnd": self._time(start + timedelta(hours=4)),
            "CurrentReservationMaxStart": self._time(start + timedelta(minutes=30)),
            "CurrentReservationMinStart": self._time(start),
        }

    def _maintenance(self, seen: Seen) -> Told:
        number = seen.spec.vehicle_id
        # Every vehicle was in the workshop on a day of its own.
        day = f"2026-{number % 6 + 1:02}-{number % 28 + 1:02}"
        return {
            "LastMaintenanceEnd": NONE_YET
            if seen.in_maintenance
            else f"{day}T15:00:00Z",
            "LastMaintenanceStart": f"{day}T08:00:00Z",
        }

    def _trips(self, seen: Seen) -> Told:
        last, since = seen.last_trip, seen.running_since
        ended = NONE_YET if last is None else self._time(last.end.time)
        started = NONE_YET if last is None else self._time(last.start.time)
        if since is None:
            return {
                "LastMotion": ended,
                "LastTripEnd": ended,
                "LastTripStart": started,
            }
        return {
            "LastMotion": self._time(seen.state.time),
            "LastTripEnd": ended,
            "LastTripStart": self._time(since),
        }
