"""A fleet that is put together change by change is the one put together at once."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st

from custom_components.fleet_telematics.fleet import LEDGER, USER, Fleet
from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.models import Coordinates, Vehicle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCES = (Feed.POSITIONS, Feed.DETAILS, LEDGER, USER)

_NUMBERS = st.none() | st.sampled_from([10.0, 20.0])
READINGS = st.fixed_dictionaries(
    {"private_mode": st.booleans()},
    optional={
        "location": st.just(Coordinates(latitude=1.0, longitude=2.0)),
        "address": st.sampled_from(["Street 1", "Street 2"]),
        "speed": _NUMBERS,
        "fuel_level": _NUMBERS,
        "fuel_volume": _NUMBERS,
        "tank_capacity": _NUMBERS,
        "odometer": st.just(1000.0),
        "driver": st.just("Driver"),
        "engine": st.none() | st.booleans(),
    },
)
TOLD = st.lists(st.tuples(st.sampled_from(SOURCES), READINGS), max_size=12)


def _vehicle(reading: dict[str, Any]) -> Vehicle:
    return Vehicle(id="1", **reading)


@given(TOLD, st.booleans())
def test_every_order_of_changes_ends_in_the_same_vehicle(
    told: list[tuple[str, dict[str, Any]]], drivers: bool
) -> None:
    """What it is follows from what each source told last."""
    fleet = Fleet(expose_drivers=drivers)
    last: dict[str, dict[str, Any]] = {Feed.POSITIONS: {"private_mode": False}}
    fleet.apply(Feed.POSITIONS, [_vehicle(last[Feed.POSITIONS])], NOW)
    for source, reading in told:
        before = fleet.vehicles["1"]
        changed = fleet.apply(source, [_vehicle(reading)], NOW)
        assert changed == (["1"] if fleet.vehicles["1"] != before else [])
        last[source] = reading
    at_once = Fleet(expose_drivers=drivers)
    for source in SOURCES:
        if source in last:
            at_once.apply(source, [_vehicle(last[source])], NOW)
    assert fleet.vehicles == at_once.vehicles
