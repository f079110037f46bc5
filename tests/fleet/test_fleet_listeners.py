"""Whatever happens to a fleet, who shows a value shows what is so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from hypothesis import given, settings, strategies as st

from custom_components.fleet_telematics.fleet import LEDGER, USER, Fleet
from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.models import Coordinates, Vehicle

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS: Final = (
    "location",
    "speed",
    "odometer",
    "fuel_level",
    "fuel_volume",
    "tank_capacity",
    "private_mode",
    "driver",
    # Of no field.
    "trips",
)
FEEDS: Final = (Feed.POSITIONS, Feed.POSITIONS, Feed.DETAILS)
IDS: Final = ("1", "1", "2")


# Few values, so that sources often agree and readings repeat themselves.
values = st.fixed_dictionaries(
    {},
    optional={
        "last_report": st.sampled_from(
            [NOW + timedelta(minutes=one) for one in (0, 5, 60)]
        ),
        "location": st.just(Coordinates(latitude=52.0, longitude=5.0)),
        "speed": st.sampled_from([0.0, 50.0]),
        "odometer": st.sampled_from([1000.0, 1001.0]),
        "fuel_level": st.just(40.0),
        "tank_capacity": st.just(60.0),
        "private_mode": st.booleans(),
        "driver": st.just("Somebody"),
    },
)
readings = st.builds(
    lambda key, told: replace(Vehicle(id=key), **told), st.sampled_from(IDS), values
)
steps = st.one_of(
    st.tuples(st.just("told"), st.sampled_from((*FEEDS, LEDGER, USER)), readings),
    st.tuples(st.just("again"), st.integers(min_value=0, max_value=5)),
    st.tuples(st.just("failed"), st.sampled_from(FEEDS), st.booleans()),
    st.tuples(st.just("gone"), st.sampled_from(IDS)),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(steps, min_size=4, max_size=15))
def test_what_is_shown_is_what_is_so(happenings: list[tuple[Any, ...]]) -> None:
    """Over changes, failures, private drives, absences and repeated readings."""
    fleet = Fleet()
    shown: dict[tuple[str, str], object] = {}

    def look(vehicle_id: str, key: str) -> object:
        vehicle = fleet.vehicles.get(vehicle_id)
        return fleet.available(vehicle_id, key), getattr(vehicle, key, None)

    def show(vehicle_id: str, key: str) -> None:
        shown[vehicle_id, key] = look(vehicle_id, key)

    for vehicle_id in set(IDS):
        for key in KEYS:
            show(vehicle_id, key)
            fleet.listen(vehicle_id, key, partial(show, vehicle_id, key))
    told: list[tuple[str, Vehicle]] = []
    for what, *details in happenings:
        if what == "again":
            told += told[details[0] : details[0] + 1]
            what, details = ("told", list(told[-1])) if told else ("", [])
        if what == "told":
            told.append((details[0], details[1]))
            fleet.announce(fleet.apply(details[0], [details[1]], NOW))
        elif what == "failed":
            if fleet.set_failed(*details):
                fleet.announce(list(fleet.vehicles))
        elif what == "gone":
            fleet.remove(details[0])
        assert shown == {one: look(*one) for one in shown}
