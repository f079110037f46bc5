"""From the simulated world to the common models."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from math import ceil
from typing import Final

from ..models import Coordinates, Place, Position, Status, Trip, TripKind, Vehicle
from .polyline import encoded
from .records import Address, TripRecord, VehicleSpec, VehicleState

# Kilometres from one service to the next.
_SERVICE_EVERY: Final = 30_000


def vehicle(spec: VehicleSpec, state: VehicleState) -> Vehicle:
    """Return a vehicle, with the digits that a tracker would tell.

    In private mode it keeps to itself where it is and how fast it goes.
    """
    private = state.private
    speed = float(round(state.speed))
    return Vehicle(
        id=str(spec.vehicle_id),
        name=spec.plate,
        plate=spec.plate,
        vin=spec.vin,
        make=spec.make,
        model=spec.model,
        group=spec.group,
        location=None if private else _position(state),
        address=None if private else _address(state.address),
        speed=None if private else speed,
        heading=None if private else float(round(state.heading) % 360),
        altitude=None if private else round(state.altitude, 1),
        satellites=state.satellites,
        last_report=state.time,
        status=_status(state, moving=speed > 0),
        odometer=round(state.odometer, 1),
        engine_hours=round(state.engine_hours, 2),
        fuel_level=round(state.fuel_level, 1),
        fuel_volume=round(state.fuel_volume, 1),
        fuel_consumed=round(state.fuel_consumed, 1),
        tank_capacity=spec.tank_capacity,
        supply_voltage=round(state.supply_voltage, 1),
        coolant_temperature=float(round(state.coolant_temperature)),
        engine_speed=float(round(state.engine_speed)),
        signal_strength=float(round(state.signal_strength)),
        driver=state.driver,
        next_service_odometer=float(
            ceil(state.odometer / _SERVICE_EVERY) * _SERVICE_EVERY
        ),
        engine=state.engine_on,
        moving=speed > 0,
        private_mode=private,
        online=state.online,
    )


def last_trip(trip: TripRecord) -> Vehicle:
    """Return what a vehicle's last trip tells of it."""
    return Vehicle(
        id=str(trip.vehicle_id),
        last_trip_distance=round(trip.distance, 2),
        last_trip_duration=trip.duration / timedelta(hours=1),
        last_trip_fuel=round(trip.fuel_used, 2),
        last_trip_start=trip.start.time,
        last_trip_end=trip.end.time,
    )


def trip(record: TripRecord, route: Sequence[VehicleState] = ()) -> Trip:
    """Return a finished trip, with its route where that was asked for.

    In private mode a vehicle keeps to itself where it went.
    """
    private = record.private
    points = [(round(state.latitude, 5), round(state.longitude, 5)) for state in route]
    return Trip(
        id=str(record.trip_id),
        vehicle_id=str(record.vehicle_id),
        start=record.start.time,
        end=record.end.time,
        duration=record.duration,
        distance=round(record.distance, 2),
        fuel_used=round(record.fuel_used, 2),
        driver=record.start.driver,
        kind=TripKind.PRIVATE if private else TripKind.BUSINESS,
        origin=Place() if private else _place(record.start),
        destination=Place() if private else _place(record.end),
        private=private,
        # Where it waits, it need not be shown again.
        polyline=encoded(point for point, _ in groupby(points))
        if points and not private
        else None,
    )


def position(state: VehicleState) -> Position:
    """Return a point of a track; in private mode it does not say where it is."""
    private = state.private
    return Position(
        time=state.time,
        location=None if private else _position(state),
        speed=None if private else float(round(state.speed)),
        heading=None if private else float(round(state.heading) % 360),
        altitude=None if private else round(state.altitude, 1),
        odometer=round(state.odometer, 1),
        engine=state.engine_on,
        private=private,
    )


def _status(state: VehicleState, *, moving: bool) -> Status:
    if state.private:
        return Status.PRIVATE
    if not state.online:
        return Status.OFFLINE
    if moving:
        return Status.MOVING
    return Status.IDLING if state.engine_on else Status.STOPPED


def _place(state: VehicleState) -> Place:
    return Place(location=_position(state), address=_address(state.address))


def _position(state: VehicleState) -> Coordinates:
    return Coordinates(
        latitude=round(state.latitude, 6), longitude=round(state.longitude, 6)
    )


def _address(address: Address) -> str:
    return f"{address.street}, {address.postal_code} {address.city}"
