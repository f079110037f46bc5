"""FleetGO's JSON, read into models. Nothing here raises on vendor data."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from .. import parse
from ..models import Status, Vehicle
from . import values

# A tracker in a running vehicle reports every minute or so; in a parked one it
# sleeps and sends a sign of life a few times a day.
_SILENT_RUNNING: Final = 15 * 60.0
_SILENT_PARKED: Final = 24 * 60 * 60.0
_NOTHING_ACTIVE: Final = frozenset({"", "none", "null", "[]"})
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def vehicle(value: object, *, now: datetime) -> Vehicle | None:
    """Return a vehicle of GetFleet, GetEquipments or GetEquipment; None without id.

    Zero is the vendor's placeholder for odometer, coolant temperature and
    supply voltage, -1 that of the fuel level.
    """
    row = parse.folded(value)
    vehicle_id = values.vehicle_id(row.get("id"))
    if vehicle_id is None:
        return None
    header = parse.folded(row.get("equipmentheader"))
    place = parse.folded(row.get("location"))
    plate = parse.text(header.get("serialnumber"))
    odometer = values.distance(row.get("odometer"))
    speed = values.speed(row.get("speed"))
    engine = parse.flag(row.get("enginerunning"))
    moving = _moving(speed, parse.flag(row.get("isstationary")))
    private = parse.flag(row.get("privatemode"))
    last_report = parse.moment(place.get("datetime"))
    online = _online(
        _silence(last_report, row.get("latency"), now),
        running=engine is True and private is not True,
    )
    return Vehicle(
        id=vehicle_id,
        name=parse.first(
            [
                plate,
                parse.text(header.get("equipmentid")),
                parse.text(header.get("vehiclenumber")),
            ]
        ),
        plate=plate,
        vin=parse.first([parse.text(header.get("vin")), parse.text(row.get("vin"))]),
        make=parse.text(header.get("make")),
        model=parse.text(header.get("model")),
        group=_group(row)[1],
        location=parse.coordinates(place.get("latitude"), place.get("longitude")),
        address=values.address(row.get("address")),
        speed=speed,
        heading=values.heading(row.get("angle")),
        altitude=values.altitude(place),
        last_report=last_report,
        status=_status(engine=engine, moving=moving, private=private, online=online),
        odometer=odometer,
        fuel_level=parse.first(
            parse.number(row.get(key), low=0, high=100)
            for key in ("fuellevelpercentage", "fuellevel")
        ),
        driver=parse.text(row.get("drivername")),
        next_service_odometer=_next_service(
            odometer, row.get("servicedistanceinkilometers")
        ),
        engine=engine,
        moving=moving,
        private_mode=private,
        online=online,
        malfunction=_malfunction(row),
        coolant_temperature=parse.number(
            row.get("enginecoolanttemperature"), low=-60, high=200
        )
        or None,
        supply_voltage=parse.number(row.get("powervoltage"), low=0, high=100) or None,
    )


def silent_from(known: Vehicle) -> datetime | None:
    """Return until when a vehicle counts as online without another report."""
    if known.last_report is None or not known.online:
        return None
    running = known.engine is True and known.private_mode is not True
    limit = _SILENT_RUNNING if running else _SILENT_PARKED
    return known.last_report + timedelta(seconds=limit)


def group(value: object) -> tuple[str, str] | None:
    """Return the id and the name of the group a vehicle of the fleet is in."""
    key, name = _group(parse.folded(value))
    return None if key is None else (key, name or key)


def administration(value: object) -> tuple[str, str | None] | None:
    """Return the id and the name of a GetAdministrations row; None without an id."""
    row = parse.folded(value)
    found = parse.first(
        parse.identifier(row.get(key)) for key in ("id", "administrationid")
    )
    if found is None:
        return None
    return found, parse.first(
        parse.text(row.get(key)) for key in ("name", "administrationname")
    )


def telemetry(value: object) -> Vehicle | None:
    """Return what an AvlDto row measured; None without a vehicle or a time.

    `Timestamp` is in UTC. The height of a private drive stays the driver's.
    """
    row = parse.folded(value)
    vehicle_id = values.vehicle_id(row.get("equipmentid"))
    last_report = parse.moment(row.get("timestamp"))
    if vehicle_id is None or last_report is None:
        return None
    return Vehicle(
        id=vehicle_id,
        last_report=last_report,
        altitude=None if parse.flag(row.get("privatemode")) else values.altitude(row),
        satellites=parse.integer(row.get("satellites"), low=0, high=100),
        odometer=values.distance(row.get("highresolutiontotalvehicledistance")),
        fuel_consumed=values.litres(row.get("highresolutionfuelconsumption")),
    )


def reported(record: Vehicle) -> datetime:
    """Return the time of a report, for its order."""
    return record.last_report or _EARLIEST


def _group(row: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Return the id and the name of a vehicle's group, each where known."""
    found = parse.folded(row.get("group"))
    name = parse.first([parse.text(found.get("name")), parse.text(found.get("code"))])
    return parse.identifier(found.get("id")), name


def _moving(speed: float | None, stationary: bool | None) -> bool | None:
    """Return whether it moves: a speed while standing is the drift of a fix."""
    if stationary or speed is None:
        return None if stationary is None else not stationary
    return speed > 0


def _silence(
    last_report: datetime | None, latency: object, now: datetime
) -> float | None:
    """Return for how many seconds nothing was heard.

    The latency is how late the last report came, or how long ago, and never
    longer than the report's age: it only stands in for a missing time.
    """
    if last_report is not None:
        return (now - last_report).total_seconds()
    return parse.number(latency, low=0)


def _online(silence: float | None, *, running: bool) -> bool | None:
    """Return whether the tracker is in touch.

    The vendor has no such flag. A vehicle that went silent with its engine
    running lost contact within minutes; one that is parked, or whose private
    drive hides its reports, is given a day.
    """
    if silence is None:
        return None
    return silence <= (_SILENT_RUNNING if running else _SILENT_PARKED)


def _status(
    *,
    engine: bool | None,
    moving: bool | None,
    private: bool | None,
    online: bool | None,
) -> Status | None:
    """Return what the vehicle does: what hides or is unknown goes first."""
    if private:
        return Status.PRIVATE
    if online is False:
        return Status.OFFLINE
    if moving:
        return Status.MOVING
    if engine:
        return Status.IDLING
    return None if engine is None and moving is None else Status.STOPPED


def _next_service(odometer: float | None, distance: object) -> float | None:
    """Return the odometer reading at which service is due.

    The vendor tells the distance that is left (negative: overdue); added to the
    odometer it is a reading that stands still while the vehicle drives. 0 and
    -1 mean that no service is planned. Whole kilometres, as the distance is.
    """
    left = parse.number(distance, low=-values.FARTHEST, high=values.FARTHEST)
    if odometer is None or left in (None, 0, -1):
        return None
    due = round(odometer + left)
    return float(due) if due > 0 else None


def _malfunction(row: Mapping[str, object]) -> bool | None:
    """Return whether a warning lamp is lit or a trouble code is active."""
    signs = [
        sign
        for key in (
            "mil",
            "malfunctionindicatorlight",
            "activelampsandwarnings",
            "activedtcs",
        )
        if (sign := _active(row.get(key))) is not None
    ]
    return any(signs) if signs else None


def _active(value: object) -> bool | None:
    """Return whether a flag, a count, a text or a list names something active."""
    if (known := parse.flag(value)) is not None:
        return known
    if isinstance(value, str):
        return value.strip().lower() not in _NOTHING_ACTIVE
    if isinstance(value, (list, dict)):
        return bool(value)
    count = parse.number(value, low=0)
    return None if count is None else count > 0
