"""Child processes that never outlive the demonstration."""

import asyncio
from asyncio.subprocess import Process as Subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import os
from pathlib import Path
import signal
import sys

from .errors import DemoError

ROOT = Path(__file__).parents[2]
STOP_TIMEOUT = 20.0
TAIL_LINES = 30


class Process:
    """A running Python module of the checkout, its output in a file."""

    def __init__(self, name: str, child: Subprocess, log: Path) -> None:
        """Wrap a started child."""
        self.name = name
        self.log = log
        self._child = child

    def check(self) -> None:
        """Raise with the end of the log if the process has ended."""
        if (code := self._child.returncode) is not None:
            raise DemoError(
                f"{self.name} ended by itself with code {code}. "
                f"The end of its log:\n{self.tail()}"
            )

    def tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    async def stop(self) -> None:
        """End the process and whatever it has started itself."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._child.wait(), STOP_TIMEOUT)
        # The group outlives its leader if a grandchild is still there.
        await self.kill()

    async def kill(self) -> None:
        """End the process at once, which it does not get to know."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()


@asynccontextmanager
async def running(
    name: str, module: str, *arguments: str, log: Path
) -> AsyncIterator[Process]:
    """Run a module of the checkout in a process group of its own.

    The group keeps the terminal's Ctrl-C away from the child: the order in
    which things end is decided here.
    """
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    process = Process(name, child, log)
    try:
        yield process
    finally:
        await process.stop()
