"""Fleetwork's endpoints: what is asked, and how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from .. import parse
from ..errors import InvalidResponse, MethodNotAllowed, NotFound, Rejected
from ..transport import Transport
from .paging import Page

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
            asked["UpdatedFrom"] = int(since.timestamp() * 1000)
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

    async def _ask(self, path: str, asked: Mapping[str, int]) -> object:
        """Ask by the method that this path took before, GET at first, or the other.

        Where the path takes neither it is NotFound, so that a wrong base is told
        from a newer server.
        """
        method = self._methods.get(path, "GET")
        try:
            return await self._send(method, path, asked)
        except (NotFound, MethodNotAllowed) as err:
            refusal = err
        method = "POST" if method == "GET" else "GET"
        try:
            answer = await self._send(method, path, asked)
        except Rejected as err:
            raise (err if isinstance(err, NotFound) else refusal) from None
        self._methods[path] = method
        return answer

    async def _send(
        self, method: str, path: str, asked: Mapping[str, int] | None = None
    ) -> object:
        """Send what is asked in the query of a GET or in the body of a POST."""
        post = method == "POST"
        response = await self._transport.request(
            method,
            path,
            params=None if post else asked,
            json_body=asked if post else None,
            headers=self._headers,
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
