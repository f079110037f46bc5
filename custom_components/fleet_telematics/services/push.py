"""The action that tells a vendor where something is."""

from datetime import datetime, timedelta
import sqlite3
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    State,
    SupportsResponse,
    split_entity_id,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..providers import parse
from ..providers.capabilities import PositionSink
from ..providers.models import Coordinates, SentPosition
from ..push import Push, async_collecting
from ..push.sighting import TRACKERS, comes_back, sighting_of
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ENTRY_FIELD,
    Action,
    invalid,
    loaded_entry,
    offered,
)

_ATTR_VEHICLE_ID: Final = "vehicle_id"
_ATTR_USER_ID: Final = "user_id"
_ATTR_DEVICE_REF: Final = "device_ref"
_ATTR_SPEED: Final = "speed"
_ATTR_HEADING: Final = "heading"
_ATTR_TIME: Final = "time"
_REFERENCES: Final = (_ATTR_VEHICLE_ID, _ATTR_USER_ID, _ATTR_DEVICE_REF)
_HIGHEST: Final = {_ATTR_SPEED: 1000, _ATTR_HEADING: 360}
# Clocks are not all right to the minute; what is further ahead is a mistake.
_AHEAD: Final = timedelta(minutes=10)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=dt_util.UTC)


async def _send_position(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Queue a position; return how many wait then."""
    push = _push_of(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    position = _position(hass, call)
    try:
        await push.queue.async_add([position])
    except sqlite3.Error as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="position_not_kept",
            translation_placeholders={"reason": str(err)},
        ) from err
    return {"queued": push.queue.waiting}


def _push_of(hass: HomeAssistant, entry_id: str) -> Push:
    """Return what takes an account's positions, also while its vendor is down."""
    push = async_collecting(hass, entry_id)
    if push is None:
        entry = loaded_entry(hass, entry_id)
        offered(entry, PositionSink)
        # An account that is loaded and may send does collect.
        push = entry.runtime_data.push
        assert push is not None
    return push


def _position(hass: HomeAssistant, call: ServiceCall) -> SentPosition:
    """Return the position that a call names; ServiceValidationError otherwise."""
    given: dict[str, Any] = call.data
    references: dict[str, str | None] = {
        key: parse.text(given.get(key)) for key in _REFERENCES
    }
    named = any(references.values())
    speed, heading = (_within(given, key) for key in (_ATTR_SPEED, _ATTR_HEADING))
    seen = _seen(hass, call)
    if seen is None:
        if not named:
            raise invalid("no_reference")
        return SentPosition(
            time=_time(given) or dt_util.utcnow(),
            location=_place(given),
            speed=speed,
            heading=heading,
            **references,
        )
    if not named:
        references[_ATTR_DEVICE_REF] = seen.device_ref
    return SentPosition(
        time=_time(given) or seen.time,
        location=seen.location,
        speed=seen.speed if speed is None else speed,
        heading=seen.heading if heading is None else heading,
        name=seen.name,
        **references,
    )


def _seen(hass: HomeAssistant, call: ServiceCall) -> SentPosition | None:
    """Return where the entity is that a call names; None where it names none."""
    entity_id: str | None = call.data.get(ATTR_ENTITY_ID)
    placed = {ATTR_LATITUDE, ATTR_LONGITUDE} & call.data.keys()
    # Either of them, not both.
    if (entity_id is None) == (not placed) or len(placed) == 1:
        raise invalid("no_place")
    if entity_id is None:
        return None
    if split_entity_id(entity_id)[0] not in TRACKERS:
        raise invalid("not_a_tracker", entity=entity_id)
    if comes_back(hass, entity_id):
        raise invalid("own_tracker", entity=entity_id)
    state: State | None = hass.states.get(entity_id)
    seen = None if state is None else sighting_of(hass, state)
    if seen is None:
        raise invalid("entity_without_place", entity=entity_id)
    return seen


def _place(given: dict[str, Any]) -> Coordinates:
    latitude, longitude = given[ATTR_LATITUDE], given[ATTR_LONGITUDE]
    place = parse.coordinates(latitude, longitude)
    if place is None:
        raise invalid(
            "not_a_place", latitude=f"{latitude:g}", longitude=f"{longitude:g}"
        )
    return place


def _within(given: dict[str, Any], key: str) -> float | None:
    if key not in given:
        return None
    value = parse.number(given[key], low=0, high=_HIGHEST[key])
    if value is None:
        raise invalid("out_of_range", field=key, low="0", high=str(_HIGHEST[key]))
    return value


def _time(given: dict[str, Any]) -> datetime | None:
    if _ATTR_TIME not in given:
        return None
    named: datetime = given[_ATTR_TIME]
    try:
        time = dt_util.as_utc(named)
    except OverflowError as err:
        raise invalid("not_a_time", time=named.isoformat()) from err
    if not _EARLIEST <= time <= dt_util.utcnow() + _AHEAD:
        raise invalid("not_a_time", time=named.isoformat())
    return time


ACTIONS: Final = (
    Action(
        name="send_position",
        fields={
            **ENTRY_FIELD,
            vol.Optional(ATTR_ENTITY_ID): cv.entity_id,
            # Bounds are looked at later, so that the message says what is wrong.
            vol.Optional(ATTR_LATITUDE): vol.Coerce(float),
            vol.Optional(ATTR_LONGITUDE): vol.Coerce(float),
            **{vol.Optional(key): cv.string for key in _REFERENCES},
            vol.Optional(_ATTR_SPEED): vol.Coerce(float),
            vol.Optional(_ATTR_HEADING): vol.Coerce(float),
            vol.Optional(_ATTR_TIME): cv.datetime,
        },
        handle=_send_position,
        response=SupportsResponse.OPTIONAL,
    ),
)
