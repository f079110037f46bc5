"""FleetGO's JSON becomes models, whatever it holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
import pytest

from custom_components.fleet_telematics.providers.fleetgo import mapping
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Status,
    Vehicle,
)

from .anything import ANY_JSON, like

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def _row(**changes: object) -> dict[str, object]:
    """Return a fleet element with every key of the field notes."""
    return {
        "Id": 98765432101,
        "EquipmentHeader": {
            "Make": "Volvo",
            "Model": "FH16",
            "EquipmentID": "Truck 7",
            "SerialNumber": "AB-123-CD",
            "InitialMileage": 0,
            "YearOfManufacture": 2020,
            "VehicleNumber": "7",
            "HasDevice": True,
            "HasTachograph": False,
        },
        "Location": {
            "Latitude": 52.3676,
            "Longitude": 4.9041,
            "Altitude": -2.0,
            "DateTime": "2026-03-02T12:59:30.0000000+01:00",
            "Remarks": None,
            "Reason": None,
            "Radius": 0,
        },
        "Angle": 181,
        "EngineRunning": True,
        "IsStationary": False,
        "PrivateMode": False,
        "HidePrivate": False,
        "Speed": 63,
        "Odometer": 71221.4,
        "DriverId": 5,
        "DriverNumber": "5",
        "DriverName": "Anna Vos",
        "WorkingStatus": 3,
        "DriverStatus": 0,
        "CoDriverId": -1,
        "Latency": 4,
        "LastRide": None,
        "Address": {
            "Country": "Netherlands",
            "Address": "Damrak 1",
            "City": "Amsterdam",
            "PostalCode": "1012 LG",
        },
        "Group": {"Id": 12, "Code": "N", "Name": "North", "Color": "#fff"},
        "UpdateInterval": 60,
        "DateExpired": None,
        "ServiceDistanceInKilometers": 8779,
        "FuelLevelPercentage": 43,
        "ActiveLampsAndWarnings": "",
        "ActiveDtcs": None,
        "EngineCoolantTemperature": 88,
        "PowerVoltage": 27.9,
        **changes,
    }


def _vehicle(**changes: object) -> Vehicle:
    found = mapping.vehicle(_row(**changes), now=NOW)
    assert found is not None
    return found


def test_element_of_the_fleet_is_read_whole() -> None:
    """Every key of the field notes becomes the value it stands for."""
    assert _vehicle() == Vehicle(
        id="98765432101",
        name="AB-123-CD",
        plate="AB-123-CD",
        make="Volvo",
        model="FH16",
        group="North",
        location=Coordinates(latitude=52.3676, longitude=4.9041),
        address="Damrak 1, 1012 LG Amsterdam",
        speed=63,
        heading=181,
        altitude=-2,
        last_report=datetime(2026, 3, 2, 11, 59, 30, tzinfo=UTC),
        status=Status.MOVING,
        odometer=71221.4,
        fuel_level=43,
        driver="Anna Vos",
        next_service_odometer=80000,
        engine=True,
        moving=True,
        private_mode=False,
        online=True,
        malfunction=False,
        coolant_temperature=88,
        supply_voltage=27.9,
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
        assert mapping.vehicle(recased(_row(), upper), now=NOW) == _vehicle()


@pytest.mark.parametrize(
    ("header", "name", "plate"),
    [
        ({"SerialNumber": "X-1", "EquipmentID": "Bus"}, "X-1", "X-1"),
        ({"SerialNumber": " ", "EquipmentID": "Bus"}, "Bus", None),
        ({"VehicleNumber": 31}, "31", None),
        (None, None, None),
    ],
)
def test_name_is_the_plate_or_what_stands_in_for_it(
    header: object, name: str | None, plate: str | None
) -> None:
    """A vehicle without a plate goes by its equipment or vehicle number."""
    vehicle = _vehicle(EquipmentHeader=header)
    assert (vehicle.name, vehicle.plate) == (name, plate)


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("Odometer", 0, "odometer"),
        ("FuelLevelPercentage", -1, "fuel_level"),
        ("FuelLevelPercentage", 101, "fuel_level"),
        ("FuelLevelPercentage", None, "fuel_level"),
        ("EngineCoolantTemperature", 0, "coolant_temperature"),
        ("PowerVoltage", 0.0, "supply_voltage"),
        ("Location", {"Latitude": 0, "Longitude": 0}, "location"),
        ("Location", None, "location"),
        ("Location", None, "last_report"),
        ("Location", {"DateTime": "0001-01-01T00:00:00"}, "last_report"),
        ("Speed", -1, "speed"),
        ("Angle", 361, "heading"),
        ("DriverName", "", "driver"),
        ("ServiceDistanceInKilometers", 0, "next_service_odometer"),
        ("ServiceDistanceInKilometers", -1, "next_service_odometer"),
        ("Odometer", None, "next_service_odometer"),
        ("Address", {"City": None, "Address": None}, "address"),
    ],
)
def test_placeholder_is_no_value(key: str, value: object, field: str) -> None:
    """What the vendor writes for "none" is left out, and nothing else is."""
    vehicle = _vehicle(**{key: value})
    assert getattr(vehicle, field) is None
    assert vehicle.name == "AB-123-CD"


def test_empty_tank_is_a_value() -> None:
    """A fuel level of 0 percent is inside its range."""
    assert _vehicle(FuelLevelPercentage=0).fuel_level == 0


def test_numbers_in_quotes_are_numbers() -> None:
    """A vendor's text of a number is read, with a decimal comma too."""
    vehicle = _vehicle(Odometer="71221,4", Speed="63", EngineRunning="true")
    assert (vehicle.odometer, vehicle.speed, vehicle.engine) == (71221.4, 63, True)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"Address": "Damrak 1", "City": None, "PostalCode": None}, "Damrak 1"),
        ({"Address": None, "City": "Amsterdam"}, "Amsterdam"),
        ("Amsterdam, Netherlands", "Amsterdam, Netherlands"),
    ],
)
def test_address_is_made_of_the_parts_that_are_there(
    address: object, expected: str
) -> None:
    """Null parts leave no separators behind; a plain text is taken as it is."""
    assert _vehicle(Address=address).address == expected


@pytest.mark.parametrize(
    ("changes", "status", "moving"),
    [
        ({}, Status.MOVING, True),
        ({"IsStationary": True}, Status.IDLING, False),
        ({"Speed": 0}, Status.IDLING, False),
        ({"Speed": None}, Status.MOVING, True),
        ({"IsStationary": None}, Status.MOVING, True),
        ({"Speed": 0, "EngineRunning": False}, Status.STOPPED, False),
        ({"Speed": 0, "EngineRunning": None}, Status.STOPPED, False),
        ({"Speed": None, "IsStationary": None, "EngineRunning": None}, None, None),
        ({"PrivateMode": True}, Status.PRIVATE, True),
        ({"PrivateMode": 1, "Location": None}, Status.PRIVATE, True),
    ],
)
def test_status_follows_engine_speed_and_privacy(
    changes: dict[str, object], status: Status | None, moving: bool | None
) -> None:
    """Private goes before what the vehicle does; a parked drift is no movement."""
    vehicle = _vehicle(**changes)
    assert (vehicle.status, vehicle.moving) == (status, moving)


@pytest.mark.parametrize(
    ("age", "changes", "online"),
    [
        (timedelta(minutes=14), {}, True),
        (timedelta(minutes=16), {}, False),
        (timedelta(minutes=16), {"PrivateMode": True}, True),
        (timedelta(hours=23), {"EngineRunning": False, "Speed": 0}, True),
        (timedelta(hours=25), {"EngineRunning": False, "Speed": 0}, False),
        (timedelta(minutes=-5), {}, True),
    ],
)
def test_silence_means_offline_sooner_with_the_engine_running(
    age: timedelta, changes: dict[str, object], online: bool
) -> None:
    """A parked tracker may sleep for a day, a driving one may not."""
    row = _row(**changes) | {"Location": {"DateTime": (NOW - age).isoformat()}}
    vehicle = mapping.vehicle(row, now=NOW)
    assert vehicle is not None
    assert vehicle.online is online
    assert (vehicle.status is Status.OFFLINE) is not online


@pytest.mark.parametrize(
    ("latency", "online"), [(5, True), (90_000, False), (-1, None), (None, None)]
)
def test_latency_stands_in_for_a_missing_time(
    latency: object, online: bool | None
) -> None:
    """Without a time of report its latency tells; a negative one does not."""
    assert _vehicle(Location=None, Latency=latency).online is online


@pytest.mark.parametrize(
    ("changes", "malfunction"),
    [
        ({"MIL": True}, True),
        ({"MalfunctionIndicatorLight": "1"}, True),
        ({"ActiveLampsAndWarnings": "CheckEngine"}, True),
        ({"ActiveLampsAndWarnings": "None"}, False),
        ({"ActiveDtcs": ["P0301"]}, True),
        ({"ActiveDtcs": []}, False),
        ({"ActiveDtcs": 3}, True),
        ({"ActiveLampsAndWarnings": None, "ActiveDtcs": None}, None),
    ],
)
def test_malfunction_follows_from_lamps_and_trouble_codes(
    changes: dict[str, object], malfunction: bool | None
) -> None:
    """Any sign of a fault turns it on; without any sign it is unknown."""
    assert _vehicle(**changes).malfunction is malfunction


def test_next_service_stands_still_while_the_vehicle_drives() -> None:
    """The distance that is left is added to the odometer, also when overdue."""
    before = _vehicle(Odometer=1000, ServiceDistanceInKilometers=500)
    after = _vehicle(Odometer=1250, ServiceDistanceInKilometers=250)
    overdue = _vehicle(Odometer=1600, ServiceDistanceInKilometers=-100)
    assert before.next_service_odometer == 1500
    assert after.next_service_odometer == 1500
    assert overdue.next_service_odometer == 1500


@pytest.mark.parametrize(
    "row",
    [None, [], "x", {}, {"Id": 0}, {"Id": -1}, {"Id": "n/a"}, {"Id": None}, {"Id": []}],
)
def test_element_without_an_id_is_no_vehicle(row: object) -> None:
    """What cannot be told apart is left out."""
    assert mapping.vehicle(row, now=NOW) is None


def test_group_has_an_id_and_a_name() -> None:
    """The name falls back to the code and then to the id."""
    assert mapping.group(_row()) == ("12", "North")
    assert mapping.group(_row(Group={"Id": 3, "Code": "S"})) == ("3", "S")
    assert mapping.group(_row(Group={"Id": 3})) == ("3", "3")
    assert mapping.group(_row(Group=None)) is None


AVL_ROW: dict[str, object] = {
    "Timestamp": "2024-01-15T10:30:00",
    "LocalTime": "2024-01-15T11:30:00",
    "Latitude": 52.3676,
    "Longitude": 4.9041,
    "Altitude": 7.5,
    "Angle": 180,
    "Satellites": 12,
    "Speed": 65,
    "EngineRunning": True,
    "PrivateMode": False,
    "EventId": 0,
    "EquipmentId": 12345,
    "TripId": 67890,
    "DriverId": 111,
    "IOValues": {},
    "Latency": 5,
    "HighResolutionTotalVehicleDistance": 45678.5,
    "VehicleDistanceSource": {},
    "HighResolutionFuelConsumption": 1234.5,
    "FuelConsumptionSource": {},
}


def test_avl_record_measures_odometer_fuel_and_satellites() -> None:
    """The document's example is read, its naive timestamp as UTC."""
    assert mapping.telemetry(AVL_ROW) == Vehicle(
        id="12345",
        last_report=datetime(2024, 1, 15, 10, 30, tzinfo=UTC),
        altitude=7.5,
        satellites=12,
        odometer=45678.5,
        fuel_consumed=1234.5,
    )


def test_avl_record_of_a_private_drive_keeps_its_altitude_back() -> None:
    """Height belongs to the fix that private mode hides."""
    record = mapping.telemetry(AVL_ROW | {"PrivateMode": True})
    assert record is not None
    assert (record.altitude, record.odometer) == (None, 45678.5)


@pytest.mark.parametrize("missing", ["EquipmentId", "Timestamp"])
def test_avl_record_needs_a_vehicle_and_a_time(missing: str) -> None:
    """A record that cannot be placed is left out."""
    assert mapping.telemetry(AVL_ROW | {missing: None}) is None


def _check_ranges(vehicle: Vehicle) -> None:
    assert vehicle.id
    assert vehicle.odometer is None or vehicle.odometer > 0
    assert vehicle.fuel_level is None or 0 <= vehicle.fuel_level <= 100
    assert vehicle.speed is None or 0 <= vehicle.speed <= 400
    assert vehicle.last_report is None or vehicle.last_report.tzinfo is UTC
    assert vehicle.satellites is None or 0 <= vehicle.satellites <= 100
    if vehicle.location is not None:
        assert abs(vehicle.location.latitude) <= 90
        assert abs(vehicle.location.longitude) <= 180
    if vehicle.private_mode:
        assert vehicle.status is Status.PRIVATE


@given(row=like(_row(MIL=None)) | ANY_JSON)
def test_no_element_of_the_fleet_raises(row: object) -> None:
    """Any JSON gives a vehicle with values in range, or none."""
    mapping.group(row)
    mapping.administration(row)
    vehicle = mapping.vehicle(row, now=NOW)
    if vehicle is not None:
        _check_ranges(vehicle)


@given(row=like(_row(MIL=None)))
def test_bad_values_never_cost_the_vehicle(row: dict[str, object]) -> None:
    """With an id the vehicle is there, whatever else it says."""
    vehicle = mapping.vehicle(row | {"Id": 7}, now=NOW)
    assert vehicle is not None
    assert vehicle.id == "7"


@given(row=like(AVL_ROW) | ANY_JSON)
def test_no_avl_record_raises(row: object) -> None:
    """Any JSON gives a record with values in range, or none."""
    record = mapping.telemetry(row)
    if record is not None:
        _check_ranges(record)
