"""What Ocean's vehicle records mean."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import ServiceVisit, Vehicle
from custom_components.fleet_telematics.providers.ocean import records

from .test_mapping import anything, spoiled

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 1, tzinfo=UTC)
WINTER = datetime(2027, 1, 15, tzinfo=UTC)

ROW: dict[str, Any] = {
    "chauffeur": {"id": 3, "nomInd": "Martin", "prenomInd": "Claire"},
    "emissionCo2": 128,
    "entite": {"id": 2, "nom": "North"},
    "releve": {"dateReleve": "2026-07-14T00:00:00.000Z", "id": 1, "value": 84210},
    "releveAjuste": {
        "dateReleve": "2026-07-14T11:00:00.000Z",
        "id": 2,
        "value": 84251.5,
    },
    "vehicle": {
        "categorie": "VEHICULE",
        "description": "Van 3",
        "id": 4711,
        "immatriculation": "AB-123-CD",
        "libelleTypeAsset": {"categorie": "VEHICULE", "libelle": "Fourgon"},
        "marque": "Renault",
        "modele": "Kangoo",
        "privacyEnabled": True,
        "suppressionLogique": False,
        "vin": "VF1TEST0000000001",
    },
    "visites": [
        {
            "compteurPrevu": 90000,
            "datePrevue": "2027-01-15T00:00:00.000Z",
            "description": "Revision",
            "idVisiteEntretien": 12,
        },
        {
            "compteurPrevu": 0,
            "datePrevue": 1790812800000,
            "description": "Roadworthiness",
            "idVisiteEntretien": 11,
        },
    ],
}


def vehicle(about: dict[str, object] | None = None, /, **changes: object) -> Vehicle:
    """Read ROW with some values changed."""
    row = {**ROW, "vehicle": {**ROW["vehicle"], **(about or {})}, **changes}
    found = records.vehicle(row, NOW)
    assert found is not None
    return found


def test_a_record_is_read_whole() -> None:
    """Every value of the document that has an entity, in its vocabulary."""
    assert vehicle() == Vehicle(
        id="4711",
        name="AB-123-CD",
        plate="AB-123-CD",
        vin="VF1TEST0000000001",
        make="Renault",
        model="Kangoo",
        group="North",
        odometer=84251.5,
        driver="Claire Martin",
        co2_emission=128.0,
        private_mode=True,
        next_service=AUTUMN,
        next_service_odometer=90000.0,
        service_visits=(
            ServiceVisit(id="11", description="Roadworthiness", time=AUTUMN),
            ServiceVisit(id="12", description="Revision", time=WINTER, odometer=90000),
        ),
    )


@pytest.mark.parametrize(
    ("adjusted", "reading", "odometer"),
    [
        ({"value": "84251,5"}, {"value": 1}, 84251.5),
        ({"value": 0}, {"value": 84210}, 84210),
        (None, {"value": 84210}, 84210),
        ({"value": -5}, {"value": "none"}, None),
        (None, {"value": 0}, None),
        (7, [], None),
    ],
)
def test_the_adjusted_reading_goes_before_the_nightly_one(
    adjusted: object, reading: object, odometer: float | None
) -> None:
    """A 0 is no reading."""
    assert vehicle(releveAjuste=adjusted, releve=reading).odometer == odometer


@pytest.mark.parametrize(
    "about",
    [
        {"categorie": "ENGIN"},
        {"categorie": "engins"},
        {"libelleTypeAsset": {"categorie": "MACHINE"}},
        {"libelleTypeAsset": {"libelle": "Engin de chantier"}},
        {"genre": "Machine"},
    ],
)
def test_the_reading_of_a_machine_is_hours(about: dict[str, object]) -> None:
    """And so are the readings at which its visits are due."""
    found = vehicle(about)
    assert (found.odometer, found.engine_hours) == (None, 84251.5)
    assert found.next_service_odometer is None
    assert found.service_visits is not None
    assert [visit.odometer for visit in found.service_visits] == [None, None]
    assert found.next_service == AUTUMN


@pytest.mark.parametrize("label", ["Porte-engins", "Camion", None, 7, []])
def test_a_lorry_that_carries_machines_is_none(label: object) -> None:
    """Its reading is kilometres."""
    found = vehicle({"libelleTypeAsset": {"libelle": label}})
    assert (found.odometer, found.engine_hours) == (84251.5, None)


@pytest.mark.parametrize(
    ("own", "vehicles", "emission"),
    [(128, 99, 128), (0, "99", 99), (None, 0, None), (0, None, None), (-1, "x", None)],
)
def test_no_emission_is_none(
    own: object, vehicles: object, emission: float | None
) -> None:
    """0 is what was never entered."""
    found = vehicle({"emissionCo2": vehicles}, emissionCo2=own)
    assert found.co2_emission == emission


def test_a_deleted_driver_drives_no_more() -> None:
    """Nor does nobody."""
    gone = {**ROW["chauffeur"], "suppressionLogique": True}
    assert vehicle(chauffeur=gone).driver is None
    assert vehicle(chauffeur=None).driver is None


def test_a_deleted_vehicle_is_left_out() -> None:
    """As is one without an id."""
    rows = [
        ROW,
        {**ROW, "vehicle": {"id": 5, "suppressionLogique": True}},
        {**ROW, "vehicle": {"id": 0}},
        None,
    ]
    assert list(records.vehicles(rows, NOW)) == ["4711"]


def test_visits_that_are_past_are_not_next() -> None:
    """They stay in the list, and the reading that is next lies ahead."""
    visits = [
        {"idVisiteEntretien": 1, "datePrevue": "2026-01-01", "compteurPrevu": 85000},
        {"idVisiteEntretien": 2, "compteurPrevu": 80000},
        {"idVisiteEntretien": 3, "compteurPrevu": "120000"},
    ]
    found = vehicle(visites=visits)
    assert (found.next_service, found.next_service_odometer) == (None, 120000)
    assert found.service_visits is not None
    assert [visit.id for visit in found.service_visits] == ["1", "2", "3"]


def test_a_visit_without_an_id_is_known_again() -> None:
    """By what is planned; one of which nothing is planned is none."""
    visits = [{"datePrevue": "2026-10-01", "compteurPrevu": 0}, {"description": "x"}, 3]
    first, second = vehicle(visites=visits), vehicle(visites=visits)
    assert first.service_visits == second.service_visits
    assert first.service_visits is not None
    (visit,) = first.service_visits
    assert (visit.id, visit.time) == ("2026-10-01 0", AUTUMN)


@pytest.mark.parametrize("visits", [None, [], "none", [{}]])
def test_no_visits_are_none(visits: object) -> None:
    """An account without service plans shows none of it."""
    found = vehicle(visites=visits)
    assert (found.service_visits, found.next_service) == (None, None)


def test_a_live_vehicle_takes_its_names_from_the_record() -> None:
    """And keeps what it does."""
    live = Vehicle(id="4711", name="Van 3", heading=90.0, driver="A")
    found = records.identified(live, vehicle())
    assert (found.name, found.plate, found.group) == ("AB-123-CD", "AB-123-CD", "North")
    assert (found.heading, found.driver, found.odometer) == (90.0, "A", None)


@given(row=spoiled({**ROW, "visites": ROW["visites"][0]}) | anything)
def test_whatever_comes_is_read_as_a_record_or_not(row: object) -> None:
    """Nothing raises, and a counter is kilometres or hours, not both."""
    found = records.vehicle(row, NOW)
    if found is not None:
        assert found.odometer is None or found.engine_hours is None
        assert found.next_service is None or found.next_service >= NOW


@given(visits=st.lists(spoiled(ROW["visites"][0]) | anything, max_size=4))
def test_whatever_visits_come_are_in_order(visits: list[object]) -> None:
    """Those with a day first, soonest first."""
    found = vehicle(visites=visits).service_visits or ()
    days = [visit.time for visit in found]
    known = [day for day in days if day is not None]
    assert days == sorted(known) + [None] * (len(days) - len(known))
