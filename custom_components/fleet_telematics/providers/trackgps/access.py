"""Finds out which vehicles the account may not see, with few requests."""

from collections.abc import Iterable, Sequence
import time
from typing import Final

DENIED_FOR: Final = 24 * 60 * 60.0


class Access:
    """What the vendor's refusals tell about single vehicles.

    TrackGPS refuses a whole list when the account may not see one vehicle on it.
    Everybody on such a list is a suspect and is asked for in ever shorter lists,
    one of them a time, until it was answered or refused alone.
    """

    def __init__(self) -> None:
        """Trust every vehicle."""
        # How many suspects may share a list, by suspect.
        self._suspects: dict[str, int] = {}
        self._denied_until: dict[str, float] = {}

    def denied(self, vehicle_id: str) -> bool:
        """Return whether the account may not see the vehicle, as of today."""
        until = self._denied_until.get(vehicle_id)
        if until is None:
            return False
        if time.monotonic() < until:
            return True
        # Rights change: ask for it again, alone so that it harms nobody.
        del self._denied_until[vehicle_id]
        self._suspects[vehicle_id] = 1
        return False

    def lists(self, vehicle_ids: Iterable[str]) -> list[list[str]]:
        """Return what to ask for now: the trusted ones, and a list of suspects."""
        allowed = [one for one in vehicle_ids if not self.denied(one)]
        trusted = [one for one in allowed if one not in self._suspects]
        suspects = sorted(
            (one for one in allowed if one in self._suspects),
            key=self._suspects.__getitem__,
        )
        if suspects:
            suspects = suspects[: self._suspects[suspects[0]]]
        return [one for one in (trusted, suspects) if one]

    def granted(self, vehicle_ids: Iterable[str]) -> None:
        """Note that the vendor answered for these vehicles."""
        for one in vehicle_ids:
            self._suspects.pop(one, None)
            self._denied_until.pop(one, None)

    def refused(self, vehicle_ids: Sequence[str]) -> None:
        """Note that the vendor refused this list."""
        if len(vehicle_ids) > 1:
            together = (len(vehicle_ids) + 1) // 2
            self._suspects.update(dict.fromkeys(vehicle_ids, together))
            return
        for one in vehicle_ids:
            self._suspects.pop(one, None)
            self._denied_until[one] = time.monotonic() + DENIED_FOR
