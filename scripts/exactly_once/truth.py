"""What really happens to the fuel, and when the vendor gets to know it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count, cycle, product
from random import Random
from zoneinfo import ZoneInfo

KINDS = {"refill": "refuelled", "theft": "fuel_theft_suspected"}
ZONE = ZoneInfo("Europe/Bucharest")
HOUR = timedelta(hours=1)
# The vendor revises times by this much to either side, and amounts by this share.
SECONDS = 30
SHARE = 0.03
_MONTH = timedelta(days=30)
# Two events that happen at the same wall clock time differ in their amounts.
_LITTLE, _MUCH = 15.0, 75.0


class Moment(StrEnum):
    """When the vendor gets to know an event."""

    BEFORE = "in the month before"
    DOWN = "while Home Assistant is down"
    RUNNING = "while Home Assistant runs"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """A real event; without a time it happens when the vendor is told of it."""

    vehicle: int
    kind: str
    volume: float
    moment: Moment
    time: datetime | None = None


def repeated_hour(now: datetime) -> datetime:
    """Return when the last hour began that the company's clock showed twice."""
    moment = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while (moment - HOUR).astimezone(ZONE).hour != moment.astimezone(ZONE).hour:
        moment -= HOUR
    # The clock says the same at `moment` as an hour before.
    return moment - HOUR


def plan(
    random: Random,
    vehicles: Sequence[int],
    now: datetime,
    *,
    before: int,
    down: int,
    running: int,
) -> list[Truth]:
    """Return events of a month, in the order in which the vendor gets to know them.

    Two of those before are of one vehicle, in the hour that occurs twice, and at the
    same time by the company's clock.
    """
    twice = repeated_hour(now) + timedelta(minutes=random.randrange(10, 50))
    truths = [
        Truth(
            vehicle=vehicles[0],
            kind="refill",
            volume=volume,
            moment=Moment.BEFORE,
            time=time,
        )
        for volume, time in ((_LITTLE, twice), (_MUCH, twice + HOUR))
    ]
    whose = cycle(random.sample(list(product(vehicles, KINDS)), 2 * len(vehicles)))
    times = _times(random, now, before - len(truths) + down)
    # No two are alike, however they are revised.
    volumes = (10 * (1 + 3 * SHARE) ** number for number in count())
    moments = [
        *[Moment.BEFORE] * (before - len(truths)),
        *[Moment.DOWN] * down,
        *[Moment.RUNNING] * running,
    ]
    for moment in moments:
        vehicle, kind = next(whose)
        truths.append(
            Truth(
                vehicle=vehicle,
                kind=kind,
                volume=next(volumes),
                moment=moment,
                time=None if moment is Moment.RUNNING else next(times),
            )
        )
    return truths


def _times(random: Random, now: datetime, number: int) -> Iterator[datetime]:
    """Return times within the last month, in no order, hours apart.

    The vendor is late with some by weeks, and with none by more than a month.
    """
    slot = _MONTH / number
    starts = [now - _MONTH + slot * index for index in range(number)]
    random.shuffle(starts)
    return iter(
        start + slot * random.uniform(0.3, 0.7) + timedelta(minutes=30)
        for start in starts
    )
