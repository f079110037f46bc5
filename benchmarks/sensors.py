"""A month of a fleet whose fuel sensors are no better than real ones.

The simulated world tells the truth: where vehicles drive, what they take, when they
are refilled and robbed. This module adds what makes the truth hard to see.
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp, log
from random import Random
from typing import Final

from custom_components.fleet_telematics.fuel.reading import Reading
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.models import FuelEventKind

START: Final = datetime(2026, 9, 1, tzinfo=UTC)
_KINDS: Final = {
    "refill": FuelEventKind.REFUELLED,
    "theft": FuelEventKind.THEFT_SUSPECTED,
}

# What happens beside what the world plans, for a vehicle and a day.
_MORE_REFILLS: Final = 0.12
_MORE_THEFTS: Final = 0.15
_REFILL_SHARES: Final = (0.10, 0.90)
_THEFT_SHARES: Final = (0.05, 0.40)
# A rest of the world takes 8 to 15 minutes. Here one of twelve is a night, and of
# the others some are longer breaks (minutes).
_NIGHT: Final = (360, 660)
_BREAK: Final = (10, 90)
_BREAKS: Final = 0.5
# How long a tank is filled and drained (minutes).
_FILLING: Final = (2.0, 6.0)
_DRAINING: Final = (3.0, 15.0)

# Seconds between two readings, evenly spread over the magnitudes.
_INTERVALS: Final = (30.0, 600.0)
# Silences: one in so many days, minutes of each, evenly over the magnitudes.
_SILENCE_EVERY: Final = 3.0
_SILENCES: Final = (10.0, 720.0)
# In percent of the tank: noise at rest, added by motion, by slopes (and at how many
# of the stands), by creeping with its time constant in hours.
_NOISE: Final = (0.5, 1.5)
_SLOSHING: Final = (1.0, 3.0)
_SLOPE: Final = 4.0
_SLOPES: Final = 0.4
_DRIFT: Final = 2.5
_DRIFT_HOURS: Final = 2.0
# The share of readings at which a sensor drops out, to zero or to nothing, and the
# chance that it stays out for another reading.
_DROPOUTS: Final = 0.006
_STAYS_OUT: Final = 0.5
# The share of vehicles that do not tell of their engine.
_NO_ENGINE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A refill or a theft as it was; `share` in percent of the tank."""

    kind: FuelEventKind
    start: datetime
    end: datetime
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """A rest: in seconds of the calendar and of the world, with its peculiarities."""

    start: float
    end: float
    world_start: float
    world_end: float
    slope: float
    drift: float

    def to_world(self, time: float) -> float:
        """Return the world's time at a time of the calendar."""
        share = (time - self.start) / (self.end - self.start)
        return self.world_start + share * (self.world_end - self.world_start)

    def to_calendar(self, time: float) -> float:
        """Return the time of the calendar at a time of the world."""
        share = (time - self.world_start) / (self.world_end - self.world_start)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ramp:
    """A change of the level that takes its time."""

    truth: Truth
    start: float
    end: float
    change: float


class SensedVehicle:
    """One vehicle of a world, over some days, through a fuel sensor."""

    def __init__(self, world: World, vehicle_id: int, seed: int, days: float) -> None:
        """Stretch the rests, send more thieves, and sum up the truth."""
        self.vehicle_id = vehicle_id
        self._world = world
        self._rng = Random(f"sensor {seed} {vehicle_id}")
        self._days = days
        self.tank_capacity = world.vehicles[vehicle_id].tank_capacity
        self._stands = self._plan_stands()
        self._starts = [stand.start for stand in self._stands]
        self._order_more()
        self._ramps = self._plan_ramps()

    @property
    def truth(self) -> list[Truth]:
        """What happened, oldest first."""
        return [ramp.truth for ramp in self._ramps]

    def _plan_stands(self) -> list[_Stand]:
        rng = self._rng
        end = START + timedelta(days=self._days)
        trips = self._world.trips(self.vehicle_id, START, end)
        stands: list[_Stand] = []
        shift = 0.0
        night = rng.randrange(12)
        for number, (trip, following) in enumerate(pairwise(trips)):
            begin = (trip.end.time - START).total_seconds()
            until = (following.start.time - START).total_seconds()
            longer = 0.0
            if number % 12 == night:
                longer = 60 * rng.uniform(*_NIGHT)
            elif rng.random() < _BREAKS:
                longer = 60 * rng.uniform(*_BREAK)
            slope = rng.random() < _SLOPES
            stands.append(
                _Stand(
                    start=begin + shift,
                    end=until + shift + longer,
                    world_start=begin,
                    world_end=until,
                    slope=rng.uniform(-_SLOPE, _SLOPE) if slope else 0.0,
                    drift=rng.uniform(-_DRIFT, _DRIFT),
                )
            )
            shift += longer
            if stands[-1].end > self._days * 86_400:
                break
        return stands

    def _order_more(self) -> None:
        """Let more happen at stands of their own, the last first: a world is quick so."""
        rng = self._rng
        planned = [
            (record.time - START).total_seconds()
            for record in self._world.fuel_records(
                self.vehicle_id, START, START + timedelta(days=self._days)
            )
        ]
        free = [
            stand
            for stand in self._stands
            if not any(stand.world_start <= time <= stand.world_end for time in planned)
        ]
        rng.shuffle(free)
        orders: list[tuple[float, bool, float]] = []
        for refill, rate, shares in (
            (True, _MORE_REFILLS, _REFILL_SHARES),
            (False, _MORE_THEFTS, _THEFT_SHARES),
        ):
            for _ in range(round(rate * self._days)):
                stand = free.pop()
                # In the middle the driver fills up if he is low.
                middle = (stand.world_start + stand.world_end) / 2
                time = rng.uniform(middle + 10, stand.world_end - 60)
                orders.append((time, refill, rng.uniform(*shares)))
        for time, refill, share in sorted(orders, reverse=True):
            order = self._world.refuel if refill else self._world.steal
            # A tank that is too full or too empty allows it not.
            with suppress(ValueError):
                order(
                    self.vehicle_id,
                    share * self.tank_capacity,
                    START + timedelta(seconds=time),
                )

    def _plan_ramps(self) -> list[_Ramp]:
        rng = self._rng
        first, last = self._stands[0], self._stands[-1]
        records = self._world.fuel_records(
            self.vehicle_id,
            START + timedelta(seconds=first.world_start),
            START + timedelta(seconds=last.world_end),
        )
        ramps: list[_Ramp] = []
        for record in records:
            time = (record.time - START).total_seconds()
            stand = next(one for one in self._stands if time <= one.world_end)
            begin = stand.to_calendar(time)
            minutes = _FILLING if record.kind == "refill" else _DRAINING
            end = min(begin + 60 * rng.uniform(*minutes), stand.end)
            change = record.level_after - record.level_before
            ramps.append(
                _Ramp(
                    truth=Truth(
                        kind=_KINDS[record.kind],
                        start=START + timedelta(seconds=begin),
                        end=START + timedelta(seconds=end),
                        share=abs(change),
                    ),
                    start=begin,
                    end=end,
                    change=change,
                )
            )
        return ramps

    def readings(self) -> Iterator[Reading]:
        """Return what the sensor tells, irregularly and with silences."""
        rng = self._rng
        noise, sloshing = rng.uniform(*_NOISE), rng.uniform(*_SLOSHING)
        tells_engine = rng.random() >= _NO_ENGINE
        out: float | None = None
        is_out = False
        time, last = self._stands[0].start, self._stands[-1].end
        silence = time + rng.expovariate(1 / (_SILENCE_EVERY * 86_400))
        while True:
            time += _magnitude(rng, _INTERVALS)
            if time > silence:
                time += 60 * _magnitude(rng, _SILENCES)
                silence = time + rng.expovariate(1 / (_SILENCE_EVERY * 86_400))
            if time >= last:
                return
            number = bisect_right(self._starts, time) - 1
            stand = self._stands[number]
            rests = time < stand.end
            world_time = (
                stand.to_world(time) if rests else stand.world_end + time - stand.end
            )
            at = START + timedelta(seconds=world_time)
            state = self._world.state(self.vehicle_id, at)
            if state.time < at - timedelta(seconds=1):
                # The world's own outage.
                continue
            level = state.fuel_level + rng.gauss(0, noise)
            for ramp in self._ramps:
                if ramp.start <= time < ramp.end:
                    level -= ramp.change * (ramp.end - time) / (ramp.end - ramp.start)
            if rests:
                hours = (time - stand.start) / 3600
                level += stand.slope + stand.drift * (1 - exp(-hours / _DRIFT_HOURS))
            else:
                level += rng.gauss(0, sloshing)
            sensed: float | None = float(round(min(100.0, max(0.0, level))))
            is_out = rng.random() < (_STAYS_OUT if is_out else _DROPOUTS)
            if is_out:
                out = rng.choice((0.0, None)) if out is None else out
                sensed = out
            yield Reading(
                time=START + timedelta(seconds=time),
                level=sensed,
                engine=state.engine_on if tells_engine else None,
                moving=state.speed >= 0.5,
                odometer=round(state.odometer, 1),
                private=state.private,
                tank_capacity=self.tank_capacity,
            )


def fleet(seed: int, vehicles: int, days: float) -> Iterator[SensedVehicle]:
    """Return the vehicles of one seed, one after the other."""
    end = START + timedelta(days=days)
    world = World(
        city=AMSTERDAM,
        vehicles=vehicles,
        seed=seed,
        clock=lambda: end,
        history=timedelta(days=days),
    )
    for vehicle_id in world.vehicles:
        yield SensedVehicle(world, vehicle_id, seed, days)


def _magnitude(rng: Random, bounds: tuple[float, float]) -> float:
    return exp(rng.uniform(log(bounds[0]), log(bounds[1])))
