"""A simulated world: a fleet that drives through one city, around the clock.

The world is a function of its seed and the time. Nothing is carried from day to day
(`plan.py` tells how), so that a world built again with the same seed, later or in
another process, goes on where the other one would be. It may be asked for any time
from July 2025 on; earlier, odometers would be below zero.

Commands (`refuel`, `steal`, `set_private` and so on) come on top. They hold from their
moment on, and are all that is kept in memory.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from .cities import AMSTERDAM, BUCHAREST, HANOI, PARIS, ROME
from .life import Life
from .plan import itinerary, seconds
from .records import (
    Address,
    City,
    Driver,
    FuelKind,
    FuelRecord,
    TripRecord,
    VehicleSpec,
    VehicleState,
)

__all__ = [
    "AMSTERDAM",
    "BUCHAREST",
    "HANOI",
    "PARIS",
    "ROME",
    "Address",
    "City",
    "Driver",
    "FuelKind",
    "FuelRecord",
    "TripRecord",
    "VehicleSpec",
    "VehicleState",
    "World",
]


class World:
    """A fleet in a city. An unknown vehicle id raises KeyError everywhere."""

    def __init__(
        self,
        *,
        city: City,
        vehicles: int = 5,
        seed: int = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        history: timedelta = timedelta(days=35),
        eventful: bool = False,
    ) -> None:
        """Populate the city.

        Args:
            city: Where the fleet drives.
            vehicles: How many there are.
            seed: Worlds with the same seed are the same.
            clock: Tells the time, aware.
            history: How far back trips, tracks and fuel records reach.
            eventful: Whether something happens soon, whenever one starts to watch: of
                the first five vehicles one refuels within seven hours, and one is
                robbed within a day.
        """
        self.city = city
        self.seed = seed
        self._eventful = eventful
        self._clock = clock
        self._history = history.total_seconds()
        self._lives: dict[int, Life] = {}
        self._specs: dict[int, VehicleSpec] = {}
        self._joined = 0
        for _ in range(vehicles):
            self._join(None)

    def _join(self, since: float | None) -> VehicleSpec:
        plan = itinerary(self.city, self.seed, self._joined, eventful=self._eventful)
        life = Life(plan, since)
        self._joined += 1
        spec = life.itinerary.spec
        self._lives[spec.vehicle_id] = life
        self._specs[spec.vehicle_id] = spec
        return spec

    @property
    def vehicles(self) -> Mapping[int, VehicleSpec]:
        """The fleet by vehicle id."""
        return MappingProxyType(self._specs)

    def now(self) -> datetime:
        """Return the time of this world."""
        return self._clock().astimezone(UTC)

    def state(self, vehicle_id: int, at: datetime | None = None) -> VehicleState:
        """Return what is known of a vehicle at a time, now unless given."""
        return self._lives[vehicle_id].state(seconds(at or self.now()))

    def states(self) -> list[VehicleState]:
        """Return what is known of every vehicle now."""
        now = seconds(self.now())
        return [life.state(now) for life in self._lives.values()]

    def track(
        self,
        vehicle_id: int,
        start: datetime,
        end: datetime,
        step: timedelta = timedelta(seconds=30),
    ) -> list[VehicleState]:
        """Return a vehicle's states from `start` to `end`, as its device recorded them.

        A device without contact delivers afterwards: what it recorded since it went
        offline is missing only until it is back.
        """
        if (stride := step.total_seconds()) <= 0:
            raise ValueError("The step must be positive")
        life = self._lives[vehicle_id]
        since, until = self._known(life)
        time, last = max(seconds(start), since), min(seconds(end), until)
        count = int((last - time) // stride) + 1
        return [life.truth(time + number * stride) for number in range(count)]

    def trips(
        self, vehicle_id: int, start: datetime, end: datetime
    ) -> list[TripRecord]:
        """Return a vehicle's finished trips that overlap a window, oldest first."""
        life = self._lives[vehicle_id]
        since, until = self._known(life)
        first, last = max(seconds(start), since), min(seconds(end), until)
        return life.trips(first, last, since, until)

    def fuel_records(
        self, vehicle_id: int, start: datetime, end: datetime
    ) -> list[FuelRecord]:
        """Return a vehicle's refills and thefts in a window, oldest first.

        What happens while a vehicle is offline becomes known when it is back.
        """
        life = self._lives[vehicle_id]
        since, until = self._known(life)
        return life.fuel_records(max(seconds(start), since), min(seconds(end), until))

    def _known(self, life: Life) -> tuple[float, float]:
        """Return the window of time that the world tells of."""
        now = seconds(self.now())
        since = now - self._history
        if life.since is not None:
            since = max(since, life.since)
        lost = life.contact_lost(now)
        return since, now if lost is None else lost

    def refuel(
        self,
        vehicle_id: int,
        volume: float | None = None,
        at: datetime | None = None,
    ) -> FuelRecord:
        """Refill a tank, now unless given, up to the brim at most."""
        return self._change_fuel(vehicle_id, "refill", volume, at)

    def steal(
        self,
        vehicle_id: int,
        volume: float | None = None,
        at: datetime | None = None,
    ) -> FuelRecord:
        """Take fuel from a tank, now unless given.

        A thief who is not told how much takes 30 % of the tank. He always leaves 7 %,
        so that the vehicle reaches its next rest.
        """
        return self._change_fuel(vehicle_id, "theft", volume, at)

    def _change_fuel(
        self,
        vehicle_id: int,
        kind: FuelKind,
        volume: float | None,
        at: datetime | None,
    ) -> FuelRecord:
        """Return the record of what came of a command; ValueError if nothing did."""
        if volume is not None and volume <= 0:
            raise ValueError("The volume must be positive")
        time = seconds(at or self.now())
        record = self._lives[vehicle_id].change_fuel(kind, time, volume)
        if record is None:
            raise ValueError(f"The tank allows no {kind}")
        return record

    def set_private(self, vehicle_id: int, private: bool) -> None:
        """Switch private mode; the vehicle's own private trips end with it."""
        self._lives[vehicle_id].set_private(seconds(self.now()), private)

    def set_online(self, vehicle_id: int, online: bool) -> None:
        """Lose or regain contact; the vehicle's own outages end with it."""
        self._lives[vehicle_id].set_online(seconds(self.now()), online)

    def add_vehicle(self) -> VehicleSpec:
        """Add a vehicle, which has no history."""
        return self._join(seconds(self.now()))

    def remove_vehicle(self, vehicle_id: int) -> None:
        """Remove a vehicle for good; its id is not given again."""
        del self._lives[vehicle_id], self._specs[vehicle_id]
