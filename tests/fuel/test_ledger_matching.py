"""The vendor's rows find the events they are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from custom_components.fleet_telematics.fuel.matching import corrected, match
from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelSource,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
# In Bucharest both were 03:30.
FIRST = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
SECOND = FIRST + timedelta(hours=1)


def refill(seconds: float = 0, volume: float | None = 40.0) -> FuelEvent:
    """Return a refill so many seconds from NOW."""
    return FuelEvent(
        vehicle_id="1",
        kind=FuelEventKind.REFUELLED,
        time=NOW + timedelta(seconds=seconds),
        volume=volume,
    )


def twice(time: datetime, volume: float = 40.0) -> FuelEvent:
    """Return a refill whose local time occurs twice, read as `time`."""
    other = SECOND if time == FIRST else FIRST
    return replace(refill(volume=volume), time=time, other_time=other)


@given(
    gaps=st.lists(st.integers(90, 100_000), min_size=1, max_size=12),
    data=st.data(),
)
def test_revised_and_shuffled_rows_are_no_news(
    gaps: list[int], data: st.DataObject
) -> None:
    """Whatever is revised by up to 30 s and 5 %, each row finds an event of its own."""
    known = []
    seconds = 0
    for gap in gaps:
        seconds += gap
        known.append(refill(seconds))
    shift, share = st.floats(-30, 30), st.floats(0.95, 1.05)
    listed = [
        replace(
            event,
            time=event.time + timedelta(seconds=data.draw(shift)),
            volume=(event.volume or 0.0) * data.draw(share),
            address=data.draw(st.sampled_from(["Station", "STATION"])),
        )
        for event in known
    ]
    rows = data.draw(st.permutations(listed))
    found = match(known, rows)
    assert sorted(found) == list(range(len(rows)))
    assert len(set(found.values())) == len(rows)


def test_a_close_neighbour_takes_no_partner_that_another_needs() -> None:
    """Both moved by a minute: the nearest pair alone would leave two over."""
    known = [refill(0), refill(100)]
    assert match(known, [refill(60), refill(160)]) == {0: 0, 1: 1}
    assert match(known, [refill(160), refill(60)]) == {0: 1, 1: 0}


def test_amounts_tell_events_of_the_same_minute_apart() -> None:
    """The new one is the one with another amount, in whichever row it is."""
    known = [twice(SECOND, 40.0)]
    assert match(known, [twice(SECOND, 25.0), twice(SECOND, 41.0)]) == {1: 0}
    assert match(known, [twice(SECOND, 41.0), twice(SECOND, 25.0)]) == {0: 0}


def test_an_unknown_amount_is_no_obstacle() -> None:
    """Neither one that comes later, nor one that goes."""
    assert match([refill(volume=None)], [refill(5)]) == {0: 0}
    assert match([refill()], [refill(5, volume=None)]) == {0: 0}
    assert match([refill(volume=None)], [refill(5, volume=None)]) == {0: 0}


def test_two_minutes_apart_are_two_events() -> None:
    """Beyond what a vendor revises."""
    assert match([refill()], [refill(120)]) == {0: 0}
    assert match([refill()], [refill(121)]) == {}


def test_kinds_and_tanks_are_not_confused() -> None:
    """A theft is no refill, and the second tank is not the first."""
    theft = replace(refill(), kind=FuelEventKind.THEFT_SUSPECTED)
    second = replace(refill(), source=FuelSource.SECONDARY)
    assert match([refill()], [theft, second]) == {}


def test_a_time_revised_out_of_the_repeated_hour_is_still_the_same() -> None:
    """At its edges only one of the two readings is near."""
    edge = replace(
        refill(), time=FIRST.replace(minute=0), other_time=SECOND.replace(minute=0)
    )
    # The second 03:00 becomes 02:59:40 on the wall clock, hence 03:59:40 before it.
    before = edge.other_time
    assert before is not None
    told = replace(refill(), time=before - timedelta(seconds=20))
    assert match([edge], [told]) == {0: 0}
    assert match([told], [edge]) == {0: 0}


def test_the_hour_chosen_when_it_was_new_stays() -> None:
    """An hour later the same row reads as the other hour, which is wrong."""
    known = twice(FIRST)
    told = replace(twice(SECOND), volume=41.0)
    assert corrected(known, told) == replace(known, volume=41.0)
    assert corrected(twice(SECOND), told) == told
    assert corrected(refill(), refill(7)) == refill(7)
