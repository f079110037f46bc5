"""Tells which of a vendor's rows is which event that is known already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ..providers.models import FuelEvent

# A vendor revises times by seconds; two refills of a vehicle are further apart.
_SAME_EVENT: Final = timedelta(minutes=2)


def match(known: Sequence[FuelEvent], listed: Sequence[FuelEvent]) -> dict[int, int]:
    """Return which listed event (index) is which known one (index).

    As many as possible find a partner, whatever the order of the rows: a listed
    event that is left over is new, and to call a known one new would be worse
    than to mix up two neighbours. Those most alike in time and volume go first.
    """
    differences = [
        {
            position: found
            for position, one in enumerate(known)
            if (found := _difference(one, event)) is not None
        }
        for event in listed
    ]
    choices = [sorted(options, key=options.__getitem__) for options in differences]
    owners: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        """Give a row a partner, if need be one that its owner can do without."""
        for position in choices[row]:
            if position in tried:
                continue
            tried.add(position)
            if position not in owners or place(owners[position], tried):
                owners[position] = row
                return True
        return False

    rows = [row for row in range(len(listed)) if choices[row]]
    for row in sorted(rows, key=lambda row: differences[row][choices[row][0]]):
        place(row, set())
    return {row: position for position, row in owners.items()}


def corrected(known: FuelEvent, listed: FuelEvent) -> FuelEvent:
    """Return a known event as it is told now; an amount that is missing stays.

    Of a local time that occurs twice the reading stays that was chosen when the
    event was new, and the hour it happened in was known best.
    """
    if listed.volume is None:
        listed = replace(listed, volume=known.volume)
    if listed.other_time is None:
        return listed
    if abs(listed.other_time - known.time) < abs(listed.time - known.time):
        return replace(listed, time=listed.other_time, other_time=listed.time)
    return listed


def _difference(known: FuelEvent, event: FuelEvent) -> float | None:
    """Return how much two tellings of one event differ; None for two events.

    The time counts as much as the volume: in the hour that occurs twice two events
    can have the same one.
    """
    if known.kind is not event.kind or known.source is not event.source:
        return None
    gap = min(
        abs(one - other)
        for one in (known.time, known.other_time or known.time)
        for other in (event.time, event.other_time or event.time)
    )
    if gap > _SAME_EVENT:
        return None
    one, other = sorted((known.volume or 0.0, event.volume or 0.0))
    return gap / _SAME_EVENT + (1 - one / other if other else 0.0)
