"""What a vehicle does on one of its days.

Days are counted from `EPOCH` and times are seconds since then. A vehicle's day lasts
24 hours and begins when it rests at home, at a time of its own. It has twelve rests
with a drive after each. Five vehicles that follow each other in the fleet rest in
turns, so that at most one of the five stands still at any moment.

Every day can be planned without the days before it: the odometer, the engine hours
and the fuel level at the start of a day follow from the day's number alone, and each
day's plan is made to lead exactly from one start to the next.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from .motion import Motion
from .records import City, VehicleSpec
from .routes import Route, pick_home, usual_pace
from .vehicles import vehicle

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
UNIX_DAYS = EPOCH.toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
DAY = 86_400
LEGS = 12

_CYCLE = DAY // LEGS
_TEAM = 5
_SLOT = _CYCLE // _TEAM
# A vehicle's rest lies this far inside its slot; the day begins a little later, when
# the engine has been stopped after the last idling.
_MARGIN = 30
_LEAD = 180
_IDLING = (20, 90)
_ENGINE_OFF = LEGS * 660

# In an eventful world: the rests at which the first five vehicles are filled up and,
# once they are full, robbed, and in how many days each of them is robbed once. As
# their days are spread over the clock, there is a theft every 18 to 20 hours.
_FILLED = 8
_ROBBED = 10
_ROBBED_EVERY = 4

# How many litres an hour of running engine takes, beside the kilometres.
_IDLE_CONSUMPTION = 0.8


def seconds(at: datetime) -> float:
    """Return a time as seconds since the epoch."""
    return (at - EPOCH).total_seconds()


def moment(time: float) -> datetime:
    """Return the time that is so many seconds after the epoch."""
    return EPOCH + timedelta(seconds=time)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Itinerary:
    """What stays the same on all days of a vehicle."""

    spec: VehicleSpec
    city: City
    seed: int
    index: int
    home: str
    eventful: bool
    daily_distance: float
    first_odometer: float
    # Litres per kilometre and per second of running engine.
    per_kilometre: float
    per_second: float = _IDLE_CONSUMPTION / 3600

    @property
    def phase(self) -> int:
        """The second of the UTC day at which the vehicle's day begins."""
        member = self.index % _TEAM
        leg = member * LEGS // _TEAM if self.eventful else 0
        return leg * _CYCLE + member * _SLOT + _LEAD

    def day(self, time: float) -> int:
        """Return the number of the vehicle's day at a time."""
        return int((time - self.phase) // DAY)

    def random(self, *purpose: object) -> Random:
        """Return numbers for one purpose, the same ones every time."""
        words = (self.seed, self.city.key, self.index, *purpose)
        return Random(" ".join(map(str, words)))

    def odometer(self, day: int) -> float:
        """Return the kilometres at the start of a day."""
        swing = self.random("odometer", day).uniform(-0.03, 0.03)
        return self.first_odometer + (day + swing) * self.daily_distance

    def engine_seconds(self, day: int) -> float:
        """Return the engine's running time at the start of a day."""
        return self.first_odometer / 24 * 3600 + day * (DAY - _ENGINE_OFF)

    def fuel(self, day: int) -> float:
        """Return the litres at the start of a day when nobody interferes."""
        share = self.random("fuel", day).uniform(0.5, 0.6)
        return share * self.spec.tank_capacity

    def consumed(self, kilometres: float, running: float) -> float:
        """Return the litres taken by a distance and a time of running engine."""
        return kilometres * self.per_kilometre + running * self.per_second


def itinerary(
    city: City, seed: int, index: int, *, eventful: bool = False
) -> Itinerary:
    """Return the itinerary of the vehicle with that index of the city's fleet."""
    rng = Random(f"itinerary {seed} {city.key} {index}")
    home = pick_home(city, rng)
    spec = vehicle(city, seed, index, home)
    running = DAY - _ENGINE_OFF
    daily_distance = usual_pace(city.roads) * running / 3600 * rng.uniform(0.76, 0.84)
    daily_fuel = spec.tank_capacity * rng.uniform(0.43, 0.47)
    idle_fuel = running / 3600 * _IDLE_CONSUMPTION
    return Itinerary(
        spec=spec,
        city=city,
        seed=seed,
        index=index,
        home=home,
        eventful=eventful,
        daily_distance=daily_distance,
        first_odometer=daily_distance * rng.uniform(190, 270),
        per_kilometre=(daily_fuel - idle_fuel) / daily_distance,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A rest and the trip after it.

    The engine is off from `rest` to `start` and on to `end`; the vehicle moves from
    `depart` to `arrive`. Kilometres count from the start of the day.
    """

    rest: int
    start: int
    depart: int
    arrive: int
    end: int
    first_kilometre: float
    last_kilometre: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Motor:
    """What the engine and the wheels do at one moment of the day."""

    leg: Leg
    number: int
    kilometres: float
    speed: float
    running: float
    engine_on: bool


class DayPlan:
    """One day of one vehicle."""

    def __init__(self, itinerary: Itinerary, number: int) -> None:
        """Plan the rests, the route, the fuel and what the vehicle hides."""
        rng = itinerary.random("day", number)
        self.itinerary = itinerary
        self.number = number
        self.start = number * DAY + itinerary.phase
        self.odometer = itinerary.odometer(number)
        self.engine_seconds = itinerary.engine_seconds(number)
        length = itinerary.odometer(number + 1) - self.odometer
        self.route = Route(itinerary.city.roads, itinerary.home, length, rng)
        self.legs = self._plan_legs(rng)
        self._rests = [leg.rest for leg in self.legs]
        self.consumed = itinerary.consumed(length, DAY - _ENGINE_OFF)

        self.refill = rng.randint(7, 9)
        self.theft: int | None = None
        self.theft_volume = itinerary.spec.tank_capacity * rng.uniform(0.11, 0.18)
        robbed = rng.random() < 1 / 20
        if itinerary.eventful and itinerary.index < _TEAM:
            self.refill = _FILLED
            if (number + itinerary.index) % _ROBBED_EVERY == 0:
                self.theft = _ROBBED
        elif robbed:
            self.theft, self.refill = 3, 5

        self.private_legs = self._some_legs(rng, member=3, count=3)
        self.outages = [
            (begin, begin + rng.randint(900, 2400))
            for number in sorted(self._some_legs(rng, member=4, count=4))
            for begin in (self.legs[number].depart + rng.randint(300, 2400),)
        ]

    def _some_legs(self, rng: Random, *, member: int, count: int) -> frozenset[int]:
        """Return legs of the one member of each team that has a peculiarity."""
        legs = rng.sample(range(LEGS - 1), count)
        return frozenset(legs if self.itinerary.index % _TEAM == member else ())

    def _plan_legs(self, rng: Random) -> list[Leg]:
        weights = [rng.uniform(0.75, 1.25) for _ in range(LEGS)]
        offs = [round(_ENGINE_OFF * weight / sum(weights)) for weight in weights]
        offs[-1] += _ENGINE_OFF - sum(offs)
        before = [rng.randint(*_IDLING) for _ in range(LEGS)]
        after = [rng.randint(*_IDLING) for _ in range(LEGS)]

        rests = [self.start]
        for number in range(1, LEGS):
            earliest = _MARGIN - _LEAD + after[number - 1]
            latest = _SLOT - _MARGIN - _LEAD - offs[number] - before[number]
            rests.append(self.start + number * _CYCLE + rng.randint(earliest, latest))
        rests.append(self.start + DAY)

        times = [
            (
                rests[number] + offs[number] + before[number],
                rests[number + 1] - after[number],
            )
            for number in range(LEGS)
        ]
        stops = self.route.stops([arrive - depart for depart, arrive in times])
        return [
            Leg(
                rest=rests[number],
                start=rests[number] + offs[number],
                depart=depart,
                arrive=arrive,
                end=rests[number + 1],
                first_kilometre=stops[number - 1] if number else 0.0,
                last_kilometre=stops[number],
            )
            for number, (depart, arrive) in enumerate(times)
        ]

    def leg_id(self, number: int) -> int:
        """Return a number that no other leg has, of whatever vehicle and day."""
        day = UNIX_DAYS + self.number
        return (self.itinerary.index + 1) * 1_000_000 + day * LEGS + number

    def pause(self, number: int) -> int:
        """Return a time in the rest before a leg, while the engine is off."""
        leg = self.legs[number]
        return (leg.rest + leg.start) // 2

    def motor(self, time: float) -> Motor:
        """Return what the engine and the wheels do at a time of this day."""
        number = bisect_right(self._rests, time) - 1
        leg = self.legs[number]
        kilometres, speed = leg.first_kilometre, 0.0
        if time >= leg.arrive:
            kilometres = leg.last_kilometre
        elif time > leg.depart:
            driven, speed = leg_motion(self, number).at(time - leg.depart)
            kilometres = min(leg.first_kilometre + driven, leg.last_kilometre)
        off = sum(earlier.start - earlier.rest for earlier in self.legs[:number]) + min(
            time - leg.rest, leg.start - leg.rest
        )
        return Motor(
            leg=leg,
            number=number,
            kilometres=kilometres,
            speed=speed,
            running=time - self.start - off,
            engine_on=time >= leg.start,
        )

    def fuel_needed(self, time: float) -> float:
        """Return the litres taken from the start of the day to a time."""
        motor = self.motor(time)
        return self.itinerary.consumed(motor.kilometres, motor.running)


@lru_cache(maxsize=4096)
def day_plan(itinerary: Itinerary, number: int) -> DayPlan:
    """Return the plan of a day, remembering those lately asked for."""
    return DayPlan(itinerary, number)


@lru_cache(maxsize=4096)
def leg_motion(plan: DayPlan, number: int) -> Motion:
    """Return the motion on a leg, remembering those lately asked for."""
    leg = plan.legs[number]
    return Motion(
        plan.route.stretches(leg.first_kilometre, leg.last_kilometre),
        leg.arrive - leg.depart,
        plan.itinerary.random("traffic", plan.number, number),
    )
