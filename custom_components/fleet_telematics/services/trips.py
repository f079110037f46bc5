"""The action that corrects a trip at the vendor."""

from typing import Final, cast

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..providers.capabilities import TripEditor
from ..trip_cache import async_forget_trips
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_DEVICE_ID,
    ATTR_END,
    ATTR_START,
    ENTRY_FIELD,
    Action,
    invalid,
    loaded_entry,
    offered,
    open_period_of,
    told,
    vehicle_of,
)

_ATTR_DISTANCE: Final = "distance_km"
_ATTR_TRIP_ID: Final = "trip_id"
_NEW_TRIP: Final = frozenset({"vehicle_id", ATTR_START, ATTR_END})
_TEXTS: Final = (
    "ride_type",
    "purpose",
    "remarks",
    "reason",
    "custom_field",
    "driver_id",
)


async def _save_trip(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Change the trip that a call names, or create one; return the vendor's answer."""
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    editor = offered(entry, TripEditor)
    fields: dict[str, object] = {
        key: call.data[key] for key in (_ATTR_TRIP_ID, *_TEXTS) if key in call.data
    }
    if (device_id := call.data.get(ATTR_DEVICE_ID)) is not None:
        owner, vehicle_id = vehicle_of(hass, device_id)
        if owner.entry_id != entry.entry_id:
            raise invalid("other_account")
        fields["vehicle_id"] = vehicle_id
    start, end = open_period_of(call)
    fields |= {
        key: moment
        for key, moment in ((ATTR_START, start), (ATTR_END, end))
        if moment is not None
    }
    if _ATTR_TRIP_ID not in fields and not fields.keys() >= _NEW_TRIP:
        raise invalid("no_trip")
    if _ATTR_DISTANCE in call.data:
        fields["distance"] = call.data[_ATTR_DISTANCE]
    try:
        with told(entry):
            answer = await editor.save_trip(fields)
    finally:
        # A vendor that gave no answer may have taken it.
        async_forget_trips(hass, entry)
    return cast(
        JsonObjectType, answer if isinstance(answer, dict) else {"data": answer}
    )


ACTIONS: Final = (
    Action(
        name="save_trip",
        fields={
            **ENTRY_FIELD,
            vol.Optional(_ATTR_TRIP_ID): cv.string,
            vol.Optional(ATTR_DEVICE_ID): cv.string,
            **{vol.Optional(key): cv.string for key in _TEXTS},
            vol.Optional(_ATTR_DISTANCE): vol.All(
                vol.Coerce(float), vol.Range(min=0, max=100_000)
            ),
            vol.Optional(ATTR_START): cv.datetime,
            vol.Optional(ATTR_END): cv.datetime,
        },
        handle=_save_trip,
        response=SupportsResponse.OPTIONAL,
    ),
)
