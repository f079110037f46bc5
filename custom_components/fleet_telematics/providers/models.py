"""What is known of vehicles, in one vocabulary for every vendor.

Units: kilometres, kilometres per hour, degrees, metres, litres, percent, volts,
degrees Celsius, hours. Times are aware and in UTC. None means "not delivered".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    """What a vehicle does right now."""

    MOVING = "moving"
    IDLING = "idling"
    STOPPED = "stopped"
    OFFLINE = "offline"
    PRIVATE = "private"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """A place on Earth, in decimal degrees (WGS 84)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVisit:
    """A planned visit to a workshop; a vendor may know its day, its odometer or both."""

    id: str
    description: str | None = None
    time: datetime | None = None
    odometer: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEvent:
    """Something that a vendor reports under a code of its own, and when it was."""

    code: str
    time: datetime
    label: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """What one read of one feed tells about a vehicle.

    Every field but the id may be None. A field that feeds an entity carries the
    entity's key as its name.
    """

    id: str

    # What it is.
    name: str | None = None
    plate: str | None = None
    vin: str | None = None
    make: str | None = None
    model: str | None = None
    group: str | None = None
    category: str | None = None

    # Where it is.
    location: Coordinates | None = None
    address: str | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None
    satellites: int | None = None
    last_report: datetime | None = None

    # How it is.
    status: Status | None = None
    odometer: float | None = None
    engine_hours: float | None = None
    fuel_level: float | None = None
    fuel_volume: float | None = None
    fuel_consumed: float | None = None
    tank_capacity: float | None = None
    battery_level: float | None = None
    supply_voltage: float | None = None
    coolant_temperature: float | None = None
    engine_speed: float | None = None
    signal_strength: float | None = None
    co2_emission: float | None = None
    ignition_voltage: float | None = None
    internal_cleaning: int | None = None
    external_cleaning: int | None = None
    driver: str | None = None
    next_service: datetime | None = None
    next_service_odometer: float | None = None
    service_visits: tuple[ServiceVisit, ...] | None = None

    # Yes or no.
    engine: bool | None = None
    moving: bool | None = None
    private_mode: bool | None = None
    online: bool | None = None
    malfunction: bool | None = None
    low_fuel: bool | None = None
    low_battery: bool | None = None
    gps_fix: bool | None = None
    immobilised: bool | None = None
    on_trip: bool | None = None
    reserved: bool | None = None
    in_maintenance: bool | None = None
    damaged: bool | None = None
    operative: bool | None = None
    weak_signal: bool | None = None

    # What it did.
    last_trip_distance: float | None = None
    last_trip_duration: float | None = None
    last_trip_fuel: float | None = None
    last_trip_start: datetime | None = None
    last_trip_end: datetime | None = None
    last_motion: datetime | None = None
    reservation_end: datetime | None = None
    distance_today: float | None = None
    travel_time_today: float | None = None
    fuel_used_today: float | None = None
    fuel_cost_today: float | None = None

    # What a vendor sums up over the last month, of either of two fuel sensors.
    month_refuelled: float | None = None
    month_stolen: float | None = None
    month_consumed: float | None = None
    fuel_volume_secondary: float | None = None
    month_refuelled_secondary: float | None = None
    month_stolen_secondary: float | None = None
    month_consumed_secondary: float | None = None

    # Fuel events so far; fuel_theft is whether one was suspected of late.
    last_refill: datetime | None = None
    last_refill_volume: float | None = None
    refuelled_total: float | None = None
    stolen_total: float | None = None
    fuel_theft: bool | None = None

    # The newest event of those that the user chose.
    vendor_event: VendorEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a trip began or ended: its coordinates, its address, or both."""

    location: Coordinates | None = None
    address: str | None = None


class TripKind(StrEnum):
    """What a trip was for, as the driver or the vendor's rules declared it."""

    BUSINESS = "business"
    COMMUTE = "commute"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A finished drive of one vehicle.

    `id` is the vendor's or follows from what stays the same about a trip; it is
    unique for the vehicle. `distance` is in km, `fuel_used` in litres, `fuel_cost`
    in `currency` (ISO). `private` is whether its places are to be kept from
    others. `polyline` is the route in Google's encoding, precision 5, where it was
    asked for.
    """

    id: str
    vehicle_id: str
    start: datetime | None = None
    end: datetime | None = None
    duration: timedelta | None = None
    distance: float | None = None
    fuel_used: float | None = None
    fuel_cost: float | None = None
    currency: str | None = None
    driver: str | None = None
    kind: TripKind | None = None
    purpose: str | None = None
    origin: Place = Place()
    destination: Place = Place()
    private: bool = False
    polyline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a vehicle was at one moment, and how it went.

    `private` is whether it was in private mode then.
    """

    time: datetime
    location: Coordinates | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None
    odometer: float | None = None
    engine: bool | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyVehicle:
    """A vehicle near a place: how far in km, how long until it could be there."""

    vehicle_id: str
    distance: float
    duration: timedelta | None = None
    arrival: datetime | None = None
    location: Coordinates | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPosition:
    """A position that is told to a vendor, of whatever carries one of the ids.

    `name` is what people call it.
    """

    time: datetime
    location: Coordinates
    speed: float | None = None
    heading: float | None = None
    vehicle_id: str | None = None
    user_id: str | None = None
    device_ref: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFigures:
    """What a vendor tells of the account as a whole; the names are entity keys.

    Distances in km, times in hours, efficiency in km per litre, the password's
    remaining life in days. `currency` is the ISO code of the costs;
    `cost_month_parts` splits this month's costs by the vendor's categories.
    `organisations` are the names of the units that the vehicles belong to.
    """

    active_users: int | None = None
    fleet_distance_today: float | None = None
    fleet_travel_time_today: float | None = None
    fleet_fuel_cost_today: float | None = None
    fleet_fuel_efficiency: float | None = None
    fleet_cost_month: float | None = None
    cost_month_parts: tuple[tuple[str, float], ...] | None = None
    currency: str | None = None
    password_expires_in: int | None = None
    organisations: tuple[str, ...] = ()


class FuelEventKind(StrEnum):
    """What happened to the fuel."""

    REFUELLED = "refuelled"
    THEFT_SUSPECTED = "fuel_theft_suspected"


class FuelSource(StrEnum):
    """Which of a vehicle's fuel sensors saw it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class FuelOrigin(StrEnum):
    """Who concluded it: the vendor, or this integration from fuel levels."""

    VENDOR = "vendor"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelEvent:
    """A refill or a suspected theft, as read; the ledger gives it its identity.

    `volume` is in litres and positive for both kinds, `percent` and the levels
    are percent of the tank. `other_time` is set where the vendor told a local
    time that occurs twice, in autumn: the instant it would be the other time.
    """

    vehicle_id: str
    kind: FuelEventKind
    time: datetime
    other_time: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    source: FuelSource = FuelSource.PRIMARY
    origin: FuelOrigin = FuelOrigin.VENDOR
    volume: float | None = None
    percent: float | None = None
    level_before: float | None = None
    level_after: float | None = None
    address: str | None = None
    location: Coordinates | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelReport:
    """What a vendor tells of a vehicle's fuel over a window of time.

    `vehicle` holds values that came along with the events, such as the fuel
    that remains.
    """

    events: tuple[FuelEvent, ...] = ()
    vehicle: Vehicle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one read of a feed brought, by vehicle id.

    `complete` says that the vendor listed its whole fleet, so that a vehicle
    which is missing is gone.
    """

    vehicles: dict[str, Vehicle]
    complete: bool = False

    @classmethod
    def of_rows(cls, found: Sequence[Vehicle | None]) -> Batch:
        """Return what a list of the whole fleet brought, None for unreadable rows.

        Such a row may be any vehicle: none is missing for sure. Of two rows of a
        vehicle the newer one counts, or the later one where times do not tell.
        """
        vehicles: dict[str, Vehicle] = {}
        for one in found:
            if one is None:
                continue
            known = vehicles.get(one.id)
            if known is None or not _is_older(one, known):
                vehicles[one.id] = one
        return cls(vehicles=vehicles, complete=None not in found)


def _is_older(one: Vehicle, other: Vehicle) -> bool:
    if one.last_report is None or other.last_report is None:
        return other.last_report is not None
    return one.last_report < other.last_report
