"""The memory of fuel events, on disk: what makes each of them fire exactly once.

An event is written down before it fires and marked afterwards. Should the power
fail between the two, it fires again after the restart: an automation that was
interrupted has its second chance, and a repeated alarm does less harm than a
lost one. The repetition carries the same `event_id`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
import hashlib
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelOrigin,
    FuelReport,
    FuelSource,
    Position,
)

_VERSION: Final = 1
_SAVE_DELAY: Final = 60
# A vendor revises times by seconds; two refills of a vehicle are further apart.
_SAME_EVENT: Final = timedelta(minutes=2)
# Beyond every window that is ever read again.
_KEEP: Final = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its identity, and whether it was told."""

    id: str
    event: FuelEvent
    fired: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk."""
        event = asdict(self.event)
        event["time"] = self.event.time.isoformat()
        if self.event.other_time is not None:
            event["other_time"] = self.event.other_time.isoformat()
        del event["vehicle_id"]
        return {
            "id": self.id,
            "fired": self.fired,
            **{key: value for key, value in event.items() if value is not None},
        }

    @classmethod
    def from_dict(cls, vehicle_id: str, stored: dict[str, Any]) -> Self:
        """Return an entry from disk."""
        stored = dict(stored)
        identity, fired = stored.pop("id"), stored.pop("fired")
        for key in ("time", "other_time"):
            if key in stored:
                stored[key] = datetime.fromisoformat(stored[key])
        stored["kind"] = FuelEventKind(stored["kind"])
        stored["source"] = FuelSource(stored["source"])
        stored["origin"] = FuelOrigin(stored["origin"])
        if "location" in stored:
            stored["location"] = Position(**stored["location"])
        return cls(
            id=identity, fired=fired, event=FuelEvent(vehicle_id=vehicle_id, **stored)
        )


@dataclass(slots=True, kw_only=True)
class Account:
    """One vehicle's page: its events, how far they were read, what was summed up.

    `refuelled` and `stolen` are the litres of the entries that were dropped,
    `measured` whether the vendor ever told anything of this vehicle's fuel.
    """

    read_until: datetime
    measured: bool = False
    entries: list[Entry] = field(default_factory=list)
    refuelled: float = 0.0
    stolen: float = 0.0

    def total(self, kind: FuelEventKind) -> float:
        """Return the litres of all events of a kind."""
        dropped = self.refuelled if kind is FuelEventKind.REFUELLED else self.stolen
        return dropped + sum(
            entry.event.volume or 0.0
            for entry in self.entries
            if entry.event.kind is kind
        )

    def last(self, kind: FuelEventKind) -> FuelEvent | None:
        """Return the newest event of a kind."""
        return max(
            (entry.event for entry in self.entries if entry.event.kind is kind),
            key=lambda event: event.time,
            default=None,
        )


class FuelLedger:
    """Every vehicle's fuel events of one account."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Keep the ledger beside the config entry."""
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.fuel", atomic_writes=True
        )
        self.accounts: dict[str, Account] = {}

    async def async_load(self) -> None:
        """Read the ledger from disk."""
        stored = await self._store.async_load() or {"vehicles": {}}
        self.accounts = {
            vehicle_id: Account(
                read_until=datetime.fromisoformat(page["read_until"]),
                measured=page["measured"],
                entries=[Entry.from_dict(vehicle_id, one) for one in page["entries"]],
                refuelled=page["refuelled"],
                stolen=page["stolen"],
            )
            for vehicle_id, page in stored["vehicles"].items()
        }

    async def async_save(self) -> None:
        """Write the ledger to disk now."""
        await self._store.async_save(self._as_dict())

    @callback
    def async_save_later(self) -> None:
        """Write the ledger soon: for what can be read again."""
        self._store.async_delay_save(self._as_dict, _SAVE_DELAY)

    async def async_remove(self) -> None:
        """Delete the ledger from disk."""
        await self._store.async_remove()

    def record(self, vehicle_id: str, report: FuelReport, read_until: datetime) -> bool:
        """Note what the vendor told of a vehicle up to `read_until`.

        The first time everything is history and counts as fired. Later an event
        that is not known yet waits in `pending`; a known one is corrected.
        Returns whether anything but `read_until` changed.
        """
        account = self.accounts.get(vehicle_id)
        first = account is None
        if account is None:
            account = self.accounts[vehicle_id] = Account(read_until=read_until)
        if report.events or report.vehicle is not None:
            account.measured = True
        listed = [
            _without_place(event) if event.private else event for event in report.events
        ]
        matches = _match(account.entries, listed)
        changed = False
        for index, event in enumerate(listed):
            known = matches.get(index)
            if known is None:
                account.entries.append(
                    Entry(id=_identity(event), event=event, fired=first)
                )
                changed = True
            elif account.entries[known].event != event:
                account.entries[known] = replace(account.entries[known], event=event)
                changed = True
        account.entries.sort(key=lambda entry: entry.event.time)
        account.read_until = max(account.read_until, read_until)
        _drop_old(account)
        return changed

    def pending(self) -> list[Entry]:
        """Return what still has to fire, oldest first."""
        return sorted(
            (
                entry
                for account in self.accounts.values()
                for entry in account.entries
                if not entry.fired
            ),
            key=lambda entry: entry.event.time,
        )

    def mark_fired(self, entry: Entry) -> None:
        """Note that an event was told."""
        entries = self.accounts[entry.event.vehicle_id].entries
        entries[entries.index(entry)] = replace(entry, fired=True)

    def _as_dict(self) -> dict[str, Any]:
        return {
            "vehicles": {
                vehicle_id: {
                    "read_until": account.read_until.isoformat(),
                    "measured": account.measured,
                    "refuelled": account.refuelled,
                    "stolen": account.stolen,
                    "entries": [entry.as_dict() for entry in account.entries],
                }
                for vehicle_id, account in self.accounts.items()
            }
        }


def _match(entries: list[Entry], listed: list[FuelEvent]) -> dict[int, int]:
    """Return which listed event (index) is which entry (index).

    The closest in time pair up first, so that neither the order of the rows nor
    a correction by seconds makes a known event new.
    """
    pairs = sorted(
        (gap, row, position)
        for row, event in enumerate(listed)
        for position, gap in _candidates(entries, event)
    )
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, position in pairs:
        if row not in matches and position not in taken:
            matches[row] = position
            taken.add(position)
    return matches


def _candidates(
    entries: list[Entry], event: FuelEvent
) -> Iterator[tuple[int, timedelta]]:
    for position, entry in enumerate(entries):
        known = entry.event
        if known.kind is not event.kind or known.source is not event.source:
            continue
        gap = min(
            abs(one - other)
            for one in (known.time, known.other_time or known.time)
            for other in (event.time, event.other_time or event.time)
        )
        if gap <= _SAME_EVENT:
            yield position, gap


def _without_place(event: FuelEvent) -> FuelEvent:
    """Return a private event as it may be stored."""
    return replace(event, address=None, location=None)


def _identity(event: FuelEvent) -> str:
    """Return an id that the same event gets again should the ledger be lost."""
    text = f"{event.vehicle_id}|{event.kind}|{event.source}|{event.time.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _drop_old(account: Account) -> None:
    """Sum up the entries that no window reaches any more, but the last of a kind."""
    earliest = account.read_until - _KEEP
    newest = {account.last(kind) for kind in FuelEventKind}
    kept: list[Entry] = []
    for entry in account.entries:
        event = entry.event
        if event.time >= earliest or event in newest or not entry.fired:
            kept.append(entry)
        elif event.kind is FuelEventKind.REFUELLED:
            account.refuelled += event.volume or 0.0
        else:
            account.stolen += event.volume or 0.0
    account.entries = kept


def payload(entry: Entry, late: bool) -> dict[str, Any]:
    """Return an event as automations see it."""
    event = entry.event
    location = event.location
    return {
        "event_id": entry.id,
        "time": dt_util.as_local(event.time).isoformat(),
        "volume": event.volume,
        "percent": event.percent,
        "level_before": event.level_before,
        "level_after": event.level_after,
        "source": event.source.value,
        "origin": event.origin.value,
        "location": event.address,
        "latitude": None if location is None else location.latitude,
        "longitude": None if location is None else location.longitude,
        "private": bool(event.private),
        "late": late,
    }
