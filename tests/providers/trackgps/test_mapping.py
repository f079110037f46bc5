"""What TrackGPS's JSON means."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    Batch,
    Coordinates,
    FuelEventKind,
    FuelReport,
    FuelSource,
    Status,
    Vehicle,
)
from custom_components.fleet_telematics.providers.trackgps import mapping
from custom_components.fleet_telematics.providers.trackgps.local_time import LocalTime

from .shapes import anything, shaped, upper

LOCAL = LocalTime(ZoneInfo("Europe/Bucharest"))
NOW = datetime(2026, 7, 14, 12, 30, 30, tzinfo=UTC)

ROW: dict[str, Any] = {
    "vehicleId": 4711,
    "vehicleUId": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "vehicleName": "Van 3",
    "vehicleRegistrationNumber": "B 12 ABC",
    "latitude": 44.4268,
    "longitude": 26.1025,
    "gpsDate": "2026-07-14T15:30:00.000",
    "address": "Calea Victoriei 1, București",
    "speed": 42,
    "course": 270,
    "engineEvent": 1,
    "engineRpm": 1850,
    "engineEventDate": "2026-07-14T14:00:00.000",
    "serverDate": "2026-07-14T15:30:02.000",
    "isPrivate": False,
    "vehicleIdentificationNumber": "UU1TEST0000000001",
    "externalPowerVoltage": 13.8,
    "vehicleManufacturer": "Dacia",
    "vehicleModel": "Dokker",
    "manufactureYear": 2019,
}


def vehicle(**changes: object) -> Vehicle:
    """Read ROW with some values changed."""
    found = mapping.vehicle({**ROW, **changes}, LOCAL, NOW)
    assert found is not None
    return found


def test_a_vehicle_is_read_whole() -> None:
    """Every documented value arrives in the common vocabulary."""
    assert vehicle() == Vehicle(
        id="4711",
        name="B 12 ABC",
        plate="B 12 ABC",
        vin="UU1TEST0000000001",
        make="Dacia",
        model="Dokker",
        location=Coordinates(latitude=44.4268, longitude=26.1025),
        address="Calea Victoriei 1, București",
        speed=42.0,
        heading=270.0,
        last_report=datetime(2026, 7, 14, 12, 30, tzinfo=UTC),
        status=Status.MOVING,
        supply_voltage=13.8,
        engine_speed=1850.0,
        engine=True,
        moving=True,
        private_mode=False,
        online=True,
    )


def test_both_key_cases_mean_the_same() -> None:
    """The document has camelCase, real answers come in PascalCase."""
    assert mapping.vehicle(upper(ROW), LOCAL, NOW) == vehicle()


def test_numbers_and_truths_may_come_as_text() -> None:
    """A decimal comma and a quoted number are the same values."""
    assert (
        vehicle(
            vehicleId="4711",
            latitude="44,4268",
            longitude="26.1025",
            speed="42",
            engineEvent="1",
            isPrivate="false",
            externalPowerVoltage="13,8",
        )
        == vehicle()
    )


def test_without_a_plate_the_vendors_name_is_the_name() -> None:
    """And the plate stays unknown."""
    found = vehicle(vehicleRegistrationNumber=" ")
    assert (found.name, found.plate) == ("Van 3", None)


@pytest.mark.parametrize(
    ("sent", "engine"),
    [(1, True), ("1", True), (0, False), (2, False), ("2", False), (7, None)],
)
def test_engine_events(sent: object, engine: bool | None) -> None:
    """1 is on, 0 and 2 are off."""
    assert vehicle(engineEvent=sent).engine is engine


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.MOVING),
        ({"speed": 0}, Status.IDLING),
        ({"speed": 0, "engineEvent": 2}, Status.STOPPED),
        ({"speed": 0, "engineEvent": None}, Status.STOPPED),
        ({"speed": None, "engineEvent": 0}, Status.STOPPED),
        ({"speed": None, "engineEvent": None}, None),
        ({"serverDate": "2026-07-12T15:30:00"}, Status.OFFLINE),
        ({"serverDate": "2026-07-12T15:30:00", "isPrivate": True}, Status.PRIVATE),
    ],
)
def test_status(changes: dict[str, object], status: Status | None) -> None:
    """Private goes before offline, offline before what it did last."""
    assert vehicle(**changes).status is status


@pytest.mark.parametrize(
    ("engine", "silent", "online"),
    [
        (1, timedelta(minutes=59), True),
        (1, timedelta(minutes=61), False),
        (2, timedelta(hours=23), True),
        (2, timedelta(hours=25), False),
        (None, timedelta(hours=23), True),
    ],
)
def test_a_silent_vehicle_is_offline(
    engine: int | None, silent: timedelta, online: bool
) -> None:
    """A running one is missed after an hour, a parked one sleeps up to a day."""
    heard = (NOW - silent).astimezone(ZoneInfo("Europe/Bucharest"))
    text = heard.replace(tzinfo=None).isoformat()
    assert vehicle(engineEvent=engine, serverDate=text).online is online


def test_nobody_knows_whether_a_vehicle_without_a_server_date_is_online() -> None:
    """It is unknown, not offline."""
    assert vehicle(serverDate=None).online is None


def test_private_mode_hides_where_and_how_fast() -> None:
    """The hidden fix is not even read; that it is private stays known."""
    found = vehicle(isPrivate=True)
    assert (found.location, found.address, found.speed, found.heading) == (None,) * 4
    assert found.private_mode is True
    assert found.supply_voltage == 13.8


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("latitude", 91, "location"),
        ("longitude", None, "location"),
        ("speed", -1, "speed"),
        ("speed", "fast", "speed"),
        ("course", 400, "heading"),
        ("gpsDate", "0001-01-01T00:00:00", "last_report"),
        ("gpsDate", "soon", "last_report"),
        ("externalPowerVoltage", -1, "supply_voltage"),
        ("engineRpm", [], "engine_speed"),
        ("vehicleIdentificationNumber", {}, "vin"),
        ("isPrivate", "perhaps", "private_mode"),
    ],
)
def test_a_bad_value_costs_only_itself(key: str, value: object, field: str) -> None:
    """Everything else is as without the fault."""
    found = vehicle(**{key: value})
    good = vehicle()
    assert getattr(found, field) is None
    touched = {field, "moving", "status"} if field == "speed" else {field}
    untouched = set(Vehicle.__slots__) - touched
    assert {name: getattr(found, name) for name in untouched} == {
        name: getattr(good, name) for name in untouched
    }


def test_no_fix_is_no_place() -> None:
    """0/0 is how trackers say that they see no sky."""
    assert vehicle(latitude=0, longitude=0).location is None


def test_drivers_are_read_where_they_are_delivered() -> None:
    """As the vendor's list of people, or as a plain name."""
    people = [{"firstName": "Ana", "lastName": "Pop"}, {"FirstName": "Ion"}, None]
    assert vehicle(drivers=people).driver == "Ana Pop, Ion"
    assert vehicle(driver="Ana Pop").driver == "Ana Pop"
    assert vehicle(drivers=[]).driver is None


def test_a_row_without_an_id_leaves_the_list_incomplete() -> None:
    """It might be the vehicle that seems to be gone."""
    whole = mapping.fleet([ROW, {**ROW, "vehicleId": 2}], LOCAL, NOW)
    assert (set(whole.vehicles), whole.complete) == ({"4711", "2"}, True)
    broken = mapping.fleet([ROW, {**ROW, "vehicleId": None}, None], LOCAL, NOW)
    assert (set(broken.vehicles), broken.complete) == ({"4711"}, False)


@pytest.mark.parametrize("value", ["n/a", -1, 10**400, "9" * 400, 2**63, "٤٧", True])
def test_an_id_that_the_vendor_would_not_take_is_none(value: object) -> None:
    """For one of them on a list the vendor declines the whole list."""
    found = mapping.fleet([ROW, {**ROW, "vehicleId": value}], LOCAL, NOW)
    assert (set(found.vehicles), found.complete) == ({"4711"}, False)


def test_in_the_repeated_hour_the_server_date_tells_which_pass_a_fix_is_of() -> None:
    """A fix is not younger than the vendor's last word of the vehicle."""
    now = datetime(2026, 10, 25, 1, 55, tzinfo=UTC)
    row = {**ROW, "gpsDate": "2026-10-25T03:50:00", "serverDate": "2026-10-25T03:10:00"}
    found = mapping.vehicle(row, LOCAL, now)
    assert found is not None
    assert found.last_report == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    fresh = mapping.vehicle({**row, "gpsDate": "2026-10-25T03:10:00"}, LOCAL, now)
    assert fresh is not None
    assert fresh.last_report == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


# Refills.

REFILL: dict[str, Any] = {
    "date": "2026-07-14T10:15:00",
    "event": "Fueling",
    "location": "Șoseaua Pipera 40",
    "estimation": 48.5,
    "isPrivate": False,
}
SUMS = (
    "FuelStart",
    "TotalRefill",
    "TotalPossibleTheft",
    "TotalFuelConsumption",
    "FuelStartSecondarySource",
    "TotalRefillSecondarySource",
    "TotalPossibleTheftSecondarySource",
    "RemainingFuelSecondarySource",
    "TotalFuelConsumptionSecondarySource",
)


def report(*rows: object, end: datetime = NOW, days: float = 2) -> FuelReport:
    """Read refills of vehicle 4711 over the days before `end`."""
    start = end - timedelta(days=days)
    return mapping.fuel_report("4711", list(rows), LOCAL, start, end)


def test_a_refill_is_read_whole() -> None:
    """Time in UTC, litres, where, and that it has one meaning only."""
    (event,) = report(REFILL).events
    assert event.vehicle_id == "4711"
    assert event.kind is FuelEventKind.REFUELLED
    assert event.source is FuelSource.PRIMARY
    assert event.time == datetime(2026, 7, 14, 7, 15, tzinfo=UTC)
    assert event.other_time is None
    assert (event.volume, event.address, event.private) == (
        48.5,
        "Șoseaua Pipera 40",
        False,
    )


@pytest.mark.parametrize("write", [str, str.lower, str.upper])
@pytest.mark.parametrize(
    ("name", "kind", "source"),
    [
        ("Fueling", FuelEventKind.REFUELLED, FuelSource.PRIMARY),
        ("PossibleFuelTheft", FuelEventKind.THEFT_SUSPECTED, FuelSource.PRIMARY),
        ("FuelingSecondarySource", FuelEventKind.REFUELLED, FuelSource.SECONDARY),
        (
            "PossibleFuelTheftSecondarySource",
            FuelEventKind.THEFT_SUSPECTED,
            FuelSource.SECONDARY,
        ),
    ],
)
def test_events_in_any_case(
    name: str, kind: FuelEventKind, source: FuelSource, write: Callable[[str], str]
) -> None:
    """Both kinds, of both tanks."""
    (event,) = report(upper({**REFILL, "event": write(name)})).events
    assert (event.kind, event.source) == (kind, source)


def test_sums_of_a_month_are_read_from_a_window_of_a_month() -> None:
    """Those of both sensors; over two days they would be of two days."""
    rows = [
        {"event": name, "estimation": litres, "date": "2026-07-14T10:15:00"}
        for litres, name in enumerate(("RemainingFuel", *SUMS), start=1)
    ]
    month = report(*rows, days=30.9).vehicle
    assert month is not None
    assert month.fuel_volume == 1
    assert month.month_refuelled == 3
    assert month.month_stolen == 4
    assert month.month_consumed == 5
    assert month.month_refuelled_secondary == 7
    assert month.month_stolen_secondary == 8
    assert month.fuel_volume_secondary == 9
    assert month.month_consumed_secondary == 10
    days = report(*rows).vehicle
    assert days is not None
    assert (days.fuel_volume, days.fuel_volume_secondary) == (1, 9)
    assert days.month_refuelled is None
    kept = mapping.month_kept(days, month)
    assert kept.month_refuelled == 3
    assert mapping.month_kept(days, None) == days


@pytest.mark.parametrize("name", [*SUMS, "Rinsing", "", None, 7])
def test_sums_and_unknown_events_are_no_events(name: object) -> None:
    """They are sums over the window, or words we do not know."""
    assert report({**REFILL, "event": name}).events == ()


def test_the_remaining_fuel_is_what_is_in_the_tank() -> None:
    """It needs no date."""
    found = report({"event": "RemainingFuel", "estimation": "31,5", "date": None})
    assert found.vehicle == Vehicle(id="4711", fuel_volume=31.5)


@pytest.mark.parametrize("estimation", [0, None, -3, "?"])
def test_no_remaining_fuel_is_no_value(estimation: object) -> None:
    """Vehicles without a sensor have 0 there."""
    assert report({"event": "RemainingFuel", "estimation": estimation}).vehicle is None


def test_a_theft_is_a_positive_volume() -> None:
    """Whatever sign the vendor gives it."""
    (event,) = report(
        {**REFILL, "event": "PossibleFuelTheft", "estimation": -12}
    ).events
    assert event.volume == 12


@pytest.mark.parametrize("date", [None, "", "yesterday", "0001-01-01T00:00:00", {}])
def test_a_row_without_a_date_is_dropped(date: object) -> None:
    """The others stay."""
    assert len(report({**REFILL, "date": date}, REFILL).events) == 1


def test_a_row_without_a_volume_stays_an_event() -> None:
    """That it happened is known."""
    (event,) = report({**REFILL, "estimation": None}).events
    assert event.volume is None


def test_the_place_of_a_private_refill_is_not_read() -> None:
    """Only that it was private."""
    (event,) = report({**REFILL, "isPrivate": True}).events
    assert (event.address, event.private) == (None, True)


def test_events_come_oldest_first() -> None:
    """In whatever order the vendor lists them."""
    dates = ["14.07.2026 10:15", "2026-07-01T00:00:00", "13/07/2026 23:59:59"]
    events = report(*({**REFILL, "date": date} for date in dates)).events
    assert [event.time.day for event in events] == [30, 13, 14]


def test_in_the_repeated_hour_both_meanings_are_told() -> None:
    """The ledger must know the same row again an hour later."""
    first = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    second = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    row = {**REFILL, "date": "2026-10-25T03:20:00"}
    (early,) = report(row, end=first + timedelta(minutes=10)).events
    assert (early.time, early.other_time) == (first, second)
    (late,) = report(row, end=second + timedelta(minutes=10)).events
    assert (late.time, late.other_time) == (second, first)


# Anything at all.


@given(rows=st.lists(shaped(ROW, {"drivers": 0, "driver": 0}), max_size=4))
def test_no_vehicle_list_breaks_the_reader(rows: list[object]) -> None:
    """Whatever comes: vehicles with finite, plausible values."""
    batch = mapping.fleet(rows, LOCAL, NOW)
    assert isinstance(batch, Batch)
    for found in batch.vehicles.values():
        assert found.speed is None or 0 <= found.speed <= 400
        assert found.heading is None or 0 <= found.heading <= 360
        assert found.last_report is None or found.last_report.tzinfo is UTC
        assert not (found.private_mode and found.location)


@given(
    rows=st.lists(
        shaped(REFILL)
        | st.fixed_dictionaries(
            {
                "date": st.sampled_from([REFILL["date"], "2026-10-25T03:20:00"]),
                "event": st.sampled_from(["Fueling", "PossibleFuelTheft", *SUMS]),
                "estimation": anything,
            }
        ),
        max_size=5,
    )
)
def test_no_refill_list_breaks_the_reader(rows: list[object]) -> None:
    """Whatever comes: events in order, with volumes above 0 or none."""
    events = report(*rows).events
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert all(event.volume is None or event.volume > 0 for event in events)
