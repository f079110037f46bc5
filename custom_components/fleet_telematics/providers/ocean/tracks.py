"""Where Ocean's vehicles were, which it tells for the last two months."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from .. import parse
from ..errors import NotSent, RateLimited
from ..models import Position
from . import mapping
from .api import OceanApi

# The longest that two months are; whether the last of these days is told the
# vendor decides.
_KEPT: Final = timedelta(days=62)
# A vehicle reports every minute at most: a day is an answer of some hundred kB.
_PART: Final = timedelta(days=1)
# The search has a limit of its own. A pause that the queue waits out anyway is no
# reason to lose the days that were read before it.
_SHORT_PAUSE: Final = 60.0
_TRIES: Final = 3


class Tracks:
    """Tracks of the past, a day a request."""

    def __init__(self, api: OceanApi) -> None:
        """Read from this account."""
        self._api = api

    async def read(
        self,
        vehicle_id: str,
        plate: str,
        start: datetime,
        end: datetime,
        *,
        fleet: Collection[str] = (),
        may_be_private: bool = False,
    ) -> tuple[Position, ...]:
        """Return where a vehicle was between two times, oldest first.

        `fleet` are the ids of all vehicles. Where this one may be private, only a
        known state says that it was not. Raises NotSent for times that the vendor
        no longer tells of.
        """
        if start < datetime.now(UTC) - _KEPT:
            raise NotSent(
                "GET /positions/search: not sent",
                reason="it tells no positions older than two months",
            )
        found: dict[datetime, Position] = {}
        for first, last in _parts(start, end):
            rows = await self._search(plate, first, last)
            found |= {
                one.time: one
                for one in positions(
                    rows,
                    vehicle_id,
                    plate,
                    fleet=fleet,
                    may_be_private=may_be_private,
                )
                if start <= one.time <= end
            }
        return tuple(found[time] for time in sorted(found))

    async def _search(self, plate: str, start: datetime, end: datetime) -> list[object]:
        for _ in range(_TRIES - 1):
            try:
                return await self._api.search_positions([plate], start, end)
            except RateLimited as err:
                if err.retry_after > _SHORT_PAUSE:
                    raise
        return await self._api.search_positions([plate], start, end)


def positions(
    rows: Iterable[object],
    vehicle_id: str,
    plate: str,
    *,
    fleet: Collection[str] = (),
    may_be_private: bool = False,
) -> list[Position]:
    """Read what positions/search tells of one vehicle.

    Plates move from one vehicle to the next: the id decides where it is known, and
    another one of the fleet's is never this vehicle.
    """
    found = [parse.mapping(row) for row in rows]
    mine = [row for row in found if _about(row, "idVehicule") == vehicle_id] or [
        row
        for row in found
        if _about(row, "immatriculation") == plate
        and _about(row, "idVehicule") not in fleet
    ]
    return [
        position
        for row in mine
        for value in parse.records(row.get("positions"))
        if (position := _position(value, may_be_private)) is not None
    ]


def _about(row: Mapping[str, object], key: str) -> str | None:
    return parse.identifier(parse.mapping(row.get("vehicle")).get(key))


def _position(value: Mapping[str, object], may_be_private: bool) -> Position | None:
    """Read a position; of a private one only when it was and that it was private."""
    time = parse.first(parse.moment(value.get(key)) for key in ("timestamp", "date"))
    if time is None:
        return None
    state = mapping.state(value.get("etat"))
    if may_be_private if state.private is None else state.private:
        return Position(time=time, private=True)
    return Position(
        time=time,
        location=mapping.coordinates(value),
        speed=parse.number(value.get("vitesseKmh"), low=0, high=400),
        heading=parse.number(value.get("cap"), low=0, high=360),
        engine=state.engine,
    )


def _parts(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start <= end:
        yield start, min(start + _PART, end)
        start += _PART
        if start == end:
            return
