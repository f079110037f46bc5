"""What a fuel detector reads, and what it remembers of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from ..providers.models import Coordinates, Vehicle

# A sensor that lost its power or its float reads zero. An empty tank does too, but
# nobody drives it and nobody can rob it.
_NOTHING: Final = 1.0
_FULL: Final = 100.0
# Odometers are rounded to 0.1 km; parked trackers creep less.
_SAME_PLACE: Final = 0.15
# Degrees, some 300 m: where there is no odometer.
_SAME_SPOT: Final = 0.003
# Without an odometer a vehicle may have gone so fast while nobody looked.
_UNSEEN_SPEED: Final = 60.0
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of a vehicle's fuel at one time.

    `level` is in percent of the tank, `tank_capacity` in litres, `odometer` in
    kilometres. `time` is when the vehicle measured it, not when it was read.
    """

    time: datetime
    level: float | None
    engine: bool | None = None
    moving: bool | None = None
    odometer: float | None = None
    location: Coordinates | None = None
    address: str | None = None
    private: bool | None = None
    tank_capacity: float | None = None

    @classmethod
    def of(cls, vehicle: Vehicle, now: datetime) -> Self:
        """Return what a vehicle tells; `now` where it does not tell of when."""
        return cls(
            time=vehicle.last_report or now,
            level=vehicle.fuel_level,
            engine=vehicle.engine,
            moving=vehicle.moving,
            odometer=vehicle.odometer,
            location=vehicle.location,
            address=vehicle.address,
            private=vehicle.private_mode,
            tank_capacity=vehicle.tank_capacity,
        )

    @property
    def usable(self) -> bool:
        """Whether the level may be one."""
        return self.level is not None and _NOTHING <= self.level <= _FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A reading with a level.

    `stand` is when the stand was first seen, the same for all its samples, and
    None while driving. A place is kept of stands only, and never a
    private one.
    """

    time: datetime
    level: float
    engine: bool | None
    odometer: float | None
    stand: datetime | None
    location: Coordinates | None = None
    address: str | None = None
    private: bool | None = None

    @classmethod
    def after(cls, previous: Sample | None, reading: Reading, level: float) -> Self:
        """Return the sample that follows another one."""
        went = previous is not None and _went(previous, reading)
        stands = not went if reading.moving is None else not reading.moving
        if previous is None or previous.stand is None or went:
            stand = reading.time
        else:
            stand = previous.stand
        shown = stands and not reading.private
        return cls(
            time=reading.time,
            level=level,
            engine=reading.engine,
            odometer=reading.odometer,
            stand=stand if stands else None,
            location=reading.location if shown else None,
            address=reading.address if shown else None,
            private=reading.private,
        )

    @property
    def calm(self) -> bool:
        """Whether nothing shakes the fuel: not even the braking just before."""
        return (
            self.stand is not None
            and self.engine is not True
            and self.stand != self.time
        )

    def distance(self, later: Sample) -> float:
        """Return the kilometres to a later sample, at worst a guess."""
        if self.odometer is not None and later.odometer is not None:
            return max(0.0, later.odometer - self.odometer)
        if self.stand is not None and self.stand == later.stand:
            return 0.0
        return (later.time - self.time) / _HOUR * _UNSEEN_SPEED

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        stored: dict[str, Any] = {"time": self.time.isoformat(), "level": self.level}
        for key in ("engine", "odometer", "address", "private"):
            if (value := getattr(self, key)) is not None:
                stored[key] = value
        if self.stand is not None:
            stored["stand"] = self.stand.isoformat()
        if self.location is not None:
            stored["location"] = [self.location.latitude, self.location.longitude]
        return stored

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return a sample from disk."""
        place, stand = stored.get("location"), stored.get("stand")
        return cls(
            time=datetime.fromisoformat(stored["time"]),
            level=stored["level"],
            engine=stored.get("engine"),
            odometer=stored.get("odometer"),
            stand=None if stand is None else datetime.fromisoformat(stand),
            location=Coordinates(latitude=place[0], longitude=place[1])
            if place
            else None,
            address=stored.get("address"),
            private=stored.get("private"),
        )


def _went(previous: Sample, reading: Reading) -> bool:
    """Whether a vehicle has gone somewhere since a sample."""
    if previous.odometer is not None and reading.odometer is not None:
        return reading.odometer - previous.odometer > _SAME_PLACE
    if previous.location is not None and reading.location is not None:
        return (
            abs(reading.location.latitude - previous.location.latitude)
            + abs(reading.location.longitude - previous.location.longitude)
        ) > _SAME_SPOT
    return False
