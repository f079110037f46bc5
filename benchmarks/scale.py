"""Measures how the integration grows with the fleet, beside Home Assistant's own.

Both run in one Home Assistant and read the same simulated world over HTTP: this
integration through FleetGO, core's `scorpiontrack` through its client from PyPI, each
with every entity enabled but our
counter of requests, which counts the polls themselves. The servers run in a thread of their own; what is measured
is the processor time of the event loop's thread, so they do not count. Times are given
as ratios to the peer: machines differ.

Where all vehicles change, every value of a poll does that a vehicle can change by
driving and stopping, as each of the peer's five does: else the reading of values that
stay would be charged to the states of those that do not. What is left unequal is no
accident of the measurement but what the two do. To the peer's advantage: this vendor
tells some fifty values of a vehicle and the peer's twelve, and fuel levels are watched
for refills and thefts. To ours: every fifth state of the peer is a tracker's, for which
Home Assistant looks up zones, of ours every twelfth.

Home Assistant takes 10 000 entities of an account and no more. Here it takes them all,
since every entity is what is measured.
"""

import asyncio
from asyncio.events import Handle
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
import json
import os
from pathlib import Path
import resource
from statistics import linear_regression, median
import subprocess
import sys
import threading
import time
from typing import Any, Final, override
from unittest.mock import patch

from aiohttp import web
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, StateMachine
from homeassistant.helpers import entity_platform, entity_registry as er
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.setup import async_setup_component
from pyscorpiontrack import ScorpionTrackClient
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    VehicleState,
    World,
)
from simulator.fleetgo import FleetGoServer

VEHICLES: Final = 500
SIZES: Final = (100, 250, 500, 1000)
ROUNDS: Final = 7
LONGEST_STRETCH: Final = 0.050
ONE_CHANGED: Final = 0.1
_RESULT: Final = Path(__file__).parent / "results" / "scale.md"


class StillWorld(World):
    """A world whose time stands still until it is moved, one vehicle at will."""

    def __init__(self, vehicles: int) -> None:
        """Populate Amsterdam, five minutes ago."""
        self.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        self.moved: dict[int, int] = {}
        super().__init__(city=AMSTERDAM, vehicles=vehicles, clock=lambda: self.moment)
        # What the world knows of the last weeks is worked out once.
        self.states()

    @override
    def state(self, vehicle_id: int, at: datetime | None = None) -> VehicleState:
        """Return a vehicle's state, a little farther for each time it was moved."""
        state = super().state(vehicle_id, at)
        steps = self.moved.get(vehicle_id, 0)
        if not steps:
            return state
        drives = steps % 2 == 0
        return replace(
            state,
            time=state.time + timedelta(seconds=steps),
            latitude=state.latitude + steps * 1e-4,
            speed=40.0 if drives else 0.0,
            heading=steps % 360,
            altitude=state.altitude + steps,
            address=replace(state.address, street=f"Street {steps}"),
            engine_on=drives,
            supply_voltage=14.2 if drives else 12.6,
            coolant_temperature=80.0 + steps % 10,
            odometer=state.odometer + steps / 10,
            fuel_level=state.fuel_level - steps / 10,
            driver=f"Driver {steps}",
            private=False,
        )


class Peer:
    """The peer's vendor: one share with every vehicle, in the shape its client reads."""

    def __init__(self, world: World) -> None:
        """Tell of this world."""
        self._world = world
        self._runner = web.AppRunner(self._app())
        self.url = ""

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/location-shares/{token}/view", self._share)
        return app

    async def _share(self, request: web.Request) -> web.Response:
        vehicles = [self._vehicle(number) for number in self._world.vehicles]
        return web.json_response({"data": {"id": 1, "vehicles": vehicles}})

    def _vehicle(self, number: int) -> dict[str, object]:
        spec, state = self._world.vehicles[number], self._world.state(number)
        return {
            "id": number,
            "name": spec.plate,
            "registration": spec.plate,
            "make": spec.make,
            "model": spec.model,
            "latest_position": {
                "lat": state.latitude,
                "lng": state.longitude,
                "timestamp": state.time.isoformat(),
                "speed": state.speed,
                "ignition": state.engine_on,
                "bearing": state.heading,
                "address": state.address.street,
            },
        }

    async def start(self) -> None:
        """Listen on this machine."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()


@dataclass(slots=True)
class Measured:
    """What one refresh took of the event loop's thread, in seconds."""

    seconds: float = 0.0
    writes: int = 0
    written: set[str] = field(default_factory=set)
    longest: float = 0.0


@contextmanager
def _vendors(world: World) -> Iterator[tuple[FleetGoServer, Peer]]:
    """Run both vendors in a thread of their own."""
    server, peer = FleetGoServer(world), Peer(world)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    try:
        run(server.start())
        run(peer.start())
        yield server, peer
    finally:
        run(server.stop())
        run(peer.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def _watch() -> Iterator[Measured]:
    """Measure what happens in this thread meanwhile."""
    measured = Measured()
    here = threading.get_ident()
    run, write = Handle._run, StateMachine.async_set_internal  # noqa: SLF001

    def timed_run(handle: Handle) -> None:
        if threading.get_ident() != here:
            run(handle)
            return
        began = time.thread_time()
        run(handle)
        measured.longest = max(measured.longest, time.thread_time() - began)

    def counted_write(machine: StateMachine, entity_id: str, *args: Any) -> None:
        measured.writes += 1
        measured.written.add(entity_id)
        write(machine, entity_id, *args)

    with (
        patch.object(Handle, "_run", timed_run),
        patch.object(StateMachine, "async_set_internal", counted_write),
    ):
        began = time.thread_time()
        yield measured
        measured.seconds = time.thread_time() - began


async def _refresh(
    hass: HomeAssistant, coordinator: DataUpdateCoordinator[Any]
) -> Measured:
    with _watch() as measured:
        await coordinator.async_refresh()
        await hass.async_block_till_done()
    assert coordinator.last_update_success, coordinator.last_exception
    return measured


@asynccontextmanager
async def _home_assistant() -> AsyncIterator[HomeAssistant]:
    unlimited = patch.object(
        entity_platform, "MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY", sys.maxsize
    )
    async with async_test_home_assistant() as hass:
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        # Home Assistant's own session asks which networks there are.
        assert await async_setup_component(hass, "network", {})
        with unlimited:
            yield hass
        await hass.async_stop(force=True)


async def _add(hass: HomeAssistant, entry: MockConfigEntry) -> float:
    """Set an account up with every entity; return the seconds of the last time."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    registry = er.async_get(hass)
    for one in er.async_entries_for_config_entry(registry, entry.entry_id):
        if one.disabled_by is not None and one.translation_key != "request_budget":
            registry.async_update_entity(one.entity_id, disabled_by=None)
    await hass.config_entries.async_unload(entry.entry_id)
    began = time.thread_time()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    seconds = time.thread_time() - began
    assert entry.state is ConfigEntryState.LOADED, (entry.state, entry.reason)
    return seconds


def _ours(server: FleetGoServer) -> MockConfigEntry:
    return MockConfigEntry(
        domain="fleet_telematics",
        title="Fleet",
        unique_id="fleetgo_fleet",
        data={"provider": "fleetgo", **server.credentials, "url": server.url},
        # What is measured is asked for, and nothing else happens meanwhile.
        pref_disable_polling=True,
    )


def _theirs() -> MockConfigEntry:
    return MockConfigEntry(
        domain="scorpiontrack",
        unique_id="1",
        data={"share_token": "share"},
        pref_disable_polling=True,
    )


async def _compare() -> tuple[dict[str, dict[str, Measured]], int]:
    """Return each case's median refresh of both, and how many requests a poll sends."""
    world = StillWorld(VEHICLES)
    results: dict[str, dict[str, Measured]] = {}
    with _vendors(world) as (server, peer):
        client = partial(ScorpionTrackClient, base_url=peer.url)
        with patch(
            "homeassistant.components.scorpiontrack.ScorpionTrackClient", client
        ):
            async with _home_assistant() as hass:
                ours, theirs = _ours(server), _theirs()
                await _add(hass, ours)
                await _add(hass, theirs)
                coordinators = {
                    "ours": ours.runtime_data.positions,
                    "scorpiontrack": theirs.runtime_data,
                }
                for name, change in _changes(world).items():
                    rounds: dict[str, list[Measured]] = {
                        key: [] for key in coordinators
                    }
                    for _ in range(ROUNDS):
                        change()
                        for key, coordinator in coordinators.items():
                            rounds[key].append(await _refresh(hass, coordinator))
                    results[name] = {
                        key: sorted(found, key=lambda one: one.seconds)[ROUNDS // 2]
                        for key, found in rounds.items()
                    }
                before = len(server.requests)
                await coordinators["ours"].async_refresh()
                requests = len(server.requests) - before
    return results, requests


def _changes(world: StillWorld) -> dict[str, Callable[[], None]]:
    def nothing() -> None:
        pass

    def one() -> None:
        number = next(iter(world.vehicles))
        world.moved[number] = world.moved.get(number, 0) + 1

    def everything() -> None:
        for number in world.vehicles:
            world.moved[number] = world.moved.get(number, 0) + 1

    return {"nothing": nothing, "one vehicle": one, "all vehicles": everything}


async def _grow(vehicles: int) -> dict[str, float]:
    """Set a fleet up alone; return seconds, megabytes and the longest stretch."""
    world = StillWorld(vehicles)
    with _vendors(world) as (server, _):
        async with _home_assistant() as hass:
            before = _resident()
            entry = _ours(server)
            seconds = await _add(hass, entry)
            grown = _resident() - before
            stretches = []
            for _ in range(ROUNDS):
                world.moment += timedelta(minutes=1)
                measured = await _refresh(hass, entry.runtime_data.positions)
                stretches.append(measured.longest)
            before_poll = len(server.requests)
            await entry.runtime_data.positions.async_refresh()
            requests = len(server.requests) - before_poll
    return {
        "seconds": seconds,
        "megabytes": grown,
        "longest": median(stretches),
        "requests": requests,
    }


def _resident() -> float:
    """Return this process's memory in MiB: its peak would begin with its parent's."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024**2


def _grow_alone(vehicles: int) -> dict[str, float]:
    """Measure a fleet in a process of its own, whose memory is nobody else's."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--one", str(vehicles)],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ,
        timeout=600,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _report(
    results: dict[str, dict[str, Measured]],
    requests: int,
    growth: dict[int, dict[str, float]],
) -> tuple[str, list[str]]:
    lines = [
        "# Scale, beside core's scorpiontrack",
        "",
        f"{VEHICLES} vehicles each, every entity enabled, one Home Assistant. A poll's "
        "processor time",
        f"of the event loop's thread, the median of {ROUNDS}, as a ratio to scorpiontrack's.",
        "Where all vehicles change, all that driving and stopping can change does, as all",
        "of scorpiontrack's five states do.",
        "`python -m benchmarks.scale --record` writes this file.",
        "",
        "| changed | time | time per written state | states written | by scorpiontrack |",
        "|---|---|---|---|---|",
    ]
    ratios: dict[str, float] = {}
    for name, both in results.items():
        ours, theirs = both["ours"], both["scorpiontrack"]
        ratios[name] = ours.seconds / theirs.seconds
        each = "-"
        if ours.writes and theirs.writes:
            ratio = (ours.seconds / ours.writes) / (theirs.seconds / theirs.writes)
            ratios[f"{name}, each"] = ratio
            each = f"{ratio:.2f}"
        lines.append(
            f"| {name} | {ratios[name]:.2f} | {each} | {ours.writes} | {theirs.writes} |"
        )
    lines += [
        "",
        f"A poll of {VEHICLES} vehicles sends {requests} request.",
        "",
        "| vehicles | set-up, s | memory, MiB | longest stretch of the loop, ms | requests a poll |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {size} | {one['seconds']:.2f} | {one['megabytes']:.0f} "
        f"| {one['longest'] * 1000:.0f} | {one['requests']:.0f} |"
        for size, one in growth.items()
    ]
    sizes = list(growth)
    per_vehicle = {
        key: linear_regression(sizes, [growth[size][key] for size in sizes]).slope
        for key in ("seconds", "megabytes")
    }
    lines += [
        "",
        f"Each vehicle adds {per_vehicle['seconds'] * 1000:.1f} ms to the set-up and "
        f"{per_vehicle['megabytes'] * 1024:.0f} KiB.",
        "Seconds and milliseconds are this machine's.",
        "",
    ]
    missed = [
        what
        for what, met in {
            "nothing changed: no writes": results["nothing"]["ours"].writes == 0,
            "nothing changed: no more time": ratios["nothing"] <= 1,
            "one changed: a tenth of the time": ratios["one vehicle"] <= ONE_CHANGED,
            "all changed: time per state": ratios["all vehicles, each"] <= 1,
            "no long stretch": growth[max(sizes)]["longest"] < LONGEST_STRETCH,
            "one request": requests == growth[max(sizes)]["requests"],
        }.items()
        if not met
    ]
    return "\n".join(lines), missed


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if an aim is missed."""
    if "--one" in arguments:
        print(json.dumps(asyncio.run(_grow(int(arguments[-1])))))
        return 0
    results, requests = asyncio.run(_compare())
    growth = {one: _grow_alone(one) for one in SIZES}
    text, missed = _report(results, requests, growth)
    print(text)
    for what in missed:
        print(f"missed: {what}")
    if "--record" in arguments:
        _RESULT.parent.mkdir(exist_ok=True)
        _RESULT.write_text(text, encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
