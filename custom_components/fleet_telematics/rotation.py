"""Lets the vehicles of a fleet take turns."""

from collections.abc import Sequence


class Rotation:
    """Deals the vehicles out in turns, also while some come and go."""

    def __init__(self, size: int | None) -> None:
        """Deal `size` vehicles a turn; None is all of them."""
        self._size = size
        self._order: list[str] = []

    def next(self, vehicle_ids: Sequence[str]) -> list[str]:
        """Return whose turn it is: those who waited longest."""
        if self._size is None:
            return list(vehicle_ids)
        waiting = dict.fromkeys(self._order)
        present = set(vehicle_ids)
        order = [one for one in waiting if one in present]
        order += [one for one in vehicle_ids if one not in waiting]
        turn = order[: self._size]
        self._order = order[self._size :] + turn
        return turn

    def turns(self, count: int) -> int:
        """Return how many turns a round over `count` vehicles takes."""
        return 1 if self._size is None else max(1, -(-count // self._size))
