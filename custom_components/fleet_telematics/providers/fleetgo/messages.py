"""What the events of FleetGO's stream say of the fleet."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
import json
import re
from typing import Final

from .. import parse
from ..events import ServerEvent
from ..models import Batch, Vehicle
from . import mapping, values

# What messages renew of a fleet's row. A drive's own values and its places are
# only taken from a message that says whether the drive is private.
_OPEN_KEYS: Final = (
    "enginecoolanttemperature",
    "enginerunning",
    "fuellevelpercentage",
    "odometer",
    "powervoltage",
    "privatemode",
)
_DRIVE_KEYS: Final = ("angle", "isstationary", "speed")
_PLACE_KEYS: Final = ("latitude", "longitude", "altitude")

type Row = Mapping[str, object]


class Messages:
    """Reads events, with the fleet's rows at hand.

    A message may be a vehicle's whole row or some of its values: those renew the
    row that was known, so that a vehicle is never told of in part. `last_message`
    is the id of the newest one, None before the first.
    """

    def __init__(
        self,
        group: str | None,
        now: Callable[[], datetime],
        loads: Callable[[bytes], object] = json.loads,
    ) -> None:
        """Read of the vehicles of a group; None is all of them."""
        self.last_message: str | None = None
        self._group = group
        self._now = now
        self._loads = loads
        self._rows: dict[str, Row] = {}

    def know(self, rows: Iterable[object]) -> None:
        """Take the fleet's rows as the poll read them."""
        for value in rows:
            row = parse.folded(value)
            if (vehicle_id := values.vehicle_id(row.get("id"))) is not None:
                self._rows[vehicle_id] = row

    def take(self, event: ServerEvent) -> Batch | None:
        """Return what an event tells; None for a heartbeat, and for noise."""
        data = self._json(event.data.encode(errors="replace"))
        if event.id:
            self.last_message = event.id
        if not isinstance(data, (list, Mapping)):
            return None
        vehicles: dict[str, Vehicle] = {}
        now = self._now()
        for one in parse.records(data if isinstance(data, list) else [data]):
            row = self._renewed(parse.folded(one))
            vehicle = None if row is None else mapping.vehicle(row, now=now)
            if vehicle is not None:
                vehicles[vehicle.id] = vehicle
        return Batch(vehicles=vehicles) if vehicles else None

    def _json(self, text: bytes) -> object:
        """Return an event's JSON; None for what is none, as a bare heartbeat."""
        # One NaN must not cost an event: strict readers refuse it.
        for loads in (self._loads, json.loads):
            with suppress(ValueError, RecursionError):
                return loads(text)
        return None

    def _renewed(self, told: Row) -> Row | None:
        """Return the row of the vehicle that a message is about, as it is now."""
        message = parse.identifier(told.get("messageid"))
        if message is not None:
            self.last_message = message
        vehicle_id = values.vehicle_id(told.get("equipmentid"))
        if vehicle_id is None:
            vehicle_id = values.vehicle_id(told.get("id"))
            if vehicle_id is None or not self._is_listed(told):
                return None
            row: Row = {**self._rows.get(vehicle_id, {}), **told}
        else:
            known = self._rows.get(vehicle_id)
            # Whose vehicle it is, and in which group, the poll will say.
            if known is None:
                return None
            row = renewed(known, told)
        self._rows[vehicle_id] = row
        return row

    def _is_listed(self, row: Row) -> bool:
        """Whether a vehicle's row is of the chosen group, as far as it says."""
        group = mapping.group(row)
        return self._group is None or group is None or group[0] == self._group


def renewed(known: Row, told: Row) -> Row:
    """Return a fleet's row with what a message tells of its vehicle.

    The values are the message's own, as in AvlDto, or in its `Signals`. A message
    from before the row's fix changes nothing. Both have folded keys.
    """
    said = {
        key: value
        for key, value in {**told, **_signals(told.get("signals"))}.items()
        if value is not None
    }
    time = parse.moment(said.get("timestamp"))
    place = parse.folded(known.get("location"))
    fixed = parse.moment(place.get("datetime"))
    if time is not None and fixed is not None and time < fixed:
        return known
    row = {**known, **_picked(said, _OPEN_KEYS)}
    driver = parse.identifier(said.get("driverid"))
    if driver is not None and driver != parse.identifier(known.get("driverid")):
        row |= {"driverid": driver, "drivername": said.get("drivername")}
    if time is None or parse.flag(said.get("privatemode")) is None:
        return row
    if "speed" in said:
        # Standing still wins over a speed, and this is of an earlier moment.
        row["isstationary"] = None
    row |= _picked(said, _DRIVE_KEYS)
    if parse.coordinates(said.get("latitude"), said.get("longitude")) is not None:
        row["location"] = {
            **place,
            **_picked(said, _PLACE_KEYS),
            "datetime": said["timestamp"],
        }
        # The one that is known is of the place before.
        row["address"] = said.get("address")
    return row


def _picked(said: Row, keys: Iterable[str]) -> Row:
    return {key: said[key] for key in keys if key in said}


def _signals(value: object) -> Row:
    """Return a message's signals by name; their shape is not published."""
    found: dict[str, object] = {}
    for one in parse.records(value):
        signal = parse.folded(one)
        name = parse.first(
            parse.text(signal.get(key))
            for key in ("name", "signalname", "signal", "type", "key", "code")
        )
        if name is not None:
            found[re.sub(r"[\W_]", "", name).lower()] = signal.get("value")
    return found
