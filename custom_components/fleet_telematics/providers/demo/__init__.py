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
from ..errors import AccessDenied
from ..models import Batch, FuelReport, Vehicle
from . import mapping
from .world import AMSTERDAM, World

_VEHICLES: Final = 5
_MOST_VEHICLES: Final = 500
_SEED: Final = 1
# Every two hours a vehicle ends a trip, and an outage is shorter than that.
_TRIPS_WITHIN: Final = timedelta(hours=6)
# A first look at a vehicle's fuel takes some 20 ms of computing: in steps of 25 it
# leaves the processor to others in between.
_FEEDS: Final = {
    Feed.TRIPS: FeedPlan(interval=timedelta(seconds=30)),
    Feed.FUEL: FeedPlan(interval=timedelta(seconds=30), vehicles_per_step=25),
}


class Demo(Provider):
    """The simulated fleet. There is one; each of its vehicles is always the same."""

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
        """Trips and fuel, as lively as the positions."""
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
    async def fuel(self, vehicle_id: str, start: datetime, end: datetime) -> FuelReport:
        """Return the refills and thefts of a vehicle, oldest first."""

        def read(world: World) -> FuelReport:
            records = world.fuel_records(_number(world, vehicle_id), start, end)
            return FuelReport(events=tuple(map(mapping.fuel_event, records)))

        return await self._ask(read)


def _number(world: World, vehicle_id: str) -> int:
    """Return a vehicle's number in the world."""
    number = parse.integer(vehicle_id)
    if number is None or number not in world.vehicles:
        raise AccessDenied("a vehicle that is not of the demo's fleet")
    return number
