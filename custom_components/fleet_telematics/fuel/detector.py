"""Refills and suspected thefts, concluded from fuel levels.

A level is a poor witness: it shakes while driving, leans on a slope, creeps while
the engine is off, drops out and falls silent. The detector remembers the last
readings of a vehicle. With every new one it asks of each stop and each silence
among them whether the levels before and after differ by more than the threshold,
and by more than noise and driving explain. Like is compared with like where that is
possible: levels of one stand, where the slope is the same, or levels while driving.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import median
from typing import Any, Final, Self

from ..providers.models import FuelEvent, FuelEventKind, FuelOrigin
from .consumption import Consumption
from .levels import Side, compare
from .noise import Noise
from .reading import Reading, Sample

# How many samples are remembered. Changes are looked for among fewer.
_REMEMBERED: Final = 16
_JUDGED: Final = 14
# Where readings come so often that they would not reach back so far, some between
# are forgotten, and none of so many newest ones.
_REACH: Final = timedelta(minutes=90)
_NEWEST: Final = 8

# By how many standard deviations two levels differ that are not the same, where the
# vehicle was seen to stand and where it was not: there are many more of the latter.
_CERTAIN: Final = 4.0
_CERTAIN_UNSEEN: Final = 5.0
# A sample that is nearer than this to the level before belongs to it: filling or
# draining has not begun.
_ON_THE_WAY: Final = 2.0

# In a silence between two samples a vehicle may have stopped so long, and gone the
# rest of the time so fast (km/h).
_UNSEEN_STOP: Final = timedelta(minutes=4)
_UNSEEN_SPEED: Final = 90.0
# An engine that runs at both ends of a silence may have run throughout, so fast
# does that empty the tank, in percent an hour.
_IDLING: Final = 3.0
# What takes longer is a leak or the sun, unless nobody looked.
_SLOWEST: Final = timedelta(minutes=45)
# A level has settled when it goes on by no more than this. After a sudden step it is
# enough to look for as long as going on by so much would have taken, and after a
# silence in which all filling and draining ends, just once more.
_SETTLED: Final = 1.8
_SUDDEN: Final = 4.0
_GOING_ON: Final = 2.5
_SETTLING: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(minutes=15)
# Neighbours in time tell of noise.
_CLOSE: Final = timedelta(minutes=15)
# What sums of levels are exact to, in percent: what equals a threshold is not above.
_EXACT: Final = 1e-6
# A vehicle's own clock may run ahead by so much.
_FUTURE: Final = timedelta(minutes=10)
# A shorter range is not worth telling: an event's time is exact to some minutes.
_RANGE: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A change of the level between two samples, by their numbers."""

    last: int
    first: int
    before: float
    after: float
    added: float
    deviation: float

    @property
    def certainty(self) -> float:
        """How many standard deviations the change is away from none."""
        return abs(self.added) / self.deviation


class Detector:
    """Concludes one vehicle's fuel events from its readings.

    What it remembers fits into `as_dict` and `from_dict`: a detector that went
    to disk and back, after whichever reading, concludes the same.
    """

    def __init__(
        self,
        vehicle_id: str,
        *,
        refill_threshold: float = 8.0,
        theft_threshold: float = 8.0,
    ) -> None:
        """Tell of changes above the thresholds, in percent of the tank."""
        self.vehicle_id = vehicle_id
        self.refill_threshold = refill_threshold
        self.theft_threshold = theft_threshold
        self._samples: list[Sample] = []
        self._newest: datetime | None = None
        self._consumption = Consumption()
        self._noise = Noise()

    def feed(self, reading: Reading, now: datetime | None = None) -> list[FuelEvent]:
        """Take a reading; return what it proves.

        A reading that is not newer than the last one changes nothing, unless that
        one was made, as `now` tells, by a clock that ran ahead.
        """
        if self._newest is not None and reading.time <= self._newest:
            if now is None or self._newest <= now + _FUTURE:
                return []
            self._samples = [one for one in self._samples if one.time < reading.time]
        self._newest = reading.time
        if reading.level is None or not reading.usable:
            return []
        previous = self._samples[-1] if self._samples else None
        sample = Sample.after(previous, reading, reading.level)
        if previous is not None and sample.time - previous.time < _CLOSE:
            self._noise.learn(previous, sample)
        self._samples.append(sample)
        change = max(self._changes(), key=lambda change: change.certainty, default=None)
        if change is None:
            self._forget()
            return []
        event = self._event(change, reading.tank_capacity)
        del self._samples[: change.first]
        self._consumption.interrupt()
        return [event]

    # What is remembered.

    def _forget(self) -> None:
        """Keep the samples few and their reach long."""
        samples = self._samples
        if len(samples) <= _REMEMBERED:
            return
        if samples[-1].time - samples[0].time > _REACH:
            self._consumption.learn(samples.pop(0))
            return
        densest = min(
            range(1, len(samples) - _NEWEST),
            key=lambda number: samples[number + 1].time - samples[number - 1].time,
        )
        del samples[densest]

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        return {
            "newest": None if self._newest is None else self._newest.isoformat(),
            "samples": [sample.as_dict() for sample in self._samples],
            "consumption": self._consumption.as_dict(),
            "noise": self._noise.as_dict(),
        }

    @classmethod
    def from_dict(
        cls,
        vehicle_id: str,
        stored: dict[str, Any],
        *,
        refill_threshold: float = 8.0,
        theft_threshold: float = 8.0,
    ) -> Self:
        """Return the detector that `as_dict` told of."""
        detector = cls(
            vehicle_id,
            refill_threshold=refill_threshold,
            theft_threshold=theft_threshold,
        )
        if (newest := stored["newest"]) is not None:
            detector._newest = datetime.fromisoformat(newest)
        detector._samples = [Sample.from_dict(one) for one in stored["samples"]]
        detector._consumption = Consumption.from_dict(stored["consumption"])
        detector._noise = Noise.from_dict(stored["noise"])
        return detector

    # What follows from it.

    def _changes(self) -> Iterator[_Change]:
        """Return the changes that the samples prove."""
        samples = self._samples
        if len(samples) < 3:
            return
        rate = self._consumption.rate
        least = min(self.refill_threshold, self.theft_threshold) / 2
        low, high = sorted(sample.level for sample in samples[-2:])
        # Earlier changes were judged when more was known of what came before.
        for last in range(max(0, len(samples) - _JUDGED), len(samples) - 2):
            start = samples[last]
            if low - least < start.level < high + least:
                continue
            before = Side.of(
                [
                    (sample, sample.level - rate * sample.distance(start))
                    for sample in samples[last::-1]
                ],
                self._noise,
            )
            if self._strays(start, before) > _CERTAIN:
                continue
            stopped = False
            for first in range(last + 1, len(samples) - 1):
                between = samples[first - 1]
                stopped = stopped or _may_have_stopped(between, samples[first])
                if first > last + 1 and (
                    samples[first].time - samples[last + 1].time > _SLOWEST
                    or self._strays(between, before) < _ON_THE_WAY
                ):
                    break
                if stopped and (change := self._compare(last, first, before)):
                    yield change

    def _strays(self, sample: Sample, side: Side) -> float:
        """Return by how many standard deviations a sample is off a level."""
        expected = side.expected(sample, self._noise)
        return abs(sample.level - expected.level) / sqrt(expected.variance)

    def _compare(self, last: int, first: int, before: Side) -> _Change | None:
        """Return how the level changed from the sample `last` to `first`.

        None where the samples since then do not hold one level, or prove nothing.
        """
        samples = self._samples
        start, end = samples[last], samples[first]
        rate = self._consumption.rate
        after = [
            (sample, sample.level + rate * end.distance(sample))
            for sample in samples[first:]
        ]
        middle = median([level for _, level in after])
        for sample, level in after:
            if (level - middle) ** 2 > _CERTAIN**2 * self._noise.variance(sample):
                return None
        level_before, level_after, variance = compare(
            before, Side.of(after, self._noise)
        )
        driven = rate * start.distance(end)
        change = _Change(
            last=last,
            first=first,
            before=level_before,
            after=level_after,
            added=level_after - level_before + driven,
            deviation=sqrt(variance + (self._consumption.doubt * driven) ** 2),
        )
        return change if self._proves(change) else None

    def _proves(self, change: _Change) -> bool:
        """Whether a change is a refill or a theft, and over."""
        stood = any(
            sample.stand is not None
            for sample in self._samples[change.last : change.first + 1]
        )
        if change.certainty < (_CERTAIN if stood else _CERTAIN_UNSEEN):
            return False
        if change.added > 0:
            return change.added > self.refill_threshold + _EXACT and self._settled(
                change
            )
        return (
            -change.added - self._idled(change) > self.theft_threshold + _EXACT
            and self._parked(change)
            and self._settled(change)
        )

    def _settled(self, change: _Change) -> bool:
        """Whether the level stays where it went, and does not go on."""
        samples = self._samples
        after = samples[change.first :]
        sign = 1 if change.added > 0 else -1
        levels = [sign * sample.level for sample in after]
        moved = sum(sample.stand is None for sample in after)
        if moved:
            # It is over, but the first level may have been on the way.
            return (
                max(moved, len(after) - moved) > 1 or levels[1] - levels[0] < _SETTLED
            )
        held = after[-1].time - after[0].time
        took = after[0].time - samples[change.first - 1].time
        step = levels[0] - sign * samples[change.first - 1].level
        wait = _SETTLING
        if step > _SUDDEN:
            wait = timedelta(0) if took > _LONGEST else took * (_GOING_ON / step)
        middle = len(levels) // 2 if held >= _SETTLING else 1
        return (
            held >= min(wait, _SETTLING)
            and median(levels[middle:]) - median(levels[:middle]) <= _SETTLED
        )

    def _parked(self, change: _Change) -> bool:
        """Whether the engine may have been off while the level changed."""
        samples = self._samples[change.last : change.first + 1]
        return any(
            sample.stand is not None and sample.engine is not True for sample in samples
        ) or any(_unseen(earlier, later) for earlier, later in pairwise(samples))

    def _idled(self, change: _Change) -> float:
        """Return what an engine that ran all the time may have taken."""
        start, end = self._samples[change.last], self._samples[change.first]
        if start.engine is not True or end.engine is not True:
            return 0.0
        return (end.time - start.time) / _HOUR * _IDLING

    def _event(self, change: _Change, tank_capacity: float | None) -> FuelEvent:
        """Return the event that a change stands for."""
        # It began before the first sample that shows it.
        start, end = self._samples[change.last : change.last + 2]
        long = end.time - start.time > _RANGE
        private = _private(self._samples[change.last : change.first + 1])
        place = None if private else self._place(change)
        percent = round(abs(change.added), 1)
        return FuelEvent(
            vehicle_id=self.vehicle_id,
            kind=(
                FuelEventKind.REFUELLED
                if change.added > 0
                else FuelEventKind.THEFT_SUSPECTED
            ),
            time=start.time + (end.time - start.time) / 2,
            earliest=start.time if long else None,
            latest=end.time if long else None,
            origin=FuelOrigin.DERIVED,
            volume=(
                None
                if tank_capacity is None
                else round(percent * tank_capacity / 100, 1)
            ),
            percent=percent,
            level_before=_percent(change.before),
            level_after=_percent(change.after),
            address=None if place is None else place.address,
            location=None if place is None else place.location,
            private=private,
        )

    def _place(self, change: _Change) -> Sample | None:
        """Return a sample of the stand at which it happened, if one was seen."""
        start, end = self._samples[change.last], self._samples[change.first]
        between = self._samples[change.last + 1 : change.first]
        stood = [one for one in (*between, end, start) if one.stand is not None]
        # Two stands, one before and one after: nobody knows at which.
        if len({sample.stand for sample in stood}) != 1:
            return None
        return next((one for one in stood if one.location or one.address), None)


def _may_have_stopped(earlier: Sample, later: Sample) -> bool:
    """Whether the vehicle stood at some time from one sample to the next."""
    if earlier.stand is not None or later.stand is not None:
        return True
    return _unseen(earlier, later)


def _unseen(earlier: Sample, later: Sample) -> bool:
    """Whether there was time to stop between two samples."""
    driving = earlier.distance(later) / _UNSEEN_SPEED * _HOUR
    return later.time - earlier.time - driving >= _UNSEEN_STOP


def _private(samples: Iterable[Sample]) -> bool | None:
    known = [sample.private for sample in samples if sample.private is not None]
    return any(known) if known else None


def _percent(level: float) -> float:
    return round(min(100.0, max(0.0, level)), 1)
