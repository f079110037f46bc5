"""Remembers the last answer, so that of the next one only what is new is read."""

from collections.abc import Callable
from contextlib import suppress
from itertools import chain, pairwise, repeat
import re
from typing import Final

# How a list of objects and its first object begin, up to the first key's colon.
_BEGINNING: Final = re.compile(rb'[ \t\r\n]*\[[ \t\r\n]*(\{[ \t\r\n]*"[^"\\]*"\s*:)')
_BETWEEN: Final = rb"\}[ \t\r\n]*,[ \t\r\n]*(?=%b)"


class JsonMemory:
    """Reads JSON; what is as it was in the last answer becomes the very same object.

    That is the whole answer, or of an answer that is a list of objects, as fleets
    are, each object that stands where it stood. Most vehicles are parked: to read
    all of them takes longer than all that follows for the one that moved.
    """

    def __init__(self, loads: Callable[[bytes], object], longest: int) -> None:
        """Read by `loads`, and keep no answer of more than `longest` bytes."""
        self._loads = loads
        self._longest = longest
        self._body = b""
        self._data: object = None
        # Where a list was read by its objects: these, and where each begins.
        self._rows: list[object] = []
        self._starts: list[int] = []

    @property
    def size(self) -> int:
        """How many bytes the answer has that is kept."""
        return len(self._body)

    def read(self, body: bytes) -> object:
        """Return what an answer says. Raises what `loads` does."""
        if body == self._body:
            return self._data
        rows: list[object] = []
        starts: list[int] = []
        # What cannot be cut into objects is read as one.
        with suppress(ValueError, RecursionError):
            rows, starts = self._read_rows(body)
        data = rows or self._loads(body)
        if len(body) <= self._longest:
            self._body, self._data = body, data
            self._rows, self._starts = rows, starts
        return data

    def _read_rows(self, body: bytes) -> tuple[list[object], list[int]]:
        """Return a list's objects, and where each begins; none of what is none.

        It is cut where it looks like its beginning once more. That may be inside
        an object: then what was cut is not JSON, which raises ValueError. Where
        all of it is, and between it there are commas, it makes up just the list.
        """
        rows: list[object] = []
        starts: list[int] = []
        if (beginning := _BEGINNING.match(body)) is None:
            return rows, starts
        between = re.compile(_BETWEEN % re.escape(beginning[1]))
        position = beginning.start(1)
        bounds = pairwise([*self._starts, len(self._body)])
        known = chain(zip(self._rows, bounds, strict=True), repeat((None, (0, 0))))
        while position < len(body):
            row, (start, end) = next(known)
            # With the comma that follows, or the end of the list.
            piece = self._body[start:end]
            after = position + len(piece)
            is_known = (
                body.startswith(piece, position)
                and start < end
                and (end == len(self._body)) == (after == len(body))
            )
            if not is_known:
                comma = between.search(body, position)
                if comma is None:
                    text, after = _last(body[position:]), len(body)
                else:
                    text, after = body[position : comma.start() + 1], comma.end()
                row = self._loads(text)
            rows.append(row)
            starts.append(position)
            position = after
        return rows, starts


def _last(piece: bytes) -> bytes:
    """Return a list's last object without the list's end."""
    found = piece.rstrip(b" \t\r\n")
    if not found.endswith(b"]"):
        raise ValueError("a list that has no end")
    return found[:-1]
