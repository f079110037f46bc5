"""The shapes in which Ocean tells of vehicles, machines and where they are.

From the vendor's page and what working clients read. Some vehicles are told of
with gaps: which ones follows from their id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

from custom_components.fleet_telematics.providers.demo.records import (
    Address,
    Driver,
    TripRecord,
    VehicleSpec,
    VehicleState,
)

_NO_FIX: Final = (85.0, 0.0)
_SERVICE: Final = 30_000
_ACTION: Final = timedelta(minutes=1)
_COUNTRY: Final = 33
_TOOLS: Final = 500_000

type Told = dict[str, object]


class DateForm(StrEnum):
    """How the vendor writes a time."""

    ISO = "iso"
    EPOCH = "epoch"
    FRENCH = "french"


def entity_id(name: str) -> int:
    """Return the id of an entity, which is a group of vehicles."""
    return crc32(name.encode()) % 9_000 + 1_000


def is_machine(vehicle_id: int) -> bool:
    """Say whether it is a machine, whose readings are hours."""
    return vehicle_id % 5 == 2


def hides_private(vehicle_id: int) -> bool:
    """Say whether the vendor leaves out where a vehicle is in private mode."""
    return vehicle_id % 2 == 0


def loses_fix(state: VehicleState) -> bool:
    """Say whether a vehicle has no fix, as one does that parks underground."""
    return state.vehicle_id % 5 == 4 and not state.engine_on


def tool_id(vehicle_id: int) -> int:
    """Return the id of the equipment that a vehicle carries."""
    return vehicle_id + _TOOLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A vehicle as the vendor sees it.

    `earlier` is its state a minute ago, `fix` whether it knows its place.
    """

    spec: VehicleSpec
    state: VehicleState
    earlier: VehicleState
    fix: bool

    @property
    def code(self) -> str:
        """The vendor's word for the state, in all of its spellings."""
        state = self.state
        even = self.spec.vehicle_id % 2 == 0
        if state.private:
            return "PRIVACY"
        if not state.online:
            return "OUT_OF_ORDER"
        if not self.fix:
            return "UNDEFINED" if even else "UNDEFINED_STATE"
        if state.engine_on:
            if self.earlier.trip_id != state.trip_id:
                return "START_ACTION"
            if state.speed > 0:
                return "TRAVELING"
            return "WAITING" if even else "ENGINE_UP"
        return "STOPPED" if self.earlier.trip_id is None else "STOP_ACTION"

    @property
    def hidden(self) -> bool:
        """Whether the place is left out."""
        return self.state.private and hides_private(self.spec.vehicle_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Writes JSON by the vendor's clock, in French local time where it is local.

    `may_be_private` are vehicles whose drivers may turn privacy on.
    """

    zone: ZoneInfo
    skew: timedelta
    form: DateForm
    may_be_private: frozenset[int] = frozenset()

    def date(self, moment: datetime) -> object:
        """Return a true time in the form that is in use."""
        shown = (moment + self.skew).astimezone(UTC)
        match self.form:
            case DateForm.EPOCH:
                return _milliseconds(shown)
            case DateForm.FRENCH:
                return f"{shown.astimezone(self.zone):%d/%m/%Y %H:%M:%S %z}"
        return shown.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def date_and_hour(self, moment: datetime) -> Told:
        """Return a true time in two fields.

        In the French form only both together are the time.
        """
        local = (moment + self.skew).astimezone(self.zone)
        if self.form is DateForm.FRENCH:
            return {"date": f"{local:%d/%m/%Y}", "heure": f"{local:%H:%M:%S %z}"}
        return {"date": self.date(moment), "heure": f"{local:%H:%M:%S}"}

    def mobile(self, seen: Seen, *, position: bool) -> Told:
        """Return an element of vehiclePositions."""
        spec = seen.spec
        return {
            "id": str(spec.vehicle_id),
            "immat": spec.plate,
            "marque": spec.make,
            "modele": spec.model,
            "description": f"{spec.make} {spec.model}",
            "genre": _category(spec.vehicle_id),
            "entityName": spec.group,
            "etatImmobilisation": _immobilisation(seen.state),
            "geolocalise": True,
            "position": self._position(seen) if position else None,
        }

    def _position(self, seen: Seen) -> Told:
        state, spec = seen.state, seen.spec
        return {
            **_coordinates(seen),
            "cap": round(state.heading) % 360,
            "gpsCale": seen.fix,
            "etat": seen.code,
            **self.date_and_hour(state.time),
            "fullAddress": None if seen.hidden else _full_address(state.address),
            "driver": _driver(spec.driver),
            "poi": None if state.engine_on else {"nom": spec.group, "nomType": "Dépôt"},
        }

    def vehicle(
        self,
        spec: VehicleSpec,
        state: VehicleState,
        midnight: VehicleState,
        now: datetime,
    ) -> Told:
        """Return an element of vehicule_engin/vehicles.

        `midnight` is the state when the day began, by which time readings are taken.
        """
        number = spec.vehicle_id
        return {
            "boitier": _box(spec, self.date(datetime(spec.year, 1, 15, tzinfo=UTC))),
            "chauffeur": None if number % 5 == 0 else _person(spec.driver),
            "emissionCo2": None if number % 5 == 1 else _emission(number),
            "entite": {
                "id": entity_id(spec.group),
                "nom": spec.group,
                "suppressionLogique": False,
            },
            "releve": self._reading(midnight, 1),
            "releveAjuste": None if number % 5 == 4 else self._reading(state, 2),
            "vehicle": self._details(spec, state),
            "visites": self._visits(spec, state, now),
        }

    def _reading(self, state: VehicleState, kind: int) -> Told:
        machine = is_machine(state.vehicle_id)
        return {
            "dateReleve": self.date(state.time),
            "id": state.vehicle_id * 10 + kind,
            "value": round(state.engine_hours if machine else state.odometer, 1),
        }

    def _details(self, spec: VehicleSpec, state: VehicleState) -> Told:
        number = spec.vehicle_id
        return {
            **self._light(spec, state),
            "apcMode": "GPS",
            "boitierAvantCoupeCircuit": False,
            "buzzerSurvitesseEnabled": False,
            "categorieVehiculeEcoConduite": "UL",
            "couleur": "Blanc",
            "coupeBatterie": False,
            "date1ereMec": self.date(datetime(spec.year, 1, 15, tzinfo=UTC)),
            "emissionCo2": _emission(number),
            "etatEcoConduite": "ACTIF",
            "geomissionEnabled": False,
            "idEnergie": 1,
            "idModeDeplacement": 1,
            "idUniteConsommation": 1,
            "immatriculation": spec.plate,
            "marque": spec.make,
            "modele": spec.model,
            "nombreCvFiscaux": 7,
            "numeroEmbarque": number % 1000,
            "numeroParc": f"P{number % 1000:03}",
            "numeroSerie": spec.vin[-8:],
            "prk": 0,
            "signesDistinctifs": None,
            "valeurConsommation": 0,
            "vin": spec.vin,
        }

    def _visits(
        self, spec: VehicleSpec, state: VehicleState, now: datetime
    ) -> list[Told]:
        number = spec.vehicle_id
        if number % 5 == 3:
            return []
        # Every vehicle has its day of the year for the official test.
        day = now.astimezone(self.zone).replace(
            month=number % 12 + 1, day=number % 28 + 1, hour=8, minute=0
        )
        day = day.replace(second=0, microsecond=0)
        if day <= now:
            day = day.replace(year=day.year + 1)
        test = {
            "compteurPrevu": None,
            "datePrevue": self.date(day),
            "description": "Contrôle technique",
            "idVisiteEntretien": number * 10 + 1,
        }
        done = 500 if is_machine(number) else _SERVICE
        read = state.engine_hours if is_machine(number) else state.odometer
        service = {
            "compteurPrevu": (int(read) // done + 1) * done,
            "datePrevue": None if number % 2 else self.date(day + timedelta(days=30)),
            "description": "Révision",
            "idVisiteEntretien": number * 10 + 2,
        }
        return [test, service]

    def nearest(
        self,
        seen: Seen,
        distance: float,
        duration: timedelta | None,
        now: datetime,
    ) -> Told:
        """Return an element of nearestVehicles."""
        spec, state = seen.spec, seen.state
        return {
            "address": _place(state, fix=seen.fix),
            "distance": round(distance, 3),
            "driver": {
                "affectedEtape": None,
                "dispositif": None,
                "id": spec.driver.id,
                "identEnabled": True,
                "individu": _person(spec.driver),
                "ndidLong": None,
                "relevant": True,
            },
            "duration": None if duration is None else round(duration.total_seconds()),
            "eta": None if duration is None else self.date(now + duration),
            "etatMobile": seen.code,
            "gmtPos": self.date(state.time),
            "gpsCale": seen.fix,
            "group": {
                "descriptionGrp": spec.group,
                "id": entity_id(spec.group),
                "suppressionLogique": False,
            },
            "immobilisationState": _immobilisation(state),
            "time": _milliseconds(state.time + self.skew),
            "vehicle": self._light(spec, state),
        }

    def recorded(
        self, spec: VehicleSpec, seen: Iterable[Seen], *, private: bool
    ) -> Told:
        """Return an element of positions/search; the first of `seen` is not told.

        `private` is whether private drives are, too.
        """
        return {
            "vehicle": {
                "idVehicule": spec.vehicle_id,
                "immatriculation": spec.plate,
                "descriptionVehicule": f"{spec.make} {spec.model}",
                "typeMotorisationEnergie": "DIESEL",
            },
            "positions": [
                {
                    "date": self.date(one.state.time),
                    "timestamp": _milliseconds(one.state.time + self.skew),
                    **_coordinates(one),
                    "vitesseKmh": round(one.state.speed, 1),
                    "cap": round(one.state.heading) % 360,
                    "etat": one.code,
                    "address": None if one.hidden else _full_address(one.state.address),
                    "distanceDepuisPosPrecMeter": round(
                        (one.state.odometer - before.state.odometer) * 1000
                    ),
                    "consommationThermiqueL": round(
                        one.state.fuel_consumed - before.state.fuel_consumed, 4
                    ),
                    "chauffeur": _person(spec.driver),
                }
                for before, one in pairwise(seen)
                if private or not one.state.private
            ],
        }

    def trip(self, spec: VehicleSpec, trip: TripRecord, *, letters: bool) -> Told:
        """Return a row of a day sheet."""
        return {
            "anomalyType": "NONE",
            "distanceMeter": round(trip.distance * 1000),
            "dureeMs": round(trip.duration.total_seconds() * 1000),
            "id": trip.trip_id,
            "posDeb": self._end(spec, trip, trip.start, "D" if letters else "start D"),
            "posFin": self._end(spec, trip, trip.end, "A" if letters else "stop A"),
            "type": "T",
        }

    def _end(
        self, spec: VehicleSpec, trip: TripRecord, state: VehicleState, code: str
    ) -> Told:
        hidden = trip.private and hides_private(trip.vehicle_id)
        return {
            "latitudeY": None if hidden else round(state.latitude, 6),
            "longitudeX": None if hidden else round(state.longitude, 6),
            "cap": round(state.heading) % 360,
            "gpsCale": not hidden,
            "etat": code,
            **self.date_and_hour(state.time),
            "fullAddress": None if hidden else _full_address(state.address),
            "driver": _driver(spec.driver),
            "poi": None,
        }

    def _light(self, spec: VehicleSpec, state: VehicleState) -> Told:
        private = state.private or spec.vehicle_id in self.may_be_private
        return _light(spec, private=private)

    def tool(self, spec: VehicleSpec, state: VehicleState) -> Told:
        """Return an element of materiel/list."""
        return {
            "materiel": _tool(spec),
            "boxLightDTO": {
                "id": tool_id(spec.vehicle_id) + 1,
                "numeroSerieBoi": f"TAG{spec.vehicle_id}",
            },
            "entiteLightDTO": {"id": entity_id(spec.group), "nom": spec.group},
            "trameDTO": {"dateTrame": self.date(state.time)},
        }

    def tool_position(self, seen: Seen) -> Told:
        """Return an element of materiel/lastPosition."""
        return {
            "materiel": _tool(seen.spec),
            **_coordinates(seen),
            "date": self.date(seen.state.time),
            "address": None if seen.hidden else _full_address(seen.state.address),
        }

    def event(
        self, spec: VehicleSpec, code: str, label: str, state: VehicleState
    ) -> Told:
        """Return an entry of lastEvent."""
        hidden = state.private and hides_private(spec.vehicle_id)
        detail = {
            "code": code,
            "defaut": None,
            "modele": None,
            "statut": None,
            "technicalLabel": label,
            "type": None,
        }
        return {
            "address": None if hidden else _place(state, fix=True),
            "advancedTechnicalEvent": False,
            "date": self.date(state.time),
            "dateDebut": self.date(state.time),
            "dateFin": None,
            "detailEvenementLightDTO": detail,
            "entite": {
                "id": entity_id(spec.group),
                "nom": spec.group,
                "suppressionLogique": False,
            },
            "evenementLibelle": label,
            "eventState": "PUNCTUAL",
            "extendedDataMap": {},
            "groupingPeriod": "TODAY",
            "heure": self.date(state.time),
            "id": f"{spec.vehicle_id}-{_milliseconds(state.time)}",
            "reliable": True,
            "typeEvenement": "UNDEFINED",
            "typeEvenementODirectDTO": None,
            "vehicleEngin": self._light(spec, state),
        }


def _coordinates(seen: Seen) -> Told:
    """Return a place: not there, a placeholder, texts, or numbers."""
    number = seen.spec.vehicle_id
    if seen.hidden:
        return {"latitudeY": None, "longitudeX": None}
    if not seen.fix:
        return {"latitudeY": _NO_FIX[number % 2], "longitudeX": 0.0}
    latitude = round(seen.state.latitude, 6)
    longitude = round(seen.state.longitude, 6)
    if number % 5 == 3:
        return {"latitudeY": str(latitude), "longitudeX": str(longitude)}
    return {"latitudeY": latitude, "longitudeX": longitude}


def _place(state: VehicleState, *, fix: bool) -> Told:
    """Return a place as the nearest vehicles and events have it."""
    return {
        "address": state.address.street,
        "cap": round(state.heading) % 360,
        "closestPoi": None,
        "countryCode": _COUNTRY,
        "gpsCalle": fix,
        "latitude": round(state.latitude, 6),
        "longitude": round(state.longitude, 6),
        "postCode": state.address.postal_code,
        "precision": 0,
        "town": state.address.city,
    }


def _category(number: int) -> str:
    return "ENGIN" if is_machine(number) else "VEHICULE"


def _immobilisation(state: VehicleState) -> str:
    return "UNLOCKED" if state.engine_on else "LOCKED"


def _emission(number: int) -> int:
    return 160 + number % 40


def _light(spec: VehicleSpec, *, private: bool) -> Told:
    """Return what every description of a vehicle has."""
    category = _category(spec.vehicle_id)
    machine = is_machine(spec.vehicle_id)
    return {
        "categorie": category,
        "description": f"{spec.make} {spec.model}",
        "detectionPorteEnabled": False,
        "dioEnabled": machine,
        "dispositifIdentifiant": True,
        "geolocalise": True,
        "geosecuriteEnabled": False,
        "id": spec.vehicle_id,
        "immobilisationCablee": True,
        "libelleTypeAsset": {
            "categorie": category,
            "id": 2 if machine else 1,
            "libelle": "Engin de chantier" if machine else "Utilitaire",
            "nomIcone": "engin" if machine else "utilitaire",
            "ordre": 2 if machine else 1,
        },
        "nomImage": None,
        "odirectMode": "ODIRECT_UNIVERSEL",
        "privacyEnabled": private,
        "suppressionLogique": False,
        "typeMotorisation": "MONO",
    }


def _box(spec: VehicleSpec, fitted: object) -> Told:
    number = spec.vehicle_id
    return {
        "adBoi": f"AD{number}",
        "commentaireBoi": None,
        "coreGsmBoi": f"+3300{number:08}",
        "debutGarantie": fitted,
        "finGarantie": None,
        "id": number + 1,
        "idEtatBoitier": 1,
        "imeiBoi": f"{number:015}",
        "numeroSerieBoi": f"BOI{number}",
        "sn": f"SN{number}",
    }


def _person(driver: Driver) -> Told:
    return {
        "email": f"{driver.id}@example.com",
        "gsm": f"+3300{driver.id:08}",
        "id": driver.id,
        "idCivilite": 1,
        "initialesInd": driver.first_name[:1] + driver.last_name[:1],
        "matriculeInd": f"M{driver.id}",
        "nomInd": driver.last_name,
        "prenomInd": driver.first_name,
        "suppressionLogique": False,
    }


def _driver(driver: Driver) -> Told:
    return {
        "nom": driver.last_name,
        "prenom": driver.first_name,
        "matricule": f"M{driver.id}",
        "tel": f"+3300{driver.id:08}",
    }


def _full_address(address: Address) -> Told:
    return {
        "address": address.street,
        "postalCode": address.postal_code,
        "town": address.city,
        "country": address.country,
    }


def _tool(spec: VehicleSpec) -> Told:
    return {
        "id": tool_id(spec.vehicle_id),
        "description": f"Groupe électrogène {spec.vehicle_id % 100}",
        "marque": "Générique",
        "modele": "GE-5",
        "reference": f"MAT-{spec.vehicle_id}",
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
