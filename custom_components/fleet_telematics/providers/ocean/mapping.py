"""Ocean's live JSON, read into models. Nothing here raises on vendor data.

Privacy: the state PRIVACY says that a vehicle is private now. `privacyEnabled`
stands among the vehicle's settings ("overspeed buzzer enabled", "door detection
enabled"): it says that there may be private drives, not that this is one. It
therefore counts where no state is known, and only then: a vehicle that may be
private stays hidden until a state says that it is not.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import re
from typing import Final

from .. import parse
from ..models import Batch, Coordinates, Status, Vehicle

# Equipment has numbers of its own, which may be those of vehicles.
EQUIPMENT: Final = "equipment_"
_NO_FIX: Final = (0, 85)
_NO_LETTER: Final = re.compile(r"[^a-z]+")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_IMMOBILISED: Final = {"locked": True, "unlocked": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a state code tells; every field is None where it tells nothing."""

    status: Status | None = None
    engine: bool | None = None
    moving: bool | None = None
    private: bool | None = None
    online: bool | None = None
    malfunction: bool | None = None


def _in_touch(
    status: Status,
    *,
    engine: bool | None = None,
    moving: bool | None = None,
    private: bool = False,
) -> State:
    return State(
        status=status,
        engine=engine,
        moving=moving,
        private=private,
        online=True,
        malfunction=False,
    )


_UNDEFINED: Final = State()
_STOPPED: Final = _in_touch(Status.STOPPED, engine=False, moving=False)
_IDLING: Final = _in_touch(Status.IDLING, engine=True, moving=False)
# How a code begins, whatever its case and whatever comes between its letters: the
# vendor has STOPPED, STOP_ACTION and "stop A". UNDEFINED is none of them.
_STATES: Final = {
    "stop": _STOPPED,
    "travel": _in_touch(Status.MOVING, engine=True, moving=True),
    "wait": _IDLING,
    "start": _IDLING,
    "engineup": _IDLING,
    "privacy": _in_touch(Status.PRIVATE, private=True),
    "outoforder": State(
        status=Status.OFFLINE, private=False, online=False, malfunction=True
    ),
}


def state(code: object) -> State:
    """Read a state code in any of the vendor's spellings."""
    word = _NO_LETTER.sub("", (parse.text(code) or "").lower())
    return next(
        (found for start, found in _STATES.items() if word.startswith(start)),
        _UNDEFINED,
    )


def fleet(rows: Iterable[object], read: Callable[[object], Vehicle | None]) -> Batch:
    """Read rows; one without an id leaves open whether a missing vehicle is gone."""
    return Batch.of_rows([read(row) for row in rows])


def vehicle(value: object) -> Vehicle | None:
    """Read a vehicle of vehiclePositions; None without an id."""
    row = parse.mapping(value)
    vehicle_id = parse.identifier(row.get("id"))
    if vehicle_id is None:
        return None
    plate = parse.text(row.get("immat"))
    position = parse.mapping(row.get("position"))
    person = parse.mapping(position.get("driver"))
    return _located(
        Vehicle(
            id=vehicle_id,
            name=plate or parse.text(row.get("description")),
            plate=plate,
            make=parse.text(row.get("marque")),
            model=parse.text(row.get("modele")),
            group=parse.text(row.get("entityName")),
            last_report=reported(position),
            driver=parse.joined(person.get("prenom"), person.get("nom")),
            immobilised=_immobilised(row.get("etatImmobilisation")),
        ),
        position,
        position.get("fullAddress"),
        found=state(position.get("etat")),
        may_be_private=parse.flag(row.get("privacyEnabled")),
    )


def nearest(value: object) -> Vehicle | None:
    """Read a vehicle of nearestVehicles, which tells little of what it is."""
    row = parse.mapping(value)
    about = parse.mapping(row.get("vehicle"))
    vehicle_id = parse.identifier(about.get("id"))
    if vehicle_id is None:
        return None
    place = parse.mapping(row.get("address"))
    person = parse.mapping(parse.mapping(row.get("driver")).get("individu"))
    return _located(
        Vehicle(
            id=vehicle_id,
            name=parse.text(about.get("description")),
            last_report=parse.moment(row.get("gmtPos")),
            driver=parse.joined(person.get("prenomInd"), person.get("nomInd")),
            immobilised=_immobilised(row.get("immobilisationState")),
        ),
        {**place, "gpsCale": row.get("gpsCale")},
        place,
        found=state(row.get("etatMobile")),
        may_be_private=parse.flag(about.get("privacyEnabled")),
    )


def equipment(value: object) -> Vehicle | None:
    """Read what a row of materiel/list is; None without an id."""
    row = parse.mapping(value)
    about = parse.mapping(row.get("materiel"))
    equipment_id = parse.identifier(about.get("id"))
    if equipment_id is None:
        return None
    return Vehicle(
        id=f"{EQUIPMENT}{equipment_id}",
        name=parse.text(about.get("description")) or parse.text(about.get("reference")),
        make=parse.text(about.get("marque")),
        model=parse.text(about.get("modele")),
        group=parse.text(parse.mapping(row.get("entiteLightDTO")).get("nom")),
    )


def equipment_position(value: object) -> Vehicle | None:
    """Read where a row of materiel/lastPosition is: its newest position.

    The row holds one of materiel/list beside the positions, or is itself one.
    """
    row = parse.mapping(value)
    found = equipment(row.get("materiel")) or equipment(row)
    if found is None:
        return None
    rows = parse.records(row["positions"]) if "positions" in row else [row]
    positions = [
        _located(
            replace(
                found,
                last_report=parse.moment(position.get("gmtPosFormat"))
                or reported(position),
            ),
            position,
            parse.mapping(position.get("address")) or position,
        )
        for position in rows
    ]
    return max(positions, key=lambda one: one.last_report or _EARLIEST, default=None)


def entities(rows: Iterable[object]) -> dict[str, str]:
    """Read the customer's entities: the name of each id."""
    found: dict[str, str] = {}
    for value in rows:
        row = parse.mapping(value)
        key = parse.identifier(row.get("id"))
        name = parse.text(row.get("nom"))
        if key is not None and name is not None:
            found[key] = name
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast a vehicle was, and when."""

    value: float
    time: datetime


def speeds(rows: Iterable[object], vehicle_ids: Mapping[str, str]) -> dict[str, Speed]:
    """Read the newest speeds of positions/search, by vehicle id.

    `vehicle_ids` are those of the plates that were asked for.
    """
    known = set(vehicle_ids.values())
    found: dict[str, Speed] = {}
    for value in rows:
        row = parse.mapping(value)
        about = parse.mapping(row.get("vehicle"))
        vehicle_id = parse.identifier(about.get("idVehicule"))
        if vehicle_id not in known:
            plate = parse.text(about.get("immatriculation"))
            vehicle_id = vehicle_ids.get(plate or "")
        samples = [
            sample
            for position in parse.records(row.get("positions"))
            if (sample := _speed(position)) is not None
        ]
        if vehicle_id is not None and samples:
            found[vehicle_id] = max(samples, key=lambda sample: sample.time)
    return found


def _speed(position: Mapping[str, object]) -> Speed | None:
    value = parse.number(position.get("vitesseKmh"), low=0, high=400)
    time = parse.first(parse.moment(position.get(key)) for key in ("timestamp", "date"))
    if value is None or time is None or state(position.get("etat")).private:
        return None
    return Speed(value=value, time=time)


def _located(
    known: Vehicle,
    position: Mapping[str, object],
    address: object,
    *,
    found: State = _UNDEFINED,
    may_be_private: bool | None = None,
) -> Vehicle:
    """Add where a vehicle is and what it does.

    In private mode where it is is not read at all.
    """
    private = may_be_private if found.private is None else found.private
    live = replace(
        known,
        status=Status.PRIVATE if private else found.status,
        engine=found.engine,
        moving=found.moving,
        private_mode=private,
        online=found.online,
        malfunction=found.malfunction,
        gps_fix=parse.first(
            parse.flag(position.get(key)) for key in ("gpsCale", "gpsCalle")
        ),
    )
    if private:
        return live
    return replace(
        live,
        location=coordinates(position),
        address=written_address(address),
        heading=parse.number(position.get("cap"), low=0, high=360),
    )


def coordinates(position: Mapping[str, object]) -> Coordinates | None:
    """Return where a position is, under any of the vendor's names for its axes."""
    return parse.first(
        parse.coordinates(
            position.get(north), position.get(east), no_fix_latitudes=_NO_FIX
        )
        for north, east in (
            ("latitudeY", "longitudeX"),
            ("latitude", "longitude"),
            ("latitudeYPos", "longitudeXPos"),
        )
    )


def reported(position: Mapping[str, object]) -> datetime | None:
    """Read date and heure: two halves of a time, or each a whole one.

    A half has no offset; the vendor's own word for its dates is UTC.
    """
    date, hour = position.get("date"), position.get("heure")
    wholes = [one for one in (parse.moment(date), parse.moment(hour)) if one]
    return parse.moment(parse.joined(date, hour)) or max(wholes, default=None)


def written_address(value: object) -> str | None:
    """Return street, postal code and town; a text is taken as it is."""
    place = parse.mapping(value)
    postal_code = parse.first(
        parse.text(place.get(key)) for key in ("postalCode", "postCode")
    )
    town = parse.joined(postal_code, place.get("town"))
    return parse.text(value) or parse.joined(place.get("address"), town, separator=", ")


def _immobilised(value: object) -> bool | None:
    return _IMMOBILISED.get((parse.text(value) or "").lower())
