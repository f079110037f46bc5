"""Sentences of the logbook about fuel events."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .const import DOMAIN, EVENT_FUEL
from .providers.models import FuelEventKind

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    FuelEventKind.REFUELLED: ("was refuelled", "mdi:gas-station"),
    FuelEventKind.THEFT_SUSPECTED: (
        "may have had fuel stolen",
        "mdi:shield-alert",
    ),
}

# Users fire the event by hand too, to try an automation.
_OTHER: Final = ("had its fuel changed", "mdi:gas-station")

type Entry = dict[str, str | None]


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[Event[dict[str, Any]]], Entry]], None
    ],
) -> None:
    """Tell the logbook how to speak of fuel events."""

    @callback
    def describe(event: Event[dict[str, Any]]) -> Entry:
        data = event.data
        what, icon = _WORDS.get(data.get("event_type", ""), _OTHER)
        device_id = data.get(ATTR_DEVICE_ID)
        device = device_id and dr.async_get(hass).async_get(device_id)
        return {
            LOGBOOK_ENTRY_NAME: (device and (device.name_by_user or device.name))
            or "A vehicle",
            LOGBOOK_ENTRY_MESSAGE: f"{what}{_when(data)}{_amount(data)}{_place(data)}",
            LOGBOOK_ENTRY_ICON: icon,
            LOGBOOK_ENTRY_ENTITY_ID: data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_FUEL, describe)


def _when(data: Mapping[str, Any]) -> str:
    """Return the time of what is told late; the logbook shows when it was told."""
    time = dt_util.parse_datetime(str(data.get("time")))
    if not data.get("late") or time is None:
        return ""
    return dt_util.as_local(time).strftime(" on %Y-%m-%d at %H:%M")


def _amount(data: Mapping[str, Any]) -> str:
    """Return how much it was, in litres where they are known."""
    if (volume := data.get("volume")) is not None:
        return f": {volume:.1f} L"
    if (percent := data.get("percent")) is not None:
        return f": {percent:.0f} % of the tank"
    return ""


def _place(data: Mapping[str, Any]) -> str:
    """Return where it was."""
    return f" at {place}" if (place := data.get("location")) else ""
