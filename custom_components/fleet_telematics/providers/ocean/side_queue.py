"""A line of its own for an endpoint that has a limit of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import override

from ..transport import RequestQueue


class SideQueue(RequestQueue):
    """Sends in the account's line, and keeps the vendor's refusals to itself.

    A 429 that is about one endpoint pauses that endpoint, not the account's poll.
    """

    def __init__(self, account: RequestQueue) -> None:
        """Stand in line with everything else of the account."""
        super().__init__()
        self._account = account

    @override
    @asynccontextmanager
    async def turn(self, *, exempt: bool = False) -> AsyncIterator[None]:
        """Wait until the endpoint may be asked, then for the account's turn."""
        async with super().turn(exempt=exempt), self._account.turn(exempt=exempt):
            yield
