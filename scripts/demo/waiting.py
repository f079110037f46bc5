"""Waiting for something to become true, with an end."""

import asyncio
from collections.abc import Awaitable, Callable


async def until[T](
    check: Callable[[], Awaitable[T | None]], *, timeout: float, what: str
) -> T:
    """Return the first value that `check` gives, or fail after `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            while (value := await check()) is None:
                await asyncio.sleep(0.2)
            return value
    except TimeoutError:
        raise TimeoutError(f"Waited {timeout:.0f} s for {what}, in vain") from None
