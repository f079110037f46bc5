"""What every vendor's entities have to show, from the truth of the simulated world.

Per vendor, platform and key: a function of the truth about a vehicle. None is a
value that the vendor does not tell of this vehicle, so that there is no entity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, override
from zoneinfo import ZoneInfo

from homeassistant.const import STATE_OFF, STATE_UNKNOWN

from custom_components.fleet_telematics.providers.demo.world import (
    FuelRecord,
    TripRecord,
    VehicleSpec,
    VehicleState,
    World,
)

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_AT_REST: Final = timedelta(minutes=15)


class _Known:
    """Equals every known value: the figure itself is proved elsewhere."""

    @override
    def __repr__(self) -> str:
        return "known"


KNOWN: Final = _Known()

type Expected = float | bool | str | tuple[str, ...] | datetime | _Known | None


class Source(Protocol):
    """Who tells of a world: a simulated vendor, or the demo."""

    @property
    def world(self) -> World:
        """The world that is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth about one vehicle; `number` is the world's id of it."""

    source: Source
    number: int

    @property
    def state(self) -> VehicleState:
        """What is the case now."""
        return self.source.world.state(self.number)

    def at(self, moment: datetime) -> VehicleState:
        """What was the case then."""
        return self.source.world.state(self.number, moment)

    @property
    def spec(self) -> VehicleSpec:
        """What vehicle it is."""
        return self.source.world.vehicles[self.number]

    @property
    def now(self) -> datetime:
        """The time."""
        return self.source.world.now()

    @property
    def trip(self) -> TripRecord:
        """The last trip that is over."""
        return self.source.world.trips(self.number, self.now - _DAY, self.now)[-1]

    @property
    def refill(self) -> FuelRecord:
        """The last refill."""
        records = self.source.world.fuel_records(
            self.number, self.now - 31 * _DAY, self.now
        )
        return [one for one in records if one.kind == "refill"][-1]

    def of_five(self, *residues: int) -> bool:
        """Whether it is one of those that a simulator tells less or more of."""
        return self.number % 5 in residues


type Row = Callable[[Truth], Expected]
type Rows = Mapping[str, Mapping[str, Row]]


def status(truth: Truth) -> str:
    """Return what a vehicle does."""
    if truth.state.speed > 0:
        return "moving"
    return "idling" if truth.state.engine_on else "stopped"


def _place(truth: Truth) -> tuple[str, ...]:
    return (truth.state.address.street, truth.state.address.city)


def _next_service(truth: Truth, every: float) -> float:
    return (truth.state.odometer // every + 1) * every


def _unknown(truth: Truth) -> str:
    return STATE_UNKNOWN


def _known(truth: Truth) -> _Known:
    return KNOWN


# Trips are over, so that no calendar of them is on.
_TRIPS: Final[Mapping[str, Row]] = {"trips": lambda truth: STATE_OFF}
# The ledger's sums are there from the start.
_FUEL_SO_FAR: Final[Mapping[str, Row]] = {
    "refuelled_total": _known,
    "stolen_total": _known,
}
_LAST_TRIP: Final[Mapping[str, Row]] = {
    "last_trip_distance": lambda truth: truth.trip.distance,
    "last_trip_duration": lambda truth: truth.trip.duration / _HOUR,
    "last_trip_fuel": lambda truth: truth.trip.fuel_used,
    "last_trip_start": lambda truth: truth.trip.start.time,
    "last_trip_end": lambda truth: truth.trip.end.time,
}


def _level(truth: Truth) -> float | None:
    """Return the level in percent, which some of FleetGO's vehicles do not tell."""
    return None if truth.number % 6 in (4, 5) else truth.state.fuel_level


def _derived(level: Row, value: Expected) -> Row:
    """Return what is concluded from levels, of vehicles that have one."""
    return lambda truth: None if level(truth) is None else value


def _concluded(level: Row) -> dict[str, dict[str, Row]]:
    """Return the rows of fuel events that nobody but us tells: none so far."""
    return {
        "sensor": {
            "refuelled_total": _derived(level, 0.0),
            "stolen_total": _derived(level, 0.0),
        },
        "binary_sensor": {"fuel_theft": _derived(level, value=False)},
        "event": {"fuel": _derived(level, STATE_UNKNOWN)},
    }


_FLEETGO: Final[Rows] = {
    "calendar": _TRIPS,
    "device_tracker": {"location": _known},
    "sensor": {
        "status": status,
        "speed": lambda truth: truth.state.speed,
        "heading": lambda truth: truth.state.heading,
        "altitude": lambda truth: truth.state.altitude,
        "satellites": lambda truth: truth.state.satellites,
        "address": lambda truth: None if truth.of_five(2) else _place(truth),
        "last_report": lambda truth: truth.state.time,
        "odometer": lambda truth: truth.state.odometer,
        "fuel_level": lambda truth: (
            None if truth.number % 6 in (4, 5) else truth.state.fuel_level
        ),
        "fuel_consumed": lambda truth: truth.state.fuel_consumed,
        "supply_voltage": lambda truth: (
            None if truth.number % 3 == 1 else truth.state.supply_voltage
        ),
        "coolant_temperature": lambda truth: (
            None if truth.number % 3 == 1 else truth.state.coolant_temperature
        ),
        "driver": lambda truth: truth.spec.driver.name,
        "next_service_odometer": lambda truth: _next_service(truth, 15_000),
        **_LAST_TRIP,
        **_concluded(_level)["sensor"],
    },
    "binary_sensor": {
        "engine": lambda truth: truth.state.engine_on,
        "moving": lambda truth: truth.state.speed > 0,
        "private_mode": lambda truth: False,
        "online": lambda truth: True,
        "malfunction": lambda truth: False,
        **_concluded(_level)["binary_sensor"],
    },
    "number": {"tank_capacity": _derived(_level, STATE_UNKNOWN)},
    "event": _concluded(_level)["event"],
}

_TRACKGPS: Final[Rows] = {
    "calendar": _TRIPS,
    "device_tracker": {"location": _known},
    "sensor": {
        "status": status,
        "speed": lambda truth: truth.state.speed,
        "heading": lambda truth: truth.state.heading,
        "address": _place,
        "last_report": lambda truth: truth.state.time,
        # They are told of the last stop.
        "odometer": lambda truth: truth.trip.end.odometer,
        "engine_hours": lambda truth: truth.trip.end.engine_hours,
        "fuel_volume": lambda truth: truth.state.fuel_volume,
        "supply_voltage": lambda truth: truth.state.supply_voltage,
        "engine_speed": lambda truth: truth.state.engine_speed,
        "driver": lambda truth: truth.spec.driver.name,
        "last_refill": lambda truth: truth.refill.time,
        "last_refill_volume": lambda truth: truth.refill.volume,
        "month_refuelled": _known,
        "month_stolen": _known,
        "month_consumed": lambda truth: (
            truth.state.fuel_consumed - truth.at(truth.now - 31 * _DAY).fuel_consumed
        ),
        **_FUEL_SO_FAR,
        **_LAST_TRIP,
    },
    "binary_sensor": {
        "engine": lambda truth: truth.state.engine_on,
        "moving": lambda truth: truth.state.speed > 0,
        "private_mode": lambda truth: False,
        "online": lambda truth: True,
        "fuel_theft": lambda truth: False,
    },
    "event": {"fuel": _unknown},
}


def _reading(truth: Truth) -> VehicleState:
    """Return when Ocean read a counter: now, or last midnight of some vehicles."""
    if not truth.of_five(4):
        return truth.state
    local = truth.now.astimezone(ZoneInfo(truth.source.world.city.zone))
    return truth.at(local.replace(hour=0, minute=0, second=0, microsecond=0))


def _next_test(truth: Truth) -> datetime | None:
    """Return a vehicle's next day for the official test."""
    if truth.of_five(3):
        return None
    local = truth.now.astimezone(ZoneInfo(truth.source.world.city.zone))
    day = local.replace(
        month=truth.number % 12 + 1,
        day=truth.number % 28 + 1,
        hour=8,
        minute=0,
        second=0,
        microsecond=0,
    )
    return day if day > truth.now else day.replace(year=day.year + 1)


# Every fifth is a machine, whose counter runs in hours.
_OCEAN: Final[Rows] = {
    "calendar": _TRIPS,
    "device_tracker": {"location": _known},
    "sensor": {
        "status": status,
        "speed": lambda truth: truth.state.speed,
        "heading": lambda truth: truth.state.heading,
        "address": _place,
        "last_report": lambda truth: truth.state.time,
        "odometer": lambda truth: (
            None if truth.of_five(2) else _reading(truth).odometer
        ),
        "engine_hours": lambda truth: (
            truth.state.engine_hours if truth.of_five(2) else None
        ),
        "driver": lambda truth: truth.spec.driver.name,
        "co2_emission": lambda truth: 160 + truth.number % 40,
        "next_service": _next_test,
        "next_service_odometer": lambda truth: (
            None if truth.of_five(2, 3) else _next_service(truth, 30_000)
        ),
        # Day sheets tell no fuel.
        **{key: row for key, row in _LAST_TRIP.items() if key != "last_trip_fuel"},
    },
    "binary_sensor": {
        "engine": lambda truth: truth.state.engine_on,
        "moving": lambda truth: truth.state.speed > 0,
        "private_mode": lambda truth: False,
        "online": lambda truth: True,
        "malfunction": lambda truth: False,
        "gps_fix": lambda truth: True,
        "immobilised": lambda truth: not truth.state.engine_on,
    },
    # What was there at the first look is old.
    "event": {"vendor_event": _unknown},
}


def driven_today(truth: Truth) -> float:
    """Return the kilometres since midnight in Vietnam, seven hours ahead."""
    return truth.state.odometer - truth.at(_midnight(truth)).odometer


def travelled_today(truth: Truth) -> float:
    """Return the hours under way since that midnight."""
    return truth.state.engine_hours - truth.at(_midnight(truth)).engine_hours


def _midnight(truth: Truth) -> datetime:
    local = truth.now.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def fuel_of(distance: float) -> float:
    """Return the litres that Fleetwork reckons for a distance."""
    return distance * 7 / 100


def cost_of(distance: float) -> float:
    """Return what they cost, in VND."""
    return fuel_of(distance) * 23_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DriversDay:
    """What Fleetwork takes for a trip: all drives of a day in Vietnam."""

    start: datetime
    end: datetime
    hours: float
    distance: float


def last_day(truth: Truth) -> DriversDay | None:
    """Return the last day that is over; None where Fleetwork does not know who drives.

    Today is over once the vehicle has been at rest for a while.
    """
    if not has_user(truth):
        return None
    midnight, now = _midnight(truth), truth.now
    trips = truth.source.world.trips(truth.number, midnight - 2 * _DAY, now)
    at_rest = truth.state.trip_id is None and now - trips[-1].end.time >= _AT_REST
    begin, finish = (
        (midnight, now)
        if at_rest and trips[-1].end.time > midnight
        else (midnight - _DAY, midnight)
    )
    parts = [
        (max(trip.start.time, begin), min(trip.end.time, finish))
        for trip in trips
        if trip.end.time > begin and trip.start.time < finish
    ]
    return DriversDay(
        start=parts[0][0],
        end=parts[-1][1],
        hours=sum(((end - start) for start, end in parts), timedelta()) / _HOUR,
        distance=truth.at(finish).odometer - truth.at(begin).odometer,
    )


def _of_last_day(row: Callable[[DriversDay], Expected]) -> Row:
    return lambda truth: None if (day := last_day(truth)) is None else row(day)


def has_user(truth: Truth) -> bool:
    """Whether Fleetwork knows who drives: some rows are of trackers alone."""
    return not truth.of_five(2, 3)


_FLEETWORK: Final[Rows] = {
    "calendar": _TRIPS,
    "device_tracker": {"location": _known},
    "sensor": {
        # Whether the engine runs is not told.
        "status": lambda truth: "moving" if truth.state.speed > 0 else "stopped",
        "speed": lambda truth: truth.state.speed,
        "heading": lambda truth: truth.state.heading,
        "last_report": lambda truth: truth.state.time,
        "distance_today": lambda truth: (
            driven_today(truth) if has_user(truth) else None
        ),
        "travel_time_today": lambda truth: (
            travelled_today(truth) if has_user(truth) else None
        ),
        "fuel_used_today": lambda truth: (
            fuel_of(driven_today(truth)) if has_user(truth) else None
        ),
        "fuel_cost_today": lambda truth: (
            cost_of(driven_today(truth)) if has_user(truth) else None
        ),
        "last_trip_distance": _of_last_day(lambda day: day.distance),
        "last_trip_duration": _of_last_day(lambda day: day.hours),
        "last_trip_fuel": _of_last_day(lambda day: fuel_of(day.distance)),
        "last_trip_start": _of_last_day(lambda day: day.start),
        "last_trip_end": _of_last_day(lambda day: day.end),
    },
    "binary_sensor": {
        "moving": lambda truth: truth.state.speed > 0,
        "online": lambda truth: True,
    },
    "number": {"tank_capacity": _unknown},
}


def _electric(truth: Truth) -> bool:
    return truth.of_five(1)


def _burns[T](row: Callable[[Truth], T]) -> Callable[[Truth], T | None]:
    """Return a row of vehicles that take fuel."""
    return lambda truth: None if _electric(truth) else row(truth)


_burnt: Final = _burns(lambda truth: truth.state.fuel_level)


def _tank(truth: Truth) -> float | None:
    """Return the tank's litres, where Movens tells them."""
    if _electric(truth) or truth.of_five(3):
        return None
    return round(truth.spec.tank_capacity)


def _movens_volume(truth: Truth) -> float | None:
    tank = _tank(truth)
    return None if tank is None else truth.state.fuel_level * tank / 100


def _under_way(truth: Truth) -> bool:
    return truth.state.trip_id is not None


# The second vehicle is reserved, the third in the workshop, the fifth damaged.
RESERVED, IN_MAINTENANCE, DAMAGED = 1, 2, 4


def _is(index: int) -> Row:
    return lambda truth: list(truth.source.world.vehicles)[index] == truth.number


_MOVENS: Final[Rows] = {
    "device_tracker": {"location": _known},
    "sensor": {
        "status": lambda truth: (
            "maintenance" if _is(IN_MAINTENANCE)(truth) else status(truth)
        ),
        "last_report": lambda truth: truth.state.time,
        "odometer": lambda truth: truth.state.odometer,
        "fuel_level": _burnt,
        "fuel_volume": _movens_volume,
        "battery_level": lambda truth: (
            truth.state.fuel_level if _electric(truth) else None
        ),
        "supply_voltage": lambda truth: truth.state.supply_voltage,
        "signal_strength": lambda truth: truth.state.signal_strength,
        # On a trip its start is told, beside the end of the one before.
        "last_trip_duration": lambda truth: (
            None if _under_way(truth) else truth.trip.duration / _HOUR
        ),
        "last_trip_start": lambda truth: (
            KNOWN if _under_way(truth) else truth.trip.start.time
        ),
        "last_trip_end": lambda truth: truth.trip.end.time,
        "last_motion": lambda truth: (
            truth.state.time if _under_way(truth) else truth.trip.end.time
        ),
        "reservation_end": lambda truth: (
            truth.trip.end.time + 4 * _HOUR if _is(RESERVED)(truth) else None
        ),
        "internal_cleaning": lambda truth: (
            truth.number % 4 if truth.number % 3 else None
        ),
        "external_cleaning": lambda truth: truth.number % 3 or None,
        "ignition_voltage": lambda truth: (
            None if truth.number % 2 else int(truth.state.engine_on)
        ),
        **_concluded(_burnt)["sensor"],
    },
    "binary_sensor": {
        "moving": lambda truth: truth.state.speed > 0,
        "online": lambda truth: True,
        "low_fuel": lambda truth: not _electric(truth) and truth.state.fuel_level < 15,
        "low_battery": lambda truth: _electric(truth) and truth.state.fuel_level < 15,
        "gps_fix": lambda truth: True,
        "on_trip": _under_way,
        "reserved": _is(RESERVED),
        "in_maintenance": _is(IN_MAINTENANCE),
        "damaged": _is(DAMAGED),
        "operative": lambda truth: not _is(IN_MAINTENANCE)(truth),
        "weak_signal": lambda truth: truth.state.signal_strength < 30,
        **_concluded(_burnt)["binary_sensor"],
    },
    "number": {
        "tank_capacity": _burns(lambda truth: _tank(truth) or STATE_UNKNOWN),
    },
    "image": {"category": _known},
    "event": _concluded(_burnt)["event"],
}


def _measured(truth: Truth) -> float:
    """Return the level in percent, which every vehicle of the demo tells."""
    return truth.state.fuel_level


_DEMO: Final[Rows] = {
    "calendar": _TRIPS,
    "device_tracker": {"location": _known},
    "sensor": {
        "status": status,
        "speed": lambda truth: truth.state.speed,
        "heading": lambda truth: truth.state.heading,
        "altitude": lambda truth: truth.state.altitude,
        "satellites": lambda truth: truth.state.satellites,
        "address": _place,
        "last_report": lambda truth: truth.state.time,
        "odometer": lambda truth: truth.state.odometer,
        "engine_hours": lambda truth: truth.state.engine_hours,
        "fuel_level": lambda truth: truth.state.fuel_level,
        "fuel_volume": lambda truth: truth.state.fuel_volume,
        "fuel_consumed": lambda truth: truth.state.fuel_consumed,
        "supply_voltage": lambda truth: truth.state.supply_voltage,
        "coolant_temperature": lambda truth: truth.state.coolant_temperature,
        "engine_speed": lambda truth: truth.state.engine_speed,
        "signal_strength": lambda truth: truth.state.signal_strength,
        "driver": lambda truth: truth.spec.driver.name,
        "next_service_odometer": lambda truth: _next_service(truth, 30_000),
        **_LAST_TRIP,
        **_concluded(_measured)["sensor"],
    },
    "binary_sensor": {
        "engine": lambda truth: truth.state.engine_on,
        "moving": lambda truth: truth.state.speed > 0,
        "private_mode": lambda truth: False,
        "online": lambda truth: True,
        **_concluded(_measured)["binary_sensor"],
    },
    "number": {"tank_capacity": lambda truth: truth.spec.tank_capacity},
    "event": _concluded(_measured)["event"],
}

ROWS: Final[Mapping[str, Rows]] = {
    "fleetgo": _FLEETGO,
    "ocean": _OCEAN,
    "fleetwork": _FLEETWORK,
    "movens": _MOVENS,
    "trackgps": _TRACKGPS,
    "demo": _DEMO,
}
_COUNTS: Final = (
    "vehicles",
    "vehicles_moving",
    "vehicles_stopped",
    "vehicles_offline",
    "vehicles_private",
    "request_budget",
)
COUNTS: Final = frozenset(_COUNTS)
FLEET_ROWS: Final[Mapping[str, frozenset[str]]] = {
    "fleetgo": COUNTS,
    "ocean": COUNTS | {"password_expires_in", "maintenance"},
    "fleetwork": COUNTS
    | {
        "active_users",
        "fleet_distance_today",
        "fleet_travel_time_today",
        "fleet_fuel_cost_today",
        "fleet_fuel_efficiency",
        "fleet_cost_month",
        "queued_positions",
    },
    "movens": COUNTS,
    "trackgps": COUNTS,
    "demo": COUNTS,
}
# What has to be chosen for some rows, beside the drivers.
OPTIONS: Final[Mapping[str, Mapping[str, object]]] = {
    "ocean": {"speed": True, "event_codes": "1001, 1002"}
}
