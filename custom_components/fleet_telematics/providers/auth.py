"""Keeps one access token per account, and renews it one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import time

from .errors import AuthenticationFailed

# Renew a little early: a request takes time to arrive, clocks differ.
_MOST_EARLY = 60.0
_EARLY_SHARE = 0.1


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
    """Hands out the token; parallel requests wait for one renewal.

    `renew` gets the token to replace, None at first. Once it raised
    AuthenticationFailed the keeper repeats that without asking the vendor again:
    wrong credentials are tried once.
    """

    def __init__(self, renew: Callable[[Token | None], Awaitable[Token]]) -> None:
        """Renew with `renew`."""
        self._renew = renew
        self._token: Token | None = None
        self._renewing = asyncio.Lock()
        self._refusal: AuthenticationFailed | None = None

    async def get(self) -> Token:
        """Return a token that is not due."""
        token = self._token
        if token is None or token.due:
            return await self.replace(token)
        return token

    async def replace(self, stale: Token | None) -> Token:
        """Return another token than the stale one, renewing unless that was done."""
        async with self._renewing:
            if self._refusal is not None:
                raise type(self._refusal)(str(self._refusal))
            if self._token is None or self._token is stale:
                try:
                    self._token = await self._renew(stale)
                except AuthenticationFailed as err:
                    self._refusal = err
                    raise
            return self._token
