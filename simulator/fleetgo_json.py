"""The shapes in which FleetGO tells of vehicles, their track and their trips.

From the vendor's document and the shapes that working clients read. Some
vehicles are told of with gaps: which ones follows from their id.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

from custom_components.fleet_telematics.providers.demo.polyline import encoded
from custom_components.fleet_telematics.providers.demo.records import (
    Address,
    Driver,
    TripRecord,
    VehicleSpec,
    VehicleState,
)

LARGE_IDS: Final = 2**33
SERVICE_INTERVAL: Final = 15_000.0
_NOBODY: Final = -1
_SIGNALS: Final = (
    "Latitude",
    "Longitude",
    "Altitude",
    "Angle",
    "Speed",
    "EngineRunning",
    "PrivateMode",
)


def vendor_id(vehicle_id: int) -> int:
    """Return FleetGO's id of a vehicle; every other one needs more than 32 bits."""
    return vehicle_id + LARGE_IDS if vehicle_id % 2 else vehicle_id


def group_id(name: str) -> int:
    """Return the id of a group of vehicles."""
    return crc32(name.encode()) % 90_000 + 10_000


def hides_private(vehicle_id: int) -> bool:
    """Say whether the vendor leaves out where a vehicle is in private mode."""
    return vehicle_id % 4 >= 2


class Shapes:
    """Writes JSON in one company's time zone, by the vendor's clock."""

    def __init__(self, zone: ZoneInfo, skew: timedelta) -> None:
        """Write local times in `zone`, every time `skew` off."""
        self._zone = zone
        self._skew = skew

    def equipment(
        self, spec: VehicleSpec, state: VehicleState, now: datetime, *, has_device: bool
    ) -> dict[str, object]:
        """Return an element of GetFleet, GetEquipments or GetEquipment."""
        hidden = state.private and hides_private(spec.vehicle_id)
        return {
            "Id": vendor_id(spec.vehicle_id),
            "EquipmentHeader": {
                "Make": spec.make,
                "Model": spec.model,
                "EquipmentID": vendor_id(spec.vehicle_id),
                "SerialNumber": spec.plate,
                "InitialMileage": 0,
                "YearOfManufacture": spec.year,
                "VehicleNumber": str(spec.vehicle_id),
                "HasDevice": has_device,
                "HasTachograph": False,
            },
            "Location": None if hidden else self._location(state),
            "Angle": round(state.heading) % 360,
            "EngineRunning": state.engine_on,
            "IsStationary": state.speed == 0,
            "PrivateMode": state.private,
            "HidePrivate": hides_private(spec.vehicle_id),
            "Speed": round(state.speed),
            "Odometer": round(state.odometer, 1),
            **_driver(spec.driver),
            "WorkingStatus": None,
            "DriverStatus": None,
            "CoDriverId": _NOBODY,
            "Latency": round((now - state.time).total_seconds()),
            "LastRide": None,
            "Address": None if hidden else _address(spec.vehicle_id, state.address),
            "Group": {
                "Id": group_id(spec.group),
                "Code": spec.group[:3].upper(),
                "Name": spec.group,
                "Color": f"#{crc32(spec.group.encode()) & 0xFFFFFF:06x}",
            },
            "UpdateInterval": 60,
            "DateExpired": None,
            "ServiceDistanceInKilometers": round(
                SERVICE_INTERVAL - state.odometer % SERVICE_INTERVAL
            ),
            "FuelLevelPercentage": _fuel_level(state),
            "ActiveLampsAndWarnings": "",
            "ActiveDtcs": None,
            **_engine_data(state),
        }

    def _location(self, state: VehicleState) -> dict[str, object]:
        return {
            "Latitude": round(state.latitude, 6),
            "Longitude": round(state.longitude, 6),
            "Altitude": round(state.altitude, 1),
            "DateTime": self._with_offset(state.time, state.vehicle_id),
            "Remarks": None,
            "Reason": None,
            "Radius": 0,
        }

    def _with_offset(self, moment: datetime, vehicle_id: int) -> str:
        """Return a local time with its offset, .NET's 7 digits for most vehicles."""
        local = (moment + self._skew).astimezone(self._zone)
        if vehicle_id % 3 == 2:
            return local.isoformat(timespec="seconds")
        text = local.isoformat(timespec="microseconds")
        return f"{text[:26]}0{text[26:]}"

    def avl(self, spec: VehicleSpec, state: VehicleState) -> dict[str, object]:
        """Return a row of GetAvlData, the document's AvlDto."""
        hidden = state.private and hides_private(spec.vehicle_id)
        moment = state.time + self._skew
        return {
            "Timestamp": _naive(moment.astimezone(UTC)),
            "LocalTime": _naive(moment.astimezone(self._zone)),
            "Latitude": 0.0 if hidden else round(state.latitude, 6),
            "Longitude": 0.0 if hidden else round(state.longitude, 6),
            "Altitude": round(state.altitude, 1),
            "Angle": round(state.heading) % 360,
            "Satellites": state.satellites,
            "Speed": round(state.speed),
            "EngineRunning": state.engine_on,
            "PrivateMode": state.private,
            "EventId": 0,
            "EquipmentId": vendor_id(spec.vehicle_id),
            "TripId": state.trip_id,
            "DriverId": spec.driver.id,
            "IOValues": {},
            "Latency": 0,
            "HighResolutionTotalVehicleDistance": round(state.odometer, 3),
            "VehicleDistanceSource": {},
            "HighResolutionFuelConsumption": round(state.fuel_consumed, 3),
            "FuelConsumptionSource": {},
        }

    def message(
        self, message_id: int, spec: VehicleSpec, state: VehicleState
    ) -> dict[str, object]:
        """Return a message of the event stream: what changed, as named signals."""
        row = self.avl(spec, state)
        return {
            "MessageId": message_id,
            "EquipmentId": row["EquipmentId"],
            "DriverId": row["DriverId"],
            "Timestamp": row["Timestamp"],
            "Signals": [{"Name": name, "Value": row[name]} for name in _SIGNALS],
        }

    def trip(
        self,
        spec: VehicleSpec,
        trip: TripRecord,
        track: Sequence[VehicleState],
        *,
        parked: tuple[timedelta | None, timedelta | None],
        extended: bool,
        flat: bool,
    ) -> dict[str, object]:
        """Return a RideDTO with nested ends, or the document's `flat` one.

        That has neither times nor numbers. `parked` is how long the vehicle stood
        before and after it.
        """
        hidden = trip.private and hides_private(spec.vehicle_id)
        ends: dict[str, object] = {}
        for name, state, stood in zip(
            ("From", "To"), (trip.start, trip.end), parked, strict=True
        ):
            ends[name] = (
                _flat_end(state, hidden=hidden)
                if flat
                else {
                    "Odometer": round(state.odometer, 1),
                    "Description": "",
                    "Location": None
                    if hidden
                    else {
                        "Latitude": round(state.latitude, 6),
                        "Longitude": round(state.longitude, 6),
                        "Altitude": round(state.altitude, 1),
                    },
                    "MinutesAtLocation": None
                    if stood is None
                    else round(stood.total_seconds() / 60),
                    "DateTime": self._with_offset(state.time, spec.vehicle_id),
                    "Address": None
                    if hidden
                    else _address(spec.vehicle_id, state.address),
                }
            )
        numbers: dict[str, object] = {
            "Id": trip.trip_id,
            "RideNumber": trip.trip_id,
            "EquipmentId": vendor_id(spec.vehicle_id),
        }
        return {
            **({} if flat else numbers),
            **ends,
            "Distance": round(trip.distance, 3),
            "StationaryTimeInHours": round(_standing_hours(track), 3),
            "DriverName": f"{spec.driver.first_name} {spec.driver.last_name}",
            "DriverId": spec.driver.id,
            "LicensePlate": spec.plate,
            "FuelUsedInLiters": round(trip.fuel_used, 3),
            "RideType": "Private" if trip.private else "Business",
            **(_track(track, hidden=hidden) if extended else {}),
            "RouteDescription": ""
            if hidden
            else f"{trip.start.address.street} - {trip.end.address.street}",
            "RoutePlannerDistance": round(trip.distance, 1),
            "Events": [],
            "Purpose": "",
            "Reason": "",
            "Remarks": "",
            "IsCorrection": False,
            "CustomField": "",
        }


def _driver(driver: Driver) -> dict[str, object]:
    return {
        "DriverId": driver.id,
        "DriverNumber": str(driver.id),
        "DriverName": f"{driver.first_name} {driver.last_name}",
    }


def _address(vehicle_id: int, address: Address) -> dict[str, object] | None:
    if vehicle_id % 5 == 2:
        return None
    return {
        "Country": address.country,
        "Address": address.street,
        "City": address.city,
        "PostalCode": None if vehicle_id % 5 == 4 else address.postal_code,
    }


def _engine_data(state: VehicleState) -> dict[str, object]:
    """Return what the document says depends on the hardware of a vehicle."""
    if state.vehicle_id % 3 == 1:
        return {}
    return {
        "EngineCoolantTemperature": round(state.coolant_temperature),
        "PowerVoltage": round(state.supply_voltage, 1),
    }


def _fuel_level(state: VehicleState) -> float | None:
    """Return the level in percent; some cars do not tell, in one way or another."""
    match state.vehicle_id % 6:
        case 4:
            return -1.0
        case 5:
            return None
        case _:
            return round(state.fuel_level, 1)


def _flat_end(state: VehicleState, *, hidden: bool) -> dict[str, object]:
    address = state.address
    return {
        "Latitude": 0.0 if hidden else round(state.latitude, 6),
        "Longitude": 0.0 if hidden else round(state.longitude, 6),
        "Address": ""
        if hidden
        else f"{address.street}, {address.postal_code} {address.city}, {address.country}",
    }


def _naive(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _standing_hours(track: Sequence[VehicleState]) -> float:
    """Return the hours in which a vehicle stood during a trip."""
    steps = pairwise(track)
    standing = (end.time - start.time for start, end in steps if start.speed == 0)
    return sum(standing, timedelta()).total_seconds() / 3600


def _track(track: Sequence[VehicleState], *, hidden: bool) -> dict[str, object]:
    if hidden or not track:
        return {"EncodedTrack": "", "EncodedSpeed": "", "EncodedTime": ""}
    start = track[0].time
    return {
        "EncodedTrack": encoded((state.latitude, state.longitude) for state in track),
        "EncodedSpeed": encoded(((state.speed,) for state in track), precision=0),
        "EncodedTime": encoded(
            (((state.time - start).total_seconds(),) for state in track), precision=0
        ),
    }
