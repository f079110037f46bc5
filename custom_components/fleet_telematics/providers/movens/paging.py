"""Reads Movens's paged lists, whose parameters the vendor does not publish."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from .. import parse
from ..errors import InvalidResponse
from ..transport import Parameters
from .envelope import content

MOST_PAGES: Final = 200
_ROWS: Final = ("items", "rows", "list", "data", "results", "elements", "vehicles")
_PAGE: Final = frozenset({"page", "pagenumber", "currentpage", "pageindex"})
_PAGES: Final = frozenset({"totalpages", "pagecount", "pages"})
_TOTAL: Final = frozenset({"total", "totalcount", "totalitems", "totalrecords"})
_MORE: Final = frozenset({"hasnext", "hasnextpage", "hasmore"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of a list, by ID; `complete` where there are no others."""

    rows: dict[str, object]
    complete: bool


async def read_all(
    ask: Callable[[Parameters | None], Awaitable[object]], what: str
) -> Listing:
    """Read a list to its end.

    The first page is asked for without parameters. Another one is asked for only
    while the answer says that there is more, by the name the answer itself gives
    to the page's number, and as long as pages bring rows that are new.
    """
    rows: dict[str, object] = {}
    delivered = 0
    complete = True
    params: Parameters | None = None
    for pages in range(1, MOST_PAGES + 1):
        answer = await ask(params)
        page, about = _opened(answer, what)
        before = len(rows)
        for row in page:
            row_id = parse.identifier(parse.folded(row).get("id"))
            if row_id is None:
                # A row that cannot be read may be anything.
                complete = False
            else:
                rows.setdefault(row_id, row)
        if page and not rows:
            raise InvalidResponse(f"{what}: no row has an ID")
        delivered += len(page)
        if not _says_more(about, pages=pages, delivered=delivered):
            return Listing(rows=rows, complete=complete)
        params = _next_page(about)
        if params is None or len(rows) == before:
            break
    return Listing(rows=rows, complete=False)


def _opened(answer: object, what: str) -> tuple[list[object], Mapping[str, object]]:
    """Return an answer's rows, and what it and its data say beside them."""
    if answer is None:
        raise InvalidResponse(f"{what}: empty")
    data = content(answer, what)
    if data is None:
        return [], parse.mapping(answer)
    if isinstance(data, list):
        return data, parse.mapping(answer)
    found = parse.folded(data)
    named = [found[key] for key in _ROWS if key in found]
    lists = [one for one in (*named, *found.values()) if isinstance(one, list)]
    if not lists and None not in named:
        raise InvalidResponse(f"{what}: not a list")
    about = {**parse.mapping(answer), **parse.mapping(data)}
    return (lists[0] if lists else []), about


def _says_more(about: Mapping[str, object], *, pages: int, delivered: int) -> bool:
    """Return whether an answer says that rows are missing yet."""
    more = parse.flag(_named(about, _MORE)[1])
    if more is not None:
        return more
    total_pages = parse.integer(_named(about, _PAGES)[1], low=0)
    if total_pages is not None:
        return pages < total_pages
    total = parse.integer(_named(about, _TOTAL)[1], low=0)
    return total is not None and delivered < total


def _next_page(about: Mapping[str, object]) -> Parameters | None:
    """Return how to ask for the next page, None where the answer does not tell."""
    key, value = _named(about, _PAGE)
    number = parse.integer(value, low=0)
    return None if number is None else {key: number + 1}


def _named(about: Mapping[str, object], names: Collection[str]) -> tuple[str, object]:
    """Return the first field with one of these names, and its name as it is spelt."""
    return next(
        ((key, value) for key, value in about.items() if key.lower() in names),
        ("", None),
    )
