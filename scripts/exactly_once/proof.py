"""Kills Home Assistant at bad moments and compares what was heard with the truth."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import override

from scripts.demo.waiting import until

from .house import House, Vendor, build_house
from .lives import PATIENCE, Death, Kill, Record, Tormentor
from .observer import Heard, Observer
from .truth import HOUR, KINDS, SECONDS, SHARE, Moment, Truth, plan, repeated_hour

# Home Assistant was away for longer than one request can ask for.
_AWAY = timedelta(days=40)


# Reads that follow each other quickly make for many moments worth dying at.
_VEHICLES = 3
_TRACKGPS = Vendor(
    key="trackgps",
    options={"request_interval": 1, "scan_interval": 5},
    simulator=("--vehicles", str(_VEHICLES), "--trackgps-interval", "0"),
    reads="/refills",
)
_KILLS = (Kill.STARTING, Kill.WRITTEN, Kill.HOLDING, Kill.HEARD, Kill.ANY)


@dataclass(slots=True, kw_only=True)
class Proof(Record):
    """What was heard, and what the truth was."""

    truths: list[tuple[Truth, datetime, int]] = field(default_factory=list)

    def identities(self) -> list[set[str]]:
        """Return for every real event under which ids it was heard."""
        return [
            {heard.id for heard in self.heard if _tells(heard, truth, happened)}
            for truth, happened, _ in self.truths
        ]

    def failures(self) -> Iterator[str]:
        """Yield what is not as it must be."""
        identities = self.identities()
        for (truth, happened, _), ids in zip(self.truths, identities, strict=True):
            if len(ids) != 1:
                what = f"{truth.kind} of {truth.volume:.1f} L at {happened}"
                yield f"{what} was heard under {len(ids)} ids"
        known = Counter(one for ids in identities for one in ids)
        yield from self.wrong_ids(known)
        for life in sorted({heard.life for heard in self.heard}):
            if not self._in_order(life):
                yield f"life {life} did not tell the oldest first"

    def _in_order(self, life: int) -> bool:
        """Say whether what had happened before a life began was told oldest first."""
        old = {
            one
            for (_, _, told), ids in zip(self.truths, self.identities(), strict=True)
            for one in ids
            if told < life
        }
        heard = [one for one in self.heard if one.life == life]
        times = [one.time for one in heard if one.id in old]
        first = [one.id in old for one in heard]
        return times == sorted(times) and first == sorted(first, reverse=True)


def _tells(heard: Heard, truth: Truth, happened: datetime) -> bool:
    """Say whether what was heard can be a real event, as the vendor tells it."""
    slack = timedelta(seconds=SECONDS + 1)
    # An hour that occurs twice is told as its second occurrence, if it is past.
    twice = repeated_hour(datetime.now(UTC))
    shifts = (timedelta(), HOUR if twice <= happened < twice + HOUR else timedelta())
    return (
        heard.kind == KINDS[truth.kind]
        and heard.volume is not None
        and abs(heard.volume - truth.volume) <= truth.volume * SHARE + 0.1
        and any(abs(heard.time - happened - shift) <= slack for shift in shifts)
    )


class _Tormentor(Tormentor):
    """Lets the vendor know of events, little by little."""

    def __init__(
        self,
        house: House,
        proof: Proof,
        random: Random,
        truths: Sequence[Truth],
    ) -> None:
        super().__init__(house, proof, random)
        self._proof = proof
        self._waiting = {
            moment: iter([one for one in truths if one.moment is moment])
            for moment in Moment
        }

    async def tell(self, moment: Moment, number: int | None = 1) -> int:
        """Let the vendor know the next events; return how many there were."""
        told = 0
        for truth in islice(self._waiting[moment], number):
            happened = truth.time or datetime.now(UTC)
            self._proof.truths.append((truth, happened, self.observer.life))
            await self.house.simulator.control(
                "POST",
                "fuel_event",
                json={
                    "vehicle": truth.vehicle,
                    "kind": truth.kind,
                    "volume": truth.volume,
                    "time": happened.isoformat(),
                },
            )
            told += 1
        return told

    @override
    async def prepare(self, kill: Kill) -> None:
        if kill is Kill.HEARD:
            await self.tell(Moment.DOWN)

    @override
    async def approach(self, kill: Kill) -> float:
        if kill is Kill.HOLDING:
            return self.random.uniform(0, 5)
        if kill is Kill.HEARD:
            if not self._all_heard or self.house.unfired():
                await self.hear()
            return self.random.uniform(0, 0.01)
        if kill is Kill.WRITTEN:
            await self._caught_up()
            known = len(self.house.entries())
            if await self.tell(Moment.RUNNING):
                await self.house.wait_for_write(known, PATIENCE)
                return self.random.uniform(0, 0.03)
        return self.random.uniform(0, 12)

    @property
    def _all_heard(self) -> bool:
        heard = {one.id for one in self._proof.heard}
        return len(heard) >= len(self._proof.truths)

    async def _caught_up(self) -> None:
        """Wait until all that the vendor knows was heard and marked."""
        async with asyncio.timeout(PATIENCE):
            while self.house.unfired() or not self._all_heard:
                await asyncio.sleep(0.1)
                self.attend()

    async def last_life(self) -> None:
        """Reload twice, once while an event is told, and let everything come."""
        house = self.house
        self.observer.life += 1
        async with house.life():
            await house.wait_until_running()
            await self.tell(Moment.DOWN, None)
            known = len(house.entries())
            if await self.tell(Moment.RUNNING, None):
                await house.wait_for_write(known, PATIENCE)
            for _ in range(2):
                await self.reload()
            with suppress(TimeoutError):
                await self._caught_up()
            # Every vehicle is read once more, revised and re-ordered.
            enough = await house.reads() + _VEHICLES
            while await house.reads() < enough:
                await asyncio.sleep(0.5)
            self.attend()


async def prove(
    *,
    kills: int,
    before: int,
    down: int,
    running: int,
    seed: int = 1,
    report: Callable[[int, Death], None] = lambda number, death: None,
) -> Proof:
    """Return what was heard while Home Assistant was killed so often.

    Of the events some happen in the month before, some become known while it is
    down and some happen while it runs.
    """
    random = Random(seed)
    now = datetime.now(UTC)
    async with build_house(_TRACKGPS) as house:
        await house.learn_ids()
        await house.simulator.control("POST", "fuel", json={"own": False})

        async def all_read() -> bool | None:
            return len(house.pages()) == _VEHICLES or None

        async def ready() -> None:
            await until(all_read, timeout=60, what="the first read of every vehicle")

        await house.set_up(ready)
        away = max(_AWAY, now - repeated_hour(now) + timedelta(days=4))
        house.age(away)
        await house.simulator.control(
            "POST",
            "fuel",
            json={
                "revise": {
                    "volume": SHARE,
                    "seconds": SECONDS,
                    "address": True,
                    "shuffle": True,
                }
            },
        )
        truths = plan(
            random,
            list(house.vendor_ids.values()),
            now,
            before=before,
            down=down,
            running=running,
        )
        observer = Observer(house.client)
        proof = Proof(observer=observer)
        tormentor = _Tormentor(house, proof, random, truths)
        await tormentor.tell(Moment.BEFORE, None)
        async with observer.attentive():
            for number, kill in enumerate(islice(cycle(_KILLS), kills), start=1):
                report(number, await tormentor.live(kill))
            await tormentor.last_life()
        return proof
