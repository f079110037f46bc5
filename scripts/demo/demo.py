"""Starting everything in the right order, and ending it in the other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
import errno
from pathlib import Path
import secrets
import socket
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from .client import Client
from .configuration import write_configuration
from .dashboard import ShownFleet, save_dashboard
from .errors import DemoError
from .process import Process, running
from .simulators import Simulator, find_simulators, running_simulators
from .waiting import until

USER = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A fleet to show: its provider, the provider's name, its city and options."""

    provider: str
    name: str
    city: str
    options: Mapping[str, Any]


# TrackGPS allows one request in 30 seconds, which makes for a slow show.
REQUEST_INTERVAL = 1
# Each fleet is read as often as its vendor allows.
FLEETS = (
    Fleet(
        provider="fleetgo",
        name="FleetGO",
        city="Amsterdam",
        options={"scan_interval": 30},
    ),
    Fleet(provider="demo", name="Demo", city="Amsterdam", options={"scan_interval": 5}),
    Fleet(
        provider="trackgps",
        name="TrackGPS",
        city="Bucharest",
        options={"request_interval": REQUEST_INTERVAL, "scan_interval": 5},
    ),
    Fleet(provider="ocean", name="Ocean", city="Paris", options={"scan_interval": 30}),
    Fleet(
        provider="fleetwork",
        name="Fleetwork",
        city="Hanoi",
        options={"scan_interval": 10},
    ),
    Fleet(provider="movens", name="Movens", city="Rome", options={"scan_interval": 30}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demonstration."""

    url: str
    user: str
    password: str
    client: Client
    simulators: dict[str, Simulator]
    processes: tuple[Process, ...]

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

    async def set_up(self, fleet: Fleet) -> None:
        """Set up a fleet through the config flow, and wait until it is there."""
        # The demo fleet needs no server.
        simulator = self.simulators.get(fleet.provider)
        entry_id = await self.client.add_entry(
            fleet.provider, simulator.fields if simulator else {}
        )
        await self.client.set_options(entry_id, fleet.options)
        await self.wait_for_trackers(fleet.name)

    async def wait_for_trackers(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the states of a provider's trackers once they have positions.

        Vehicles in private mode have none.
        """

        async def located() -> dict[str, dict[str, Any]] | None:
            """Return the trackers that have a position, if there are any."""
            states = await self.client.states("device_tracker.")
            entities = await self.client.entities(name)
            trackers = states.keys() & {one["entity_id"] for one in entities}
            return {
                tracker: states[tracker]
                for tracker in sorted(trackers)
                if "latitude" in states[tracker]["attributes"]
            } or None

        return await self.until(located, timeout=60, what=f"positions of {name}")


def check_port(host: str, port: int) -> None:
    """Raise if Home Assistant could not listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DemoError(
                    f"Port {port} of {host} is taken. End what uses it, "
                    "or choose another with --port"
                ) from error
            raise DemoError(
                f"Cannot listen on {host}, port {port}: {error.strerror}"
            ) from error


@asynccontextmanager
async def start_demo(
    *,
    host: str = "127.0.0.1",
    port: int = 8123,
    fleets: Collection[Fleet] = FLEETS,
) -> AsyncIterator[Demo]:
    """Run all simulators and Home Assistant, with the named fleets set up."""
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
        simulator = await stack.enter_async_context(
            running_simulators(
                request_interval=REQUEST_INTERVAL, log=folder / "simulator.log"
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
            simulators=await find_simulators(simulator, session),
            processes=(simulator, core),
        )
        try:
            await _onboard(demo)
            for fleet in fleets:
                await demo.set_up(fleet)
            if fleets:
                await _show(demo, fleets)
        except aiohttp.ClientError as error:
            raise DemoError(
                f"Home Assistant stopped answering. The end of its log:\n{core.tail()}"
            ) from error
        yield demo


async def _onboard(demo: Demo) -> None:
    """Create the user once Home Assistant answers, and log in."""
    await demo.until(demo.client.answers, timeout=60, what="Home Assistant to answer")
    await demo.client.onboard(name="Demo", user=demo.user, password=demo.password)
    await demo.client.log_in(demo.user, demo.password)
    await demo.until(demo.client.running, timeout=60, what="Home Assistant to start")


async def _show(demo: Demo, fleets: Collection[Fleet]) -> None:
    """Make the dashboard of the fleets that are set up."""
    shown = [
        ShownFleet(
            name=fleet.name,
            city=fleet.city,
            entities=await demo.client.entities(fleet.name),
        )
        for fleet in fleets
    ]
    async with demo.client.socket() as connection:
        await save_dashboard(connection, shown)
