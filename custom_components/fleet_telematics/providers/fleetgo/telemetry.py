"""Follows FleetGO's AVL records, and remembers the newest of each vehicle."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ..models import Vehicle
from . import mapping
from .api import FleetGoApi, each_allowed

_HISTORY: Final = timedelta(hours=24)
_ADMINISTRATIONS_LAST: Final = timedelta(days=1)
PAGE_SIZE: Final = 500
MOST_PAGES: Final = 20


def _utcnow() -> datetime:
    return datetime.now(UTC)


class Telemetry:
    """Reads each administration's records forward in time, from where it stopped.

    A read takes at most MOST_PAGES pages of an administration; a backlog goes on
    at the next one. Records older than a day are left alone.
    """

    def __init__(self, api: FleetGoApi, now: Callable[[], datetime] = _utcnow) -> None:
        """Start a day back."""
        self._api = api
        self._now = now
        self._administrations: list[str] = []
        self._administrations_until: datetime | None = None
        self._seen: dict[str, datetime] = {}
        self._newest: dict[str, Vehicle] = {}

    async def read(self, vehicle_ids: Sequence[str]) -> dict[str, Vehicle]:
        """Return what is known of these vehicles, with what is new.

        Raises AccessDenied or NotFound where the account has no AVL records.
        """
        await each_allowed(await self._list_administrations(), self._follow)
        return {
            vehicle_id: known
            for vehicle_id in vehicle_ids
            if (known := self._newest.get(vehicle_id)) is not None
        }

    async def _list_administrations(self) -> list[str]:
        """Return the administrations, asked once a day."""
        now = self._now()
        if self._administrations_until is None or now >= self._administrations_until:
            rows = await self._api.administrations()
            found = (mapping.administration(row) for row in rows)
            self._administrations = [one for one in found if one is not None]
            self._administrations_until = now + _ADMINISTRATIONS_LAST
        return self._administrations

    async def _follow(self, administration: str) -> None:
        """Read an administration's records up to now."""
        end = self._now()
        start = max(self._seen.get(administration, end - _HISTORY), end - _HISTORY)
        for page in range(MOST_PAGES):
            rows = await self._api.telemetry(
                administration,
                start,
                end,
                skip=page * PAGE_SIZE,
                take=PAGE_SIZE,
            )
            records = (mapping.telemetry(row) for row in rows)
            self._seen[administration] = self._remember(
                (record for record in records if record is not None),
                seen=self._seen.get(administration, start),
                end=end,
            )
            if len(rows) < PAGE_SIZE:
                return

    def _remember(
        self, records: Iterable[Vehicle], *, seen: datetime, end: datetime
    ) -> datetime:
        """Keep the newest of each vehicle; return the newest time of all.

        A device whose clock is ahead must not move the start of the next read.
        """
        for record in records:
            time = record.last_report
            if time is None or time > end:
                continue
            seen = max(seen, time)
            known = self._newest.get(record.id)
            if known is None or known.last_report is None:
                self._newest[record.id] = record
            elif time >= known.last_report:
                self._newest[record.id] = _over(known, record)
        return seen


def _over(older: Vehicle, newer: Vehicle) -> Vehicle:
    """Return the newer record; a counter that it lacks still stands where it was."""
    return replace(
        newer,
        odometer=older.odometer if newer.odometer is None else newer.odometer,
        fuel_consumed=(
            older.fuel_consumed if newer.fuel_consumed is None else newer.fuel_consumed
        ),
    )
