"""The vendor's reports, page by page."""

from collections.abc import Hashable
from datetime import datetime
from typing import Final, NamedTuple

from .. import parse
from ..errors import Unsupported
from .api import REPORTS, FleetworkApi
from .paging import Listing, Page, read_past
from .times import last_of, milliseconds


class _Report(NamedTuple):
    """Where a report is, how long its pages may be, and whether it takes filters."""

    path: str
    page_size: int
    filtered: bool = True


_SUMMARY_PAGE: Final = 200
_DETAIL_PAGE: Final = 500
_REPORTS: Final = {
    "trip_summary": _Report("trip/summary", _SUMMARY_PAGE),
    "trip_detail": _Report("trip/detail", _DETAIL_PAGE),
    "fuel_summary": _Report("fuel/summary", _SUMMARY_PAGE),
    "fuel_detail": _Report("fuel/detail", _DETAIL_PAGE),
    "activity_time": _Report("activity-time", _DETAIL_PAGE, filtered=False),
}
# What a row is of: a user, a user's day, or an hour of a day.
_SUBJECT: Final = ("userid", "date", "hour", "starttime")


async def read(
    api: FleetworkApi,
    report: str,
    start: datetime,
    end: datetime,
    *,
    user: str | None = None,
    group: str | None = None,
) -> Listing:
    """Return all rows of a report, and what it tells as a whole.

    Raises any ProviderError, Unsupported for a report or a filter that the document
    does not have.
    """
    if report not in _REPORTS:
        raise Unsupported(f"report {report}")
    path, size, filtered = _REPORTS[report]
    filters = {
        key: value
        for key, value in (("userId", user), ("groupId", group))
        if value is not None
    }
    if filters and not filtered:
        raise Unsupported(f"report {report} of a user or a group")

    async def page(number: int) -> Page:
        return await api.report(
            path,
            {
                "from": milliseconds(start),
                "to": milliseconds(last_of(end)),
                **filters,
                "page": number,
                "pageSize": size,
            },
        )

    return await read_past(page, subject, f"{REPORTS}/{path}")


def subject(value: object) -> Hashable | None:
    """Return what tells a row from the others; None for what is no row.

    Its figures may grow while pages are read. Only a row that does not tell what it
    is of is told by them.
    """
    row = parse.folded(value)
    found = tuple(_plain(row.get(key)) for key in _SUBJECT)
    if any(one is not None for one in found):
        return found
    return frozenset((key, _plain(one)) for key, one in row.items()) or None


def _plain(value: object) -> str | None:
    return parse.text(value)
