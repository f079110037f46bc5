"""The statistics that the recorder keeps."""

from asyncio import Future
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant, callback

from .hours import moment_of
from .rows import Row

# How far back the last row before a window is looked for, one after the other; most
# are found at once, and the last reach is beyond everything.
_REACHES: Final = (timedelta(days=31), timedelta(days=366), timedelta(days=36_525))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A statistic from a certain hour on; `before` is the sum ahead of it."""

    before: float = 0.0
    rows: Sequence[Row] = ()


async def async_written(hass: HomeAssistant) -> None:
    """Wait until the recorder has written everything that it was given so far."""
    future: Future[None] = hass.loop.create_future()
    # The recorder's own ways of waiting take an empty queue for finished work.
    get_instance(hass).queue_task(SynchronizeTask(future))
    await future


@callback
def async_write(
    hass: HomeAssistant, metadata: StatisticMetaData, rows: Iterable[Row]
) -> None:
    """Give rows to the recorder, which writes all of them at once or none."""
    async_add_external_statistics(
        hass,
        metadata,
        [
            StatisticData(start=moment_of(row.start), state=row.state, sum=row.sum)
            for row in rows
        ],
    )


def units(hass: HomeAssistant, statistic_ids: set[str]) -> Mapping[str, str | None]:
    """Return the units of those statistics that there are, in the recorder's thread."""
    found = get_metadata(hass, statistic_ids=statistic_ids)
    return {key: data["unit_of_measurement"] for key, (_, data) in found.items()}


def read(
    hass: HomeAssistant, statistic_ids: set[str], start: int
) -> Mapping[str, Stored]:
    """Return those statistics that there are from an hour on, in that thread, too."""
    if not statistic_ids:
        return {}
    rows = statistics_during_period(
        hass, moment_of(start), None, statistic_ids, "hour", None, {"state", "sum"}
    )
    before = _sums_before(hass, statistic_ids, start)
    return {
        key: Stored(
            before=before.get(key, 0.0),
            rows=_rows(rows.get(key, ()), before.get(key, 0.0)),
        )
        for key in statistic_ids
    }


def _sums_before(
    hass: HomeAssistant, statistic_ids: set[str], start: int
) -> dict[str, float]:
    """Return the last sum of each statistic before an hour."""
    end = moment_of(start)
    found: dict[str, float] = {}
    for reach in _REACHES:
        missing = statistic_ids - found.keys()
        if not missing:
            break
        rows = statistics_during_period(
            hass, end - reach, end, missing, "hour", None, {"sum"}
        )
        found |= {key: last[-1]["sum"] or 0.0 for key, last in rows.items() if last}
    return found


def _rows(stored: Iterable[StatisticsRow], before: float) -> Sequence[Row]:
    rows = []
    for one in stored:
        total = one.get("sum")
        state = one.get("state")
        if total is None:
            continue
        if state is None:
            # Somebody else's hand; what the sum rose by is as good.
            state = total - before
        rows.append(Row(start=int(one["start"]), state=state, sum=total))
        before = total
    return rows
