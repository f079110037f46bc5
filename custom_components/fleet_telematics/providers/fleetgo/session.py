"""FleetGO's login: one token for the account, renewed when it is due or refused."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
import re
from typing import Final

from .. import parse
from ..auth import Token, TokenKeeper, renewal_time
from ..errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MfaRequired,
    ProviderError,
    Rejected,
)
from ..transport import Parameters, Response, Transport

_LOGIN: Final = "/Session/Login"
_REFRESH: Final = "/session/token"
_VALIDATE: Final = "/Session/ValidateAccessToken"
_LOGIN_FIELDS: Final = (
    "client_id",
    "client_secret",
    "username",
    "password",
    "system_id",
    "user_token",
    "user_token_type",
)
# The vendor publishes no list of its login results; these words mean a second factor.
_SECOND_FACTOR: Final = ("mfa", "token", "two")
_UNPRINTABLE: Final = re.compile(r"[^\w .-]")
_MOST_SHOWN: Final = 40


class Session:
    """Sends an account's requests with its token."""

    def __init__(self, transport: Transport, account: Mapping[str, object]) -> None:
        """Log in with the account's fields once something is asked."""
        self._transport = transport
        self._account = account
        self._keeper = TokenKeeper(self._renew)
        self._tried: str | None = None

    async def log_in(self) -> None:
        """Have a token.

        Raises MfaRequired or AuthenticationFailed where the vendor refuses the
        account, InvalidResponse where the base does not answer as the API.
        """
        await self._keeper.get()

    async def get(self, path: str, params: Parameters | None = None) -> object:
        """Return the JSON of a GET.

        A refused token is replaced once and the request repeated once. Raises
        AccessDenied where the vendor refuses the request and not the token.
        """
        return await self._send(
            lambda headers: self._transport.request(
                "GET", path, params=params, headers=headers
            )
        )

    async def post(self, path: str, body: Mapping[str, object]) -> object:
        """Return the JSON that answers a POST of JSON; refusals are as with get."""
        return await self._send(
            lambda headers: self._transport.request(
                "POST", path, json_body=body, headers=headers
            )
        )

    @asynccontextmanager
    async def stream(
        self, path: str, params: Parameters, *, silence: float
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open an event stream and hand out its pieces; refusals are as with get.

        `silence` is for how many seconds it may say nothing.
        """

        async def opened(token: Token) -> AsyncIterator[bytes]:
            return await stack.enter_async_context(
                self._transport.stream(
                    path, params=params, headers=_bearer(token), silence=silence
                )
            )

        async with AsyncExitStack() as stack:
            yield await self._with_token(opened)

    async def _send(
        self, request: Callable[[Mapping[str, str]], Awaitable[Response]]
    ) -> object:
        async def sent(token: Token) -> object:
            return (await request(_bearer(token))).data

        return await self._with_token(sent)

    async def _with_token[T](self, send: Callable[[Token], Awaitable[T]]) -> T:
        """Send with the token, and once more with another where it was refused."""
        token = await self._keeper.get()
        try:
            return await self._checked(token, send)
        except AuthenticationFailed:
            pass
        token = await self._keeper.replace(token)
        return await self._checked(token, send)

    async def _checked[T](
        self, token: Token, send: Callable[[Token], Awaitable[T]]
    ) -> T:
        """Send with this token; AuthenticationFailed says that it is of no use."""
        try:
            return await send(token)
        except AuthenticationFailed as refusal:
            # A 401 also stands for a right that the account lacks.
            if await self._is_valid(token):
                raise AccessDenied(str(refusal)) from None
            raise

    async def _is_valid(self, token: Token) -> bool:
        """Return whether the vendor still honours the token.

        The document has the token in the address of this one request.
        """
        try:
            response = await self._transport.request(
                "GET",
                _VALIDATE,
                params={"accessToken": token.value},
                headers=_bearer(token),
            )
        except AuthenticationFailed, AccessDenied, InvalidResponse, Rejected:
            return False
        answer = parse.folded(response.data)
        return bool(
            parse.first(
                parse.flag(value)
                for value in (response.data, answer.get("isvalid"), answer.get("valid"))
            )
        )

    async def _renew(self, stale: Token | None) -> Token:
        """Return a new token: by the refresh token, or else by the password."""
        # Tried once: a vendor that fails on it time and again must not keep the
        # password, which is known to work, from being used.
        if stale is not None and stale.refresh not in (None, self._tried):
            self._tried = stale.refresh
            try:
                token = await self._refresh(stale)
            except AuthenticationFailed, AccessDenied, InvalidResponse, Rejected:
                pass
            else:
                self._tried = None
                return token
        return await self._log_in()

    async def _refresh(self, stale: Token) -> Token:
        """Trade the refresh token in (not in the document; field notes)."""
        response = await self._transport.request(
            "POST",
            _REFRESH,
            json_body={
                "client_id": self._account.get("client_id"),
                "client_secret": self._account.get("client_secret"),
                "grant_type": "refresh_token",
                "refresh_token": stale.refresh,
                "code": "",
            },
        )
        token = _token(response.data, refresh=stale.refresh)
        if token is None:
            raise InvalidResponse(f"POST {_REFRESH}: no access token")
        return token

    async def _log_in(self) -> Token:
        """Log in by the password (document: LoginDto, LoginResultDto)."""
        body = {
            key: value
            for key in _LOGIN_FIELDS
            if (value := self._account.get(key)) not in (None, "")
        }
        try:
            response = await self._transport.request("POST", _LOGIN, json_body=body)
        except AccessDenied as err:
            raise AuthenticationFailed(str(err)) from None
        except Rejected as err:
            if err.status != 400:
                raise
            raise AuthenticationFailed(str(err)) from None
        token = _token(response.data)
        if token is None:
            raise _refusal(response.data)
        return token


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}


def _token(answer: object, *, refresh: str | None = None) -> Token | None:
    """Return the token of a LoginResultDto, None where there is none."""
    found = parse.folded(answer)
    value = parse.text(found.get("access_token"))
    if value is None:
        return None
    return Token(
        value=value,
        renew_at=renewal_time(parse.number(found.get("expires_in"))),
        refresh=parse.text(found.get("refresh_token")) or refresh,
    )


def _refusal(answer: object) -> ProviderError:
    """Return what an answer without a token means."""
    found = parse.folded(answer)
    result = parse.text(found.get("login_result_type"))
    token = found.get("access_token")
    if token is not None and not isinstance(token, str):
        return InvalidResponse(f"POST {_LOGIN}: the access token is not a text")
    if result is not None:
        if any(word in result.lower() for word in _SECOND_FACTOR):
            return MfaRequired(f"POST {_LOGIN}: {_shown(result)}")
        return AuthenticationFailed(
            f"POST {_LOGIN}: login_result_type {_shown(result)}"
        )
    if "access_token" in found:
        return AuthenticationFailed(f"POST {_LOGIN}: no access token")
    return InvalidResponse(f"POST {_LOGIN}: not the answer of a login")


def _shown(result: str) -> str:
    """Return the vendor's word for a login's outcome, fit for a log line."""
    return _UNPRINTABLE.sub("?", result[:_MOST_SHOWN])
