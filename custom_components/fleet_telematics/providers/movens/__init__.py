"""Movens (Henshin Group): shared cars, on each customer's own host."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, override

from yarl import URL

from .. import capabilities, parse
from ..base import Account, Connection, Field, FieldKind, Provider, ProviderInfo
from ..errors import AccessDenied, NotFound, Rejected
from ..models import Batch, Trip, Vehicle
from ..transport import Transport
from . import mapping
from .api import MovensApi, VehicleList
from .categories import Categories
from .editor import Editor
from .session import Session
from .tokens import bearer, claims

# Every vehicle's last trip comes with the poll.
_EVERYBODY: Final = 100_000
_NO_SUCH_CATEGORY: Final = "err_ElementDoesNotExist"
_IDENTITY: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# Claims that stay the same from token to token, the most particular first.
_SUBJECT: Final = (
    "sub",
    f"{_IDENTITY}nameidentifier",
    "nameid",
    "user_id",
    "userid",
    "uid",
    "unique_name",
    "preferred_username",
    f"{_IDENTITY}name",
    "email",
)
_NAME: Final = (
    "preferred_username",
    "unique_name",
    f"{_IDENTITY}name",
    "name",
    "email",
)


class Movens(
    Provider,
    capabilities.TripHistory,
    capabilities.Categories,
    capabilities.OpenApi,
):
    """One account on a customer's host."""

    whole_history = False
    vehicles_per_read = _EVERYBODY
    info = ProviderInfo(
        key="movens",
        name="Movens",
        fields=(
            Field(key="url", kind=FieldKind.URL, required=True, identity=True),
            Field(
                key="access_token",
                kind=FieldKind.PASSWORD,
                credential=True,
                instead_of=("username", "password", "login_path"),
            ),
            Field(key="username", identity=True, credential=True),
            Field(key="password", kind=FieldKind.PASSWORD, credential=True),
            Field(key="login_path", credential=True),
        ),
        default_interval=timedelta(seconds=60),
        minimum_interval=timedelta(seconds=30),
    )

    def __init__(self, connection: Connection) -> None:
        """Prepare the account's session."""
        super().__init__(connection)
        transport = Transport(
            connection.session,
            connection.queue,
            parse.text(connection.data.get("url")) or "",
            loads=connection.loads,
        )
        self._session = Session(transport, connection.data, connection.store)
        self._api = MovensApi(self._session)
        self._categories = Categories(self._api, connection.language)
        self._editor = Editor(self._api, self._categories)
        # As of the last poll.
        self._vehicles: Mapping[str, Vehicle] = {}

    @override
    async def authenticate(self) -> Account:
        """Ask for the categories, and tell from the account's fields whose it is."""
        await self._categories.read_tree()
        return _account(self.connection.data)

    @override
    async def positions(self) -> Batch:
        """Return the vehicles of every category.

        A category that the vendor declines costs that category; if it declines
        all of them, that is raised. Source: GET vehicle-categories/tree,
        {id}/list-descendants-vehicles, {id}/list-vehicles, {id}.
        """
        roots, complete = await self._categories.roots()
        rows: dict[str, object] = {}
        refusals: list[AccessDenied | Rejected] = []
        lists = [(root, which) for root in roots for which in VehicleList]
        for root, which in lists:
            try:
                listing = await self._api.vehicles(root, which)
            except (AccessDenied, Rejected) as err:
                refusals.append(err)
                continue
            complete &= listing.complete
            rows = listing.rows | rows
        if refusals and len(refusals) == len(lists):
            raise refusals[0]
        vehicles = self._vehicles = await self._read(rows)
        return Batch(vehicles=vehicles, complete=complete and not refusals)

    async def _read(self, rows: Mapping[str, object]) -> dict[str, Vehicle]:
        """Return the vehicles of these rows, with what their categories tell."""
        if not self._vehicles.keys() <= rows.keys():
            # It is sold, or in a root category that is newer than the tree.
            self._categories.outdated()
        categories = {key: mapping.vehicle_category(row) for key, row in rows.items()}
        await self._categories.meet(filter(None, categories.values()))
        language = self.connection.language
        return {
            key: mapping.vehicle(key, row, language, self._categories[categories[key]])
            for key, row in rows.items()
        }

    @override
    async def category_image(self, category: str) -> bytes | None:
        """Return a category's image, else its thumbnail, None where it has neither.

        Source: GET vehicle-categories/{id}/images.
        """
        try:
            return mapping.picture(await self._api.images(category))
        except Rejected as err:
            if isinstance(err, NotFound) or err.reason == _NO_SUCH_CATEGORY:
                return None
            raise

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return the vehicles' last trips, as far as they overlap the window.

        They are those of the last poll; only a vehicle that it did not list is worth
        another one. Source: Status of the vehicle lists.
        """
        if not self._vehicles.keys() >= set(vehicle_ids):
            await self.positions()
        known = [
            self._vehicles[one]
            for one in dict.fromkeys(vehicle_ids)
            if one in self._vehicles
        ]
        if vehicle_ids and not known:
            raise AccessDenied("none of these vehicles is the account's")
        last = filter(None, map(mapping.last_trip, known))
        found = [
            (trip.start, trip)
            for trip in last
            if trip.start and trip.end and trip.start <= end and trip.end >= start
        ]
        return tuple(trip for _, trip in sorted(found, key=lambda one: one[0]))

    @override
    async def categories(
        self, category_id: int | None = None
    ) -> Sequence[Mapping[str, object]]:
        """Return the tree in one request; the part below a category in two."""
        return await self._editor.categories(category_id)

    @override
    async def leaf_categories(self) -> Sequence[Mapping[str, object]]:
        """Return the categories without any below them. Source: GET list."""
        return await self._editor.leaf_categories()

    @override
    async def save_category(self, category: Mapping[str, object]) -> None:
        """Create or edit a category; what is not given stays as it is."""
        await self._editor.save(category)

    @override
    async def delete_category(self, category_id: int) -> None:
        """Mark a category and those below it as deleted."""
        await self._editor.delete(category_id)

    @override
    async def set_category_image(
        self, category_id: int, image: bytes, *, thumbnail: bool
    ) -> None:
        """Set the picture or the thumbnail of a category."""
        await self._editor.set_image(category_id, image, thumbnail=thumbnail)

    @override
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the vendor's whole answer, the envelope and what it says with it."""
        return await self._session.get(path, params)


def _account(data: Mapping[str, object]) -> Account:
    """Return whose account it is, from what stays the same when tokens change."""
    url = parse.text(data.get("url")) or ""
    host = URL(url).host_port_subcomponent or url
    if (username := parse.text(data.get("username"))) is not None:
        return Account(id=f"{host}/{username.casefold()}", title=username)
    token = bearer(data.get("access_token")) or ""
    told = claims(token)
    subject = parse.first(parse.text(told.get(key)) for key in _SUBJECT)
    title = parse.first(parse.text(told.get(key)) for key in _NAME) or host
    if subject is not None:
        return Account(id=f"{host}/{subject}", title=title)
    digest = sha256(token.encode()).hexdigest()
    return Account(id=f"{host}/{digest[:16]}", title=title, comparable=False)
