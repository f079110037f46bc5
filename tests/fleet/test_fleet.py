"""The fleet merges what its sources tell and knows who listens."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from custom_components.fleet_telematics.fleet import LEDGER, USER, Fleet
from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.models import Coordinates, Vehicle

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE = Vehicle(
    id="1",
    name="AB-123-CD",
    location=Coordinates(latitude=52.0, longitude=5.0),
    speed=50.0,
    odometer=1000.0,
    fuel_level=50.0,
)


@pytest.fixture
def fleet() -> Fleet:
    """Return a fleet with one vehicle."""
    fleet = Fleet()
    fleet.apply(Feed.POSITIONS, [ONE], NOW)
    return fleet


def test_the_same_reading_changes_nothing(fleet: Fleet) -> None:
    """Equal values are no change, so nobody is told."""
    assert fleet.apply(Feed.POSITIONS, [replace(ONE)], NOW) == []


def test_sources_add_to_each_other(fleet: Fleet) -> None:
    """A second feed's values join those of the poll."""
    changed = fleet.apply(Feed.DETAILS, [Vehicle(id="1", satellites=9)], NOW)
    assert changed == ["1"]
    assert fleet.vehicles["1"].satellites == 9
    assert fleet.vehicles["1"].speed == 50.0


def test_the_poll_comes_first_but_for_the_odometer(fleet: Fleet) -> None:
    """Where two sources tell a value the poll's is shown; of odometers the newest."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", speed=70.0, odometer=1000.8)], NOW)
    assert fleet.vehicles["1"].speed == 50.0
    assert fleet.vehicles["1"].odometer == 1000.8


def test_the_odometer_is_not_taken_back(fleet: Fleet) -> None:
    """The source that was ahead falls silent, or is too far ahead for a moment."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", odometer=1004.0)], NOW)
    for details in (None, 1006.0, 1004.0):
        fleet.apply(Feed.DETAILS, [Vehicle(id="1", odometer=details)], NOW)
        assert fleet.vehicles["1"].odometer == 1004.0
    later = NOW + timedelta(minutes=5)
    fleet.apply(Feed.POSITIONS, [replace(ONE, odometer=1005.0)], later)
    assert fleet.vehicles["1"].odometer == 1005.0


def test_the_last_report_does_not_go_back(fleet: Fleet) -> None:
    """A time that is not believed leaves the one before, not another feed's."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", last_report=NOW)], NOW)
    for minutes, told in ((5, 5), (60, 5), (6, 6)):
        vehicle = replace(ONE, last_report=NOW + timedelta(minutes=minutes))
        fleet.apply(Feed.POSITIONS, [vehicle], NOW)
        assert fleet.vehicles["1"].last_report == NOW + timedelta(minutes=told)


def test_another_counter_is_left_aside(fleet: Fleet) -> None:
    """An odometer with another base never takes turns with the poll's."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", odometer=1678.0)], NOW)
    assert fleet.vehicles["1"].odometer == 1000.0
    fleet.apply(Feed.POSITIONS, [replace(ONE, odometer=None)], NOW)
    assert fleet.vehicles["1"].odometer == 1678.0


def test_what_the_user_told_outlives_an_absence(fleet: Fleet) -> None:
    """A vehicle that comes back still has its tank."""
    fleet.apply(USER, [Vehicle(id="1", tank_capacity=70.0)], NOW)
    fleet.remove("1")
    fleet.apply(Feed.POSITIONS, [ONE], NOW)
    assert fleet.vehicles["1"].tank_capacity == 70.0


def test_a_value_that_is_no_longer_told_is_unknown(fleet: Fleet) -> None:
    """A source speaks for its own values, also when it drops one."""
    fleet.apply(Feed.POSITIONS, [replace(ONE, speed=None)], NOW)
    assert fleet.vehicles["1"].speed is None


def test_only_the_poll_makes_a_vehicle_known(fleet: Fleet) -> None:
    """Another feed's word of a stranger is left aside."""
    assert fleet.apply(Feed.DETAILS, [Vehicle(id="2", satellites=9)], NOW) == []
    assert "2" not in fleet.vehicles


def test_litres_follow_from_level_and_tank(fleet: Fleet) -> None:
    """The user's tank capacity gives a level its litres."""
    fleet.apply(USER, [Vehicle(id="1", tank_capacity=70.0)], NOW)
    assert fleet.vehicles["1"].fuel_volume == 35.0


def test_the_vendors_litres_are_not_computed_over(fleet: Fleet) -> None:
    """A delivered volume stays."""
    fleet.apply(USER, [Vehicle(id="1", tank_capacity=70.0)], NOW)
    fleet.apply(Feed.FUEL, [Vehicle(id="1", fuel_volume=33.0)], NOW)
    assert fleet.vehicles["1"].fuel_volume == 33.0


def test_only_the_chosen_vehicles_enter() -> None:
    """The user's choice keeps the others out, but their names are known."""
    fleet = Fleet(include=["1"])
    fleet.apply(Feed.POSITIONS, [ONE, replace(ONE, id="2", name="Other")], NOW)
    assert set(fleet.vehicles) == {"1"}
    assert fleet.names == {"1": "AB-123-CD", "2": "Other"}


@pytest.mark.parametrize(("expose", "driver"), [(False, None), (True, "Somebody")])
def test_drivers_are_kept_only_when_exposed(expose: bool, driver: str | None) -> None:
    """Without the option a driver's name is not even stored."""
    fleet = Fleet(expose_drivers=expose)
    fleet.apply(Feed.POSITIONS, [replace(ONE, driver="Somebody")], NOW)
    assert fleet.vehicles["1"].driver == driver


def test_a_failed_feed_leaves_the_others_values_available(fleet: Fleet) -> None:
    """Availability is that of the source of each value."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", satellites=9)], NOW)
    fleet.set_failed(Feed.DETAILS, True)
    assert not fleet.available("1", "satellites")
    assert fleet.available("1", "speed")
    fleet.set_failed(Feed.DETAILS, False)
    fleet.set_failed(Feed.POSITIONS, True)
    assert fleet.available("1", "satellites")
    assert not fleet.available("1", "speed")
    assert not fleet.available("1", "driver")


def test_the_ledgers_memory_does_not_fail_with_the_vendor(fleet: Fleet) -> None:
    """What is on our own disk stays available through an outage."""
    fleet.apply(LEDGER, [Vehicle(id="1", refuelled_total=40.0)], NOW)
    fleet.set_failed(Feed.POSITIONS, True)
    assert fleet.available("1", "refuelled_total")


def test_a_private_vehicle_hides_what_any_source_tells(fleet: Fleet) -> None:
    """Private mode covers the values of every feed."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", altitude=3.0)], NOW)
    fleet.apply(Feed.POSITIONS, [replace(ONE, private_mode=True)], NOW)
    assert fleet.vehicles["1"].altitude is None
    assert fleet.vehicles["1"].location is None
    assert not fleet.available("1", "altitude")
    assert not fleet.available("1", "location")
    assert fleet.available("1", "private_mode")


def test_listeners_hear_of_their_own_vehicle_only(fleet: Fleet) -> None:
    """A change of one vehicle calls one vehicle's listeners."""
    fleet.apply(Feed.POSITIONS, [replace(ONE, id="2")], NOW)
    heard: list[str] = []
    everything: list[Collection[str]] = []
    stop = fleet.listen("1", "speed", lambda: heard.append("1"))
    fleet.listen("2", "speed", lambda: heard.append("2"))
    fleet.listen_all(everything.append)
    fleet.announce(fleet.apply(Feed.POSITIONS, [replace(ONE, speed=1.0)], NOW))
    assert heard == ["1"]
    assert everything == [["1"]]
    stop()
    fleet.announce(["1"])
    assert heard == ["1"]


@pytest.mark.no_fail_on_log_exception
def test_a_listener_that_fails_silences_nobody(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """The others hear of the change all the same; the log tells of each failure."""
    heard: list[str] = []

    def fail(*_: object) -> None:
        raise ValueError

    for listen, name in (
        (fleet.listen_appearances, "appearances"),
        (fleet.listen_all, "all"),
        (fleet.listen_totals, "totals"),
        (partial(fleet.listen, "1", "speed"), "speed"),
    ):
        listen(fail)
        listen(lambda *_, name=name: heard.append(name))
    fleet.announce(["1"])
    fleet.announce_totals()
    assert heard == ["appearances", "all", "speed", "totals"]
    assert caplog.text.count("A listener failed") == 4


def test_a_removed_vehicle_is_forgotten_and_told(fleet: Fleet) -> None:
    """Its entities hear that it left."""
    heard: list[str] = []
    fleet.listen("1", "speed", lambda: heard.append("gone"))
    fleet.remove("1")
    assert heard == ["gone"]
    assert not fleet.available("1", "speed")
    assert "1" not in fleet.vehicles


def test_only_who_shows_a_changed_value_is_told(fleet: Fleet) -> None:
    """A vehicle has dozens of entities, and mostly a few values change."""
    heard: list[str] = []
    fleet.listen("1", "speed", lambda: heard.append("speed"))
    fleet.listen("1", "odometer", lambda: heard.append("odometer"))
    fleet.announce(fleet.apply(Feed.POSITIONS, [replace(ONE, speed=1.0)], NOW))
    assert heard == ["speed"]


def test_everybody_is_told_when_a_private_drive_begins_or_ends(fleet: Fleet) -> None:
    """What may be shown changes then, also where there was no value."""
    heard: list[str] = []
    fleet.listen("1", "address", lambda: heard.append("address"))
    for private in (True, False):
        told = replace(ONE, private_mode=private)
        fleet.announce(fleet.apply(Feed.POSITIONS, [told], NOW))
    assert heard == ["address", "address"]


def test_everybody_is_told_while_a_source_fails(fleet: Fleet) -> None:
    """Whether a value may be shown can change without the value."""
    heard: list[str] = []
    fleet.listen("1", "odometer", lambda: heard.append("odometer"))
    fleet.set_failed(Feed.DETAILS, True)
    fleet.announce(fleet.apply(Feed.POSITIONS, [replace(ONE, speed=1.0)], NOW))
    assert heard == ["odometer"]


def test_who_shows_a_value_hears_when_it_is_another_sources(fleet: Fleet) -> None:
    """The value stays; that its source fails, or works, is news all the same."""
    fleet.apply(Feed.DETAILS, [Vehicle(id="1", fuel_level=50.0)], NOW)
    shown: list[bool] = []
    fleet.listen(
        "1", "fuel_level", lambda: shown.append(fleet.available("1", "fuel_level"))
    )
    fleet.set_failed(Feed.DETAILS, True)
    for level in (None, 50.0):
        told = replace(ONE, fuel_level=level)
        fleet.announce(fleet.apply(Feed.POSITIONS, [told], NOW))
    assert shown == [False, True]


def test_who_adds_entities_hears_of_values_that_appear(fleet: Fleet) -> None:
    """And of a vehicle that left, not of every change."""
    appeared: list[Collection[str]] = []
    fleet.announce(["1"])
    fleet.listen_appearances(appeared.append)
    fleet.announce(fleet.apply(Feed.POSITIONS, [replace(ONE, speed=1.0)], NOW))
    assert appeared == []
    fleet.announce(fleet.apply(Feed.DETAILS, [Vehicle(id="1", satellites=9)], NOW))
    assert appeared == [["1"]]
    fleet.remove("1")
    assert appeared == [["1"], ["1"]]


def test_a_reading_that_was_judged_is_not_judged_again(fleet: Fleet) -> None:
    """The very same one; an equal one is looked at, and changes nothing."""
    told = replace(ONE, last_report=NOW, speed=9.0)
    assert fleet.apply(Feed.POSITIONS, [told], NOW) == ["1"]
    assert fleet.knows(Feed.POSITIONS, told)
    assert not fleet.knows(Feed.DETAILS, told)
    assert not fleet.knows(Feed.POSITIONS, replace(told))
    fleet.remove("1")
    assert not fleet.knows(Feed.POSITIONS, told)


def test_a_time_that_is_not_believed_yet_is_judged_again(fleet: Fleet) -> None:
    """A clock that is an hour ahead is right an hour later."""
    told = replace(ONE, last_report=NOW + timedelta(hours=1))
    fleet.apply(Feed.POSITIONS, [told], NOW)
    assert fleet.vehicles["1"].last_report is None
    fleet.apply(Feed.POSITIONS, [told], NOW + timedelta(hours=1))
    assert fleet.vehicles["1"].last_report == told.last_report
