"""Fleetwork, Vietnam: tracked users with their vehicles, and a dashboard."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import ClassVar, Final, override

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
from ..capabilities import PositionSink
from ..models import Batch, FleetFigures, SentPosition, Vehicle
from ..transport import Transport
from . import mapping
from .api import FleetworkApi
from .figures import Figures
from .paging import read_all
from .sending import waypoint
from .tracking import Tracking

_URLS: Final = ("https://live.fleetwork.vn/api/v1", "https://app.fleetwork.vn/api/v1")
# The vendor computes the dashboard anew every five minutes.
_DASHBOARD: Final = FeedPlan(interval=timedelta(minutes=5))
_FEEDS: Final = {Feed.DETAILS: _DASHBOARD, Feed.FIGURES: _DASHBOARD}


# The document names no limit; so many are some 100 kB.
_POSITIONS_PER_REQUEST: Final = 500


class Fleetwork(Provider, PositionSink):
    """One Fleetwork account."""

    positions_per_request: ClassVar[int] = _POSITIONS_PER_REQUEST

    info = ProviderInfo(
        key="fleetwork",
        name="Fleetwork",
        fields=(
            Field(
                key="api_key",
                kind=FieldKind.PASSWORD,
                required=True,
                identity=True,
                credential=True,
            ),
            Field(key="url", kind=FieldKind.URL, default=_URLS[0]),
        ),
        urls=_URLS,
        default_interval=timedelta(seconds=30),
        minimum_interval=timedelta(seconds=10),
    )

    def __init__(self, connection: Connection) -> None:
        """Prepare to read with the account's key."""
        super().__init__(connection)
        self._key = parse.text(connection.data.get("api_key")) or ""
        self._api = FleetworkApi(
            Transport(
                connection.session,
                connection.queue,
                parse.text(connection.data.get("url")) or _URLS[0],
                loads=connection.loads,
            ),
            self._key,
        )
        self._tracking = Tracking(self._api)
        self._figures = Figures(self._api)

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """The dashboard, per vehicle and as a whole."""
        return _FEEDS

    @override
    async def authenticate(self) -> Account:
        """Ask for one tracked user; the vendor does not tell whose key it is."""
        await self._api.tracked(1, size=1)
        digest = sha256(self._key.encode()).hexdigest()
        return Account(id=digest[:16], title=self.info.name, comparable=False)

    @override
    async def positions(self) -> Batch:
        """Return every vehicle. Source: GET /gps-tracking/users."""
        return await self._tracking.read()

    @override
    async def details(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return what each vehicle's user did today.

        A vehicle whose user is not listed did nothing that is known, so that
        nothing of yesterday remains. Source: GET /dashboard/gps-manager/users.
        """
        listing = await read_all(self._api.today, mapping.user)
        vehicles = {one: Vehicle(id=one) for one in vehicle_ids}
        by_user = self._tracking.by_user()
        for row in listing.rows:
            vehicle_id = by_user.get(mapping.user(row) or "")
            if vehicle_id in vehicles:
                vehicles[vehicle_id] = mapping.today(vehicle_id, row)
        return Batch(vehicles=vehicles)

    @override
    async def figures(self) -> FleetFigures:
        """Return the dashboard's figures. Source: GET /dashboard/gps-manager."""
        return await self._figures.read()

    @override
    async def vehicle(self, vehicle_id: str) -> Vehicle | None:
        """Return one vehicle; None where the vendor has no place for it.

        Source: GET /gps-tracking/latest/vehicles, devices and users.
        """
        return await self._tracking.read_one(vehicle_id)

    @override
    async def send_positions(self, positions: Sequence[SentPosition]) -> None:
        """Send positions to tracking, whose ids are the vendor's own.

        Source: POST /gps-tracking for one, POST /gps-tracking/bulk for more.
        """
        await self._api.send([waypoint(one) for one in positions])
