"""Starting everything in the right order, and ending it in the other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
import secrets
import socket
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from .client import Client
from .configuration import write_configuration
from .dashboard import save_dashboard
from .errors import DemoError
from .process import Process, running
from .simulators import Simulator, running_simulators
from .waiting import until

USER = "demo"
# What the two fleets of the demonstration are called on its dashboard.
FLEETS = {"fleetgo": "FleetGO, Amsterdam", "trackgps": "TrackGPS, Bucharest"}
VENDORS = ("fleetgo", "ocean", "fleetwork", "movens", "trackgps")
# TrackGPS allows one request in 30 seconds, which makes for a slow show.
REQUEST_INTERVAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demonstration."""

    url: str
    user: str
    password: str
    client: Client
    simulators: dict[str, Simulator]
    processes: tuple[Process, ...]
    entries: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise if a process has ended, which none should."""
        for process in self.processes:
            process.check()

    async def until[T](
        self, check: Callable[[], Awaitable[T | None]], *, timeout: float, what: str
    ) -> T:
        """Return the first value that `check` gives while everything runs."""

        async def checked() -> T | None:
            """Look at the processes first."""
            self.check()
            return await check()

        try:
            return await until(checked, timeout=timeout, what=what)
        except TimeoutError as error:
            logs = "\n".join(process.tail() for process in self.processes)
            raise DemoError(f"{error}. The ends of the logs:\n{logs}") from error

    async def set_up_fleet(self, vendor: str) -> None:
        """Set up a vendor's account through the config flow."""
        simulator = self.simulators[vendor]
        entry_id = await self.client.add_entry(
            vendor, {**simulator.credentials, "url": simulator.url}
        )
        if vendor == "trackgps":
            await self.client.set_options(
                entry_id, {"request_interval": REQUEST_INTERVAL}
            )
        self.entries[vendor] = entry_id

    async def trackers(self, vendor: str) -> dict[str, dict[str, Any]]:
        """Return the states of a fleet's trackers that know their position."""
        states = await self.client.states("device_tracker.")
        entities = await self.client.entities(self.entries[vendor])
        return {
            entity_id: states[entity_id]
            for entity_id in (entity["entity_id"] for entity in entities)
            if "latitude" in states.get(entity_id, {}).get("attributes", {})
        }

    async def wait_for_vehicles(self) -> None:
        """Wait until every fleet has told where its vehicles are."""

        async def located() -> bool | None:
            """Return true once each fleet is on the map."""
            for vendor in self.entries:
                if not await self.trackers(vendor):
                    return None
            return True

        await self.until(located, timeout=60, what="the vehicles' positions")


def check_port(host: str, port: int) -> None:
    """Raise if Home Assistant could not listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DemoError(
                f"Port {port} of {host} cannot be used ({error.strerror}). "
                f"End what uses it, or choose another: --port {port + 1}"
            ) from error


@asynccontextmanager
async def start_demo(
    *,
    host: str = "127.0.0.1",
    port: int = 8123,
    fleets: Iterable[str] = tuple(FLEETS),
    vendors: Iterable[str] = VENDORS,
) -> AsyncIterator[Demo]:
    """Run simulators and Home Assistant, with the named fleets set up."""
    check_port(host, port)
    # An address to listen on is not always one to talk to.
    address = "127.0.0.1" if host == "0.0.0.0" else host
    url = f"http://{address}:{port}"
    password = secrets.token_urlsafe(9)
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(TemporaryDirectory(prefix="fleet-telematics-"))
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = Client(session, url)
        write_configuration(folder, host=host, port=port)
        simulator, simulators = await stack.enter_async_context(
            running_simulators(
                session,
                vendors,
                request_interval=REQUEST_INTERVAL,
                log=folder / "simulator.log",
            )
        )
        core = await stack.enter_async_context(
            running(
                "Home Assistant",
                "scripts.demo.core",
                *("--config", str(folder), "--skip-pip"),
                log=folder / "output.log",
            )
        )
        demo = Demo(
            url=url,
            user=USER,
            password=password,
            client=client,
            simulators=simulators,
            processes=(simulator, core),
        )
        await _onboard(demo)
        for vendor in fleets:
            await demo.set_up_fleet(vendor)
        if demo.entries:
            await demo.wait_for_vehicles()
            await _show(demo)
        yield demo


async def _onboard(demo: Demo) -> None:
    """Create the user once Home Assistant answers, and log in."""
    await demo.until(demo.client.answers, timeout=60, what="Home Assistant to answer")
    await demo.client.onboard(name="Demo", user=demo.user, password=demo.password)
    await demo.client.log_in(demo.user, demo.password)
    await demo.until(demo.client.running, timeout=60, what="Home Assistant to start")


async def _show(demo: Demo) -> None:
    """Make the dashboard of the fleets that are set up."""
    fleets: dict[str, list[dict[str, Any]]] = {
        FLEETS.get(vendor, vendor): await demo.client.entities(entry_id)
        for vendor, entry_id in demo.entries.items()
    }
    async with demo.client.socket() as connection:
        await save_dashboard(connection, fleets)
