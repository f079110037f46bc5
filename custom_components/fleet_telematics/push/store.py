"""The positions that wait to be sent, in a file.

A small SQLite database with a write-ahead log: adding a position writes that
position alone, and whatever was added is there after a kill. After a power cut the
last seconds may be missing, as in Home Assistant's own recorder; syncing every point
would wear the SD cards that many run on.

A position is marked as sent after the vendor took it. Who is killed between the two
sends it again: the vendor then sees a point twice instead of never.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import glob
import json
from pathlib import Path
import sqlite3
from typing import Final

from ..providers.models import Coordinates, SentPosition

MOST_POSITIONS: Final = 20_000
_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# What SQLite keeps beside the file while it is open.
_BESIDE: Final = ("-wal", "-shm")
_ASIDE: Final = ".corrupt."
# What reading a row may raise that a failing disk has changed.
_UNREADABLE: Final = (ValueError, TypeError, KeyError, OverflowError)
# Of what was sent, only the key stays for a while, so that it is not sent again.
_SCHEMA: Final = f"""
CREATE TABLE positions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL,
    time INTEGER NOT NULL,
    body TEXT,
    UNIQUE (reference, time)
);
CREATE INDEX waiting ON positions (time, id) WHERE body IS NOT NULL;
CREATE INDEX settled ON positions (id) WHERE body IS NULL;
CREATE TABLE places (reference TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
PRAGMA user_version = {_VERSION};
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A position that waits."""

    id: int
    position: SentPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many wait, and how many were dropped since none waited."""

    waiting: int = 0
    dropped: int = 0


class PositionStore:
    """The file. Every method blocks, and may raise sqlite3.Error.

    One thread at a time may call.
    """

    def __init__(self, path: Path, most: int = MOST_POSITIONS) -> None:
        """Keep at most so many positions; the file is made with the first one."""
        self._path = path
        self._most = most
        self._connection: sqlite3.Connection | None = None
        # How many positions were there that could not be read.
        self.unreadable = 0

    def load(self) -> Counts:
        """Return what is there.

        A file that is no such database, or a spoilt one, is put aside. Raises
        sqlite3.DatabaseError then, once.
        """
        if not self._path.exists():
            return Counts()
        try:
            connection = self._open()
            _check(connection)
            return self._counts(connection)
        except sqlite3.OperationalError:
            # Locked, or no disk: it says nothing of the file.
            raise
        except sqlite3.DatabaseError:
            self.close()
            self._put_aside()
            raise

    def places(self) -> dict[str, Coordinates]:
        """Return where each tracker was that was added with its place."""
        if not self._path.exists():
            return {}
        found: dict[str, Coordinates] = {}
        for reference, body in self._open().execute(
            "SELECT reference, body FROM places"
        ):
            # One that cannot be read is sent where it is seen next, as a new one.
            with suppress(*_UNREADABLE):
                latitude, longitude = map(float, json.loads(body))
                found[reference] = Coordinates(latitude=latitude, longitude=longitude)
        return found

    def add(
        self, positions: Iterable[SentPosition], followed: Iterable[SentPosition] = ()
    ) -> Counts:
        """Add positions, but those of the same tracker and time as one before.

        Of `followed` ones the place is kept, too. Beyond the limit the oldest go.
        """
        connection = self._open()
        with connection:
            connection.executemany(
                "INSERT OR IGNORE INTO positions (reference, time, body)"
                " VALUES (?, ?, ?)",
                [
                    (key_of(one), (one.time - _EPOCH) // _MILLISECOND, _body_of(one))
                    for one in positions
                ],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO places (reference, body) VALUES (?, ?)",
                [
                    (
                        one.device_ref,
                        json.dumps([one.location.latitude, one.location.longitude]),
                    )
                    for one in followed
                ],
            )
            excess = self._counts(connection).waiting - self._most
            if excess > 0:
                connection.execute(
                    "DELETE FROM positions WHERE id IN (SELECT id FROM positions"
                    " WHERE body IS NOT NULL ORDER BY time, id LIMIT ?)",
                    (excess,),
                )
                connection.execute(
                    "INSERT INTO facts (name, value) VALUES ('dropped', ?)"
                    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                    (excess,),
                )
        return self._counts(connection)

    def oldest(self, most: int) -> list[Queued]:
        """Return the oldest positions that wait, oldest first.

        What cannot be read is deleted: it would hold up everything behind it.
        """
        connection = self._open()
        while True:
            found: list[Queued] = []
            spoilt: list[tuple[int]] = []
            for identity, time, body in connection.execute(
                "SELECT id, time, body FROM positions WHERE body IS NOT NULL"
                " ORDER BY time, id LIMIT ?",
                (most,),
            ).fetchall():
                try:
                    position = _position(time, body)
                except _UNREADABLE:
                    spoilt.append((identity,))
                else:
                    found.append(Queued(id=identity, position=position))
            if spoilt:
                self.unreadable += len(spoilt)
                with connection:
                    connection.executemany("DELETE FROM positions WHERE id = ?", spoilt)
            if found or not spoilt:
                return found

    def counts(self) -> Counts:
        """Return how many wait, and how many were dropped."""
        return self._counts(self._open())

    def settle(self, queued: Sequence[Queued]) -> Counts:
        """Note that these wait no longer; their keys are known for a while."""
        connection = self._open()
        with connection:
            connection.executemany(
                "UPDATE positions SET body = NULL WHERE id = ?",
                [(one.id,) for one in queued],
            )
            connection.execute(
                "DELETE FROM positions WHERE body IS NULL AND id <= (SELECT id"
                " FROM positions WHERE body IS NULL ORDER BY id DESC"
                " LIMIT 1 OFFSET ?)",
                (self._most,),
            )
            counts = self._counts(connection)
            if counts.dropped and not counts.waiting:
                connection.execute("DELETE FROM facts WHERE name = 'dropped'")
                counts = Counts()
        return counts

    def forget_places(self, keep: Iterable[str]) -> None:
        """Forget where trackers were that are not among these any more."""
        if not self._path.exists():
            return
        connection = self._open()
        known = {one for (one,) in connection.execute("SELECT reference FROM places")}
        with connection:
            connection.executemany(
                "DELETE FROM places WHERE reference = ?",
                [(one,) for one in known.difference(keep)],
            )

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def remove(self) -> None:
        """Delete the file, and those that were put aside."""
        self.close()
        for suffix in ("", *_BESIDE):
            self._beside(suffix).unlink(missing_ok=True)
        aside = self._beside(_ASIDE).name
        for one in self._path.parent.glob(f"{glob.escape(aside)}*"):
            one.unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Several threads take turns.
            connection = sqlite3.connect(self._path, check_same_thread=False)
            connection.text_factory = _text
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @staticmethod
    def _counts(connection: sqlite3.Connection) -> Counts:
        (waiting,) = connection.execute(
            "SELECT COUNT(*) FROM positions WHERE body IS NOT NULL"
        ).fetchone()
        dropped = connection.execute(
            "SELECT value FROM facts WHERE name = 'dropped'"
        ).fetchone()
        return Counts(waiting=waiting, dropped=0 if dropped is None else dropped[0])

    def _put_aside(self) -> None:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self._path.rename(self._beside(f"{_ASIDE}{moment}"))
        for suffix in _BESIDE:
            self._beside(suffix).unlink(missing_ok=True)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _check(connection: sqlite3.Connection) -> None:
    """Raise DatabaseError for a spoilt file: it would hold up everything for ever."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _text(raw: bytes) -> str:
    """Read a text, even one that a failing disk changed."""
    return raw.decode(errors="replace")


def key_of(position: SentPosition) -> str:
    """Return what tells trackers apart."""
    return json.dumps([position.vehicle_id, position.user_id, position.device_ref])


def _body_of(position: SentPosition) -> str:
    values = {
        "lat": position.location.latitude,
        "lng": position.location.longitude,
        "speed": position.speed,
        "heading": position.heading,
        "vehicle": position.vehicle_id,
        "user": position.user_id,
        "device": position.device_ref,
        "name": position.name,
    }
    return json.dumps({key: one for key, one in values.items() if one is not None})


def _position(time: int, body: str) -> SentPosition:
    values = json.loads(body)
    return SentPosition(
        time=_EPOCH + time * _MILLISECOND,
        location=Coordinates(
            latitude=float(values["lat"]), longitude=float(values["lng"])
        ),
        speed=_number(values.get("speed")),
        heading=_number(values.get("heading")),
        vehicle_id=values.get("vehicle"),
        user_id=values.get("user"),
        device_ref=values.get("device"),
        name=values.get("name"),
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
