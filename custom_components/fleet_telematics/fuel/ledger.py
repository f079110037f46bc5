"""The memory of fuel events, on disk: what makes each of them fire exactly once.

An event is written down before it fires and marked afterwards. Should the power
fail between the two, it fires again after the restart: an automation that was
interrupted has its second chance, and a repeated alarm does less harm than a
lost one. The repetition carries the same `event_id`.

What is on disk was synced there before the write is called done, so that a power
cut takes no more than a killed process does.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
import hashlib
import os
from threading import Lock
from typing import Any, Final, Self, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, UnsupportedStorageVersionError
from homeassistant.helpers.json import json_bytes, json_fragment
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from orjson import Fragment

from ..const import DOMAIN, LOGGER
from ..providers.models import (
    Coordinates,
    FuelEvent,
    FuelEventKind,
    FuelOrigin,
    FuelReport,
    FuelSource,
)
from .matching import corrected, match

_VERSION: Final = 1
# 2: pages know since when a vehicle's events are news.
_MINOR_VERSION: Final = 2
_SAVE_DELAY: Final = 60
# Beyond every window that is ever read again, back from the newest event.
_KEEP: Final = timedelta(days=62)
# An event that was missing from a vehicle's first read although it is older than
# that is news only if vendors are known to be so late.
_LATE: Final = timedelta(days=2)
# The vendor's clock may be ahead of ours by so much.
_FUTURE: Final = timedelta(minutes=10)
_STORED: Final = tuple(
    field.name for field in fields(FuelEvent) if field.name != "vehicle_id"
)
_TIMES: Final = ("time", "other_time", "earliest", "latest")
_NUMBERS: Final = ("volume", "percent", "level_before", "level_after")
_LEDGERS: Final[HassKey[dict[str, FuelLedger]]] = HassKey(f"{DOMAIN}_fuel_ledgers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its identity, and whether it was told."""

    id: str
    event: FuelEvent
    fired: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk, for a JSON encoder that knows times."""
        stored = {
            key: value
            for key in _STORED
            if (value := getattr(self.event, key)) is not None
        }
        return {"id": self.id, "fired": self.fired, **stored}

    @classmethod
    def from_dict(cls, vehicle_id: str, stored: Mapping[str, Any]) -> Self:
        """Return an entry from disk."""
        values = {key: stored[key] for key in _STORED if key in stored}
        for key in _TIMES:
            if key in values:
                values[key] = _moment(values[key])
        for key in _NUMBERS:
            if key in values:
                values[key] = float(values[key])
        values["kind"] = FuelEventKind(values["kind"])
        values["source"] = FuelSource(values["source"])
        values["origin"] = FuelOrigin(values["origin"])
        if "location" in values:
            values["location"] = Coordinates(**values["location"])
        return cls(
            id=stored["id"],
            fired=stored["fired"],
            event=FuelEvent(vehicle_id=vehicle_id, **values),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One vehicle's page: its events, how far they were read, what was summed up.

    What happened before `since` is history and never fires: nor does what was
    dropped, should it be read again. `refuelled` and `stolen` are the litres of the
    entries that were dropped, `measured` whether the vendor ever told anything of
    this vehicle's fuel.

    A page never changes but is replaced, so that it can be written to disk while
    the next one is made.
    """

    since: datetime
    read_until: datetime
    measured: bool = False
    entries: tuple[Entry, ...] = ()
    refuelled: float = 0.0
    stolen: float = 0.0

    def total(self, kind: FuelEventKind) -> float:
        """Return the litres of all events of a kind."""
        dropped = self.refuelled if kind is FuelEventKind.REFUELLED else self.stolen
        return dropped + _volume(self.entries, kind)

    def last(self, kind: FuelEventKind) -> FuelEvent | None:
        """Return the newest event of a kind."""
        return max(
            (entry.event for entry in self.entries if entry.event.kind is kind),
            key=lambda event: event.time,
            default=None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what goes on disk, for a JSON encoder that knows times."""
        return {
            "since": self.since,
            "read_until": self.read_until,
            "measured": self.measured,
            "refuelled": self.refuelled,
            "stolen": self.stolen,
            "entries": [entry.as_dict() for entry in self.entries],
        }

    @classmethod
    def from_dict(cls, vehicle_id: str, stored: Mapping[str, Any]) -> Self:
        """Return a page from disk."""
        return cls(
            since=_moment(stored["since"]),
            read_until=_moment(stored["read_until"]),
            measured=stored["measured"],
            entries=tuple(
                Entry.from_dict(vehicle_id, one) for one in stored["entries"]
            ),
            refuelled=float(stored["refuelled"]),
            stolen=float(stored["stolen"]),
        )


class _Page:
    """A page as it is now, which becomes JSON when it is written.

    One after the other, each in one line: all at once they would stop every other
    thread for the time it takes.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def json_fragment(self) -> Fragment:
        return json_fragment(json_bytes(self._account.as_dict()))


class _LedgerStore(Store[dict[str, Any]]):
    """The ledger's file, and what older ones lack."""

    @override
    async def _async_migrate_func(
        self,
        old_major_version: int,
        old_minor_version: int,
        old_data: dict[str, Any],
    ) -> dict[str, Any]:
        if old_minor_version < 2:
            # That version never looked further back.
            for page in old_data["vehicles"].values():
                # One that makes no sense is found when all are read.
                with suppress(KeyError, TypeError, ValueError):
                    page["since"] = (_moment(page["read_until"]) - _LATE).isoformat()
        return old_data


class FuelLedger:
    """Every vehicle's fuel events of one account."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Keep the ledger beside the config entry."""
        self._hass = hass
        # Pages do not change, so another thread may make JSON of them.
        self._store = _LedgerStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.fuel",
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
            serialize_in_event_loop=False,
        )
        self.accounts: dict[str, Account] = {}
        # What each vehicle's detector remembers, where events are concluded.
        self.detectors: dict[str, dict[str, Any]] = {}
        # Since when vehicles are known that were not read yet: what happened after
        # that is news to the user, though it is in the first read.
        self.met: dict[str, datetime] = {}
        # The zone of the clock by which the vendor tells times, where it is local.
        self.clock: str | None = None
        self._save_due = 0.0
        self._together = Lock()

    async def async_load(self) -> None:
        """Read the ledger from disk.

        Home Assistant puts a file aside that is no JSON, and tells the user; one
        that is something else is put aside as well. As without any file, everything
        is then history again: better silent once than a month of events a second
        time. The same holds for a single page.

        Raises ConfigEntryError for the file of a version to come.
        """
        stored = await self._async_stored()
        pages = stored.get("vehicles") or {}
        detectors, clock = stored.get("detectors"), stored.get("clock")
        self.detectors = detectors if isinstance(detectors, dict) else {}
        self.clock = clock if isinstance(clock, str) else None
        try:
            self.met = {
                vehicle_id: _moment(moment)
                for vehicle_id, moment in (stored.get("met") or {}).items()
            }
        except AttributeError, TypeError, ValueError:
            # They are met again.
            self.met = {}
        self.accounts = {}
        for vehicle_id, page in pages.items():
            try:
                self.accounts[vehicle_id] = Account.from_dict(vehicle_id, page)
            except (AttributeError, KeyError, TypeError, ValueError) as err:
                LOGGER.error(
                    "The fuel ledger holds a page that cannot be read (%s); that "
                    "vehicle's events up to now will not be told",
                    type(err).__name__,
                )

    async def _async_stored(self) -> Mapping[str, Any]:
        """Return what is on disk, empty where there is nothing that can be read."""
        try:
            stored = await self._store.async_load()
            if stored is None:
                return {}
            if isinstance(stored.get("vehicles") or {}, dict):
                return stored
        except UnsupportedStorageVersionError as err:
            raise ConfigEntryError(
                translation_domain=DOMAIN,
                translation_key="ledger_too_new",
                translation_placeholders={"file": self._store.path},
            ) from err
        except AttributeError, KeyError, TypeError:
            # Home Assistant did not see what it expects of a file of its own.
            pass
        aside = f"{self._store.path}.corrupt.{dt_util.utcnow().isoformat()}"
        await self._hass.async_add_executor_job(os.rename, self._store.path, aside)
        LOGGER.error(
            "%s is no fuel ledger and was put aside as %s; fuel events up to now "
            "will not be told",
            self._store.path,
            aside,
        )
        return {}

    async def async_keep_clock(self, clock: str) -> None:
        """Note by which zone's clock times are told from now on.

        When the user corrects it, the vendor's rows mean other times. What is known
        already was told by the old clock and moves along, or it would be news.
        """
        if clock == self.clock:
            return
        known, self.clock = self.clock, clock
        new = await dt_util.async_get_time_zone(clock)
        old = None if known is None else await dt_util.async_get_time_zone(known)
        if old is None or new is None:
            return
        for vehicle_id, page in self.accounts.items():
            entries = [
                replace(entry, event=_moved(entry.event, old, new))
                for entry in page.entries
            ]
            self.accounts[vehicle_id] = replace(page, entries=_sorted(entries))

    async def async_save(self) -> None:
        """Write the ledger to disk now; once begun, it is done even if cancelled."""
        self._save_due = 0.0
        await asyncio.shield(
            self._hass.async_create_task(
                self._store.async_save(self._content()), f"{DOMAIN} fuel ledger"
            )
        )

    @callback
    def async_save_later(self) -> None:
        """Write the ledger soon: for what can be read again."""
        # Asked again meanwhile, the store would begin to wait anew.
        now = self._hass.loop.time()
        if now >= self._save_due:
            self._save_due = now + _SAVE_DELAY
            self._store.async_delay_save(self._content, _SAVE_DELAY)

    async def async_remove(self) -> None:
        """Delete the ledger from disk."""
        # It waits for a write that has begun, which would bring the file back.
        await self.async_save()
        await self._store.async_remove()

    def meet(self, vehicle_ids: Iterable[str], now: datetime) -> bool:
        """Note which vehicles there are from now on, before they are read.

        Returns whether there was a new one, which is worth writing.
        """
        new = [
            vehicle_id
            for vehicle_id in vehicle_ids
            if vehicle_id not in self.accounts and vehicle_id not in self.met
        ]
        if new:
            self.met = self.met | dict.fromkeys(new, now)
        return bool(new)

    def record(
        self,
        vehicle_id: str,
        report: FuelReport,
        read_until: datetime,
        *,
        revised: bool = True,
    ) -> bool:
        """Note what the vendor told of a vehicle up to `read_until`.

        The first time everything from before the vehicle was met is history and
        counts as fired, and so does what is told later of days before. Else an
        event that is not known yet waits in `pending`; a known one is corrected,
        which is one that is much alike, or where nobody revises events the same.
        One of the time to come is left out until that time.
        Returns whether it is worth writing: whether anything but `read_until`
        changed.
        """
        known = self.accounts.get(vehicle_id)
        met = min(self.met.get(vehicle_id, read_until), read_until)
        page = known or Account(since=met - _LATE, read_until=read_until)
        if page.since > read_until and not any(
            entry.event.time >= page.since for entry in page.entries
        ):
            # Begun by a clock that ran ahead: nothing would be news for so long.
            page = replace(page, since=read_until if revised else read_until - _LATE)
        # A row that is listed twice, alike in everything, is one event.
        listed = list(
            dict.fromkeys(
                without_place(event) if event.private else event
                for event in report.events
                if event.time <= read_until + _FUTURE
            )
        )
        entries = list(page.entries)
        known_events = [entry.event for entry in entries]
        matches = (
            match(known_events, listed)
            if revised
            else {
                row: known_events.index(event)
                for row, event in enumerate(listed)
                if event in known_events
            }
        )
        for row, event in enumerate(listed):
            if (position := matches.get(row)) is not None:
                entry = entries[position]
                entries[position] = replace(entry, event=corrected(entry.event, event))
            else:
                history = event.time < page.since or (
                    known is None and event.time <= met
                )
                taken = {entry.id for entry in entries}
                entries.append(
                    Entry(id=identity(event, taken), event=event, fired=history)
                )
        measured = bool(report.events) or report.vehicle is not None
        page = replace(
            page,
            # It falls where the clock was set back.
            read_until=read_until,
            measured=page.measured or measured,
            entries=_sorted(entries),
        )
        self.accounts[vehicle_id] = _without_old(page)
        if vehicle_id in self.met:
            self.met = {one: at for one, at in self.met.items() if one != vehicle_id}
        return known is None or page.entries != known.entries

    def pending(self) -> list[Entry]:
        """Return what still has to fire, oldest first."""
        return list(
            _sorted(
                entry
                for account in self.accounts.values()
                for entry in account.entries
                if not entry.fired
            )
        )

    def unfired(self, entry: Entry) -> Entry | None:
        """Return an entry as it is now, None once it was told."""
        account = self.accounts[entry.event.vehicle_id]
        return next(
            (one for one in account.entries if one.id == entry.id and not one.fired),
            None,
        )

    def mark_fired(self, entry: Entry) -> None:
        """Note that an event was told."""
        vehicle_id = entry.event.vehicle_id
        account = self.accounts[vehicle_id]
        self.accounts[vehicle_id] = replace(
            account,
            entries=tuple(
                replace(one, fired=True) if one.id == entry.id else one
                for one in account.entries
            ),
        )

    def conclude(
        self, vehicle_id: str, events: Sequence[FuelEvent], memory: dict[str, Any]
    ) -> None:
        """Note what a detector concluded, and what it remembers from then on.

        Both reach the disk together: a detector that did not know of its own event
        any more would lose it, and one that did not yet would conclude it again, at
        another time perhaps.
        """
        with self._together:
            if events:
                report = FuelReport(events=tuple(events))
                self.record(vehicle_id, report, dt_util.utcnow(), revised=False)
            self.detectors[vehicle_id] = memory

    def _content(self) -> dict[str, Any]:
        # This may run in another thread.
        with self._together:
            detectors, accounts = self.detectors.copy(), self.accounts.copy()
        return {
            "clock": self.clock,
            "met": self.met,
            "detectors": detectors,
            "vehicles": {
                vehicle_id: _Page(account) for vehicle_id, account in accounts.items()
            },
        }


async def async_get_ledger(hass: HomeAssistant, entry_id: str) -> FuelLedger:
    """Return an account's ledger, the same one over every reload.

    A second one would not know what the first has yet to write, and would be
    overwritten by it.
    """
    ledgers = hass.data.setdefault(_LEDGERS, {})
    if (ledger := ledgers.get(entry_id)) is None:
        ledger = FuelLedger(hass, entry_id)
        await ledger.async_load()
        ledgers[entry_id] = ledger
    return ledger


async def async_remove_ledger(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the ledger of an account that was removed."""
    ledger = hass.data.get(_LEDGERS, {}).pop(entry_id, None)
    await (ledger or FuelLedger(hass, entry_id)).async_remove()


def _moment(stored: str) -> datetime:
    moment = datetime.fromisoformat(stored)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.event.time))


def _moved(event: FuelEvent, old: tzinfo, new: tzinfo) -> FuelEvent:
    """Return an event at the time that its local time means by another clock."""
    time = event.time.astimezone(old).replace(tzinfo=new).astimezone(UTC)
    return replace(event, time=time, other_time=None)


def without_place(event: FuelEvent) -> FuelEvent:
    """Return a private event as it may be stored."""
    return replace(event, address=None, location=None)


def identity(event: FuelEvent, taken: set[str]) -> str:
    """Return an id that the same event gets again should the ledger be lost.

    Two events can have the same time: in the hour that occurs twice.
    """
    text = f"{event.vehicle_id}|{event.kind}|{event.source}|{event.time.isoformat()}"
    found = hashlib.sha256(text.encode()).hexdigest()[:16]
    while found in taken:
        found = hashlib.sha256(found.encode()).hexdigest()[:16]
    return found


def _volume(entries: Iterable[Entry], kind: FuelEventKind) -> float:
    return sum(
        entry.event.volume or 0.0 for entry in entries if entry.event.kind is kind
    )


def _without_old(page: Account) -> Account:
    """Sum up the entries that no window reaches any more, but the last of a kind.

    The clock alone makes nothing old: it may be wrong.
    """
    if not page.entries:
        return page
    earliest = min(page.read_until, page.entries[-1].event.time) - _KEEP
    last = [page.last(kind) for kind in FuelEventKind]
    old = {
        entry.id
        for entry in page.entries
        if entry.fired and entry.event.time < earliest and entry.event not in last
    }
    if not old:
        return page
    dropped = [entry for entry in page.entries if entry.id in old]
    return replace(
        page,
        since=max(page.since, earliest),
        entries=tuple(entry for entry in page.entries if entry.id not in old),
        refuelled=page.refuelled + _volume(dropped, FuelEventKind.REFUELLED),
        stolen=page.stolen + _volume(dropped, FuelEventKind.THEFT_SUSPECTED),
    )


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
        # Between these it happened, where it was concluded after a silence.
        "earliest": _local(event.earliest),
        "latest": _local(event.latest),
    }


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else dt_util.as_local(moment).isoformat()
