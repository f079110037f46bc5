"""What happened in each hour, from a vehicle's trips and refills."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import math
from typing import Final

from ..providers.models import FuelEvent, FuelEventKind, Trip
from .hours import hour_of, spread
from .kinds import Kind

type Hours = Mapping[int, float]

# No trip is that long and no tank that large, in any currency: it is a fault, of
# which sums would be spoilt for good.
_LARGEST: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a vendor told of one vehicle over a window.

    `litres` is the fuel it burnt in the window, where the trips do not tell theirs.
    """

    vehicle_id: str
    name: str
    trips: Sequence[Trip] = ()
    litres: float | None = None
    events: Sequence[FuelEvent] = ()


def currency_of(trips: Iterable[Trip]) -> str | None:
    """Return the currency of the costs, None where no trip tells one."""
    return next(
        (
            trip.currency
            for trip in trips
            if _positive(trip.fuel_cost) and trip.currency
        ),
        None,
    )


def amounts(
    told: Told, start: int, end: int, currency: str | None
) -> Mapping[Kind, Hours]:
    """Return the amount of each hour between `start` and `end` where there was one.

    Trips without times are left out, and costs in another currency. Litres of the
    whole window are spread over its trips by distance, by time where none is known.
    """
    window = start, end
    trips = [(span, trip) for trip in told.trips if (span := _span(trip)) is not None]
    paid = [one for one in trips if one[1].currency == currency]
    found = {
        Kind.DISTANCE: _sums(_spread(trips, "distance", window)),
        Kind.FUEL_USED: _sums(_spread(trips, "fuel_used", window)),
        Kind.COST: _sums(_spread(paid, "fuel_cost", window)),
        Kind.REFUELLED: _sums(
            (hour, event.volume)
            for event in told.events
            if event.kind is FuelEventKind.REFUELLED
            and event.volume is not None
            and start <= (hour := hour_of(event.time)) < end
        ),
    }
    if told.litres is not None and not found[Kind.FUEL_USED]:
        by_time = _sums(
            (
                part
                for (begin, finish), _ in trips
                for part in spread(
                    begin, finish, (finish - begin).total_seconds(), window=window
                )
            )
        )
        found[Kind.FUEL_USED] = _shared(told.litres, found[Kind.DISTANCE] or by_time)
    return {kind: hours for kind, hours in found.items() if hours}


def _span(trip: Trip) -> tuple[datetime, datetime] | None:
    """Return when a trip began and ended; two of its three times tell that."""
    start, end, duration = trip.start, trip.end, trip.duration
    if duration is not None:
        if start is None and end is not None:
            start = end - duration
        elif end is None and start is not None:
            end = start + duration
    return None if start is None or end is None else (start, end)


def _spread(
    trips: Iterable[tuple[tuple[datetime, datetime], Trip]],
    field: str,
    window: tuple[int, int],
) -> Iterator[tuple[int, float]]:
    for (start, end), trip in trips:
        amount: float | None = getattr(trip, field)
        if amount is not None and _positive(amount):
            yield from spread(start, end, amount, window=window)


def _sums(parts: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Sum up by hour, the same in whatever order the parts come."""
    hours: defaultdict[int, list[float]] = defaultdict(list)
    for hour, amount in parts:
        if _positive(amount):
            hours[hour].append(amount)
    return {hour: math.fsum(shares) for hour, shares in sorted(hours.items())}


def _shared(litres: float, weights: Hours) -> dict[int, float]:
    whole = math.fsum(weights.values())
    if not _positive(litres) or not whole:
        return {}
    return {hour: litres * weight / whole for hour, weight in weights.items()}


def _positive(amount: float | None) -> bool:
    return amount is not None and 0 < amount < _LARGEST
