"""The vendor's dashboard, view by view or as a whole, in the vendor's words."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .. import parse
from ..errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    ProviderError,
    Rejected,
    Unreachable,
    Unsupported,
)
from .api import Asked, FleetworkApi
from .figures import COSTS, FUEL, SUMMARY
from .paging import read_all
from .reports import subject
from .times import day_of, day_start, last_of, milliseconds

_HEATMAP: Final = "activity-heatmap"
# The names of the views in the answer that has them all.
_SECTIONS: Final = {
    "summary": "summary",
    "users": "users",
    "heatmap": "heatmap",
    "fuel": "fuelTracking",
    "costs": "monthlyCosts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a view is to show; each view takes a part of it.

    Summary and users are of the vendor's day that `start` is in, the others of the
    window, the vendor's own where it has no start or no end.
    """

    start: datetime | None = None
    end: datetime | None = None
    metric: str | None = None
    group_by: str | None = None
    currency: str | None = None

    @property
    def day(self) -> Asked:
        """The day."""
        if self.start is None:
            return {}
        start = min(self.start, datetime.now(UTC))
        return {"date": milliseconds(day_start(day_of(start)))}

    @property
    def window(self) -> Asked:
        """The window."""
        asked: dict[str, str | int] = {}
        if self.start is not None:
            asked["from"] = milliseconds(self.start)
        if self.end is not None:
            asked["to"] = milliseconds(last_of(self.end))
        return asked

    @property
    def only_a_day(self) -> bool:
        """Whether the answer that has all views takes all of it."""
        return all(
            one is None for one in (self.end, self.metric, self.group_by, self.currency)
        )


async def read(api: FleetworkApi, view: str, wish: Wish) -> Mapping[str, object]:
    """Return a view, `users` with all its pages, or `all` of them.

    Raises any ProviderError, Unsupported for a view that the document does not have.
    """
    match view:
        case "summary":
            return await api.dashboard(SUMMARY, wish.day)
        case "users":
            return await _users(api, wish)
        case "heatmap":
            return await _of_window(api, _HEATMAP, wish, "metric", wish.metric)
        case "fuel":
            return await _of_window(api, FUEL, wish, "groupBy", wish.group_by)
        case "costs":
            return await _of_window(api, COSTS, wish, "currency", wish.currency)
        case "all":
            return await _all(api, wish)
    raise Unsupported(f"dashboard {view}")


async def _of_window(
    api: FleetworkApi, view: str, wish: Wish, key: str, value: str | None
) -> Mapping[str, object]:
    return await api.dashboard(
        view, wish.window if value is None else {**wish.window, key: value}
    )


async def _users(api: FleetworkApi, wish: Wish) -> Mapping[str, object]:
    listing = await read_all(lambda page: api.day(page, wish.day), subject)
    return {**listing.about, "users": listing.rows}


async def _all(api: FleetworkApi, wish: Wish) -> Mapping[str, object]:
    """Return all views at once, or one by one where the server cannot do that."""
    if wish.only_a_day:
        with suppress(InvalidResponse, Rejected, Unreachable):
            answer = await api.dashboard(asked=wish.day)
            if any(parse.mapping(answer.get(name)) for name in _SECTIONS.values()):
                return answer
    return await _one_by_one(api, wish)


async def _one_by_one(api: FleetworkApi, wish: Wish) -> Mapping[str, object]:
    """Return all views; one that the account does not have is null.

    Raises what was in the way where it has none. A window without an end is that
    of the day alone, as in the answer that has all views.
    """
    of_windows = Wish() if wish.only_a_day else wish
    found: dict[str, object] = {}
    failure: ProviderError | None = None
    for view, section in _SECTIONS.items():
        part = wish if view in ("summary", "users") else of_windows
        try:
            found[section] = await read(api, view, part)
        except (AccessDenied, NotFound) as err:
            failure = failure or err
            found[section] = None
    if failure is not None and not any(found.values()):
        raise failure
    users = found["users"]
    if isinstance(users, Mapping):
        found["users"] = {
            "summary": users.get("summary"),
            "topUsers": sorted(parse.records(users["users"]), key=_far, reverse=True),
        }
    return found


def _far(row: Mapping[str, object]) -> float:
    """Return how far a user drove."""
    told = parse.folded(row).get("distance")
    distance = parse.folded(told).get("value", told)
    return parse.number(distance, low=0) or 0.0
