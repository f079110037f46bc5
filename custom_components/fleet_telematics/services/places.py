"""The place that a call names, by coordinates or by an entity that is somewhere."""

from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..providers import parse
from ..providers.models import Coordinates
from .action import invalid

PLACE_FIELDS: Final[dict[Any, Any]] = {
    vol.Optional(ATTR_ENTITY_ID): cv.entity_id,
    vol.Inclusive(ATTR_LATITUDE, "coordinates"): cv.latitude,
    vol.Inclusive(ATTR_LONGITUDE, "coordinates"): cv.longitude,
}


def place_of(hass: HomeAssistant, call: ServiceCall) -> Coordinates:
    """Return the place; ServiceValidationError where nobody knows it."""
    entity_id = call.data.get(ATTR_ENTITY_ID)
    # Either of them, not both.
    if (entity_id is None) == (ATTR_LATITUDE not in call.data):
        raise invalid("no_place")
    if entity_id is None:
        found = parse.coordinates(call.data[ATTR_LATITUDE], call.data[ATTR_LONGITUDE])
        if found is None:
            raise invalid("no_place")
        return found
    state = hass.states.get(entity_id)
    attributes = {} if state is None else state.attributes
    found = parse.coordinates(
        attributes.get(ATTR_LATITUDE), attributes.get(ATTR_LONGITUDE)
    )
    if found is None:
        raise invalid("entity_without_place", entity=entity_id)
    return found
