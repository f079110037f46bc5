"""TrackGPS's stops: where vehicles stood, and the drives that led there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .. import parse
from ..models import Place, Vehicle
from .local_time import LocalTime
from .rows import driver, rows, vehicle_id

# The vendor's words for when a stop begins.
_STARTS = ("startdate", "stopdate", "date", "gpsdate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop between two drives.

    `distance`, `fuel`, `driver` and `private` are of the drive before it, too.
    """

    vehicle_id: str
    start: datetime
    end: datetime | None
    odometer: float | None
    engine_hours: float | None
    distance: float | None
    fuel: float | None
    driver: str | None
    place: Place
    private: bool


def stops(
    payload: Iterable[object], local: LocalTime, end: datetime
) -> dict[str, list[Stop]]:
    """Read the payload of stops: each vehicle's, oldest first.

    A stop that is listed twice, by two requests, is one: the later row knows better
    how long it lasted.
    """
    found: dict[str, dict[object, Mapping[str, object]]] = {}
    for _, item in rows(payload):
        vehicle = vehicle_id(item)
        starts = _starts(item, local)
        if vehicle is not None and starts:
            listed = found.setdefault(vehicle, {})
            # The counter tells two stops of the repeated hour apart.
            listed[starts, _counter(item, "indexkm")] = item
    return {
        vehicle: _history(vehicle, listed.values(), local, end)
        for vehicle, listed in found.items()
    }


def _history(
    vehicle: str,
    items: Iterable[Mapping[str, object]],
    local: LocalTime,
    end: datetime,
) -> list[Stop]:
    """Read a vehicle's stops from the last to the first.

    In autumn's repeated hour a stop ends before the next one begins.
    """
    history: list[Stop] = []
    for item in sorted(items, key=lambda item: _order(item, local), reverse=True):
        start, left = _span(item, local, end, history[-1] if history else None)
        history.append(_stop(vehicle, item, start, left))
        end = start
    return sorted(history, key=lambda stop: stop.start)


def _order(
    item: Mapping[str, object], local: LocalTime
) -> tuple[datetime, float, datetime]:
    """Return what sorts stops by time: where the clock does not, the odometer does."""
    starts = _starts(item, local)
    first = starts[0]
    # All that may be of the repeated hour, of either pass, is as old to begin with.
    hour = (
        first if len(starts) == 1 else first.replace(minute=0, second=0, microsecond=0)
    )
    return hour, _counter(item, "indexkm") or 0.0, first


def _starts(item: Mapping[str, object], local: LocalTime) -> tuple[datetime, ...]:
    told = (local.candidates(item.get(key)) for key in _STARTS)
    return next(filter(None, told), ())


def _span(
    item: Mapping[str, object], local: LocalTime, until: datetime, after: Stop | None
) -> tuple[datetime, datetime | None]:
    """Return from when to when a stop lasted, which another one comes after.

    Of what the texts can mean that is taken which agrees best with the stop's
    duration and the next drive's engine hours, then the latest that is over by
    `until`.
    """
    starts, ends = _starts(item, local), local.candidates(item.get("enddate"))
    over = [moment for moment in ends if moment <= until] or ends[:1]
    spans = [(start, end) for start in starts for end in over if start <= end]
    if not spans:
        # No end, or one before the beginning: that is none.
        begun = [moment for moment in starts if moment <= until]
        return (begun[-1] if begun else starts[0]), None
    lasted = parse.number(item.get("stopduration"), low=0)
    driven = _engine_time(item, after)

    def doubt(span: tuple[datetime, datetime]) -> float:
        start, end = span
        off = 0.0 if lasted is None else abs((end - start).total_seconds() - lasted)
        if after is not None and driven is not None:
            off += abs((after.start - end).total_seconds() - driven)
        return off

    return min(reversed(spans), key=doubt)


def _engine_time(item: Mapping[str, object], after: Stop | None) -> float | None:
    """Return for how many seconds the engine ran between two stops."""
    before = _counter(item, "indexhours")
    if before is None or after is None or after.engine_hours is None:
        return None
    return parse.number((after.engine_hours - before) * 3600, low=0)


def _stop(
    vehicle: str,
    item: Mapping[str, object],
    start: datetime,
    end: datetime | None,
) -> Stop:
    return Stop(
        vehicle_id=vehicle,
        start=start,
        end=end,
        odometer=_counter(item, "indexkm"),
        engine_hours=_counter(item, "indexhours"),
        distance=parse.number(item.get("distance"), low=0),
        fuel=parse.number(item.get("fuelconsumption"), low=0) or None,
        driver=driver(item),
        place=Place(
            location=parse.coordinates(item.get("latitude"), item.get("longitude")),
            address=parse.text(item.get("address")),
        ),
        private=parse.flag(item.get("isprivate")) is True,
    )


def _counter(item: Mapping[str, object], key: str) -> float | None:
    return parse.number(item.get(key), low=0) or None


def details_of(history: Sequence[Stop]) -> Vehicle:
    """Return what a vehicle's last stop tells, and the drive that led to it.

    A drive lasts from the end of the stop before.
    """
    last = history[-1]
    left = history[-2].end if len(history) > 1 else None
    if left is not None and left > last.start:
        left = None
    return Vehicle(
        id=last.vehicle_id,
        odometer=parse.first(stop.odometer for stop in reversed(history)),
        engine_hours=parse.first(stop.engine_hours for stop in reversed(history)),
        driver=last.driver,
        last_trip_distance=last.distance,
        last_trip_fuel=last.fuel,
        last_trip_start=left,
        last_trip_end=last.start,
        last_trip_duration=None
        if left is None
        else (last.start - left) / timedelta(hours=1),
    )


def completed(told: Vehicle, known: Vehicle | None) -> Vehicle:
    """Return a stop's details with what an earlier read knew of the same drive."""
    if known is None or told.last_trip_start is not None:
        return told
    return replace(
        told,
        last_trip_start=known.last_trip_start,
        last_trip_duration=known.last_trip_duration,
    )
