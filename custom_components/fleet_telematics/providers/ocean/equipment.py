"""Equipment that carries a tag: tools and trailers beside the vehicles."""

from dataclasses import replace
from itertools import batched
from typing import Final

from ..errors import AccessDenied, NotFound, ProviderError
from ..models import Batch, Vehicle
from . import mapping
from .api import OceanApi
from .keep import Kept

# Tags are heard when a vehicle passes by: a poll a minute would learn nothing.
_FRESH: Final = 5 * 60.0
# Servers refuse addresses of more than some 8 000 characters.
_MOST_IDS: Final = 200


class Equipment:
    """The account's equipment, as further vehicles."""

    def __init__(self, api: OceanApi) -> None:
        """Read from this account."""
        self._api = api
        self._kept = Kept(self._read, _FRESH)

    async def read(self) -> Batch:
        """Return the equipment; its failures are not the fleet's."""
        try:
            return await self._kept.get_or_last()
        except ProviderError:
            return Batch(vehicles={})

    async def _read(self) -> Batch:
        try:
            rows = await self._api.equipment()
        except AccessDenied, NotFound:
            return Batch(vehicles={}, complete=True)
        listed = mapping.fleet(rows, mapping.equipment)
        found = await self._positions(list(listed.vehicles))
        return Batch(
            vehicles={
                key: _placed(one, found[key]) if key in found else one
                for key, one in listed.vehicles.items()
            },
            complete=listed.complete,
        )

    async def _positions(self, keys: list[str]) -> dict[str, Vehicle]:
        """Return where equipment is; nothing where the vendor no longer tells."""
        found: dict[str, Vehicle] = {}
        ids = [key.removeprefix(mapping.EQUIPMENT) for key in keys]
        try:
            for part in batched(ids, _MOST_IDS, strict=False):
                rows = await self._api.equipment_positions(part)
                found |= mapping.fleet(rows, mapping.equipment_position).vehicles
        except AccessDenied, NotFound:
            return {}
        return found


def _placed(listed: Vehicle, position: Vehicle) -> Vehicle:
    return replace(
        listed,
        location=position.location,
        address=position.address,
        heading=position.heading,
        last_report=position.last_report,
        gps_fix=position.gps_fix,
    )
