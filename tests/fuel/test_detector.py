"""Refills and thefts are told from fuel levels, and nothing else is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from custom_components.fleet_telematics.fuel.detector import Detector
from custom_components.fleet_telematics.fuel.reading import Reading
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    FuelEvent,
    FuelEventKind,
    FuelOrigin,
    Vehicle,
)

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATION = Coordinates(latitude=52.37, longitude=4.9)
REFUELLED = FuelEventKind.REFUELLED
THEFT = FuelEventKind.THEFT_SUSPECTED


class Log:
    """What a vehicle reports, minute by minute unless said otherwise."""

    def __init__(self) -> None:
        """Begin at eight in the morning."""
        self.time = START
        self.odometer = 1000.0
        self.readings: list[Reading] = []

    def parked(
        self,
        *levels: float | None,
        every: timedelta = MINUTE,
        engine: bool | None = False,
    ) -> Log:
        """Report levels at a standstill."""
        for level in levels:
            self._report(level, every, engine=engine, moving=False)
        return self

    def driving(
        self, *levels: float | None, every: timedelta = MINUTE, km: float = 0.8
    ) -> Log:
        """Report levels while driving."""
        for level in levels:
            self.odometer += km
            self._report(level, every, engine=True, moving=True)
        return self

    def silent(self, time: timedelta, km: float = 0.0) -> Log:
        """Report nothing for a time, and drive meanwhile."""
        self.time += time
        self.odometer += km
        return self

    def _report(
        self, level: float | None, every: timedelta, engine: bool | None, moving: bool
    ) -> None:
        self.time += every
        self.readings.append(
            Reading(
                time=self.time,
                level=level,
                engine=engine,
                moving=moving,
                odometer=round(self.odometer, 1),
                location=STATION,
                address="Ringweg 1, Amsterdam",
                private=False,
                tank_capacity=80.0,
            )
        )


def detect(
    readings: Iterable[Reading], detector: Detector | None = None
) -> list[FuelEvent]:
    """Return the events of all readings."""
    detector = detector or Detector("van")
    return [event for reading in readings for event in detector.feed(reading)]


def kinds(log: Log) -> list[FuelEventKind]:
    """Return what kinds of events a log shows."""
    return [event.kind for event in detect(log.readings)]


def test_a_refill_is_told_with_levels_litres_and_place() -> None:
    """The level rises while parked and holds: everything known is in the event."""
    log = Log().driving(31, 30, 30, 31).parked(30, 30)
    before = log.time
    log.parked(80, 80)
    (event,) = detect(log.readings)

    assert event.vehicle_id == "van"
    assert event.kind is REFUELLED
    assert event.origin is FuelOrigin.DERIVED
    assert event.percent == pytest.approx(50, abs=1)
    assert event.level_before == pytest.approx(30, abs=1)
    assert event.level_after == pytest.approx(80, abs=1)
    assert event.volume == pytest.approx(40, abs=1)
    assert before < event.time < before + MINUTE
    assert event.earliest is None
    assert event.latest is None
    assert event.location == STATION
    assert event.address == "Ringweg 1, Amsterdam"
    assert event.private is False


def test_an_event_waits_for_a_second_reading() -> None:
    """One reading proves nothing; the next that agrees does."""
    detector = Detector("van")
    detect(Log().parked(60, 60, 60).readings, detector)
    later = Log().silent(10 * MINUTE).parked(30, 30).readings

    assert detector.feed(later[0]) == []
    assert [event.kind for event in detector.feed(later[1])] == [THEFT]


def test_a_theft_is_a_fall_while_the_engine_is_off() -> None:
    """Fuel leaves a parked vehicle."""
    log = Log().driving(60, 60, 59).parked(60, 60, 60, 45, 45, 45)
    (event,) = detect(log.readings)

    assert event.kind is THEFT
    assert event.percent == pytest.approx(15, abs=1)
    assert event.volume == pytest.approx(12, abs=1)


def test_a_running_engine_is_not_robbed() -> None:
    """A fall while the engine runs has another reason."""
    log = Log().driving(60, 60, 60).parked(60, 60, 60, 45, 45, 45, 45, engine=True)
    assert kinds(log) == []


def test_an_engine_nobody_tells_of_counts_as_off_while_standing() -> None:
    """Not every vendor tells of the engine."""
    log = Log().parked(60, 60, 60, 45, 45, 45, engine=None)
    assert kinds(log) == [THEFT]


def test_a_refill_with_the_engine_running_is_one() -> None:
    """Some leave it on."""
    log = Log().driving(30, 31, 30).parked(30, 30, 80, 80, 80, engine=True)
    assert kinds(log) == [REFUELLED]


def test_consumption_is_no_theft() -> None:
    """A tank driven empty in five hours, with the usual stops."""
    log = Log()
    for level in range(90, 10, -1):
        log.driving(level, every=4 * MINUTE, km=5)
        if level % 10 == 0:
            log.parked(level, level, level)
    assert kinds(log) == []


def test_a_slow_leak_is_no_theft() -> None:
    """Six percent an hour is for the workshop, and not for the police."""
    levels = [90 - minute / 10 for minute in range(0, 480, 10)]
    assert kinds(Log().parked(*levels, every=10 * MINUTE)) == []


def test_creeping_while_parked_is_nothing() -> None:
    """A float that settles overnight, and comes back with the engine."""
    down = [60 - 5 * step / 60 for step in range(60)]
    log = Log().driving(60, 60, 60).parked(*down, every=8 * MINUTE)
    assert kinds(log.driving(60, 60, 60, 60)) == []


@pytest.mark.parametrize("lean", [-6, 6])
def test_a_slope_is_neither_a_theft_nor_a_refill(lean: int) -> None:
    """The level leans as long as the vehicle stands there."""
    log = Log().driving(50, 51, 49, 50).parked(*[50 + lean] * 12)
    assert kinds(log.driving(50, 49, 50, 51)) == []


def test_sloshing_is_nothing() -> None:
    """A level that shakes by twelve percent while driving and stopping."""
    rng = Random(7)
    log = Log()
    for _ in range(60):
        log.driving(*[round(50 + rng.gauss(0, 4)) for _ in range(8)])
        log.parked(50, 50, 51)
    assert kinds(log) == []


@pytest.mark.parametrize("lost", [(0,), (None,), (0, 0, 0), (None, 0, None, None)])
def test_a_sensor_that_drops_out_tells_nothing(lost: tuple[float | None, ...]) -> None:
    """Neither the fall to nothing nor the way back is an event."""
    assert kinds(Log().parked(60, 60, 60, *lost, 60, 60, 60)) == []


def test_a_single_wrong_level_is_nothing() -> None:
    """A spike or a notch that no second reading confirms."""
    log = Log().parked(60, 60, 60, 95, 60, 60, 60, 60, 20, 60, 60, 60)
    assert kinds(log) == []


def test_a_rise_during_a_dropout_is_still_found() -> None:
    """The sensor has no power while the tank is filled."""
    log = Log().parked(30, 30, 30, 0, None, 0, 75, 75)
    assert kinds(log) == [REFUELLED]


def test_steps_of_one_percent_are_nothing() -> None:
    """A vendor that rounds: the level jumps to and fro between two numbers."""
    assert kinds(Log().parked(*[60, 61] * 30)) == []


def test_a_filling_with_several_readings_is_one_refill() -> None:
    """It is told when the level has settled, with the whole amount."""
    log = Log().driving(20, 20, 20).parked(20, 20)
    log.parked(30, 41, 52, 63, 74, every=MINUTE / 2).parked(80, 80, 80)
    (event,) = detect(log.readings)
    assert event.percent == pytest.approx(60, abs=2)


def test_a_slow_thief_is_found_once() -> None:
    """Fifteen percent in fifteen minutes, looked at every minute."""
    log = Log().parked(*[60] * 10, *range(59, 44, -1), *[45] * 10)
    (event,) = detect(log.readings)
    assert event.kind is THEFT
    assert event.percent == pytest.approx(15, abs=2)


def test_two_refills_with_a_plateau_between_are_two() -> None:
    """A can first, then the pump, minutes later."""
    log = Log().parked(20, 20, 20, *[40] * 5, *[75] * 5)
    first, second = detect(log.readings)
    assert first.percent == pytest.approx(20, abs=1)
    assert second.percent == pytest.approx(35, abs=1)
    assert first.time < second.time


def test_a_theft_after_a_refill_is_found() -> None:
    """The full tank attracts its thief."""
    log = Log().parked(20, 20, 20, *[80] * 6, *[55] * 6)
    assert kinds(log) == [REFUELLED, THEFT]


def test_a_refill_between_two_drives_needs_no_reading_at_the_pump() -> None:
    """Readings every ten minutes miss the stop."""
    log = Log().driving(*[30] * 6, every=5 * MINUTE, km=3)
    log.driving(*[80] * 3, every=10 * MINUTE, km=3)
    assert kinds(log) == [REFUELLED]


def test_a_theft_in_a_silence_has_an_honest_range() -> None:
    """Nobody looked for eight hours, and the vehicle did not move."""
    log = Log().parked(60, 60, 60)
    left = log.time
    log.silent(timedelta(hours=8)).parked(40)
    found = log.time
    (event,) = detect(log.parked(40).readings)

    assert event.kind is THEFT
    assert event.earliest == left
    assert event.latest == found
    assert event.time == left + (found - left) / 2


def test_a_refill_in_a_silence_counts_what_was_driven_too() -> None:
    """From 50 to 60 percent over 200 km is more than ten percent of a tank."""
    learned = Log()
    for level in range(95, 50, -1):
        learned.driving(level, every=10 * MINUTE, km=10)
    log = learned.silent(timedelta(hours=3), km=200).driving(60, 60, 60, 59)
    (event,) = detect(log.readings)

    assert event.kind is REFUELLED
    assert event.percent == pytest.approx(30, abs=4)
    assert event.level_before == pytest.approx(51, abs=2)
    assert event.level_after == pytest.approx(60, abs=2)
    assert event.location is None


def test_a_long_drive_in_a_silence_is_no_theft() -> None:
    """The distance explains the fall."""
    log = Log().driving(80, 80, 80).silent(timedelta(hours=5), km=350)
    assert kinds(log.parked(45, 45, 45, 45)) == []


def test_idling_through_a_silence_is_no_theft() -> None:
    """The engine ran before and after, and may have run all the time."""
    log = Log().parked(60, 60, 60, engine=True).silent(timedelta(hours=6))
    assert kinds(log.parked(47, 47, 47, engine=True)) == []


def test_what_stays_below_the_threshold_is_not_told() -> None:
    """The thresholds are the user's, one for each kind."""
    rise = Log().parked(*[30] * 6, *[45] * 6).readings
    fall = Log().parked(*[45] * 6, *[30] * 6).readings
    careful = Detector("van", refill_threshold=20, theft_threshold=10)
    assert detect(rise, careful) == []
    assert [event.kind for event in detect(rise)] == [REFUELLED]

    trusting = Detector("van", refill_threshold=10, theft_threshold=20)
    assert detect(fall, trusting) == []
    assert [event.kind for event in detect(fall)] == [THEFT]


@pytest.mark.parametrize("before", [20, 33, 40.5, 48])
@pytest.mark.parametrize("change", [8, -8])
def test_what_is_exactly_the_threshold_is_not_told(
    before: float, change: float
) -> None:
    """However often it is read, and however sums are rounded: more than that is."""
    exact = Log().parked(*[before] * 12, *[before + change] * 30)
    assert detect(exact.readings) == []
    more = change * 1.01
    assert len(kinds(Log().parked(*[before] * 12, *[before + more] * 30))) == 1


def test_a_private_vehicle_counts_without_its_place() -> None:
    """Fuel is the company's, the whereabouts are not."""
    log = Log().parked(30, 30, 30, 80, 80)
    hidden = [replace(reading, private=True) for reading in log.readings]
    detector = Detector("van")
    (event,) = detect(hidden, detector)

    assert event.private is True
    assert event.location is None
    assert event.address is None
    assert event.percent == pytest.approx(50, abs=1)
    stored = str(detector.as_dict())
    assert "Ringweg" not in stored
    assert "52.37" not in stored


def test_without_a_tank_there_are_no_litres() -> None:
    """Percent is known, litres are not."""
    readings = Log().parked(30, 30, 30, 80, 80).readings
    (event,) = detect(replace(reading, tank_capacity=None) for reading in readings)
    assert event.volume is None
    assert event.percent == pytest.approx(50, abs=1)


def test_without_an_odometer_the_place_tells_of_driving() -> None:
    """A vehicle that stands elsewhere has driven there."""
    before = Log().parked(80, 80, 80).readings
    after = Log().silent(timedelta(hours=9)).parked(40, 40, 40).readings
    far = Coordinates(latitude=53.2, longitude=6.5)
    bare = [replace(reading, odometer=None) for reading in (*before, *after)]
    assert [event.kind for event in detect(bare)] == [THEFT]

    driven = [
        replace(one, location=far if one.time > before[-1].time else STATION)
        for one in bare
    ]
    assert detect(driven) == []


def test_a_clock_that_ran_ahead_makes_nobody_deaf() -> None:
    """A vehicle that tells no time is read at ours, which may have been wrong."""
    log = Log().parked(*[60] * 12)
    before = log.time
    log.time += timedelta(days=400)
    log.parked(60, 60)
    log.time = before
    log.parked(30, 30, 30)
    detector = Detector("van")
    found = []
    for reading in log.readings:
        found += detector.feed(reading, reading.time)
    assert [event.kind for event in found] == [THEFT]
    assert before < found[0].time < before + MINUTE
    # That is no word of a vehicle whose own clock runs ahead by minutes.
    late = replace(log.readings[-1], time=log.time - MINUTE, level=90.0)
    for _ in range(5):
        assert detector.feed(late, log.time - 9 * MINUTE) == []


def test_a_vehicle_is_read_at_the_time_it_tells() -> None:
    """What a reading takes from a vehicle, and from when."""
    now = START + 5 * MINUTE
    vehicle = Vehicle(
        id="van", fuel_level=42.0, last_report=START, engine=False, odometer=7.0
    )
    reading = Reading.of(vehicle, now)
    assert (reading.time, reading.level, reading.odometer) == (START, 42.0, 7.0)
    assert Reading.of(replace(vehicle, last_report=None), now).time == now
