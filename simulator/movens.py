"""Movens' vehicle administration, from the vendor's document."""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
import json
import secrets
from typing import Final, override

from aiohttp import hdrs, web

from custom_components.fleet_telematics.providers.demo.records import VehicleSpec
from custom_components.fleet_telematics.providers.demo.world import World

from . import jwt
from .movens_categories import Categories, Category, category_of
from .movens_json import Seen, Shapes
from .running import trip_start
from .server import Endpoint, Refused, VendorServer

CREDENTIALS: Final = {
    "username": "admin@example.com",
    "password": "correct-horse",
    "login_path": "/api/mobile/v1/user/mobile-logon",
}
_API: Final = "/api/vehicle-admin/v1/vehicle-categories"
_TWO_DAYS: Final = 2 * 86_400.0
_RECENT: Final = timedelta(hours=24)


class TokenPlace(StrEnum):
    """Where the answer to a login has the token."""

    DATA = "data"
    TOKEN = "token"
    JWT = "jwt"
    HEADER = "header"


class MovensServer(VendorServer):
    """Movens for one administrator.

    Beside what every server has: tokens within `rotate_within` seconds of their end
    (half of their life unless given) are answered with a replacement in the
    response's Authorization header, as the word Bearer and a token, or a token alone
    without `bearer_word`. With `revoke_rotated` the replaced one is void at once.
    `token_place` is where a login's answer has the token. `bare` answers without the
    envelope. `denied` names permissions ("read", "vehicles", "images", "edit",
    "delete") that the administrator lacks: 403, or a negative answer without
    `deny_with_403`. With a `page_size` lists are objects, their rows in `list_field`;
    the parameter `page_parameter` turns the pages, the first being 1, and every page
    is the first without one. The sets are vehicles (by id) with a flag.
    """

    key = "movens"

    def __init__(
        self, world: World, credentials: Mapping[str, str] = CREDENTIALS
    ) -> None:
        """Serve a world's vehicles to one administrator."""
        super().__init__(world, credentials)
        self.token_lifetime = _TWO_DAYS
        self.rotate_within: float | None = None
        self.revoke_rotated = False
        self.bearer_word = True
        self.token_place = TokenPlace.TOKEN
        self.bare = False
        self.denied: set[str] = set()
        self.deny_with_403 = True
        self.page_size: int | None = None
        self.list_field = "Items"
        self.page_parameter: str | None = "page"
        self.reserved: set[int] = set()
        self.in_maintenance: set[int] = set()
        self.damaged: set[int] = set()
        self.without_position: set[int] = set()
        self.categories = Categories()
        self._secret = secrets.token_bytes(32)
        self._revoked: set[str] = set()

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        one = f"{_API}/{{category}}"
        endpoints: dict[tuple[str, str], tuple[str, Endpoint]] = {
            ("GET", f"{_API}/tree"): ("read", self._tree),
            ("GET", f"{_API}/list"): ("read", self._leaves),
            ("GET", f"{one}/tree"): ("read", self._subtree),
            ("GET", one): ("read", self._category),
            ("GET", f"{one}/images"): ("images", self._images),
            ("GET", f"{one}/list-vehicles"): ("vehicles", self._vehicles),
            ("GET", f"{one}/list-descendants-vehicles"): (
                "vehicles",
                self._descendants,
            ),
            ("POST", _API): ("edit", self._save),
            ("DELETE", one): ("delete", self._delete),
            ("POST", f"{one}/image"): ("images", self._save_image),
            ("POST", f"{one}/thumbnail"): ("images", self._save_thumbnail),
        }
        return {
            ("POST", self.credentials["login_path"]): self._login,
            **{
                route: self._guarded(permission, endpoint)
                for route, (permission, endpoint) in endpoints.items()
            },
        }

    @override
    def is_login(self, path: str) -> bool:
        return path == self.credentials["login_path"].lower()

    @override
    async def admit(self, request: web.Request, path: str) -> None:
        if not self.is_login(path) and not self.bearer_is_valid(request):
            raise Refused(_json({"Result": "ERR"}, status=401))

    # Tokens.

    @override
    def issue_token(self) -> str:
        """Return a token as an administrator might paste it."""
        now = self.now().timestamp()
        return jwt.encoded(
            {
                "sub": self.credentials["username"],
                "iat": int(now),
                "exp": int(now + self.token_lifetime),
                "jti": secrets.token_hex(8),
            },
            self._secret,
        )

    @override
    def token_is_valid(self, token: str) -> bool:
        return token not in self._revoked and self._seconds_left(token) > 0

    @override
    def expire_tokens(self) -> None:
        self._secret = secrets.token_bytes(32)

    def _seconds_left(self, token: str) -> float:
        claims = jwt.claims(token, self._secret) or {}
        return float(str(claims.get("exp", 0))) - self.now().timestamp()

    def _guarded(self, permission: str, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that asks for a permission and renews tokens."""

        async def guarded(request: web.Request, **values: str) -> web.StreamResponse:
            if permission in self.denied:
                if self.deny_with_403:
                    raise Refused(_json({"Result": "ERR"}, status=403))
                raise _negative("err_PermissionDenied")
            response = await endpoint(request, **values)
            token = request.headers[hdrs.AUTHORIZATION].partition(" ")[2]
            within = self.rotate_within
            if within is None:
                within = self.token_lifetime / 2
            if self._seconds_left(token) <= within:
                word = "Bearer " if self.bearer_word else ""
                response.headers[hdrs.AUTHORIZATION] = word + self.issue_token()
                if self.revoke_rotated:
                    self._revoked.add(token)
            return response

        return guarded

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """POST the login path."""
        given = await _json_object(request)
        known = self.credentials["username"], self.credentials["password"]
        if (given.get("Username"), given.get("Password")) != known:
            raise _negative("err_InvalidCredentials")
        token = self.issue_token()
        match self.token_place:
            case TokenPlace.DATA:
                return _json({"Result": "OK", "Data": token})
            case TokenPlace.TOKEN:
                return _json({"Result": "OK", "Data": {"Token": token}})
            case TokenPlace.JWT:
                return _json({"Result": "OK", "Data": {"Jwt": token}})
        response = _json({"Result": "OK"})
        response.headers[hdrs.AUTHORIZATION] = f"Bearer {token}"
        return response

    # Categories.

    async def _tree(self, request: web.Request) -> web.StreamResponse:
        """GET tree."""
        return self._positive(self.categories.tree())

    async def _subtree(self, request: web.Request, category: str) -> web.StreamResponse:
        """GET {id}/tree."""
        return self._positive(self.categories.tree(self._known(category).id))

    async def _leaves(self, request: web.Request) -> web.StreamResponse:
        """GET list."""
        return self._paged(request, self.categories.leaves())

    async def _category(
        self, request: web.Request, category: str
    ) -> web.StreamResponse:
        """GET {id}."""
        return self._positive(self._known(category).details())

    async def _images(self, request: web.Request, category: str) -> web.StreamResponse:
        """GET {id}/images."""
        found = self._known(category)
        return self._positive({"Image": found.image, "ImageThumbnail": found.thumbnail})

    async def _save(self, request: web.Request) -> web.StreamResponse:
        """POST a category: without an id, or with 0, a new one."""
        if not self.categories.save(await _json_object(request), self.now()):
            raise _negative("err_InvalidElement")
        return _json({"Result": "OK"})

    async def _delete(self, request: web.Request, category: str) -> web.StreamResponse:
        """DELETE {id}."""
        used = map(category_of, self.world.vehicles)
        message = self.categories.delete(_number(category), used, self.now())
        if message is not None:
            raise _negative(message)
        return _json({"Result": "OK"})

    async def _save_image(
        self, request: web.Request, category: str
    ) -> web.StreamResponse:
        """POST {id}/image."""
        found = self._known(category)
        found.image = await _picture(request)
        return _json({"Result": "OK"})

    async def _save_thumbnail(
        self, request: web.Request, category: str
    ) -> web.StreamResponse:
        """POST {id}/thumbnail."""
        found = self._known(category)
        found.thumbnail = await _picture(request)
        return _json({"Result": "OK"})

    def _known(self, category: str) -> Category:
        found = self.categories.get(_number(category))
        if found is None:
            raise _negative()
        return found

    # Vehicles.

    async def _vehicles(
        self, request: web.Request, category: str
    ) -> web.StreamResponse:
        """GET {id}/list-vehicles."""
        shape = Shapes(skew=self.skew).listed
        return self._told(request, [self._known(category)], shape)

    async def _descendants(
        self, request: web.Request, category: str
    ) -> web.StreamResponse:
        """GET {id}/list-descendants-vehicles."""
        below = self.categories.below(self._known(category).id)
        return self._told(request, below, Shapes(skew=self.skew).descendant)

    def _told(
        self,
        request: web.Request,
        categories: Sequence[Category],
        shape: Callable[[Seen], object],
    ) -> web.Response:
        by_id = {one.id: one for one in categories}
        return self._paged(
            request,
            [
                shape(self._seen(spec, by_id[category]))
                for spec in self.world.vehicles.values()
                if (category := category_of(spec.vehicle_id)) in by_id
            ],
        )

    def _seen(self, spec: VehicleSpec, category: Category) -> Seen:
        number = spec.vehicle_id
        state = self.world.state(number)
        trips = self.world.trips(number, state.time - _RECENT, state.time)
        return Seen(
            spec=spec,
            state=state,
            last_trip=trips[-1] if trips else None,
            running_since=trip_start(self.world, number),
            labels=category.labels,
            position=number not in self.without_position,
            reserved=number in self.reserved,
            in_maintenance=number in self.in_maintenance,
            damaged=number in self.damaged,
        )

    # Answers.

    def _positive(self, data: object) -> web.Response:
        return _json(data if self.bare else {"Result": "OK", "Data": data})

    def _paged(self, request: web.Request, rows: Sequence[object]) -> web.Response:
        if self.page_size is None:
            return self._positive(rows)
        page = 1
        for name, value in request.query.items():
            if self.page_parameter is not None and (
                name.lower() == self.page_parameter.lower()
            ):
                page = max(1, _number(value))
        first = (page - 1) * self.page_size
        return self._positive(
            {
                self.list_field: rows[first : first + self.page_size],
                "PageNumber": page,
                "PageSize": self.page_size,
                "TotalCount": len(rows),
            }
        )


def _json(answer: object, status: int = 200) -> web.Response:
    return web.json_response(answer, status=status)


def _negative(message: str = "") -> Refused:
    """Return a negative answer, a plain one without a message."""
    return Refused(
        _json({"Result": "ERR", "Message": message} if message else {"Result": "ERR"})
    )


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise web.HTTPNotFound from None


async def _json_object(request: web.Request) -> Mapping[str, object]:
    try:
        given = json.loads(await request.read())
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest
    return given


async def _picture(request: web.Request) -> str:
    """Return the picture that a request brings; a plain refusal of anything else."""
    given = (await _json_object(request)).get("Base64String")
    if not isinstance(given, str) or not given:
        raise _negative()
    try:
        b64decode(given, validate=True)
    except ValueError:
        raise _negative() from None
    return given
