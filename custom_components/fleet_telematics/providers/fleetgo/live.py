"""FleetGO's event stream, opened and resumed."""

from collections.abc import AsyncGenerator
from typing import Final

from ..errors import Rejected
from ..events import EventReader
from ..models import Batch
from .messages import Messages
from .session import Session

_PATH: Final = "/Avl/Subscribe"
# How often heartbeats come is not published; the poll asks once a minute.
SILENCE: Final = 90.0


async def listen(
    session: Session, messages: Messages, group: str | None
) -> AsyncGenerator[Batch | None]:
    """Yield what the stream tells until it ends; None is a heartbeat.

    `group` None is the whole fleet. Source: GET /Avl/Subscribe; the last message
    that was heard is named when the stream is opened anew. Raises any ProviderError.
    """
    params = {
        "groupId": group or "0",
        "vehicleCategoryId": "0",
        "driverCategoryId": "0",
        "accountId": "0",
    }
    resumed = messages.last_message
    if resumed is not None:
        params["lastMessageId"] = resumed
    reader = EventReader()
    try:
        async with session.stream(_PATH, params, silence=SILENCE) as pieces:
            async for piece in pieces:
                for event in reader.feed(piece):
                    yield messages.take(event)
    except Rejected:
        # The vendor keeps messages for a day: this one may be forgotten.
        if messages.last_message == resumed:
            messages.last_message = None
        raise
