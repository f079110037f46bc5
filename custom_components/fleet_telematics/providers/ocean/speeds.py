"""How fast vehicles go, which Ocean only tells in its search of positions."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

from ..errors import ProviderError
from ..models import Vehicle
from .api import OceanApi
from .mapping import Speed, speeds

# An older speed says nothing. It reaches a little over the default interval, so
# that a vehicle on its way does not lose its speed between two reads.
FRESH: Final = timedelta(minutes=7)
# Servers refuse addresses of more than some 8 000 characters.
_MOST_PLATES: Final = 100


class Speeds:
    """The newest speed of each vehicle, as long as it is fresh."""

    def __init__(self, api: OceanApi) -> None:
        """Read from this account."""
        self._api = api
        self._known: dict[str, Speed] = {}

    async def read(self, vehicle_ids: Mapping[str, str]) -> None:
        """Read the speeds of some plates, each with its vehicle's id.

        Speed is an extra: where the vendor declines it, or wants a pause, the
        last ones grow old and nothing else suffers.
        """
        now = datetime.now(UTC)
        self._known = {
            key: speed for key, speed in self._known.items() if _is_fresh(speed, now)
        }
        with suppress(ProviderError):
            for plates in batched(vehicle_ids, _MOST_PLATES, strict=False):
                rows = await self._api.search_positions(plates, now - FRESH, now)
                self._known |= speeds(rows, vehicle_ids)

    def of(self, vehicle: Vehicle) -> float | None:
        """Return a vehicle's speed; one that stands since goes at none."""
        if vehicle.private_mode:
            return None
        known = self._known.get(vehicle.id)
        if vehicle.moving is False and (
            known is None
            or vehicle.last_report is None
            or known.time < vehicle.last_report
        ):
            return 0.0
        if known is None or not _is_fresh(known, datetime.now(UTC)):
            return None
        return known.value


def _is_fresh(speed: Speed, now: datetime) -> bool:
    return abs(now - speed.time) <= FRESH
