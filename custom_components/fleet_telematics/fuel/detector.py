"""Refills and suspected thefts, concluded from fuel levels.

A level is a poor witness: it shakes while driving, leans on a slope, creeps while
the engine is off, drops out and falls silent. The detector remembers the last
readings of a vehicle. With every new one it asks of each stop and each silence
among them whether the levels before and after differ by more than the threshold,
and by more than noise and driving explain. Like is compared with like where that is
possible: levels of one stand, where the slope is the same, or levels while driving.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final, Self

from ..providers.models import FuelEvent, FuelEventKind, FuelOrigin
from .consumption import Consumption
from .noise import Noise
from .reading import Reading, Sample

# How many samples are remembered, and how many of a kind are compared.
_REMEMBERED: Final = 12
_COMPARED: Final = 4

# What a slope adds to all levels of one stand, in percent (standard deviation).
_SLOPE: Final = 2.5
# By how many standard deviations two levels differ that are not the same, where the
# vehicle was seen to stand and where it was not: there are many more of the latter.
_CERTAIN: Final = 3.5
_CERTAIN_UNSEEN: Final = 5.0
# A sample that is nearer than this to the level before belongs to it: filling or
# draining has not begun.
_ON_THE_WAY: Final = 2.0
# A median is a little less exact than a mean.
_MEDIAN: Final = 1.25

# In a silence between two samples a vehicle may have stopped so long, and gone the
# rest of the time so fast (km/h).
_UNSEEN_STOP: Final = timedelta(minutes=4)
_UNSEEN_SPEED: Final = 90.0
# An engine that runs at both ends of a silence may have run throughout, so fast
# does that empty the tank, in percent an hour.
_IDLING: Final = 3.0
# What takes longer is a leak or the sun, unless nobody looked.
_SLOWEST: Final = timedelta(minutes=45)
# A level has settled when it goes on by no more than this, after a sudden change or
# for a time. Otherwise the tank is still being filled or drained.
_SUDDEN: Final = 4.0
_SETTLED: Final = 1.8
_SETTLING: Final = timedelta(minutes=5)
# Neighbours in time tell of noise.
_CLOSE: Final = timedelta(minutes=15)
# Shorter is not worth telling: an event's time is exact to some minutes.
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

    def feed(self, reading: Reading) -> list[FuelEvent]:
        """Take a reading; return what it proves.

        A reading that is not newer than the last one changes nothing.
        """
        if self._newest is not None and reading.time <= self._newest:
            return []
        self._newest = reading.time
        if reading.level is None or not reading.usable:
            return []
        previous = self._samples[-1] if self._samples else None
        sample = Sample.after(previous, reading, reading.level)
        if previous is not None and sample.time - previous.time < _CLOSE:
            self._noise.learn(previous, sample)
        self._samples.append(sample)
        change = max(
            self._changes(), key=lambda change: change.certainty, default=None
        )
        if change is None:
            for forgotten in self._samples[:-_REMEMBERED]:
                self._consumption.learn(forgotten)
            del self._samples[:-_REMEMBERED]
            return []
        event = self._event(change, reading.tank_capacity)
        del self._samples[: change.first]
        self._consumption.interrupt()
        return [event]

    # What is remembered.

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
        newest = samples[-1]
        least = min(self.refill_threshold, self.theft_threshold) / 2
        for last in range(len(samples) - 2):
            start = samples[last]
            if abs(newest.level - start.level) < least:
                continue
            stopped = False
            for first in range(last + 1, len(samples) - 1):
                stopped = stopped or _may_have_stopped(
                    samples[first - 1], samples[first]
                )
                if not stopped:
                    continue
                if first > last + 1 and samples[first].time - start.time > _SLOWEST:
                    break
                change = self._compare(last, first)
                if change is not None and self._proves(change):
                    yield change

    def _compare(self, last: int, first: int) -> _Change | None:
        """Return how the level changed from the sample `last` to `first`.

        None where the samples since then do not hold one level, or the change did
        not begin after `last`.
        """
        samples = self._samples
        start, end = samples[last], samples[first]
        rate = self._consumption.rate
        after = [
            (sample, sample.level + rate * end.distance(sample))
            for sample in samples[first:]
        ]
        if not self._hold(after):
            return None
        before = [
            (sample, sample.level - rate * sample.distance(start))
            for sample in samples[last::-1]
        ]
        level_before, level_after, variance = self._levels(before, after)
        driven = rate * start.distance(end)
        if not self._near(start, level_before, _CERTAIN) or any(
            self._near(sample, level_before, _ON_THE_WAY)
            for sample in samples[last + 1 : first]
        ):
            return None
        return _Change(
            last=last,
            first=first,
            before=level_before,
            after=level_after,
            added=level_after - level_before + driven,
            deviation=(variance + (self._consumption.doubt * driven) ** 2) ** 0.5,
        )

    def _hold(self, after: Sequence[tuple[Sample, float]]) -> bool:
        """Whether all levels may be the same one."""
        middle = median(level for _, level in after)
        return all(
            (level - middle) ** 2 <= _CERTAIN**2 * self._noise.variance(sample)
            for sample, level in after
        )

    def _near(self, sample: Sample, level: float, deviations: float) -> bool:
        """Whether a sample may be of a level."""
        variance = self._noise.variance(sample)
        if sample.stand is not None:
            variance += _SLOPE**2
        return (sample.level - level) ** 2 <= deviations**2 * variance

    def _levels(
        self,
        before: Sequence[tuple[Sample, float]],
        after: Sequence[tuple[Sample, float]],
    ) -> tuple[float, float, float]:
        """Return the levels before and after, and the variance of their difference.

        Both begin with the sample that is closest to the change. The levels at a
        stand are off by the same unknown slope: this is the least squares' estimate
        of both levels and that slope, given how steep slopes are.
        """
        stand_before, stand_after = before[0][0].stand, after[0][0].stand
        same = stand_before is not None and stand_before == stand_after
        slope = 0.0 if same else _SLOPE**2
        moved_before, stood_before = self._groups(before, stand_before, slope)
        moved_after, stood_after = self._groups(after, stand_after, slope)
        level_before, weight_before = _average(moved_before, stood_before)
        level_after, weight_after = _average(moved_after, stood_after)
        variance = 1 / weight_before + 1 / weight_after
        if same:
            share_before = stood_before[1] / weight_before
            share_after = stood_after[1] / weight_after
            weight = (
                1 / _SLOPE**2
                + share_before * moved_before[1]
                + share_after * moved_after[1]
            )
            leaning = (
                stood_before[1] * (stood_before[0] - level_before)
                + stood_after[1] * (stood_after[0] - level_after)
            ) / weight
            level_before -= leaning * share_before
            level_after -= leaning * share_after
            variance += (share_before - share_after) ** 2 / weight
        return level_before, level_after, variance

    def _groups(
        self, side: Sequence[tuple[Sample, float]], stand: int | None, slope: float
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return level and weight in motion and at the stand; 0 is not known."""
        moved = [one for one in side if one[0].stand is None]
        stood = [one for one in side if stand is not None and one[0].stand == stand]
        return (
            self._group(moved[:_COMPARED], 0.0),
            self._group(stood[:_COMPARED], slope),
        )

    def _group(
        self, group: Sequence[tuple[Sample, float]], shared: float
    ) -> tuple[float, float]:
        """Return level and weight of samples that share an error beside their own."""
        if not group:
            return 0.0, 0.0
        variance = sum(self._noise.variance(sample) for sample, _ in group)
        variance *= _MEDIAN / len(group) ** 2
        return median(level for _, level in group), 1 / (variance + shared)

    def _proves(self, change: _Change) -> bool:
        """Whether a change is a refill or a theft, and over."""
        stood = any(
            sample.stand is not None
            for sample in self._samples[change.last : change.first + 1]
        )
        if change.certainty < (_CERTAIN if stood else _CERTAIN_UNSEEN):
            return False
        if change.added > 0:
            return change.added > self.refill_threshold and self._settled(change)
        return (
            -change.added - self._idled(change) > self.theft_threshold
            and self._parked(change)
            and self._settled(change)
        )

    def _settled(self, change: _Change) -> bool:
        """Whether the level stays where it went, and does not go on."""
        after = self._samples[change.first :]
        if any(sample.stand is None for sample in after):
            return True
        sign = 1 if change.added > 0 else -1
        levels = [sign * sample.level for sample in after]
        came_from = sign * self._samples[change.first - 1].level
        if levels[0] - came_from > _SUDDEN:
            return median(levels[1:]) - levels[0] <= _SETTLED
        middle = len(levels) // 2
        return (
            after[-1].time - after[0].time >= _SETTLING
            and median(levels[middle:]) - median(levels[:middle]) <= _SETTLED
        )

    def _parked(self, change: _Change) -> bool:
        """Whether the engine may have been off while the level changed."""
        samples = self._samples[change.last : change.first + 1]
        return any(sample.calm for sample in samples) or any(
            _unseen(earlier, later) for earlier, later in pairwise(samples)
        )

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
        place = self._place(change)
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
            private=_private(self._samples[change.last : change.first + 1]),
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


def _average(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the average of two levels by their weights, and its weight."""
    weight = one[1] + other[1]
    return (one[0] * one[1] + other[0] * other[1]) / weight, weight


def _private(samples: Iterable[Sample]) -> bool | None:
    known = [sample.private for sample in samples if sample.private is not None]
    return any(known) if known else None


def _percent(level: float) -> float:
    return round(min(100.0, max(0.0, level)), 1)
