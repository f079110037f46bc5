"""FleetGO (formerly RitAssist): fleet, AVL records and trips."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
import re
from typing import Final, override
from urllib.parse import unquote

from .. import parse
from ..base import (
    Account,
    Connection,
    Feed,
    FeedPlan,
    Field,
    FieldKind,
    Provider,
    ProviderInfo,
)
from ..capabilities import (
    LiveUpdates,
    OpenApi,
    PositionHistory,
    TripEditor,
    TripHistory,
)
from ..errors import AccessDenied, InvalidResponse, NotFound, NotSent
from ..models import Batch, FleetFigures, Position, Trip, Vehicle
from ..rows import RowMemory
from ..transport import Transport
from . import edits, mapping, trips
from .administrations import Administrations
from .api import FleetGoApi, each_allowed
from .groups import Groups
from .live import Listener
from .messages import Messages
from .session import Session
from .telemetry import Telemetry
from .track import Tracks

_URLS: Final = ("https://api.fleetgo.com/api", "https://app.fleetgo.com")
_TRIPS_WITHIN: Final = timedelta(days=7)
# Trips are one request for each vehicle. Five in ten minutes keep a small fleet
# up to date, bring a fleet of fifty round in under two hours, and are half of
# what the poll asks of the vendor's fair use.
_FEEDS: Final = {
    # The list behind it is read once a day.
    Feed.FIGURES: FeedPlan(interval=timedelta(hours=1)),
    Feed.DETAILS: FeedPlan(interval=timedelta(minutes=5)),
    Feed.TRIPS: FeedPlan(interval=timedelta(minutes=10), vehicles_per_step=5),
}


def _utcnow() -> datetime:
    return datetime.now(UTC)


class FleetGo(Provider, TripHistory, PositionHistory, TripEditor, OpenApi, LiveUpdates):
    """One FleetGO account."""

    info = ProviderInfo(
        key="fleetgo",
        name="FleetGO",
        fields=(
            Field(key="client_id", required=True, credential=True),
            Field(
                key="client_secret",
                kind=FieldKind.PASSWORD,
                required=True,
                credential=True,
            ),
            Field(key="username", required=True, identity=True, credential=True),
            Field(
                key="password",
                kind=FieldKind.PASSWORD,
                required=True,
                credential=True,
            ),
            Field(key="url", kind=FieldKind.URL, default=_URLS[0]),
        ),
        urls=_URLS,
        options=(
            Field(key="group", kind=FieldKind.CHOICE),
            Field(key="live_updates", kind=FieldKind.BOOLEAN, default=False),
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
            parse.text(connection.data.get("url")) or _URLS[0],
            loads=connection.loads,
        )
        self._session = Session(transport, connection.data)
        self._api = FleetGoApi(self._session)
        self._administrations = Administrations(self._api, _utcnow)
        self._telemetry = Telemetry(self._api, self._administrations, _utcnow)
        self._tracks = Tracks(self._api, self._administrations)
        self._group = parse.identifier(connection.options.get("group"))
        self._groups = Groups(self._api)
        self._messages = Messages(self._group, _utcnow, connection.loads)
        self._listener = Listener(self._session, self._messages, self._group)
        self._rows = RowMemory(
            lambda row, now: mapping.vehicle(row, now=now), mapping.silent_from
        )

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """AVL records every five minutes, trips in turns, names of administrations."""
        return _FEEDS

    @override
    async def authenticate(self) -> Account:
        """Log in; the username, whatever its case, is the account."""
        await self._session.log_in()
        username = parse.text(self.connection.data.get("username")) or ""
        return Account(id=username.casefold(), title=username)

    @override
    async def positions(self) -> Batch:
        """Return the fleet, or the group that the options choose.

        Source: GET /Equipment/GetFleet, /Equipment/GetEquipments.
        """
        rows = await self._api.fleet(self._group)
        found = await self._rows.read(rows, datetime.now(UTC))
        batch = Batch.of_rows(found)
        if rows and not batch.vehicles:
            raise InvalidResponse("the fleet lists no vehicle with an id")
        self._groups.learn(self._rows.fresh)
        if parse.flag(self.connection.options.get("live_updates")):
            self._messages.know(rows)
        return batch

    @override
    async def figures(self) -> FleetFigures:
        """Return the administrations' names, none where the account may not read them.

        Source: GET /Equipment/GetAdministrations.
        """
        try:
            return FleetFigures(organisations=await self._administrations.names())
        except AccessDenied, NotFound:
            return FleetFigures()

    @override
    async def details(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return the newest AVL record of each vehicle: odometer, fuel, satellites.

        Source: GET /Equipment/GetAdministrations, /Avl/GetAvlData. Raises
        AccessDenied or NotFound where the account has no AVL records.
        """
        if self._group is not None:
            await self._groups.read_once()
        return Batch(vehicles=await self._telemetry.read(vehicle_ids))

    @override
    async def last_trips(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return each vehicle's last trip of the week; one without is left out.

        Source: GET /Trips/GetTrips.
        """
        end = datetime.now(UTC)

        async def read(vehicle_id: str) -> Vehicle | None:
            rows = await self._api.trips(vehicle_id, end - _TRIPS_WITHIN, end)
            return trips.last_trip(vehicle_id, rows)

        found = await each_allowed(vehicle_ids, read)
        return Batch(
            vehicles={vehicle.id: vehicle for vehicle in found if vehicle is not None}
        )

    @override
    async def vehicle(self, vehicle_id: str) -> Vehicle | None:
        """Return one vehicle. Source: GET /Equipment/GetEquipment."""
        row = await self._api.equipment(vehicle_id)
        vehicle = mapping.vehicle(row, now=datetime.now(UTC))
        if vehicle is None or vehicle.id != vehicle_id:
            raise InvalidResponse("GET /Equipment/GetEquipment: another vehicle")
        return vehicle

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return each vehicle's trips, 31 days a request, the first a day longer.

        Source: GET /Trips/GetTrips.
        """
        found: list[Trip] = []
        for vehicle_id in vehicle_ids:
            found += await trips.read(self._api, vehicle_id, start, end, routes=routes)
        return tuple(sorted(found, key=trips.began))

    @override
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return a vehicle's AVL records, a day of its administration at a time.

        Source: GET /Equipment/GetAdministrations, /Avl/GetAvlData.
        """
        return await self._tracks.read(vehicle_id, start, end)

    @override
    async def save_trip(self, fields: Mapping[str, object]) -> object:
        """Create a trip, or update the one with this `trip_id`.

        `edits.trip` says which fields there are. Source: POST /Trips.
        """
        return await self._api.save_trip(edits.trip(fields))

    @override
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """GET any resource below the base; an event stream is none.

        Source: the document's "Additional Resources".
        """
        plain = re.split("[?#]", unquote(path))[0]
        if plain.rstrip("/").casefold().endswith("/subscribe"):
            raise NotSent(
                f"GET {path.partition('?')[0]}: not sent", reason="it never ends"
            )
        return await self._session.get(path, params)

    @override
    def live(self) -> AsyncGenerator[Batch | None]:
        """Listen to what changes. Source: GET /Avl/Subscribe, /Equipment/Subscribe."""
        return self._listener.listen()

    @override
    def choices(self, option: str) -> Mapping[str, str]:
        """Return the groups that vehicles of the fleet were seen in."""
        return self._groups.known if option == "group" else {}
