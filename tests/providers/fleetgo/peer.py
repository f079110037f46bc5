"""A FleetGO that says what a test wants, for what no well-behaved server does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

LOGIN = "/session/login"
REFRESH = "/session/token"
VALIDATE = "/session/validateaccesstoken"
FLEET = "/equipment/getfleet"
ADMINISTRATIONS = "/equipment/getadministrations"
AVL = "/avl/getavldata"
TRIPS = "/trips/gettrips"
SUBSCRIBE = "/avl/subscribe"

type Answer = Callable[[Seen], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request, its path in lower case."""

    path: str
    query: Mapping[str, str]
    token: str
    body: Mapping[str, object]


class Peer:
    """Logs everybody in with a new token each time; the rest is scripted."""

    def __init__(self) -> None:
        """Honour each token for an hour, and know no resources."""
        self.url = ""
        self.seen: list[Seen] = []
        self.lifetime: object = 3600
        self.valid: set[str] = set()
        # What the event stream says each time it is opened; then it ends.
        self.streams: list[list[bytes]] = []
        self.answers: dict[str, Answer] = {
            LOGIN: self.log_in,
            REFRESH: self.log_in,
            VALIDATE: lambda seen: web.json_response(
                seen.query["accessToken"] in self.valid
            ),
        }

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(seen.path == path for seen in self.seen)

    def serve(self, path: str, data: Callable[[Seen], object]) -> None:
        """Answer a path with JSON, to whom a token lets in."""

        def answer(seen: Seen) -> web.Response:
            if seen.token not in self.valid:
                return web.json_response({"Message": "expired"}, status=401)
            return web.json_response(data(seen))

        self.answers[path] = answer

    def refuse(self, path: str, status: int) -> None:
        """Answer a path with an error."""
        self.answers[path] = lambda seen: web.json_response({}, status=status)

    def log_in(self, seen: Seen) -> web.Response:
        """Issue the next token and its refresh token."""
        token = f"access-{self.count(LOGIN) + self.count(REFRESH)}"
        self.valid.add(token)
        return web.json_response(
            {
                "token_type": "Bearer",
                "access_token": token,
                "refresh_token": token.replace("access", "refresh"),
                "expires_in": self.lifetime,
                "login_result_type": "Success",
            }
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request as scripted, 404 where nothing is."""
        posted = await request.json() if request.can_read_body else {}
        seen = Seen(
            path=request.path.lower(),
            query=dict(request.query),
            token=request.headers.get("Authorization", "").removeprefix("Bearer "),
            body=posted,
        )
        self.seen.append(seen)
        if seen.path == SUBSCRIBE and seen.token in self.valid and self.streams:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for piece in self.streams.pop(0):
                await response.write(piece)
            return response
        answer = self.answers.get(seen.path)
        return web.Response(status=404) if answer is None else answer(seen)
