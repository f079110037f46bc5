"""What Ocean's live JSON means."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Status,
    Vehicle,
)
from custom_components.fleet_telematics.providers.ocean import mapping

TIME = datetime(2026, 7, 14, 13, 30, 5, tzinfo=UTC)

POSITION: dict[str, Any] = {
    "latitudeY": 48.8566,
    "longitudeX": 2.3522,
    "cap": 270,
    "gpsCale": True,
    "etat": "TRAVELING",
    "date": "14/07/2026",
    "heure": "13:30:05",
    "fullAddress": {
        "address": "1 Rue de Rivoli",
        "postalCode": "75001",
        "town": "Paris",
        "country": "France",
    },
    "driver": {"nom": "Martin", "prenom": "Claire", "matricule": "7", "tel": "0"},
    "poi": {"nom": "Depot", "nomType": "Site"},
}
ROW: dict[str, Any] = {
    "id": "4711",
    "immat": "AB-123-CD",
    "marque": "Renault",
    "modele": "Kangoo",
    "description": "Van 3",
    "genre": "VU",
    "entityName": "North",
    "etatImmobilisation": "UNLOCKED",
    "geolocalise": True,
    "position": POSITION,
}
NEAREST: dict[str, Any] = {
    "address": {
        "address": "1 Rue de Rivoli",
        "cap": 270,
        "gpsCalle": True,
        "latitude": 48.8566,
        "longitude": 2.3522,
        "postCode": "75001",
        "town": "Paris",
    },
    "driver": {"id": 3, "individu": {"nomInd": "Martin", "prenomInd": "Claire"}},
    "etatMobile": "TRAVELING",
    "gmtPos": "2026-07-14T13:30:05.000Z",
    "gpsCale": True,
    "immobilisationState": "UNLOCKED",
    "vehicle": {"id": 4711, "description": "Van 3", "privacyEnabled": False},
}


def vehicle(row: dict[str, Any] | None = None, /, **position: object) -> Vehicle:
    """Read ROW with some values of its position changed."""
    found = mapping.vehicle(
        {**ROW, **(row or {}), "position": {**POSITION, **position}}
    )
    assert found is not None
    return found


def nearest(**changes: object) -> Vehicle:
    """Read NEAREST with some values changed."""
    found = mapping.nearest({**NEAREST, **changes})
    assert found is not None
    return found


def test_a_vehicle_is_read_whole() -> None:
    """Every value of the notes arrives in the common vocabulary."""
    assert vehicle() == Vehicle(
        id="4711",
        name="AB-123-CD",
        plate="AB-123-CD",
        make="Renault",
        model="Kangoo",
        group="North",
        location=Coordinates(latitude=48.8566, longitude=2.3522),
        address="1 Rue de Rivoli, 75001 Paris",
        heading=270.0,
        last_report=TIME,
        status=Status.MOVING,
        driver="Claire Martin",
        engine=True,
        moving=True,
        private_mode=False,
        online=True,
        malfunction=False,
        gps_fix=True,
        immobilised=False,
    )


def test_the_nearest_vehicles_tell_the_same_but_for_what_it_is() -> None:
    """The document's row has no plate, make, model or entity."""
    told = vehicle()
    assert nearest() == Vehicle(
        id="4711",
        name="Van 3",
        **{
            key: getattr(told, key)
            for key in Vehicle.__slots__
            if key not in ("id", "name", "plate", "make", "model", "group")
        },
    )


def test_without_a_plate_the_description_is_the_name() -> None:
    """And the plate stays unknown."""
    found = vehicle({"immat": " "})
    assert (found.name, found.plate) == ("Van 3", None)


STATES = {
    "STOPPED": (Status.STOPPED, False, False),
    "STOP_ACTION": (Status.STOPPED, False, False),
    "stop A": (Status.STOPPED, False, False),
    "TRAVELING": (Status.MOVING, True, True),
    "traveling R": (Status.MOVING, True, True),
    "Travelling": (Status.MOVING, True, True),
    "WAITING": (Status.IDLING, True, False),
    "waiting T": (Status.IDLING, True, False),
    "START_ACTION": (Status.IDLING, True, False),
    "start D": (Status.IDLING, True, False),
    "ENGINE_UP": (Status.IDLING, True, False),
    "engine up": (Status.IDLING, True, False),
}


@pytest.mark.parametrize("write", [str, str.lower, str.upper, lambda text: f" {text} "])
@pytest.mark.parametrize("code", STATES)
def test_states_of_a_vehicle_in_touch(code: str, write: Any) -> None:
    """In every case and spelling; none of them is private or out of order."""
    found = vehicle(etat=write(code))
    assert (found.status, found.engine, found.moving) == STATES[code]
    assert (found.online, found.malfunction, found.private_mode) == (True, False, False)


@pytest.mark.parametrize("code", ["OUT_OF_ORDER", "out of order", "OutOfOrder"])
def test_a_broken_tracker_is_offline_and_out_of_order(code: str) -> None:
    """What the vehicle does is not known; where it was last, is."""
    found = vehicle(etat=code)
    assert (found.status, found.online, found.malfunction) == (
        Status.OFFLINE,
        False,
        True,
    )
    assert (found.engine, found.moving) == (None, None)
    assert found.location is not None


@pytest.mark.parametrize("code", ["UNDEFINED", "UNDEFINED_STATE", "", None, 7, [], "?"])
def test_an_undefined_state_says_nothing(code: object) -> None:
    """Neither on nor off, neither private nor not."""
    found = vehicle(etat=code)
    assert (
        found.status,
        found.engine,
        found.moving,
        found.online,
        found.malfunction,
        found.private_mode,
    ) == (None,) * 6
    assert found.location is not None


@pytest.mark.parametrize("code", ["PRIVACY", "privacy", "Privacy P"])
def test_private_mode_hides_where_it_is(code: str) -> None:
    """The hidden fix is not even read; that it is private stays known."""
    for found in (vehicle(etat=code), nearest(etatMobile=code)):
        assert (found.location, found.address, found.heading) == (None,) * 3
        assert (found.private_mode, found.status) == (True, Status.PRIVATE)
        assert (found.engine, found.moving) == (None, None)


@pytest.mark.parametrize(
    ("state", "enabled", "private"),
    [
        ("TRAVELING", True, False),
        ("OUT_OF_ORDER", True, False),
        ("PRIVACY", False, True),
        ("PRIVACY", None, True),
        ("UNDEFINED", True, True),
        (None, "true", True),
        ("UNDEFINED", False, False),
        ("UNDEFINED", None, None),
    ],
)
def test_a_vehicle_that_has_private_drives_is_private_unless_its_state_denies_it(
    state: object, enabled: object, private: bool | None
) -> None:
    """The setting hides no vehicle whose state is known, and shows none."""
    about = {"id": 1, "privacyEnabled": enabled}
    for found in (
        nearest(etatMobile=state, vehicle=about),
        vehicle({"privacyEnabled": enabled}, etat=state),
    ):
        assert found.private_mode is private
        assert (found.location is None) is (private is True)
        assert (found.status is Status.PRIVATE) is (private is True)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(85, 2.3), (85.0, 0), ("85", "2.3"), (0, 2.3), (0, 0), ("0.0", "2.3"), (91, 2)],
)
def test_no_fix_is_no_place(latitude: object, longitude: object) -> None:
    """Latitude 85 and 0 are how the vendor says so."""
    assert vehicle(latitudeY=latitude, longitudeX=longitude).location is None


def test_coordinates_may_be_texts() -> None:
    """Also with a decimal comma."""
    assert vehicle(latitudeY="48,8566", longitudeX="2.3522") == vehicle()


@pytest.mark.parametrize("position", [None, [], "none", {}])
def test_a_vehicle_without_a_position_is_there(position: object) -> None:
    """With what it is, and nothing of what it does."""
    found = mapping.vehicle({**ROW, "position": position})
    assert found == Vehicle(
        id="4711",
        name="AB-123-CD",
        plate="AB-123-CD",
        make="Renault",
        model="Kangoo",
        group="North",
        immobilised=False,
    )


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        ("14/07/2026", "13:30:05"),
        ("14.07.2026", "13:30:05"),
        ("2026-07-14", "13:30:05"),
        ("14/07/2026", "15:30:05 +0200"),
        ("14/07/2026 13:30:05 +0000", None),
        ("14/07/2026 15:30:05 +0200", "15:30:05"),
        ("2026-07-14T13:30:05.000Z", None),
        ("2026-07-14T15:30:05.000+02:00", "15:30:05"),
        (1784035805000, None),
        ("1784035805000", "13:30"),
        ("2026-07-14T00:00:00Z", "2026-07-14T13:30:05Z"),
        (None, 1784035805000),
    ],
)
def test_times_in_every_form(date: object, hour: object) -> None:
    """ISO, an epoch, day first with an offset, or the date and the time of day."""
    assert vehicle(date=date, heure=hour).last_report == TIME


@pytest.mark.parametrize("date", [None, "", "yesterday", "0001-01-01", {}, 0])
def test_no_time_is_no_time(date: object) -> None:
    """A time of day alone is none either."""
    assert vehicle(date=date).last_report is None


@pytest.mark.parametrize(
    ("sent", "immobilised"),
    [("LOCKED", True), ("locked", True), ("UNLOCKED", False), ("UNDEFINED", None)],
)
def test_immobilised_is_locked(sent: str, immobilised: bool | None) -> None:
    """Other words are not known."""
    assert vehicle({"etatImmobilisation": sent}).immobilised is immobilised
    assert nearest(immobilisationState=sent).immobilised is immobilised


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({}, True),
        ({"gpsCale": False}, False),
        ({"gpsCale": "false"}, False),
        ({"gpsCale": None}, None),
        ({"gpsCale": None, "gpsCalle": False}, False),
    ],
)
def test_the_fix_under_either_spelling(
    changes: dict[str, object], fix: bool | None
) -> None:
    """The vendor writes it with one l and with two."""
    assert vehicle(**changes).gps_fix is fix


@pytest.mark.parametrize("address", ["1 Rue de Rivoli", {"address": "1 Rue de Rivoli"}])
def test_an_address_may_be_a_text_or_lack_parts(address: object) -> None:
    """What is there is shown."""
    assert vehicle(fullAddress=address).address == "1 Rue de Rivoli"
    assert vehicle(fullAddress=None).address is None


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("cap", 400, "heading"),
        ("cap", "north", "heading"),
        ("latitudeY", None, "location"),
        ("driver", "x", "driver"),
        ("fullAddress", 7.5, "address"),
        ("gpsCale", 9, "gps_fix"),
    ],
)
def test_a_bad_value_costs_only_itself(key: str, value: object, field: str) -> None:
    """Everything else is as without the fault."""
    found, good = vehicle(**{key: value}), vehicle()
    untouched = set(Vehicle.__slots__) - {field}
    assert {name: getattr(found, name) for name in untouched} == {
        name: getattr(good, name) for name in untouched
    }
    assert getattr(found, field) != getattr(good, field)


def test_a_row_without_an_id_leaves_the_list_incomplete() -> None:
    """It might be the vehicle that seems to be gone."""
    whole = mapping.fleet([ROW, {**ROW, "id": 12}], mapping.vehicle)
    assert (set(whole.vehicles), whole.complete) == ({"4711", "12"}, True)
    broken = mapping.fleet([ROW, {**ROW, "id": None}, None], mapping.vehicle)
    assert (set(broken.vehicles), broken.complete) == ({"4711"}, False)


MATERIAL: dict[str, Any] = {
    "materiel": {
        "id": 31,
        "description": "Trailer",
        "marque": "Humbaur",
        "modele": "HA",
        "reference": "R-1",
    },
    "boxLightDTO": {"id": 1, "numeroSerieBoi": "S"},
    "entiteLightDTO": {"id": 2, "nom": "North"},
    "trameDTO": {"id": 3, "stateBoitier": True},
}


def test_equipment_has_an_id_of_its_own() -> None:
    """Its numbers may be those of vehicles."""
    assert mapping.equipment(MATERIAL) == Vehicle(
        id="equipment_31", name="Trailer", make="Humbaur", model="HA", group="North"
    )
    unnamed = {"materiel": {"id": 31, "reference": "R-1"}}
    assert mapping.equipment(unnamed) == Vehicle(id="equipment_31", name="R-1")
    assert mapping.equipment({"materiel": {"id": 0}}) is None


@pytest.mark.parametrize("row", [{"materiel": MATERIAL}, MATERIAL])
def test_the_newest_position_of_equipment_counts(row: dict[str, Any]) -> None:
    """Whichever of the two pairs of coordinates it has."""
    positions = [
        {"gmtPosFormat": "14/07/2026 09:00:00 +0000", "latitude": 1, "longitude": 1},
        {
            "gmtPosFormat": "14/07/2026 13:30:05 +0000",
            "latitude": 0,
            "longitude": 0,
            "latitudeYPos": "48.8566",
            "longitudeXPos": "2.3522",
            "address": "1 Rue de Rivoli",
            "postCode": "75001",
            "town": "Paris",
            "gpsCalle": True,
        },
        {"gmtPosFormat": None},
        None,
    ]
    found = mapping.equipment_position({**row, "positions": positions})
    assert found is not None
    assert (found.id, found.last_report, found.gps_fix) == ("equipment_31", TIME, True)
    assert found.location == Coordinates(latitude=48.8566, longitude=2.3522)
    assert found.address == "1 Rue de Rivoli, 75001 Paris"


def test_equipment_may_be_its_own_position() -> None:
    """With the names that vehicles' positions have."""
    found = mapping.equipment_position(
        {
            "materiel": MATERIAL["materiel"],
            "latitudeY": "48.8566",
            "longitudeX": 2.3522,
            "date": "2026-07-14T13:30:05.000Z",
            "address": POSITION["fullAddress"],
        }
    )
    assert found is not None
    assert (found.id, found.last_report) == ("equipment_31", TIME)
    assert found.location == Coordinates(latitude=48.8566, longitude=2.3522)
    assert found.address == "1 Rue de Rivoli, 75001 Paris"


@pytest.mark.parametrize(
    "row", [{**MATERIAL, "positions": []}, {"positions": [{}]}, {"latitudeY": 1}, None]
)
def test_equipment_without_a_position_has_none(row: object) -> None:
    """Or positions without equipment."""
    assert mapping.equipment_position(row) is None


def test_entities_are_named_by_id() -> None:
    """One without a name cannot be chosen."""
    rows = [{"id": 1, "nom": "North"}, {"id": "2", "nom": "South"}, {"id": 3}, None]
    assert mapping.entities(rows) == {"1": "North", "2": "South"}


def sample(**changes: object) -> dict[str, object]:
    """Return a position of positions/search."""
    return {
        "date": "14/07/2026 13:30:05 +0000",
        "vitesseKmh": 50,
        "etat": "TRAVELING",
        **changes,
    }


def test_the_newest_speed_counts() -> None:
    """By the vehicle's id, or by its plate."""
    rows = [
        {
            "vehicle": {"idVehicule": 1, "immatriculation": "A"},
            "positions": [
                sample(vitesseKmh="62,5"),
                sample(timestamp=1784035800000, vitesseKmh=10),
            ],
        },
        {"vehicle": {"immatriculation": "B"}, "positions": [sample()]},
        {"vehicle": {"immatriculation": "C"}, "positions": [sample()]},
        {"vehicle": {"idVehicule": 4}, "positions": []},
    ]
    assert mapping.speeds(rows, {"A": "1", "B": "2", "D": "4"}) == {
        "1": mapping.Speed(value=62.5, time=TIME),
        "2": mapping.Speed(value=50, time=TIME),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"vitesseKmh": -1},
        {"vitesseKmh": None},
        {"vitesseKmh": 900},
        {"date": None},
        {"etat": "PRIVACY"},
    ],
)
def test_a_speed_without_value_or_time_or_of_a_private_drive_is_none(
    changes: dict[str, object],
) -> None:
    """Its age must be known, and that it may be shown."""
    row = {"vehicle": {"idVehicule": 1}, "positions": [sample(**changes)]}
    assert mapping.speeds([row], {"A": "1"}) == {}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["85", "2026-07-14", "13:30", "PRIVACY", 1784035805000, "LOCKED"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*ROW, *POSITION, *NEAREST, *NEAREST["address"], *MATERIAL, "positions"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def spoiled(template: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return rows like a template, some of their values being anything."""
    return st.fixed_dictionaries(
        {},
        optional={
            key: st.just(value)
            | anything
            | (spoiled(value) if isinstance(value, dict) else st.nothing())
            for key, value in template.items()
        },
    )


@given(row=spoiled(ROW) | anything)
def test_whatever_comes_is_read_as_a_vehicle_or_not(row: object) -> None:
    """Nothing raises, and what is private has no place."""
    found = mapping.vehicle(row)
    if found is not None:
        assert found.id not in ("", "0")
        assert found.location is None or found.private_mode is not True
        assert found.last_report is None or found.last_report.tzinfo is UTC


@given(row=spoiled(NEAREST) | anything)
def test_whatever_comes_of_the_nearest_is_read_or_not(row: object) -> None:
    """Nothing raises, and no place is a sentinel."""
    found = mapping.nearest(row)
    if found is not None and found.location is not None:
        assert found.location.latitude not in (0, 85)
        assert found.private_mode is not True


@given(rows=st.lists(anything | spoiled(MATERIAL), max_size=4))
def test_whatever_comes_of_the_rest_is_read_or_not(rows: list[object]) -> None:
    """Equipment, its positions, entities and speeds."""
    batch = mapping.fleet(rows, mapping.equipment)
    assert all(key.startswith("equipment_") for key in batch.vehicles)
    mapping.fleet(rows, mapping.equipment_position)
    assert all(mapping.entities(rows).values())
    assert mapping.speeds(rows, {}) == {}
