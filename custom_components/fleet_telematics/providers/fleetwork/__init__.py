"""Fleetwork, Vietnam: tracked users with their vehicles, a dashboard, reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
from ..capabilities import (
    Dashboards,
    OpenApi,
    PositionHistory,
    PositionSink,
    Reports,
    TripHistory,
)
from ..errors import AccessDenied
from ..models import Batch, FleetFigures, Position, SentPosition, Trip, Vehicle
from . import dashboards, mapping, reports, tracks, trips
from .api import FleetworkApi
from .figures import Figures
from .paging import read_all
from .sending import waypoint
from .tracking import Tracking

_URLS: Final = ("https://live.fleetwork.vn/api/v1", "https://app.fleetwork.vn/api/v1")
# The vendor computes the dashboard anew every five minutes.
_DASHBOARD: Final = FeedPlan(interval=timedelta(minutes=5))
_FEEDS: Final = {
    Feed.DETAILS: _DASHBOARD,
    Feed.FIGURES: _DASHBOARD,
    # A few pages of all users' days, which change at the end of a drive.
    Feed.TRIPS: FeedPlan(interval=timedelta(minutes=15)),
}


# The document names no limit; so many are some 100 kB.
_POSITIONS_PER_REQUEST: Final = 500


class Fleetwork(
    Provider, TripHistory, PositionHistory, Reports, Dashboards, PositionSink, OpenApi
):
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
        # It follows from the distance: so much for 100 km, and so much a litre.
        estimated=frozenset(
            {
                "last_trip_fuel",
                "fuel_used_today",
                "fuel_cost_today",
                "fleet_fuel_cost_today",
                "fleet_fuel_efficiency",
            }
        ),
        tank_from_user=True,
    )

    def __init__(self, connection: Connection) -> None:
        """Prepare to read with the account's key."""
        super().__init__(connection)
        self._key = parse.text(connection.data.get("api_key")) or ""
        url = parse.text(connection.data.get("url")) or _URLS[0]
        self._api = FleetworkApi(connection, url, self._key)
        self._tracking = Tracking(self._api)
        self._figures = Figures(self._api)
        self._last_trips = trips.LastTrips(self._api)

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """The dashboard, per vehicle and as a whole, and the last trips."""
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
        listing = await read_all(lambda page: self._api.day(page, {}), mapping.user)
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
    async def last_trips(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return the last day that each vehicle's user drove on, as its last trip.

        A user counts for the vehicle that is with the user now; the fuel is an
        estimate. Source: GET /reports/trip/detail and, where its fuel is not known
        yet, /reports/fuel/detail, of all users at once.
        """
        asked = frozenset(vehicle_ids)
        wanted = {
            user: vehicle_id
            for user, vehicle_id in self._tracking.by_user().items()
            if vehicle_id in asked
        }
        if not wanted:
            return Batch(vehicles={})
        await self._last_trips.read()
        found = (self._last_trips.vehicle(*one) for one in wanted.items())
        return Batch(vehicles={one.id: one for one in found if one is not None})

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return what each vehicle's user drove, a trip a day; there are no routes.

        A vehicle that is with no user has none. Fuel and its cost are estimates.
        Source: GET /reports/trip/detail and /reports/fuel/detail, by `userId`.
        """
        if self._tracking.is_empty:
            await self.positions()
        users = {one: user for user, one in self._tracking.by_user().items()}
        found: list[Trip] = []
        for vehicle_id in vehicle_ids:
            if not self._tracking.knows(vehicle_id):
                raise AccessDenied("trips of another account's vehicle")
            if (user := users.get(vehicle_id)) is not None:
                found += await trips.read(self._api, vehicle_id, user, start, end)
        return tuple(sorted(found, key=trips.began))

    @override
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return where a vehicle, a device or a user was.

        Source: GET /gps-tracking/history, a week at a time.
        """
        return tuple(await tracks.read(self._api, vehicle_id, start, end))

    @override
    async def report(
        self,
        report: str,
        start: datetime,
        end: datetime,
        *,
        user_id: str | None = None,
        group_id: str | None = None,
    ) -> tuple[Mapping[str, object], Sequence[Mapping[str, object]]]:
        """Return a report. Source: GET /reports; the ids are the vendor's own."""
        listing = await reports.read(
            self._api, report, start, end, user=user_id, group=group_id
        )
        return listing.about, parse.records(listing.rows)

    @override
    async def dashboard(
        self,
        view: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        metric: str | None = None,
        group_by: str | None = None,
        currency: str | None = None,
    ) -> Mapping[str, object]:
        """Return a view. Source: GET /dashboard/gps-manager and its views below."""
        wish = dashboards.Wish(
            start=start,
            end=end,
            metric=metric,
            group_by=group_by,
            currency=currency,
        )
        return await dashboards.read(self._api, view, wish)

    @override
    async def send_positions(self, positions: Sequence[SentPosition]) -> None:
        """Send positions to tracking, whose ids are the vendor's own.

        Source: POST /gps-tracking for one, POST /gps-tracking/bulk for more.
        """
        await self._api.send([waypoint(one) for one in positions])

    @override
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the answer of any GET below the base."""
        return await self._api.call(path, params)
