"""The life of one vehicle: its state at any time, its trips and fuel records."""

from bisect import bisect_right
from collections.abc import Iterator
from math import exp, sin

from .fuel import FuelStep, Tank
from .plan import DayPlan, Itinerary, Motor, day_plan, moment
from .records import Address, FuelKind, FuelRecord, TripRecord, VehicleState

# Degrees Celsius, and the seconds in which the engine warms up and cools down.
_OUTSIDE = 18.0
_WARM = 90.0
_WARMING = 240.0
_COOLING = 2400.0

_IDLE_SPEED = 800.0
# Kilometres per hour at which the gearbox shifts up.
_GEARS = (0, 15, 30, 45, 60, 75)


class Life:
    """One vehicle: what is planned, and what commands changed."""

    def __init__(self, itinerary: Itinerary, since: float | None = None) -> None:
        """Start the life; `since` is when the vehicle joined a running fleet."""
        self.itinerary = itinerary
        self.since = since
        self._tank = Tank(itinerary)
        self._private: list[tuple[float, bool]] = []
        self._contact: list[tuple[float, float | None]] = []

    def _plan(self, time: float) -> DayPlan:
        return day_plan(self.itinerary, self.itinerary.day(time))

    def _plans(self, start: float, end: float) -> Iterator[DayPlan]:
        """Return the plans of the days that a window touches."""
        days = range(self.itinerary.day(start), self.itinerary.day(end) + 1)
        return (day_plan(self.itinerary, number) for number in days)

    # What the vehicle shows.

    def state(self, time: float) -> VehicleState:
        """Return what is known of the vehicle at a time."""
        lost = self.contact_lost(time)
        if lost is None:
            return self.truth(time)
        return self.truth(lost, online=False)

    def truth(self, time: float, *, online: bool = True) -> VehicleState:
        """Return what is the case, whether or not the vehicle is online."""
        itinerary = self.itinerary
        spec = itinerary.spec
        plan = self._plan(time)
        motor = plan.motor(time)
        segment, offset = plan.route.at(motor.kilometres)
        latitude, longitude = segment.at(offset)
        odometer = plan.odometer + motor.kilometres
        running = plan.engine_seconds + motor.running
        volume = self._tank.litres(time)
        return VehicleState(
            vehicle_id=spec.vehicle_id,
            time=moment(time),
            latitude=latitude,
            longitude=longitude,
            altitude=itinerary.city.altitude
            + 4 * sin(latitude * 310 + longitude * 170),
            heading=segment.heading,
            speed=motor.speed,
            address=Address(
                street=segment.street.name,
                city=itinerary.city.name,
                postal_code=segment.street.postal_code,
                country=itinerary.city.country,
            ),
            odometer=odometer,
            engine_hours=running / 3600,
            engine_on=motor.engine_on,
            engine_speed=_engine_speed(motor),
            fuel_volume=volume,
            fuel_level=volume / spec.tank_capacity * 100,
            fuel_consumed=itinerary.consumed(odometer, running),
            supply_voltage=(14.1 if motor.engine_on else 12.5) + 0.15 * sin(time / 700),
            coolant_temperature=_coolant_temperature(motor, time),
            satellites=round(11 + 3 * sin(time / 310 + itinerary.index)),
            signal_strength=72 + 24 * sin(time / 1900 + itinerary.index),
            driver=spec.driver.name,
            trip_id=plan.leg_id(motor.number) if motor.engine_on else None,
            private=self._is_private(plan, motor, time),
            online=online,
        )

    def _is_private(self, plan: DayPlan, motor: Motor, time: float) -> bool:
        number = bisect_right(self._private, time, key=lambda command: command[0])
        if number:
            return self._private[number - 1][1]
        return motor.engine_on and motor.number in plan.private_legs

    def contact_lost(self, time: float) -> float | None:
        """Return since when the vehicle is offline, None when it is online."""
        number = bisect_right(self._contact, time, key=lambda command: command[0])
        if number:
            return self._contact[number - 1][1]
        for begin, end in self._plan(time).outages:
            if begin <= time < end:
                return float(begin)
        return None

    # What it did.

    def trips(
        self, start: float, end: float, since: float, until: float
    ) -> list[TripRecord]:
        """Return the trips that overlap a window, begun and ended in another."""
        return [
            self._trip(plan, number)
            for plan in self._plans(start, end)
            for number, leg in enumerate(plan.legs)
            if leg.end > start
            and leg.start < end
            and leg.start >= since
            and leg.end <= until
        ]

    def _trip(self, plan: DayPlan, number: int) -> TripRecord:
        leg = plan.legs[number]
        start, end = self.truth(leg.start), self.truth(leg.end)
        return TripRecord(
            trip_id=plan.leg_id(number),
            vehicle_id=self.itinerary.spec.vehicle_id,
            start=start,
            end=end,
            distance=end.odometer - start.odometer,
            fuel_used=end.fuel_consumed - start.fuel_consumed,
            private=start.private
            or any(
                private and leg.start < time < leg.end
                for time, private in self._private
            ),
        )

    def fuel_records(self, start: float, end: float) -> list[FuelRecord]:
        """Return the refills and thefts from a time to another."""
        return [
            self._fuel_record(step)
            for plan in self._plans(start, end)
            for step in self._tank.day(plan.number).steps
            if start <= step.time <= end
        ]

    def _fuel_record(self, step: FuelStep) -> FuelRecord:
        state = self.truth(step.time)
        capacity = self.itinerary.spec.tank_capacity
        return FuelRecord(
            record_id=step.id,
            vehicle_id=state.vehicle_id,
            kind=step.kind,
            time=state.time,
            volume=step.volume,
            level_before=step.before / capacity * 100,
            level_after=step.after / capacity * 100,
            latitude=state.latitude,
            longitude=state.longitude,
            address=state.address,
            private=state.private,
        )

    # What commands change.

    def change_fuel(
        self, kind: FuelKind, time: float, volume: float | None
    ) -> FuelRecord | None:
        """Refill or steal; return what came of it, None when nothing could."""
        step = self._tank.command(kind, time, volume)
        return None if step is None else self._fuel_record(step)

    def set_private(self, time: float, private: bool) -> None:
        """Switch private mode from now on."""
        self._private.append((time, private))

    def set_online(self, time: float, online: bool) -> None:
        """Lose or regain contact from now on."""
        lost = self.contact_lost(time)
        if online:
            lost = None
        elif lost is None:
            lost = time
        self._contact.append((time, lost))


def _engine_speed(motor: Motor) -> float:
    """Return the revolutions per minute in the gear that fits the speed."""
    if not motor.engine_on:
        return 0.0
    gear = bisect_right(_GEARS, motor.speed) - 1
    return (
        _IDLE_SPEED + motor.speed * 40 / (gear + 1) + (motor.speed - _GEARS[gear]) * 30
    )


def _coolant_temperature(motor: Motor, time: float) -> float:
    """Return a temperature that falls while the engine is off and rises again."""
    cooled = min(time, motor.leg.start) - motor.leg.rest
    temperature = _OUTSIDE + (_WARM - _OUTSIDE) * exp(-cooled / _COOLING)
    if motor.engine_on:
        warmed = time - motor.leg.start
        temperature = _WARM - (_WARM - temperature) * exp(-warmed / _WARMING)
    return temperature
