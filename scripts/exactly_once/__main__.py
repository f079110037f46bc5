"""The command line of the proof."""

import argparse
import asyncio
import sys
import time

from .derived import DerivedProof, described, prove_derived
from .lives import Death
from .proof import Proof, prove


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/prove-exactly-once",
        description="Kills a Home Assistant over and over and counts its fuel events.",
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--derived",
        action="store_true",
        help="of events that are concluded from the levels of a simulated FleetGO",
    )
    return parser.parse_args()


def report(number: int, death: Death) -> None:
    """Print a line of the table."""
    print(
        f"{number:4}  {death.kill:32}  {death.delay:7.3f} s"
        f"  {death.seconds:6.1f} s  {death.heard:5}  {len(death.repeats):7}",
        flush=True,
    )


def summary(proof: Proof | DerivedProof) -> str:
    """Return the figures in a few lines."""
    repeated = sum(proof.repeats.values())
    if isinstance(proof, Proof):
        late = sum(told == 0 for _, _, told in proof.truths)
        real = f"{len(proof.truths)} real events, {late} of them before the first start"
    else:
        real = (
            f"{len(proof.truths)} real events: {proof.happened('refill')} refills and "
            f"{proof.happened('theft')} thefts in time to be heard"
        )
        for truth in proof.missed():
            real += f"\nmissed: {described(truth)}"
    return (
        f"{real}\n"
        f"{len(proof.deaths)} kills, {proof.reloads} reloads\n"
        f"{len({one.id for one in proof.heard})} events heard, under as many ids\n"
        f"{repeated} heard again with the same id: fired, and killed before that was "
        "on disk"
    )


async def main() -> int:
    """Run the proof and return the exit code."""
    options = arguments()
    print(f"Kills: {options.kills}, seed: {options.seed}")
    print(
        f"{'kill':>4}  {'when':32}  {'delay':>9}  {'life':>8}  {'heard':>5}  {'repeats':>7}"
    )
    began = time.monotonic()
    proof: Proof | DerivedProof
    if options.derived:
        proof = await prove_derived(
            kills=options.kills, events=20, seed=options.seed, report=report
        )
    else:
        proof = await prove(
            kills=options.kills,
            before=8,
            down=6,
            running=6,
            seed=options.seed,
            report=report,
        )
    print(summary(proof))
    failures = list(proof.failures())
    lost = isinstance(proof, DerivedProof) and proof.missed()
    told = "Each event that was not missed" if lost else "Each event"
    print(*(failures or [f"{told} was told once, and in order."]), sep="\n")
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
