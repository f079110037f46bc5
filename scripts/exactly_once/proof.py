"""Kills Home Assistant at bad moments and compares what was heard with the truth."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import cycle, islice
from random import Random
import time

from .house import VEHICLES, House, build_house
from .observer import Heard, Observer
from .truth import HOUR, KINDS, SECONDS, SHARE, Moment, Truth, plan, repeated_hour

# Home Assistant was away for longer than one request can ask for.
_AWAY = timedelta(days=40)
_PATIENCE = 60.0


class Kill(StrEnum):
    """When to kill."""

    STARTING = "while it starts"
    WRITTEN = "just after an event was written"
    HOLDING = "while it catches up"
    HEARD = "just after an event was heard"
    ANY = "at any time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One kill: when, what was heard before, and what will be heard again."""

    kill: Kill
    delay: float
    heard: int
    repeats: frozenset[str]
    seconds: float


@dataclass(slots=True, kw_only=True)
class Proof:
    """What was heard, and what the truth was."""

    truths: list[tuple[Truth, datetime, int]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    reloads: int = 0

    @property
    def repeats(self) -> Counter[str]:
        """How often an event had to fire again: it was heard and not yet marked."""
        return Counter(one for death in self.deaths for one in death.repeats)

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
        if wrong := {one for one, number in known.items() if number != 1}:
            yield f"{len(wrong)} ids stand for several events"
        times = Counter(heard.id for heard in self.heard)
        if unknown := times.keys() - known.keys():
            yield f"{len(unknown)} events were heard that did not happen"
        for one, number in times.items():
            expected = 1 + self.repeats[one]
            if number != expected:
                yield f"{one} was heard {number} times instead of {expected}"
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
        and abs(heard.volume - truth.volume) <= truth.volume * SHARE + 0.1
        and any(abs(heard.time - happened - shift) <= slack for shift in shifts)
    )


class _Tormentor:
    """Gives Home Assistant one life after another."""

    def __init__(
        self, house: House, observer: Observer, truths: list[Truth], random: Random
    ) -> None:
        self.proof = Proof(heard=observer.heard)
        self._house = house
        self._observer = observer
        self._random = random
        self._waiting = {
            moment: iter([one for one in truths if one.moment is moment])
            for moment in Moment
        }

    async def tell(self, moment: Moment, number: int | None = 1) -> int:
        """Let the vendor know the next events; return how many there were."""
        told = 0
        for truth in islice(self._waiting[moment], number):
            happened = truth.time or datetime.now(UTC)
            self.proof.truths.append((truth, happened, self._observer.life))
            await self._house.simulator.control(
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

    async def live(self, kill: Kill) -> Death:
        """Start Home Assistant and kill it when the moment has come."""
        house, observer = self._house, self._observer
        if kill is Kill.HEARD:
            await self.tell(Moment.DOWN)
        observer.life += 1
        began = time.monotonic()
        async with house.life() as core:
            if kill is Kill.STARTING:
                delay = self._random.uniform(0.3, 8)
            else:
                await house.wait_until_running()
                delay = await self._approach(kill)
            await asyncio.sleep(delay)
            listened = observer.listening.is_set()
            await core.kill()
            if listened:
                # What it said with its last breath is on its way.
                await asyncio.wait_for(observer.deaf.wait(), 10)
        heard = observer.of_life(observer.life)
        death = Death(
            kill=kill,
            delay=delay,
            heard=len(heard),
            repeats=frozenset(house.unfired() & {one.id for one in heard}),
            seconds=time.monotonic() - began,
        )
        self.proof.deaths.append(death)
        return death

    async def _approach(self, kill: Kill) -> float:
        """Wait for the moment; return how long to wait beyond it."""
        if kill is Kill.HOLDING:
            return self._random.uniform(0, 5)
        if kill is Kill.HEARD:
            await self._hear(self._observer.life)
            return self._random.uniform(0, 0.01)
        if kill is Kill.WRITTEN:
            await self._caught_up()
            known = len(self._house.entries())
            if await self.tell(Moment.RUNNING):
                await self._house.wait_for_write(known, _PATIENCE)
                return self._random.uniform(0, 0.03)
        return self._random.uniform(0, 12)

    async def _hear(self, life: int) -> None:
        """Wait until something is heard in this life, if anything will be."""
        expected = len(self.proof.truths) > len({one.id for one in self.proof.heard})
        if not expected and not self._house.unfired():
            return
        async with self._observer.news:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._observer.news.wait_for(
                        lambda: self._observer.of_life(life)
                    )

    async def _caught_up(self) -> None:
        """Wait until all that the vendor knows was heard and marked."""

        async with asyncio.timeout(_PATIENCE):
            while self._house.unfired() or len(
                {one.id for one in self.proof.heard}
            ) < len(self.proof.truths):
                await asyncio.sleep(0.1)

    async def last_life(self) -> None:
        """Reload twice, once while an event is told, and let everything come."""
        house = self._house
        self._observer.life += 1
        async with house.life():
            await house.wait_until_running()
            await self.tell(Moment.DOWN, None)
            known = len(house.entries())
            if await self.tell(Moment.RUNNING, None):
                await house.wait_for_write(known, _PATIENCE)
            for _ in range(2):
                await house.reload()
                self.proof.reloads += 1
                await asyncio.sleep(self._random.uniform(0.5, 2))
            with suppress(TimeoutError):
                await self._caught_up()
            # Every vehicle is read once more, revised and re-ordered.
            enough = await house.reads() + VEHICLES
            while await house.reads() < enough:
                await asyncio.sleep(0.5)


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
    async with build_house() as house:
        await house.simulator.control("POST", "fuel", json={"own": False})
        await house.set_up()
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
            await house.vehicles(),
            now,
            before=before,
            down=down,
            running=running,
        )
        observer = Observer(house.client)
        tormentor = _Tormentor(house, observer, truths, random)
        await tormentor.tell(Moment.BEFORE, None)
        async with observer.attentive():
            for number, kill in enumerate(islice(cycle(Kill), kills), start=1):
                report(number, await tormentor.live(kill))
            await tormentor.last_life()
        return tormentor.proof
