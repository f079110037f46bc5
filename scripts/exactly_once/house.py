"""A Home Assistant with one account, which can be killed and comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import json
from pathlib import Path
import secrets
import socket
from tempfile import TemporaryDirectory
import time
from typing import Any

import aiohttp

from scripts.demo.client import Client
from scripts.demo.configuration import write_configuration
from scripts.demo.errors import DemoError
from scripts.demo.process import Process, running
from scripts.demo.simulators import Simulator, find_simulators, free_ports
from scripts.demo.waiting import until

HOST = "127.0.0.1"
START = 90.0
_WITNESS = "exactly_once.witness"
_AUTOMATION = """\
  - id: witness
    alias: Tell of a fuel event in the log
    mode: queued
    max: 100
    triggers:
      - trigger: event
        event_type: fleet_telematics_fuel
    actions:
      - action: system_log.write
        data:
          level: warning
          logger: WITNESS
          message: "heard {{ trigger.event.data | to_json }}"
""".replace("WITNESS", _WITNESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Whose account it is: its options, how it is simulated, what tells of a read."""

    key: str
    options: Mapping[str, Any]
    simulator: tuple[str, ...]
    reads: str


@dataclass(slots=True, kw_only=True)
class House:
    """The configuration, the simulated vendor, and how to reach both.

    `vendor_ids` are those of the world's vehicles.
    """

    vendor: Vendor
    folder: Path
    port: int
    client: Client
    simulator: Simulator
    entry_id: str = ""
    vendor_ids: dict[int, Any] = field(default_factory=dict)
    core: Process | None = None

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Process]:
        """Run Home Assistant; it may be dead at the end."""
        async with running(
            "Home Assistant",
            "scripts.demo.core",
            *("--config", str(self.folder), "--skip-pip"),
            log=self.log,
        ) as core:
            self.core = core
            try:
                yield core
            finally:
                self.core = None

    async def wait_until_running(self) -> None:
        """Wait for the end of the start; raise with the log if there is none."""

        async def state() -> bool | None:
            if self.core is not None:
                self.core.check()
            try:
                return await self.client.running()
            except aiohttp.ClientError, DemoError:
                return None

        await until(state, timeout=START, what="Home Assistant to run")

    async def set_up(
        self, ready: Callable[[], Awaitable[None]], **options: Any
    ) -> None:
        """Add the account, wait until it is ready, and end in order."""
        async with self.life():
            await until(self.client.answers, timeout=START, what="Home Assistant")
            await self.client.onboard(
                name="Proof", user="proof", password=secrets.token_urlsafe(9)
            )
            await self.wait_until_running()
            self.entry_id = await self.client.add_entry(
                self.vendor.key,
                {**self.simulator.credentials, "url": self.simulator.url},
            )
            await self.client.set_options(
                self.entry_id, {**self.vendor.options, **options}
            )
            await ready()

    async def reload(self) -> None:
        """Reload the account."""
        await self.client.post(
            f"/api/config/config_entries/entry/{self.entry_id}/reload", {}
        )

    async def learn_ids(self) -> None:
        """Ask the vendor for the vehicles' ids."""
        world = await self.simulator.control("GET", "world")
        self.vendor_ids = {
            vehicle["vehicle_id"]: vehicle["vehicle"] for vehicle in world["vehicles"]
        }

    async def reads(self) -> int:
        """Return how often the vendor was asked for what tells of fuel."""
        answer = await self.simulator.control("GET", "requests")
        return sum(
            request["path"].lower().endswith(self.vendor.reads)
            for request in answer["requests"]
        )

    @property
    def ledger(self) -> Path:
        """Where the ledger is."""
        return self.folder / ".storage" / f"fleet_telematics.{self.entry_id}.fuel"

    def witnessed(self) -> list[dict[str, Any]]:
        """Return what an automation heard in this life, from the log."""
        mark = f"[{_WITNESS}] heard "
        try:
            lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [
            json.loads(line.partition(mark)[2])
            for line in lines
            if mark in line and line.endswith("}\n")
        ]

    @property
    def log(self) -> Path:
        """Where Home Assistant writes what it says."""
        return self.folder / "output.log"

    def pages(self) -> dict[str, Any]:
        """Return what is on disk of every vehicle."""
        try:
            text = self.ledger.read_text()
        except FileNotFoundError:
            return {}
        vehicles: dict[str, Any] = json.loads(text)["data"]["vehicles"]
        return vehicles

    def entries(self) -> list[dict[str, Any]]:
        """Return the events that are on disk."""
        return [entry for page in self.pages().values() for entry in page["entries"]]

    def unfired(self) -> set[str]:
        """Return the ids of the events that are on disk and not marked as fired."""
        return {entry["id"] for entry in self.entries() if not entry["fired"]}

    def age(self, time: timedelta) -> None:
        """Make Home Assistant's absence begin so much earlier."""
        content = json.loads(self.ledger.read_text())
        for page in content["data"]["vehicles"].values():
            for key in ("since", "read_until"):
                moment = datetime.fromisoformat(page[key]) - time
                page[key] = moment.isoformat()
        self.ledger.write_text(json.dumps(content))

    async def wait_for_write(self, known: int, timeout: float) -> bool:
        """Return true at once when more events are on disk, false when none come."""
        end = time.monotonic() + timeout
        stamp = self._stamp()
        while time.monotonic() < end:
            if (now := self._stamp()) != stamp:
                stamp = now
                if len(self.entries()) > known:
                    return True
            await asyncio.sleep(0.001)
        return False

    def _stamp(self) -> tuple[int, int]:
        found = self.ledger.stat()
        return found.st_ino, found.st_mtime_ns


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def build_house(vendor: Vendor) -> AsyncIterator[House]:
    """Run the simulated vendor beside an empty configuration."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="exactly-once-")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        port = free_port()
        write_configuration(folder, host=HOST, port=port)
        with (folder / "configuration.yaml").open("a") as configuration:
            configuration.write(_AUTOMATION)
        process = await stack.enter_async_context(
            running(
                "The simulator",
                "simulator",
                *("--json", "--vendors", vendor.key),
                *("--port-base", str(free_ports()), *vendor.simulator),
                log=folder / "simulator.log",
            )
        )
        simulators = await find_simulators(process, session)
        yield House(
            vendor=vendor,
            folder=folder,
            port=port,
            client=Client(session, f"http://{HOST}:{port}"),
            simulator=simulators[vendor.key],
        )
