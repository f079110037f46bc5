"""What every simulated vendor shares: a real HTTP server, moved by one world."""

from abc import ABC, abstractmethod
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import json
import re
import secrets
import time
from typing import ClassVar, Final

from aiohttp import hdrs, web

from custom_components.fleet_telematics.providers.demo.world import World

from .control import CONTROL_PREFIX, Control
from .faults import Fault, answer_with_faults

type Endpoint = Callable[..., Awaitable[web.StreamResponse]]

_MOST_REQUESTS: Final = 10_000
_SHUTDOWN: Final = 1.0
_PLACEHOLDER: Final = re.compile(r"\\\{(\w+)\\\}")


class Refused(Exception):
    """Ends a request with an error answer."""

    def __init__(self, response: web.StreamResponse) -> None:
        """Answer with `response`."""
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request as the vendor saw it.

    `time` is the server's. `body` is a JSON body, None for forms and logins.
    """

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    time: datetime
    authorized: bool
    body: object


class VendorServer(ABC):
    """A vendor's service on a port of this machine.

    `credentials` are the fields a user enters for this account; `clock` is the
    time, `skew` how far the vendor's own clock is from it: every time the vendor
    tells or is told is by that clock. `timer` counts the seconds of the vendor's
    limits. `faults` spoil what they match, the control endpoint excepted.
    """

    key: ClassVar[str]
    base_path: ClassVar[str] = ""
    auth_header: ClassVar[str] = hdrs.AUTHORIZATION

    def __init__(self, world: World, credentials: Mapping[str, str]) -> None:
        """Serve a world's vehicles to one account."""
        self.world = world
        self.credentials = dict(credentials)
        self.clock: Callable[[], datetime] = world.now
        self.timer: Callable[[], float] = lambda: time.monotonic()
        self.skew = timedelta()
        self.faults: list[Fault] = []
        self.requests: deque[RecordedRequest] = deque(maxlen=_MOST_REQUESTS)
        self.token_lifetime = 3600.0
        self.port: int | None = None
        self._tokens: dict[str, datetime] = {}
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self._routes = [
            (method, _pattern(path), endpoint)
            for (method, path), endpoint in self.endpoints().items()
        ]
        self.control = Control(self)

    @abstractmethod
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        """Return what answers (method, path); {names} in a path become arguments."""

    @abstractmethod
    async def admit(self, request: web.Request, path: str) -> None:
        """Raise Refused or an HTTPException where a request may not be answered.

        `path` is in lower case and without the base's prefix.
        """

    @abstractmethod
    def is_login(self, path: str) -> bool:
        """Say whether a path, in lower case, takes credentials."""

    @property
    def url(self) -> str:
        """The base address as a user enters it."""
        if self.port is None:
            raise RuntimeError("not started")
        return f"http://127.0.0.1:{self.port}{self.base_path}"

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1, on any free port unless one is given."""
        self._stopping.clear()
        # Vendors' routers have their own idea of paths, so aiohttp's sees one.
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and end what is still being answered."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.port = None

    def now(self) -> datetime:
        """Return the time by the vendor's clock."""
        return self.clock() + self.skew

    def shown(self, moment: datetime) -> datetime:
        """Return a true time as the vendor's clock had it."""
        return moment + self.skew

    def meant(self, moment: datetime) -> datetime:
        """Return the true time that the vendor's clock calls `moment`."""
        return moment - self.skew

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    @property
    def stopping(self) -> bool:
        """Whether streams have to end."""
        return self._stopping.is_set()

    # What a vendor calls a vehicle.

    def vendor_id(self, vehicle_id: int) -> int | str:
        """Return the vendor's id of one of the world's vehicles."""
        return vehicle_id

    def vehicle_id(self, vendor_id: object) -> int | None:
        """Return the world's id of a vehicle; None for one it does not have."""
        return next(
            (
                vehicle_id
                for vehicle_id in self.world.vehicles
                if str(self.vendor_id(vehicle_id)) == str(vendor_id)
            ),
            None,
        )

    # Tokens.

    def issue_token(self) -> str:
        """Return a new access token."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self.now() + timedelta(seconds=self.token_lifetime)
        return token

    def token_is_valid(self, token: str) -> bool:
        """Say whether an access token opens the door now."""
        expires = self._tokens.get(token)
        return expires is not None and self.now() < expires

    def bearer_is_valid(self, request: web.Request) -> bool:
        """Say whether a request carries a valid Bearer token."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        return scheme.lower() == "bearer" and self.token_is_valid(token)

    def expire_tokens(self) -> None:
        """End every access token now."""
        self._tokens.clear()

    def change_credentials(self, **changes: str) -> None:
        """Accept other secrets from now on; nothing given out before holds."""
        self.credentials |= changes
        self.expire_tokens()

    # Requests.

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await self.control.answer(request)
        time_seen = self.now()
        # Read whatever happens next: an answer before the end of a request
        # would close the connection.
        body = await _json_body(request)
        try:
            response = await answer_with_faults(
                self.faults, request, self._answer, self.pause
            )
        except Refused as refusal:
            response = refusal.response
        except web.HTTPException as refusal:
            response = web.json_response(
                {"message": refusal.text or refusal.reason}, status=refusal.status
            )
        if not response.prepared:
            response.headers[hdrs.DATE] = format_datetime(
                self.now().astimezone(UTC), usegmt=True
            )
        self.requests.append(
            RecordedRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                status=response.status,
                time=time_seen,
                authorized=self.auth_header in request.headers,
                body=None if self.is_login(request.path.lower()) else body,
            )
        )
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if self.base_path and path.lower().startswith(self.base_path + "/"):
            path = path[len(self.base_path) :]
        found = [
            (method, endpoint, match.groupdict())
            for method, pattern, endpoint in self._routes
            if (match := pattern.fullmatch(path))
        ]
        if not found:
            raise web.HTTPNotFound
        for method, endpoint, values in found:
            if method == request.method:
                await self.admit(request, path.lower())
                return await endpoint(request, **values)
        raise web.HTTPMethodNotAllowed(
            request.method, [method for method, _, _ in found]
        )


class Spacing:
    """A limit of one request per interval."""

    def __init__(self, timer: Callable[[], float]) -> None:
        """Count the seconds of `timer`."""
        self._timer = timer
        self._last: float | None = None

    def allows(self, interval: float) -> bool:
        """Say whether a request may pass now; one that may not leaves no trace."""
        now = self._timer()
        if self._last is not None and now - self._last < interval:
            return False
        self._last = now
        return True

    def wait(self, interval: float) -> float:
        """Return the seconds until a request may pass."""
        if self._last is None:
            return 0.0
        return max(0.0, self._last + interval - self._timer())


def _pattern(path: str) -> re.Pattern[str]:
    expression = _PLACEHOLDER.sub(r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(expression + "/?", re.IGNORECASE)


async def _json_body(request: web.Request) -> object:
    """Return a request's JSON, None where there is none."""
    body = await request.read()
    if not body or request.content_type != "application/json":
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None
