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
    # That there are both is looked at later, so that the message says what is wrong.
    vol.Optional(ATTR_LATITUDE): cv.latitude,
    vol.Optional(ATTR_LONGITUDE): cv.longitude,
}


def place_of(hass: HomeAssistant, call: ServiceCall) -> Coordinates:
    """Return the place; ServiceValidationError where nobody knows it."""
    entity_id = call.data.get(ATTR_ENTITY_ID)
    placed = {ATTR_LATITUDE, ATTR_LONGITUDE} & call.data.keys()
    # Either of them, not both.
    if (entity_id is None) == (not placed) or len(placed) == 1:
        raise invalid("no_place")
    if entity_id is None:
        latitude, longitude = call.data[ATTR_LATITUDE], call.data[ATTR_LONGITUDE]
        found = parse.coordinates(latitude, longitude)
        if found is None:
            raise invalid(
                "not_a_place", latitude=f"{latitude:g}", longitude=f"{longitude:g}"
            )
        return found
    state = hass.states.get(entity_id)
    attributes = {} if state is None else state.attributes
    found = parse.coordinates(
        attributes.get(ATTR_LATITUDE), attributes.get(ATTR_LONGITUDE)
    )
    if found is None:
        raise invalid("entity_without_place", entity=entity_id)
    return found
