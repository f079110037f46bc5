"""Ocean's service, from the vendor's page and what working clients know of it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
import json
from math import asin, cos, radians, sin, sqrt
import re
from typing import Final, override
from zoneinfo import ZoneInfo

from aiohttp import web

from custom_components.fleet_telematics.providers.demo.records import (
    VehicleSpec,
    VehicleState,
)
from custom_components.fleet_telematics.providers.demo.world import World

from .ocean_json import DateForm, Seen, Shapes, entity_id, loses_fix
from .server import Endpoint, Refused, Spacing, VendorServer

CREDENTIALS: Final = {"username": "regie@example.com", "password": "correct-horse"}
CUSTOMER_ID: Final = 4711
BASES: Final = ("/ocean/restapi", "/ocean-3.0.0/restapi")
START_CODE: Final = "1001"
STOP_CODE: Final = "1002"
_LABELS: Final = {START_CODE: "Démarrage", STOP_CODE: "Arrêt"}
_LOGIN: Final = "/auth/authenticate2"
_HALF_A_DAY: Final = 12 * 3600.0
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_TWO_MONTHS: Final = timedelta(days=62)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARTH: Final = 6371.0
# Roads are longer than the crow's way, and in cities no faster than this.
_DETOUR: Final = 1.3
_ROAD_SPEED: Final = 30.0
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII
)
_DATE: Final = re.compile(r"\d\d/\d\d/\d{4}", re.ASCII)
_UNITS: Final = re.compile(r"(?:(k)ilo|(k)?)m(?:et(?:er|re)s?)?", re.IGNORECASE)


class OceanServer(VendorServer):
    """Ocean for one account.

    Beside what every server has: `bases` are the base paths that exist,
    `multi_client` makes the user one of several customers, who has to send
    `customer_id`. `vehicle_positions` may be switched off, for accounts that do not
    have that call. `date_form` is how times are written, `day_letters` makes day
    sheets use letters for states. `search_interval` limits positions/search (seconds,
    0 is off), `password_days` is how long the password is good for.
    `without_fix` and `without_position` are vehicles (by the world's id) whose place
    is a placeholder, or not told of at all; `may_be_private` are those whose drivers
    may turn privacy on, which no row of a day sheet tells of. Events have two codes,
    START_CODE and STOP_CODE.
    """

    key = "ocean"
    base_path = BASES[0]
    auth_header = "X-AUTH-TOKEN"

    def __init__(
        self, world: World, credentials: Mapping[str, str] = CREDENTIALS
    ) -> None:
        """Serve a world's vehicles to one account."""
        super().__init__(world, credentials)
        self.token_lifetime = _HALF_A_DAY
        self.bases = set(BASES)
        self.multi_client = False
        self.customer_id = CUSTOMER_ID
        self.password_days = 60
        self.vehicle_positions = True
        self.date_form = DateForm.ISO
        self.day_letters = False
        self.search_interval = 0.0
        self.without_fix: set[int] = set()
        self.without_position: set[int] = set()
        self.may_be_private: set[int] = set()
        self._spacing = Spacing(lambda: self.timer())

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        endpoints: dict[tuple[str, str], Endpoint] = {
            ("POST", _LOGIN): self._login,
            ("GET", "/mobility/v1/vehiclepositions"): self._positions,
            ("GET", "/mobility/v1/entities"): self._entities,
            ("GET", "/mobility/v1/fichejour"): self._day_sheet,
            ("GET", "/vehicule_engin/vehicles"): self._vehicles,
            ("POST", "/vehicule_engin/nearestvehicles"): self._nearest,
            ("GET", "/positions/search"): self._search,
            ("GET", "/evenement/lastevent"): self._last_event,
            ("GET", "/materiel/list"): self._tools,
            ("GET", "/materiel/lastposition"): self._tool_positions,
        }
        # Paths come without the first base, and with the second.
        return endpoints | {
            (method, BASES[1] + path): endpoint
            for (method, path), endpoint in endpoints.items()
        }

    @override
    def is_login(self, path: str) -> bool:
        return path.endswith(_LOGIN)

    @override
    async def admit(self, request: web.Request, path: str) -> None:
        if not any(request.path.lower().startswith(f"{one}/") for one in self.bases):
            raise _refusal(404, "Not found")
        if self.is_login(path):
            return
        if any(self.token_is_valid(value) for value in request.query.values()):
            raise _refusal(401, "A token does not belong in the address")
        if not self.token_is_valid(request.headers.get(self.auth_header, "")):
            raise _refusal(401, "Authentication required")
        if self.multi_client and request.query.get("customerId") != str(
            self.customer_id
        ):
            raise _refusal(403, "customerId is required")

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """POST auth/authenticate2."""
        given = await _json_object(request)
        if any(not isinstance(given.get(key), str) for key in ("login", "password")):
            raise _refusal(400, "login and password are required")
        known = self.credentials["username"], self.credentials["password"]
        if (given["login"], given["password"]) != known:
            raise _refusal(401, "Bad credentials")
        return web.json_response(
            {
                "token": self.issue_token(),
                "passwordExpirationRemainingDays": self.password_days,
                "additionalAccountData": {},
            },
            status=201,
        )

    # Vehicles.

    async def _positions(self, request: web.Request) -> web.StreamResponse:
        """GET mobility/v1/vehiclePositions: the whole fleet."""
        if not self.vehicle_positions:
            raise _refusal(404, "Not found")
        return web.json_response(
            {
                "vehicles": [
                    self._shapes.mobile(
                        self._seen(spec),
                        position=spec.vehicle_id not in self.without_position,
                    )
                    for spec in self.world.vehicles.values()
                ]
            }
        )

    async def _entities(self, request: web.Request) -> web.StreamResponse:
        """GET mobility/v1/entities."""
        names = sorted({spec.group for spec in self.world.vehicles.values()})
        return web.json_response(
            {"entities": [{"id": entity_id(name), "nom": name} for name in names]}
        )

    async def _vehicles(self, request: web.Request) -> web.StreamResponse:
        """GET vehicule_engin/vehicles: everything, or one plate."""
        if "includeFields" in request.query:
            raise _refusal(400, "includeFields is no longer supported")
        plate = request.query.get("immatriculation")
        now = self.clock()
        # Readings are those of the last midnight.
        midnight = self._day_start(self.now())
        return web.json_response(
            [
                self._shapes.vehicle(
                    spec,
                    self.world.state(spec.vehicle_id),
                    self.world.state(spec.vehicle_id, midnight),
                    now,
                )
                for spec in self.world.vehicles.values()
                if plate in (None, spec.plate)
            ]
        )

    async def _nearest(self, request: web.Request) -> web.StreamResponse:
        """POST vehicule_engin/nearestVehicles: who is within a radius."""
        given = await _json_object(request)
        mode = given.get("computeMode")
        if mode not in ("VOL_OISEAU", "PAR_ROUTE"):
            raise _refusal(400, "computeMode is VOL_OISEAU or PAR_ROUTE")
        unit = _UNITS.fullmatch(str(given.get("radiusUnit")))
        if unit is None:
            raise _refusal(400, "radiusUnit is unknown")
        per_kilometre = 1.0 if any(unit.groups()) else 1000.0
        radius = _whole(request, "radius", 0, 2**31 - 1) / per_kilometre
        here = (
            _number(request, "latitude", -90, 90),
            _number(request, "longitude", -180, 180),
        )
        by_road = mode == "PAR_ROUTE"
        limit = _whole(request, "resultsLimit", 1, 10) if by_road else None
        found = [
            (_distance(here, seen.state) * (_DETOUR if by_road else 1.0), seen)
            for seen in map(self._seen, self.world.vehicles.values())
            if seen.fix
            and not seen.hidden
            and seen.spec.vehicle_id not in self.without_position
        ]
        near = sorted(
            (one for one in found if one[0] <= radius), key=lambda one: one[0]
        )
        now = self.clock()
        return web.json_response(
            [
                self._shapes.nearest(
                    seen,
                    distance * per_kilometre,
                    timedelta(hours=distance / _ROAD_SPEED) if by_road else None,
                    now,
                )
                for distance, seen in near[:limit]
            ]
        )

    # The past.

    async def _search(self, request: web.Request) -> web.StreamResponse:
        """GET positions/search: tracks, the only source of speed."""
        if self.search_interval and not self._spacing.allows(self.search_interval):
            raise _refusal(429, "Too many requests")
        plates = request.query.getall("immatriculation", [])
        if not plates:
            raise _refusal(400, "immatriculation is required")
        start, end = (
            self._moment(request, "startDate"),
            self._moment(request, "endDate"),
        )
        if end < start or start < self.clock() - _TWO_MONTHS:
            raise _refusal(400, "The period is at most two months back")
        private = request.query.get("withPrivacy", "true").lower() != "false"
        return web.json_response(
            {
                "positionsVehicles": [
                    self._shapes.recorded(
                        spec, self._track(spec, start, end), private=private
                    )
                    for spec in self.world.vehicles.values()
                    if spec.plate in plates
                ]
            }
        )

    def _track(
        self, spec: VehicleSpec, start: datetime, end: datetime
    ) -> Iterator[Seen]:
        """Yield what came before a window, then a point a minute, and the newest.

        Windows of more than a day have fewer points.
        """
        step = _MINUTE * max(1, -(-(end - start) // _DAY))
        first = _EPOCH + -(-(start - _EPOCH) // step) * step
        number = spec.vehicle_id
        states = self.world.track(number, first, end, step)
        newest = self.world.state(number)
        if start <= newest.time <= end and newest not in states:
            states.append(newest)
        before = self.world.state(number, first - step)
        for state in (before, *states):
            yield self._seen_then(spec, state)

    async def _day_sheet(self, request: web.Request) -> web.StreamResponse:
        """GET mobility/v1/ficheJour: the trips that began on a day."""
        vehicle_id = self.vehicle_id(_text(request, "vehId"))
        given = _text(request, "date")
        if not _DATE.fullmatch(given):
            raise _refusal(422, "date is not dd/MM/yyyy")
        try:
            day = datetime.strptime(given, "%d/%m/%Y").replace(tzinfo=self._zone)
        except ValueError:
            raise _refusal(422, "date is not dd/MM/yyyy") from None
        if vehicle_id is None:
            raise _refusal(404, "No such vehicle")
        start = self.meant(day.astimezone(UTC))
        end = self.meant((day + _DAY).astimezone(UTC))
        return web.json_response(
            {
                "vehId": vehicle_id,
                "date": given,
                "fjRows": [
                    self._shapes.trip(
                        self.world.vehicles[vehicle_id],
                        trip,
                        letters=self.day_letters,
                    )
                    for trip in self.world.trips(vehicle_id, start, end)
                    if start <= trip.start.time < end
                ],
            }
        )

    async def _last_event(self, request: web.Request) -> web.StreamResponse:
        """GET evenement/lastEvent: the last trip's start or end, by vehicle."""
        codes = [
            *request.query.getall("codeEvenements[]", []),
            *request.query.getall("codeEvenements", []),
        ]
        if not codes:
            raise _refusal(400, "codeEvenements is required")
        now = self.clock()
        events: dict[str, object] = {}
        for spec in self.world.vehicles.values():
            trips = self.world.trips(spec.vehicle_id, now - _DAY, now)
            if not trips:
                continue
            ends = {START_CODE: trips[-1].start, STOP_CODE: trips[-1].end}
            found = [(ends[code].time, code) for code in codes if code in ends]
            if found:
                _, code = max(found)
                events[str(spec.vehicle_id)] = self._shapes.event(
                    spec, code, _LABELS[code], ends[code]
                )
        return web.json_response(events)

    # Equipment: every vehicle carries a piece.

    async def _tools(self, request: web.Request) -> web.StreamResponse:
        """GET materiel/list."""
        return web.json_response(
            [
                self._shapes.tool(spec, self.world.state(spec.vehicle_id))
                for spec in self.world.vehicles.values()
            ]
        )

    async def _tool_positions(self, request: web.Request) -> web.StreamResponse:
        """GET materiel/lastPosition."""
        return web.json_response(
            [
                self._shapes.tool_position(self._seen(spec))
                for spec in self.world.vehicles.values()
            ]
        )

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.world.city.zone)

    @property
    def _shapes(self) -> Shapes:
        return Shapes(
            zone=self._zone,
            skew=self.skew,
            form=DateForm(self.date_form),
            may_be_private=frozenset(self.may_be_private),
        )

    def _day_start(self, moment: datetime) -> datetime:
        """Return the true time of the midnight before a time of the vendor's."""
        local = moment.astimezone(self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return self.meant(midnight.astimezone(UTC))

    def _seen(self, spec: VehicleSpec) -> Seen:
        return self._seen_then(spec, self.world.state(spec.vehicle_id))

    def _seen_then(self, spec: VehicleSpec, state: VehicleState) -> Seen:
        return Seen(
            spec=spec,
            state=state,
            earlier=self.world.state(spec.vehicle_id, state.time - _MINUTE),
            fix=spec.vehicle_id not in self.without_fix and not loses_fix(state),
        )

    def _moment(self, request: web.Request, name: str) -> datetime:
        """Return the true time of a parameter."""
        given = _text(request, name)
        try:
            if _TIME.fullmatch(given):
                return self.meant(datetime.fromisoformat(given).astimezone(UTC))
        except ValueError, OverflowError:
            pass
        raise _refusal(422, f"{name} is not yyyy-MM-dd'T'HH:mm:ss.SSSXXX")


def _refusal(status: int, message: str) -> Refused:
    return Refused(
        web.json_response({"oceanStatus": status, "message": message}, status=status)
    )


async def _json_object(request: web.Request) -> Mapping[str, object]:
    try:
        given = json.loads(await request.read())
    except ValueError:
        raise _refusal(400, "JSON is expected") from None
    if not isinstance(given, dict):
        raise _refusal(400, "A JSON object is expected")
    return given


def _text(request: web.Request, name: str) -> str:
    if not (found := request.query.get(name)):
        raise _refusal(400, f"{name} is required")
    return found


def _number(request: web.Request, name: str, least: float, most: float) -> float:
    try:
        found = float(_text(request, name))
    except ValueError:
        raise _refusal(400, f"{name} is not a number") from None
    if not least <= found <= most:
        raise _refusal(400, f"{name} is not between {least} and {most}")
    return found


def _whole(request: web.Request, name: str, least: int, most: int) -> int:
    """Return a parameter that the document has as an integer."""
    if not (found := _number(request, name, least, most)).is_integer():
        raise _refusal(400, f"{name} is not a whole number")
    return int(found)


def _distance(here: tuple[float, float], there: VehicleState) -> float:
    """Return the crow's way in kilometres."""
    one, another = radians(here[0]), radians(there.latitude)
    across = radians(there.longitude - here[1])
    half = sin((another - one) / 2) ** 2
    half += cos(one) * cos(another) * sin(across / 2) ** 2
    return 2 * _EARTH * asin(sqrt(half))
