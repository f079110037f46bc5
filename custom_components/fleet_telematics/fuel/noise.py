"""How much a vehicle's fuel level shakes, learned from neighbouring samples."""

from dataclasses import dataclass
from typing import Any, Final, Self

from .reading import Sample

# Standard deviations in percent of the tank: the least, the first guess, the most.
_REST: Final = (0.6, 1.2, 2.5)
_MOTION: Final = (1.0, 3.0, 6.0)
# How much one pair of samples counts, and how many standard deviations at most: a
# refill is no noise.
_WEIGHT: Final = 0.03
_OUTLIER: Final = 3.0


@dataclass(slots=True, kw_only=True)
class Noise:
    """The variances of a level at rest and in motion."""

    rest: float = _REST[1] ** 2
    motion: float = _MOTION[1] ** 2

    def variance(self, sample: Sample) -> float:
        """Return the variance of a sample's level."""
        return self.rest if sample.calm else self.motion

    def learn(self, previous: Sample, sample: Sample) -> None:
        """Take two samples that follow each other closely."""
        square = (sample.level - previous.level) ** 2 / 2
        if previous.calm and sample.calm and previous.stand == sample.stand:
            self.rest = _closer(self.rest, square, _REST)
        elif previous.stand is None and sample.stand is None:
            self.motion = _closer(self.motion, square, _MOTION)

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        # Much quicker than asdict, for every vehicle at every poll.
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the noise that `as_dict` told of."""
        return cls(**stored)


def _closer(
    variance: float, square: float, bounds: tuple[float, float, float]
) -> float:
    """Return a variance that is closer to what was seen, within bounds."""
    seen = min(square, _OUTLIER**2 * variance)
    variance += _WEIGHT * (seen - variance)
    return min(bounds[2] ** 2, max(bounds[0] ** 2, variance))
