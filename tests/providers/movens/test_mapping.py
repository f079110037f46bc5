"""Movens's JSON becomes models, whatever it holds."""

from base64 import b64encode
from datetime import UTC, datetime
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Status,
    Vehicle,
)
from custom_components.fleet_telematics.providers.movens import mapping
from custom_components.fleet_telematics.providers.movens.mapping import Category

NONE = "2001-01-01T00:00:00Z"


def _row(
    status: dict[str, object] | None = None, **changes: object
) -> dict[str, object]:
    """Return a vehicle with every key of the document."""
    return {
        "ID": 21,
        "LicensePlate": "AB123CD",
        "VIN": "ZFA19900001234567",
        "Sticker": "Car 7",
        "LastSetOperativeBy": "Admin",
        "IsOperative": True,
        "AdminOperativeStatus": True,
        "SystemOperativeStatus": True,
        "SystemOperativeReason": None,
        "OverriddenSystemOperativeStatus": True,
        "ForcedOperativeBy": None,
        "Notes": None,
        "CategoryLabels": '{"en":"City Car","it":"Utilitaria"}',
        "CategoryID": 2,
        "CategoryTree": None,
        "Devices": [{"ID": 17, "SerialNumber": "DWV", "LastDeviceSync": NONE}],
        "Latitude": 41.775761,
        "Longitude": 12.24598,
        "LastPositionUpdate": "2026-09-18T04:14:23Z",
        "Groups": [],
        "CurrentTripGuid": None,
        "DeviceID": 17,
        "LastDeviceSync": None,
        "LastNetworkSignalStrengthPct": None,
        "EngineType": 0,
        "FuelTankCapacity": 45,
        "FuelLevelPct": None,
        "EVBLevelPct": None,
        "OdometerKm": 118,
        "LastOdometerReading": NONE,
        "IsDamaged": False,
        "Status": {
            "CurrentReservationEnd": "2026-09-18T06:00:00Z",
            "CurrentReservationMaxStart": NONE,
            "CurrentReservationMinStart": NONE,
            "LastDeviceSync": "2026-09-18T04:14:30Z",
            "LastMaintenanceEnd": NONE,
            "LastMaintenanceStart": NONE,
            "LastMotion": "2026-09-18T04:14:00Z",
            "LastPositionUpdate": "2026-09-18T04:14:23Z",
            "LastTripEnd": "2026-09-18T03:30:00Z",
            "LastTripStart": "2026-09-18T03:00:00Z",
            "FuelLevelPct": 10.123,
            "ServiceBattery": 12.456,
            "LastNetworkSignalStrengthPct": 81,
            "AdminOperativeStatus": True,
            "SystemOperativeStatus": True,
            "IsLowFuel": True,
            "IsLowEVB": False,
            "IsLostContact": False,
            "IsPositionLost": False,
            "IsReserved": True,
            "IsOnTrip": True,
            "IsOnTripAndMoving": True,
            "IsWithoutTripsForLong": False,
            "IsInMaintenance": False,
            "IsInternetWeak": True,
            **(status or {}),
        },
        "InternalCleaningStatus": 2,
        "ExternalCleaningStatus": 0,
        "IgnitionVoltageLevel": 3,
        **changes,
    }


def _vehicle(status: dict[str, object] | None = None, **changes: object) -> Vehicle:
    return mapping.vehicle("21", _row(status, **changes), "en")


def test_vehicle_of_the_document_is_read_whole() -> None:
    """Every key with a meaning becomes the value it stands for."""
    assert _vehicle() == Vehicle(
        id="21",
        name="AB123CD",
        plate="AB123CD",
        vin="ZFA19900001234567",
        model="City Car",
        category="2",
        location=Coordinates(latitude=41.775761, longitude=12.24598),
        last_report=datetime(2026, 9, 18, 4, 14, 23, tzinfo=UTC),
        status=Status.MOVING,
        odometer=118,
        fuel_level=10.123,
        tank_capacity=45,
        supply_voltage=12.456,
        signal_strength=81,
        ignition_voltage=3,
        internal_cleaning=2,
        external_cleaning=0,
        moving=True,
        online=True,
        low_fuel=True,
        low_battery=False,
        gps_fix=True,
        on_trip=True,
        reserved=True,
        in_maintenance=False,
        damaged=False,
        operative=True,
        weak_signal=True,
        last_trip_start=datetime(2026, 9, 18, 3, 0, tzinfo=UTC),
        last_trip_end=datetime(2026, 9, 18, 3, 30, tzinfo=UTC),
        last_trip_duration=0.5,
        last_motion=datetime(2026, 9, 18, 4, 14, tzinfo=UTC),
        reservation_end=datetime(2026, 9, 18, 6, 0, tzinfo=UTC),
    )


def test_case_of_the_keys_does_not_matter() -> None:
    """Camel case and upper case are read as Pascal case is."""

    def recased(value: object, upper: bool) -> object:
        if isinstance(value, dict):
            return {
                key.upper() if upper else key[0].lower() + key[1:]: recased(item, upper)
                for key, item in value.items()
            }
        return value

    for upper in (True, False):
        assert mapping.vehicle("21", recased(_row(), upper), "en") == _vehicle()


@pytest.mark.parametrize("value", [None, "x", 7, [], {}, {"Status": "x"}])
def test_row_that_tells_nothing_is_a_vehicle_without_values(value: object) -> None:
    """Its id stands in for its name."""
    assert mapping.vehicle("21", value, "en") == Vehicle(id="21", name="21")


@pytest.mark.parametrize(
    ("changes", "name", "plate"),
    [
        ({}, "AB123CD", "AB123CD"),
        ({"LicensePlate": " "}, "Car 7", None),
        ({"LicensePlate": None, "Sticker": None}, "21", None),
        ({"LicensePlate": None, "Sticker": 12}, "12", None),
    ],
)
def test_name_is_the_plate_or_what_stands_in_for_it(
    changes: dict[str, object], name: str, plate: str | None
) -> None:
    """The sticker, else the id."""
    vehicle = _vehicle(None, **changes)
    assert (vehicle.name, vehicle.plate) == (name, plate)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Latitude": 0, "Longitude": 0}, "location"),
        ({"Latitude": None}, "location"),
        ({"Longitude": 181}, "location"),
        ({"OdometerKm": 0}, "odometer"),
        ({"OdometerKm": -1}, "odometer"),
        ({"FuelTankCapacity": 0}, "tank_capacity"),
        ({"FuelTankCapacity": "n/a"}, "tank_capacity"),
        ({"CategoryID": 0}, "category"),
        ({"CategoryID": "../x"}, "category"),
        ({"IsDamaged": None}, "damaged"),
        ({"InternalCleaningStatus": None}, "internal_cleaning"),
        ({"status": {"FuelLevelPct": 101}}, "fuel_level"),
        ({"status": {"ServiceBattery": 0}}, "supply_voltage"),
        ({"status": {"LastNetworkSignalStrengthPct": -1}}, "signal_strength"),
        ({"status": {"LastMotion": NONE}}, "last_motion"),
        ({"status": {"LastMotion": "2001-01-01T01:01:01Z"}}, "last_motion"),
        ({"status": {"CurrentReservationEnd": "0001-01-01"}}, "reservation_end"),
        ({"status": {"LastTripStart": NONE}}, "last_trip_duration"),
        ({"status": {"LastTripEnd": None}}, "last_trip_duration"),
        ({"status": {"LastTripEnd": "2026-09-18T03:00:00Z"}}, "last_trip_duration"),
        ({"status": {"IsReserved": "perhaps"}}, "reserved"),
        ({"status": {"IsLostContact": None}}, "online"),
    ],
)
def test_placeholder_is_no_value(changes: dict[str, object], field: str) -> None:
    """What the vendor writes for "none" is left out, and nothing else is."""
    status = changes.pop("status", None)
    assert status is None or isinstance(status, dict)
    vehicle = _vehicle(status, **changes)
    assert getattr(vehicle, field) is None
    assert (vehicle.name, vehicle.moving) == ("AB123CD", True)


@pytest.mark.parametrize(
    ("key", "field", "inverted"),
    [
        ("IsLowFuel", "low_fuel", False),
        ("IsLowEVB", "low_battery", False),
        ("IsLostContact", "online", True),
        ("IsPositionLost", "gps_fix", True),
        ("IsReserved", "reserved", False),
        ("IsOnTrip", "on_trip", False),
        ("IsOnTripAndMoving", "moving", False),
        ("IsInMaintenance", "in_maintenance", False),
        ("IsInternetWeak", "weak_signal", False),
    ],
)
@pytest.mark.parametrize("value", [True, False, 1, 0, "true", "False"])
def test_flag_of_the_status_is_a_value_of_the_vehicle(
    key: str, field: str, inverted: bool, value: object
) -> None:
    """However a truth is written; what tells of a fault is turned round."""
    truth = value in (True, "true")
    assert getattr(_vehicle({key: value}), field) is (truth is not inverted)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, Status.MOVING),
        ({"IsInMaintenance": True, "IsLostContact": True}, Status.MAINTENANCE),
        ({"IsLostContact": True}, Status.OFFLINE),
        ({"IsLostContact": None}, Status.MOVING),
        ({"IsOnTripAndMoving": False}, Status.IDLING),
        ({"IsOnTripAndMoving": None}, Status.IDLING),
        ({"IsOnTripAndMoving": False, "IsOnTrip": False}, Status.STOPPED),
        ({"IsOnTripAndMoving": None, "IsOnTrip": False}, Status.STOPPED),
        ({"IsOnTripAndMoving": None, "IsOnTrip": None}, None),
    ],
)
def test_status_follows_from_the_flags(
    status: dict[str, object], expected: Status | None
) -> None:
    """The workshop goes first, then lost contact, then what the trip does."""
    assert _vehicle(status).status is expected


@pytest.mark.parametrize(
    ("top", "below", "fuel", "reported"),
    [
        ({"FuelLevelPct": 50}, {"FuelLevelPct": None}, 50, "2026-09-18T04:14:23"),
        ({"FuelLevelPct": 50}, {"LastDeviceSync": None}, 50, "2026-09-18T04:14:23"),
        ({"FuelLevelPct": 50}, {}, 10.123, "2026-09-18T04:14:23"),
        (
            {"FuelLevelPct": 50, "LastDeviceSync": "2026-09-18T05:00:00Z"},
            {},
            50,
            "2026-09-18T04:14:23",
        ),
        (
            {"FuelLevelPct": 50, "LastPositionUpdate": "2026-09-18T05:00:00Z"},
            {},
            50,
            "2026-09-18T05:00:00",
        ),
        (
            {"FuelLevelPct": 50, "LastPositionUpdate": NONE},
            {},
            10.123,
            "2026-09-18T04:14:23",
        ),
        (
            {"FuelLevelPct": 101},
            {"LastPositionUpdate": None, "LastDeviceSync": None},
            10.123,
            "2026-09-18T04:14:23",
        ),
    ],
)
def test_what_is_told_twice_is_taken_where_it_is_newer(
    top: dict[str, object], below: dict[str, object], fuel: float, reported: str
) -> None:
    """By when each was updated; a value that only one of them has is taken."""
    vehicle = _vehicle(below, **top)
    assert vehicle.fuel_level == fuel
    assert vehicle.last_report == datetime.fromisoformat(f"{reported}+00:00")


def test_electric_vehicle_has_a_battery() -> None:
    """Its level may stand in the vehicle or in its status."""
    assert _vehicle(EVBLevelPct="80,5").battery_level == 80.5
    assert _vehicle({"EVBLevelPct": 79}).battery_level == 79


def test_trip_under_way_has_no_duration() -> None:
    """Its start is past the end of the one before."""
    vehicle = _vehicle({"LastTripStart": "2026-09-18T04:00:00Z"})
    assert vehicle.last_trip_duration is None
    assert vehicle.last_trip_start == datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
    assert vehicle.last_trip_end == datetime(2026, 9, 18, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "labels", "make", "model"),
    [
        (Category(make="FIAT", model="500", label="x"), '{"en":"City"}', "FIAT", "500"),
        (Category(make="FIAT", label="x"), '{"en":"City"}', "FIAT", "City"),
        (Category(label="Van"), None, None, "Van"),
        (Category(), "{}", None, None),
    ],
)
def test_make_and_model_are_the_categorys(
    known: Category, labels: object, make: str | None, model: str | None
) -> None:
    """A category without a model lends its label."""
    vehicle = mapping.vehicle("21", _row(CategoryLabels=labels), "en", known)
    assert (vehicle.make, vehicle.model) == (make, model)


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ('{"en":"Car","it":"Auto"}', "it", "Auto"),
        ('{"en":"Car","it":"Auto"}', "it-IT", "Auto"),
        ('{"EN":"Car","IT":"Auto"}', "it_it", "Auto"),
        ('{"en":"Car","it-IT":"Auto"}', "it", "Auto"),
        ('{"pt":"Carro","pt-BR":"Veiculo"}', "pt-BR", "Veiculo"),
        ('{"en-GB":"Motor","en":"Car"}', "en-US", "Car"),
        ('{"it":"Auto","en":"Car"}', "fr", "Car"),
        ('{"it":"Auto","de":"Wagen"}', "fr", "Auto"),
        ('{"it":"","de":"Wagen"}', "it", "Wagen"),
        ('{"en":null,"it":5}', "en", "5"),
        ("{}", "en", None),
        ("[]", "en", None),
        ('{"en":', "en", None),
        ("[" * 100_000, "en", None),
        ('"City Car"', "en", "City Car"),
        ("City Car", "en", "City Car"),
        (" ", "en", None),
        (None, "en", None),
        ({"en": "Car"}, "en", "Car"),
    ],
)
def test_label_is_in_the_best_language_there_is(
    value: object, language: str, expected: str | None
) -> None:
    """The user's, else English, else the first; a plain text is the label itself."""
    assert mapping.label(value, language) == expected


def test_tree_is_read_to_its_leaves() -> None:
    """Children may be missing or null; a node without an id still has children."""
    tree: list[object] = [
        {
            "ID": 1,
            "Labels": '{"en":"Cars"}',
            "Children": [
                {"ID": 2, "Labels": '{"en":"Small"}', "Children": None},
                {"Labels": "{}", "Children": [{"ID": 3, "Children": "x"}]},
                None,
            ],
        },
        {"ID": 4},
        {"ID": None},
        "x",
    ]
    assert mapping.roots(tree) == ["1", "4", None, None]
    assert mapping.labels(tree, "en") == {
        "1": "Cars",
        "2": "Small",
        "3": None,
        "4": None,
    }


def test_deep_tree_is_read() -> None:
    """However many levels somebody made."""
    tree: dict[str, object] = {"ID": 5000}
    for one in range(4999, 0, -1):
        tree = {"ID": one, "Children": [tree]}
    assert len(mapping.labels([tree], "en")) == 5000


def json_values() -> st.SearchStrategy[object]:
    """Return anything that JSON can hold."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from(
            ["2026-09-18T04:14:23Z", NONE, "9999-12-31", "12,5", "{", '{"en":[1]}']
        )
    )
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=8,
    )


_KEYS = [key for key in _row() if key != "Status"]
_STATUS = _row()["Status"]
assert isinstance(_STATUS, dict)


@given(
    st.dictionaries(st.sampled_from(_KEYS), json_values()),
    st.dictionaries(st.sampled_from(list(_STATUS)), json_values()),
    st.sampled_from(["en", "it-IT", "", "zh_Hant"]),
)
def test_no_value_of_a_vehicle_breaks_the_reading(
    row: dict[str, object], status: dict[str, object], language: str
) -> None:
    """Bad values are left out; what is told stays inside its bounds."""
    vehicle = mapping.vehicle("21", _row(status, **row), language)
    for level in (vehicle.fuel_level, vehicle.battery_level, vehicle.signal_strength):
        assert level is None or 0 <= level <= 100
    assert vehicle.odometer is None or vehicle.odometer > 0
    assert vehicle.tank_capacity is None or vehicle.tank_capacity > 0
    assert vehicle.last_trip_duration is None or vehicle.last_trip_duration > 0
    assert vehicle.name
    assert vehicle.location is None or (
        abs(vehicle.location.latitude) <= 90 and abs(vehicle.location.longitude) <= 180
    )


@given(json_values())
def test_no_value_breaks_a_category(value: object) -> None:
    """Nor a tree, a label, or a picture."""
    assert isinstance(mapping.category(value, "en"), Category)
    assert set(filter(None, mapping.roots([value]))) <= set(
        mapping.labels([value], "en")
    )
    assert isinstance(mapping.label(value, "en"), str | None)
    assert isinstance(mapping.picture({"Image": value}), bytes | None)
    assert mapping.vehicle_category({"CategoryID": value}) == mapping.category_id(value)


@given(st.dictionaries(st.sampled_from(["en", "it", "it-IT"]), st.text(), min_size=1))
def test_label_is_one_of_the_labels(labels: dict[str, str]) -> None:
    """Unless all of them are blank."""
    found = mapping.label(json.dumps(labels), "it")
    told = [one for one in labels.values() if mapping.label({"en": one}, "en")]
    assert (found is None) is not bool(told)


@given(st.binary(min_size=1))
def test_picture_survives_its_wrapping(picture: bytes) -> None:
    """Every byte of it."""
    encoded = b64encode(picture).decode()
    assert mapping.picture({"Image": encoded}) == picture
    assert mapping.picture({"Image": f"data:image/png;base64,{encoded}"}) == picture
