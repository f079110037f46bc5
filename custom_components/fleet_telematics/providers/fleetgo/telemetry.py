"""Follows FleetGO's AVL records, and remembers the newest of each vehicle."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .. import parse
from ..models import Vehicle
from . import mapping
from .administrations import Administrations
from .api import PAGE_SIZE, FleetGoApi, each_allowed, is_last

_HISTORY: Final = timedelta(hours=24)
MOST_PAGES: Final = 20


class Telemetry:
    """Finds each vehicle's newest record, then follows what is added.

    The first read of an administration goes back in time, for a day at most,
    until every vehicle was met; later ones go forward from where the last one
    stopped. A read takes at most MOST_PAGES pages: a backlog, after an outage,
    goes on at the next read.
    """

    def __init__(
        self,
        api: FleetGoApi,
        administrations: Administrations,
        now: Callable[[], datetime],
    ) -> None:
        """Know nothing yet."""
        self._api = api
        self._administrations = administrations
        self._now = now
        self._seen: dict[str, datetime] = {}
        self._newest: dict[str, Vehicle] = {}

    async def read(self, vehicle_ids: Sequence[str]) -> dict[str, Vehicle]:
        """Return what is known of these vehicles, with what is new.

        Raises AccessDenied or NotFound where the account has no AVL records.
        """

        async def read_one(administration: str) -> None:
            if administration in self._seen:
                await self._follow(administration)
            else:
                await self._find(administration, frozenset(vehicle_ids))

        await each_allowed(await self._administrations.all(), read_one)
        return {
            vehicle_id: known
            for vehicle_id in vehicle_ids
            if (known := self._newest.get(vehicle_id)) is not None
        }

    async def _find(self, administration: str, wanted: frozenset[str]) -> None:
        """Meet the wanted vehicles, from now back in time."""
        end = self._now()
        seen = start = end - _HISTORY
        before: list[object] = []
        read = 0
        for _ in range(MOST_PAGES):
            rows = await self._api.telemetry(
                administration,
                start,
                end,
                skip=read,
                take=PAGE_SIZE,
                newest_first=True,
            )
            seen = self._remember(administration, rows, seen=seen, end=end)
            if is_last(rows, before) or wanted <= self._newest.keys():
                break
            read += len(rows)
            before = rows
        self._seen[administration] = seen

    async def _follow(self, administration: str) -> None:
        """Read on up to now; each page that came is done with."""
        end = self._now()
        start = max(self._seen[administration], end - _HISTORY)
        before: list[object] = []
        read = 0
        for _ in range(MOST_PAGES):
            rows = await self._api.telemetry(
                administration, start, end, skip=read, take=PAGE_SIZE
            )
            self._seen[administration] = self._remember(
                administration, rows, seen=self._seen[administration], end=end
            )
            if is_last(rows, before):
                break
            read += len(rows)
            before = rows

    def _remember(
        self,
        administration: str,
        rows: Iterable[object],
        *,
        seen: datetime,
        end: datetime,
    ) -> datetime:
        """Keep the newest of each vehicle; return the newest time of all.

        A device whose clock is ahead must not move the start of the next read.
        """
        for row in rows:
            record = mapping.telemetry(row)
            if record is None:
                continue
            self._administrations.seen(record.id, administration)
            time = mapping.reported(record)
            if time <= end:
                seen = max(seen, time)
                self._newest[record.id] = _merged(self._newest.get(record.id), record)
        return seen


def _merged(known: Vehicle | None, record: Vehicle) -> Vehicle:
    """Return the newer one; a counter that it lacks still stands where it was."""
    if known is None:
        return record
    older, newer = sorted((known, record), key=mapping.reported)
    if newer.odometer is not None and newer.fuel_consumed is not None:
        return newer
    return replace(
        newer,
        odometer=parse.first([newer.odometer, older.odometer]),
        fuel_consumed=parse.first([newer.fuel_consumed, older.fuel_consumed]),
    )
