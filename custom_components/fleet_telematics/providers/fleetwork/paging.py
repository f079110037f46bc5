"""Reads every page of a list, whatever the server says of their number."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import InvalidResponse

# A list that never ends is a fault: this many pages hold any account.
MOST_PAGES: Final = 200
# And these the past of any account, on pages as small as the document shows them.
MOST_PAST_PAGES: Final = 2000
MOST_PAST_ROWS: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer: its rows, and how many rows and pages there are where it tells.

    `about` is what it tells beside them, of the list as a whole.
    """

    rows: list[object]
    total: int | None = None
    pages: int | None = None
    about: Mapping[str, object] = field(default_factory=dict)

    def is_last(self, number: int, listed: int) -> bool:
        """Whether this is the last page, as far as the server tells.

        Row and page counts must agree: a server that answers smaller pages than
        were asked for may still count the pages by the size that was asked.
        """
        if self.total is None and self.pages is None:
            return False
        return (self.total is None or listed >= self.total) and (
            self.pages is None or number >= self.pages
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All rows. `complete` says that none is missing, as far as the server tells.

    `ended` is whether it was read to its end. `about` is what the first page told of
    the list as a whole.
    """

    rows: list[object]
    complete: bool
    ended: bool = True
    about: Mapping[str, object] = field(default_factory=dict)


async def read_past(
    read: Callable[[int], Awaitable[Page]],
    key: Callable[[object], Hashable | None],
    what: str,
) -> Listing:
    """Read a list to its end, however long: a part of the past is none of it.

    `what` names the list. Raises InvalidResponse for one that has no end.
    """
    listing = await read_all(
        read, key, most_pages=MOST_PAST_PAGES, most_rows=MOST_PAST_ROWS
    )
    if not listing.ended:
        raise InvalidResponse(f"{what}: pages without end")
    return listing


async def read_all(
    read: Callable[[int], Awaitable[Page]],
    key: Callable[[object], Hashable | None],
    *,
    most_pages: int = MOST_PAGES,
    most_rows: int | None = None,
) -> Listing:
    """Read from page 1 on, up to the last one or to one that brings nothing new.

    `key` tells rows apart; a row without one is left out, and as it may stand
    for anything the listing is not complete then.
    """
    rows: list[object] = []
    seen: set[Hashable] = set()
    about: Mapping[str, object] = {}
    readable = True
    for number in range(1, most_pages + 1):
        page = await read(number)
        if number == 1:
            about = page.about
        keys = [key(row) for row in page.rows]
        readable = readable and None not in keys
        fresh = [
            row
            for row, one in zip(page.rows, keys, strict=True)
            if one is not None and one not in seen
        ]
        rows += fresh
        seen.update(keys)
        if not fresh or page.is_last(number, len(rows)):
            counted = page.total is None or len(rows) >= page.total
            return Listing(rows=rows, complete=readable and counted, about=about)
        if most_rows is not None and len(rows) > most_rows:
            break
    return Listing(rows=rows, complete=False, ended=False, about=about)
