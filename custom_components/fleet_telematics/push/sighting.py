"""What Home Assistant knows of where something is, as a vendor is told of it."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.device_tracker import DOMAIN as TRACKER_DOMAIN
from homeassistant.components.person import DOMAIN as PERSON_DOMAIN
from homeassistant.const import (
    ATTR_LATITUDE,
    ATTR_LONGITUDE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_PROVIDER, DOMAIN
from ..providers import PROVIDERS, parse
from ..providers.capabilities import PositionSink
from ..providers.models import Coordinates, SentPosition

TRACKERS: Final = (TRACKER_DOMAIN, PERSON_DOMAIN)

# Attributes carry no units. These integrations do not tell km/h.
_KMH_PER: Final[Mapping[str, float]] = {
    "gpslogger": 3.6,
    "mobile_app": 3.6,
    # Knots.
    "traccar": 1.852,
}
_SPEEDS: Final = ("speed", "velocity")
_HEADINGS: Final = ("heading", "course", "bearing", "direction")
_FASTEST: Final = 1000.0
# The tracker that a person follows at the moment.
_ATTR_SOURCE: Final = "source"


@callback
def reference_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the device that an entity is to a vendor, whatever it is called.

    The registry's own id stays when an entity is renamed. What is not registered
    cannot be renamed.
    """
    known = er.async_get(hass).async_get(entity_id)
    return f"ha-{entity_id if known is None else known.id}"


@callback
def comes_back(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an account that takes positions tells where this is.

    Either one of its trackers, or a person who is where one of them is. What one of
    these accounts tells is told to none of them: it would come back as another
    vehicle, from one to the other and round for ever.
    """
    state = hass.states.get(entity_id)
    source = None if state is None else state.attributes.get(_ATTR_SOURCE)
    registry = er.async_get(hass)
    return any(
        (known := registry.async_get(one)) is not None
        and known.config_entry_id in _sinks(hass)
        for one in (entity_id, source)
        if isinstance(one, str)
    )


@callback
def trackers_of_sinks(hass: HomeAssistant) -> list[str]:
    """Return the trackers of all accounts that take positions."""
    registry = er.async_get(hass)
    return [
        known.entity_id
        for entry_id in _sinks(hass)
        for known in er.async_entries_for_config_entry(registry, entry_id)
        if known.domain in TRACKERS
    ]


def _sinks(hass: HomeAssistant) -> set[str]:
    return {
        entry.entry_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        if issubclass(PROVIDERS.get(entry.data[CONF_PROVIDER], object), PositionSink)
    }


@callback
def place_in(state: State) -> Coordinates | None:
    """Return where an entity is; None where it does not say, or not any more."""
    if state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return None
    return parse.coordinates(
        state.attributes.get(ATTR_LATITUDE), state.attributes.get(ATTR_LONGITUDE)
    )


@callback
def sighting_of(hass: HomeAssistant, state: State) -> SentPosition | None:
    """Return a state as the position of a device; None where it has none.

    Speed and heading of a person are those of the tracker that is followed.
    """
    place = place_in(state)
    if place is None:
        return None
    moving = _followed(hass, state, place)
    return SentPosition(
        time=state.last_updated,
        location=place,
        speed=_speed(hass, moving),
        heading=_heading(moving.attributes),
        device_ref=reference_of(hass, state.entity_id),
        name=state.name,
    )


def _followed(hass: HomeAssistant, state: State, place: Coordinates) -> State:
    source = state.attributes.get(_ATTR_SOURCE)
    found = hass.states.get(source) if isinstance(source, str) else None
    # Somebody at home may be put there by a router, and followed by a phone.
    return state if found is None or place_in(found) != place else found


def _speed(hass: HomeAssistant, state: State) -> float | None:
    """Return km/h."""
    known = er.async_get(hass).async_get(state.entity_id)
    factor = 1.0 if known is None else _KMH_PER.get(known.platform, 1.0)
    found = _first(state.attributes, _SPEEDS, high=_FASTEST / factor)
    return None if found is None else round(found * factor, 1)


def _heading(attributes: Mapping[str, Any]) -> float | None:
    return _first(attributes, _HEADINGS, high=360.0)


def _first(
    attributes: Mapping[str, Any], names: tuple[str, ...], *, high: float
) -> float | None:
    """Return the first that is a number in its bounds; phones say -1 for none."""
    return parse.first(
        parse.number(attributes.get(one), low=0, high=high) for one in names
    )
