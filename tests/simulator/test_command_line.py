"""`python -m simulator`: what it prints, serves, and how it ends."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import signal
import socket
import sys

import aiohttp
import pytest

from simulator.__main__ import VENDORS

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def simulator(*options: str) -> AsyncGenerator[Process]:
    """Run the simulator; what still runs in the end is ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *options,
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def free_port() -> int:
    """Return a port that nobody listens on, and neither on the next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_what_it_prints_and_ends_cleanly(
    socket_enabled: None, number: signal.Signals
) -> None:
    """One line of JSON names addresses and credentials that work."""
    async with (
        asyncio.timeout(60),
        simulator("--port-base", str(free_port()), "--json") as process,
    ):
        assert process.stdout
        told = json.loads(await process.stdout.readline())
        assert set(told) == set(VENDORS)
        async with aiohttp.ClientSession() as session:
            async with session.post(
                f"{told['fleetgo']['url']}/Session/Login",
                json=told["fleetgo"]["credentials"],
            ) as response:
                assert (await response.json())["access_token"]
            async with session.post(
                f"{told['trackgps']['url']}/api/authentication/login?api-version=2.0",
                data=told["trackgps"]["credentials"],
            ) as response:
                assert (await response.json())["access_token"]
        process.send_signal(number)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_it_prints_a_table_of_the_vendors_asked_for(
    socket_enabled: None,
) -> None:
    """Addresses and credentials, for a person to copy."""
    base = free_port()
    async with (
        asyncio.timeout(60),
        simulator(
            "--port-base", str(base), "--vendors", "trackgps", "--vehicles", "2"
        ) as process,
    ):
        assert process.stdout
        lines = [await process.stdout.readline() for _ in range(4)]
        process.terminate()
        rest, _ = await process.communicate()
    table = [line.decode().split() for line in lines]
    assert table[0] == ["vendor", "field", "value"]
    assert table[1] == ["trackgps", "url", f"http://127.0.0.1:{base + 1}"]
    assert [row[:2] for row in table[2:]] == [
        ["trackgps", "username"],
        ["trackgps", "password"],
    ]
    assert rest == b""
    assert process.returncode == 0


async def test_it_says_that_a_port_is_taken(socket_enabled: None) -> None:
    """The exit code is 1, the message names the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with (
            asyncio.timeout(60),
            simulator("--port-base", str(port), "--vendors", "fleetgo") as process,
        ):
            output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert f"Port {port}" in errors.decode()
    assert "Traceback" not in errors.decode()


@pytest.mark.parametrize("vendors", ["", "nobody"])
async def test_it_refuses_unknown_vendors(socket_enabled: None, vendors: str) -> None:
    """The command line is checked before anything starts."""
    async with asyncio.timeout(60), simulator("--vendors", vendors) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"vendor" in errors
