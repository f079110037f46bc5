"""The groups that a FleetGO account's vehicles are in."""

from collections.abc import Iterable
from contextlib import suppress

from ..errors import ProviderError
from . import mapping
from .api import FleetGoApi


class Groups:
    """Remembers every group that a vehicle of the fleet was seen in."""

    def __init__(self, api: FleetGoApi) -> None:
        """Know nothing yet."""
        self._api = api
        self._read = False
        self.known: dict[str, str] = {}

    def learn(self, rows: Iterable[object]) -> None:
        """Note the groups of the fleet's rows."""
        self.known.update(
            group for row in rows if (group := mapping.group(row)) is not None
        )

    async def read_once(self) -> None:
        """Look at the whole fleet once, for who reads one group of it.

        The other groups only matter for a choice: what fails here costs that alone.
        """
        if not self._read:
            self._read = True
            with suppress(ProviderError):
                self.learn(await self._api.fleet())
