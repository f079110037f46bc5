"""The demo: a simulated fleet in memory, without an account and without a network."""

from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Lock
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
from ..capabilities import PositionHistory, TripHistory
from ..errors import AccessDenied
from ..models import Batch, Position, Trip, Vehicle
from . import mapping
from .records import TripRecord, VehicleState
from .world import AMSTERDAM, World

_VEHICLES: Final = 5
_MOST_VEHICLES: Final = 500
_SEED: Final = 1
# Every two hours a vehicle ends a trip, and an outage is shorter than that.
_TRIPS_WITHIN: Final = timedelta(hours=6)
_FEEDS: Final = {Feed.TRIPS: FeedPlan(interval=timedelta(seconds=30))}
# A track has a point every so often, and is reckoned a day at a time: a month at once
# would keep the live state waiting for seconds.
_STEP: Final = timedelta(seconds=30)
_HISTORY: Final = timedelta(days=35)
_DAY: Final = timedelta(days=1)


class Demo(Provider, TripHistory, PositionHistory):
    """The simulated fleet. There is one; each of its vehicles is always the same."""

    vehicles_per_read = _MOST_VEHICLES

    info = ProviderInfo(
        key="demo",
        name="Demo",
        fields=(
            Field(
                key="vehicles",
                kind=FieldKind.INTEGER,
                default=_VEHICLES,
                low=1,
                high=_MOST_VEHICLES,
            ),
        ),
        default_interval=timedelta(seconds=10),
        minimum_interval=timedelta(seconds=5),
    )

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare for a fleet of the size that the account's fields tell."""
        super().__init__(connection)
        self._size = (
            parse.integer(connection.data.get("vehicles"), low=1, high=_MOST_VEHICLES)
            or _VEHICLES
        )
        self._clock = clock
        self._lock = Lock()

    @cached_property
    def _world(self) -> World:
        return World(
            city=AMSTERDAM,
            vehicles=self._size,
            seed=_SEED,
            clock=self._clock,
            history=_HISTORY,
            eventful=True,
        )

    async def _ask[T](self, question: Callable[[World], T]) -> T:
        """Let the world answer, off the event loop and one question at a time.

        Moving a large fleet takes a third of a second the first time, and the
        world is not made to be asked by several threads at once.
        """

        def answer() -> T:
            with self._lock:
                return question(self._world)

        return await to_thread(answer)

    @property
    @override
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """Trips, as lively as the positions."""
        return _FEEDS

    @override
    async def authenticate(self) -> Account:
        """Return the one fleet: nobody has to prove anything."""
        return Account(id="demo", title="fleet")

    @override
    async def positions(self) -> Batch:
        """Return every vehicle as it is now."""

        def read(world: World) -> Batch:
            found = [
                mapping.vehicle(world.vehicles[state.vehicle_id], state)
                for state in world.states()
            ]
            return Batch(
                vehicles={vehicle.id: vehicle for vehicle in found}, complete=True
            )

        return await self._ask(read)

    @override
    async def vehicle(self, vehicle_id: str) -> Vehicle:
        """Return one vehicle as it is now."""

        def read(world: World) -> Vehicle:
            number = _number(world, vehicle_id)
            return mapping.vehicle(world.vehicles[number], world.state(number))

        return await self._ask(read)

    @override
    async def last_trips(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return each vehicle's last trip; who is not of the fleet is left out."""

        def read(world: World) -> Batch:
            now = world.now()
            found = [
                mapping.last_trip(trips[-1])
                for number in world.vehicles
                if str(number) in wanted
                and (trips := world.trips(number, now - _TRIPS_WITHIN, now))
            ]
            return Batch(vehicles={vehicle.id: vehicle for vehicle in found})

        wanted = frozenset(vehicle_ids)
        return await self._ask(read)

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return finished trips; private ones do not say where they went."""
        records: list[TripRecord] = []
        for vehicle_id in vehicle_ids:
            records += await self._trips(vehicle_id, start, end)
        records.sort(key=lambda record: record.start.time)
        return tuple(
            [
                mapping.trip(record, await self._route(record) if routes else ())
                for record in records
            ]
        )

    async def _trips(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> list[TripRecord]:
        return await self._ask(
            lambda world: world.trips(_number(world, vehicle_id), start, end)
        )

    async def _route(self, trip: TripRecord) -> list[VehicleState]:
        return await self._ask(
            lambda world: [
                *world.track(trip.vehicle_id, trip.start.time, trip.end.time, _STEP),
                trip.end,
            ]
        )

    @override
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return a vehicle's positions, one every 30 seconds."""
        found: list[Position] = []
        start = max(start, self._clock() - _HISTORY)
        while start <= end:
            # The next day begins one step after this one ends.
            last = min(start + _DAY - _STEP, end)
            found += map(mapping.position, await self._track(vehicle_id, start, last))
            start += _DAY
        return tuple(found)

    async def _track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> list[VehicleState]:
        return await self._ask(
            lambda world: world.track(_number(world, vehicle_id), start, end, _STEP)
        )


def _number(world: World, vehicle_id: str) -> int:
    """Return a vehicle's number in the world."""
    number = parse.integer(vehicle_id)
    if number is None or number not in world.vehicles:
        raise AccessDenied("a vehicle that is not of the demo's fleet")
    return number
