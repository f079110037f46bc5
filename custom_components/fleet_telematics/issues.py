"""Repair issues about an account."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

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
