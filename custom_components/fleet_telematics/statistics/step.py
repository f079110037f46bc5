"""One step of an import: read what the vendor tells, write what changed."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.core import HomeAssistant

from ..coordinator import FleetConfigEntry
from ..texts import async_texts
from . import database, rows
from .amounts import Told, amounts, currency_of
from .hours import HOUR, hour_after, hour_of
from .kinds import Kind, metadata, statistic_id
from .plan import Step
from .reading import async_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a step makes of one statistic.

    `rows` are those that are not stored like that, `count` is how many the step's
    window needs, and `active` whether something happened in its last hour.
    """

    metadata: StatisticMetaData
    rows: Sequence[rows.Row]
    count: int
    active: bool

    @property
    def statistic_id(self) -> str:
        """The statistic's id."""
        return self.metadata["statistic_id"]


async def async_run_step(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    step: Step,
    *,
    before: Sequence[Change] = (),
    dry_run: bool = False,
) -> Sequence[Change]:
    """Import a step, and return what that makes of the statistics.

    `before` is what the step before it returned, which may have written nothing.

    Running it again changes nothing, unless the vendor tells something else by
    then. No other step of the account may run at the same time. Raises any
    ProviderError; nothing was written then.
    """
    told = await async_read(hass, entry, step)
    if not told:
        return []
    names = await async_texts(hass)
    active = {one.statistic_id for one in before if one.active}
    await database.async_written(hass)
    changes = await get_instance(hass).async_add_executor_job(
        _changes, hass, str(entry.unique_id), told, step, names, active
    )
    if not dry_run:
        for change in changes:
            database.async_write(hass, change.metadata, change.rows)
        await database.async_written(hass)
    return changes


def _changes(
    hass: HomeAssistant,
    account_id: str,
    told: Sequence[Told],
    step: Step,
    names: Mapping[str, str],
    active: AbstractSet[str],
) -> Sequence[Change]:
    """Return what has to be written; it asks the database."""
    start, end = hour_of(step.start), hour_after(step.end)
    ids = {
        one.vehicle_id: {
            kind: statistic_id(account_id, one.vehicle_id, kind) for kind in Kind
        }
        for one in told
    }
    units = database.units(
        hass, {one for kinds in ids.values() for one in kinds.values()}
    )
    stored = database.read(hass, set(units), start - HOUR)
    changes = []
    for one in told:
        cost_id = ids[one.vehicle_id][Kind.COST]
        # A sum is of one currency: the first that there was.
        currency = units[cost_id] if cost_id in units else currency_of(one.trips)
        for kind, hours in amounts(one, start, end, currency).items():
            key = ids[one.vehicle_id][kind]
            known = stored.get(key) or database.Stored()
            wanted = rows.merged(known.before, known.rows, hours, start, end)
            led = key in active or any(
                row.start == start - HOUR and row.state for row in known.rows
            )
            changes.append(
                Change(
                    metadata=metadata(
                        key,
                        kind,
                        names[f"statistic_{kind}"].format(vehicle=one.name),
                        currency,
                    ),
                    rows=rows.changed(known.rows, wanted),
                    count=rows.counted(hours, start, led=led),
                    active=end - HOUR in hours,
                )
            )
    return changes
