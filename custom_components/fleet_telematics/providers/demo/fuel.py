"""The fuel of a vehicle: what it takes, refills, thefts and what commands change."""

from collections.abc import Callable
from dataclasses import dataclass

from .plan import DAY, LEGS, UNIX_DAYS, DayPlan, Itinerary, day_plan
from .records import FuelKind

# Shares of the tank: what a thief takes who is not told how much, what he leaves at
# least, below what the driver fills up at the next rest, how far, and the smallest
# refill worth the stop. A drive from rest to rest takes less than a thief leaves.
_USUAL_THEFT = 0.3
_LEFT_BY_THIEF = 0.07
_LOW = 0.09
_FILLED_UP = 0.95
_SMALLEST_REFILL = 0.25

_REMEMBERED_DAYS = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FuelCommand:
    """A refill or a theft that somebody ordered, without a volume the usual one."""

    id: int
    time: float
    kind: FuelKind
    volume: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Occasion:
    """A moment at which the litres may change: from those before to the outcome."""

    id: int
    time: float
    kind: FuelKind
    outcome: Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelStep:
    """A sudden change of the litres in the tank."""

    id: int
    time: float
    kind: FuelKind
    before: float
    after: float

    @property
    def volume(self) -> float:
        """The litres that came or went."""
        return abs(self.after - self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelDay:
    """The tank on one day: litres at its start and end, and the steps between."""

    opening: float
    closing: float
    steps: tuple[FuelStep, ...]


class Tank:
    """The tank of one vehicle over all days."""

    def __init__(self, itinerary: Itinerary) -> None:
        """Start without commands."""
        self._itinerary = itinerary
        self._capacity = itinerary.spec.tank_capacity
        self._commands: list[FuelCommand] = []
        self._days: dict[int, FuelDay] = {}
        self._openings: dict[int, float] = {}

    def litres(self, time: float) -> float:
        """Return what is in the tank."""
        plan = day_plan(self._itinerary, self._itinerary.day(time))
        day = self.day(plan.number)
        changed = sum(
            step.after - step.before for step in day.steps if step.time <= time
        )
        return day.opening + changed - plan.fuel_needed(time)

    def command(
        self, kind: FuelKind, time: float, volume: float | None
    ) -> FuelStep | None:
        """Refill or steal; return what came of it, None when nothing could.

        Ids of commands are larger than those of planned steps, and tell the second.
        """
        taken = {command.id for command in self._commands}
        number = (self._itinerary.index + 1) * 10**10
        number += int(time) + UNIX_DAYS * DAY
        while number in taken:
            number += 1
        command = FuelCommand(id=number, time=time, kind=kind, volume=volume)
        self._commands.append(command)
        self._forget()
        steps = self.day(self._itinerary.day(time)).steps
        step = next((step for step in steps if step.id == number), None)
        if step is None:
            self._commands.remove(command)
            self._forget()
        return step

    def _forget(self) -> None:
        self._days.clear()
        self._openings.clear()

    def day(self, number: int) -> FuelDay:
        """Return the tank's day, remembering those lately asked for."""
        if (day := self._days.get(number)) is None:
            if len(self._days) >= _REMEMBERED_DAYS:
                self._days.clear()
            opening = self._opening(number)
            day = self._days[number] = self._work_out(number, opening)
        return day

    def _opening(self, number: int) -> float:
        """Return the litres at the start of a day.

        From the first command on, days follow from each other; mostly the next
        planned refill brings the tank back to what it would have been.
        """
        first = min(
            (self._itinerary.day(command.time) for command in self._commands),
            default=number,
        )
        if number <= first:
            return self._itinerary.fuel(number)
        known = max((day for day in self._openings if day <= number), default=first)
        opening = self._openings.get(known, self._itinerary.fuel(first))
        while known < number:
            opening = self._work_out(known, opening).closing
            known += 1
            self._openings[known] = opening
        return opening

    def _work_out(self, number: int, opening: float) -> FuelDay:
        plan = day_plan(self._itinerary, number)
        commands = [
            command
            for command in self._commands
            if self._itinerary.day(command.time) == number
        ]
        occasions = [self._ordered(command) for command in commands]
        occasions += self._planned(plan)
        if commands or opening != self._itinerary.fuel(number):
            occasions += self._needed(plan)

        steps: list[FuelStep] = []
        level = opening
        for occasion in sorted(occasions, key=lambda occasion: occasion.time):
            before = level - plan.fuel_needed(occasion.time)
            after = occasion.outcome(before)
            if after != before:
                steps.append(
                    FuelStep(
                        id=occasion.id,
                        time=occasion.time,
                        kind=occasion.kind,
                        before=before,
                        after=after,
                    )
                )
                level += after - before
        closing = level - plan.consumed
        planned = self._itinerary.fuel(number + 1)
        # Without rounding errors, a day leads to exactly the next one's start.
        if abs(closing - planned) < 1e-6:
            closing = planned
        return FuelDay(opening=opening, closing=closing, steps=tuple(steps))

    def _ordered(self, command: FuelCommand) -> _Occasion:
        def refill(before: float) -> float:
            if command.volume is None:
                return self._capacity
            return min(self._capacity, before + command.volume)

        def theft(before: float) -> float:
            volume = command.volume
            if volume is None:
                volume = _USUAL_THEFT * self._capacity
            return max(min(before, _LEFT_BY_THIEF * self._capacity), before - volume)

        return _Occasion(
            id=command.id,
            time=command.time,
            kind=command.kind,
            outcome=refill if command.kind == "refill" else theft,
        )

    def _planned(self, plan: DayPlan) -> list[_Occasion]:
        """Return the refill of the day, and its theft where there is one.

        The refill is made to lead to the planned start of the next day, also when a
        thief comes after it. He does not bother with a tank that is nearly empty.
        """

        def refill(before: float) -> float:
            after = self._itinerary.fuel(plan.number + 1)
            after += plan.consumed - plan.fuel_needed(refilled)
            if plan.theft is not None and plan.theft > plan.refill:
                after += plan.theft_volume
            worthwhile = after - before >= _SMALLEST_REFILL * self._capacity
            return after if worthwhile else before

        def theft(before: float) -> float:
            after = before - plan.theft_volume
            return after if after >= _LOW * self._capacity else before

        refilled = plan.pause(plan.refill)
        occasions = [
            _Occasion(
                id=plan.leg_id(plan.refill),
                time=refilled,
                kind="refill",
                outcome=refill,
            )
        ]
        if plan.theft is not None:
            occasions.append(
                _Occasion(
                    id=plan.leg_id(plan.theft),
                    time=plan.pause(plan.theft),
                    kind="theft",
                    outcome=theft,
                )
            )
        return occasions

    def _needed(self, plan: DayPlan) -> list[_Occasion]:
        """Return the other rests, at which a driver who runs low fills up."""

        def refill(before: float) -> float:
            low = before < _LOW * self._capacity
            return _FILLED_UP * self._capacity if low else before

        return [
            _Occasion(
                id=plan.leg_id(number),
                time=plan.pause(number),
                kind="refill",
                outcome=refill,
            )
            for number in range(LEGS)
            if number != plan.refill
        ]
