"""What the simulated world tells: vehicles, their states, trips and fuel records.

Units are those of `providers/models.py`: kilometres, kilometres per hour, litres,
percent, degrees, metres, volts, degrees Celsius and hours; times are aware, in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from .roads import RoadNetwork

type FuelKind = Literal["refill", "theft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city: its roads, and how plates and drivers are named there.

    In `plate`, a question mark stands for a letter and a number sign for a digit.
    """

    key: str
    name: str
    country: str
    country_code: str
    zone: str
    altitude: float
    first_vehicle_id: int
    plate: str
    first_names: tuple[str, ...] = field(repr=False)
    last_names: tuple[str, ...] = field(repr=False)
    roads: RoadNetwork = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A street and where it is."""

    street: str
    city: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Who drives a vehicle."""

    id: int
    first_name: str
    last_name: str

    @property
    def name(self) -> str:
        """The driver's full name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSpec:
    """What does not change about a vehicle."""

    vehicle_id: int
    plate: str
    vin: str
    make: str
    model: str
    year: int
    tank_capacity: float
    driver: Driver
    home: tuple[float, float]
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """The truth about one vehicle at one moment.

    Of a vehicle that is not online, `time` and every value but `online` are those
    of the moment contact was lost. `trip_id` is set while the engine runs.
    """

    vehicle_id: int
    time: datetime
    latitude: float
    longitude: float
    altitude: float
    heading: float
    speed: float
    address: Address
    odometer: float
    engine_hours: float
    engine_on: bool
    engine_speed: float
    fuel_volume: float
    fuel_level: float
    fuel_consumed: float
    supply_voltage: float
    coolant_temperature: float
    satellites: int
    signal_strength: float
    driver: str
    trip_id: int | None
    private: bool
    online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRecord:
    """A trip: from the engine's start to its stop."""

    trip_id: int
    vehicle_id: int
    start: VehicleState
    end: VehicleState
    distance: float
    fuel_used: float
    private: bool

    @property
    def duration(self) -> timedelta:
        """How long the trip took."""
        return self.end.time - self.start.time


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelRecord:
    """A refill or a theft; the levels are percent of the tank."""

    record_id: int
    vehicle_id: int
    kind: FuelKind
    time: datetime
    volume: float
    level_before: float
    level_after: float
    latitude: float
    longitude: float
    address: Address
    private: bool
