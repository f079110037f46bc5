"""Ocean's vehicle records: what a vehicle is, its counter, its service visits."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from .. import parse
from ..models import ServiceVisit, Vehicle

# Kilometres that no road vehicle drives, hours that no machine runs.
_FARTHEST: Final = 10_000_000.0
_LONGEST: Final = 1_000_000.0
# How the vendor's words for a machine begin. Its categories are not published;
# "engin" is its word beside "vehicule" in the name of the resource. A label that
# only contains it may be a lorry that carries machines, a "porte-engins".
_MACHINES: Final = ("engin", "machine")


def vehicles(rows: Iterable[object], now: datetime) -> dict[str, Vehicle]:
    """Read the rows of vehicule_engin/vehicles; deleted vehicles are left out."""
    found = (vehicle(row, now) for row in rows)
    return {one.id: one for one in found if one is not None}


def vehicle(value: object, now: datetime) -> Vehicle | None:
    """Read a vehicle's record; None without an id, and of a deleted vehicle.

    Counters are kilometres, of machines hours. `privacyEnabled` is read as in
    the live rows: it hides a vehicle until a state says that it is not private.
    """
    row = parse.mapping(value)
    about = parse.mapping(row.get("vehicle"))
    vehicle_id = parse.identifier(about.get("id"))
    if vehicle_id is None or parse.flag(about.get("suppressionLogique")):
        return None
    plate = parse.text(about.get("immatriculation"))
    machine = _is_machine(about)
    counter = parse.first(
        _counter(parse.mapping(row.get(key)).get("value"), machine=machine)
        for key in ("releveAjuste", "releve")
    )
    odometer = None if machine else counter
    visits = _visits(row.get("visites"), machine=machine)
    return Vehicle(
        id=vehicle_id,
        name=plate or parse.text(about.get("description")),
        plate=plate,
        vin=parse.text(about.get("vin")),
        make=parse.text(about.get("marque")),
        model=parse.text(about.get("modele")),
        group=parse.text(parse.mapping(row.get("entite")).get("nom")),
        odometer=odometer,
        engine_hours=counter if machine else None,
        driver=_driver(row.get("chauffeur")),
        co2_emission=parse.first(
            parse.number(emission, low=0, high=2_000) or None
            for emission in (row.get("emissionCo2"), about.get("emissionCo2"))
        ),
        private_mode=parse.flag(about.get("privacyEnabled")),
        next_service=min(
            (one.time for one in visits if one.time is not None and one.time >= now),
            default=None,
        ),
        next_service_odometer=min(
            (
                one.odometer
                for one in visits
                if one.odometer is not None
                and one.odometer > (odometer or 0)
                and (one.time is None or one.time >= now)
            ),
            default=None,
        ),
        service_visits=visits or None,
    )


def identified(live: Vehicle, record: Vehicle) -> Vehicle:
    """Return a live vehicle as its record names it."""
    return replace(
        live,
        name=record.name or live.name,
        plate=record.plate,
        make=record.make,
        model=record.model,
        group=record.group,
    )


def _is_machine(about: Mapping[str, object]) -> bool:
    kind = parse.mapping(about.get("libelleTypeAsset"))
    words = (
        about.get("categorie"),
        about.get("genre"),
        kind.get("categorie"),
        kind.get("libelle"),
    )
    return any(
        word.lower().startswith(_MACHINES)
        for word in map(parse.text, words)
        if word is not None
    )


def _counter(value: object, *, machine: bool) -> float | None:
    """Return a reading; a vehicle without a counter has 0."""
    return parse.number(value, low=0, high=_LONGEST if machine else _FARTHEST) or None


def _visits(value: object, *, machine: bool) -> tuple[ServiceVisit, ...]:
    """Read the planned visits, soonest first; of machines only their days."""
    found = [
        ServiceVisit(
            id=parse.identifier(row.get("idVisiteEntretien"))
            or f"{parse.joined(row.get('datePrevue'), row.get('compteurPrevu'))}",
            description=parse.text(row.get("description")),
            time=parse.moment(row.get("datePrevue")),
            odometer=None
            if machine
            else _counter(row.get("compteurPrevu"), machine=False),
        )
        for row in parse.records(value)
    ]
    planned = [one for one in found if one.time is not None or one.odometer is not None]
    return tuple(sorted(planned, key=_order))


def _order(visit: ServiceVisit) -> tuple[bool, float, float]:
    """Sort by day, visits that wait for an odometer reading last."""
    return (
        visit.time is None,
        visit.time.timestamp() if visit.time is not None else 0,
        visit.odometer or 0,
    )


def _driver(value: object) -> str | None:
    person = parse.mapping(value)
    if parse.flag(person.get("suppressionLogique")):
        return None
    return parse.joined(person.get("prenomInd"), person.get("nomInd"))
