"""FleetGO's endpoints: what is asked, and how."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from .. import parse
from ..errors import AccessDenied, InvalidResponse, Rejected
from .session import Session

# How many AVL records are asked for at once.
PAGE_SIZE: Final = 500


class FleetGoApi:
    """Reads the resources of the vendor's document; rows are returned as they come."""

    def __init__(self, session: Session) -> None:
        """Read with this session."""
        self._session = session

    async def fleet(self, group: str | None = None) -> list[object]:
        """Return the vehicles of the account, or of one equipment group.

        Source: GET /Equipment/GetFleet and /Equipment/GetEquipments.
        """
        path = "/Equipment/GetEquipments" if group else "/Equipment/GetFleet"
        data = await self._session.get(
            path, {"groupId": group or "0", "hasDeviceOnly": "false"}
        )
        # No answer at all is no empty fleet.
        if data is None:
            raise InvalidResponse(f"GET {path}: empty")
        return _rows(data, path, key="id")

    async def equipment(self, vehicle_id: str) -> object:
        """Return one vehicle. Source: GET /Equipment/GetEquipment."""
        return await self._session.get(
            "/Equipment/GetEquipment", {"equipmentId": vehicle_id}
        )

    async def administrations(self) -> list[object]:
        """Return the organisational units. Source: GET /Equipment/GetAdministrations."""
        path = "/Equipment/GetAdministrations"
        return _rows(await self._session.get(path), path, key="id")

    async def telemetry(
        self,
        administration: str,
        start: datetime,
        end: datetime,
        *,
        skip: int,
        take: int,
        newest_first: bool = False,
    ) -> list[object]:
        """Return a page of AvlDto rows by time. Source: GET /Avl/GetAvlData."""
        path = "/Avl/GetAvlData"
        data = await self._session.get(
            path,
            {
                "administrationId": administration,
                "from": utc(start),
                "to": utc(end),
                "skip": skip,
                "take": take,
                "orderDescending": "true" if newest_first else "false",
            },
        )
        return _rows(data, path, key="equipmentid")

    async def trips(
        self,
        vehicle_id: str,
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> list[object]:
        """Return RideDTO rows, with or without routes. Source: GET /Trips/GetTrips."""
        path = "/Trips/GetTrips"
        data = await self._session.get(
            path,
            {
                "equipmentId": vehicle_id,
                "from": utc(start),
                "to": utc(end),
                "extendedInfo": "true" if routes else "false",
            },
        )
        return _rows(data, path, key="distance")

    async def save_trip(self, trip: Mapping[str, object]) -> object:
        """Create a trip, or update the one with this Id. Source: POST /Trips."""
        return await self._session.post("/Trips", trip)


def is_last(rows: Sequence[object], before: Sequence[object]) -> bool:
    """Whether no page of AVL records comes after one and the one before it.

    An empty page is the end, and so is one told again. A short one may be cut: how
    many records the vendor gives at once is not published, and such a limit is a round
    number.
    """
    if not rows or rows == before:
        return True
    return len(rows) < PAGE_SIZE and len(rows) % 10 != 0


def windows(
    start: datetime, end: datetime, longest: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Cut a window into pieces that are no longer than `longest`, oldest first."""
    while end - start > longest:
        yield start, start + longest
        start += longest
    if start <= end:
        yield start, end


async def each_allowed[K, T](
    keys: Iterable[K], read: Callable[[K], Awaitable[T]]
) -> list[T]:
    """Read for each of the keys, one after another.

    What the vendor declines for some is left out; what it declines for all of
    them is raised: the account does not have it.
    """
    found: list[T] = []
    refusal: AccessDenied | Rejected | None = None
    for key in keys:
        try:
            found.append(await read(key))
        except (AccessDenied, Rejected) as err:
            refusal = err
    if refusal is not None and not found:
        raise refusal
    return found


def _rows(data: object, path: str, *, key: str) -> list[object]:
    """Return an answer's rows; the document shows a row without its array."""
    if data is None:
        return []
    if isinstance(data, list):
        return data
    if key in parse.folded(data):
        return [data]
    raise InvalidResponse(f"GET {path}: not a list")


def utc(moment: datetime) -> str:
    """Return a time as the document writes it: UTC, whole seconds, no offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
