"""TrackGPS (AROBS), Romania: one request per 30 seconds, times on a local clock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final, override
from zoneinfo import ZoneInfo

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
from ..capabilities import FuelUse, OpenApi, PositionHistory, TripHistory
from ..errors import AccessDenied, InvalidResponse
from ..models import Batch, FuelReport, Position, Trip, Vehicle
from ..transport import Transport
from . import mapping
from .access import Access
from .api import TrackGpsApi, VehicleRefused
from .history import LONGEST_LIST, History
from .local_time import LocalTime
from .stops import completed, details_of, stops
from .track import names as names_of

_URL: Final = "https://api.trackgps.ro"
_TIME_ZONE: Final = "Europe/Bucharest"
_REQUEST_INTERVAL: Final = 30
# Of a vehicle's stops the last matters: the first look reaches back far enough to
# find it after a week's holiday, later ones to the last stop that is known.
_FIRST_LOOK: Final = timedelta(days=7)
_LATER_LOOK: Final = timedelta(days=1)
_OVERLAP: Final = timedelta(hours=1)
# A window up to now may have waited for its turn for so long.
_JUST_NOW: Final = timedelta(hours=1)


class TrackGps(Provider, TripHistory, PositionHistory, FuelUse, OpenApi):
    """A TrackGPS account."""

    vehicles_per_read = LONGEST_LIST
    info = ProviderInfo(
        key="trackgps",
        name="TrackGPS",
        fields=(
            Field(key="username", required=True, identity=True, credential=True),
            Field(
                key="password",
                kind=FieldKind.PASSWORD,
                required=True,
                credential=True,
            ),
            Field(key="time_zone", kind=FieldKind.TIME_ZONE, default=_TIME_ZONE),
            Field(key="url", kind=FieldKind.URL, default=_URL),
        ),
        urls=(_URL,),
        options=(
            Field(
                key="request_interval",
                kind=FieldKind.INTEGER,
                default=_REQUEST_INTERVAL,
                low=1,
                unit="s",
            ),
        ),
        default_interval=timedelta(seconds=60),
        minimum_interval=timedelta(seconds=_REQUEST_INTERVAL),
        request_interval=_REQUEST_INTERVAL,
    )

    def __init__(self, connection: Connection) -> None:
        """Prepare for an account; its queue takes the pace of its options."""
        super().__init__(connection)
        data = connection.data
        self._username = parse.text(data.get("username")) or ""
        connection.queue.interval = (
            parse.number(connection.options.get("request_interval"), low=1)
            or _REQUEST_INTERVAL
        )
        self._local = LocalTime(
            ZoneInfo(parse.text(data.get("time_zone")) or _TIME_ZONE)
        )
        self._api = TrackGpsApi(
            Transport(
                connection.session,
                connection.queue,
                parse.text(data.get("url")) or _URL,
                loads=connection.loads,
            ),
            self._username,
            str(data.get("password", "")),
        )
        self._access = Access()
        self._history = History(self._api, self._local, self._access)
        # Vehicle ids by plate and name, and who was in private mode at the last poll.
        self._names: dict[str, str] | None = None
        self._private: frozenset[str] = frozenset()
        self._details: dict[str, Vehicle] = {}
        self._fuel: dict[str, Vehicle] = {}
        # When it began; None where the first look found none.
        self._last_stops: dict[str, datetime | None] = {}

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """Fuel one vehicle a time, details ten, as the request limit lets them."""
        # A poll every second request leaves room for one fuel read in three and
        # one list of stops in six: more would hold up the poll.
        pace = timedelta(seconds=self.connection.queue.interval)
        return {
            Feed.FUEL: FeedPlan(interval=3 * pace, vehicles_per_step=1),
            Feed.DETAILS: FeedPlan(interval=6 * pace, vehicles_per_step=LONGEST_LIST),
        }

    @override
    async def authenticate(self) -> Account:
        """Log in; the username, whatever its case, is the account."""
        await self._api.authenticate()
        return Account(id=self._username.casefold(), title=self._username)

    @override
    async def positions(self) -> Batch:
        """Return every vehicle. Source: GET company-vehicles."""
        rows = await self._api.company_vehicles()
        batch = mapping.fleet(rows, self._local, datetime.now(UTC))
        if rows and not batch.vehicles:
            raise InvalidResponse("company-vehicles: no vehicle with an id")
        self._names = names_of(rows)
        self._private = frozenset(
            one.id for one in batch.vehicles.values() if one.private_mode
        )
        return batch

    @override
    async def fuel(self, vehicle_id: str, start: datetime, end: datetime) -> FuelReport:
        """Return the vendor's fuel events. Source: POST refills.

        The sums of a window that ended before now are not those of now.
        """
        past = end < datetime.now(UTC) - _JUST_NOW
        if self._access.denied(vehicle_id):
            raise AccessDenied("refills: a vehicle that is not the account's")
        try:
            rows = await self._api.refills(vehicle_id, *self._local.window(start, end))
        except VehicleRefused:
            self._access.refused([vehicle_id])
            raise
        self._access.granted([vehicle_id])
        report = mapping.fuel_report(vehicle_id, rows, self._local, start, end)
        if report.vehicle is None or past:
            return report
        # The month is read once a day: until then it stays as it was told.
        known = mapping.month_kept(report.vehicle, self._fuel.get(vehicle_id))
        self._fuel[vehicle_id] = known
        return replace(report, vehicle=known)

    @override
    async def details(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return what each vehicle's last stop tells. Source: POST stops.

        A vehicle that is not the account's is left out. Until it has been found,
        the others on its list keep the values they had.
        """
        for part in batched(vehicle_ids, LONGEST_LIST, strict=False):
            for listed in self._access.lists(part):
                await self._read_stops(listed)
        known = (self._details.get(one) for one in vehicle_ids)
        return Batch(vehicles={one.id: one for one in known if one is not None})

    async def _read_stops(self, vehicle_ids: Sequence[str]) -> None:
        now = datetime.now(UTC)
        start = min(self._look_from(one, now) for one in vehicle_ids)
        try:
            rows = await self._api.stops(vehicle_ids, *self._local.window(start, now))
        except VehicleRefused:
            self._access.refused(vehicle_ids)
            return
        self._access.granted(vehicle_ids)
        found = stops(rows, self._local, now)
        for one in vehicle_ids:
            last = self._last_stops.setdefault(one, None)
            history = found.get(one)
            if history and (last is None or history[-1].start >= last):
                told = details_of(history)
                if history[-1].start == last:
                    # This time the stop before it, where the drive began, may lie
                    # outside the window.
                    told = completed(told, self._details.get(one))
                self._last_stops[one] = history[-1].start
                self._details[one] = told

    def _look_from(self, vehicle_id: str, now: datetime) -> datetime:
        """Return from when on to look for a vehicle's stops."""
        if vehicle_id not in self._last_stops:
            return now - _FIRST_LOOK
        last = self._last_stops[vehicle_id]
        earliest = now - _LATER_LOOK
        return earliest if last is None else max(earliest, last - _OVERLAP)

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return the drives between stops; the vendor has no routes of them."""
        return await self._history.trips(vehicle_ids, start, end)

    @override
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return where a vehicle was; what was private has no place."""

        async def private_now() -> bool:
            if self._names is None:
                await self.positions()
            return vehicle_id in self._private

        return await self._history.track(vehicle_id, start, end, private_now)

    @override
    async def fuel_used(
        self, vehicle_ids: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, float]:
        """Return litres by vehicle id, of those that measure."""
        if self._names is None:
            await self.positions()
        names = self._names or {}
        return await self._history.fuel_used(vehicle_ids, start, end, names)

    @override
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the vendor's whole answer, the envelope and what it says with it."""
        return await self._api.get(path, params)
