"""The queue's file: what is in it, in which order, and how much of it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import batched
from pathlib import Path
import random
import signal
import sqlite3
import subprocess
import sys

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    SentPosition,
)
from custom_components.fleet_telematics.push.store import Counts, PositionStore

from .points import START, point, points

SENTENCES = st.none() | st.text(min_size=1, max_size=20)
POSITIONS = st.builds(
    SentPosition,
    time=st.integers(0, 10**10).map(lambda one: START + timedelta(milliseconds=one)),
    location=st.builds(
        Coordinates, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180)
    ),
    speed=st.none() | st.floats(0, 300),
    heading=st.none() | st.floats(0, 360),
    vehicle_id=SENTENCES,
    user_id=SENTENCES,
    device_ref=SENTENCES,
    name=SENTENCES,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is; its directory is not there yet."""
    return tmp_path / ".storage" / "positions"


type Opener = Callable[..., PositionStore]


@pytest.fixture
def opened(path: Path) -> Iterator[Opener]:
    """Return what opens the file; it is closed in the end, as Home Assistant does."""
    stores: list[PositionStore] = []

    def open_store(**more: int) -> PositionStore:
        stores.append(PositionStore(path, **more))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def waiting(store: PositionStore) -> list[SentPosition]:
    """Return all that waits."""
    return [one.position for one in store.oldest(100_000)]


def test_there_is_no_file_until_something_waits(path: Path, opened: Opener) -> None:
    """Accounts that send nothing leave nothing behind."""
    store = opened()
    assert store.load() == Counts()
    assert store.places() == {}
    store.forget_places([])
    store.remove()
    assert not path.parent.exists()


@settings(deadline=None, max_examples=30)
@given(given=st.lists(POSITIONS, max_size=20))
def test_a_position_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, given: list[SentPosition]
) -> None:
    """Each once, the oldest first, and of the same device and time the first."""
    store = PositionStore(tmp_path_factory.mktemp("queue") / "positions")
    store.add(given)
    first: dict[object, SentPosition] = {}
    for one in given:
        key = (one.time, one.vehicle_id, one.user_id, one.device_ref)
        first.setdefault(key, one)
    found = waiting(store)
    store.close()
    assert found == sorted(first.values(), key=lambda one: one.time)


def test_the_oldest_come_first_whenever_they_were_added(opened: Opener) -> None:
    """A position of the past is sent before those of now."""
    store = opened()
    store.add([point(20), point(30)])
    store.add([point(10)])
    assert waiting(store) == [point(10), point(20), point(30)]
    assert [one.position for one in store.oldest(2)] == [point(10), point(20)]


def test_a_device_is_at_one_place_a_time(opened: Opener) -> None:
    """The same device and millisecond is the same position, whatever else it tells."""
    store = opened()
    store.add([point(1), point(1, speed=50.0), point(1.0001), point(1, "car")])
    assert waiting(store) == [point(1), point(1, "car")]
    assert store.add([point(1), point(1.001)]).waiting == 3


def test_what_was_just_sent_is_not_sent_again(opened: Opener) -> None:
    """Also when it is added anew, and after a restart."""
    store = opened()
    store.add(points(3))
    assert store.settle(store.oldest(2)) == Counts(waiting=1)
    store.close()

    again = opened()
    assert again.load() == Counts(waiting=1)
    assert again.add(points(3)) == Counts(waiting=1)
    assert waiting(again) == [point(2)]


def test_of_what_was_sent_only_the_time_is_kept(path: Path, opened: Opener) -> None:
    """Where somebody was is nobody's business once the vendor knows it."""
    store = opened()
    store.add([point(1, name="Somebody")])
    store.settle(store.oldest(1))
    store.close()
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT reference, body FROM positions").fetchall()
    connection.close()
    assert rows == [('[null, null, "bike"]', None)]


def test_the_memory_of_what_was_sent_is_bounded(path: Path, opened: Opener) -> None:
    """As many keys as positions, the newest ones."""
    store = opened(most=10)
    for start in range(0, 100, 10):
        store.add([point(start + second) for second in range(10)])
        store.settle(store.oldest(10))
    assert store.add(points(90)).waiting == 10
    store.settle(store.oldest(10))
    store.close()
    with sqlite3.connect(path) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM positions").fetchone()
    connection.close()
    assert count == 10


def test_beyond_the_limit_the_oldest_are_dropped(opened: Opener) -> None:
    """They are counted until nothing waits any more, also over a restart."""
    store = opened(most=10)
    assert store.add(points(10)) == Counts(waiting=10)
    assert store.add([point(10)]) == Counts(waiting=10, dropped=1)
    assert store.add(points(14)) == Counts(waiting=10, dropped=5)
    assert waiting(store) == [point(second) for second in range(4, 14)]
    store.settle(store.oldest(9))
    store.close()

    again = opened(most=10)
    assert again.load() == Counts(waiting=1, dropped=5)
    assert again.settle(again.oldest(1)) == Counts()


def test_places_are_kept_until_they_are_forgotten(opened: Opener) -> None:
    """Of the devices that are followed, where each was last."""
    store = opened()
    store.add([point(1), point(2), point(1, "car")], [point(1), point(2)])
    store.settle(store.oldest(3))
    store.close()

    again = opened()
    assert again.places() == {"bike": point(2).location}
    again.forget_places(["bike"])
    assert again.places() == {"bike": point(2).location}
    again.forget_places([])
    assert again.places() == {}


def test_a_file_that_is_none_is_put_aside(path: Path, opened: Opener) -> None:
    """It is told once, and what comes after it is kept."""
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    store = opened()
    with pytest.raises(sqlite3.DatabaseError):
        store.load()
    assert [one.name.split(".")[1] for one in path.parent.iterdir()] == ["corrupt"]
    assert store.add([point(1)]) == Counts(waiting=1)


def test_a_file_that_was_spoilt_is_put_aside(path: Path, opened: Opener) -> None:
    """It opens and counts, but what is in it could never be sent."""
    store = opened()
    store.add(points(2000))
    store.close()
    pages = [bytes(one) for one in batched(path.read_bytes(), 4096, strict=True)]
    path.write_bytes(
        b"".join(bytes(4096) if b'{"lat"' in one else one for one in pages)
    )

    with pytest.raises(sqlite3.DatabaseError):
        store.load()
    assert store.add([point(1)]) == Counts(waiting=1)
    assert [one.position for one in store.oldest(9)] == [point(1)]


@pytest.mark.parametrize(
    "change",
    [
        "SET body = '{'",
        "SET body = '[]'",
        """SET body = '{"lat": 52}'""",
        """SET body = '{"lat": null, "lng": 4.9}'""",
        """SET body = '{"lat": 52, "lng": 4.9, "speed": "fast"}'""",
        "SET body = CAST(x'ff007b' AS TEXT)",
        "SET body = x'00'",
        f"SET time = {2**62}",
        "SET time = 'noon'",
    ],
)
def test_a_row_that_cannot_be_read_holds_up_no_other(
    path: Path, opened: Opener, change: str
) -> None:
    """A failing disk may change what is in a row, and leave the file whole."""
    store = opened()
    store.add(points(5), points(1))
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE positions {change} WHERE id = 1")
        connection.execute("UPDATE places SET body = CAST(x'ff' AS TEXT)")
    connection.close()

    assert store.load() == Counts(waiting=5)
    assert store.places() == {}
    assert [one.position for one in store.oldest(1)] == [point(1)]
    assert [one.position for one in store.oldest(5)] == points(5)[1:]
    assert store.unreadable == 1
    assert store.counts() == Counts(waiting=4)


def test_removing_leaves_nothing(path: Path, opened: Opener) -> None:
    """Neither the file nor what SQLite keeps beside it, nor what was put aside."""
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    another = path.with_name(f"{path.name}x.corrupt.1")
    another.touch()
    store = opened()
    with pytest.raises(sqlite3.DatabaseError):
        store.load()
    store.add([point(1)])
    assert len(list(path.parent.iterdir())) > 3
    store.remove()
    another.unlink()
    assert list(path.parent.iterdir()) == []


# It imports no more than it needs: Home Assistant would take seconds.
_WRITER = """
from pathlib import Path
import sys
from types import ModuleType

for name in ("", ".providers", ".push"):
    package = ModuleType("custom_components.fleet_telematics" + name)
    package.__path__ = [package.__name__.replace(".", "/")]
    sys.modules[package.__name__] = package

from custom_components.fleet_telematics.push.store import PositionStore
from tests.push.points import point

store = PositionStore(Path(sys.argv[1]))
for second in range(int(sys.argv[2]), 1_000_000):
    store.add([point(second)])
    print("added", flush=True)
    if second % 3 == 0:
        store.settle(store.oldest(1))
        print("settled", flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_written(path: Path) -> None:
    """Kill -9 at any moment: what was added is there once, less what was sent."""
    random.seed(7)
    added = settled = 0
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(added)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(random.randint(1, 200))]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        least = (settled + told.count("settled\n"), added + told.count("added\n"))

        store = PositionStore(path)
        found = [round((one.time - START).total_seconds()) for one in waiting(store)]
        store.close()
        settled, added = found[0], found[-1] + 1
        assert found == list(range(settled, added))
        # One write may have been done and not told.
        assert (settled - least[0]) + (added - least[1]) in (0, 1)
