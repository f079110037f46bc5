"""Runs every simulated vendor on this machine: `python -m simulator`."""

import argparse
import asyncio
from collections.abc import Callable, Sequence
import json
import signal
import sys
from typing import Final

from custom_components.fleet_telematics.providers.demo.records import City
from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    BUCHAREST,
    HANOI,
    PARIS,
    ROME,
    World,
)

from .fleetgo import FleetGoServer
from .fleetwork import FleetworkServer
from .movens import MovensServer
from .ocean import OceanServer
from .server import VendorServer
from .trackgps import TrackGpsServer

# Each vendor listens on the port base plus its place in this table.
VENDORS: Final[dict[str, tuple[Callable[[World], VendorServer], City]]] = {
    "fleetgo": (FleetGoServer, AMSTERDAM),
    "trackgps": (TrackGpsServer, BUCHAREST),
    "fleetwork": (FleetworkServer, HANOI),
    "ocean": (OceanServer, PARIS),
    "movens": (MovensServer, ROME),
}


class PortTaken(Exception):
    """Somebody else listens on a port."""


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="The vendors' services on 127.0.0.1, moved by a simulated world.",
    )
    parser.add_argument("--port-base", type=int, default=8201, help="the first port")
    parser.add_argument(
        "--vendors",
        type=_vendors,
        default=list(VENDORS),
        help=f"which, separated by commas: {', '.join(VENDORS)}",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the worlds")
    parser.add_argument("--vehicles", type=int, default=5, help="in each world")
    parser.add_argument(
        "--trackgps-interval",
        type=float,
        default=30.0,
        metavar="S",
        help="seconds between two requests that TrackGPS asks for; 0 is off",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the addresses as one line of JSON"
    )
    return parser.parse_args(given)


def _vendors(value: str) -> list[str]:
    keys = [key.strip() for key in value.split(",") if key.strip()]
    unknown = [key for key in keys if key not in VENDORS]
    if unknown or not keys:
        raise argparse.ArgumentTypeError(f"no such vendor: {', '.join(unknown)}")
    return keys


def server_for(key: str, options: argparse.Namespace) -> VendorServer:
    """Return a vendor's server, with a world of its own."""
    build, city = VENDORS[key]
    world = World(city=city, vehicles=options.vehicles, seed=options.seed)
    server = build(world)
    if isinstance(server, TrackGpsServer):
        server.request_interval = options.trackgps_interval
    return server


async def run(options: argparse.Namespace) -> None:
    """Serve until the process is asked to end."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    servers: list[VendorServer] = []
    try:
        for key in options.vendors:
            server = server_for(key, options)
            port = options.port_base + list(VENDORS).index(key)
            try:
                await server.start(port)
            except OSError as err:
                raise PortTaken(
                    f"Port {port} for {key} cannot be used: {err.strerror}.\n"
                    "Another program may listen on it; --port-base takes other ports."
                ) from err
            servers.append(server)
        print(as_json(servers) if options.json else as_table(servers), flush=True)
        await end.wait()
    finally:
        await asyncio.gather(*(server.stop() for server in servers))


def as_json(servers: Sequence[VendorServer]) -> str:
    """Return addresses and credentials for a script."""
    return json.dumps(
        {
            server.key: {"url": server.url, "credentials": server.credentials}
            for server in servers
        }
    )


def as_table(servers: Sequence[VendorServer]) -> str:
    """Return addresses and credentials for a person."""
    rows = [("vendor", "field", "value")]
    for server in servers:
        fields = {"url": server.url, **server.credentials}
        rows += [(server.key, name, value) for name, value in fields.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Run, and return the exit code."""
    try:
        asyncio.run(run(arguments(sys.argv[1:])))
    except PortTaken as err:
        print(err, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
