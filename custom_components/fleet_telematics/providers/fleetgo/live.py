"""FleetGO's event streams, opened and resumed."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from ..errors import NotFound, Rejected
from ..events import EventReader
from ..models import Batch
from .messages import Messages
from .session import Session

# The document's stream, of fleet objects, and the vendor's newer one, of messages.
_FLEET: Final = "/Avl/Subscribe"
_MESSAGES: Final = "/Equipment/Subscribe"
_OTHER: Final = {_FLEET: _MESSAGES, _MESSAGES: _FLEET}
# How often heartbeats come is not published; the poll asks once a minute.
SILENCE: Final = 90.0


class Listener:
    """Listens to the document's stream, or to the newer one where only that exists."""

    def __init__(self, session: Session, messages: Messages, group: str | None) -> None:
        """Listen to what a group does; None is the whole fleet."""
        self._session = session
        self._messages = messages
        self._group = group
        self._path = _FLEET

    async def listen(self) -> AsyncGenerator[Batch | None]:
        """Yield what the stream tells until it ends; None is a heartbeat.

        Source: GET /Avl/Subscribe, else /Equipment/Subscribe; the last message that
        was heard is named when it is opened anew. Raises any ProviderError.
        """
        resumed = self._messages.last_message
        reader = EventReader()
        try:
            async with self._opened(resumed) as pieces:
                async for piece in pieces:
                    for event in reader.feed(piece):
                        yield self._messages.take(event)
        except Rejected:
            # The vendor keeps messages for a day: this one may be forgotten.
            if self._messages.last_message == resumed:
                self._messages.last_message = None
            raise

    @asynccontextmanager
    async def _opened(
        self, resumed: str | None
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open the stream that was there before; where it is not, the other."""
        async with AsyncExitStack() as stack:
            try:
                pieces = await self._open(stack, resumed)
            except NotFound:
                self._path = _OTHER[self._path]
                pieces = await self._open(stack, resumed)
            yield pieces

    async def _open(
        self, stack: AsyncExitStack, resumed: str | None
    ) -> AsyncIterator[bytes]:
        params = {"accountId": "0"}
        if self._path == _FLEET:
            params |= {
                "groupId": self._group or "0",
                "vehicleCategoryId": "0",
                "driverCategoryId": "0",
            }
        if resumed is not None:
            params["lastMessageId"] = resumed
        return await stack.enter_async_context(
            self._session.stream(self._path, params, silence=SILENCE)
        )
