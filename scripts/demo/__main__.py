"""The command line of the demonstration."""

import argparse
import asyncio
import signal
import sys

from .demo import FLEETS, Demo, check_port, start_demo
from .errors import DemoError


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/develop",
        description="A throw-away Home Assistant with simulated fleets.",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="set up no fleet, for trying that by hand"
    )
    parser.add_argument("--port", type=port, default=8123)
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args()


def port(text: str) -> int:
    """Read the number of a port."""
    if 0 < (number := int(text)) < 65536:
        return number
    raise ValueError


async def run(options: argparse.Namespace) -> None:
    """Start, tell how to get in, and stay until something ends it."""
    check_port(options.host, options.port)
    print("Starting the simulated vendors and Home Assistant ...", flush=True)
    async with start_demo(
        host=options.host,
        port=options.port,
        fleets=() if options.fresh else FLEETS,
    ) as demo:
        tell(demo)
        while True:
            demo.check()
            await asyncio.sleep(1)


def tell(demo: Demo) -> None:
    """Print the addresses and credentials."""
    for vendor, simulator in demo.simulators.items():
        print(f"{vendor}: url {simulator.url}")
        for name, value in simulator.credentials.items():
            print(f"    {name} {value}")
    print(
        f"Ready: {demo.url}  user {demo.user}  password {demo.password}\n"
        "Ctrl-C ends everything.",
        flush=True,
    )


async def main() -> int:
    """Run until the end or a signal; a second signal changes nothing."""
    task = asyncio.create_task(run(arguments()))
    loop = asyncio.get_running_loop()
    stopped = False

    def stop() -> None:
        """Begin the end, once."""
        nonlocal stopped
        if not stopped:
            stopped = True
            print("\nEnding ...", flush=True)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
