"""Turns a provider's errors into Home Assistant's, in one table."""

from typing import Final

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .providers.base import ProviderInfo
from .providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MfaRequired,
    ProviderError,
    RateLimited,
    Rejected,
    RequestTimeout,
    Unreachable,
    Unsupported,
)

# The first match counts: the narrower errors come first.
_KEYS: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (MfaRequired, "mfa_required"),
    (AuthenticationFailed, "invalid_auth"),
    (AccessDenied, "access_denied"),
    (RateLimited, "rate_limited"),
    (RequestTimeout, "timeout"),
    (Unreachable, "cannot_connect"),
    (InvalidResponse, "invalid_response"),
    (Rejected, "rejected"),
    (Unsupported, "unsupported"),
)

# Vendors' own short words for why they declined.
_REASONS: Final = {
    "err_invalidelement": "err_invalid_element",
    "err_elementdoesnotexist": "err_element_does_not_exist",
    "err_elementalreadydeleted": "err_element_already_deleted",
    "err_cannotdeletecategoryhasvehicles": "err_cannot_delete_category_has_vehicles",
}


def error_key(err: ProviderError) -> str:
    """Return the translation key of an error, the same in flows and exceptions."""
    return next((key for kind, key in _KEYS if isinstance(err, kind)), "unknown")


def action_failure(err: ProviderError, info: ProviderInfo) -> HomeAssistantError:
    """Return what something that a user asked for raises for a provider's error.

    Why a vendor declined is for whoever asked to know.
    """
    key = error_key(err)
    placeholders = {"vendor": info.name, "detail": str(err)}
    if isinstance(err, Rejected) and err.reason is not None:
        key = _REASONS.get(err.reason.casefold(), "rejected_reason")
        placeholders["reason"] = err.reason
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def update_failure(
    err: ProviderError, info: ProviderInfo
) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return what a coordinator raises for a provider's error."""
    placeholders = {"vendor": info.name, "detail": str(err)}
    if isinstance(err, AuthenticationFailed):
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN,
            translation_key=error_key(err),
            translation_placeholders=placeholders,
        )
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders=placeholders,
        retry_after=err.retry_after if isinstance(err, RateLimited) else None,
    )
