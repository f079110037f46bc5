"""Repair issues about an account."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .const import DOMAIN

# Home Assistant adds no more enabled entities to an entry, and tells only the log.
_MOST_ENTITIES: Final = 10_000
# Vendors that let passwords expire lock the account on the day.
_WARN_BEFORE: Final = 10


@callback
def show_password_expiry(
    hass: HomeAssistant, entry: ConfigEntry, days: int | None
) -> None:
    """Warn while the account's password is about to expire."""
    issue_id = f"password_expires_{entry.entry_id}"
    if days is None or days >= _WARN_BEFORE:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="password_expires",
        translation_placeholders={"account": entry.title, "days": str(days)},
    )


@callback
def show_entity_limit(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Warn once an account has as many entities as Home Assistant allows."""
    known = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    issue_id = f"too_many_entities_{entry.entry_id}"
    if sum(one.disabled_by is None for one in known) < _MOST_ENTITIES:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="too_many_entities",
        translation_placeholders={
            "account": entry.title,
            "limit": str(_MOST_ENTITIES),
        },
    )


@callback
def show_dropped_positions(
    hass: HomeAssistant, entry: ConfigEntry, *, limit: int | None
) -> None:
    """Tell that positions were dropped beyond the limit; None once all are sent."""
    issue_id = f"positions_dropped_{entry.entry_id}"
    if limit is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="positions_dropped",
        translation_placeholders={"account": entry.title, "limit": str(limit)},
    )


@callback
def delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete what is left of an account's issues."""
    registry = ir.async_get(hass)
    for domain, issue_id in list(registry.issues):
        issue = registry.issues[domain, issue_id]
        about = (issue.data or {}).get("entry_id")
        if domain == DOMAIN and (
            about == entry.entry_id or issue_id.endswith(entry.entry_id)
        ):
            ir.async_delete_issue(hass, domain, issue_id)
