"""The queue as the event loop sees it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
import sqlite3
import threading

from homeassistant.core import HomeAssistant
import pytest

from custom_components.fleet_telematics.providers.models import SentPosition
from custom_components.fleet_telematics.push.queue import PositionQueue
from custom_components.fleet_telematics.push.store import Counts, PositionStore

from .points import point, points


async def test_many_positions_are_written_together_and_in_another_thread(
    hass: HomeAssistant, queue: PositionQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand at once are a few writes, and none of them holds up the loop."""
    writes: list[tuple[int, int]] = []
    add = PositionStore.add

    def noting(
        store: PositionStore,
        positions: Sequence[SentPosition],
        followed: Sequence[SentPosition] = (),
    ) -> Counts:
        """Note how much is written, and who writes."""
        writes.append((len(positions), threading.get_ident()))
        return add(store, positions, followed)

    monkeypatch.setattr(PositionStore, "add", noting)
    for one in points(10_000):
        queue.async_put(one)
    await hass.async_block_till_done()

    assert queue.waiting == 10_000
    assert sum(count for count, _ in writes) == 10_000
    assert len(writes) <= 11
    assert threading.get_ident() not in {thread for _, thread in writes}


async def test_listeners_hear_of_every_change(queue: PositionQueue) -> None:
    """And of nothing else."""
    heard: list[int] = []
    stop = queue.async_listen(lambda: heard.append(queue.waiting))
    await queue.async_add(points(3))
    await queue.async_add(points(3))
    await queue.async_sent(await queue.async_oldest(2))
    stop()
    await queue.async_sent(await queue.async_oldest(1))
    assert heard == [3, 1]
    assert queue.sent == 3


async def test_positions_that_come_one_by_one_are_all_written(
    hass: HomeAssistant, queue: PositionQueue
) -> None:
    """However fast the disk is: some writes are done before anybody waits."""
    for count, one in enumerate(points(50), 1):
        queue.async_put(one)
        await hass.async_block_till_done()
        assert queue.waiting == count


async def test_what_was_put_before_counts(queue: PositionQueue) -> None:
    """Whoever adds a position is told of all that wait."""
    for one in points(5):
        queue.async_put(one, followed=True)
    await queue.async_add([point(9)])
    assert queue.waiting == 6


async def test_a_write_that_has_begun_is_done_even_if_nobody_waits(
    queue: PositionQueue, hass: HomeAssistant
) -> None:
    """Whoever is cancelled meanwhile takes no other writer's turn either."""
    adding = [asyncio.create_task(queue.async_add([point(one)])) for one in range(3)]
    await asyncio.sleep(0)
    adding[0].cancel()
    await asyncio.wait(adding)
    await hass.async_block_till_done()
    assert queue.waiting == 3


async def test_a_queue_is_the_same_after_a_restart(
    hass: HomeAssistant, queue: PositionQueue
) -> None:
    """What waits, and where the followed devices were; killed, it never closes."""
    queue.async_put(point(1), followed=True)
    await queue.async_add([point(2, "car")])
    await hass.async_block_till_done()

    again = PositionQueue(hass, "entry")
    await again.async_load()
    assert again.waiting == 2
    assert again.places == {"bike": point(1).location}
    assert [one.position for one in await again.async_oldest(5)] == [
        point(1),
        point(2, "car"),
    ]
    await again.async_forget_places([])
    await again.async_forget_places([])
    assert again.places == {}


async def test_a_file_that_cannot_be_read_costs_what_was_in_it(
    hass: HomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells of it, and the queue works."""
    path = tmp_path / ".storage" / "fleet_telematics.broken.positions"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no database at all" * 100)
    queue = PositionQueue(hass, "broken")
    await queue.async_load()
    assert "queue of positions cannot be read" in caplog.text
    await queue.async_add([point(1)])
    assert queue.waiting == 1
    await queue.async_remove()


async def test_a_row_that_cannot_be_read_is_told_and_counted_no_longer(
    queue: PositionQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody looks for it for ever."""
    await queue.async_add(points(2))
    path = tmp_path / ".storage" / "fleet_telematics.entry.positions"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE positions SET body = '?'")
    connection.close()
    assert await queue.async_oldest(5) == []
    assert queue.waiting == 0
    assert caplog.text.count("2 positions on disk cannot be read") == 1


async def test_a_full_disk_is_told_once_and_sends_nothing_twice(
    hass: HomeAssistant,
    queue: PositionQueue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was sent and could not be noted is noted before anything else is sent."""
    await queue.async_add(points(2))
    first = await queue.async_oldest(1)

    def full(*args: object) -> Counts:
        """Fail as SQLite does."""
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(PositionStore, "settle", full)
        patch.setattr(PositionStore, "add", full)
        patch.setattr(PositionStore, "forget_places", full)
        with pytest.raises(sqlite3.OperationalError):
            await queue.async_sent(first)
        with pytest.raises(sqlite3.OperationalError):
            await queue.async_oldest(1)
        with pytest.raises(sqlite3.OperationalError):
            await queue.async_add([point(5)])
        for second in (6, 7):
            queue.async_put(point(second), followed=True)
            await hass.async_block_till_done()
        await queue.async_forget_places([])
    assert caplog.text.count("Positions cannot be kept on disk") == 1
    assert caplog.text.count("Positions cannot be forgotten on disk") == 1

    assert [one.position for one in await queue.async_oldest(5)] == [point(1)]
    assert queue.waiting == 1
