"""TrackGPS's service, from the vendor's pages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
import json
import math
import secrets
from typing import Final, override
from uuid import uuid4
from zoneinfo import ZoneInfo

from aiohttp import web

from custom_components.fleet_telematics.providers.demo.records import (
    TripRecord,
    VehicleSpec,
)
from custom_components.fleet_telematics.providers.demo.world import World

from .server import Endpoint, Refused, Spacing, VendorServer
from .trackgps_fuel import FuelBook
from .trackgps_json import Shapes, pascal

CREDENTIALS: Final = {"username": "dispecer@example.com", "password": "correct-horse"}
ISO: Final = "iso"
_LOGIN: Final = "/api/authentication/login"
_VERSION: Final = "2.0"
_MOST_VEHICLES: Final = 10
_LONGEST: Final = timedelta(days=31)
_WAY_STEP: Final = timedelta(seconds=60)
# Longest look back for the stop that a drive began at.
_LOOK_BACK: Final = timedelta(days=2)


class TrackGpsServer(VendorServer):
    """TrackGPS for one account.

    Beside what every server has: `request_interval` is the limit in seconds
    between two requests of the user (0 is off), with `tell_retry_after` its 429
    carries a Retry-After. `expires_in` is what a login claims, `token_lifetime`
    what it gives. `foreign` are vehicles (by id) that the list shows and every
    other call refuses with 401. `secondary_source` are vehicles whose fuel is
    told of as that of a second tank. `pascal_case` changes the keys of answers,
    `date_format` ("iso" or strftime's) and `zone` its times, `flat_stops` gives
    stops as a plain list. `fuel` decides which fuel events are told, and how
    exactly; the control endpoint sets it with POST fuel and adds to it with POST
    fuel_event. While `fail_reason` is set, calls answer HTTP 200 with isSuccess
    false.
    """

    key = "trackgps"

    def __init__(
        self, world: World, credentials: Mapping[str, str] = CREDENTIALS
    ) -> None:
        """Serve a world's vehicles to one account."""
        super().__init__(world, credentials)
        self.request_interval = 30.0
        self.tell_retry_after = False
        self.expires_in = 28_800
        self.foreign: set[int] = set()
        self.secondary_source: set[int] = set()
        self.pascal_case = False
        self.date_format = ISO
        self.zone = "Europe/Bucharest"
        self.flat_stops = False
        self.fail_reason: str | None = None
        self.fuel = FuelBook(world)
        self._spacing = Spacing(lambda: self.timer())
        self.control.commands |= {
            ("POST", "fuel"): self._set_fuel,
            ("POST", "fuel_event"): self._add_fuel_event,
        }

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        return {
            ("POST", _LOGIN): self._login,
            ("GET", "/api/carriers/company-vehicles"): self._vehicles,
            ("POST", "/api/carriers/refills"): self._refills,
            ("POST", "/api/carriers/stops"): self._stops,
            ("POST", "/api/carriers/way"): self._way,
            ("POST", "/api/carriers/consumption"): self._consumption,
        }

    @override
    def is_login(self, path: str) -> bool:
        return path == _LOGIN

    @override
    def vendor_id(self, vehicle_id: int) -> int:
        return vehicle_id

    @override
    async def admit(self, request: web.Request, path: str) -> None:
        if request.query.get("api-version") != _VERSION:
            raise self._failure(400, "UnsupportedApiVersion")
        if path == _LOGIN:
            return
        if not self.bearer_is_valid(request):
            raise self._failure(401, "Unauthorized")
        if not self._spacing.allows(self.request_interval):
            headers = {}
            if self.tell_retry_after:
                wait = self._spacing.wait(self.request_interval)
                headers["Retry-After"] = str(math.ceil(wait))
            raise self._failure(429, "TooManyRequests", headers=headers)
        if self.fail_reason is not None:
            raise self._failure(200, self.fail_reason)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """POST authentication/login, a form."""
        form = await request.post()
        if any(not form.get(key) for key in CREDENTIALS):
            raise self._failure(400, "InvalidRequest")
        if any(form[key] != self.credentials[key] for key in CREDENTIALS):
            raise self._failure(401, "InvalidCredentials")
        return web.json_response(
            {
                "access_token": self.issue_token(),
                "expires_in": self.expires_in,
                "token_type": "Bearer",
                "refresh_token": secrets.token_urlsafe(32),
                "scope": "api offline_access",
            }
        )

    async def _vehicles(self, request: web.Request) -> web.StreamResponse:
        """GET carriers/company-vehicles: who there is, and where."""
        return self._success(
            [
                self._shapes.vehicle(spec, self.world.state(spec.vehicle_id))
                for spec in self.world.vehicles.values()
            ]
        )

    async def _refills(self, request: web.Request) -> web.StreamResponse:
        """POST carriers/refills: the fuel events of a window, and its sums."""
        given = await self._json_object(request)
        spec = self._allowed(given.get("carrierId"))
        start, end = self._window(given)
        now = self.clock()
        rows = self._shapes.refills(
            (start, end),
            self.world.state(spec.vehicle_id, min(start, now)),
            self.world.state(spec.vehicle_id, min(end, now)),
            self.fuel.records(spec.vehicle_id, start, end),
            secondary=spec.vehicle_id in self.secondary_source,
        )
        return self._success(self.fuel.arranged(rows))

    def _set_fuel(self, given: Mapping[str, object]) -> object:
        self.fuel.control_set(given)
        return {}

    def _add_fuel_event(self, given: Mapping[str, object]) -> object:
        vehicle_id = self.vehicle_id(given["vehicle"])
        if vehicle_id is None:
            raise ValueError("no such vehicle")
        return asdict(self.fuel.control_add(vehicle_id, given))

    async def _stops(self, request: web.Request) -> web.StreamResponse:
        """POST carriers/stops: where vehicles stood, and how they came there."""
        given = await self._json_object(request)
        specs = self._vehicles_list(given)
        start, end = self._window(given)
        margin = given.get("stationaryMargin", 1)
        if not isinstance(margin, (int, float)) or margin < 1:
            raise self._failure(400, "InvalidStationaryMargin")
        stops = {
            str(spec.vehicle_id): self._stops_of(
                spec, start, end, timedelta(minutes=margin)
            )
            for spec in specs
        }
        if self.flat_stops:
            return self._success([stop for rows in stops.values() for stop in rows])
        return self._success([{"results": stops}])

    def _stops_of(
        self, spec: VehicleSpec, start: datetime, end: datetime, margin: timedelta
    ) -> list[dict[str, object]]:
        """Return the stops of a vehicle that last `margin` and touch a window."""
        now = self.clock()
        trips = self.world.trips(spec.vehicle_id, start - _LOOK_BACK, now)
        driving = self.world.state(spec.vehicle_id).engine_on
        stops = []
        leg: list[TripRecord] = []
        for index, trip in enumerate(trips):
            leg.append(trip)
            if index + 1 < len(trips):
                until = trips[index + 1].start.time
            else:
                until = self._left_at(spec, trip.end.time) if driving else now
            if until - trip.end.time < margin:
                continue
            if trip.end.time <= end and until >= start:
                track = [
                    state
                    for one in leg
                    for state in self.world.track(
                        spec.vehicle_id, one.start.time, one.end.time, _WAY_STEP
                    )
                ]
                stops.append(self._shapes.stop(spec, leg, track, min(until, end)))
            leg = []
        return stops

    def _left_at(self, spec: VehicleSpec, stopped: datetime) -> datetime:
        """Return when a vehicle that drives now left its last stop, to a second."""
        low, high = stopped, self.world.state(spec.vehicle_id).time
        trip_id = self.world.state(spec.vehicle_id).trip_id
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            (state,) = self.world.track(spec.vehicle_id, middle, middle)
            if state.trip_id == trip_id:
                high = middle
            else:
                low = middle
        return high

    async def _way(self, request: web.Request) -> web.StreamResponse:
        """POST carriers/way: where vehicles were."""
        given = await self._json_object(request)
        specs = self._vehicles_list(given)
        start, end = self._window(given, longest=_LONGEST)
        end = min(end, self.clock())
        if end < start:
            return self._success([])
        # A window of a day has a point a minute, a longer one as many.
        step = _WAY_STEP * max(1, -(-(end - start) // timedelta(days=1)))
        return self._success(
            [
                self._shapes.way(state)
                for spec in specs
                for state in self.world.track(spec.vehicle_id, start, end, step)
            ]
        )

    async def _consumption(self, request: web.Request) -> web.StreamResponse:
        """POST carriers/consumption: what vehicles drove and burnt in a window."""
        given = await self._json_object(request)
        specs = self._vehicles_list(given)
        start, end = self._window(given, longest=_LONGEST)
        now = self.clock()
        return self._success(
            [
                self._shapes.consumption(
                    spec,
                    self.world.state(spec.vehicle_id, min(start, now)),
                    self.world.state(spec.vehicle_id, min(end, now)),
                    secondary=spec.vehicle_id in self.secondary_source,
                )
                for spec in specs
            ]
        )

    @property
    def _shapes(self) -> Shapes:
        date_format = None if self.date_format == ISO else self.date_format
        return Shapes(ZoneInfo(self.zone), self.skew, date_format)

    def _allowed(self, carrier: object) -> VehicleSpec:
        """Return the vehicle a request names; 401 for one it may not see."""
        if isinstance(carrier, bool) or not isinstance(carrier, int):
            raise self._failure(400, "InvalidCarrierId")
        vehicle_id = self.vehicle_id(carrier)
        if vehicle_id is None or vehicle_id in self.foreign:
            raise self._failure(401, "Unauthorized")
        return self.world.vehicles[vehicle_id]

    def _vehicles_list(self, given: Mapping[str, object]) -> Sequence[VehicleSpec]:
        carriers = given.get("vehiclesList")
        if not isinstance(carriers, list) or not 0 < len(carriers) <= _MOST_VEHICLES:
            raise self._failure(400, "InvalidVehiclesList")
        return [self._allowed(carrier) for carrier in carriers]

    def _window(
        self, given: Mapping[str, object], *, longest: timedelta | None = None
    ) -> tuple[datetime, datetime]:
        """Return a request's window of company-local times."""
        # Of the two hours of autumn that are called the same both are inside.
        start = self._moment(given.get("startDate"), fold=0)
        end = self._moment(given.get("endDate"), fold=1)
        if end < start or (longest is not None and end - start > longest):
            raise self._failure(400, "InvalidPeriod")
        return start, end

    def _moment(self, value: object, *, fold: int) -> datetime:
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            raise self._failure(400, "InvalidDate") from None
        # The vendor's own example has a Z, and says that times are local.
        local = found.replace(tzinfo=ZoneInfo(self.zone), fold=fold)
        return self.meant(local.astimezone(UTC))

    async def _json_object(self, request: web.Request) -> Mapping[str, object]:
        try:
            given = json.loads(await request.read())
        except ValueError:
            raise self._failure(400, "InvalidRequest") from None
        if not isinstance(given, dict):
            raise self._failure(400, "InvalidRequest")
        return given

    def _success(self, payload: object) -> web.Response:
        return self._envelope(200, payload, reasons=[])

    def _failure(
        self, status: int, reason: str, *, headers: Mapping[str, str] | None = None
    ) -> Refused:
        reasons: list[object] = [{"errorCode": reason, "errorParameters": []}]
        return Refused(self._envelope(status, None, reasons, headers))

    def _envelope(
        self,
        status: int,
        payload: object,
        reasons: Sequence[object],
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        answer: object = {
            "payload": payload,
            "correlationId": str(uuid4()),
            "failureReasons": reasons,
            "isSuccess": not reasons,
        }
        return web.json_response(
            pascal(answer) if self.pascal_case else answer,
            status=status,
            headers=headers,
        )
