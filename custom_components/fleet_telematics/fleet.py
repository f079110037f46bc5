"""What is known of every vehicle of an account, and who wants to hear of it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Final

from .const import LOGGER
from .guard import HIDDEN_IN_PRIVATE, Guard, is_ahead
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
_values: Final = attrgetter(*_FIELDS)
# What has to be worked out anew when another value changed.
_DEPENDING: Final = {
    "private_mode": HIDDEN_IN_PRIVATE,
    "fuel_level": frozenset({"fuel_volume"}),
    "tank_capacity": frozenset({"fuel_volume"}),
}
_HIDDEN: Final = dict.fromkeys(HIDDEN_IN_PRIVATE)


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
        # The readings that the guard has judged for good, by source and vehicle.
        self._admitted: dict[tuple[str, str], Vehicle] = {}
        # The values that changed since the listeners were told, by vehicle.
        self._changes: dict[str, set[str]] = {}
        self._vehicle_listeners: dict[str, dict[str, list[Callable[[], None]]]] = {}
        # Who may have a value for the first time, or left.
        self._appeared: set[str] = set()
        self._fleet_listeners: list[Callable[[Collection[str]], None]] = []
        self._appearance_listeners: list[Callable[[Collection[str]], None]] = []
        self._total_listeners: list[Callable[[], None]] = []

    def listen(
        self, vehicle_id: str, key: str, listener: Callable[[], None]
    ) -> Unsubscribe:
        """Call the listener when this value of a vehicle changed, or may be shown."""
        by_key = self._vehicle_listeners.setdefault(vehicle_id, {})
        listeners = by_key.setdefault(key, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def listen_all(self, listener: Callable[[Collection[str]], None]) -> Unsubscribe:
        """Call the listener with the ids of the vehicles that changed or left."""
        self._fleet_listeners.append(listener)
        return lambda: self._fleet_listeners.remove(listener)

    def listen_appearances(
        self, listener: Callable[[Collection[str]], None]
    ) -> Unsubscribe:
        """Call the listener with the ids of vehicles that have more values, or left."""
        self._appearance_listeners.append(listener)
        return lambda: self._appearance_listeners.remove(listener)

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
            if self.knows(source, vehicle):
                continue
            parts = self._parts.setdefault(vehicle.id, {})
            previous = parts.get(source)
            part = self.guard.admit(source, vehicle, previous, now)
            # Of a time that is believed the guard says the same again.
            if vehicle.last_report is not None and not is_ahead(vehicle, now):
                self._admitted[source, vehicle.id] = vehicle
            else:
                self._admitted.pop((source, vehicle.id), None)
            told = _FIELDS if previous is None else _differing(part, previous)
            if not told:
                continue
            shown = self._showable(vehicle.id)
            parts[source] = part
            if (
                self._merge(vehicle.id, parts, told)
                or self._showable(vehicle.id) != shown
            ):
                changed.append(vehicle.id)
        return changed

    def knows(self, source: str, vehicle: Vehicle) -> bool:
        """Whether this very reading was the last one its source told."""
        return self._admitted.get((source, vehicle.id)) is vehicle

    def remove(self, vehicle_id: str) -> None:
        """Forget a vehicle; its entities become unavailable.

        What the user told of it is kept: it may come back.
        """
        parts = self._parts.pop(vehicle_id, {})
        if USER in parts:
            self._parts[vehicle_id] = {USER: parts[USER]}
        self.names.pop(vehicle_id, None)
        self.guard.forget(vehicle_id)
        self._changes.pop(vehicle_id, None)
        for key in [key for key in self._admitted if key[1] == vehicle_id]:
            del self._admitted[key]
        if self.vehicles.pop(vehicle_id, None) is not None:
            self.announce([vehicle_id])
            self.announce_totals()

    def announce(self, vehicle_ids: Collection[str]) -> None:
        """Tell the listeners of these vehicles."""
        if not vehicle_ids:
            return
        appeared = [
            one
            for one in vehicle_ids
            if one in self._appeared or one not in self._changes
        ]
        self._appeared.difference_update(appeared)
        if appeared:
            tell(self._appearance_listeners, appeared)
        tell(self._fleet_listeners, vehicle_ids)
        for vehicle_id in vehicle_ids:
            by_key = self._vehicle_listeners.get(vehicle_id, {})
            keys = self._changes.pop(vehicle_id, None)
            # Whether a value may be shown depends on more than the value.
            if keys is None or self._failed or "private_mode" in keys:
                keys = set(by_key)
            for key in keys:
                if key in by_key:
                    tell(by_key[key])

    def announce_totals(self) -> None:
        """Tell who counts the fleet that a round of changes is complete."""
        tell(self._total_listeners)

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

    def _showable(self, vehicle_id: str) -> list[str]:
        """Return which of the values that somebody shows may be, while a source fails.

        The same value may come from another source than before.
        """
        if not self._failed:
            return []
        by_key = self._vehicle_listeners.get(vehicle_id, {})
        return [key for key in by_key if self.available(vehicle_id, key)]

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

    def _merge(
        self, vehicle_id: str, parts: Mapping[str, Vehicle], told: Sequence[str]
    ) -> bool:
        """Put a vehicle together again where a source tells something else than before.

        Returns whether the vehicle changed. With all vehicles at every poll, so it
        has to be quick: what no source told anew stays.
        """
        known = self.vehicles.get(vehicle_id)
        ordered = [parts[source] for source in _ORDER if source in parts]
        names = set(_FIELDS if known is None else told)
        for name, depending in _DEPENDING.items():
            if name in names:
                names |= depending
        values: dict[str, object] = {name: _first_told(ordered, name) for name in names}
        whole = values if known is None else _as_dict(known) | values
        if "odometer" in names:
            whole["odometer"] = _odometer(
                ordered, None if known is None else known.odometer
            )
        if not self.expose_drivers:
            whole["driver"] = None
        if whole["private_mode"]:
            whole.update(_HIDDEN)
        if "fuel_volume" in names and whole["fuel_volume"] is None:
            whole["fuel_volume"] = _litres(whole["fuel_level"], whole["tank_capacity"])
        if known is not None:
            differing = {name for name in names if getattr(known, name) != whole[name]}
            if not differing:
                return False
            self._changes.setdefault(vehicle_id, set()).update(differing)
            if any(getattr(known, name) is None for name in differing):
                self._appeared.add(vehicle_id)
        self.vehicles[vehicle_id] = Vehicle(id=vehicle_id, **whole)  # type: ignore[arg-type]
        return True


def tell[*Args](listeners: Sequence[Callable[[*Args], None]], *args: *Args) -> None:
    """Call the listeners; one that fails neither silences the others nor the read."""
    for listener in list(listeners):
        try:
            listener(*args)
        except Exception:  # noqa: BLE001 - whatever it is, it is that listener's alone
            LOGGER.exception("A listener failed to take note of a change")


def _as_dict(vehicle: Vehicle) -> dict[str, object]:
    return dict(zip(_FIELDS, _values(vehicle), strict=True))


def _differing(vehicle: Vehicle, other: Vehicle) -> list[str]:
    """Return the names of the values that are not the same."""
    return [
        name
        for name, value, known in zip(
            _FIELDS, _values(vehicle), _values(other), strict=True
        )
        if value is not known and value != known
    ]


def _first_told(parts: Sequence[Vehicle], name: str) -> object:
    """Return a value of the first part that has it."""
    for part in parts:
        if (value := getattr(part, name)) is not None:
            return value
    return None


def _odometer(parts: Sequence[Vehicle], shown: float | None) -> float | None:
    """Return the newest reading of the odometer that the first source tells.

    Another source may be finer, or count something else altogether: one that is
    far off is left aside, so that two counters never take turns. Of the same counter
    what was shown is not taken back when the source that was ahead falls silent.
    """
    readings = [part.odometer for part in parts if part.odometer is not None]
    if not readings:
        return None
    newest = max(one for one in readings if abs(one - readings[0]) <= _SAME_ODOMETER)
    if shown is not None and 0 < shown - newest <= 2 * _SAME_ODOMETER:
        return shown
    return newest


def _litres(level: object, capacity: object) -> float | None:
    """Return the litres in the tank, where level and tank tell them."""
    if isinstance(level, float) and isinstance(capacity, float):
        return round(level * capacity / 100, 1)
    return None
