"""An Ocean that says what a test wants, for what no well-behaved server does."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

BASE = "/ocean/restapi"
LOGIN = "/auth/authenticate2"
POSITIONS = "/mobility/v1/vehiclePositions"
ENTITIES = "/mobility/v1/entities"
VEHICLES = "/vehicule_engin/vehicles"
NEAREST = "/vehicule_engin/nearestVehicles"
SEARCH = "/positions/search"
SHEET = "/mobility/v1/ficheJour"
EVENTS = "/evenement/lastEvent"
EQUIPMENT = "/materiel/list"
EQUIPMENT_POSITIONS = "/materiel/lastPosition"

type Answer = Callable[[Seen], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request, its path below the base."""

    method: str
    path: str
    query: MultiMapping[str]
    token: str | None
    address: str
    body: object


class Peer:
    """Logs everybody in with a new token each time; the rest is scripted."""

    def __init__(self) -> None:
        """Honour every token, and know no resources."""
        self.url = ""
        self.seen: list[Seen] = []
        self.valid: set[str] = set()
        self.expires_in: object = 57
        self.answers: dict[str, Answer] = {LOGIN: self.log_in}

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(seen.path == path for seen in self.seen)

    def last(self, path: str) -> Seen:
        """Return the newest request of a path."""
        return next(seen for seen in reversed(self.seen) if seen.path == path)

    def serve(self, path: str, data: object) -> None:
        """Answer a path with JSON, to whom a token lets in."""

        def answer(seen: Seen) -> web.Response:
            if seen.token not in self.valid:
                return web.json_response({"oceanStatus": "EXPIRED"}, status=401)
            return web.json_response(data)

        self.answers[path] = answer

    def refuse(
        self, path: str, status: int, headers: dict[str, str] | None = None
    ) -> None:
        """Answer a path with an error."""
        self.answers[path] = lambda seen: web.json_response(
            {"oceanStatus": "KO", "message": "no"}, status=status, headers=headers
        )

    def log_in(self, seen: Seen) -> web.Response:
        """Issue the next token."""
        token = f"token-{self.count(LOGIN)}"
        self.valid.add(token)
        return web.json_response(
            {
                "token": token,
                "passwordExpirationRemainingDays": self.expires_in,
                "additionalAccountData": {},
            },
            status=201,
        )

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request as scripted, 404 where nothing is."""
        seen = Seen(
            method=request.method,
            path=request.path.removeprefix(BASE),
            query=request.query,
            token=request.headers.get("X-AUTH-TOKEN"),
            address=request.path_qs,
            body=await request.json() if request.can_read_body else None,
        )
        self.seen.append(seen)
        answer = self.answers.get(seen.path)
        return web.Response(status=404) if answer is None else answer(seen)
