"""Fleetwork's endpoints: what is asked, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from .. import parse
from ..errors import InvalidResponse, MethodNotAllowed, NotFound, Rejected
from ..transport import Transport
from .paging import Page
from .sending import milliseconds

TRACKING: Final = "/gps-tracking"
TRACKED: Final = "/gps-tracking/users"
DASHBOARD: Final = "/dashboard/gps-manager"
_LATEST: Final = "/gps-tracking/latest"

# The vendor limits the pages of the dashboard, not those of tracking.
TRACKED_PAGE: Final = 1000
DASHBOARD_PAGE: Final = 100


class FleetworkApi:
    """Reads the resources of the vendor's document; rows are returned as they come.

    Newer servers take a POST where the document has a GET, on tracked users and
    on the dashboard. Which one a path takes is found out once.
    """

    def __init__(self, transport: Transport, key: str) -> None:
        """Read with this key. It is the only header: the vendor adds its own."""
        self._transport = transport
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
        return _page(await self._ask(TRACKED, asked), TRACKED)

    async def today(self, page: int) -> Page:
        """Return a page of what each user did today, a day of the vendor's zone.

        Source: GET /dashboard/gps-manager/users (document, 2.2).
        """
        path = f"{DASHBOARD}/users"
        asked = {"page": page, "pageSize": DASHBOARD_PAGE}
        return _page(await self._ask(path, asked), path)

    async def dashboard(self, view: str | None = None) -> Mapping[str, object]:
        """Return a view of the dashboard, or without one all of them.

        Source: GET /dashboard/gps-manager (document, 2.6) and its views below.
        """
        path = DASHBOARD if view is None else f"{DASHBOARD}/{view}"
        answer = parse.folded(await self._ask(path, {}))
        if not answer:
            raise InvalidResponse(f"{path}: not an object")
        return answer

    async def latest(self, kind: str, identifier: str) -> object:
        """Return where one of the `vehicles`, `devices` or `users` is.

        Source: GET /gps-tracking/latest/{kind}/{id} (document, 1.4 to 1.6).
        """
        return await self._send("GET", f"{_LATEST}/{kind}/{quote(identifier, safe='')}")

    async def send(self, waypoints: Sequence[Mapping[str, object]]) -> None:
        """Tell where something is, at one or more times: all of them, or none.

        Source: POST /gps-tracking and /gps-tracking/bulk (document, 1.1 and 1.2).
        """
        if len(waypoints) == 1:
            await self._send("POST", TRACKING, body=waypoints[0])
        elif waypoints:
            await self._send("POST", f"{TRACKING}/bulk", body=waypoints)

    async def _ask(self, path: str, asked: Mapping[str, int]) -> object:
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

    async def _read(self, method: str, path: str, asked: Mapping[str, int]) -> object:
        """Read by a method: what is asked is the query of a GET or a POST's body."""
        if method == "POST":
            return await self._send(method, path, body=asked)
        return await self._send(method, path, params=asked)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, int] | None = None,
        body: object = None,
    ) -> object:
        """Send one request with the account's key; return the answer's JSON."""
        response = await self._transport.request(
            method, path, params=params, json_body=body, headers=self._headers
        )
        return response.data


def _page(data: object, path: str) -> Page:
    """Return a page; the list of users was once one of employees."""
    answer = parse.folded(data)
    name = next((one for one in ("users", "employees") if one in answer), None)
    rows = answer[name] if name else None
    if name is None or not (rows is None or isinstance(rows, list)):
        raise InvalidResponse(f"{path}: no list of users")
    counts = parse.folded(answer.get("pagination")) or answer
    return Page(
        rows=parse.items(rows),
        total=parse.first(
            parse.integer(counts.get(key), low=1)
            for key in ("totalcount", "totalitems")
        ),
        pages=parse.integer(counts.get("totalpages"), low=1),
    )
