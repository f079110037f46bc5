"""Fleetwork's service, from the vendor's document."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, override

from aiohttp import web

from custom_components.fleet_telematics.providers.demo.world import World

from .fleetwork_dashboard import Dashboard
from .fleetwork_figures import Figures
from .fleetwork_json import Shapes, paged, pages, renamed
from .fleetwork_reports import Reports
from .fleetwork_request import (
    Given,
    bad_request,
    flag,
    given,
    json_of,
    moment,
    not_found,
    refusal,
    sent_point,
)
from .fleetwork_rows import Ids, Point, Tracked, ids_of
from .server import Endpoint, Refused, VendorServer

CREDENTIALS: Final = {"api_key": "simulated-key"}
_TRACKING: Final = "/gps-tracking"
_DASHBOARD: Final = "/dashboard/gps-manager"
_REPORTS: Final = "/reports"
_HISTORY: Final = timedelta(days=1)
# Requests a second that a group of paths takes.
_LIMITS: Final = {_DASHBOARD: 10, _REPORTS: 5}

type Answer = Callable[[Given], Mapping[str, object]]


class Unauthorized(StrEnum):
    """The bodies that a missing or wrong key has been answered with."""

    DOCUMENTED = "documented"
    ACCOUNT = "account"
    ERRORS = "errors"


class FleetworkServer(VendorServer):
    """Fleetwork for one account.

    Beside what every server has: `unauthorized` chooses the body of a 401,
    `metadata_key` and `standing` ("stopping" or "stopped") are words that differ
    between versions, and `new_names` switches to those of the newest one.
    `post_only` are paths below the base, "/gps-tracking/users" for instance, that
    take a POST with a JSON body instead of a GET. Without `composite` the dashboard
    has no all-in-one answer. `limit_requests` turns on the limits of dashboard (10/s)
    and reports (5/s). `extra_rows` parked vehicles have told nothing for months.

    Dashboard and reports tell of the fleet's people; the points that were sent
    (`sent`) show in tracking alone.
    """

    key = "fleetwork"
    base_path = "/api/v1"
    auth_header = "X-API-Key"

    def __init__(
        self, world: World, credentials: Mapping[str, str] = CREDENTIALS
    ) -> None:
        """Serve a world's vehicles to one account."""
        super().__init__(world, credentials)
        self.unauthorized = Unauthorized.DOCUMENTED
        self.metadata_key = "metadata"
        self.standing = "stopping"
        self.new_names = False
        self.post_only: set[str] = set()
        self.composite = True
        self.limit_requests = True
        self._tracked = Tracked(world)
        self._rates = {
            prefix: _Rate(lambda: self.timer(), most)
            for prefix, most in _LIMITS.items()
        }

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        answers: dict[str, Answer] = {
            f"{_TRACKING}/users": self._users,
            f"{_TRACKING}/history": self._history,
            f"{_DASHBOARD}/summary": lambda given: self._dashboard.summary(given),
            f"{_DASHBOARD}/users": lambda given: self._dashboard.users(given),
            f"{_DASHBOARD}/activity-heatmap": lambda given: self._dashboard.heatmap(
                given
            ),
            f"{_DASHBOARD}/fuel-tracking": lambda given: self._dashboard.fuel(given),
            f"{_DASHBOARD}/monthly-costs": lambda given: self._dashboard.costs(given),
            _DASHBOARD: self._everything,
            f"{_REPORTS}/trip/summary": lambda given: self._reports.trip_summary(given),
            f"{_REPORTS}/trip/detail": lambda given: self._reports.trip_detail(given),
            f"{_REPORTS}/fuel/summary": lambda given: self._reports.fuel_summary(given),
            f"{_REPORTS}/fuel/detail": lambda given: self._reports.fuel_detail(given),
            f"{_REPORTS}/activity-time": lambda given: self._reports.activity_time(
                given
            ),
        }
        return {
            ("POST", _TRACKING): self._send,
            ("POST", f"{_TRACKING}/bulk"): self._send_many,
            ("GET", f"{_TRACKING}/latest/users/{{user}}"): self._latest,
            ("GET", f"{_TRACKING}/latest/vehicles/{{vehicle}}"): self._latest,
            ("GET", f"{_TRACKING}/latest/devices/{{device}}"): self._latest_of_device,
            **{
                (method, path): self._endpoint(answer)
                for path, answer in answers.items()
                for method in ("GET", "POST")
                if (method, path) != ("POST", _TRACKING)
            },
        }

    def _endpoint(self, answer: Answer) -> Endpoint:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            found = answer(await given(request))
            return web.json_response(renamed(found) if self.new_names else found)

        return endpoint

    @override
    def is_login(self, path: str) -> bool:
        return False

    @override
    def vendor_id(self, vehicle_id: int) -> str:
        return ids_of(self.world.vehicles[vehicle_id]).first

    def user_id(self, vehicle_id: int) -> str | None:
        """Return the id of a vehicle's driver, where the account uses one."""
        return ids_of(self.world.vehicles[vehicle_id]).user

    @property
    def extra_rows(self) -> int:
        """How many parked vehicles there are beside the fleet."""
        return self._tracked.extra

    @extra_rows.setter
    def extra_rows(self, count: int) -> None:
        self._tracked.extra = count

    @property
    def sent(self) -> list[Point]:
        """The points that were sent, with true times, in the order of arrival."""
        return self._tracked.sent

    @override
    async def admit(self, request: web.Request, path: str) -> None:
        path = path.rstrip("/")
        if request.headers.get("X-API-Key") != self.credentials["api_key"]:
            raise self._not_authorized()
        reads = not path.endswith((_TRACKING, "/bulk"))
        if reads and (request.method == "POST") != (path in self.post_only):
            raise refusal(405, "METHOD_NOT_ALLOWED", "Method not allowed")
        for prefix, rate in self._rates.items():
            if path.startswith(prefix) and self.limit_requests and not rate.allows():
                raise refusal(429, "TOO_MANY_REQUESTS", "Rate limit exceeded")

    def _not_authorized(self) -> Refused:
        bodies: dict[Unauthorized, dict[str, object]] = {
            Unauthorized.DOCUMENTED: {
                "error": "UNAUTHORIZED",
                "message": "Missing or invalid X-API-Key",
                "code": 401,
            },
            Unauthorized.ACCOUNT: {"message": "AccountId not resolved"},
            Unauthorized.ERRORS: {
                "error": "UNAUTHORIZED",
                "message": "Invalid API key",
                "status": 401,
                "errors": [],
            },
        }
        return Refused(web.json_response(bodies[self.unauthorized], status=401))

    # Tracking.

    async def _send(self, request: web.Request) -> web.StreamResponse:
        """POST gps-tracking: one point."""
        self._store(await json_of(request))
        return web.json_response({})

    async def _send_many(self, request: web.Request) -> web.StreamResponse:
        """POST gps-tracking/bulk: all of them, or none."""
        points = await json_of(request)
        if not isinstance(points, list):
            raise bad_request("An array is expected")
        self._store(*points)
        return web.json_response({})

    def _store(self, *values: object) -> None:
        points = [sent_point(value, self.now()) for value in values]
        self.sent.extend(
            replace(point, time=self.meant(point.time)) for point in points
        )

    def _users(self, given: Given) -> Mapping[str, object]:
        """Tell who is tracked, and where."""
        status = given.status(0, 1, 2)
        start = given.optional("UpdatedFrom", moment, None)
        end = given.optional("UpdatedTo", moment, None)
        newest_first = given.optional("SortDescending", flag, True)
        page = given.page("PageNumber")
        size = given.page_size("PageSize", default=20, most=None)
        now = self.clock()
        rows = [
            row
            for row in self._tracked.rows()
            if status in (None, row.latest.status(now))
            and self._inside(row.latest, start, end)
        ]
        rows.sort(
            key=lambda row: (row.latest.time, row.ids.first), reverse=newest_first
        )
        shapes = self._shapes
        return {
            "users": [shapes.tracked(row, now) for row in paged(rows, page, size)],
            "totalCount": len(rows),
            "page": page,
            "pageSize": size,
            "totalPages": pages(len(rows), size),
        }

    def _inside(
        self, point: Point, start: datetime | None, end: datetime | None
    ) -> bool:
        """Say whether a point is of a window, to the millisecond that is told."""
        shown = moment(str(self._shapes.time(point.time)))
        return (start is None or shown >= start) and (end is None or shown <= end)

    async def _latest(self, request: web.Request, **ids: str) -> web.StreamResponse:
        """GET latest/users/{userId} and latest/vehicles/{vehicleId}."""
        point = self._tracked.latest(Ids(**ids))
        if point is None:
            raise not_found("No location")
        return web.json_response(self._shapes.waypoint(point))

    async def _latest_of_device(
        self, request: web.Request, device: str
    ) -> web.StreamResponse:
        """GET latest/devices/{deviceId}: of an unknown device, too."""
        ids = Ids(device=device)
        point = self._tracked.latest(ids)
        shapes = self._shapes
        return web.json_response(
            shapes.nowhere(ids) if point is None else shapes.waypoint(point)
        )

    def _history(self, given: Given) -> Mapping[str, object]:
        """Tell the points of a window, a day unless it says otherwise."""
        end = given.optional("ToTime", moment, self.now())
        start = given.optional("FromTime", moment, end - _HISTORY)
        if end < start:
            raise bad_request("FromTime is after ToTime")
        status = given.status(1, 2)
        newest_first = given.optional("SortDescending", flag, True)
        page = given.page("PageNumber")
        size = given.page_size("PageSize", default=100, most=None)
        points = [
            point
            for point in self._tracked.history(
                given.ids(), self.meant(start), self.meant(end)
            )
            if status in (None, point.motion)
        ]
        points.sort(
            key=lambda point: (point.time, point.ids.first), reverse=newest_first
        )
        last = pages(len(points), size)
        shapes = self._shapes
        return {
            "trackingData": [
                shapes.recorded(point) for point in paged(points, page, size)
            ],
            "totalCount": len(points),
            "page": page,
            "pageSize": size,
            "totalPages": last,
            "hasNextPage": page < last,
            "hasPreviousPage": page > 1,
        }

    # Dashboard and reports.

    def _everything(self, given: Given) -> Mapping[str, object]:
        if not self.composite:
            raise not_found("Not found")
        return self._dashboard.everything(given)

    @property
    def _shapes(self) -> Shapes:
        return Shapes(
            skew=self.skew, metadata_key=self.metadata_key, standing=self.standing
        )

    @property
    def _dashboard(self) -> Dashboard:
        return Dashboard(
            people=self._tracked.people(),
            figures=Figures(self.world, self.skew),
            shapes=self._shapes,
            now=self.now(),
            true_now=self.clock(),
        )

    @property
    def _reports(self) -> Reports:
        return Reports(
            people=self._tracked.people(),
            figures=Figures(self.world, self.skew),
            shapes=self._shapes,
            now=self.now(),
        )


class _Rate:
    """A limit of so many requests in any second."""

    def __init__(self, timer: Callable[[], float], most: int) -> None:
        """Count the seconds of `timer`."""
        self._timer = timer
        self._times: deque[float] = deque(maxlen=most)

    def allows(self) -> bool:
        """Say whether a request may pass now; one that may not leaves no trace."""
        now = self._timer()
        times = self._times
        if len(times) == times.maxlen and now - times[0] < 1.0:
            return False
        times.append(now)
        return True
