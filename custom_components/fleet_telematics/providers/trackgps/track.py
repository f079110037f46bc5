"""TrackGPS's tracks, and what vehicles burnt: the payloads of way and consumption."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from .. import parse
from ..models import Position
from .local_time import LocalTime
from .rows import engine, rows, vehicle_id


def tells_privacy(payload: Iterable[object]) -> bool:
    """Return whether every point says whether it is private."""
    return all(
        parse.flag(item.get("isprivate")) is not None for _, item in rows(payload)
    )


def track(
    vehicle: str,
    payload: Iterable[object],
    local: LocalTime,
    start: datetime,
    end: datetime,
) -> list[Position]:
    """Read the payload of way for a window, oldest point first.

    A point without a time, of another vehicle or outside the window is left out.
    """
    told = [
        (meanings, item)
        for _, item in rows(payload)
        if vehicle_id(item) in (None, vehicle) and (meanings := _meanings(item, local))
    ]
    if told and told[0][0] > told[-1][0]:
        told.reverse()
    found: dict[datetime, Position] = {}
    last: datetime | None = None
    for meanings, item in told:
        # In autumn's repeated hour, too, a point comes after the one before it.
        moment = parse.first(
            one for one in meanings if (one > last if last else one >= start)
        )
        last = moment or meanings[-1]
        if start <= last <= end:
            found[last] = _position(item, last)
    return [found[moment] for moment in sorted(found)]


def _meanings(item: Mapping[str, object], local: LocalTime) -> tuple[datetime, ...]:
    told = (local.candidates(item.get(key)) for key in ("gpsdate", "date"))
    return next(filter(None, told), ())


def _position(item: Mapping[str, object], moment: datetime) -> Position:
    return hidden(
        _seen(item, moment), private=parse.flag(item.get("isprivate")) is True
    )


def _seen(item: Mapping[str, object], moment: datetime) -> Position:
    return Position(
        time=moment,
        location=parse.coordinates(item.get("latitude"), item.get("longitude")),
        speed=parse.number(item.get("speed"), low=0, high=400),
        heading=parse.number(item.get("course"), low=0, high=360),
        altitude=parse.number(item.get("altitude"), low=-1_000, high=10_000),
        odometer=parse.number(item.get("indexkm"), low=0) or None,
        engine=engine(item.get("engineevent")),
    )


def hidden(position: Position, *, private: bool) -> Position:
    """Return a position; a private one without where it was and how fast."""
    if not private:
        return position
    return replace(
        position, location=None, speed=None, heading=None, altitude=None, private=True
    )


def names(payload: Iterable[object]) -> dict[str, str]:
    """Return vehicle ids by plate and by name, from the payload of company-vehicles.

    What two vehicles are called by is left out; a plate goes before a name.
    """
    by_name: dict[str, set[str]] = {}
    by_plate: dict[str, set[str]] = {}
    for _, item in rows(payload):
        if (vehicle := vehicle_id(item)) is not None:
            for known, key in (
                (by_name, "vehiclename"),
                (by_plate, "vehicleregistrationnumber"),
            ):
                if name := folded_name(item.get(key)):
                    known.setdefault(name, set()).add(vehicle)
    return {
        name: next(iter(vehicles))
        for name, vehicles in (by_name | by_plate).items()
        if len(vehicles) == 1
    }


def folded_name(value: object) -> str:
    """Return a plate or a name without what people write differently."""
    return "".join(filter(str.isalnum, (parse.text(value) or "").casefold()))


def fuel_used(
    payload: Sequence[object], asked: Collection[str], known: Mapping[str, str]
) -> dict[str, float]:
    """Read the payload of consumption: litres by vehicle id.

    Rows name vehicles by plate or name; `known` are ids by those. A vehicle without
    a fuel sensor burnt 0 litres, however far it drove, and is left out.
    """
    told = list(rows(payload))
    found: dict[str, float] = {}
    for key, item in told:
        named = (item.get("licenseplate"), item.get("vehicleregistrationnumber"), key)
        vehicle = vehicle_id(item) or parse.first(
            known.get(folded_name(name)) for name in (*named, item.get("vehiclename"))
        )
        if vehicle is None and len(told) == len(asked) == 1:
            (vehicle,) = asked
        if vehicle in asked and vehicle is not None and (litres := _litres(item)):
            found[vehicle] = litres
    return found


def _litres(item: Mapping[str, object]) -> float | None:
    """Return what was burnt, by the first of two sensors that tells."""
    second = parse.folded(item.get("secondarysource"))
    return parse.first(
        parse.number(source.get("consumptionvalue"), low=0) or None
        for source in (item, second)
    )
