"""The fuel events of a past period, from the ledger and beyond it from the vendor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..coordinator import FleetData
from ..providers.base import Feed
from ..providers.errors import Unsupported
from ..providers.models import FuelEvent
from .ledger import Entry, identity, without_place
from .matching import match

# So far back the ledger knows everything from a vehicle's first read on.
_KNOWN: Final = timedelta(days=30)
# 31 days on every clock, also on one that is changed by an hour within them.
_WINDOW: Final = timedelta(days=31) - timedelta(hours=2)


async def async_entries(
    data: FleetData, vehicle_id: str, start: datetime, end: datetime
) -> list[Entry]:
    """Return a vehicle's fuel events between two times, oldest first.

    What is older than the ledger's memory is asked of the vendor, where it tells
    fuel events, and has the same ids. Raises any ProviderError.
    """
    page = data.fuel.ledger.accounts.get(vehicle_id)
    entries = list(() if page is None else page.entries)
    if Feed.FUEL in data.provider.feeds:
        await _read(data, vehicle_id, start, end, entries)
    return sorted(
        (one for one in entries if start <= one.event.time < end),
        key=lambda one: one.event.time,
    )


async def async_fuel_events(
    data: FleetData, vehicle_id: str, start: datetime, end: datetime
) -> Sequence[dict[str, Any]]:
    """Return what `async_entries` does as automations see it on the bus.

    Raises Unsupported where the vendor tells neither fuel events nor a fuel level.
    """
    if Feed.FUEL not in data.provider.feeds and not data.fuel.ledger.accounts:
        raise Unsupported("fuel events")
    return [
        {"event_type": entry.event.kind.value, **data.fuel.teller.payload(entry)}
        for entry in await async_entries(data, vehicle_id, start, end)
    ]


async def _read(
    data: FleetData,
    vehicle_id: str,
    start: datetime,
    end: datetime,
    entries: list[Entry],
) -> None:
    """Add what only the vendor knows; nothing of it fires."""
    until = min(end, dt_util.utcnow())
    if vehicle_id in data.fuel.ledger.accounts:
        until = min(until, dt_util.utcnow() - _KNOWN)
    while start < until:
        step = min(start + _WINDOW, until)
        report = await data.provider.fuel(vehicle_id, start, step)
        _add(entries, report.events)
        start = step


def _add(entries: list[Entry], told: Sequence[FuelEvent]) -> None:
    # A row that is listed twice, alike in everything, is one event.
    listed = list(
        dict.fromkeys(
            without_place(event) if event.private else event for event in told
        )
    )
    known = match([entry.event for entry in entries], listed)
    taken = {entry.id for entry in entries}
    for row, event in enumerate(listed):
        if row not in known:
            new = Entry(id=identity(event, taken), event=event, fired=True)
            taken.add(new.id)
            entries.append(new)
