"""What may enter the fleet: newer, plausible, and not private."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from .providers.models import Vehicle

_FUTURE: Final = timedelta(minutes=10)
_FASTEST: Final = 250.0
# A vendor may round differently from one answer to the next.
_ROUNDING: Final = 1.0

# What a vehicle in private mode does not tell.
HIDDEN_IN_PRIVATE: Final = frozenset(
    {"location", "address", "speed", "heading", "altitude"}
)


_hidden: Final = attrgetter(*HIDDEN_IN_PRIVATE)
_NOTHING: Final = (None,) * len(HIDDEN_IN_PRIVATE)


def hide_private(vehicle: Vehicle) -> Vehicle:
    """Return the vehicle without what its private mode hides."""
    if not vehicle.private_mode or _hidden(vehicle) == _NOTHING:
        return vehicle
    return replace(
        vehicle, location=None, address=None, speed=None, heading=None, altitude=None
    )


def is_ahead(vehicle: Vehicle, now: datetime) -> bool:
    """Whether a vehicle's time is further ahead than clocks go wrong."""
    return vehicle.last_report is not None and vehicle.last_report > now + _FUTURE


class Guard:
    """Judges each reading against the ones before it.

    What it turns down is counted in `rejected`, by reason, and not logged: a
    broken tracker would write a line at every poll.
    """

    def __init__(self) -> None:
        """Start without a memory: the first reading of a vehicle is believed."""
        self.rejected: Counter[str] = Counter()
        self._newest: dict[tuple[str, str], datetime] = {}
        self._odometers: dict[tuple[str, str], tuple[float, datetime]] = {}

    def admit(
        self, feed: str, vehicle: Vehicle, previous: Vehicle | None, now: datetime
    ) -> Vehicle:
        """Return what to keep of a feed's new reading of a vehicle.

        `previous` is what the same feed told before.
        """
        if vehicle.private_mode is None and previous and previous.private_mode:
            # A flag that cannot be read does not give a private vehicle away.
            vehicle = replace(vehicle, private_mode=True)
        vehicle = hide_private(vehicle)
        ahead = is_ahead(vehicle, now)
        if ahead:
            self.rejected["future"] += 1
            vehicle = replace(vehicle, last_report=None)
        if self._is_stale(feed, vehicle):
            self.rejected["stale"] += 1
            if previous is None:
                return vehicle
            # Privacy goes before order: a late word of it still hides.
            if vehicle.private_mode:
                return hide_private(
                    replace(previous, private_mode=True, status=vehicle.status)
                )
            return previous
        admitted = self._with_plausible_odometer(feed, vehicle, now)
        if ahead and previous is not None:
            # Or the older time of another feed would be shown.
            admitted = replace(admitted, last_report=previous.last_report)
        return admitted

    def forget(self, vehicle_id: str) -> None:
        """Drop the memory of a vehicle that left the fleet."""
        for memory in (self._odometers, self._newest):
            for key in [key for key in memory if key[1] == vehicle_id]:
                del memory[key]

    def _is_stale(self, feed: str, vehicle: Vehicle) -> bool:
        if vehicle.last_report is None:
            return False
        key = (feed, vehicle.id)
        newest = self._newest.get(key)
        if newest is not None and vehicle.last_report < newest:
            return True
        self._newest[key] = vehicle.last_report
        return False

    def _with_plausible_odometer(
        self, feed: str, vehicle: Vehicle, now: datetime
    ) -> Vehicle:
        """Return the vehicle with an odometer that never falls and never leaps."""
        if vehicle.odometer is None:
            return vehicle
        at = vehicle.last_report or now
        key = (feed, vehicle.id)
        known = self._odometers.get(key)
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
        self._odometers[key] = (vehicle.odometer, at)
        return vehicle
