"""The command `scripts/develop`, from its first line to nothing left behind."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from os import environ
from pathlib import Path
import re
import signal
import socket
from typing import Any

import aiohttp
from playwright.async_api import Page, expect
import pytest

from scripts.demo import Client, Simulator, Socket, until

from .conftest import free_port, log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
READY = re.compile(r"^Ready: (\S+)  user (\S+)  password (\S+)$", re.MULTILINE)
REFILL = 17.3


@asynccontextmanager
async def develop(port: int, folder: Path) -> AsyncIterator[tuple[Process, Path]]:
    """Run the command; yield its process and the file with what it prints."""
    output = folder / "output.txt"
    temporary = folder / "temporary"
    temporary.mkdir()
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            ROOT / "scripts" / "develop",
            *("--port", str(port)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=asyncio.subprocess.STDOUT,
            env={**environ, "TMPDIR": str(temporary)},
        )
    try:
        yield process, output
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


def descendants(pid: int) -> set[int]:
    """Return the processes that a process has started, and theirs."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found


async def refills(connection: Socket) -> list[Mapping[str, Any]]:
    """Return the events so far about the test's own refill."""
    # Any answer brings the events before it along.
    await connection.call("get_config")
    return [
        event["data"]
        for event in connection.events
        if event["data"]["volume"] == pytest.approx(REFILL, abs=0.1)
    ]


async def check_vehicles_move(client: Client) -> None:
    """Check that vehicles of both fleets are elsewhere within a minute."""
    first = await client.states("device_tracker.")

    async def moved() -> set[str] | None:
        """Return the fleets of which a vehicle has moved, once it is both."""
        cities = set()
        for entity_id, state in (await client.states("device_tracker.")).items():
            here = state["attributes"]
            there = first.get(entity_id, {}).get("attributes", {})
            if "latitude" not in here or "latitude" not in there:
                continue
            place = (here["latitude"], here["longitude"])
            if place != (there["latitude"], there["longitude"]):
                cities.add("Amsterdam" if here["longitude"] < 10 else "Bucharest")
        return cities if len(cities) == 2 else None

    await until(moved, timeout=60, what="vehicles of both fleets to move")


async def check_refill_is_told_once(client: Client, simulator: Simulator) -> None:
    """Check that a refill becomes one event and one notification."""
    world = await simulator.control("GET", "world")
    vehicle = min(world["vehicles"], key=lambda one: one["fuel_level"])

    async def known() -> bool | None:
        """Return true once the vehicle's past was read, of which nothing is told."""
        events = await client.states("event.")
        names = [state["attributes"]["friendly_name"] for state in events.values()]
        return any(name.startswith(vehicle["plate"]) for name in names) or None

    await until(known, timeout=60, what="the vehicle's fuel events")
    async with client.socket() as connection:
        await connection.call("subscribe_events", event_type="fleet_telematics_fuel")
        await simulator.control(
            "POST", "refuel", json={"vehicle": vehicle["vehicle"], "volume": REFILL}
        )

        async def told() -> bool | None:
            """Return true once an event tells of the refill."""
            return bool(await refills(connection)) or None

        async def reads() -> int:
            """Return how often the vendor was asked for refills."""
            answer = await simulator.control("GET", "requests")
            return sum(
                request["path"].endswith("/refills") for request in answer["requests"]
            )

        await until(told, timeout=60, what="the refill's event")
        # The vehicles take turns: a round and one more reads each of them again.
        enough = await reads() + len(world["vehicles"]) + 1

        async def read_again() -> bool | None:
            """Return true once every vehicle's refills were read again."""
            return await reads() >= enough or None

        await until(read_again, timeout=60, what="more reads of the refills")
        events = await refills(connection)
        assert [event["event_type"] for event in events] == ["refuelled"]
        notifications = await connection.call("persistent_notification/get")
        told_again = [one for one in notifications if f"{REFILL} L" in one["message"]]
        assert len(told_again) == 1
        assert told_again[0]["title"].endswith("was refuelled")


async def check_dashboard_shows_all(client: Client, page: Page) -> None:
    """Check that the dashboard shows a marker for each vehicle on its two maps."""
    maps = page.locator("hui-map-card")
    await expect(maps).to_have_count(2)
    for state in (await client.states("device_tracker.")).values():
        name = state["attributes"]["friendly_name"]
        await expect(maps.locator(f'ha-entity-marker[title="{name}"]')).to_be_visible()


async def test_develop_shows_moving_fleets_and_leaves_nothing_behind(
    tmp_path: Path, page: Page, artifacts: Path
) -> None:
    """Both fleets drive, a refill is told once, and Ctrl-C ends everything."""
    async with (
        develop(free_port(), tmp_path) as (process, output),
        aiohttp.ClientSession() as session,
    ):

        async def ready() -> re.Match[str] | None:
            """Return the ready line once it is printed."""
            assert process.returncode is None, output.read_text()
            return READY.search(output.read_text())

        url, user, password = (
            await until(ready, timeout=60, what="the ready line")
        ).groups()
        client = Client(session, url)
        await client.log_in(user, password)
        trackgps = re.search(r"^trackgps: url (\S+)$", output.read_text(), re.MULTILINE)
        assert trackgps is not None

        simulator = Simulator(url=trackgps.group(1), credentials={}, session=session)
        await asyncio.gather(
            check_vehicles_move(client), check_refill_is_told_once(client, simulator)
        )

        await log_in(page, url, user, password)
        await check_dashboard_shows_all(client, page)
        await page.screenshot(path=artifacts / "dashboard.png")

        started = descendants(process.pid)
        assert len(started) >= 2
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
        assert list((tmp_path / "temporary").iterdir()) == []


async def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    """Nothing is started when Home Assistant could not listen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with develop(port, tmp_path) as (process, output):
            assert await asyncio.wait_for(process.wait(), 30) == 1
    text = output.read_text()
    assert f"Port {port} of 127.0.0.1 is taken" in text
    assert "Starting" not in text
