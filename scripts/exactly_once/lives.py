"""One life of Home Assistant after another, each ended at a bad moment."""

from abc import ABC, abstractmethod
import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
import time

from .house import House
from .observer import Heard, Observer

PATIENCE = 60.0


class Kill(StrEnum):
    """When to kill."""

    STARTING = "while it starts"
    WRITTEN = "just after an event was written"
    HOLDING = "while it catches up"
    WAITING = "while a change is not confirmed"
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
class Record:
    """What was heard through all lives."""

    observer: Observer
    deaths: list[Death] = field(default_factory=list)
    reloads: int = 0

    @property
    def heard(self) -> list[Heard]:
        """What was heard, in the order of hearing."""
        return self.observer.heard

    @property
    def repeats(self) -> Counter[str]:
        """How often an event had to fire again: it was heard and not yet marked."""
        return Counter(one for death in self.deaths for one in death.repeats)

    def wrong_ids(self, known: Mapping[str, int]) -> Iterator[str]:
        """Yield what is wrong with ids, given of how many real events each is."""
        if wrong := {one for one, number in known.items() if number != 1}:
            yield f"{len(wrong)} ids stand for several events"
        times = Counter(heard.id for heard in self.heard)
        if unknown := times.keys() - known.keys():
            yield f"{len(unknown)} events were heard that did not happen"
        for one, number in times.items():
            expected = 1 + self.repeats[one]
            if number != expected:
                yield f"{one} was heard {number} times instead of {expected}"


class Tormentor(ABC):
    """Gives Home Assistant one life after another."""

    def __init__(self, house: House, record: Record, random: Random) -> None:
        """Torment the house, as chance will have it."""
        self.house = house
        self.observer = record.observer
        self.record = record
        self.random = random

    @abstractmethod
    async def prepare(self, kill: Kill) -> None:
        """Do what has to happen while Home Assistant is down."""

    @abstractmethod
    async def approach(self, kill: Kill) -> float:
        """Wait in a running Home Assistant for the moment; return how long after it."""

    async def live(self, kill: Kill) -> Death:
        """Start Home Assistant and kill it when the moment has come."""
        house, observer = self.house, self.observer
        await self.prepare(kill)
        observer.life += 1
        began = time.monotonic()
        async with house.life() as core:
            if kill is Kill.STARTING:
                delay = self.random.uniform(0.3, 8)
            else:
                await house.wait_until_running()
                delay = await self.approach(kill)
            await asyncio.sleep(delay)
            listened = observer.listening.is_set()
            await core.kill()
            if listened:
                # What it said with its last breath is on its way.
                await asyncio.wait_for(observer.deaf.wait(), 10)
        self.attend()
        heard = observer.of_life(observer.life)
        death = Death(
            kill=kill,
            delay=delay,
            heard=len(heard),
            repeats=frozenset(house.unfired() & {one.id for one in heard}),
            seconds=time.monotonic() - began,
        )
        self.record.deaths.append(death)
        return death

    def attend(self) -> None:
        """Hear what was told before anybody outside could listen."""
        self.observer.witness(self.house.witnessed())

    async def hear(self, patience: float = PATIENCE) -> None:
        """Wait until something is heard in this life."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for _ in range(50):
                if self.observer.of_life(self.observer.life):
                    return
                await asyncio.sleep(0.002)
            self.attend()

    async def reload(self) -> None:
        """Reload the account and give it some time."""
        await self.house.reload()
        self.record.reloads += 1
        await asyncio.sleep(self.random.uniform(0.5, 2))
