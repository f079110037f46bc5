"""What a vehicle takes from its tank for a kilometre, learned from its levels."""

from dataclasses import dataclass
from typing import Any, Final, Self

from .reading import Sample

# Kilometres: one lesson, and how many count before older ones fade.
_LESSON: Final = 50.0
_MEMORY: Final = 1000.0
# Percent of the tank for a kilometre: more is no driving.
_MOST: Final = 0.6
# How wrong the rate may be: wholly at first, and always a little, for a heavy load
# is not a light one.
_GUESS: Final = 100.0
_ALWAYS: Final = 0.2


@dataclass(slots=True, kw_only=True)
class Consumption:
    """The rate, as the fall of the level over the kilometres that it took.

    It starts with a guess: 100 km at 0.1 percent of the tank.
    """

    distance: float = _GUESS
    fall: float = _GUESS * 0.1
    learned: float = 0.0
    odometer: float | None = None
    level: float | None = None

    @property
    def rate(self) -> float:
        """Percent of the tank for a kilometre."""
        return self.fall / self.distance

    @property
    def doubt(self) -> float:
        """How far the rate may be off, as a share of it (standard deviation)."""
        return _ALWAYS + (1 - _ALWAYS) * (_GUESS / (_GUESS + self.learned)) ** 2

    def learn(self, sample: Sample) -> None:
        """Take a sample before which nothing but driving changed the level."""
        if sample.odometer is None:
            return
        if self.odometer is None or self.level is None:
            self.odometer, self.level = sample.odometer, sample.level
            return
        distance = sample.odometer - self.odometer
        if distance < _LESSON:
            return
        fall = self.level - sample.level
        if 0 <= fall <= _MOST * distance:
            self.distance += distance
            self.fall += fall
            self.learned += distance
            if self.distance > _MEMORY:
                self.distance, self.fall = self.distance / 2, self.fall / 2
        self.odometer, self.level = sample.odometer, sample.level

    def interrupt(self) -> None:
        """Start the next lesson anew: the level changed for another reason."""
        self.odometer = self.level = None

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        # Much quicker than asdict, for every vehicle at every poll.
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the consumption that `as_dict` told of."""
        return cls(**stored)
