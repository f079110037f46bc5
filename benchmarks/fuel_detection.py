"""How many refills and thefts the detector finds, and how many it makes up.

python -m benchmarks.fuel_detection            the seeds that are reported
python -m benchmarks.fuel_detection --record   and write them down
python -m benchmarks.fuel_detection --tune     the seeds the detector was tuned on
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
import sys
from time import process_time
from typing import Final

from custom_components.fleet_telematics.fuel.detector import Detector
from custom_components.fleet_telematics.fuel.reading import Reading
from custom_components.fleet_telematics.providers.models import FuelEvent, FuelEventKind

from .sensors import SensedVehicle, Truth, fleet

VEHICLES: Final = 50
DAYS: Final = 30.0
# The detector's constants were chosen on the first ones, and are judged on the others.
TUNING_SEEDS: Final = (1, 2)
SEEDS: Final = (101, 102, 103, 104)
# From which percentage of the tank on an event must be found, and how surely.
SIZES: Final = {
    FuelEventKind.REFUELLED: 15.0,
    FuelEventKind.THEFT_SUSPECTED: 10.0,
}
AIMS: Final = {
    FuelEventKind.REFUELLED: 0.98,
    FuelEventKind.THEFT_SUSPECTED: 0.95,
}
_NAMES: Final = {
    FuelEventKind.REFUELLED: "Refills",
    FuelEventKind.THEFT_SUSPECTED: "Thefts",
}
_CLASSES: Final = (0, 5, 8, 10, 12, 15, 20, 30, 50)
_NEAR: Final = timedelta(minutes=30)
_RESULT: Final = Path(__file__).parent / "results" / "fuel_detection.md"


@dataclass(slots=True)
class Score:
    """What was found of one kind of event."""

    right: int = 0
    wrong: int = 0
    large: int = 0
    large_found: int = 0
    found: Counter[int] = field(default_factory=Counter)
    missed: Counter[int] = field(default_factory=Counter)
    errors: list[float] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of the told events that happened."""
        told = self.right + self.wrong
        return self.right / told if told else 1.0

    @property
    def recall(self) -> float:
        """The share of the large events that were told."""
        return self.large_found / self.large if self.large else 1.0

    def add(self, other: Score) -> None:
        """Take another vehicle's or seed's score in."""
        self.right += other.right
        self.wrong += other.wrong
        self.large += other.large
        self.large_found += other.large_found
        self.found += other.found
        self.missed += other.missed
        self.errors += other.errors


type Scores = dict[FuelEventKind, Score]


def detect(readings: Iterable[Reading]) -> list[FuelEvent]:
    """Return what a detector makes of a vehicle's readings."""
    detector = Detector("vehicle")
    return [event for reading in readings for event in detector.feed(reading)]


def judge(vehicle: SensedVehicle) -> tuple[Scores, int, float]:
    """Return how well a vehicle's events were found, in how many readings and seconds."""
    readings = list(vehicle.readings())
    began = process_time()
    events = detect(readings)
    took = process_time() - began
    # What was there before the first readings, or was not over at the last ones,
    # need not be found; found it is not wrong.
    first, last = readings[3].time, readings[-10].time
    scores = {
        kind: _score(
            kind,
            [one for one in vehicle.truth if one.kind is kind],
            [event for event in events if event.kind is kind],
            lambda one: first < one.start < last,
        )
        for kind in FuelEventKind
    }
    return scores, len(readings), took


def _score(
    kind: FuelEventKind,
    truth: Sequence[Truth],
    events: Sequence[FuelEvent],
    counts: Callable[[Truth], bool],
) -> Score:
    score = Score()
    unmatched = list(events)
    for one in truth:
        found = min(
            (event for event in unmatched if _matches(one, event)),
            key=lambda event: abs(event.time - one.start),
            default=None,
        )
        if found is not None:
            unmatched.remove(found)
        if not counts(one):
            continue
        size = max(bound for bound in _CLASSES if bound <= one.share)
        large = one.share >= SIZES[kind]
        score.large += large
        if found is None:
            score.missed[size] += 1
            continue
        score.right += 1
        score.found[size] += 1
        score.large_found += large
        score.errors.append(abs((found.percent or 0.0) - one.share))
    score.wrong = len(unmatched)
    return score


def _matches(truth: Truth, event: FuelEvent) -> bool:
    """Whether an event may be the true one: near it, or its range holds it."""
    start = event.earliest or event.time
    end = event.latest or event.time
    return start - _NEAR <= truth.end and truth.start <= end + _NEAR


def run(
    seed: int, vehicles: int = VEHICLES, days: float = DAYS
) -> tuple[Scores, int, float]:
    """Return how well the events of one seed's fleet were found."""
    scores: Scores = {kind: Score() for kind in FuelEventKind}
    count, seconds = 0, 0.0
    for vehicle in fleet(seed, vehicles, days):
        found, readings, took = judge(vehicle)
        count += readings
        seconds += took
        for kind, score in found.items():
            scores[kind].add(score)
    return scores, count, seconds


def _table(seeds: Sequence[int]) -> tuple[str, bool]:
    """Return the figures of some seeds as text, and whether they meet the aims."""
    total: Scores = {kind: Score() for kind in FuelEventKind}
    count, seconds = 0, 0.0
    lines = [
        "| seed | events | precision | recall | true | false | missed |",
        "|---|---|---|---|---|---|---|",
    ]
    with ProcessPoolExecutor() as pool:
        for seed, (scores, readings, took) in zip(
            seeds, pool.map(run, seeds), strict=True
        ):
            count += readings
            seconds += took
            for kind, score in scores.items():
                total[kind].add(score)
                lines.append(_row(str(seed), kind, score))
    lines += [_row("**all**", kind, score) for kind, score in total.items()]
    lines += [
        "",
        "Recall by size, in percent of the tank (found of all):",
        "",
        "| from | refills | thefts |",
        "|---|---|---|",
    ]
    for size in _CLASSES:
        shares = [
            f"{score.found[size]} of {score.found[size] + score.missed[size]}"
            for score in total.values()
        ]
        lines.append(f"| {size} % | {shares[0]} | {shares[1]} |")
    lines += ["", "How far the amount is off, in percent of the tank:", ""]
    lines += ["| | half of them | 95 of 100 |", "|---|---|---|"]
    for kind, score in total.items():
        errors = sorted(score.errors)
        half, most = errors[len(errors) // 2], errors[len(errors) * 95 // 100]
        lines.append(f"| {_NAMES[kind]} | {half:.1f} | {most:.1f} |")
    lines += ["", f"{count} readings, {seconds / count * 1e6:.0f} µs each.", ""]
    met = all(
        min(score.precision, score.recall) > AIMS[kind] for kind, score in total.items()
    )
    return "\n".join(lines), met


def _row(seed: str, kind: FuelEventKind, score: Score) -> str:
    return (
        f"| {seed} | {_NAMES[kind]} of {SIZES[kind]:.0f} % and more "
        f"| {score.precision:.4f} | {score.recall:.4f} "
        f"| {score.right} | {score.wrong} | {score.large - score.large_found} |"
    )


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the aims are missed."""
    seeds = TUNING_SEEDS if "--tune" in arguments else SEEDS
    text, met = _table(seeds)
    text = (
        "# Refills and thefts found in noisy fuel levels\n\n"
        f"{VEHICLES} vehicles, {DAYS:.0f} days, seeds {', '.join(map(str, seeds))}; "
        f"tuned on seeds {', '.join(map(str, TUNING_SEEDS))}.\n"
        "`python -m benchmarks.fuel_detection --record` writes this file. Precision\n"
        "counts every event that was told, recall those of the size named. True and\n"
        "false are events that were told, missed are those of that size that were not.\n\n"
        f"{text}"
    )
    print(text)
    if "--record" in arguments:
        _RESULT.parent.mkdir(exist_ok=True)
        _RESULT.write_text(text, encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
