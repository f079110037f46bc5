"""Where a vehicle was, from FleetGO's AVL records of a whole administration."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from .. import parse
from ..errors import AccessDenied, InvalidResponse, Rejected
from ..models import Position
from . import values
from .administrations import Administrations
from .api import PAGE_SIZE, FleetGoApi, is_last, windows

# The vendor tells every vehicle of an administration at once: a day at a time.
LONGEST_WINDOW: Final = timedelta(days=1)
# A million records in a day are more than any administration has.
_MOST_PAGES: Final = 1_000_000 // PAGE_SIZE


class Tracks:
    """Reads positions of the past."""

    def __init__(self, api: FleetGoApi, administrations: Administrations) -> None:
        """Look into these administrations."""
        self._api = api
        self._administrations = administrations

    async def read(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return where a vehicle was, oldest first and each moment once.

        The administration that it was seen in before is asked alone; else they are
        searched until it turns up in one. Raises AccessDenied or NotFound where
        the account may read none of them.
        """
        home = self._administrations.home(vehicle_id)
        candidates = [home] if home else list(await self._administrations.all())
        found: dict[datetime, Position] = {}
        for first, last in windows(start, end, LONGEST_WINDOW):
            for administration in tuple(candidates):
                try:
                    there = await self._read_window(
                        administration, vehicle_id, first, last
                    )
                except AccessDenied, Rejected:
                    # Declined for all of them, the account does not have it.
                    if len(candidates) == 1:
                        raise
                    candidates.remove(administration)
                    continue
                if there:
                    self._administrations.seen(vehicle_id, administration)
                    candidates = [administration]
                    found |= {one.time: one for one in there}
                    break
        return tuple(found[time] for time in sorted(found) if start <= time <= end)

    async def _read_window(
        self, administration: str, vehicle_id: str, start: datetime, end: datetime
    ) -> list[Position]:
        return [
            one
            async for row in self._rows(administration, start, end)
            if (one := position(vehicle_id, row)) is not None
        ]

    async def _rows(
        self, administration: str, start: datetime, end: datetime
    ) -> AsyncIterator[object]:
        """Yield the rows of all pages."""
        before: list[object] = []
        read = 0
        for _ in range(_MOST_PAGES):
            rows = await self._api.telemetry(
                administration, start, end, skip=read, take=PAGE_SIZE
            )
            last = is_last(rows, before)
            if last and rows == before and len(rows) == PAGE_SIZE:
                raise InvalidResponse("GET /Avl/GetAvlData: the same page again")
            for row in [] if rows == before else rows:
                yield row
            if last:
                return
            read += len(rows)
            before = rows
        raise InvalidResponse("GET /Avl/GetAvlData: pages without end")


def position(vehicle_id: str, value: object) -> Position | None:
    """Return an AvlDto row of this vehicle; None without a time.

    `Timestamp` is in UTC. A fix in private mode is delivered where the vendor
    tells it, and marked.
    """
    row = parse.folded(value)
    time = parse.moment(row.get("timestamp"))
    if time is None or values.vehicle_id(row.get("equipmentid")) != vehicle_id:
        return None
    return Position(
        time=time,
        location=parse.coordinates(row.get("latitude"), row.get("longitude")),
        speed=values.speed(row.get("speed")),
        heading=values.heading(row.get("angle")),
        altitude=values.altitude(row),
        odometer=values.distance(row.get("highresolutiontotalvehicledistance")),
        engine=parse.flag(row.get("enginerunning")),
        private=parse.flag(row.get("privatemode")) is True,
    )
