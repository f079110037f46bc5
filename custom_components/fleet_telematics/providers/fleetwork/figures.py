"""Reads the account's figures: all at once, or view by view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from .. import parse
from ..errors import (
    AccessDenied,
    InvalidResponse,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)
from ..models import FleetFigures
from . import mapping
from .api import FleetworkApi

SUMMARY: Final = "summary"
FUEL: Final = "fuel-tracking"
COSTS: Final = "monthly-costs"

# For so long the vendor repeats its answer (field notes); timers are a little early.
_EARLY: Final = timedelta(seconds=10)
_LASTS: Final = {
    SUMMARY: timedelta(minutes=5) - _EARLY,
    FUEL: timedelta(minutes=15) - _EARLY,
    COSTS: timedelta(minutes=15) - _EARLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A view of the dashboard, and when it was read."""

    time: datetime
    data: Mapping[str, object]


def _utcnow() -> datetime:
    return datetime.now(UTC)


class Figures:
    """The dashboard of an account.

    One request brings it all where the server has that. Where it fails and a
    single view does not, the views are read one by one from then on.
    """

    def __init__(
        self, api: FleetworkApi, now: Callable[[], datetime] = _utcnow
    ) -> None:
        """Try the whole first."""
        self._api = api
        self._now = now
        self._one_by_one = False
        self._views: dict[str, _View] = {}

    async def read(self) -> FleetFigures:
        """Return the figures. A view that fails leaves its own unknown."""
        if not self._one_by_one:
            try:
                return await self._read_all()
            except InvalidResponse, Rejected, Unreachable:
                pass
        await self._read_views()
        self._one_by_one = True
        return self._figures(
            {name: view.data for name, view in self._views.items()},
            SUMMARY,
            FUEL,
            COSTS,
        )

    async def _read_all(self) -> FleetFigures:
        """Read every view in one request."""
        sections = parse.folded(await self._api.dashboard())
        names = ("summary", "fueltracking", "monthlycosts")
        if not any(parse.mapping(sections.get(name)) for name in names):
            raise InvalidResponse("dashboard: none of its views")
        return self._figures(sections, *names)

    async def _read_views(self) -> None:
        """Read the views that are due. Raises where none is left."""
        failure: ProviderError | None = None
        for name, lasts in _LASTS.items():
            now = self._now()
            held = self._views.get(name)
            if held is not None and abs(now - held.time) < lasts:
                continue
            self._views.pop(name, None)
            try:
                data = await self._api.dashboard(name)
            except (AccessDenied, InvalidResponse, Rejected, Unreachable) as err:
                failure = failure or err
            except RateLimited as err:
                # The next would only wait in the queue.
                failure = err
                break
            else:
                self._views[name] = _View(time=now, data=data)
        if failure is not None and not self._views:
            raise failure

    def _figures(
        self, views: Mapping[str, object], summary: str, fuel: str, costs: str
    ) -> FleetFigures:
        return mapping.figures(
            summary=views.get(summary),
            fuel=views.get(fuel),
            costs=views.get(costs),
            now=self._now(),
        )
