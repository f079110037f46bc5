"""The detector does not mind repetitions, disorder and restarts."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, settings, strategies as st

from benchmarks.fuel_detection import run
from custom_components.fleet_telematics.fuel.detector import Detector
from custom_components.fleet_telematics.fuel.reading import Reading
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    FuelEvent,
    FuelEventKind,
)

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """Return readings of a vehicle, full of changes and gaps."""
    readings: list[Reading] = []
    time, odometer, level = START, 1000.0, 50.0
    for _ in range(draw(st.integers(2, 12))):
        level = draw(st.floats(2, 98))
        stands = draw(st.booleans())
        engine = draw(st.sampled_from((True, False, None)))
        for _ in range(draw(st.integers(1, 5))):
            time += timedelta(seconds=draw(st.sampled_from((30, 61.5, 300, 9000))))
            if not stands:
                odometer += draw(st.floats(0, 5))
            noise = draw(st.floats(-2, 2))
            readings.append(
                Reading(
                    time=time,
                    level=draw(st.sampled_from((level + noise,) * 6 + (0.0, None))),
                    engine=engine,
                    moving=draw(st.sampled_from((not stands,) * 5 + (None,))),
                    odometer=draw(st.sampled_from((odometer,) * 5 + (None,))),
                    location=Coordinates(latitude=52 + odometer / 1e4, longitude=4.9),
                    address="Ringweg 1",
                    private=draw(st.sampled_from((None, False, False, True))),
                    tank_capacity=80.0,
                )
            )
    return readings


def detect(detector: Detector, readings: list[Reading]) -> list[FuelEvent]:
    """Return the events of all readings."""
    return [event for reading in readings for event in detector.feed(reading)]


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_old_readings_change_nothing(
    readings: list[Reading], data: st.DataObject
) -> None:
    """A reading again, or one from before, neither tells nor hides an event."""
    expected = detect(Detector("van"), readings)

    detector = Detector("van")
    events: list[FuelEvent] = []
    for number, reading in enumerate(readings):
        events += detector.feed(reading)
        before = detector.as_dict()
        for _ in range(data.draw(st.integers(0, 2))):
            again = readings[data.draw(st.integers(0, number))]
            assert detector.feed(again) == []
        assert detector.as_dict() == before
    assert events == expected


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_a_restart_changes_nothing(
    readings: list[Reading], data: st.DataObject
) -> None:
    """A detector from disk, at whatever moment, goes on as if nothing had been."""
    expected = detect(Detector("van"), readings)

    cut = data.draw(st.integers(0, len(readings)))
    detector = Detector("van")
    events = detect(detector, readings[:cut])
    stored = json.loads(json.dumps(detector.as_dict()))
    restored = Detector.from_dict("van", stored)
    assert restored.as_dict() == detector.as_dict()
    assert events + detect(restored, readings[cut:]) == expected


@settings(max_examples=60, deadline=None)
@given(histories())
def test_events_are_plausible_whatever_comes(readings: list[Reading]) -> None:
    """Above the threshold, within the tank, in the past, and in order."""
    detector = Detector("van")
    newest = START
    for reading in readings:
        for event in detector.feed(reading):
            assert event.percent is not None
            assert event.percent >= 8.0
            assert event.level_before is not None
            assert event.level_after is not None
            assert 0 <= event.level_before <= 100
            assert 0 <= event.level_after <= 100
            assert newest <= event.time <= reading.time
            newest = event.time
            if event.earliest is not None and event.latest is not None:
                assert event.earliest <= event.time <= event.latest
            if event.private:
                assert event.location is None
                assert event.address is None


@given(st.integers(5, 900), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_memory_stays_small(seconds: int, noise: int) -> None:
    """However often a vehicle reports, little of it is kept."""
    detector = Detector("van")
    for number in range(300):
        detector.feed(
            Reading(
                time=START + timedelta(seconds=seconds * number),
                level=50.0 + number % noise,
                engine=False,
                moving=False,
                odometer=1000.0,
            )
        )
    assert len(json.dumps(detector.as_dict())) < 3000


def test_most_is_found_and_little_made_up_in_a_noisy_week() -> None:
    """A small run of the benchmark: a detector that broke falls below these."""
    scores, _, _ = run(seed=7, vehicles=5, days=7)
    refills = scores[FuelEventKind.REFUELLED]
    thefts = scores[FuelEventKind.THEFT_SUSPECTED]
    assert refills.large >= 15
    assert refills.recall >= 0.9
    assert refills.precision >= 0.9
    assert thefts.large >= 2
    assert thefts.recall >= 0.6
    assert thefts.precision >= 0.6
