"""What can go wrong between the integration and a vendor.

The messages name the request's method and path and nothing that came from the
user or the vendor's body, so they may be logged.
"""


class ProviderError(Exception):
    """Any failure of a vendor's service."""


class AuthenticationFailed(ProviderError):
    """The vendor refused the credentials; only the user can mend that."""


class MfaRequired(AuthenticationFailed):
    """The credentials are right, the account asks for a second factor."""


class AccessDenied(ProviderError):
    """The credentials are right, this resource is not for them."""


class RateLimited(ProviderError):
    """The vendor wants fewer requests; ask again in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        """Keep how long the vendor, or our own back-off, asks to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(ProviderError):
    """No usable answer: no such host, connection lost, or a 5xx.

    `status` is the HTTP status, None where there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the answer's status."""
        super().__init__(message)
        self.status = status


class RequestTimeout(Unreachable):
    """Connecting, or the next part of the answer, took too long."""


class InvalidResponse(ProviderError):
    """An answer that is not what the vendor's document describes."""


class Rejected(ProviderError):
    """The vendor understood the request and declined it.

    `status` is the HTTP status; `reason` is the vendor's own short code or
    text where it sent one, None otherwise.
    """

    def __init__(self, message: str, *, status: int, reason: str | None = None) -> None:
        """Keep the vendor's status and reason."""
        super().__init__(message)
        self.status = status
        self.reason = reason


class NotSent(Rejected):
    """What was asked makes no sense to the vendor, so it was not asked.

    `reason` says why, in words for the user.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        """Keep why."""
        super().__init__(message, status=400, reason=reason)


class NotFound(Rejected):
    """HTTP 404: this base or this resource does not exist."""


class MethodNotAllowed(Rejected):
    """HTTP 405: the path exists under another method."""


class Unsupported(ProviderError):
    """This vendor does not offer what was asked."""
