"""A change of the account's request interval."""

import asyncio
import time

from custom_components.fleet_telematics.providers.transport import RequestQueue


async def test_a_shorter_interval_also_shortens_the_wait_that_has_begun() -> None:
    """A user who lowers the interval does not sit out the old one."""
    queue = RequestQueue(interval=60)
    async with queue.turn():
        pass
    queue.interval = 0.1
    began = time.monotonic()
    async with asyncio.timeout(5), queue.turn():
        pass
    assert 0.05 < time.monotonic() - began < 5
