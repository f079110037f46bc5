"""Movens's JSON, read into models. Nothing here raises on vendor data."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
import json
from typing import Final

from .. import parse
from ..models import Status, Trip, Vehicle

# Kilometres that no road vehicle drives: what is beyond is a fault.
_FARTHEST: Final = 10_000_000
_LARGEST_TANK: Final = 5_000
_LABELS_KEPT: Final = 1024
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What the vehicles of a category have in common."""

    label: str | None = None
    make: str | None = None
    model: str | None = None


UNKNOWN_CATEGORY: Final = Category()


def category_id(value: object) -> str | None:
    """Return a category's number, as it is put into paths."""
    found = parse.identifier(value)
    return found if found is not None and found.isdecimal() else None


def vehicle_category(value: object) -> str | None:
    """Return the id of the category that a vehicle belongs to."""
    return category_id(parse.folded(value).get("categoryid"))


def roots(rows: Iterable[object]) -> list[str | None]:
    """Return the ids of a tree's roots, None for each that has none."""
    return [category_id(parse.folded(row).get("id")) for row in rows]


def labels(rows: Iterable[object], language: str) -> dict[str, str | None]:
    """Return the label of every category of a tree, by id."""
    found: dict[str, str | None] = {}
    waiting = list(rows)
    while waiting:
        row = parse.folded(waiting.pop())
        waiting += parse.items(row.get("children"))
        if (key := category_id(row.get("id"))) is not None:
            found[key] = label(row.get("labels"), language)
    return found


def category(value: object, language: str) -> Category:
    """Return what GET vehicle-categories/{id} tells."""
    row = parse.folded(value)
    return Category(
        label=label(row.get("labels"), language),
        make=parse.text(row.get("manufacturer")),
        model=parse.text(row.get("model")),
    )


def label(value: object, language: str) -> str | None:
    """Return a label in the user's language, else English, else the first there is.

    Labels are JSON inside a text: {"en": "City Car", "it": "Utilitaria"}.
    """
    if isinstance(value, str):
        return _label_of_text(value, language)
    return _label_of(value, language)


@lru_cache(maxsize=_LABELS_KEPT)
def _label_of_text(value: str, language: str) -> str | None:
    try:
        found: object = json.loads(value)
    except ValueError, RecursionError:
        # No JSON at all: then it is the label itself.
        return None if value.lstrip().startswith(("{", "[")) else parse.text(value)
    return _label_of(found, language) or parse.text(found)


def _label_of(value: object, language: str) -> str | None:
    found = {
        key.replace("_", "-"): text
        for key, item in parse.folded(value).items()
        if (text := parse.text(item)) is not None
    }
    wanted = language.lower().replace("_", "-")
    primary = wanted.partition("-")[0]
    related = (text for key, text in found.items() if key.partition("-")[0] == primary)
    return parse.first(
        [found.get(wanted), found.get(primary), *related, found.get("en")]
    ) or parse.first(found.values())


def picture(value: object) -> bytes | None:
    """Return the picture of GET vehicle-categories/{id}/images, else its thumbnail."""
    row = parse.folded(value)
    return parse.first(_bytes(row.get(key)) for key in ("image", "imagethumbnail"))


def _bytes(value: object) -> bytes | None:
    """Return what a base64 text stands for, with or without a data URL before it."""
    encoded = parse.text(value) or ""
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    encoded = "".join(encoded.split()).rstrip("=")
    try:
        return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True) or None
    except ValueError:
        return None


def vehicle(
    vehicle_id: str, value: object, language: str, known: Category = UNKNOWN_CATEGORY
) -> Vehicle:
    """Return a vehicle of list-vehicles or list-descendants-vehicles.

    `known` is what is known of its category.
    """
    row = parse.folded(value)
    status = parse.folded(row.get("status"))
    # What both tell, the one that was updated later tells better.
    sources = (row, status) if _updated(row) >= _updated(status) else (status, row)
    plate = parse.text(row.get("licenseplate"))
    on_trip = parse.flag(status.get("isontrip"))
    moving = parse.flag(status.get("isontripandmoving"))
    in_maintenance = parse.flag(status.get("isinmaintenance"))
    online = _not(status.get("islostcontact"))
    trip_start = parse.moment(status.get("lasttripstart"))
    trip_end = parse.moment(status.get("lasttripend"))
    return Vehicle(
        id=vehicle_id,
        name=plate or parse.text(row.get("sticker")) or vehicle_id,
        plate=plate,
        vin=parse.text(row.get("vin")),
        make=known.make,
        model=known.model or label(row.get("categorylabels"), language) or known.label,
        category=category_id(row.get("categoryid")),
        location=parse.coordinates(row.get("latitude"), row.get("longitude")),
        last_report=max(filter(None, map(_reported, sources)), default=None),
        status=_status(
            in_maintenance=in_maintenance, online=online, moving=moving, on_trip=on_trip
        ),
        odometer=parse.number(row.get("odometerkm"), low=0, high=_FARTHEST) or None,
        fuel_level=_percent("fuellevelpct", sources),
        battery_level=_percent("evblevelpct", sources),
        tank_capacity=parse.number(
            row.get("fueltankcapacity"), low=0, high=_LARGEST_TANK
        )
        or None,
        supply_voltage=parse.number(status.get("servicebattery"), low=0, high=100)
        or None,
        signal_strength=_percent("lastnetworksignalstrengthpct", sources),
        ignition_voltage=parse.number(row.get("ignitionvoltagelevel")),
        internal_cleaning=parse.integer(row.get("internalcleaningstatus")),
        external_cleaning=parse.integer(row.get("externalcleaningstatus")),
        moving=moving,
        online=online,
        low_fuel=parse.flag(status.get("islowfuel")),
        low_battery=parse.flag(status.get("islowevb")),
        gps_fix=_not(status.get("ispositionlost")),
        on_trip=on_trip,
        reserved=parse.flag(status.get("isreserved")),
        in_maintenance=in_maintenance,
        damaged=parse.flag(row.get("isdamaged")),
        operative=parse.flag(row.get("isoperative")),
        weak_signal=parse.flag(status.get("isinternetweak")),
        last_trip_start=trip_start,
        last_trip_end=trip_end,
        last_trip_duration=_hours(trip_start, trip_end),
        last_motion=parse.moment(status.get("lastmotion")),
        reservation_end=parse.moment(status.get("currentreservationend")),
    )


def last_trip(known: Vehicle) -> Trip | None:
    """Return a vehicle's last trip; None where it is under way or was not told."""
    start, end = known.last_trip_start, known.last_trip_end
    if start is None or end is None or end <= start:
        return None
    return Trip(
        id=f"{start:%Y%m%dT%H%M%SZ}",
        vehicle_id=known.id,
        start=start,
        end=end,
        duration=end - start,
    )


def _reported(source: Mapping[str, object]) -> datetime | None:
    return parse.moment(source.get("lastpositionupdate"))


def _updated(source: Mapping[str, object]) -> datetime:
    """Return when a vehicle, or its status, was last heard of."""
    synced = parse.moment(source.get("lastdevicesync"))
    return max(_reported(source) or _EARLIEST, synced or _EARLIEST)


def _percent(key: str, sources: Iterable[Mapping[str, object]]) -> float | None:
    return parse.first(
        parse.number(source.get(key), low=0, high=100) for source in sources
    )


def _not(value: object) -> bool | None:
    """Return the opposite of a flag that tells of a fault."""
    found = parse.flag(value)
    return None if found is None else not found


def _hours(start: datetime | None, end: datetime | None) -> float | None:
    """Return how long the last trip took; on a trip its start is past the last end."""
    if start is None or end is None or end <= start:
        return None
    return (end - start).total_seconds() / 3600


def _status(
    *,
    in_maintenance: bool | None,
    online: bool | None,
    moving: bool | None,
    on_trip: bool | None,
) -> Status | None:
    """Return what the vehicle does; one that waits during a trip is idling."""
    if in_maintenance:
        return Status.MAINTENANCE
    if online is False:
        return Status.OFFLINE
    if moving:
        return Status.MOVING
    if on_trip:
        return Status.IDLING
    return None if moving is None and on_trip is None else Status.STOPPED
