"""What may enter the fleet: newer, plausible, and not private."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .providers.models import Vehicle

_FUTURE: Final = timedelta(minutes=10)
_FASTEST: Final = 250.0
# Two sources of one odometer round differently.
_ROUNDING: Final = 1.0

# What a vehicle in private mode does not tell.
HIDDEN_IN_PRIVATE: Final = frozenset(
    {"location", "address", "speed", "heading", "altitude"}
)


def hide_private(vehicle: Vehicle) -> Vehicle:
    """Return the vehicle without what its private mode hides."""
    if not vehicle.private_mode:
        return vehicle
    return replace(
        vehicle, location=None, address=None, speed=None, heading=None, altitude=None
    )


class Guard:
    """Judges each reading against the ones before it.

    What it turns down is counted in `rejected`, by reason, and not logged: a
    broken tracker would write a line at every poll.
    """

    def __init__(self) -> None:
        """Start without a memory: the first reading of a vehicle is believed."""
        self.rejected: Counter[str] = Counter()
        self._newest: dict[tuple[str, str], datetime] = {}
        self._odometers: dict[str, tuple[float, datetime]] = {}

    def admit(
        self, feed: str, vehicle: Vehicle, previous: Vehicle | None, now: datetime
    ) -> Vehicle:
        """Return what to keep of a feed's new reading of a vehicle.

        `previous` is what the same feed told before.
        """
        vehicle = hide_private(vehicle)
        if vehicle.last_report is not None and vehicle.last_report > now + _FUTURE:
            self.rejected["future"] += 1
            vehicle = replace(vehicle, last_report=None)
        if self._is_stale(feed, vehicle):
            self.rejected["stale"] += 1
            # Privacy goes before order: a late word of it still hides.
            if previous is None or vehicle.private_mode:
                return vehicle
            return previous
        return self._with_plausible_odometer(vehicle, now)

    def forget(self, vehicle_id: str) -> None:
        """Drop the memory of a vehicle that left the fleet."""
        self._odometers.pop(vehicle_id, None)
        for key in [key for key in self._newest if key[1] == vehicle_id]:
            del self._newest[key]

    def _is_stale(self, feed: str, vehicle: Vehicle) -> bool:
        if vehicle.last_report is None:
            return False
        key = (feed, vehicle.id)
        newest = self._newest.get(key)
        if newest is not None and vehicle.last_report < newest:
            return True
        self._newest[key] = vehicle.last_report
        return False

    def _with_plausible_odometer(self, vehicle: Vehicle, now: datetime) -> Vehicle:
        """Return the vehicle with an odometer that never falls and never leaps."""
        if vehicle.odometer is None:
            return vehicle
        at = vehicle.last_report or now
        known = self._odometers.get(vehicle.id)
        if known is not None:
            value, since = known
            hours = max(0.0, (at - since).total_seconds() / 3600)
            if vehicle.odometer > value + _FASTEST * hours + _ROUNDING:
                self.rejected["odometer_leap"] += 1
                return replace(vehicle, odometer=value)
            if vehicle.odometer < value:
                if vehicle.odometer < value - _ROUNDING:
                    self.rejected["odometer_fall"] += 1
                return replace(vehicle, odometer=value)
            at = max(at, since)
        self._odometers[vehicle.id] = (vehicle.odometer, at)
        return vehicle
