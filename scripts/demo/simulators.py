"""The simulated vendors, in a process of their own."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from dataclasses import dataclass
import json
from pathlib import Path
import socket
from typing import Any

import aiohttp

from .errors import DemoError
from .process import Process, running
from .waiting import until

# The simulators take a row of ports, one for each vendor.
PORTS = 10
# Not that of the demo fleet, or the vehicles of both in Amsterdam were the same.
SEED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """One vendor's server: where it is, who may log in, what it may tell."""

    url: str
    credentials: Mapping[str, Any]
    session: aiohttp.ClientSession

    async def control(self, method: str, path: str, **options: Any) -> Any:
        """Ask the server's control endpoint, which no vendor has."""
        address = f"{self.url_root}/_control/{path}"
        async with self.session.request(method, address, **options) as response:
            if not response.ok:
                raise DemoError(f"{address} answered {response.status}")
            return await response.json()

    @property
    def fields(self) -> dict[str, Any]:
        """Return what the form of the vendor is filled with."""
        return {**self.credentials, "url": self.url}

    @property
    def url_root(self) -> str:
        """Return the server's address without the path of the vendor's API."""
        return "/".join(self.url.split("/")[:3])


def free_ports() -> int:
    """Return the first of a row of ports that nobody uses now."""
    while True:
        with ExitStack() as probes:
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
            with suppress(OSError, OverflowError):
                for port in range(first + 1, first + PORTS):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return first


def running_simulators(
    *, request_interval: float, log: Path
) -> AbstractAsyncContextManager[Process]:
    """Run the vendors' servers on free ports."""
    return running(
        "The simulator",
        "simulator",
        "--json",
        *("--port-base", str(free_ports())),
        *("--trackgps-interval", str(request_interval)),
        *("--seed", str(SEED)),
        log=log,
    )


async def find_simulators(
    process: Process, session: aiohttp.ClientSession
) -> dict[str, Simulator]:
    """Return the servers once their process has told where they are."""

    async def told() -> dict[str, Any] | None:
        """Return the line that tells the addresses, once it is there."""
        process.check()
        for line in (await asyncio.to_thread(process.log.read_text)).splitlines():
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        return None

    try:
        found = await until(told, timeout=60, what="the simulators")
    except TimeoutError as error:
        raise DemoError(f"{error}:\n{process.tail()}") from error
    return {
        vendor: Simulator(
            url=address["url"], credentials=address["credentials"], session=session
        )
        for vendor, address in found.items()
    }
