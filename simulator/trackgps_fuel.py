"""Which fuel events TrackGPS tells of, how exactly, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from custom_components.fleet_telematics.providers.demo.records import FuelRecord
from custom_components.fleet_telematics.providers.demo.world import World

_KINDS: Final = ("refill", "theft")
_SPELLINGS: Final = (str.title, str.upper, lambda name: f"{name} ", lambda name: name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """How the vendor changes its mind from one read to the next.

    `volume` is the largest share of an amount, `seconds` the largest shift of a
    time, both to either side of the truth. `address` spells places differently,
    `shuffle` puts the rows in another order.
    """

    volume: float = 0.0
    seconds: float = 0.0
    address: bool = False
    shuffle: bool = False


class FuelBook:
    """The fuel events of a world as the vendor sees them.

    `revise` is what it changes, `delay` how long after an event it tells of it.
    With `own` off the world's own events are not told, but only those written
    into the book with `add`, whose amounts no tank limits.
    """

    def __init__(self, world: World, seed: int = 1) -> None:
        """Tell of a world's events exactly and at once."""
        self._world = world
        self._random = Random(seed)
        self._added: list[FuelRecord] = []
        self.revise = Revision()
        self.delay = timedelta()
        self.own = True

    def add(
        self, vehicle_id: int, kind: str, volume: float, time: datetime
    ) -> FuelRecord:
        """Write an event down; KeyError and ValueError where that makes no sense."""
        if kind not in _KINDS or volume <= 0:
            raise ValueError("a kind and a positive volume are expected")
        there = self._world.state(vehicle_id, time)
        tank = self._world.vehicles[vehicle_id].tank_capacity
        change = volume if kind == "refill" else -volume
        record = FuelRecord(
            record_id=len(self._added) + 1,
            vehicle_id=vehicle_id,
            kind="refill" if kind == "refill" else "theft",
            time=time,
            volume=volume,
            level_before=there.fuel_level,
            level_after=there.fuel_level + change / tank * 100,
            latitude=there.latitude,
            longitude=there.longitude,
            address=there.address,
            private=False,
        )
        self._added.append(record)
        return record

    def control_add(self, vehicle_id: int, given: Mapping[str, object]) -> FuelRecord:
        """Write down what somebody asks for at the control endpoint."""
        volume = given["volume"]
        if not isinstance(volume, (int, float)):
            raise TypeError("volume is a number of litres")
        time = datetime.fromisoformat(str(given["time"])).astimezone(UTC)
        return self.add(vehicle_id, str(given["kind"]), volume, time)

    def control_set(self, given: Mapping[str, object]) -> None:
        """Set what the control endpoint is given: revise, delay (s), own."""
        if isinstance(revise := given.get("revise"), Mapping):
            self.revise = Revision(**revise)
        if isinstance(delay := given.get("delay"), (int, float)):
            self.delay = timedelta(seconds=delay)
        self.own = bool(given.get("own", self.own))

    def records(
        self, vehicle_id: int, start: datetime, end: datetime
    ) -> list[FuelRecord]:
        """Return a vehicle's events of a window as they are told this time."""
        told_until = min(end, self._world.now() - self.delay)
        found = [
            record
            for record in self._added
            if record.vehicle_id == vehicle_id and start <= record.time <= told_until
        ]
        if self.own and start <= told_until:
            found += self._world.fuel_records(vehicle_id, start, told_until)
        return sorted(map(self._revised, found), key=lambda record: record.time)

    def arranged[T](self, rows: Sequence[T]) -> list[T]:
        """Return rows in the order they are told this time."""
        order = list(rows)
        if self.revise.shuffle:
            self._random.shuffle(order)
        return order

    def _revised(self, record: FuelRecord) -> FuelRecord:
        share, seconds = self.revise.volume, self.revise.seconds
        address = record.address
        if self.revise.address:
            spell = self._random.choice(_SPELLINGS)
            address = replace(address, street=spell(address.street))
        return replace(
            record,
            volume=record.volume * (1 + self._random.uniform(-share, share)),
            time=record.time
            + timedelta(seconds=self._random.uniform(-seconds, seconds)),
            address=address,
        )
