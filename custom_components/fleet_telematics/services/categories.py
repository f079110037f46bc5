"""Actions that show and edit a vendor's vehicle categories, for administrators."""

from typing import Any, Final, cast

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..providers.capabilities import Categories
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ENTRY_FIELD,
    Action,
    invalid,
    loaded_entry,
    offered,
    told,
)
from .files import allowed_path

_ATTR_CATEGORY_ID: Final = "category_id"
_ATTR_FILE: Final = "file"
_ATTR_LABELS: Final = "labels"
_ATTR_LEAVES_ONLY: Final = "leaves_only"
_ATTR_THUMBNAIL: Final = "thumbnail"
_KEYS: Final = (_ATTR_LABELS, "parent_id", "manufacturer", "model", "year", "seats")
_LARGEST: Final = 5 * 1024 * 1024
# How PNG, JPEG and GIF files begin; WebP is one of several kinds of RIFF file.
_IMAGES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
_WEBP: Final = (b"RIFF", b"WEBP")

_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1))


async def _get_categories(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    categories = offered(entry, Categories)
    category_id = call.data.get(_ATTR_CATEGORY_ID)
    leaves_only = call.data[_ATTR_LEAVES_ONLY]
    if leaves_only and category_id is not None:
        raise invalid("leaves_of_all")
    with told(entry):
        if leaves_only:
            found = await categories.leaf_categories()
        else:
            found = await categories.categories(category_id)
    return cast(JsonObjectType, {"categories": list(found)})


async def _save_category(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    categories = offered(entry, Categories)
    category: dict[str, object] = {
        key: call.data[key] for key in _KEYS if key in call.data
    }
    if _ATTR_CATEGORY_ID in call.data:
        category["id"] = call.data[_ATTR_CATEGORY_ID]
    elif _ATTR_LABELS not in category:
        raise invalid("no_label")
    with told(entry):
        await categories.save_category(category)
    return {}


async def _delete_category(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    categories = offered(entry, Categories)
    with told(entry):
        await categories.delete_category(call.data[_ATTR_CATEGORY_ID])
    return {}


async def _set_image(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    categories = offered(entry, Categories)
    image = await hass.async_add_executor_job(_read_image, hass, call.data[_ATTR_FILE])
    with told(entry):
        await categories.set_category_image(
            call.data[_ATTR_CATEGORY_ID], image, thumbnail=call.data[_ATTR_THUMBNAIL]
        )
    data = entry.runtime_data
    if data.images is not None:
        data.images.forget()
        data.fleet.announce(list(data.fleet.vehicles))
    return {}


def _read_image(hass: HomeAssistant, file: str) -> bytes:
    """Return a picture from an allowed directory."""
    path = allowed_path(hass, file)
    try:
        with path.open("rb") as opened:
            image = opened.read(_LARGEST + 1)
    except OSError as err:
        raise invalid("file_not_read", file=file, reason=str(err.strerror)) from err
    if len(image) > _LARGEST or not _is_picture(image):
        raise invalid("file_no_image", file=file)
    return image


def _is_picture(file: bytes) -> bool:
    return file.startswith(_IMAGES) or (file[:4], file[8:12]) == _WEBP


_EDIT_FIELDS: Final[dict[Any, Any]] = {
    **ENTRY_FIELD,
    vol.Optional(_ATTR_CATEGORY_ID): _ID,
    vol.Optional(_ATTR_LABELS): vol.All({cv.string: cv.string}, vol.Length(min=1)),
    vol.Optional("parent_id"): _ID,
    vol.Optional("manufacturer"): cv.string,
    vol.Optional("model"): cv.string,
    vol.Optional("year"): vol.All(vol.Coerce(int), vol.Range(min=1886, max=9999)),
    vol.Optional("seats"): vol.All(vol.Coerce(int), vol.Range(min=0, max=200)),
}

ACTIONS: Final = (
    Action(
        name="get_categories",
        fields={
            **ENTRY_FIELD,
            vol.Optional(_ATTR_CATEGORY_ID): _ID,
            vol.Optional(_ATTR_LEAVES_ONLY, default=False): cv.boolean,
        },
        handle=_get_categories,
        admin=True,
    ),
    Action(
        name="save_category",
        fields=_EDIT_FIELDS,
        handle=_save_category,
        response=SupportsResponse.NONE,
        admin=True,
    ),
    Action(
        name="delete_category",
        fields={**ENTRY_FIELD, vol.Required(_ATTR_CATEGORY_ID): _ID},
        handle=_delete_category,
        response=SupportsResponse.NONE,
        admin=True,
    ),
    Action(
        name="set_category_image",
        fields={
            **ENTRY_FIELD,
            vol.Required(_ATTR_CATEGORY_ID): _ID,
            vol.Required(_ATTR_FILE): cv.string,
            vol.Optional(_ATTR_THUMBNAIL, default=False): cv.boolean,
        },
        handle=_set_image,
        response=SupportsResponse.NONE,
        admin=True,
    ),
)
