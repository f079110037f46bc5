"""Kills Home Assistant while it concludes refills and thefts from levels."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from math import comb
from random import Random
import time
from typing import override

import aiohttp

from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    FuelRecord,
    World,
)
from scripts.demo.errors import DemoError
from scripts.demo.waiting import until

from .house import House, Vendor, build_house
from .lives import Death, Kill, Record, Tormentor
from .observer import Heard, Observer
from .truth import KINDS

# What the benchmark of the detector has measured, from which size on (percent of the
# tank), and the least chance with which misses are put down to that.
RECALL = {"refill": 0.999, "theft": 0.974}
SIZES = {"refill": (15.0, 45.0), "theft": (10.0, 30.0)}
_CHANCE = 0.01

# In a fleet of this size somebody stands, but for some minutes of every 24, in which
# all of the simulated drivers drive.
_FLEET = 40
_NOBODY_STANDS = 480.0
_SEED = 1
_FLEETGO = Vendor(
    key="fleetgo",
    options={"scan_interval": 30},
    simulator=("--vehicles", str(_FLEET), "--seed", str(_SEED)),
    reads="/getfleet",
)
_KILLS = (Kill.STARTING, Kill.WAITING, Kill.WRITTEN, Kill.HEARD, Kill.ANY)
# A vehicle that is asked for is read again after this, whatever the poll does.
_NUDGE = 5.5
_PATIENCE = 120.0
# How far the told amount may be off (percent), and the told time without a range.
_AMOUNT = 3.0
_SLACK = timedelta(minutes=15)
# What was not heard by then is not waited for.
_GIVEN_UP = timedelta(minutes=4)
# With one reading before it a change proves little.
_WARM_UP = 3
# So long it may take until an event is told that nobody hastens.
_OWN = timedelta(minutes=3)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class DerivedProof(Record):
    """What was heard, and what the truth was.

    Of what the simulated drivers did by themselves the last may be heard or not:
    after `ended` vehicles were no longer read until all was told.
    """

    truths: list[FuelRecord] = field(default_factory=list)
    caused: set[int] = field(default_factory=set)
    ended: datetime = _NEVER
    vehicles: dict[str, int] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    waiting: list[tuple[int, frozenset[str]]] = field(default_factory=list)

    def ids(self) -> list[set[str]]:
        """Return for every real event under which ids it was heard.

        Each id is the event that it fits best, and one that has no other yet.
        """
        pairs = sorted(
            (difference, number, heard.id)
            for number, truth in enumerate(self.truths)
            for heard in self.heard
            if (difference := self._difference(heard, truth)) is not None
        )
        found: list[set[str]] = [set() for _ in self.truths]
        placed: set[str] = set()
        for alone in (True, False):
            for _, number, one in pairs:
                if one not in placed and not (alone and found[number]):
                    found[number].add(one)
                    placed.add(one)
        return found

    def missed(self) -> list[FuelRecord]:
        """Return what happened and was not heard."""
        return [
            truth
            for truth, ids in zip(self.truths, self.ids(), strict=True)
            if not ids and self._due(truth)
        ]

    def happened(self, kind: str) -> int:
        """Return how many events of a kind had to be heard."""
        return sum(one.kind == kind and self._due(one) for one in self.truths)

    def _due(self, truth: FuelRecord) -> bool:
        return truth.record_id in self.caused or truth.time <= self.ended

    def failures(self) -> Iterator[str]:
        """Yield what is not as it must be."""
        ids = self.ids()
        for truth, found in zip(self.truths, ids, strict=True):
            if len(found) > 1:
                yield f"{described(truth)} was heard under {len(found)} ids"
        yield from self.wrong_ids(Counter(one for found in ids for one in found))
        # What was concluded is no miss of the detector's.
        if lost := self.noted - {heard.id for heard in self.heard}:
            yield f"{len(lost)} events were written down and never heard"
        missed = Counter(truth.kind for truth in self.missed())
        for kind, number in missed.items():
            if not plausible(number, self.happened(kind), RECALL[kind]):
                yield f"{number} of {self.happened(kind)} {kind}s were missed"
        yield from self._disorder(ids)

    def _disorder(self, ids: Sequence[set[str]]) -> Iterator[str]:
        """Yield where events were told in another order than they happened."""
        order: dict[int, list[datetime]] = {}
        told: set[str] = set()
        for heard in self.heard:
            if heard.id not in told:
                told.add(heard.id)
                for truth, found in zip(self.truths, ids, strict=True):
                    if heard.id in found:
                        order.setdefault(truth.vehicle_id, []).append(truth.time)
        for vehicle, times in order.items():
            if times != sorted(times):
                yield f"vehicle {vehicle} did not tell the oldest first"
        for life, known in self.waiting:
            lived = [one for one in self.heard if one.life == life]
            first = lived[: len(known)]
            if {one.id for one in first} - known or (
                [one.time for one in first] != sorted(one.time for one in first)
            ):
                yield f"life {life} did not begin with what was waiting, in order"

    def _difference(self, heard: Heard, truth: FuelRecord) -> float | None:
        """Return how far off an event was told, None where it is another one."""
        if (
            self.vehicles.get(heard.entity_id or "") != truth.vehicle_id
            or heard.kind != KINDS[truth.kind]
            or heard.percent is None
        ):
            return None
        amount = abs(heard.percent - size(truth))
        earliest = (heard.earliest or heard.time) - _SLACK
        latest = (heard.latest or heard.time) + _SLACK
        if amount > _AMOUNT or not earliest <= truth.time <= latest:
            return None
        return amount / _AMOUNT + abs(heard.time - truth.time) / _SLACK


def size(truth: FuelRecord) -> float:
    """Return how much of the tank came or went, in percent."""
    return abs(truth.level_after - truth.level_before)


def described(truth: FuelRecord) -> str:
    """Return a real event in words."""
    amount = f"{truth.level_before:.1f} to {truth.level_after:.1f} %"
    return f"{truth.kind} of {truth.vehicle_id}, {amount}, at {truth.time:%H:%M:%S}"


def plausible(missed: int, number: int, recall: float) -> bool:
    """Say whether so many misses of a number are what the recall lets expect."""
    chance = sum(
        comb(number, one) * (1 - recall) ** one * recall ** (number - one)
        for one in range(missed, number + 1)
    )
    return chance >= _CHANCE


class _Tormentor(Tormentor):
    """Lets vehicles be filled and robbed, and has them read."""

    def __init__(
        self,
        house: House,
        proof: DerivedProof,
        random: Random,
        world: World,
        watched: Sequence[int],
    ) -> None:
        super().__init__(house, proof, random)
        self._proof = proof
        self._world = world
        self._watched = watched
        self._entities = {number: one for one, number in proof.vehicles.items()}
        self._kinds = cycle(("refill", "theft"))
        self._left = 0

    def expect(self, events: int) -> None:
        """Cause so many events, as occasion offers."""
        self._left = events

    def _awaited(self) -> set[int]:
        """Return the vehicles whose events were caused lately and are not heard."""
        lately = datetime.now(UTC) - _GIVEN_UP
        return {
            truth.vehicle_id
            for truth, ids in zip(self._proof.truths, self._proof.ids(), strict=True)
            if not ids and truth.time > lately
        }

    async def cause_soon(self) -> int | None:
        """Wait for a vehicle to stand; return which was filled or robbed."""
        end = time.monotonic() + _NOBODY_STANDS
        while self._left and time.monotonic() < end:
            if (number := await self.cause()) is not None:
                return number
            await asyncio.sleep(1)
        return None

    async def cause(self) -> int | None:
        """Fill or rob a vehicle that stands; return it, None when none does."""
        if not self._left:
            return None
        busy = self._awaited()
        kinds = list(islice(self._kinds, 2))
        standing = [
            (kind, number, share)
            for kind in kinds
            for number in self._watched
            if number not in busy and (share := self._share(kind, number)) is not None
        ]
        if not standing:
            return None
        of_kind = [one for one in standing if one[0] == standing[0][0]]
        kind, number, share = self.random.choice(of_kind)
        if kind == kinds[0]:
            next(self._kinds)
        volume = share / 100 * self._world.vehicles[number].tank_capacity
        told = await self.house.simulator.control(
            "POST",
            "refuel" if kind == "refill" else "steal",
            json={"vehicle": self.house.vendor_ids[number], "volume": volume},
        )
        # The same happens in our own world, which is asked for the truth.
        repeat = self._world.refuel if kind == "refill" else self._world.steal
        moment = datetime.fromisoformat(told["time"])
        record = repeat(number, told["volume"], moment)
        self._proof.truths.append(record)
        self._proof.caused.add(record.record_id)
        self._left -= 1
        return number

    def _share(self, kind: str, number: int) -> float | None:
        """Return how much may come or go, None of a vehicle that drives or is full."""
        state = self._world.state(number)
        low, high = SIZES[kind]
        room = 97 - state.fuel_level if kind == "refill" else state.fuel_level - 9
        if state.engine_on or not state.online or room < low + 1:
            return None
        # Not like what happened to it lately: they are told apart by their sizes.
        known = [
            size(one)
            for one in self._proof.truths
            if one.vehicle_id == number and one.kind == kind
        ]
        for _ in range(20):
            share = self.random.uniform(low + 1, min(high, room))
            if all(abs(share - one) > 2 * _AMOUNT for one in known):
                return share
        return None

    async def read(self, number: int) -> None:
        """Have a vehicle read now, as a user may."""
        with suppress(aiohttp.ClientError, DemoError, TimeoutError):
            await self.house.client.post(
                "/api/services/homeassistant/update_entity",
                {"entity_id": self._entities[number]},
            )

    async def read_all(self) -> None:
        """Have every vehicle read some times, so that it is known what changes."""
        for _ in range(_WARM_UP):
            for number in self._watched:
                await self.read(number)
            await asyncio.sleep(_NUDGE)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Have the vehicles read over and over whose events are not heard yet."""

        async def nudge() -> None:
            while True:
                self.attend()
                for number in self._awaited():
                    await self.read(number)
                await asyncio.sleep(_NUDGE)

        task = asyncio.create_task(nudge())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @override
    async def prepare(self, kill: Kill) -> None:
        if kill is Kill.HEARD or (
            kill in (Kill.STARTING, Kill.ANY) and self.random.random() < 0.5
        ):
            await self.cause()
        if waiting := self.house.unfired():
            life = self.observer.life + 1
            self._proof.waiting.append((life, frozenset(waiting)))

    @override
    async def approach(self, kill: Kill) -> float:
        match kill:
            case Kill.WAITING:
                # Two readings before, one after; the second is what it waits for.
                if (number := await self.cause_soon()) is not None:
                    await asyncio.sleep(_NUDGE)
                    await self.read(number)
                    return self.random.uniform(0, 3)
            case Kill.WRITTEN:
                known = len(self.house.entries())
                if await self.cause_soon() is not None or self._awaited():
                    async with self.reading():
                        await self.house.wait_for_write(known, _PATIENCE)
                    return self.random.uniform(0, 0.03)
            case Kill.HEARD:
                if self._awaited() or self.house.unfired():
                    async with self.reading():
                        await self.hear(_PATIENCE)
                    return self.random.uniform(0, 0.01)
            case _:
                pass
        return self.random.uniform(0, 20)

    async def last_life(self) -> None:
        """Reload twice, once while a change is not confirmed; let everything come."""
        self.observer.life += 1
        async with self.house.life():
            await self.house.wait_until_running()
            if (number := await self.cause_soon()) is not None:
                await asyncio.sleep(_NUDGE)
                await self.read(number)
            self._proof.ended = datetime.now(UTC) - _OWN
            for _ in range(2):
                await self.reload()
            end = time.monotonic() + _PATIENCE
            async with self.reading():
                while self._awaited() and time.monotonic() < end:
                    await asyncio.sleep(0.5)
                    self.attend()
            # Whoever tells twice, tells now.
            for _ in range(2):
                await asyncio.sleep(_NUDGE)
                for number in {one.vehicle_id for one in self._proof.truths}:
                    await self.read(number)
            self.attend()


async def prove_derived(
    *,
    kills: int,
    events: int,
    seed: int = 1,
    report: Callable[[int, Death], None] = lambda number, death: None,
) -> DerivedProof:
    """Return what was heard while Home Assistant was killed so often.

    At most so many events are caused; the simulated drivers add their own.
    """
    random = Random(seed)
    world = World(city=AMSTERDAM, vehicles=_FLEET, seed=_SEED)
    async with build_house(_FLEETGO) as house:
        await house.learn_ids()
        # The others leave their level out, or tell -1.
        watched = [number for number in world.vehicles if number % 6 not in (4, 5)]
        wanted = {str(house.vendor_ids[number]): number for number in watched}
        observer = Observer(house.client)
        proof = DerivedProof(observer=observer)

        async def known() -> bool | None:
            """Find the entities of the watched vehicles."""
            for one in await house.client.entities("FleetGO"):
                vehicle = one["unique_id"].removesuffix("_fuel").rpartition("_")[2]
                if one["entity_id"].startswith("event.") and vehicle in wanted:
                    proof.vehicles[one["entity_id"]] = wanted[vehicle]
            return len(proof.vehicles) == len(wanted) or None

        async def ready() -> None:
            await until(known, timeout=60, what="the events of the watched vehicles")
            await _Tormentor(house, proof, random, world, watched).read_all()

        await house.set_up(ready, vehicles=list(wanted))
        began = datetime.now(UTC)
        tormentor = _Tormentor(house, proof, random, world, watched)
        tormentor.expect(events)
        async with observer.attentive():
            for number, kill in enumerate(islice(cycle(_KILLS), kills), start=1):
                report(number, await tormentor.live(kill))
            await tormentor.last_life()
        proof.noted = {one["id"] for one in house.entries()}
        proof.truths = sorted(
            (
                record
                for number in watched
                for record in world.fuel_records(number, began, datetime.now(UTC))
            ),
            key=lambda record: record.time,
        )
        return proof
