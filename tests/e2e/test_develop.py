"""The command `scripts/develop`, from its first line to nothing left behind."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from os import environ
from pathlib import Path
import re
import signal
import socket
from typing import Any

import aiohttp
from playwright.async_api import Page, expect
import pytest

from scripts.demo import FLEETS, Client, Simulator, Socket, until

from .conftest import free_port, log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
READY = re.compile(r"^Ready: (\S+)  user (\S+)  password (\S+)$", re.MULTILINE)
VENDOR = re.compile(r"^(\w+): url (\S+)\n((?:    \S+ \S+\n)+)", re.MULTILINE)
ENTRIES = "/api/config/config_entries/entry?domain=fleet_telematics"
REFILL = 17.3
# In each simulated fleet.
VEHICLES = "5"

type Place = tuple[float, float]


@asynccontextmanager
async def develop(
    port: int, folder: Path, *options: str
) -> AsyncIterator[tuple[Process, Path]]:
    """Run the command; yield its process and the file with what it prints."""
    output = folder / "output.txt"
    temporary = folder / "temporary"
    temporary.mkdir()
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            ROOT / "scripts" / "develop",
            *("--port", str(port), *options),
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


def printed_fields(text: str) -> dict[str, dict[str, str]]:
    """Return what was printed to fill each vendor's form with."""
    found: dict[str, dict[str, str]] = {}
    for vendor, url, credentials in VENDOR.findall(text):
        found[vendor] = {"url": url, **dict(map(str.split, credentials.splitlines()))}
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


async def read_places(client: Client, name: str) -> dict[str, Place]:
    """Return where a fleet's vehicles are, those that tell it, by entity."""
    states = await client.states("device_tracker.")
    found = {}
    for entity in await client.entities(name):
        if entity["translation_key"] == "location":
            place = states[entity["entity_id"]]["attributes"]
            if "latitude" in place:
                found[entity["entity_id"]] = (place["latitude"], place["longitude"])
    return found


async def check_all_are_there(client: Client) -> None:
    """Check that each fleet is loaded, with a place for each vehicle not private."""
    entries = await client.get(ENTRIES)
    assert [entry["state"] for entry in entries] == ["loaded"] * len(FLEETS)

    async def placed(name: str) -> bool | None:
        """Return true once as many vehicles are somewhere as should be."""
        states = await client.states("sensor.")
        counts = {
            entity["translation_key"]: states[entity["entity_id"]]["state"]
            for entity in await client.entities(name)
            if entity["translation_key"] in {"vehicles", "vehicles_private"}
        }
        expected = int(counts["vehicles"]) - int(counts["vehicles_private"])
        assert counts["vehicles"] == VEHICLES
        return len(await read_places(client, name)) == expected or None

    for fleet in FLEETS:
        await until(partial(placed, fleet.name), timeout=10, what=f"all of {fleet}")


async def check_vehicles_move(client: Client) -> None:
    """Check that a vehicle of each fleet is elsewhere within minutes.

    The world keeps real time: all drivers of a small fleet may have a break, for two
    minutes at the most in a whole week.
    """
    first = {fleet.name: await read_places(client, fleet.name) for fleet in FLEETS}
    still = set(first)

    async def moved() -> bool | None:
        """Return true once a vehicle of each fleet has moved."""
        for name in list(still):
            places = await read_places(client, name)
            if any(
                places.get(one, place) != place for one, place in first[name].items()
            ):
                still.discard(name)
        return not still or None

    try:
        await until(moved, timeout=200, what="vehicles of every fleet to move")
    except TimeoutError as error:
        raise AssertionError(f"In minutes no vehicle of {still} moved") from error


async def check_refill_is_told_once(client: Client, simulator: Simulator) -> None:
    """Check that a refill becomes one event and one notification."""
    world = await simulator.control("GET", "world")
    # The world keeps real time: at some times of a day a vehicle has no contact, and
    # what happens to it then is told only when it is back.
    vehicle = min(
        (one for one in world["vehicles"] if one["online"]),
        key=lambda one: one["fuel_level"],
    )
    await simulator.control(
        "POST", "online", json={"vehicle": vehicle["vehicle"], "online": True}
    )

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
    """Check the overview, and that each vehicle has a marker on a city's map."""
    rows = page.locator("hui-markdown-card tbody tr")
    await expect(rows).to_have_count(len(FLEETS))
    for fleet in FLEETS:
        await expect(rows.filter(has_text=fleet.name)).to_contain_text(VEHICLES)
    maps = page.locator("hui-map-card")
    await expect(maps).to_have_count(len({fleet.city for fleet in FLEETS}))
    for state in (await client.states("device_tracker.")).values():
        if "latitude" in state["attributes"]:
            name = state["attributes"]["friendly_name"]
            marker = maps.locator(f'ha-entity-marker[title="{name}"]')
            await expect(marker).to_be_visible()


async def ready(process: Process, output: Path) -> tuple[str, str, str]:
    """Return the address, user and password once they are printed."""

    async def told() -> re.Match[str] | None:
        """Return the ready line, if it is there."""
        assert process.returncode is None, output.read_text()
        return READY.search(output.read_text())

    url, user, password = (
        await until(told, timeout=60, what="the ready line")
    ).groups()
    return url, user, password


async def test_develop_shows_moving_fleets_and_leaves_nothing_behind(
    tmp_path: Path, page: Page, artifacts: Path
) -> None:
    """All fleets drive, a refill is told once, and Ctrl-C ends everything."""
    async with (
        develop(free_port(), tmp_path) as (process, output),
        aiohttp.ClientSession() as session,
    ):
        url, user, password = await ready(process, output)
        client = Client(session, url)
        await client.log_in(user, password)
        fields = printed_fields(output.read_text())["trackgps"]
        trackgps = Simulator(url=fields["url"], credentials={}, session=session)
        await check_all_are_there(client)
        await asyncio.gather(
            check_vehicles_move(client), check_refill_is_told_once(client, trackgps)
        )

        await page.set_viewport_size({"width": 1600, "height": 980})
        await log_in(page, url, user, password)
        await check_dashboard_shows_all(client, page)
        await page.screenshot(path=artifacts / "dashboard.png")

        started = descendants(process.pid)
        assert len(started) >= 2
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
        assert list((tmp_path / "temporary").iterdir()) == []


async def test_a_fresh_start_knows_no_fleet_and_tells_how_to_add_each(
    tmp_path: Path,
) -> None:
    """Each vendor's address and credentials are printed, and nothing is set up."""
    async with (
        develop(free_port(), tmp_path, "--fresh") as (process, output),
        aiohttp.ClientSession() as session,
    ):
        url, user, password = await ready(process, output)
        client = Client(session, url)
        await client.log_in(user, password)
        assert await client.get(ENTRIES) == []
        vendors = printed_fields(output.read_text())
        assert vendors.keys() == {fleet.provider for fleet in FLEETS} - {"demo"}
        for vendor, fields in vendors.items():
            await client.add_entry(vendor, fields)


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
