"""The action that asks a vendor what no entity shows."""

from typing import Any, Final, cast
from urllib.parse import unquote

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..providers.capabilities import OpenApi
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ENTRY_FIELD,
    Action,
    invalid,
    loaded_entry,
    offered,
    told,
)

_ATTR_PATH: Final = "path"
_ATTR_PARAMS: Final = "params"


async def _call_api(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """GET a path below the account's base; what is no object is under `data`."""
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    api = offered(entry, OpenApi)
    path: str = call.data[_ATTR_PATH]
    if _leads_elsewhere(path):
        raise invalid("invalid_path", path=path)
    params: dict[str, Any] = call.data[_ATTR_PARAMS]
    with told(entry):
        answer = await api.call(path, params)
    return cast(
        JsonObjectType, answer if isinstance(answer, dict) else {"data": answer}
    )


def _leads_elsewhere(path: str) -> bool:
    """Whether a path is more than one, or has what no path has.

    Addresses drop tabs and line breaks: two dots may come of what had one between.
    """
    return (
        path.startswith("//")
        or any(part in path for part in ("://", "?", "#", "\\"))
        or not unquote(path).isprintable()
    )


def _parameter(value: object) -> str:
    """Return a parameter's text: YAML's switches are words on the web."""
    text: str = cv.string(str(value).lower() if isinstance(value, bool) else value)
    return text


ACTIONS: Final = (
    Action(
        name="call_api",
        fields={
            **ENTRY_FIELD,
            vol.Required(_ATTR_PATH): vol.All(cv.string, vol.Length(min=1)),
            vol.Optional(_ATTR_PARAMS, default=dict): {cv.string: _parameter},
        },
        handle=_call_api,
        admin=True,
    ),
)
