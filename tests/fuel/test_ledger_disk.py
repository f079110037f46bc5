"""The ledger on a real disk: nothing here is simulated but the power cut."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import threading
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
import pytest

from custom_components.fleet_telematics.fuel import ledger as ledger_module
from custom_components.fleet_telematics.fuel.ledger import Account, FuelLedger
from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelReport,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "fleet_telematics.entry.fuel"
REFILL = FuelEvent(
    vehicle_id="1",
    kind=FuelEventKind.REFUELLED,
    time=NOW - timedelta(hours=1),
    volume=40.0,
)


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Leave Home Assistant its real storage."""
    return {}


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Keep the configuration, and with it the storage, in a folder of its own."""
    return str(tmp_path)


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    """Return where the ledger is."""
    return tmp_path / ".storage" / KEY


@pytest.fixture
def ledger(hass: HomeAssistant) -> FuelLedger:
    """Return a ledger with a refill that has to fire."""
    ledger = FuelLedger(hass, "entry")
    ledger.record("1", FuelReport(), NOW - timedelta(hours=2))
    ledger.record("1", FuelReport(events=(REFILL,)), NOW)
    return ledger


def entries(file: Path) -> list[dict[str, Any]]:
    """Return what a file tells of the vehicle's events."""
    found: list[dict[str, Any]] = json.loads(file.read_text())["data"]["vehicles"]["1"][
        "entries"
    ]
    return found


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda _: ""])
async def test_a_damaged_file_is_put_aside_and_nothing_fires_twice(
    hass: HomeAssistant,
    ledger: FuelLedger,
    ledger_file: Path,
    damage: Callable[[str], str],
) -> None:
    """What the vendor knows then is history, as at the very first read."""
    (pending,) = ledger.pending()
    ledger.mark_fired(pending)
    await ledger.async_save()
    ledger_file.write_text(damage(ledger_file.read_text()))

    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert again.accounts == {}
    assert not ledger_file.exists()
    assert len(list(ledger_file.parent.glob(f"{KEY}.corrupt.*"))) == 1
    again.record("1", FuelReport(events=(REFILL,)), NOW)
    assert again.pending() == []
    assert again.accounts["1"].entries == ledger.accounts["1"].entries
    await again.async_save()
    assert len(entries(ledger_file)) == 1


def file_of(data: object, **changes: object) -> dict[str, object]:
    """Return a file of Home Assistant's storage."""
    return {"version": 1, "minor_version": 2, "key": KEY, "data": data, **changes}


@pytest.mark.parametrize(
    "content",
    [
        [],
        "text",
        None,
        7,
        {"data": {}},
        {"version": 1, "minor_version": 2},
        file_of([]),
        file_of("text"),
        file_of({}, version="1"),
        file_of({}, minor_version="x"),
        file_of([1], minor_version=1),
        file_of({"vehicles": [1]}),
        file_of({"vehicles": 7}, minor_version=1),
        file_of({"vehicles": 7}, minor_version=9),
    ],
)
async def test_a_file_that_is_no_ledger_is_put_aside(
    hass: HomeAssistant,
    ledger_file: Path,
    caplog: pytest.LogCaptureFixture,
    content: object,
) -> None:
    """The account works, as with a damaged file, and the file can be looked at."""
    ledger_file.parent.mkdir()
    ledger_file.write_text(json.dumps(content))
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    assert ledger.accounts == {}
    (aside,) = ledger_file.parent.glob(f"{KEY}.corrupt.*")
    assert "is no fuel ledger" in caplog.text
    assert str(aside) in caplog.text
    ledger.record("1", FuelReport(events=(REFILL,)), NOW)
    assert ledger.pending() == []
    await ledger.async_save()
    assert len(entries(ledger_file)) == 1


async def test_a_ledger_of_a_newer_version_is_left_alone(
    hass: HomeAssistant, ledger_file: Path
) -> None:
    """The account says what to do; to begin anew would lose what is in it."""
    ledger_file.parent.mkdir()
    text = json.dumps(file_of({"pages": []}, version=2))
    ledger_file.write_text(text)
    with pytest.raises(ConfigEntryError) as raised:
        await FuelLedger(hass, "entry").async_load()
    assert raised.value.translation_key == "ledger_too_new"
    assert raised.value.translation_placeholders == {"file": str(ledger_file)}
    assert ledger_file.read_text() == text


async def test_what_is_saved_is_on_the_disk_and_not_in_its_cache(
    ledger: FuelLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File and directory are synced before a save is done: a power cut loses none."""
    synced: list[int] = []
    monkeypatch.setattr("atomicwrites._proper_fsync", synced.append)
    await ledger.async_save()
    assert len(synced) == 2


async def test_the_event_loop_makes_no_json(
    ledger: FuelLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand vehicles' pages become text in another thread."""
    threads: list[int] = []
    as_dict = Account.as_dict

    def noting(page: Account) -> dict[str, Any]:
        """Note who asks."""
        threads.append(threading.get_ident())
        return as_dict(page)

    monkeypatch.setattr(Account, "as_dict", noting)
    await ledger.async_save()
    assert threads
    assert threading.get_ident() not in threads


async def test_a_save_that_has_begun_is_done_even_if_nobody_waits(
    hass: HomeAssistant,
    ledger: FuelLedger,
    ledger_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reload cancels who waits; the marks of what fired have to arrive."""
    begun, cancelled = threading.Event(), threading.Event()
    as_dict = Account.as_dict

    def waiting(page: Account) -> dict[str, Any]:
        """Write once nobody waits any more."""
        begun.set()
        assert cancelled.wait(10)
        return as_dict(page)

    monkeypatch.setattr(Account, "as_dict", waiting)
    saving = asyncio.create_task(ledger.async_save())
    assert await asyncio.to_thread(begun.wait, 10)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert not ledger_file.exists()
    cancelled.set()
    await hass.async_block_till_done()
    assert len(entries(ledger_file)) == 1


async def test_an_account_that_is_removed_leaves_nothing_behind(
    hass: HomeAssistant,
    ledger: FuelLedger,
    ledger_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even what was just being written."""
    begun, removing = threading.Event(), threading.Event()
    as_dict = Account.as_dict

    def waiting(page: Account) -> dict[str, Any]:
        """Write once the account is about to go."""
        begun.set()
        assert removing.wait(10)
        return as_dict(page)

    monkeypatch.setattr(Account, "as_dict", waiting)
    saving = asyncio.create_task(ledger.async_save())
    assert await asyncio.to_thread(begun.wait, 10)
    removal = asyncio.create_task(ledger.async_remove())
    hass.loop.call_soon(removing.set)
    await asyncio.gather(saving, removal)
    assert not ledger_file.exists()


async def test_a_save_that_may_wait_is_written_when_home_assistant_ends(
    hass: HomeAssistant, ledger: FuelLedger, ledger_file: Path
) -> None:
    """An orderly end loses not even how far was read."""
    await ledger.async_save()
    ledger.record("1", FuelReport(), NOW + timedelta(minutes=5))
    ledger.async_save_later()
    await hass.async_stop(force=True)
    page = json.loads(ledger_file.read_text())["data"]["vehicles"]["1"]
    assert page["read_until"] == "2026-11-20T12:05:00+00:00"


class _SlowCopy(dict[str, dict[str, Any]]):
    """A memory of detectors that takes its time to be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.copying = threading.Event()
        self.go_on = threading.Event()

    @override
    def copy(self) -> dict[str, dict[str, Any]]:
        found = dict(self)
        self.copying.set()
        self.go_on.wait(10)
        return found


class _AwaitedLock:
    """A lock that tells when somebody wants it."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self.awaited = threading.Event()

    def __enter__(self) -> None:
        self.awaited.set()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


async def test_an_event_is_written_with_what_its_detector_remembers(
    hass: HomeAssistant, ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never one without the other, though a thread writes what the loop changes.

    The event alone would be concluded a second time after a crash.
    """
    monkeypatch.setattr(ledger_module, "_SAVE_DELAY", 0)
    ledger = FuelLedger(hass, "entry")
    ledger.record("1", FuelReport(), NOW - timedelta(hours=2))
    memory = ledger.detectors = _SlowCopy()
    memory["1"] = {"newest": "before"}
    ledger.async_save_later()
    await hass.async_add_executor_job(memory.copying.wait, 10)
    lock = ledger._together = _AwaitedLock(ledger._together)  # type: ignore[assignment]  # noqa: SLF001
    concluding = hass.async_add_executor_job(
        ledger.conclude, "1", [REFILL], {"newest": "after"}
    )
    await hass.async_add_executor_job(lock.awaited.wait, 10)
    memory.go_on.set()
    await concluding
    await hass.async_block_till_done(wait_background_tasks=True)
    written = json.loads(ledger_file.read_text())["data"]
    assert (written["detectors"]["1"]["newest"], entries(ledger_file)) == ("before", [])
    await ledger.async_save()
    written = json.loads(ledger_file.read_text())["data"]
    assert written["detectors"]["1"]["newest"] == "after"
    assert len(entries(ledger_file)) == 1
