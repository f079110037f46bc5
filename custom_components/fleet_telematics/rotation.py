"""Lets the vehicles of a fleet take turns."""

from collections.abc import Sequence
from itertools import islice


class Rotation:
    """Deals the vehicles out in turns, also while some come and go."""

    def __init__(self, size: int | None) -> None:
        """Deal `size` vehicles a turn; None is all of them."""
        self._size = size
        self._waiting: dict[str, None] = {}

    def next(self, vehicle_ids: Sequence[str]) -> list[str]:
        """Return whose turn it is."""
        if self._size is None:
            return list(vehicle_ids)
        present = set(vehicle_ids)
        self._waiting = {one: None for one in self._waiting if one in present}
        turn = list(islice(self._waiting, self._size))
        for vehicle_id in turn:
            del self._waiting[vehicle_id]
        if len(turn) < self._size:
            # The round is over: everybody else waits again, in their order.
            rest = [one for one in vehicle_ids if one not in turn]
            turn += rest[: self._size - len(turn)]
            self._waiting = dict.fromkeys(one for one in rest if one not in turn)
        return turn

    def turns(self, count: int) -> int:
        """Return how many turns a round over `count` vehicles takes."""
        return 1 if self._size is None else max(1, -(-count // self._size))
