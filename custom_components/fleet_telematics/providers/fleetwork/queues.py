"""The lines of the groups of paths whose requests the vendor limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import override

from ..transport import RequestQueue


class GroupQueue(RequestQueue):
    """Sends in the account's line, at a pace of its own.

    The vendor limits each group by itself (field notes): a refusal holds back the
    group alone, and not the poll.
    """

    def __init__(self, account: RequestQueue, interval: float) -> None:
        """Stand in the account's line once per `interval` seconds at most."""
        super().__init__(interval)
        self._account = account

    @override
    @asynccontextmanager
    async def turn(self, *, exempt: bool = False) -> AsyncIterator[None]:
        """Wait until the group may be asked, then for the account's turn."""
        async with super().turn(exempt=exempt), self._account.turn(exempt=exempt):
            yield
