"""Follows the tracked users: a whole read now and then, what is new in between."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

from ..errors import InvalidResponse, NotFound
from ..models import Batch, Vehicle
from . import mapping
from .api import FleetworkApi
from .mapping import Sighting
from .paging import read_all

# The vendor tells a lost signal by the status of a row that is updated no more:
# what is new never shows it, nor a user who left. With a poll every half minute
# they are seen within ten minutes.
WHOLE_EVERY: Final = timedelta(minutes=9, seconds=30)
# Up to here a whole read is one short answer, and sees both at once.
SMALL: Final = 100
# Rows go by the trackers' own times, and reports arrive late.
OVERLAP: Final = timedelta(minutes=5)
# So many rows are read before the event loop has its turn.
_SLICE: Final = 100


def _utcnow() -> datetime:
    return datetime.now(UTC)


class Tracking:
    """What is known of the account's vehicles."""

    def __init__(
        self, api: FleetworkApi, now: Callable[[], datetime] = _utcnow
    ) -> None:
        """Know nothing yet."""
        self._api = api
        self._now = now
        self._known: dict[str, Sighting] = {}
        self._whole_at: datetime | None = None

    async def read(self) -> Batch:
        """Return every vehicle, after a read of all rows or of the new ones."""
        now = self._now()
        since = self._new_since(now)
        listing = await read_all(
            lambda page: self._api.tracked(page, since=since), mapping.row_key
        )
        if since is None and not (listing.rows or listing.complete):
            raise InvalidResponse("tracked users: none with an id")
        # An empty list is more likely a fault than a fleet that left.
        whole = since is None and listing.complete and bool(listing.rows)
        sightings = await _sightings(listing.rows)
        known = {} if whole else dict(self._known)
        for sighting in sightings:
            self._note(known, sighting)
        if since is None:
            self._whole_at = now
        self._known = known
        return Batch(
            vehicles={one: mapping.shown(sighting) for one, sighting in known.items()},
            complete=whole,
        )

    async def read_one(self, vehicle_id: str) -> Vehicle | None:
        """Return a vehicle after a read of its own, None where that tells nothing."""
        kind, identifier = mapping.kind_and_id(vehicle_id)
        try:
            answer = await self._api.latest(kind, identifier)
        except NotFound:
            return None
        sighting = mapping.latest(vehicle_id, answer, self._known.get(vehicle_id))
        if sighting is None:
            return None
        self._note(self._known, sighting)
        return self._known[vehicle_id].vehicle

    def knows(self, vehicle_id: str) -> bool:
        """Whether a vehicle has been told of."""
        return vehicle_id in self._known

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been told yet."""
        return not self._known

    def by_user(self) -> dict[str, str]:
        """Return each user's vehicle: the one that was seen with the user last."""
        ordered = sorted(self._known.values(), key=lambda sighting: sighting.time)
        return {
            sighting.user: sighting.vehicle.id
            for sighting in ordered
            if sighting.user is not None
        }

    def _note(self, known: dict[str, Sighting], sighting: Sighting) -> None:
        """Keep the newest sighting of a vehicle, whoever it was with."""
        vehicle_id = sighting.vehicle.id
        held = known.get(vehicle_id)
        if held is None or sighting.time >= held.time:
            known[vehicle_id] = sighting.named_like(self._known.get(vehicle_id))

    def _new_since(self, now: datetime) -> datetime | None:
        """Return from when on rows are new; None to read all of them.

        A tracker whose clock is ahead must not hide what the others report.
        """
        if len(self._known) <= SMALL or self._whole_at is None:
            return None
        # Either way: clocks are also set back.
        if abs(now - self._whole_at) >= WHOLE_EVERY:
            return None
        times = (
            time
            for sighting in self._known.values()
            if (time := sighting.vehicle.last_report) is not None and time <= now
        )
        newest = max(times, default=None)
        return None if newest is None else newest - OVERLAP


async def _sightings(rows: list[object]) -> list[Sighting]:
    found: list[Sighting] = []
    for part in batched(rows, _SLICE, strict=False):
        found.extend(
            sighting for row in part if (sighting := mapping.tracked(row)) is not None
        )
        await asyncio.sleep(0)
    return found
