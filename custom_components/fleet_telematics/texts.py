"""The integration's own texts, in Home Assistant's language."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN

_PREFIX: Final = f"component.{DOMAIN}.common."


async def async_texts(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the texts under `common` by their keys."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    return {
        key.removeprefix(_PREFIX): text
        for key, text in texts.items()
        if key.startswith(_PREFIX)
    }
