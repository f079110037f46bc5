"""Keeps one access token per account, and renews it one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import time

from .errors import AuthenticationFailed, ProviderError

# Renew a little early: a request takes time to arrive, clocks differ.
_MOST_EARLY = 60.0
_EARLY_SHARE = 0.1
# After an early renewal failed, the token in hand serves so long undisturbed.
_NEXT_TRY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, when to replace it, and what to replace it with.

    `renew_at` is on time.monotonic's clock; None is "when the vendor says so".
    """

    value: str
    renew_at: float | None = None
    refresh: str | None = None

    @property
    def due(self) -> bool:
        """Whether to renew it before the next request."""
        return self.renew_at is not None and time.monotonic() >= self.renew_at


def renewal_time(lifetime: float | None) -> float | None:
    """Return when to renew a token that lives for `lifetime` seconds from now."""
    if lifetime is None or lifetime <= 0:
        return None
    return time.monotonic() + lifetime - min(_MOST_EARLY, lifetime * _EARLY_SHARE)


class TokenKeeper:
    """Hands out the token; parallel requests share one renewal and its outcome.

    `renew` gets the token to replace, None at first. Once it raised
    AuthenticationFailed the keeper repeats that without asking the vendor again:
    wrong credentials are tried once.
    """

    def __init__(self, renew: Callable[[Token | None], Awaitable[Token]]) -> None:
        """Renew with `renew`."""
        self._renew = renew
        self._token: Token | None = None
        self._renewing = asyncio.Lock()
        self._failure: ProviderError | None = None
        self._failures = 0
        self._next_try = 0.0

    async def get(self) -> Token:
        """Return a token that is not due.

        While renewing fails for a passing reason the one in hand goes on: it is
        renewed early, and the vendor says when it no longer serves.
        """
        token = self._token
        if token is None:
            return await self.replace(None)
        if not token.due or time.monotonic() < self._next_try:
            return token
        try:
            return await self.replace(token)
        except AuthenticationFailed:
            raise
        except ProviderError:
            self._next_try = time.monotonic() + _NEXT_TRY
            return token

    def adopt(self, token: Token) -> None:
        """Hand out this token from now on: it was there already, or came unasked."""
        self._token = token

    async def replace(self, stale: Token | None) -> Token:
        """Return another token than the stale one, renewing unless that was done."""
        failures = self._failures
        async with self._renewing:
            if self._token is not None and self._token is not stale:
                return self._token
            if self._failure is not None and (
                isinstance(self._failure, AuthenticationFailed)
                or self._failures != failures
            ):
                raise self._failure.with_traceback(None)
            try:
                self._token = await self._renew(stale)
            except ProviderError as err:
                self._failure = err
                self._failures += 1
                raise
            self._failure = None
            return self._token
