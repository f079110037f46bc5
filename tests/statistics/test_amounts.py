"""How trips and refills become amounts of hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math
import random

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    Trip,
)
from custom_components.fleet_telematics.statistics.amounts import (
    Hours,
    Told,
    amounts,
    currency_of,
)
from custom_components.fleet_telematics.statistics.hours import (
    HOUR,
    hour_after,
    hour_of,
    moment_of,
    spread,
)
from custom_components.fleet_telematics.statistics.kinds import Kind

DAY = datetime(2026, 11, 16, tzinfo=UTC)
START = hour_of(DAY)
END = START + 24 * HOUR

moments = st.datetimes(
    datetime(2026, 11, 16), datetime(2026, 11, 17), timezones=st.just(UTC)
)
lengths = st.timedeltas(timedelta(), timedelta(hours=9))
distances = st.floats(0.001, 2000)


def trip(begin: float, finish: float, **told: object) -> Trip:
    """Return a trip between two hours of the day."""
    return Trip(
        id=f"{begin}",
        vehicle_id="1",
        start=DAY + timedelta(hours=begin),
        end=DAY + timedelta(hours=finish),
        **told,  # type: ignore[arg-type]
    )


def of_day(
    *trips: Trip, currency: str | None = None, **told: object
) -> dict[Kind, Hours]:
    """Return the amounts of the day, by the number of the hour."""
    found = amounts(
        Told(vehicle_id="1", name="Van", trips=trips, **told),  # type: ignore[arg-type]
        START,
        END,
        currency,
    )
    return {
        kind: {(hour - START) // HOUR: amount for hour, amount in hours.items()}
        for kind, hours in found.items()
    }


def test_a_trip_is_spread_over_the_hours_it_touches() -> None:
    """Half an hour, an hour and a quarter of one, each with its share."""
    found = of_day(trip(7.5, 9.25, distance=70.0, fuel_used=7.0))

    assert found == {
        Kind.DISTANCE: {7: 20.0, 8: 40.0, 9: 10.0},
        Kind.FUEL_USED: {7: 2.0, 8: 4.0, 9: 1.0},
    }


def test_a_trip_that_ends_on_the_hour_leaves_the_next_one_alone() -> None:
    """The hour that begins with the trip's end has nothing of it."""
    assert of_day(trip(7, 8, distance=10.0)) == {Kind.DISTANCE: {7: 10.0}}


def test_a_trip_without_duration_is_in_its_hour() -> None:
    """Vendors know trips that took no time."""
    assert of_day(trip(7.5, 7.5, distance=1.0)) == {Kind.DISTANCE: {7: 1.0}}


@given(start=moments, length=lengths, amount=distances)
def test_the_hours_of_a_trip_add_up_to_it(
    start: datetime, length: timedelta, amount: float
) -> None:
    """Nothing is lost, whatever minutes a trip begins and ends at."""
    parts = list(spread(start, start + length, amount, window=(START, END + 9 * HOUR)))

    assert math.isclose(math.fsum(share for _, share in parts), amount, rel_tol=1e-9)
    assert [hour for hour, _ in parts] == list(
        range(
            hour_of(start), max(hour_after(start + length), hour_of(start) + HOUR), HOUR
        )
    )


@given(
    st.lists(st.tuples(moments, lengths, distances), max_size=8),
    st.randoms(use_true_random=False),
    st.integers(1, 23),
)
def test_hours_do_not_depend_on_order_or_window(
    trips: list[tuple[datetime, timedelta, float]], shuffle: random.Random, cut: int
) -> None:
    """Two windows give the very numbers of one that covers both."""
    told = [
        Trip(
            id=str(number), vehicle_id="1", start=start, end=start + length, distance=km
        )
        for number, (start, length, km) in enumerate(trips)
    ]
    border = START + cut * HOUR
    whole = amounts(Told(vehicle_id="1", name="", trips=told), START, END, None)
    shuffle.shuffle(told)
    again = Told(vehicle_id="1", name="", trips=told)
    parts = {
        **amounts(again, START, border, None).get(Kind.DISTANCE, {}),
        **amounts(again, border, END, None).get(Kind.DISTANCE, {}),
    }

    assert parts == whole.get(Kind.DISTANCE, {})


def test_a_trip_over_the_border_of_the_window_counts_inside_of_it() -> None:
    """The rest belongs to the windows beside it."""
    assert of_day(trip(-1, 1, distance=10.0), trip(23.5, 24.5, distance=8.0)) == {
        Kind.DISTANCE: {0: 5.0, 23: 4.0}
    }


def test_trips_without_times_are_left_out() -> None:
    """One time and a duration tell the other."""
    known = trip(7, 8, distance=10.0)
    hour = timedelta(hours=1)

    assert of_day(replace(known, start=None)) == {}
    assert of_day(replace(known, end=None)) == {}
    for told in (
        replace(known, start=None, duration=hour),
        replace(known, end=None, duration=hour),
    ):
        assert of_day(told) == {Kind.DISTANCE: {7: 10.0}}


@pytest.mark.parametrize("amount", [None, 0.0, -1.0, math.nan, math.inf])
def test_what_is_no_amount_makes_no_row(amount: float | None) -> None:
    """A bad value costs that value."""
    told = trip(7, 8, distance=10.0, fuel_used=amount, fuel_cost=amount, currency="EUR")

    assert of_day(told, currency="EUR") == {Kind.DISTANCE: {7: 10.0}}


def test_a_private_trip_counts() -> None:
    """Its distance tells no place."""
    assert of_day(trip(7, 8, distance=10.0, private=True)) == {Kind.DISTANCE: {7: 10.0}}


def test_costs_are_of_one_currency() -> None:
    """Sums of two would be of none."""
    euro = trip(7, 8, fuel_cost=3.0, currency="EUR")
    dong = trip(9, 10, fuel_cost=90_000.0, currency="VND")

    assert currency_of([trip(1, 2), euro, dong]) == "EUR"
    assert currency_of([trip(1, 2, fuel_cost=0.0, currency="VND")]) is None
    assert of_day(euro, dong, currency="EUR") == {Kind.COST: {7: 3.0}}
    assert of_day(euro, dong, currency="VND") == {Kind.COST: {9: 90_000.0}}


def test_refills_are_in_their_hours() -> None:
    """Thefts are none, and neither is one whose litres nobody knows."""
    refill = FuelEvent(
        vehicle_id="1",
        kind=FuelEventKind.REFUELLED,
        time=DAY + timedelta(hours=7, minutes=59),
        volume=40.0,
    )
    events = [
        refill,
        replace(refill, volume=2.0),
        replace(refill, volume=None),
        replace(refill, kind=FuelEventKind.THEFT_SUSPECTED),
        replace(refill, time=DAY + timedelta(days=1)),
    ]

    assert of_day(events=events) == {Kind.REFUELLED: {7: 42.0}}


def test_litres_of_a_window_are_spread_by_distance() -> None:
    """Where trips do not tell their fuel."""
    trips = trip(7, 8, distance=30.0), trip(9, 10, distance=10.0)

    assert of_day(*trips, litres=8.0)[Kind.FUEL_USED] == {7: 6.0, 9: 2.0}


def test_litres_of_a_window_without_distances_are_spread_by_time() -> None:
    """Time is the next best."""
    assert of_day(trip(7, 8.5), litres=3.0) == {Kind.FUEL_USED: {7: 2.0, 8: 1.0}}


def test_litres_without_a_trip_are_in_no_hour() -> None:
    """There is nothing to tell when they were burnt."""
    assert of_day(litres=3.0) == {}


def test_what_trips_tell_of_their_fuel_counts_more_than_the_window() -> None:
    """A trip knows its hours."""
    told = trip(7, 8, distance=10.0, fuel_used=1.0)

    assert of_day(told, litres=5.0)[Kind.FUEL_USED] == {7: 1.0}


@given(moments)
def test_hours_are_utc(moment: datetime) -> None:
    """Every moment is in the hour that begins before it and ends after it."""
    hour = moment_of(hour_of(moment))

    assert hour <= moment < hour + timedelta(hours=1)
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)
    assert hour.tzinfo is UTC
    assert moment_of(hour_after(moment)) - timedelta(hours=1) < moment


def test_what_nobody_can_have_driven_is_left_out() -> None:
    """Two such trips would be more than a number can hold."""
    found = of_day(
        trip(9.0, 9.5, distance=1e308),
        trip(9.0, 9.5, distance=1e308),
        trip(9.0, 9.5, distance=12.0),
    )
    assert found == {Kind.DISTANCE: {9: 12.0}}


def test_a_trip_of_two_thousand_years_has_the_days_part_of_it() -> None:
    """A sentinel may be taken for a time; its other hours are not gone through."""
    long = replace(
        trip(0.0, 10.0, distance=10_000.0), start=datetime(1, 1, 2, tzinfo=UTC)
    )
    (found,) = of_day(long).values()
    assert list(found) == list(range(10))
    assert sum(found.values()) == pytest.approx(10_000 * 10 / 24 / 739_939, rel=1e-3)
