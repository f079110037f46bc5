"""What an import has to do, in steps that vendors take and a restart may interrupt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Final, Self

from homeassistant.util import dt as dt_util

from .hours import HOUR, hour_after, hour_of, moment_of

_DAY: Final = 24 * HOUR
# Vendors that take a month mean 31 days, less what lies on both sides of a window.
_MONTH: Final = 30 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some vehicles over at most 30 days."""

    vehicle_ids: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An import: whole hours of some vehicles, and how many steps are done.

    `daily` cuts days instead of 30 of them, and is not kept. The steps follow from the
    other fields, so that a number is enough to go on after a restart.
    """

    vehicle_ids: tuple[str, ...]
    start: datetime
    end: datetime
    vehicles_per_read: int
    daily: bool = False
    done: int = 0

    @classmethod
    def of(
        cls,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        vehicles_per_read: int,
        daily: bool = False,
    ) -> Self:
        """Return the import of a period, widened to whole hours; none is ahead."""
        last = min(end, dt_util.utcnow())
        return cls(
            vehicle_ids=tuple(vehicle_ids),
            start=moment_of(hour_of(start)),
            end=moment_of(hour_after(last)),
            vehicles_per_read=vehicles_per_read,
            daily=daily,
        )

    @property
    def steps(self) -> Sequence[Step]:
        """All steps, for each vehicle the oldest first."""
        length = _DAY if self.daily else _MONTH
        windows = list(_windows(self.start, self.end, length))
        return [
            Step(vehicle_ids=vehicle_ids, start=start, end=end)
            for vehicle_ids in batched(
                self.vehicle_ids, self.vehicles_per_read, strict=False
            )
            for start, end in windows
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        return {
            "vehicle_ids": list(self.vehicle_ids),
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "vehicles_per_read": self.vehicles_per_read,
            "done": self.done,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return a job from disk."""
        return cls(
            vehicle_ids=tuple(stored["vehicle_ids"]),
            start=datetime.fromisoformat(stored["start"]),
            end=datetime.fromisoformat(stored["end"]),
            vehicles_per_read=stored["vehicles_per_read"],
            done=stored["done"],
        )


def _windows(
    start: datetime, end: datetime, length: int
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows of a period.

    They end at the same moments whatever the period, so that what is told of a
    whole window is spread alike in every import.
    """
    while start < end:
        border = moment_of((hour_of(start) // length + 1) * length)
        yield start, min(border, end)
        start = border
