"""Fleetwork's JSON, read into models. Nothing here raises on vendor data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import json
from typing import Final, NamedTuple

from .. import parse
from ..models import FleetFigures, Position, Status, Vehicle
from .times import ZONE


class _State(NamedTuple):
    """What a status code says of a vehicle."""

    status: Status | None
    moving: bool | None
    online: bool | None


_MOVING: Final = 1
_STOPPED: Final = 2
_LOST: Final = 0
# Of a vehicle that is lost nobody knows whether it moves.
_STATES: Final = {
    _MOVING: _State(Status.MOVING, moving=True, online=True),
    _STOPPED: _State(Status.STOPPED, moving=False, online=True),
    _LOST: _State(Status.OFFLINE, moving=None, online=False),
}
_UNKNOWN: Final = _State(None, None, None)
_CODES: Final = {
    "moving": _MOVING,
    "stopping": _STOPPED,
    "stopped": _STOPPED,
    "signal_lost": _LOST,
    "signallost": _LOST,
}
# What a server writes that has an id for everything but none here.
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_ID_KEYS: Final = ("vehicleid", "deviceid", "userid")
_KINDS: Final = dict(zip(("vehicles", "devices", "users"), _ID_KEYS, strict=True))
_NAME_KEYS: Final = ("username", "name", "vehiclename")
_COSTS: Final = ("fuel", "maintenance", "insurance", "other")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A vehicle where it was seen last, and the user it was seen with."""

    vehicle: Vehicle
    user: str | None = None

    @property
    def time(self) -> datetime:
        """When it was seen, as early as can be where that is not told."""
        return self.vehicle.last_report or _EARLIEST

    def named_like(self, other: Sighting | None) -> Sighting:
        """Return it with the other's name where its own report carried none."""
        if other is None or self.vehicle.name is not None:
            return self
        return replace(self, vehicle=replace(self.vehicle, name=other.vehicle.name))


def row_key(value: object) -> tuple[str | None, ...] | None:
    """Return what tells a row of tracked users from the others, None without ids."""
    ids = _ids(parse.folded(value))
    return ids if any(ids) else None


def is_of(kind: str, identifier: str, value: object) -> bool:
    """Whether a row is of one of the `vehicles`, `devices` or `users`.

    So is one that names none of that kind: it was asked for by this id.
    """
    told = _id(parse.folded(value).get(_KINDS[kind]))
    return told is None or told == identifier


def user(value: object) -> str | None:
    """Return the user of a row."""
    return _ids(parse.folded(value))[2]


def tracked(value: object) -> Sighting | None:
    """Return a row of tracked users (document, 1.3); None without an id.

    A vehicle's id is its `vehicleId` as it is. A tracker without a vehicle goes
    by `device:` and its `deviceId`, and a person with neither by `user:` and the
    `userId`: customers choose these ids, so that one of each kind may be alike.
    """
    row = parse.folded(value)
    vehicle_id, device, person = _ids(row)
    if vehicle_id is None:
        if device is not None:
            vehicle_id = f"device:{device}"
        elif person is not None:
            vehicle_id = f"user:{person}"
        else:
            return None
    place = parse.folded(row.get("lastlocation"))
    name = _name(place) or _name(row)
    return Sighting(
        vehicle=_vehicle(vehicle_id, place, name=name, state=_state(_code(row))),
        user=person,
    )


def kind_and_id(vehicle_id: str) -> tuple[str, str]:
    """Return what a vehicle's id stands for, as the vendor names and numbers it."""
    kind, separator, identifier = vehicle_id.partition(":")
    if separator and kind in ("device", "user"):
        return f"{kind}s", identifier
    return "vehicles", vehicle_id


def shown(sighting: Sighting) -> Vehicle:
    """Return the vehicle as users see it: without a name its own id is one."""
    vehicle = sighting.vehicle
    if vehicle.name is not None:
        return vehicle
    return replace(vehicle, name=kind_and_id(vehicle.id)[1])


def latest(vehicle_id: str, value: object, known: Sighting | None) -> Sighting | None:
    """Return the latest waypoint of a vehicle (document, 1.4 to 1.6).

    None where it has no place: the vendor answers so for a device that it does
    not know. A waypoint has no status. What is known of the same moment still
    holds; a later one was sent on the move, or standing.
    """
    place = parse.folded(value)
    speed = _speed(place)
    state = _state(_code(place))
    if state is _UNKNOWN:
        before = None if known is None else known.vehicle
        if before and before.last_report == parse.moment(place.get("time")):
            state = _State(before.status, before.moving, before.online)
        elif speed is not None:
            state = _state(_MOVING if speed > 0 else _STOPPED)
    vehicle = _vehicle(vehicle_id, place, name=_name(place), state=state)
    if vehicle.location is None:
        return None
    person = _ids(place)[2]
    if person is None and known is not None:
        person = known.user
    return Sighting(vehicle=vehicle, user=person)


def point(value: object) -> Position | None:
    """Return a row of the history (document, 1.7); None without a time."""
    row = parse.folded(value)
    time = parse.moment(row.get("time"))
    if time is None:
        return None
    return Position(
        time=time,
        location=parse.coordinates(row.get("lat"), row.get("lng")),
        speed=_speed(row),
        heading=_heading(row),
    )


def today(vehicle_id: str, value: object) -> Vehicle:
    """Return what a user did today with a vehicle (document, 2.2).

    The vendor computes fuel and its cost from the distance.
    """
    row = parse.folded(value)
    fuel = parse.folded(row.get("fuel"))
    return Vehicle(
        id=vehicle_id,
        distance_today=_amount(row.get("distance")),
        travel_time_today=_hours(row.get("traveltime")),
        fuel_used_today=_amount(fuel.get("consumedliters")),
        fuel_cost_today=_amount(fuel.get("costvnd")),
    )


def figures(
    *, summary: object, fuel: object, costs: object, now: datetime
) -> FleetFigures:
    """Return the account's figures (document, 2.1, 2.4 and 2.5).

    The costs are those of the month that `now` is in, where the vendor is.
    """
    kpi = parse.folded(summary)
    consumption = parse.folded(fuel)
    expenses = parse.folded(costs)
    spent = parse.folded(kpi.get("totalfuelcost"))
    month = _month(expenses, now.astimezone(ZONE).month)
    parts = tuple(
        (key, cost) for key in _COSTS if (cost := _amount(month.get(key))) is not None
    )
    return FleetFigures(
        active_users=parse.first(
            parse.integer(parse.folded(kpi.get(key)).get("active"), low=0)
            for key in ("activeusers", "activeemployees")
        ),
        fleet_distance_today=_amount(kpi.get("totaldistance")),
        fleet_travel_time_today=_hours(kpi.get("totaltraveltime")),
        fleet_fuel_cost_today=_amount(spent),
        fleet_fuel_efficiency=parse.first(
            [
                _amount(consumption.get("fuelefficiency")),
                _amount(
                    parse.folded(consumption.get("totals")).get("avgefficiencykmperl")
                ),
            ]
        ),
        fleet_cost_month=_amount(month.get("total")),
        cost_month_parts=parts or None,
        currency=parse.first(
            parse.text(one.get("currency")) for one in (expenses, spent)
        ),
    )


def _ids(row: Mapping[str, object]) -> tuple[str | None, str | None, str | None]:
    """Return the ids of vehicle, device and user, from a row or else its place."""
    place = parse.folded(row.get("lastlocation"))
    vehicle, device, person = (
        parse.first([_id(row.get(key)), _id(place.get(key))]) for key in _ID_KEYS
    )
    return vehicle, device, person


def _id(value: object) -> str | None:
    found = parse.identifier(value)
    return None if found == _NO_ID else found


def _vehicle(
    vehicle_id: str, place: Mapping[str, object], *, name: str | None, state: _State
) -> Vehicle:
    """Return a vehicle in this state at a waypoint."""
    return Vehicle(
        id=vehicle_id,
        name=name,
        location=parse.coordinates(place.get("lat"), place.get("lng")),
        speed=_speed(place),
        heading=_heading(place),
        last_report=parse.moment(place.get("time")),
        status=state.status,
        moving=state.moving,
        online=state.online,
    )


def _speed(place: Mapping[str, object]) -> float | None:
    return parse.number(place.get("speed"), low=0, high=400)


def _heading(place: Mapping[str, object]) -> float | None:
    return parse.number(place.get("heading"), low=0, high=360)


def _code(row: Mapping[str, object]) -> int | None:
    """Return the status code; its label changed over time and only stands in."""
    code = parse.integer(row.get("statuscode"))
    if code in _STATES:
        return code
    return _CODES.get((parse.text(row.get("status")) or "").lower())


def _state(code: int | None) -> _State:
    """Return the state of a status code."""
    return _UNKNOWN if code is None else _STATES[code]


def _name(row: Mapping[str, object]) -> str | None:
    """Return the display name, which customers put in the metadata."""
    metadata = row.get("metadata")
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except ValueError, RecursionError:
            return None
    found = parse.folded(metadata)
    return parse.first(parse.text(found.get(key)) for key in _NAME_KEYS)


def _amount(value: object) -> float | None:
    """Return a quantity, told as a number or as an object with a `value`."""
    found = parse.folded(value)
    return parse.number(found.get("value") if found else value, low=0)


def _hours(value: object) -> float | None:
    """Return a duration, told as an object with `totalSeconds`, in hours."""
    seconds = parse.number(parse.folded(value).get("totalseconds"), low=0)
    return None if seconds is None else seconds / 3600


def _month(expenses: Mapping[str, object], number: int) -> Mapping[str, object]:
    """Return the costs of a month of the year, an empty object without them."""
    for row in parse.records(expenses.get("months")):
        month = parse.folded(row)
        if parse.integer(month.get("month")) == number:
            return parse.folded(month.get("costs"))
    return {}
