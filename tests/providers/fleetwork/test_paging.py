"""Every row of a list is read once, whatever the server says of its pages."""

from collections.abc import Hashable

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.errors import InvalidResponse
from custom_components.fleet_telematics.providers.fleetwork import paging
from custom_components.fleet_telematics.providers.fleetwork.paging import (
    MOST_PAGES,
    Listing,
    Page,
    read_all,
    read_past,
)


def _key(row: object) -> Hashable | None:
    return row if isinstance(row, int) else None


class _List:
    """Serves numbers in pages, and tells counts that may be wrong."""

    def __init__(
        self, rows: list[object], size: int, *, total: int | None, pages: int | None
    ) -> None:
        self.rows = rows
        self.size = size
        self.total = total
        self.pages = pages
        self.reads = 0

    async def read(self, number: int) -> Page:
        """Return a page."""
        self.reads += 1
        start = (number - 1) * self.size
        return Page(
            rows=self.rows[start : start + self.size],
            total=self.total,
            pages=self.pages,
        )


async def _all(served: _List) -> Listing:
    return await read_all(served.read, _key)


async def test_as_many_requests_as_there_are_pages() -> None:
    """Counts that are right cost no request more."""
    served = _List(list(range(25)), 10, total=25, pages=3)
    assert await _all(served) == Listing(rows=list(range(25)), complete=True)
    assert served.reads == 3


@given(
    st.integers(0, 60),
    st.integers(1, 20),
    st.none() | st.integers(60, 99),
    st.none() | st.integers(1, 5),
)
async def test_smaller_pages_than_counted_lose_no_row(
    rows: int, size: int, total: int | None, pages: int | None
) -> None:
    """A total that is not reached yet, or none at all, is followed to the end."""
    if total is None:
        pages = None
    served = _List(list(range(rows)), size, total=total, pages=pages)
    listing = await _all(served)
    assert listing.rows == list(range(rows))
    assert listing.complete == (total is None or rows >= total)
    assert served.reads <= rows // size + 2


async def test_a_page_that_repeats_ends_the_list() -> None:
    """A server that ignores the page's number is asked twice, not for ever."""
    served = _List(list(range(10)), 10, total=30, pages=3)

    async def first_page(number: int) -> Page:
        return await served.read(1)

    listing = await read_all(first_page, _key)
    assert listing == Listing(rows=list(range(10)), complete=False)
    assert served.reads == 2


async def test_a_row_that_moved_to_the_next_page_counts_once() -> None:
    """Rows shift while they are read; the total then tells that one is missing."""
    served = _List([1, 2, 3, 3, 4], 3, total=5, pages=2)
    assert await _all(served) == Listing(rows=[1, 2, 3, 4], complete=False)


async def test_rows_alike_on_one_page_do_not_spoil_the_count() -> None:
    """A server that lists a row twice still lists its whole."""
    served = _List([1, 2, 2], 3, total=3, pages=1)
    assert await _all(served) == Listing(rows=[1, 2, 2], complete=True)
    assert served.reads == 1


async def test_a_row_that_cannot_be_told_makes_the_list_incomplete() -> None:
    """It may be any row, so none is missing for sure."""
    served = _List([1, "?", 3], 5, total=None, pages=1)
    assert await _all(served) == Listing(rows=[1, 3], complete=False)


async def test_a_list_without_an_end_is_left() -> None:
    """A server that makes up rows for ever is asked for a bounded time."""
    served = _List(list(range(MOST_PAGES * 2)), 1, total=None, pages=None)
    listing = await _all(served)
    assert served.reads == MOST_PAGES
    assert not listing.complete


async def test_a_long_past_is_read_to_its_end() -> None:
    """A week of a point every ten seconds, on the pages of the document's example."""
    points: list[object] = list(range(7 * 24 * 360))
    served = _List(points, 100, total=len(points), pages=605)
    listing = await read_past(served.read, _key, "/history")
    assert listing.rows == points
    assert (served.reads, listing.complete) == (605, True)


@pytest.mark.parametrize(("pages", "rows"), [(5, 500_000), (2000, 50)])
async def test_a_past_without_an_end_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, pages: int, rows: int
) -> None:
    """A part of it would pass for the whole."""
    monkeypatch.setattr(paging, "MOST_PAST_PAGES", pages)
    monkeypatch.setattr(paging, "MOST_PAST_ROWS", rows)
    served = _List(list(range(1000)), 10, total=None, pages=None)
    with pytest.raises(InvalidResponse, match="/history: pages without end"):
        await read_past(served.read, _key, "/history")
    assert served.reads in (5, 6)
