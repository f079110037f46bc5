"""Main roads of a city as a graph, and the shortest ways through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from math import asin, atan2, cos, degrees, radians, sin, sqrt

EARTH_RADIUS = 6371.0088


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A street: its name and the usual speed on it, in km/h."""

    name: str
    postal_code: str
    speed: float


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two (latitude, longitude) pairs in km."""
    lat_a, lat_b = radians(a[0]), radians(b[0])
    half_chord = (
        sin((lat_b - lat_a) / 2) ** 2
        + cos(lat_a) * cos(lat_b) * sin(radians(b[1] - a[1]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS * asin(sqrt(half_chord))


def bearing(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the direction from a to b in degrees, 0 to below 360."""
    lat_a, lat_b = radians(a[0]), radians(b[0])
    turn = radians(b[1] - a[1])
    east = sin(turn) * cos(lat_b)
    north = cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(turn)
    return degrees(atan2(east, north)) % 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The straight piece of a street from one point to the next, one way."""

    street: Street
    start: tuple[float, float]
    end: tuple[float, float]
    length: float
    heading: float

    def at(self, offset: float) -> tuple[float, float]:
        """Return the place `offset` km behind the start."""
        share = offset / self.length
        (lat_a, lon_a), (lat_b, lon_b) = self.start, self.end
        return lat_a + (lat_b - lat_a) * share, lon_a + (lon_b - lon_a) * share


class RoadNetwork:
    """Named places and the streets that join them, each drivable both ways."""

    def __init__(
        self,
        places: Mapping[str, tuple[float, float]],
        streets: Sequence[tuple[Street, str]],
    ) -> None:
        """Build the graph; a street's course is its places, separated by spaces."""
        self.places = dict(places)
        self.segments: dict[tuple[str, str], Segment] = {}
        self.neighbours: dict[str, list[str]] = {place: [] for place in places}
        for street, course in streets:
            for a, b in pairwise(course.split()):
                self._join(street, a, b)
                self._join(street, b, a)

    def _join(self, street: Street, a: str, b: str) -> None:
        start, end = self.places[a], self.places[b]
        self.segments[a, b] = Segment(
            street=street,
            start=start,
            end=end,
            length=distance(start, end),
            heading=bearing(start, end),
        )
        self.neighbours[a].append(b)

    @cached_property
    def _next_hops(self) -> dict[str, dict[str, str]]:
        """For each destination, the next place on the fastest way there."""
        return {goal: self._hops_towards(goal) for goal in self.places}

    def _hops_towards(self, goal: str) -> dict[str, str]:
        hops: dict[str, str] = {}
        queue = [(0.0, goal, goal)]
        while queue:
            time, place, hop = heappop(queue)
            if place in hops:
                continue
            hops[place] = hop
            for other in self.neighbours[place]:
                if other not in hops:
                    segment = self.segments[other, place]
                    heappush(
                        queue,
                        (time + segment.length / segment.street.speed, other, place),
                    )
        return hops

    def way(self, start: str, goal: str) -> list[str]:
        """Return the places on the fastest way, the goal last, without the start."""
        way: list[str] = []
        hops = self._next_hops[goal]
        while start != goal:
            start = hops[start]
            way.append(start)
        return way
