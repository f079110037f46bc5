"""Which entities of a target a trigger or a condition is about."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


@callback
def async_own_entities(
    hass: HomeAssistant, entity_ids: Iterable[str], platform: str, key: str
) -> set[str]:
    """Return this integration's entities among them that show one value.

    A target may be a whole house. The registry knows an entity by what it shows,
    whatever the user calls it.
    """
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id)) is not None
        and entry.platform == DOMAIN
        and entry.domain == platform
        and entry.translation_key == key
    }
