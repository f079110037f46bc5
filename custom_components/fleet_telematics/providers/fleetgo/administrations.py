"""FleetGO's administrations, and which vehicle belongs to which."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from . import mapping
from .api import FleetGoApi

_LAST: Final = timedelta(days=1)


class Administrations:
    """Lists the account's administrations; remembers where vehicles were seen.

    The vendor's fleet does not say what administration a vehicle is in: its AVL
    records do.
    """

    def __init__(self, api: FleetGoApi, now: Callable[[], datetime]) -> None:
        """Know nothing yet."""
        self._api = api
        self._now = now
        self._known: dict[str, str | None] = {}
        self._known_until: datetime | None = None
        self._homes: dict[str, str] = {}

    async def all(self) -> Sequence[str]:
        """Return every administration's id, asked once a day."""
        return list(await self._read())

    async def names(self) -> tuple[str, ...]:
        """Return the administrations' names, those that have one, in their order."""
        return tuple(name for name in (await self._read()).values() if name)

    async def _read(self) -> Mapping[str, str | None]:
        """Return the administrations' names by id."""
        now = self._now()
        if self._known_until is None or now >= self._known_until:
            rows = await self._api.administrations()
            found = (mapping.administration(row) for row in rows)
            self._known = dict(one for one in found if one is not None)
            self._known_until = now + _LAST
        return self._known

    def seen(self, vehicle_id: str, administration: str) -> None:
        """Note that an administration told of a vehicle."""
        self._homes[vehicle_id] = administration

    def home(self, vehicle_id: str) -> str | None:
        """Return the administration that told of a vehicle last."""
        return self._homes.get(vehicle_id)
