"""The fuel level on one side of a change, and the difference to the other side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final, Self

from .noise import Noise
from .reading import Sample

# What a slope adds to all levels of one stand, in percent (standard deviation).
_SLOPE: Final = 2.5
# How many samples of a kind are enough; a median is a little less exact than a mean.
_ENOUGH: Final = 4
_MEDIAN: Final = 1.25


@dataclass(frozen=True, slots=True)
class Estimate:
    """A level and its variance."""

    level: float
    variance: float

    @classmethod
    def of(cls, samples: Sequence[tuple[Sample, float]], noise: Noise) -> Self | None:
        """Return what the first of some samples tell of a level they share."""
        if not samples:
            return None
        samples = samples[:_ENOUGH]
        variance = sum([noise.variance(sample) for sample, _ in samples])
        return cls(
            median([level for _, level in samples]),
            variance * _MEDIAN / len(samples) ** 2,
        )

    def leaning(self) -> Estimate:
        """Return the estimate for other places than the one where it was made."""
        return Estimate(self.level, self.variance + _SLOPE**2)


@dataclass(frozen=True, slots=True)
class Side:
    """The levels before or after a change: in motion, and at the stand beside it.

    At a stand all levels are off by the same unknown slope. One of the two may be
    unknown, not both.
    """

    stand: datetime | None
    moved: Estimate | None
    stood: Estimate | None

    @classmethod
    def of(cls, samples: Sequence[tuple[Sample, float]], noise: Noise) -> Self:
        """Return what samples tell, with levels, the closest to the change first."""
        stand = samples[0][0].stand
        stood = (
            [] if stand is None else [one for one in samples if one[0].stand == stand]
        )
        return cls(
            stand,
            Estimate.of([one for one in samples if one[0].stand is None], noise),
            Estimate.of(stood, noise),
        )

    def expected(self, sample: Sample, noise: Noise) -> Estimate:
        """Return what a sample would show if nothing had changed."""
        variance = noise.variance(sample)
        if sample.stand is None and self.moved is not None:
            return Estimate(self.moved.level, variance)
        if sample.stand == self.stand and self.stood is not None:
            return Estimate(self.stood.level, variance)
        known = self.moved or self.stood
        assert known is not None
        return Estimate(known.level, variance).leaning()


def compare(before: Side, after: Side) -> tuple[float, float, float]:
    """Return the levels before and after, and the variance of their difference.

    Before and after at the same stand share its slope: these are the least squares'
    estimates of both levels and that slope, given how steep slopes are.
    """
    same = before.stand is not None and before.stand == after.stand
    level_before, weight_before, stood_before = _average(before, same)
    level_after, weight_after, stood_after = _average(after, same)
    variance = 1 / weight_before + 1 / weight_after
    if same and before.stood is not None and after.stood is not None:
        share_before = stood_before / weight_before
        share_after = stood_after / weight_after
        weight = (
            1 / _SLOPE**2
            + stood_before * (1 - share_before)
            + stood_after * (1 - share_after)
        )
        slope = (
            stood_before * (before.stood.level - level_before)
            + stood_after * (after.stood.level - level_after)
        ) / weight
        level_before -= slope * share_before
        level_after -= slope * share_after
        variance += (share_before - share_after) ** 2 / weight
    return level_before, level_after, variance


def _average(side: Side, same_stand: bool) -> tuple[float, float, float]:
    """Return a side's level, its weight, and how much of that is of the stand."""
    stood = side.stood
    if stood is not None and not same_stand:
        stood = stood.leaning()
    moved_weight = 0.0 if side.moved is None else 1 / side.moved.variance
    stood_weight = 0.0 if stood is None else 1 / stood.variance
    weight = moved_weight + stood_weight
    total = 0.0
    for estimate, part in ((side.moved, moved_weight), (stood, stood_weight)):
        if estimate is not None:
            total += estimate.level * part
    return total / weight, weight, stood_weight
