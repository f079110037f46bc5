"""The points that something tracked sent in the past."""

import asyncio
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from .. import parse
from ..models import Position
from . import mapping
from .api import HISTORY, FleetworkApi
from .paging import Page, read_past

# The document has no limit. A week of a point every ten seconds is sixty pages.
LONGEST_WINDOW: Final = timedelta(days=7)
_SLICE: Final = 500
_KEYS: Final = ("time", "lat", "lng", "speed", "userid", "deviceid", "vehicleid")


async def read(
    api: FleetworkApi, vehicle_id: str, start: datetime, end: datetime
) -> list[Position]:
    """Return where a vehicle was between two times, oldest first."""
    kind, identifier = mapping.kind_and_id(vehicle_id)
    # What two windows share is told in both of them.
    found: dict[Position, None] = {}
    first = start
    while first < end:
        until = end if end - first <= LONGEST_WINDOW else first + LONGEST_WINDOW
        rows = await _window(api, kind, identifier, first, until)
        for part in batched(rows, _SLICE, strict=False):
            found.update(
                (one, None)
                for row in part
                if mapping.is_of(kind, identifier, row)
                and (one := mapping.point(row)) is not None
                and start <= one.time <= end
            )
            await asyncio.sleep(0)
        first = until
    return sorted(found, key=lambda one: one.time)


async def _window(
    api: FleetworkApi, kind: str, identifier: str, start: datetime, end: datetime
) -> list[object]:
    async def page(number: int) -> Page:
        return await api.history(kind, identifier, start, end, number)

    return (await read_past(page, _key, HISTORY)).rows


def _key(value: object) -> tuple[str | None, ...] | None:
    """Return what tells a point from the others; None where nothing does."""
    row = parse.folded(value)
    found = tuple(parse.text(row.get(key)) for key in _KEYS)
    return found if any(found) else None
