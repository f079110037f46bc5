"""Movens's tokens: one pasted or by login, and each that the vendor sends unasked."""

from collections.abc import Callable, Mapping

from .. import parse
from ..auth import Token, TokenKeeper, renewal_time
from ..errors import AccessDenied, AuthenticationFailed, InvalidResponse, Rejected
from ..transport import Parameters, Transport
from .envelope import content
from .tokens import bearer, lifetime


class Session:
    """Sends an account's requests with its token.

    Any answer may carry the token's replacement in a header of its own. It is
    used at once, and `store` keeps it for the next start.
    """

    def __init__(
        self,
        transport: Transport,
        account: Mapping[str, object],
        store: Callable[[Mapping[str, object]], None],
    ) -> None:
        """Begin with the account's token where it has one, else log in when asked."""
        self._transport = transport
        self._store = store
        self._login_path = parse.text(account.get("login_path"))
        self._credentials = {
            "Username": parse.text(account.get("username")),
            "Password": account.get("password"),
        }
        self._can_log_in = bool(self._login_path) and all(self._credentials.values())
        self._keeper = TokenKeeper(self._log_in)
        self._newest: str | None = None
        self._from_login: Token | None = None
        if (given := bearer(account.get("access_token"))) is not None:
            self._keeper.adopt(self._token(given))

    async def get(self, path: str, params: Parameters | None = None) -> object:
        """Return the JSON of a GET."""
        return await self.request("GET", path, params=params)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        json_body: object = None,
    ) -> object:
        """Return the JSON of an answer.

        A request that was refused with an older token is repeated with the one
        in hand; when that is refused too, a login replaces it, once. A refused
        request was not carried out; no other one is ever repeated.
        """
        known = self._from_login
        token = await self._keeper.get()
        while True:
            try:
                return await self._send(token, method, path, params, json_body)
            except AuthenticationFailed:
                if token is self._from_login and token is not known:
                    # The login of a moment ago: another one would not help.
                    raise
            token = await self._keeper.replace(token)

    async def _send(
        self,
        token: Token,
        method: str,
        path: str,
        params: Parameters | None,
        json_body: object,
    ) -> object:
        response = await self._transport.request(
            method,
            path,
            params=params,
            headers={"Authorization": f"Bearer {token.value}"},
            json_body=json_body,
        )
        sent = bearer(response.headers.get("Authorization"))
        if sent is not None and sent not in (token.value, self._newest):
            self._newest = sent
            self._keeper.adopt(self._token(sent))
            self._store({"access_token": sent})
        return response.data

    def _token(self, value: str) -> Token:
        """Return a token; without a login only the vendor can renew it."""
        return Token(
            value=value,
            renew_at=renewal_time(lifetime(value)) if self._can_log_in else None,
        )

    async def _log_in(self, stale: Token | None) -> Token:
        """Log in; the vendor's admin login is not public (field notes)."""
        if self._login_path is None or not self._can_log_in:
            missing = "no access token" if stale is None else "the token was refused"
            raise AuthenticationFailed(
                f"{missing}, and no username, password and login path to log in with"
            )
        what = f"POST {self._login_path.partition('?')[0]}"
        try:
            response = await self._transport.request(
                "POST", self._login_path, json_body=self._credentials
            )
            data = content(response.data, what)
        except (AccessDenied, Rejected) as err:
            # Of these the login path may be at fault, and the user can mend that.
            raise AuthenticationFailed(str(err)) from None
        found = parse.folded(data)
        value = parse.first(
            bearer(one)
            for one in (
                data,
                found.get("token"),
                found.get("jwt"),
                response.headers.get("Authorization"),
            )
        )
        if value is None:
            raise InvalidResponse(f"{what}: no token")
        self._from_login = self._token(value)
        return self._from_login
