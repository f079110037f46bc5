"""Ocean's endpoints and its login: what is asked, and how."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from .. import parse
from ..auth import Token, TokenKeeper, renewal_time
from ..base import Connection
from ..errors import AccessDenied, AuthenticationFailed, InvalidResponse, Rejected
from ..models import Coordinates
from ..transport import Parameters, Transport
from .side_queue import SideQueue

_LOGIN: Final = "/auth/authenticate2"
_TOKEN_LIFE: Final = 12 * 60 * 60.0
# The vendor does not publish its units of a radius: this one is wide enough in
# metres and in kilometres. The point is the middle of France.
_EVERYWHERE: Final = {
    "latitude": 46.5,
    "longitude": 2.5,
    "radius": 20_000_000,
}
_STRAIGHT: Final = {"computeMode": "VOL_OISEAU", "radiusUnit": "M"}
_MOST_BY_ROAD: Final = 10


class OceanApi:
    """Reads the vendor's resources; rows are returned as they come.

    `password_expires_in` is what the last login told, in days.
    """

    def __init__(self, connection: Connection, url: str) -> None:
        """Log in below `url` with the account's fields, once something is asked."""
        data = connection.data
        self.password_expires_in: int | None = None
        self._credentials = {
            "login": parse.text(data.get("username")) or "",
            "password": str(data.get("password", "")),
        }
        customer = parse.identifier(data.get("customer_id"))
        self._customer: dict[str, str] = (
            {} if customer is None else {"customerId": customer}
        )
        self._transport = Transport(
            connection.session, connection.queue, url, loads=connection.loads
        )
        self._search = Transport(
            connection.session,
            SideQueue(connection.queue),
            url,
            loads=connection.loads,
        )
        self._tokens = TokenKeeper(self._log_in)

    async def authenticate(self) -> None:
        """Have a token."""
        await self._tokens.get()

    async def vehicle_positions(self) -> list[object]:
        """Return every vehicle with its position.

        Source: GET /mobility/v1/vehiclePositions. Raises NotFound where the
        server does not have it.
        """
        return await self._get("/mobility/v1/vehiclePositions", key="vehicles")

    async def nearest_vehicles(self) -> list[object]:
        """Return every vehicle that is somewhere.

        Source: POST /vehicule_engin/nearestVehicles, all around the Earth.
        """
        path = "/vehicule_engin/nearestVehicles"
        data = await self._call(
            self._transport, "POST", path, _EVERYWHERE, json_body=_STRAIGHT
        )
        return _rows(data, path)

    async def vehicles(self) -> list[object]:
        """Return the vehicles' records. Source: GET /vehicule_engin/vehicles."""
        return await self._get("/vehicule_engin/vehicles")

    async def entities(self) -> list[object]:
        """Return the customer's entities. Source: GET /mobility/v1/entities."""
        return await self._get("/mobility/v1/entities", key="entities")

    async def equipment(self) -> list[object]:
        """Return the equipment's records. Source: GET /materiel/list."""
        return await self._get("/materiel/list")

    async def equipment_positions(self, ids: Sequence[str]) -> list[object]:
        """Return where equipment was last. Source: GET /materiel/lastPosition."""
        return await self._get("/materiel/lastPosition", {"materielIds": list(ids)})

    async def day_sheet(self, vehicle_id: str, day: date) -> list[object]:
        """Return the rows of a vehicle's day. Source: GET /mobility/v1/ficheJour.

        Raises NotFound for a vehicle that the account does not have.
        """
        path = "/mobility/v1/ficheJour"
        params = {"vehId": vehicle_id, "date": f"{day:%d/%m/%Y}"}
        data = await self._call(self._transport, "GET", path, params)
        # A day without trips may have no rows at all.
        if not data or parse.mapping(data).get("fjRows", data) is None:
            return []
        return _rows(data, path, key="fjRows")

    async def vehicles_near(
        self, place: Coordinates, metres: int, *, by_road: bool
    ) -> list[object]:
        """Return the vehicles around a place, by road the ten nearest.

        Source: POST /vehicule_engin/nearestVehicles.
        """
        path = "/vehicule_engin/nearestVehicles"
        params: dict[str, str | int | float] = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "radius": metres,
        }
        body = _STRAIGHT
        if by_road:
            params["resultsLimit"] = _MOST_BY_ROAD
            body = {**_STRAIGHT, "computeMode": "PAR_ROUTE"}
        data = await self._call(self._transport, "POST", path, params, json_body=body)
        return _rows(data, path)

    async def last_events(self, codes: Sequence[str]) -> object:
        """Return the vehicles' latest events of some codes, an object by any key.

        Source: GET /evenement/lastEvent.
        """
        # The vendor's page and those who use it differ in the parameter's name.
        params: Parameters = {
            "codeEvenements": list(codes),
            "codeEvenements[]": list(codes),
        }
        path = "/evenement/lastEvent"
        data = await self._call(self._transport, "GET", path, params)
        if data is not None and not isinstance(data, (dict, list)):
            raise InvalidResponse(f"{path}: not an object")
        return data

    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """Return the answer of any GET below the base, as it comes."""
        return await self._call(self._transport, "GET", path, params)

    async def search_positions(
        self, plates: Iterable[str], start: datetime, end: datetime
    ) -> list[object]:
        """Return what vehicles reported between two times, private drives left out.

        Source: GET /positions/search, the one endpoint with a documented limit:
        its refusals hold back itself alone.
        """
        path = "/positions/search"
        data = await self._call(
            self._search,
            "GET",
            path,
            {
                "immatriculation": list(plates),
                "startDate": _iso(start),
                "endDate": _iso(end),
                "withPrivacy": "false",
            },
        )
        return _rows(data, path, key="positionsVehicles")

    async def _get(
        self, path: str, params: Parameters | None = None, *, key: str | None = None
    ) -> list[object]:
        data = await self._call(self._transport, "GET", path, params or {})
        return _rows(data, path, key=key)

    async def _call(
        self,
        transport: Transport,
        method: str,
        path: str,
        params: Parameters,
        *,
        json_body: object = None,
    ) -> object:
        """Return an answer's JSON; a refused token is replaced once."""

        async def send(token: Token) -> object:
            response = await transport.request(
                method,
                path,
                params={**self._customer, **params},
                headers={"X-AUTH-TOKEN": token.value},
                json_body=json_body,
            )
            return response.data

        token = await self._tokens.get()
        try:
            return await send(token)
        except AuthenticationFailed:
            pass
        return await send(await self._tokens.replace(token))

    async def _log_in(self, _: Token | None) -> Token:
        """Log in by the password; the vendor has no refresh."""
        try:
            response = await self._transport.request(
                "POST", _LOGIN, json_body=self._credentials
            )
        except AccessDenied as err:
            raise AuthenticationFailed(str(err)) from None
        except Rejected as err:
            if err.status != 400:
                raise
            raise AuthenticationFailed(str(err)) from None
        answer = parse.mapping(response.data)
        found = parse.text(answer.get("token"))
        if found is None:
            raise InvalidResponse(f"POST {_LOGIN}: no token")
        self.password_expires_in = parse.integer(
            answer.get("passwordExpirationRemainingDays"), low=0
        )
        return Token(value=found, renew_at=renewal_time(_TOKEN_LIFE))


def _rows(data: object, path: str, *, key: str | None = None) -> list[object]:
    """Return an answer's rows: a list, or one below `key`."""
    rows = data if key is None else parse.mapping(data).get(key, data)
    if not isinstance(rows, list):
        raise InvalidResponse(f"{path}: not a list")
    return rows


def _iso(moment: datetime) -> str:
    """Return a time as yyyy-MM-dd'T'HH:mm:ss.SSSXXX."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
