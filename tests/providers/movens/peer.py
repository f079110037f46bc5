"""A Movens that says what a test wants, for what no well-behaved server does."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json

from aiohttp import web

LOGIN = "/api/mobile/v1/user/mobile-logon"
CATEGORIES = "/api/vehicle-admin/v1/vehicle-categories"
TREE = f"{CATEGORIES}/tree"

type Answer = Callable[[Seen], web.Response]


def jwt(**payload: object) -> str:
    """Return a token with this payload and no signature worth the name."""
    parts = ({"alg": "none"}, payload)
    encoded = [urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
    return ".".join([*(one.rstrip("=") for one in encoded), "signature"])


def expiring(seconds: float, **payload: object) -> str:
    """Return a token that expires in so many seconds."""
    expiry = datetime.now(UTC) + timedelta(seconds=seconds)
    return jwt(exp=expiry.timestamp(), **payload)


def ok(data: object, **beside: object) -> web.Response:
    """Return a positive answer."""
    return web.json_response({"Result": "OK", "Data": data, **beside})


def err(message: str | None = None) -> web.Response:
    """Return a negative answer, plain without a message."""
    told = {} if message is None else {"Message": message}
    return web.json_response({"Result": "ERR", **told})


def of(category: int) -> tuple[str, str]:
    """Return the paths of a category's lists: of those below it, and its own."""
    base = f"{CATEGORIES}/{category}"
    return f"{base}/list-descendants-vehicles", f"{base}/list-vehicles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    token: str
    body: object


class Peer:
    """Lets in whose token is valid; what is there is scripted."""

    def __init__(self) -> None:
        """Know one pasted token, no resources, and log nobody in."""
        self.url = ""
        self.seen: list[Seen] = []
        self.valid = {"pasted"}
        self.answers: dict[str, Answer] = {}
        self.replacements: list[str] = []

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(seen.path == path for seen in self.seen)

    def serve(self, path: str, data: object) -> None:
        """Answer a path with data in the vendor's envelope."""
        self.answers[path] = lambda seen: ok(data)

    def fleet(self, *vehicles: Mapping[str, object], category: int = 1) -> None:
        """Serve a tree of one category and the vehicles below it."""
        descendants, own = of(category)
        self.serve(
            TREE, [{"ID": category, "Labels": '{"en":"City Car"}', "Children": []}]
        )
        self.serve(f"{CATEGORIES}/{category}", {"ID": category})
        self.serve(descendants, list(vehicles))
        self.serve(own, [])

    def log_in_with(self, *tokens: str) -> None:
        """Let the login issue these tokens, one after another."""
        left = iter(tokens)

        def answer(seen: Seen) -> web.Response:
            token = next(left)
            self.valid.add(token)
            return ok({"Token": token})

        self.answers[LOGIN] = answer

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request as scripted, 404 where nothing is."""
        seen = Seen(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            token=request.headers.get("Authorization", "").removeprefix("Bearer "),
            body=await request.json() if request.can_read_body else None,
        )
        self.seen.append(seen)
        if seen.path not in self.answers:
            return web.Response(status=404)
        if seen.path != LOGIN and seen.token not in self.valid:
            return web.Response(status=401)
        response = self.answers[seen.path](seen)
        if seen.path != LOGIN and self.replacements:
            token = self.replacements.pop(0)
            self.valid.add(token)
            response.headers["Authorization"] = f"Bearer {token}"
        return response
