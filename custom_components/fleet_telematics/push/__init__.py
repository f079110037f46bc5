"""Tells a vendor where things are that Home Assistant tracks."""

from dataclasses import dataclass
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_FORWARD_TRACKERS, DOMAIN
from ..issues import show_dropped_positions
from .forwarder import Forwarder
from .queue import PositionQueue
from .sender import Sender
from .store import MOST_POSITIONS

# What an account talked through is closed then.
_WITHOUT_VENDOR: Final = (
    ConfigEntryState.NOT_LOADED,
    ConfigEntryState.SETUP_ERROR,
    ConfigEntryState.SETUP_RETRY,
)
_PUSHES: HassKey[dict[str, Push]] = HassKey(f"{DOMAIN}_pushes")


@dataclass(slots=True, kw_only=True)
class Push:
    """What an account sends: what it follows, what waits, and how it goes out.

    It outlives a set-up that fails: while the vendor cannot be reached the account
    is not loaded, and what happens meanwhile is to be told afterwards. `collecting`
    is whether positions are taken.
    """

    queue: PositionQueue
    forwarder: Forwarder
    sender: Sender
    collecting: bool = False


async def async_start_push(hass: HomeAssistant, entry: ConfigEntry) -> Push:
    """Begin to collect positions for an account, the vendor being there or not."""
    pushes = hass.data.setdefault(_PUSHES, {})
    push = pushes.get(entry.entry_id)
    if push is None:
        push = pushes[entry.entry_id] = await _async_create(hass, entry)
    push.collecting = True
    push.forwarder.async_start(entry.options.get(CONF_FORWARD_TRACKERS, ()))
    await push.queue.async_forget_places(push.forwarder.references)
    return push


@callback
def async_collecting(hass: HomeAssistant, entry_id: str) -> Push | None:
    """Return what takes an account's positions now, if there is any."""
    push = hass.data.get(_PUSHES, {}).get(entry_id)
    return push if push is not None and push.collecting else None


async def async_remove_push(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what an account that was removed has not sent yet."""
    push = hass.data.get(_PUSHES, {}).pop(entry_id, None)
    if push is None:
        await PositionQueue(hass, entry_id).async_remove()
    else:
        push.forwarder.async_stop()
        await push.sender.async_stop()
        await push.queue.async_remove()


async def _async_create(hass: HomeAssistant, entry: ConfigEntry) -> Push:
    queue = PositionQueue(hass, entry.entry_id)
    await queue.async_load()
    push = Push(
        queue=queue,
        forwarder=Forwarder(hass, entry, queue),
        sender=Sender(hass, entry, queue),
    )

    @callback
    def changed() -> None:
        push.sender.async_wake()
        show_dropped_positions(
            hass, entry, limit=MOST_POSITIONS if queue.dropped else None
        )

    @callback
    def entry_changed() -> None:
        if entry.state in _WITHOUT_VENDOR:
            push.sender.async_pause()
        # One that failed to set up is tried again, and goes on collecting.
        if entry.state is ConfigEntryState.NOT_LOADED:
            push.collecting = False
            push.forwarder.async_stop()

    async def stopping(event: Event) -> None:
        await push.sender.async_stop()

    queue.async_listen(changed)
    entry.async_on_state_change(entry_changed)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stopping)
    changed()
    return push
