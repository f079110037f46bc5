"""From TrackGPS's JSON to the common models."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .. import parse
from ..models import (
    Batch,
    FuelEvent,
    FuelEventKind,
    FuelReport,
    FuelSource,
    Status,
    Vehicle,
)
from .local_time import LocalTime
from .rows import driver, engine as engine_of, vehicle_id as id_of

# The vendor's clock and ours may differ by this much.
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
# A running vehicle reports about every minute; a parked one may sleep for hours.
_LOST_WHEN_RUNNING: Final = timedelta(hours=1)
_LOST_WHEN_PARKED: Final = timedelta(hours=24)

_SECONDARY: Final = "secondarysource"
_REMAINING: Final = {
    "remainingfuel": "fuel_volume",
    "remainingfuelsecondarysource": "fuel_volume_secondary",
}
_SUMS: Final = {
    **_REMAINING,
    "totalrefill": "month_refuelled",
    "totalpossibletheft": "month_stolen",
    "totalfuelconsumption": "month_consumed",
    "totalrefillsecondarysource": "month_refuelled_secondary",
    "totalpossibletheftsecondarysource": "month_stolen_secondary",
    "totalfuelconsumptionsecondarysource": "month_consumed_secondary",
}
# The longest window that the vendor takes, on every clock.
_MONTH: Final = timedelta(days=30)
_EVENTS: Final = {
    "fueling": FuelEventKind.REFUELLED,
    "possiblefueltheft": FuelEventKind.THEFT_SUSPECTED,
}


def fleet(rows: Sequence[object], local: LocalTime, now: datetime) -> Batch:
    """Read the payload of company-vehicles.

    A row without an id leaves open whether a missing vehicle is gone.
    """
    return Batch.of_rows([vehicle(row, local, now) for row in rows])


def vehicle(row: object, local: LocalTime, now: datetime) -> Vehicle | None:
    """Read a vehicle of company-vehicles; None without an id.

    In private mode where it is and how fast it goes are not read at all.
    """
    item = parse.folded(row)
    vehicle_id = id_of(item)
    if vehicle_id is None:
        return None
    plate = parse.text(item.get("vehicleregistrationnumber"))
    private = parse.flag(item.get("isprivate"))
    engine = engine_of(item.get("engineevent"))
    speed = parse.number(item.get("speed"), low=0, high=400)
    heard = local.read(item.get("serverdate"), not_after=now + _CLOCKS_DIFFER)
    online = _online(heard, engine=engine, now=now)
    moving = None if speed is None else speed > 0
    return Vehicle(
        id=vehicle_id,
        name=plate or parse.text(item.get("vehiclename")),
        plate=plate,
        vin=parse.text(item.get("vehicleidentificationnumber")),
        make=parse.text(item.get("vehiclemanufacturer")),
        model=parse.text(item.get("vehiclemodel")),
        location=None
        if private
        else parse.coordinates(item.get("latitude"), item.get("longitude")),
        address=None if private else parse.text(item.get("address")),
        speed=None if private else speed,
        heading=None if private else parse.number(item.get("course"), low=0, high=360),
        # A fix is not younger than the vendor's word of the vehicle.
        last_report=local.read(
            item.get("gpsdate"), not_after=(heard or now) + _CLOCKS_DIFFER
        ),
        status=_status(private=private, online=online, moving=moving, engine=engine),
        supply_voltage=parse.number(item.get("externalpowervoltage"), low=0, high=100),
        engine_speed=parse.number(item.get("enginerpm"), low=0, high=20_000),
        driver=driver(item),
        engine=engine,
        moving=moving,
        private_mode=private,
        online=online,
    )


def fuel_report(
    vehicle_id: str,
    rows: Sequence[object],
    local: LocalTime,
    start: datetime,
    end: datetime,
) -> FuelReport:
    """Read the payload of refills for a window, oldest event first.

    Beside the events it holds sums over the window: what remains in the tank, and,
    where the window is a month, how that month was.
    """
    events: list[FuelEvent] = []
    sums: dict[str, float] = {}
    summed = _SUMS if end - start >= _MONTH else _REMAINING
    for row in rows:
        item = parse.folded(row)
        name = (parse.text(item.get("event")) or "").lower()
        if (field := summed.get(name)) is not None:
            volume = parse.number(item.get("estimation"), low=0)
            # A vehicle without a fuel sensor has 0 left in its tank.
            if volume or (volume is not None and name not in _REMAINING):
                sums[field] = volume
        elif (event := _fuel_event(vehicle_id, name, item, local, end)) is not None:
            events.append(event)
    return FuelReport(
        events=tuple(sorted(events, key=lambda event: event.time)),
        vehicle=_summed(vehicle_id, sums),
    )


def _summed(vehicle_id: str, sums: Mapping[str, float]) -> Vehicle | None:
    """Return the sums of a vehicle; None where its fuel is not measured."""
    if not any(sums.values()):
        return None
    return Vehicle(id=vehicle_id, **sums)  # type: ignore[arg-type]


def month_kept(told: Vehicle, known: Vehicle | None) -> Vehicle:
    """Return the sums with those of the month that an earlier read told."""
    if known is None:
        return told
    return replace(
        told,
        **{
            field: getattr(known, field)
            for field in _SUMS.values()
            if field.startswith("month") and getattr(told, field) is None
        },
    )


def _fuel_event(
    vehicle_id: str,
    name: str,
    item: Mapping[str, object],
    local: LocalTime,
    end: datetime,
) -> FuelEvent | None:
    """Read a row of refills; None for a sum, an unknown event or no date."""
    kind = _EVENTS.get(name.removesuffix(_SECONDARY))
    moment = local.read(item.get("date"), not_after=end)
    if kind is None or moment is None:
        return None
    volume = parse.number(item.get("estimation"))
    private = parse.flag(item.get("isprivate"))
    return FuelEvent(
        vehicle_id=vehicle_id,
        kind=kind,
        time=moment,
        other_time=parse.first(
            other for other in local.candidates(item.get("date")) if other != moment
        ),
        source=FuelSource.SECONDARY
        if name.endswith(_SECONDARY)
        else FuelSource.PRIMARY,
        volume=None if volume is None else abs(volume) or None,
        address=None if private else parse.text(item.get("location")),
        private=private,
    )


def _online(
    heard: datetime | None, *, engine: bool | None, now: datetime
) -> bool | None:
    """Tell from when the vendor last heard of a vehicle whether it is in touch."""
    if heard is None:
        return None
    return now - heard < (_LOST_WHEN_RUNNING if engine else _LOST_WHEN_PARKED)


def _status(
    *,
    private: bool | None,
    online: bool | None,
    moving: bool | None,
    engine: bool | None,
) -> Status | None:
    if private:
        return Status.PRIVATE
    if online is False:
        return Status.OFFLINE
    if moving:
        return Status.MOVING
    if engine:
        return Status.IDLING
    return None if moving is None and engine is None else Status.STOPPED
