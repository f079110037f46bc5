"""The simulated vendors, in a process of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import aiohttp

from .errors import DemoError
from .process import Process, running
from .waiting import until


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
    def url_root(self) -> str:
        """Return the server's address without the path of the vendor's API."""
        return "/".join(self.url.split("/")[:3])


@asynccontextmanager
async def running_simulators(
    session: aiohttp.ClientSession,
    vendors: Iterable[str],
    *,
    request_interval: float,
    log: Path,
) -> AsyncIterator[tuple[Process, dict[str, Simulator]]]:
    """Start the vendors' servers on free ports."""
    async with running(
        "The simulator",
        "simulator",
        "--json",
        *("--vendors", ",".join(vendors)),
        *("--port-base", "0"),
        *("--trackgps-interval", str(request_interval)),
        log=log,
    ) as process:

        async def addresses() -> dict[str, Any] | None:
            """Return the line that tells the addresses, once it is there."""
            process.check()
            for line in (await asyncio.to_thread(log.read_text)).splitlines():
                if line.startswith("{"):
                    found: dict[str, Any] = json.loads(line)
                    return found
            return None

        try:
            found = await until(addresses, timeout=30, what="the simulators")
        except TimeoutError as error:
            raise DemoError(f"{error}:\n{process.tail()}") from error
        yield (
            process,
            {
                vendor: Simulator(
                    url=address["url"],
                    credentials=address["credentials"],
                    session=session,
                )
                for vendor, address in found.items()
            },
        )
