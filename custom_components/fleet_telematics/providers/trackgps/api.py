"""TrackGPS's endpoints, its login and its envelope.

Sources: the vendor's Refills, Stops, Way and Consumption pages, its description of
login, vehicle list and request limit.
"""

from collections.abc import Mapping, Sequence
import time
from typing import Final

from .. import parse
from ..auth import Token, TokenKeeper, renewal_time
from ..errors import AccessDenied, AuthenticationFailed, InvalidResponse, Rejected
from ..transport import Transport

_LOGIN: Final = "/api/authentication/login"
_VEHICLES: Final = "/api/carriers/company-vehicles"
_REFILLS: Final = "/api/carriers/refills"
_STOPS: Final = "/api/carriers/stops"
_WAY: Final = "/api/carriers/way"
_CONSUMPTION: Final = "/api/carriers/consumption"
_VERSION: Final = {"api-version": "2.0"}
# The vendor names one hour, and eight in its example: the smaller is safe.
_TOKEN_LIFE: Final = 3600.0
# A token that replaced a refused one is not what the next refusal is about.
_RENEWAL_HOLDS: Final = 60.0
# Minutes a vehicle must stand for the vendor to call it a stop.
SHORTEST_STOP: Final = 5


class VehicleRefused(AccessDenied):
    """HTTP 401 although the login is good: a vehicle that is not the account's."""


class TrackGpsApi:
    """Asks TrackGPS and opens its envelope; the payloads stay as they came."""

    def __init__(self, transport: Transport, username: str, password: str) -> None:
        """Log in with these credentials, as often as the vendor wants it."""
        self._transport = transport
        self._credentials = {"username": username, "password": password}
        self._tokens = TokenKeeper(self._login)
        # The last token that replaced a refused one, and when.
        self._renewed: tuple[Token, float] | None = None

    async def authenticate(self) -> None:
        """Log in."""
        await self._tokens.get()

    async def company_vehicles(self) -> list[object]:
        """Return every vehicle of the account, with its live state."""
        try:
            payload = await self._call("GET", _VEHICLES)
        except VehicleRefused as err:
            # There is no vehicle here that could be somebody else's.
            raise AuthenticationFailed(str(err)) from None
        return _rows(payload, _VEHICLES)

    async def refills(self, vehicle_id: str, start: str, end: str) -> list[object]:
        """Return a vehicle's fuel events and their sums between two local times.

        Raises VehicleRefused when the vehicle is not the account's.
        """
        payload = await self._call(
            "POST",
            _REFILLS,
            {"carrierId": _number(vehicle_id), "startDate": start, "endDate": end},
        )
        return _rows([] if payload is None else payload, _REFILLS)

    async def stops(
        self,
        vehicle_ids: Sequence[str],
        start: str,
        end: str,
        *,
        shortest: int = SHORTEST_STOP,
    ) -> list[object]:
        """Return the stops of at most ten vehicles between two local times.

        `shortest` is how many minutes a stop lasts at least, one or more. Raises
        VehicleRefused when one of them is not the account's.
        """
        payload = await self._of_vehicles(
            _STOPS, vehicle_ids, start, end, stationaryMargin=shortest
        )
        return _rows([] if payload is None else payload, _STOPS)

    async def way(
        self, vehicle_ids: Sequence[str], start: str, end: str
    ) -> list[object]:
        """Return the track points of at most ten vehicles in at most 31 days.

        Raises VehicleRefused when one of them is not the account's.
        """
        payload = await self._of_vehicles(_WAY, vehicle_ids, start, end)
        return _rows([] if payload is None else payload, _WAY)

    async def consumption(
        self, vehicle_ids: Sequence[str], start: str, end: str
    ) -> list[object]:
        """Return what at most ten vehicles burnt in at most 31 days.

        Rows are listed, or keyed by the vehicle's plate or name. Raises
        VehicleRefused when one of them is not the account's.
        """
        payload = await self._of_vehicles(_CONSUMPTION, vehicle_ids, start, end)
        if isinstance(payload, Mapping):
            keyed = "results" in parse.folded(payload)
            payload = [payload if keyed else {"results": payload}]
        return _rows([] if payload is None else payload, _CONSUMPTION)

    async def get(self, path: str, params: Mapping[str, str]) -> object:
        """Return the whole answer of a GET below the base, whatever it says."""
        return await self._ask("GET", path, params={**params, **_VERSION})

    async def _of_vehicles(
        self,
        path: str,
        vehicle_ids: Sequence[str],
        start: str,
        end: str,
        **more: int,
    ) -> object:
        return await self._call(
            "POST",
            path,
            {
                "vehiclesList": [_number(one) for one in vehicle_ids],
                "startDate": start,
                "endDate": end,
                **more,
            },
        )

    async def _call(self, method: str, path: str, body: object = None) -> object:
        """Send a request and return its payload."""
        answer = await self._ask(method, path, params=_VERSION, body=body)
        return _payload(answer, f"{method} {path}")

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        body: object = None,
    ) -> object:
        """Send a request and return its answer; after a 401 log in again, once."""
        token = await self._tokens.get()
        try:
            return await self._send(token, method, path, params, body)
        except VehicleRefused:
            if self._freshly_renewed(token):
                raise
        token = await self._tokens.replace(token)
        self._renewed = token, time.monotonic()
        return await self._send(token, method, path, params, body)

    def _freshly_renewed(self, token: Token) -> bool:
        if self._renewed is None:
            return False
        renewed, at = self._renewed
        return token is renewed and time.monotonic() - at < _RENEWAL_HOLDS

    async def _send(
        self,
        token: Token,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: object,
    ) -> object:
        try:
            response = await self._transport.request(
                method,
                path,
                params=params,
                headers={"Authorization": f"Bearer {token.value}"},
                json_body=body,
            )
        except AuthenticationFailed as err:
            raise VehicleRefused(str(err)) from None
        return response.data

    async def _login(self, _: Token | None) -> Token:
        """Log in; the vendor has no refresh, and exempts this from its limit."""
        try:
            response = await self._transport.request(
                "POST", _LOGIN, params=_VERSION, form=self._credentials, exempt=True
            )
        except AccessDenied as err:
            raise AuthenticationFailed(str(err)) from None
        except Rejected as err:
            if err.status == 400:
                raise AuthenticationFailed(str(err)) from None
            raise
        answer = parse.folded(response.data)
        if parse.flag(answer.get("issuccess")) is False:
            raise AuthenticationFailed(f"POST {_LOGIN}: refused inside HTTP 200")
        found = parse.text(answer.get("access_token"))
        if found is None:
            raise InvalidResponse(f"POST {_LOGIN}: no access token")
        life = parse.number(answer.get("expires_in"), low=1)
        return Token(
            value=found,
            renew_at=renewal_time(min(life or _TOKEN_LIFE, _TOKEN_LIFE)),
        )


def _payload(data: object, what: str) -> object:
    """Open the envelope {payload, correlationId, failureReasons, isSuccess}."""
    envelope = parse.folded(data)
    if parse.flag(envelope.get("issuccess")) is False:
        reason = parse.first(
            parse.text(parse.folded(one).get("errorcode"))
            for one in parse.items(envelope.get("failurereasons"))
        )
        raise Rejected(f"{what}: declined inside HTTP 200", status=200, reason=reason)
    if "payload" not in envelope:
        raise InvalidResponse(f"{what}: no payload")
    return envelope["payload"]


def _rows(payload: object, path: str) -> list[object]:
    if not isinstance(payload, list):
        raise InvalidResponse(f"{path}: the payload is not a list")
    return payload


def _number(vehicle_id: str) -> int | str:
    """Return an id as the vendor takes it, a number."""
    return int(vehicle_id) if vehicle_id.isdecimal() else vehicle_id
