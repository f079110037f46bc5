"""Fleetwork's endpoints: what is asked, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from .. import parse
from ..base import Connection
from ..errors import InvalidResponse, MethodNotAllowed, NotFound, NotSent, Rejected
from ..transport import RequestQueue, Transport
from .paging import Page
from .queues import GroupQueue
from .times import milliseconds

TRACKING: Final = "/gps-tracking"
TRACKED: Final = f"{TRACKING}/users"
HISTORY: Final = f"{TRACKING}/history"
DASHBOARD: Final = "/dashboard/gps-manager"
REPORTS: Final = "/reports"
_LATEST: Final = f"{TRACKING}/latest"
_HISTORY_IDS: Final = {
    "vehicles": "VehicleId",
    "devices": "DeviceId",
    "users": "UserId",
}

# The vendor limits the pages of the dashboard and of reports, not those of tracking.
TRACKED_PAGE: Final = 1000
HISTORY_PAGE: Final = 1000
DASHBOARD_PAGE: Final = 100

# Seconds between two requests, a little more than the vendor asks for: it takes ten
# a second on the dashboard and five for reports (field notes).
_INTERVALS: Final = {"/dashboard": 0.125, REPORTS: 0.25}

# What lists say of their pages, beside their rows.
_COUNTS: Final = frozenset(
    {
        "pagination",
        "page",
        "pagesize",
        "totalcount",
        "totalitems",
        "totalpages",
        "hasnextpage",
        "haspreviouspage",
    }
)
# Lists of users were once lists of employees.
_USERS: Final = ("users", "employees")
_REPORT_ROWS: Final = (*_USERS, "trips", "rows")
_POINTS: Final = ("trackingdata",)

type Asked = Mapping[str, str | int]


class FleetworkApi:
    """Reads the resources of the vendor's document; rows are returned as they come.

    Newer servers take a POST where the document has a GET, on tracked users, on
    the dashboard and for reports. Which one a path takes is found out once.
    """

    def __init__(self, connection: Connection, base: str, key: str) -> None:
        """Read with this key. It is the only header: the vendor adds its own."""

        def transport(queue: RequestQueue) -> Transport:
            return Transport(connection.session, queue, base, loads=connection.loads)

        self._transport = transport(connection.queue)
        self._groups = {
            prefix: transport(GroupQueue(connection.queue, interval))
            for prefix, interval in _INTERVALS.items()
        }
        self._headers = {"X-API-Key": key}
        self._methods: dict[str, str] = {}

    async def tracked(
        self, page: int, *, size: int = TRACKED_PAGE, since: datetime | None = None
    ) -> Page:
        """Return a page of tracked users, the newest first.

        `since` leaves out what was not updated from then on. Source: GET
        /gps-tracking/users (document, 1.3).
        """
        asked = {"PageNumber": page, "PageSize": size}
        if since is not None:
            asked["UpdatedFrom"] = milliseconds(since)
        return _page(await self._ask(TRACKED, asked), TRACKED, _USERS)

    async def latest(self, kind: str, identifier: str) -> object:
        """Return where one of the `vehicles`, `devices` or `users` is.

        Source: GET /gps-tracking/latest/{kind}/{id} (document, 1.4 to 1.6).
        """
        return await self._send("GET", f"{_LATEST}/{kind}/{quote(identifier, safe='')}")

    async def history(
        self, kind: str, identifier: str, start: datetime, end: datetime, page: int
    ) -> Page:
        """Return a page of the points that one of the above sent, the oldest first.

        Source: GET /gps-tracking/history (document, 1.7).
        """
        asked: Asked = {
            _HISTORY_IDS[kind]: identifier,
            "FromTime": milliseconds(start),
            "ToTime": milliseconds(end),
            "PageNumber": page,
            "PageSize": HISTORY_PAGE,
            "SortDescending": "false",
        }
        return _page(await self._ask(HISTORY, asked), HISTORY, _POINTS)

    async def send(self, waypoints: Sequence[Mapping[str, object]]) -> None:
        """Tell where something is, at one or more times: all of them, or none.

        Source: POST /gps-tracking and /gps-tracking/bulk (document, 1.1 and 1.2).
        """
        if len(waypoints) == 1:
            await self._send("POST", TRACKING, body=waypoints[0])
        elif waypoints:
            await self._send("POST", f"{TRACKING}/bulk", body=waypoints)

    async def day(self, page: int, asked: Asked) -> Page:
        """Return a page of what each user did on a day of the vendor's zone, or today.

        Source: GET /dashboard/gps-manager/users (document, 2.2).
        """
        path = f"{DASHBOARD}/users"
        asked = {**asked, "page": page, "pageSize": DASHBOARD_PAGE}
        return _page(await self._ask(path, asked), path, _USERS)

    async def dashboard(
        self, view: str | None = None, asked: Asked | None = None
    ) -> Mapping[str, object]:
        """Return a view of the dashboard, or without one all of them.

        Source: GET /dashboard/gps-manager (document, 2.6) and its views below.
        """
        path = DASHBOARD if view is None else f"{DASHBOARD}/{view}"
        answer = parse.mapping(await self._ask(path, asked or {}))
        if not answer:
            raise InvalidResponse(f"{path}: not an object")
        return answer

    async def report(self, name: str, asked: Asked) -> Page:
        """Return a page of a report. Source: GET /reports (document, 3.1 to 3.5)."""
        path = f"{REPORTS}/{name}"
        return _page(await self._ask(path, asked), path, _REPORT_ROWS)

    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the answer of any GET below the base, as it comes.

        Raises NotSent for an export: the document has one, the vendor answers 501.
        """
        path = f"/{path.lstrip('/')}"
        exports = any(key.casefold() == "format" for key in params)
        if exports and path.casefold().startswith(REPORTS):
            raise NotSent(
                f"GET {path}: not sent",
                reason="it offers no export; get_report writes a report as CSV",
            )
        return await self._send("GET", path, params=params)

    async def _ask(self, path: str, asked: Asked) -> object:
        """Ask by the method that this path took before, GET at first, or the other.

        Where the path takes neither it is NotFound, so that a wrong base is told
        from a newer server.
        """
        method = self._methods.get(path, "GET")
        try:
            return await self._read(method, path, asked)
        except (NotFound, MethodNotAllowed) as err:
            refusal = err
        method = "POST" if method == "GET" else "GET"
        try:
            answer = await self._read(method, path, asked)
        except Rejected as err:
            raise (err if isinstance(err, NotFound) else refusal) from None
        self._methods[path] = method
        return answer

    async def _read(self, method: str, path: str, asked: Asked) -> object:
        """Read by a method: what is asked is the query of a GET or a POST's body."""
        if method == "POST":
            return await self._send(method, path, body=asked)
        return await self._send(method, path, params=asked)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Asked | None = None,
        body: object = None,
    ) -> object:
        """Send one request with the account's key; return the answer's JSON."""
        response = await self._line(path).request(
            method, path, params=params, json_body=body, headers=self._headers
        )
        return response.data

    def _line(self, path: str) -> Transport:
        """Return the transport at whose pace a path is asked."""
        return next(
            (
                transport
                for prefix, transport in self._groups.items()
                if path.casefold().startswith(prefix)
            ),
            self._transport,
        )


def _page(data: object, path: str, names: Sequence[str]) -> Page:
    """Return a page, whose rows go by one of these names."""
    answer = parse.folded(data)
    name = next((one for one in names if one in answer), None)
    rows = answer[name] if name else None
    if name is None or not (rows is None or isinstance(rows, list)):
        raise InvalidResponse(f"{path}: no list of {names[0]}")
    counts = parse.folded(answer.get("pagination")) or answer
    return Page(
        rows=parse.items(rows),
        total=parse.first(
            parse.integer(counts.get(key), low=1)
            for key in ("totalcount", "totalitems")
        ),
        pages=parse.integer(counts.get("totalpages"), low=1),
        about={
            key: value
            for key, value in parse.mapping(data).items()
            if (word := key.lower()) != name and word not in _COUNTS
        },
    )
