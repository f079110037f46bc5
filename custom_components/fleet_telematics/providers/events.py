"""Reads server-sent events (WHATWG HTML, section "Server-sent events")."""

from dataclasses import dataclass
from typing import Final

from .errors import InvalidResponse

MAXIMUM_SIZE: Final = 32 * 1024 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One message of an event stream.

    `data` are its lines, joined by line feeds. `id` is the last id that the stream
    told, in this event or before; None is none so far.
    """

    data: str
    event: str = "message"
    id: str | None = None


class EventReader:
    """Puts events together from pieces that end anywhere.

    Lines end in CR LF, LF or CR. Comments, fields that the standard does not know
    and an event that the stream breaks off in are left out; so is `retry`: how
    long to wait is for the client's own back-off.
    """

    def __init__(self, limit: int = MAXIMUM_SIZE) -> None:
        """Take events of at most `limit` bytes."""
        self._limit = limit
        self._first = True
        self._after_return = False
        self._line = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id: str | None = None

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Take the stream's next bytes; return the events that they complete.

        Raises InvalidResponse for an event that is larger than the limit.
        """
        if not piece:
            return []
        # The other half of the line's end that the piece before ended in.
        text = piece.removeprefix(b"\n") if self._after_return else piece
        self._after_return = piece.endswith(b"\r")
        *ended, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        found: list[ServerEvent] = []
        for end in ended:
            self._line += end
            self._check()
            line, self._line = bytes(self._line), bytearray()
            if (event := self._take(line)) is not None:
                found.append(event)
        self._line += rest
        self._check()
        return found

    def _check(self) -> None:
        if self._size + len(self._line) > self._limit:
            raise InvalidResponse(f"an event of more than {self._limit} bytes")

    def _take(self, line: bytes) -> ServerEvent | None:
        """Note a line; return the event that a blank one ends."""
        if self._first:
            self._first = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._ended()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        # Lines end outside of characters: each can be decoded alone.
        if field == b"data":
            self._data.append(value.decode(errors="replace"))
            self._size += len(value) + 1
        elif field == b"event":
            self._event = value.decode(errors="replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
        return None

    def _ended(self) -> ServerEvent | None:
        data, self._data, self._size = self._data, [], 0
        event, self._event = self._event, ""
        if not data:
            return None
        return ServerEvent(data="\n".join(data), event=event or "message", id=self._id)
