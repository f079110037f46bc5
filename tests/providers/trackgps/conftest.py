"""A TrackGPS that answers as a test tells it to."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
import json

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.trackgps import TrackGps
from custom_components.fleet_telematics.providers.transport import RequestQueue

LOGIN = "/api/authentication/login"
VEHICLES = "/api/carriers/company-vehicles"
REFILLS = "/api/carriers/refills"
STOPS = "/api/carriers/stops"

type Answer = tuple[int, object]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str | None
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The JSON object that was sent."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(kw_only=True)
class Peer:
    """A server whose answers are scripted; logins succeed unless told otherwise.

    `answers` maps a path to a function of the request.
    """

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: dict[str, Callable[[Seen], Answer]] = field(default_factory=dict)
    logins: int = 0

    def payload(self, path: str, payload: object) -> None:
        """Answer a path with a payload in the vendor's envelope."""
        self.answers[path] = lambda _: (200, {"payload": payload, "isSuccess": True})

    def paths(self) -> list[str]:
        """Return the last words of the paths that were asked for, in order."""
        return [one.path.rpartition("/")[2] for one in self.seen]

    async def serve(self, request: web.Request) -> web.Response:
        """Write down the request and answer as told."""
        seen = Seen(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            authorization=request.headers.get("Authorization"),
            body=await request.read(),
        )
        self.seen.append(seen)
        if request.path == LOGIN and LOGIN not in self.answers:
            self.logins += 1
            return web.json_response(
                {"access_token": f"token{self.logins}", "expires_in": 28800}
            )
        status, data = self.answers[request.path](seen)
        return web.json_response(data, status=status)


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """A client session that may talk to this machine."""
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """A scripted server."""
    found = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
def provider(session: aiohttp.ClientSession, peer: Peer) -> TrackGps:
    """An account at the scripted server, without the request limit."""
    connection = Connection(
        session=session,
        queue=RequestQueue(),
        data={
            "username": "Fleet@Example.com",
            "password": "secret",
            "url": peer.url,
            # No summer time: a day has 24 hours whenever the tests run.
            "time_zone": "Africa/Lagos",
        },
    )
    found = TrackGps(connection)
    connection.queue.interval = 0
    return found
