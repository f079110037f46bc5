"""Where a vehicle drives in a day: out from home through the city, and back."""

from array import array
from bisect import bisect_right
from functools import cache
from random import Random

from .records import City
from .roads import RoadNetwork, Segment

# Seconds that every point of a road costs beyond the usual speed.
_DELAY = 4.0


class Route:
    """A round of a given length: a wander from home, and the same way back.

    Kilometres count from the departure, so that `length` is home again. `times` are
    the seconds the wander usually takes up to each of its points.
    """

    def __init__(
        self, roads: RoadNetwork, home: str, length: float, rng: Random
    ) -> None:
        """Wander from one random destination to the next."""
        self.length = length
        self.half = length / 2
        self._segments: list[Segment] = []
        self._backwards: list[Segment] = []
        self.points = array("d", [0.0])
        self.times = array("d", [0.0])
        places = list(roads.places)
        here, previous = home, home
        while self.points[-1] < self.half:
            way = roads.way(here, rng.choice(places))
            if not way or (way[0] == previous and len(roads.neighbours[here]) > 1):
                continue
            for place in way:
                segment = roads.segments[here, place]
                self._segments.append(segment)
                self._backwards.append(roads.segments[place, here])
                self.points.append(self.points[-1] + segment.length)
                self.times.append(
                    self.times[-1]
                    + segment.length / segment.street.speed * 3600
                    + _DELAY
                )
                previous, here = here, place

    def at(self, kilometre: float) -> tuple[Segment, float]:
        """Return the segment that is driven there, and the km behind its start."""
        if kilometre <= self.half:
            number = self._number(kilometre)
            return self._segments[number], kilometre - self.points[number]
        mirrored = self.length - kilometre
        number = self._number(mirrored)
        return self._backwards[number], self.points[number + 1] - mirrored

    def _number(self, kilometre: float) -> int:
        return min(bisect_right(self.points, kilometre), len(self._segments)) - 1

    def stretches(self, start: float, end: float) -> list[tuple[Segment, float]]:
        """Return the segments from one kilometre to another with the km on each.

        Both lie in the same half of the round.
        """
        if start < self.half:
            return self._wander(self._segments, start, end)
        way_out = self._wander(self._backwards, self.length - end, self.length - start)
        return way_out[::-1]

    def _wander(
        self, segments: list[Segment], start: float, end: float
    ) -> list[tuple[Segment, float]]:
        stretches: list[tuple[Segment, float]] = []
        number = self._number(start)
        while number < len(segments) and self.points[number] < end:
            length = min(self.points[number + 1], end) - max(self.points[number], start)
            stretches.append((segments[number], length))
            number += 1
        return stretches

    def stops(self, seconds: list[int]) -> list[float]:
        """Divide the round into legs that usually take times like those given.

        The first half of the legs is the way out. Returns the kilometre at which
        each leg ends.
        """
        middle = len(seconds) // 2
        out = self._divide(seconds[:middle])
        back = self._divide(seconds[: middle - 1 : -1])
        return [
            *out,
            self.half,
            *(self.length - kilometre for kilometre in reversed(back)),
            self.length,
        ]

    def _divide(self, seconds: list[int]) -> list[float]:
        """Return the kilometres between the legs of one half."""
        scale = self._time(self.half) / sum(seconds)
        time = 0.0
        kilometres: list[float] = []
        for leg in seconds[:-1]:
            time += leg * scale
            number = bisect_right(self.times, time) - 1
            share = (time - self.times[number]) / (
                self.times[number + 1] - self.times[number]
            )
            kilometres.append(
                self.points[number]
                + share * (self.points[number + 1] - self.points[number])
            )
        return kilometres

    def _time(self, kilometre: float) -> float:
        segment, offset = self.at(kilometre)
        number = self._number(kilometre)
        return self.times[number] + offset / segment.length * (
            self.times[number + 1] - self.times[number]
        )


@cache
def usual_pace(roads: RoadNetwork) -> float:
    """Return the kilometres per hour that a long wander makes on these roads."""
    sample = Route(roads, next(iter(roads.places)), 4000.0, Random("pace"))
    return sample.points[-1] / sample.times[-1] * 3600


def pick_home(city: City, rng: Random) -> str:
    """Return a place of the city where a vehicle spends its rest."""
    return rng.choice(list(city.roads.places))
