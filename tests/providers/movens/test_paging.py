"""Paged lists, whose parameters nobody has published."""

from collections.abc import Callable, Sequence

import pytest

from custom_components.fleet_telematics.providers.errors import (
    InvalidResponse,
    Rejected,
)
from custom_components.fleet_telematics.providers.movens.envelope import content
from custom_components.fleet_telematics.providers.movens.paging import (
    MOST_PAGES,
    Listing,
    read_all,
)
from custom_components.fleet_telematics.providers.transport import Parameters


class Vendor:
    """Answers with pages; notes how each was asked for."""

    def __init__(self, page: Callable[[Parameters | None], object]) -> None:
        """Answer what `page` returns."""
        self.asked: list[Parameters | None] = []
        self._page = page

    async def ask(self, params: Parameters | None) -> object:
        """Answer a request."""
        self.asked.append(params)
        return self._page(params)

    async def read(self) -> Listing:
        """Read the list."""
        return await read_all(self.ask, "GET /list")


def _rows(*ids: object) -> list[object]:
    return [{"ID": one} for one in ids]


def _ok(data: object, **beside: object) -> dict[str, object]:
    return {"Result": "OK", "Data": data, **beside}


@pytest.mark.parametrize(
    "answer",
    [
        _rows(1, 2),
        _ok(_rows(1, 2)),
        {"result": "ok", "data": _rows(1, 2)},
        {"Data": _rows(1, 2)},
        _ok(_rows(1, "2", 1.0)),
        _ok({"Items": _rows(1, 2)}),
        _ok({"Errors": [], "Rows": _rows(1, 2), "Count": 2}),
        _ok({"Vehicles": _rows(1, 2), "TotalCount": 2}),
        _ok({"Whatever": _rows(1, 2), "PageNumber": 1, "TotalPages": 1}),
        _ok({"Items": _rows(1, 2), "HasNext": False, "TotalCount": 9}),
        _ok(_rows(1, 2), TotalPages="1"),
    ],
)
async def test_list_is_read_in_any_envelope(answer: object) -> None:
    """Bare or enveloped, as an array or as a field of an object; each ID once."""
    vendor = Vendor(lambda params: answer)
    listing = await vendor.read()
    assert (list(listing.rows), listing.complete) == (["1", "2"], True)
    assert vendor.asked == [None]


@pytest.mark.parametrize(
    "answer", [[], _ok([]), _ok(None), {"Result": "OK"}, _ok({"Items": None})]
)
async def test_list_without_rows_is_empty(answer: object) -> None:
    """A plain positive answer has no data."""
    assert await Vendor(lambda params: answer).read() == Listing(rows={}, complete=True)


@pytest.mark.parametrize(
    "answer", [None, "x", 7, {}, _ok("x"), _ok({}), _ok({"TotalCount": 3}), _ok([{}])]
)
async def test_answer_that_is_no_list_is_an_error(answer: object) -> None:
    """A wrong shape is not an empty list."""
    with pytest.raises(InvalidResponse):
        await Vendor(lambda params: answer).read()


async def test_row_without_an_id_leaves_the_list_incomplete() -> None:
    """It may have been any vehicle."""
    listing = await Vendor(lambda params: _ok([{"ID": 1}, None, {"ID": 0}])).read()
    assert (list(listing.rows), listing.complete) == (["1"], False)


def _paged(
    pages: Sequence[Sequence[int]], *, first: int = 1, name: str = "PageNumber"
) -> Callable[[Parameters | None], dict[str, object]]:
    """Return answers that name their page; `first` is the number of the first."""

    def page(params: Parameters | None) -> dict[str, object]:
        number = int(str((params or {}).get(name, first)))
        return {"Items": _rows(*pages[number - first]), name: number}

    return page


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["PageNumber", "currentPage", "page"])
@pytest.mark.parametrize(
    "more",
    [
        lambda last: {"TotalPages": 3},
        lambda last: {"totalCount": "5"},
        lambda last: {"HasNextPage": not last},
    ],
)
async def test_further_pages_are_asked_for_as_the_answer_names_them(
    first: int, name: str, more: Callable[[bool], dict[str, object]]
) -> None:
    """Counted from 0 or from 1, by whatever the vendor calls it."""
    page = _paged([[1, 2], [3, 4], [5]], first=first, name=name)
    vendor = Vendor(
        lambda params: _ok(
            {**page(params), **more((params or {}).get(name) == first + 2)}
        )
    )
    listing = await vendor.read()
    assert list(listing.rows) == ["1", "2", "3", "4", "5"]
    assert listing.complete
    assert vendor.asked == [None, {name: first + 1}, {name: first + 2}]


async def test_pages_named_beside_the_data_are_followed() -> None:
    """The envelope itself may tell of them."""
    page = _paged([[1], [2]])
    vendor = Vendor(
        lambda params: _ok(
            page(params)["Items"],
            PageNumber=page(params)["PageNumber"],
            TotalPages=2,
        )
    )
    assert list((await vendor.read()).rows) == ["1", "2"]


async def test_page_that_brings_nothing_new_is_the_last() -> None:
    """A vendor that does not know the parameter answers with the first page again."""
    vendor = Vendor(lambda params: _ok({**_paged([[1, 2]])(None), "TotalPages": 3}))
    listing = await vendor.read()
    assert (list(listing.rows), listing.complete) == (["1", "2"], False)
    assert len(vendor.asked) == 2


async def test_more_without_a_page_number_cannot_be_asked_for() -> None:
    """No parameter is made up; the list is known to be incomplete."""
    vendor = Vendor(lambda params: _ok({"Items": _rows(1), "TotalCount": 2}))
    listing = await vendor.read()
    assert (list(listing.rows), listing.complete) == (["1"], False)
    assert vendor.asked == [None]


async def test_endless_list_has_an_end() -> None:
    """A vendor that always has more is left at some page."""

    def page(params: Parameters | None) -> object:
        number = int(str((params or {}).get("Page", 1)))
        return _ok({"Items": _rows(number), "Page": number, "HasMore": True})

    vendor = Vendor(page)
    listing = await vendor.read()
    assert (len(listing.rows), listing.complete) == (MOST_PAGES, False)


async def test_negative_page_is_declined() -> None:
    """Half a list is not told as the whole."""
    page = _paged([[1], [2]])
    vendor = Vendor(
        lambda params: (
            {"Result": "ERR", "Message": "err_Busy"}
            if params
            else _ok({**page(params), "TotalPages": 2})
        )
    )
    with pytest.raises(Rejected):
        await vendor.read()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"Result": "ERR", "Message": "err_InvalidElement"}, "err_InvalidElement"),
        ({"result": "err", "message": " err_X "}, "err_X"),
        ({"Result": "ERR"}, None),
        ({"Result": "ERR", "Message": None, "Data": []}, None),
        ({"Result": None}, None),
        ({"Result": {"Code": 1}, "Message": "x" * 999}, "x" * 200),
    ],
)
def test_negative_answer_is_declined_with_its_word(
    answer: object, reason: str | None
) -> None:
    """The status is that of the answer; the vendor's word is kept apart."""
    with pytest.raises(Rejected) as caught:
        content(answer, "GET /x")
    assert (caught.value.status, caught.value.reason) == (200, reason)
    assert str(caught.value) == "GET /x: declined inside HTTP 200"
