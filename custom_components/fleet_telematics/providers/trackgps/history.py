"""What TrackGPS tells of the past: trips, tracks and what was burnt."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

from ..errors import AccessDenied
from ..models import Position, Trip
from .access import Access
from .api import SHORTEST_STOP, TrackGpsApi, VehicleRefused
from .local_time import LocalTime
from .stops import Stop, stops
from .track import fuel_used, hidden, tells_privacy, track
from .trips import overlaps, private_spans, trips

LONGEST_LIST: Final = 10
# A drive is told by the stops at both of its ends; nobody drives for longer without
# a stop. With it on both sides of 30 days a window still is one request.
_LONGEST_DRIVE: Final = timedelta(hours=11)
# The shortest stop that the vendor knows: between two of them nobody changed from
# private to business.
_SHORTEST_STOP: Final = 1

type _Ask = Callable[[Sequence[str], str, str], Awaitable[list[object]]]


class History:
    """Cuts what is asked into what the vendor takes: ten vehicles, 31 days."""

    def __init__(self, api: TrackGpsApi, local: LocalTime, access: Access) -> None:
        """Ask with this, and keep to what is known of rights."""
        self._api = api
        self._local = local
        self._access = access
        # However many want to know of the past, one of them stands in the account's
        # line: half a minute for each, and the poll comes next.
        self._turn = asyncio.Lock()

    async def trips(
        self, vehicle_ids: Sequence[str], start: datetime, end: datetime
    ) -> tuple[Trip, ...]:
        """Return the drives that overlap a window. Source: POST stops.

        A vehicle that is not the account's is left out; AccessDenied where no other
        was asked for.
        """
        found = [
            trip
            for history in (await self._stops(vehicle_ids, start, end)).values()
            for trip in trips(history)
            if overlaps(trip, start, end)
        ]
        return tuple(sorted(found, key=lambda trip: trip.start or trip.end or start))

    async def track(
        self,
        vehicle_id: str,
        start: datetime,
        end: datetime,
        private_now: Callable[[], Awaitable[bool]],
    ) -> tuple[Position, ...]:
        """Return a vehicle's track. Source: POST way, and POST stops for privacy.

        `private_now` tells whether the vehicle is in private mode, for what came
        after its last stop. Points that tell of privacy themselves need neither.
        """
        now = datetime.now(UTC)
        points = await self._read([vehicle_id], start, min(end, now), self._api.way)
        # A month has tens of thousands of points: the event loop goes on meanwhile.
        found = await asyncio.to_thread(
            track, vehicle_id, points, self._local, start, end
        )
        if tells_privacy(points):
            return tuple(found)
        history = (
            await self._stops([vehicle_id], start, end, shortest=_SHORTEST_STOP)
        ).get(vehicle_id, [])
        spans = list(private_spans(history))
        if await private_now():
            spans.append((history[-1].start if history else None, None))
        return tuple(
            hidden(
                point,
                private=point.private
                or any(
                    (first is None or first <= point.time)
                    and (last is None or point.time <= last)
                    for first, last in spans
                ),
            )
            for point in found
        )

    async def fuel_used(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        names: Mapping[str, str],
    ) -> dict[str, float]:
        """Return litres by vehicle id. Source: POST consumption.

        `names` are vehicle ids by plate and name.
        """
        found: dict[str, float] = {}

        async def ask(listed: Sequence[str], first: str, last: str) -> list[object]:
            rows = await self._api.consumption(listed, first, last)
            for one, litres in fuel_used(rows, listed, names).items():
                found[one] = found.get(one, 0.0) + litres
            return rows

        await self._read(vehicle_ids, start, min(end, datetime.now(UTC)), ask)
        return found

    async def _stops(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        shortest: int = SHORTEST_STOP,
    ) -> dict[str, list[Stop]]:
        """Return stops around a window, also those where its drives began and ended."""

        async def ask(listed: Sequence[str], first: str, last: str) -> list[object]:
            return await self._api.stops(listed, first, last, shortest=shortest)

        last = min(end + _LONGEST_DRIVE, datetime.now(UTC))
        rows = await self._read(vehicle_ids, start - _LONGEST_DRIVE, last, ask)
        asked = set(vehicle_ids)
        # A year of ten vehicles has tens of thousands of stops.
        found = await asyncio.to_thread(stops, rows, self._local, last)
        return {one: history for one, history in found.items() if one in asked}

    async def _read(
        self, vehicle_ids: Sequence[str], start: datetime, end: datetime, ask: _Ask
    ) -> list[object]:
        """Return the rows of all vehicles and windows, the oldest window first."""
        rows: list[object] = []
        if end <= start:
            return rows
        for window in self._local.windows(start, end):
            first, last = self._local.window(*window)
            rows += await self._of_each(vehicle_ids, first, last, ask)
        return rows

    async def _of_each(
        self,
        vehicle_ids: Sequence[str],
        start: str,
        end: str,
        ask: _Ask,
    ) -> list[object]:
        """Ask in lists until every vehicle was answered for or refused alone.

        The vendor refuses a whole list for one vehicle that is not the account's:
        that costs requests, and the others nothing.
        """
        rows: list[object] = []
        answered: set[str] = set()
        left = self._allowed(vehicle_ids)
        while left:
            for part in batched(left, LONGEST_LIST, strict=False):
                for listed in self._access.lists(part):
                    try:
                        async with self._turn:
                            rows += await ask(listed, start, end)
                    except VehicleRefused:
                        self._access.refused(listed)
                        continue
                    self._access.granted(listed)
                    answered.update(listed)
            left = [one for one in self._allowed(left) if one not in answered]
        if vehicle_ids and not answered:
            raise AccessDenied("none of these vehicles is the account's")
        return rows

    def _allowed(self, vehicle_ids: Sequence[str]) -> list[str]:
        return [
            one for one in dict.fromkeys(vehicle_ids) if not self._access.denied(one)
        ]
