"""Turns a provider's errors into Home Assistant's, in one table."""

from typing import Final

from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
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
)


def error_key(err: ProviderError) -> str:
    """Return the translation key of an error, the same in flows and exceptions."""
    return next((key for kind, key in _KEYS if isinstance(err, kind)), "unknown")


def update_failure(
    err: ProviderError, vendor: str
) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return what a coordinator raises for a provider's error."""
    placeholders = {"vendor": vendor, "detail": str(err)}
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
