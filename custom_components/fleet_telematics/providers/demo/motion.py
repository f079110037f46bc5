"""How a vehicle moves along a leg: it accelerates, cruises and slows at junctions."""

from array import array
from bisect import bisect_right
from math import sqrt
from random import Random

from .roads import Segment

# Kilometres and seconds: 1.1 m/s², and 17 km/h round a corner.
_ACCELERATION = 0.0011
_CORNER = 17 / 3600
# However short a stretch is, nobody brakes or accelerates harder on it: 2.5 m/s².
_HARDEST = 0.0025

# How much of the cruising speed is left where a street goes on, and how much faster
# or slower than usual the traffic is.
_FLOW = 0.75
_TRAFFIC = (0.85, 1.1)


class Motion:
    """Distance and speed over time on one leg, from standstill to standstill.

    Between two knots the acceleration is constant, so that the distance is the
    integral of the speed.
    """

    def __init__(
        self, stretches: list[tuple[Segment, float]], duration: float, rng: Random
    ) -> None:
        """Plan the speed, then stretch the time to the duration."""
        self._times = array("d", [0.0])
        self._kilometres = array("d", [0.0])
        self._speeds = array("d", [0.0])
        cruise = [
            segment.street.speed / 3600 * rng.uniform(*_TRAFFIC)
            for segment, _ in stretches
        ]
        leaves: list[float] = []
        for number, (segment, _) in enumerate(stretches[:-1]):
            if stretches[number + 1][0].street is segment.street:
                leaves.append(_FLOW * min(cruise[number], cruise[number + 1]))
            else:
                leaves.append(min(_CORNER, cruise[number], cruise[number + 1]))
        leaves.append(0.0)
        for number in range(len(stretches) - 1, 0, -1):
            length = stretches[number][1]
            leaves[number - 1] = min(
                leaves[number - 1], _reached(leaves[number], length)
            )
        for number, (_, length) in enumerate(stretches):
            leave = min(leaves[number], _reached(self._speeds[-1], length))
            self._drive(length, cruise[number], leave)
        scale = duration / self._times[-1]
        self._times = array("d", [time * scale for time in self._times])
        self._speeds = array("d", [speed / scale for speed in self._speeds])

    def _drive(self, length: float, cruise: float, leave: float) -> None:
        """Add the knots of one stretch, entered at the speed of the last knot."""
        enter = self._speeds[-1]
        top = sqrt(_ACCELERATION * length + (enter**2 + leave**2) / 2)
        if top <= max(enter, leave):
            self._knot(length, leave)
            return
        top = min(top, max(cruise, enter, leave))
        speeding_up = (top**2 - enter**2) / (2 * _ACCELERATION)
        slowing_down = (top**2 - leave**2) / (2 * _ACCELERATION)
        self._knot(speeding_up, top)
        self._knot(length - speeding_up - slowing_down, top)
        self._knot(slowing_down, leave)

    def _knot(self, length: float, speed: float) -> None:
        pace = (self._speeds[-1] + speed) / 2
        if length <= 0 or pace <= 0:
            return
        self._times.append(self._times[-1] + length / pace)
        self._kilometres.append(self._kilometres[-1] + length)
        self._speeds.append(speed)

    def at(self, time: float) -> tuple[float, float]:
        """Return the kilometres driven and the speed in km/h after some seconds."""
        number = min(bisect_right(self._times, time), len(self._times) - 1) - 1
        begun = time - self._times[number]
        span = self._times[number + 1] - self._times[number]
        speed = self._speeds[number]
        gain = (self._speeds[number + 1] - speed) * begun / span
        return (
            self._kilometres[number] + (speed + gain / 2) * begun,
            max(0.0, speed + gain) * 3600,
        )


def _reached(speed: float, length: float) -> float:
    """Return the highest speed that a stretch can lead to, or be entered at."""
    return sqrt(speed**2 + 2 * _HARDEST * length)
