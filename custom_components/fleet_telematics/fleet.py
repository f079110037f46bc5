"""What is known of every vehicle of an account, and who wants to hear of it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Final

from .guard import HIDDEN_IN_PRIVATE, Guard, hide_private
from .providers.base import Feed
from .providers.models import Vehicle

type Unsubscribe = Callable[[], None]

# Sources beside the vendor's feeds: our own memory on disk, and the user.
LEDGER: Final = "ledger"
USER: Final = "user"

# Two sources of one odometer differ by what is driven between their readings.
_SAME_ODOMETER: Final = 5.0

# For a value that several sources tell, the first one that has it is believed.
_ORDER: Final = (Feed.POSITIONS, Feed.DETAILS, Feed.TRIPS, Feed.FUEL, LEDGER, USER)
_FIELDS: Final = tuple(field.name for field in fields(Vehicle) if field.name != "id")


class Fleet:
    """The vehicles, merged from what each source tells of them.

    Every source keeps its own part of a vehicle, so that the failure of one
    leaves the values of the others as they are.
    """

    def __init__(
        self, *, include: Collection[str] = (), expose_drivers: bool = False
    ) -> None:
        """Start empty; `include` limits the vehicles, empty is all of them."""
        self.vehicles: dict[str, Vehicle] = {}
        self.names: dict[str, str] = {}
        self.guard = Guard()
        self._include = frozenset(include)
        self.expose_drivers = expose_drivers
        self._parts: dict[str, dict[str, Vehicle]] = {}
        self._failed: set[str] = set()
        self._vehicle_listeners: dict[str, list[Callable[[], None]]] = {}
        self._fleet_listeners: list[Callable[[Collection[str]], None]] = []
        self._total_listeners: list[Callable[[], None]] = []

    def listen(self, vehicle_id: str, listener: Callable[[], None]) -> Unsubscribe:
        """Call the listener when this vehicle changed."""
        listeners = self._vehicle_listeners.setdefault(vehicle_id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def listen_all(self, listener: Callable[[Collection[str]], None]) -> Unsubscribe:
        """Call the listener with the ids of the vehicles that changed or left."""
        self._fleet_listeners.append(listener)
        return lambda: self._fleet_listeners.remove(listener)

    def listen_totals(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call the listener once after all changes of a read, or of availability."""
        self._total_listeners.append(listener)
        return lambda: self._total_listeners.remove(listener)

    def wanted(self, vehicle_id: str) -> bool:
        """Whether the user included the vehicle."""
        return not self._include or vehicle_id in self._include

    def apply(
        self, source: str, vehicles: Iterable[Vehicle], now: datetime
    ) -> list[str]:
        """Take a source's new readings; return the ids of the vehicles that changed.

        Listeners are told by `announce`, so that the caller can do so in slices.
        Only positions make a vehicle known: the other sources speak of vehicles
        that are there.
        """
        changed: list[str] = []
        for vehicle in vehicles:
            if source == Feed.POSITIONS:
                self.names[vehicle.id] = vehicle.name or vehicle.id
                if not self.wanted(vehicle.id):
                    continue
            elif vehicle.id not in self.vehicles:
                continue
            parts = self._parts.setdefault(vehicle.id, {})
            previous = parts.get(source)
            if not self.expose_drivers and vehicle.driver is not None:
                vehicle = replace(vehicle, driver=None)
            part = self.guard.admit(source, vehicle, previous, now)
            if part == previous:
                continue
            parts[source] = part
            merged = _merge(vehicle.id, parts)
            if merged != self.vehicles.get(vehicle.id):
                self.vehicles[vehicle.id] = merged
                changed.append(vehicle.id)
        return changed

    def remove(self, vehicle_id: str) -> None:
        """Forget a vehicle; its entities become unavailable.

        What the user told of it is kept: it may come back.
        """
        parts = self._parts.pop(vehicle_id, {})
        if USER in parts:
            self._parts[vehicle_id] = {USER: parts[USER]}
        self.names.pop(vehicle_id, None)
        self.guard.forget(vehicle_id)
        if self.vehicles.pop(vehicle_id, None) is not None:
            self.announce([vehicle_id])
            self.announce_totals()

    def announce(self, vehicle_ids: Collection[str]) -> None:
        """Tell the listeners of these vehicles."""
        if not vehicle_ids:
            return
        for fleet_listener in list(self._fleet_listeners):
            fleet_listener(vehicle_ids)
        for vehicle_id in vehicle_ids:
            for listener in list(self._vehicle_listeners.get(vehicle_id, ())):
                listener()

    def announce_totals(self) -> None:
        """Tell who counts the fleet that a round of changes is complete."""
        for listener in list(self._total_listeners):
            listener()

    def set_failed(self, source: str, failed: bool) -> bool:
        """Note whether a source's last read failed; return whether that is news."""
        if failed == (source in self._failed):
            return False
        if failed:
            self._failed.add(source)
        else:
            self._failed.discard(source)
        return True

    def available(self, vehicle_id: str, key: str) -> bool:
        """Whether the source of a vehicle's value works and may be shown."""
        vehicle = self.vehicles.get(vehicle_id)
        if vehicle is None or (vehicle.private_mode and key in HIDDEN_IN_PRIVATE):
            return False
        return not self._failed or self._origin(vehicle_id, key) not in self._failed

    @property
    def reachable(self) -> bool:
        """Whether the last read of the positions worked."""
        return Feed.POSITIONS not in self._failed

    def _origin(self, vehicle_id: str, key: str) -> str:
        parts = self._parts[vehicle_id]
        return next(
            (
                source
                for source in _ORDER
                if source in parts and getattr(parts[source], key, None) is not None
            ),
            Feed.POSITIONS,
        )


def _merge(vehicle_id: str, parts: Mapping[str, Vehicle]) -> Vehicle:
    """Return one vehicle from the parts, with what follows from several of them."""
    ordered = [parts[source] for source in _ORDER if source in parts]
    if len(ordered) == 1:
        merged = ordered[0]
    else:
        values: dict[str, object] = {}
        for name in _FIELDS:
            for part in ordered:
                if (value := getattr(part, name)) is not None:
                    values[name] = value
                    break
        values["odometer"] = _odometer(ordered)
        merged = Vehicle(id=vehicle_id, **values)  # type: ignore[arg-type]
    return hide_private(_with_fuel_volume(merged))


def _odometer(parts: Sequence[Vehicle]) -> float | None:
    """Return the newest reading of the odometer that the first source tells.

    Another source may be finer, or count something else altogether: one that is
    far off is left aside, so that two counters never take turns.
    """
    readings = [part.odometer for part in parts if part.odometer is not None]
    return max(
        (one for one in readings if abs(one - readings[0]) <= _SAME_ODOMETER),
        default=None,
    )


def _with_fuel_volume(vehicle: Vehicle) -> Vehicle:
    """Return the vehicle with litres, where level and tank tell them."""
    if (
        vehicle.fuel_volume is not None
        or vehicle.fuel_level is None
        or vehicle.tank_capacity is None
    ):
        return vehicle
    volume = vehicle.fuel_level * vehicle.tank_capacity / 100
    return replace(vehicle, fuel_volume=round(volume, 1))
