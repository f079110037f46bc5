"""Ocean (oceansystem.com), France: positions, records, trips, events, equipment."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from time import monotonic
from typing import Final, override

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
    NearestVehicles,
    OpenApi,
    PositionHistory,
    TripHistory,
    VendorEvents,
)
from ..errors import AccessDenied, InvalidResponse, NotFound, ProviderError, Unsupported
from ..models import (
    Batch,
    Coordinates,
    FleetFigures,
    NearbyVehicle,
    Position,
    Trip,
    Vehicle,
    VendorEvent,
)
from . import mapping, records
from .api import OceanApi
from .equipment import Equipment
from .events import Events, chosen_codes
from .keep import Kept
from .speeds import Speeds
from .surroundings import nearby
from .tracks import Tracks
from .trips import DaySheets, LastTrips

_URLS: Final = (
    "https://v3.oceansystem.com/ocean/restapi",
    "https://v3.oceansystem.com/ocean-3.0.0/restapi",
)
_HOUR: Final = timedelta(hours=1)
# A little less than an hour, or every second hourly read would find them fresh.
_RECORDS_FRESH: Final = 55 * 60.0
_LACKING_FOR: Final = 24 * 60 * 60.0
_SPEED_INTERVAL: Final = 300
_SHORTEST_SPEED_INTERVAL: Final = 60
_PAST_INTERVAL: Final = timedelta(minutes=5)


class Ocean(
    Provider, TripHistory, PositionHistory, NearestVehicles, VendorEvents, OpenApi
):
    """One Ocean account."""

    info = ProviderInfo(
        key="ocean",
        name="Ocean",
        fields=(
            Field(key="username", required=True, identity=True, credential=True),
            Field(
                key="password",
                kind=FieldKind.PASSWORD,
                required=True,
                credential=True,
            ),
            Field(key="customer_id", kind=FieldKind.INTEGER, identity=True, low=1),
            Field(key="url", kind=FieldKind.URL, default=_URLS[0]),
        ),
        urls=_URLS,
        options=(
            Field(key="entity", kind=FieldKind.CHOICE),
            Field(key="speed", kind=FieldKind.BOOLEAN, default=False),
            Field(
                key="speed_interval",
                kind=FieldKind.INTEGER,
                default=_SPEED_INTERVAL,
                low=_SHORTEST_SPEED_INTERVAL,
                unit="s",
            ),
            Field(key="equipment", kind=FieldKind.BOOLEAN, default=False),
            Field(key="event_codes"),
        ),
        default_interval=timedelta(seconds=60),
        minimum_interval=timedelta(seconds=30),
    )

    def __init__(self, connection: Connection) -> None:
        """Prepare for an account and for what its options ask for."""
        super().__init__(connection)
        options = connection.options
        self._api = OceanApi(
            connection, parse.text(connection.data.get("url")) or _URLS[0]
        )
        self._entity = parse.identifier(options.get("entity"))
        self._speeds = Speeds(self._api) if parse.flag(options.get("speed")) else None
        self._equipment = (
            Equipment(self._api) if parse.flag(options.get("equipment")) else None
        )
        codes = chosen_codes(options.get("event_codes"))
        self._events = Events(self._api, codes) if codes else None
        self._day_sheets = DaySheets(self._api)
        self._last_trips = LastTrips(self._day_sheets)
        self._tracks = Tracks(self._api)
        self._records = Kept(self._read_records, _RECORDS_FRESH)
        self._entities = Kept(self._read_entities, _RECORDS_FRESH)
        self._groups: set[str] = set()
        self._plates: dict[str, str] = {}
        self._fleet: dict[str, Vehicle] = {}
        # Who has been seen private, and so has private drives.
        self._private: set[str] = set()
        # Until when the server is taken to lack vehiclePositions.
        self._lacking_until = 0.0
        # Until when the account is taken to have no right to read records.
        self._denied_until = 0.0

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """Records every hour, speeds at the pace of the options.

        Which vehicles' day sheets are due the provider knows best.
        """
        pace = _HOUR
        if self._speeds is not None:
            seconds = parse.number(
                self.connection.options.get("speed_interval"),
                low=_SHORTEST_SPEED_INTERVAL,
            )
            pace = timedelta(seconds=seconds or _SPEED_INTERVAL)
        return {
            Feed.DETAILS: FeedPlan(interval=pace),
            Feed.TRIPS: FeedPlan(interval=_PAST_INTERVAL),
            Feed.FIGURES: FeedPlan(interval=_HOUR),
        }

    @override
    async def authenticate(self) -> Account:
        """Log in; the username, whatever its case, and the customer are the account."""
        await self._api.authenticate()
        data = self.connection.data
        username = parse.text(data.get("username")) or ""
        customer = parse.identifier(data.get("customer_id"))
        return Account(
            id=username.casefold() + (f"_{customer}" if customer else ""),
            title=username,
        )

    @override
    async def positions(self) -> Batch:
        """Return the fleet, or the entity that the options choose.

        Source: GET /mobility/v1/vehiclePositions, and as the options say
        /materiel/list, /materiel/lastPosition.
        """
        batch = await self._read_fleet()
        self._groups.update(one.group for one in batch.vehicles.values() if one.group)
        if self._equipment is not None:
            further = await self._equipment.read()
            batch = Batch(
                vehicles=batch.vehicles | further.vehicles,
                complete=batch.complete and further.complete,
            )
        vehicles = await self._of_the_entity(batch.vehicles)
        self._fleet = vehicles
        self._private.update(key for key, one in vehicles.items() if one.private_mode)
        self._last_trips.note(vehicles)
        self._plates = {
            one.plate: one.id
            for one in vehicles.values()
            if one.plate is not None and not one.private_mode
        }
        if self._speeds is not None:
            vehicles = {
                key: replace(one, speed=self._speeds.of(one))
                for key, one in vehicles.items()
            }
        return Batch(vehicles=vehicles, complete=batch.complete)

    @override
    async def details(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return the vehicles' records; the next positions show the speeds read here.

        Source: GET /vehicule_engin/vehicles, /mobility/v1/entities, and as the
        options say /positions/search. Raises AccessDenied or NotFound where the
        account has no records and no speeds.
        """
        if self._speeds is not None:
            wanted = set(vehicle_ids)
            await self._speeds.read(
                {plate: key for plate, key in self._plates.items() if key in wanted}
            )
        try:
            known = await self._records.get()
        except AccessDenied, NotFound:
            if self._speeds is None:
                raise
            known = {}
        with suppress(ProviderError):
            # For whoever chooses one: without them nothing is missing.
            await self._entities.get()
        return Batch(vehicles={key: known[key] for key in vehicle_ids if key in known})

    @override
    async def last_trips(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return each vehicle's last trip, and its last event of the chosen codes.

        Source: GET /mobility/v1/ficheJour, a request a vehicle and day, and as the
        options say /evenement/lastEvent. Raises AccessDenied or NotFound where the
        account has no day sheets and wants no events.
        """
        events: Mapping[str, VendorEvent] = {}
        if self._events is not None:
            events = await self._shown(await self._events.read())
        trips: Mapping[str, Trip] = {}
        try:
            trips = await self._last_trips.read(vehicle_ids)
        except AccessDenied, NotFound:
            if self._events is None:
                raise
        return Batch(
            vehicles={
                key: _with_past(key, trips.get(key), events.get(key))
                for key in vehicle_ids
                if key in trips or key in events
            }
        )

    async def _shown(
        self, events: Mapping[str, VendorEvent]
    ) -> Mapping[str, VendorEvent]:
        """Return events; of a vehicle that may be private not where it was.

        Nor of any, as long as the records that say so cannot be read.
        """
        known: Mapping[str, Vehicle] | None = None
        # Events are an extra: records that fail cost them their places alone.
        with suppress(ProviderError):
            known = await self._known_records()
        return {
            key: replace(event, address=None)
            if known is None or self._may_be_private(key, known)
            else event
            for key, event in events.items()
        }

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return the trips of some vehicles; equipment makes none.

        Of a vehicle whose driver may turn privacy on every trip is private: no row
        tells in which of them it was. Source: GET /mobility/v1/ficheJour, a request a
        vehicle and day, without routes.
        """
        known = await self._known_records()
        found: list[Trip] = []
        for key in vehicle_ids:
            if not key.startswith(mapping.EQUIPMENT):
                found += await self._day_sheets.trips(
                    key, start, end, may_be_private=self._may_be_private(key, known)
                )
        return tuple(sorted(found, key=lambda one: one.start or one.end or start))

    @override
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return where a vehicle was; private drives are not asked for.

        Where a vehicle may be private, so is a point without a known state. Source:
        GET /positions/search by the plate, a request a day, the last two months.
        Raises Rejected for older times, Unsupported for a vehicle without a plate,
        AccessDenied for one that is not the account's.
        """
        fleet = await self._known_fleet()
        if vehicle_id not in fleet:
            raise AccessDenied("positions of another account's vehicle")
        plate = fleet[vehicle_id].plate
        if plate is None:
            raise Unsupported("positions of a vehicle without a plate")
        known = await self._known_records()
        return await self._tracks.read(
            vehicle_id,
            plate,
            start,
            end,
            fleet=fleet.keys(),
            may_be_private=self._may_be_private(vehicle_id, known),
        )

    @override
    async def nearest(
        self, place: Coordinates, *, radius: float, limit: int, by_road: bool
    ) -> tuple[NearbyVehicle, ...]:
        """Return the vehicles near a place, by road out of the vendor's ten nearest.

        Source: POST /vehicule_engin/nearestVehicles.
        """
        rows = await self._api.vehicles_near(
            place, max(1, ceil(radius * 1000)), by_road=by_road
        )
        fleet = await self._known_fleet()
        found = [
            one
            for one in nearby(rows, place)
            if one.distance <= radius
            and one.vehicle_id in fleet
            and not fleet[one.vehicle_id].private_mode
        ]
        return tuple(found[: max(0, limit)])

    @property
    @override
    def event_codes(self) -> Sequence[str]:
        """The codes that the options hold."""
        return () if self._events is None else self._events.codes

    @override
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the answer of any GET below the base."""
        return await self._api.call(path, params)

    @override
    async def figures(self) -> FleetFigures:
        """Return what the last login told; nothing is sent."""
        return FleetFigures(password_expires_in=self._api.password_expires_in)

    @override
    def choices(self, option: str) -> Mapping[str, str]:
        """Return the entities, by name where the account may not list them."""
        if option != "entity":
            return {}
        return self._entities.last or {name: name for name in self._groups}

    async def _known_fleet(self) -> Mapping[str, Vehicle]:
        """Return the vehicles of the last poll, of the chosen entity alone."""
        if not self._fleet:
            await self.positions()
        return self._fleet

    async def _known_records(self) -> Mapping[str, Vehicle]:
        """Return the vehicles' records; none where the account may not read them."""
        if self._records.last is None and monotonic() < self._denied_until:
            return {}
        try:
            return await self._records.get_or_last()
        except AccessDenied, NotFound:
            self._denied_until = monotonic() + _RECORDS_FRESH
            return {}

    def _may_be_private(self, key: str, known: Mapping[str, Vehicle]) -> bool:
        """Whether a vehicle was seen private, or its driver may turn that on."""
        return key in self._private or bool(key in known and known[key].private_mode)

    async def _read_fleet(self) -> Batch:
        """Return every vehicle, by nearestVehicles where the server has no other way.

        Where it has neither, the base is wrong, and nothing is remembered.
        """
        if monotonic() < self._lacking_until:
            return await self._read_nearest()
        try:
            rows = await self._api.vehicle_positions()
        except NotFound:
            batch = await self._read_nearest()
            self._lacking_until = monotonic() + _LACKING_FOR
            return batch
        return _with_vehicles(rows, mapping.fleet(rows, mapping.vehicle))

    async def _read_nearest(self) -> Batch:
        """Return the vehicles that are somewhere and, from their records, the others.

        Source: POST /vehicule_engin/nearestVehicles, which has no plates, entities
        or vehicles without a position: the records fill in.
        """
        rows = await self._api.nearest_vehicles()
        live = _with_vehicles(rows, mapping.fleet(rows, mapping.nearest))
        known = await self._known_records()
        named = {
            key: records.identified(live.vehicles.get(key, Vehicle(id=key)), record)
            for key, record in known.items()
        }
        return Batch(
            vehicles=live.vehicles | named,
            # Without records nobody knows of a vehicle that has no position.
            complete=live.complete and bool(known),
        )

    async def _read_records(self) -> Mapping[str, Vehicle]:
        return records.vehicles(await self._api.vehicles(), datetime.now(UTC))

    async def _read_entities(self) -> Mapping[str, str]:
        """Return the entities' names by id; none where the account may not see them."""
        try:
            return mapping.entities(await self._api.entities())
        except AccessDenied, NotFound:
            return {}

    async def _of_the_entity(self, vehicles: dict[str, Vehicle]) -> dict[str, Vehicle]:
        """Return the vehicles of the chosen entity, by its id or its name."""
        if self._entity is None:
            return vehicles
        names = await self._entities.get_or_last()
        name = names.get(self._entity, self._entity).casefold()
        return {
            key: one
            for key, one in vehicles.items()
            if one.group is not None and one.group.casefold() == name
        }


def _with_past(key: str, trip: Trip | None, event: VendorEvent | None) -> Vehicle:
    if trip is None:
        return Vehicle(id=key, vendor_event=event)
    return Vehicle(
        id=key,
        last_trip_distance=trip.distance,
        last_trip_duration=None if trip.duration is None else trip.duration / _HOUR,
        last_trip_start=trip.start,
        last_trip_end=trip.end,
        vendor_event=event,
    )


def _with_vehicles(rows: list[object], batch: Batch) -> Batch:
    """Return the batch; rows of which none can be read are not a fleet."""
    if rows and not batch.vehicles:
        raise InvalidResponse("the fleet lists no vehicle with an id")
    return batch
