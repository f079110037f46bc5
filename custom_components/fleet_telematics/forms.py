"""Turns a provider's fields into a form, and its input into data."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.helpers import selector
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .connect import InvalidUrl, normalised_url
from .providers.base import Field, FieldKind, ProviderInfo

_TEXT_TYPES: Final = {
    FieldKind.PASSWORD: selector.TextSelectorType.PASSWORD,
    FieldKind.URL: selector.TextSelectorType.URL,
}


def field_schema(
    info: ProviderInfo,
    fields: Iterable[Field],
    *,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    secrets_kept: bool = False,
) -> dict[vol.Marker, selector.Selector[Any]]:
    """Return the form of some fields.

    `choices` are the known values of CHOICE fields. With `secrets_kept` a blank
    password keeps what is stored, so it is not required.
    """
    schema: dict[vol.Marker, selector.Selector[Any]] = {}
    for field in fields:
        kept = secrets_kept and field.kind is FieldKind.PASSWORD
        marker = vol.Required if field.required and not kept else vol.Optional
        default = field.default
        if field.kind is FieldKind.URL and info.urls:
            default = info.urls[0]
        key = (
            marker(field.key) if default is None else marker(field.key, default=default)
        )
        schema[key] = _selector(field, (choices or {}).get(field.key, {}))
    return schema


def choice_options(choices: Mapping[str, str]) -> list[selector.SelectOptionDict]:
    """Return choices as a selector shows them, sorted by label."""
    return [
        selector.SelectOptionDict(value=value, label=label)
        for value, label in sorted(choices.items(), key=lambda item: item[1].casefold())
    ]


async def async_read_fields(
    fields: Iterable[Field], user_input: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return clean data and the errors by field ("base" for a time zone).

    Fields that were left blank are not in the data.
    """
    data: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        value = user_input.get(field.key)
        if isinstance(value, str):
            # A pasted secret may end in a line break; its spaces may be meant.
            secret = field.kind is FieldKind.PASSWORD
            value = value.strip("\r\n" if secret else None)
        if value is None or value == "":
            continue
        if field.kind is FieldKind.INTEGER:
            value = int(value)
        elif field.kind is FieldKind.URL:
            try:
                value = normalised_url(value)
            except InvalidUrl:
                errors[field.key] = "invalid_url"
        elif field.kind is FieldKind.TIME_ZONE and not await _is_time_zone(value):
            errors["base"] = "invalid_time_zone"
        data[field.key] = value
    return data, errors


async def _is_time_zone(name: str) -> bool:
    try:
        return await dt_util.async_get_time_zone(name) is not None
    # What is no file name inside the database's folder.
    except ValueError, OSError:
        return False


def _selector(field: Field, choices: Mapping[str, str]) -> selector.Selector[Any]:
    """Return how a field is entered."""
    if field.kind is FieldKind.INTEGER:
        config = selector.NumberSelectorConfig(
            mode=selector.NumberSelectorMode.BOX, step=1
        )
        if field.low is not None:
            config["min"] = field.low
        if field.high is not None:
            config["max"] = field.high
        if field.unit is not None:
            config["unit_of_measurement"] = field.unit
        return selector.NumberSelector(config)
    if field.kind is FieldKind.BOOLEAN:
        return selector.BooleanSelector()
    if field.kind is FieldKind.CHOICE:
        return selector.SelectSelector(
            selector.SelectSelectorConfig(
                options=choice_options(choices),
                mode=selector.SelectSelectorMode.DROPDOWN,
                custom_value=True,
            )
        )
    return selector.TextSelector(
        selector.TextSelectorConfig(
            type=_TEXT_TYPES.get(field.kind, selector.TextSelectorType.TEXT)
        )
    )
