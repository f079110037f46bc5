"""FleetGO's service, from the vendor's document and what working clients know of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
import json
import secrets
from typing import Final, override
from zoneinfo import ZoneInfo

from aiohttp import web

from custom_components.fleet_telematics.providers.demo.records import (
    TripRecord,
    VehicleSpec,
    VehicleState,
)
from custom_components.fleet_telematics.providers.demo.world import World

from .faults import reset
from .fleetgo_json import Shapes, group_id, vendor_id
from .server import Endpoint, Refused, Spacing, VendorServer

CREDENTIALS: Final = {
    "client_id": "simulator",
    "client_secret": "simulated-secret",
    "username": "dispatcher@example.com",
    "password": "correct-horse",
}
MFA_CODE: Final = "123456"
_LOGIN: Final = "/session/login"
_OPEN_PATHS: Final = frozenset(
    {_LOGIN, "/session/token", "/session/validateaccesstoken"}
)
_MOST_ROWS: Final = 500
_DAY: Final = timedelta(days=1)
_STEP: Final = timedelta(seconds=30)
_TRIP_STEP: Final = timedelta(seconds=30)
# For how long a vehicle stood on the way this is fine enough, and much quicker.
_STANDING_STEP: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ADMINISTRATION: Final = 700_001
_MESSAGES_A_SECOND: Final = 10_000

type Avl = tuple[VehicleSpec, VehicleState]


class FleetGoServer(VendorServer):
    """FleetGO for one account.

    Beside what every server has: `mfa` asks for a second factor, `refresh` may be
    switched off, `minimum_interval` drops requests that come faster (seconds, 0 is
    off), `denied` names resources that answer 403 ("avl", "trips",
    "equipment/getadministrations"), or 401 with `deny_with_401`. `flat_trips` gives
    trips the document's ends, `split_administrations` makes every group of
    vehicles an administration, `without_device` are vehicles (by the world's id)
    that have no tracker. With `trips_by_start` GetTrips lists what began in a window,
    and not what reaches into it; `most_rows` is the longest page of AVL records.
    Streams tell what is new every `stream_interval` seconds; without `avl_stream` the
    document's stream, of fleet objects, is not there, only that of messages.
    """

    key = "fleetgo"
    base_path = "/api"

    def __init__(
        self, world: World, credentials: Mapping[str, str] = CREDENTIALS
    ) -> None:
        """Serve a world's vehicles to one account."""
        super().__init__(world, credentials)
        self.mfa = False
        self.refresh = True
        self.minimum_interval = 0.0
        self.denied: set[str] = set()
        self.deny_with_401 = False
        self.flat_trips = False
        self.split_administrations = False
        self.without_device: set[int] = set()
        self.trips_by_start = False
        self.most_rows = _MOST_ROWS
        self.stream_interval = 5.0
        self.avl_stream = True
        # What was posted about trips, by trip id; it overlays what the world knows.
        self.saved_trips: dict[int, dict[str, object]] = {}
        self._created: list[int] = []
        self._refresh_tokens: set[str] = set()
        self._spacing = Spacing(lambda: self.timer())
        self._pages = _Pages(None, iter(()))
        self.control.commands["POST", "mfa"] = self._set_mfa

    @override
    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        return {
            ("POST", _LOGIN): self._login,
            ("POST", "/session/token"): self._refresh,
            ("GET", "/session/validateaccesstoken"): self._validate,
            ("GET", "/equipment/getfleet"): self._fleet,
            ("GET", "/equipment/getequipments"): self._equipments,
            ("GET", "/equipment/getequipment"): self._equipment,
            ("GET", "/equipment/getadministrations"): self._administrations,
            ("GET", "/avl/getavldata"): self._avl,
            ("GET", "/avl/subscribe"): self._subscribe,
            ("GET", "/equipment/subscribe"): self._subscribe_to_messages,
            ("GET", "/trips/gettrips"): self._trips,
            ("POST", "/trips"): self._save_trip,
        }

    @override
    def is_login(self, path: str) -> bool:
        return path.removeprefix(self.base_path).startswith("/session/")

    @override
    def vendor_id(self, vehicle_id: int) -> int:
        return vendor_id(vehicle_id)

    @override
    def change_credentials(self, **changes: str) -> None:
        super().change_credentials(**changes)
        self._refresh_tokens.clear()

    @override
    async def admit(self, request: web.Request, path: str) -> None:
        if self.minimum_interval and not self._spacing.allows(self.minimum_interval):
            # "Excess requests will be dropped": no answer at all.
            raise Refused(reset(request))
        if path in _OPEN_PATHS:
            return
        if not self.bearer_is_valid(request):
            raise web.HTTPUnauthorized(text="Invalid authentication")
        resource = path.strip("/")
        if {resource, resource.partition("/")[0]} & self.denied:
            if self.deny_with_401:
                raise web.HTTPUnauthorized(text="Invalid authentication")
            raise web.HTTPForbidden(text="Insufficient permissions")

    # Session.

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """POST /Session/Login."""
        given = await _json_object(request)
        if any(not isinstance(given.get(key), str) for key in CREDENTIALS):
            raise web.HTTPBadRequest(text=f"Required: {', '.join(CREDENTIALS)}")
        if any(given[key] != self.credentials[key] for key in CREDENTIALS):
            raise web.HTTPUnauthorized(text="Invalid authentication")
        if self.mfa:
            if given.get("user_token_type") is None:
                return web.json_response(_login_result("MfaRequired"))
            if given.get("user_token") != MFA_CODE:
                return web.json_response(_login_result("UserTokenRequired"))
        return self._logged_in()

    async def _refresh(self, request: web.Request) -> web.StreamResponse:
        """POST /session/token, in JSON or as a form."""
        if not self.refresh:
            raise web.HTTPBadRequest(text="unsupported_grant_type")
        given: Mapping[str, object]
        if request.content_type == "application/json":
            given = await _json_object(request)
        else:
            given = dict(await request.post())
        client = ("client_id", "client_secret")
        token = str(given.get("refresh_token"))
        if given.get("grant_type") != "refresh_token":
            raise web.HTTPBadRequest(text="unsupported_grant_type")
        if token not in self._refresh_tokens or any(
            given.get(key) != self.credentials[key] for key in client
        ):
            raise web.HTTPUnauthorized(text="Invalid authentication")
        self._refresh_tokens.remove(token)
        return self._logged_in()

    def _logged_in(self) -> web.Response:
        refresh_token = secrets.token_urlsafe(32)
        self._refresh_tokens.add(refresh_token)
        return web.json_response(
            {
                "token_type": "Bearer",
                "access_token": self.issue_token(),
                "refresh_token": refresh_token,
                "expires_in": self.token_lifetime,
                **_login_result("Success"),
            }
        )

    async def _validate(self, request: web.Request) -> web.StreamResponse:
        """GET /Session/ValidateAccessToken."""
        return web.json_response(
            self.token_is_valid(_required(request, "accessToken", str))
        )

    def _set_mfa(self, given: Mapping[str, object]) -> object:
        self.mfa = bool(given.get("mfa", True))
        return {"mfa": self.mfa}

    # Equipment.

    async def _fleet(self, request: web.Request) -> web.StreamResponse:
        """GET /Equipment/GetFleet: every parameter is optional."""
        group = _optional(request, "groupId", int, 0)
        with_device = _optional(request, "hasDeviceOnly", _flag, False)
        return web.json_response(self._told(group, only_with_device=with_device))

    async def _equipments(self, request: web.Request) -> web.StreamResponse:
        """GET /Equipment/GetEquipments: both parameters are required."""
        group = _required(request, "groupId", int)
        with_device = _required(request, "hasDeviceOnly", _flag)
        return web.json_response(self._told(group, only_with_device=with_device))

    async def _equipment(self, request: web.Request) -> web.StreamResponse:
        """GET /Equipment/GetEquipment."""
        spec = self._spec(_required(request, "equipmentId", int))
        return web.json_response(self._element(spec))

    async def _administrations(self, request: web.Request) -> web.StreamResponse:
        """GET /Equipment/GetAdministrations."""
        return web.json_response(
            [
                {"Id": one, "Name": name}
                for one, name in sorted(self._administration_names().items())
            ]
        )

    def _told(self, group: int, *, only_with_device: bool) -> list[dict[str, object]]:
        """Return the vehicles of a group, 0 being all of them."""
        return [
            self._element(spec)
            for spec in self.world.vehicles.values()
            if group in (0, group_id(spec.group))
            and not (only_with_device and spec.vehicle_id in self.without_device)
        ]

    def _element(self, spec: VehicleSpec) -> dict[str, object]:
        return self._shapes.equipment(
            spec,
            self.world.state(spec.vehicle_id),
            self.clock(),
            has_device=spec.vehicle_id not in self.without_device,
        )

    @property
    def _shapes(self) -> Shapes:
        return Shapes(ZoneInfo(self.world.city.zone), self.skew)

    def _spec(self, equipment: int) -> VehicleSpec:
        vehicle_id = self.vehicle_id(equipment)
        if vehicle_id is None:
            raise web.HTTPNotFound(text="Resource not found")
        return self.world.vehicles[vehicle_id]

    def _administration(self, spec: VehicleSpec) -> int:
        if not self.split_administrations:
            return _ADMINISTRATION
        return _ADMINISTRATION + group_id(spec.group)

    def _administration_names(self) -> dict[int, str]:
        return {
            self._administration(spec): spec.group
            if self.split_administrations
            else self.world.city.name
            for spec in self.world.vehicles.values()
        }

    # Avl.

    async def _avl(self, request: web.Request) -> web.StreamResponse:
        """GET /Avl/GetAvlData: a page of every vehicle's track, by time."""
        administration = _required(request, "administrationId", int)
        if administration not in self._administration_names():
            raise web.HTTPNotFound(text="Resource not found")
        start, end = self._window(request)
        skip = _optional(request, "skip", int, 0)
        take = _optional(request, "take", int, self.most_rows)
        descending = _optional(request, "orderDescending", _flag, False)
        if skip < 0 or take < 1:
            raise web.HTTPBadRequest(text="skip and take count records")
        wanted = administration, start, end, descending
        # A client pages through one window: its first page reads it anew.
        if skip == 0 or self._pages.of != wanted:
            self._pages = _Pages(wanted, self._rows(*wanted))
        shapes = self._shapes
        page = self._pages.page(skip, min(take, self.most_rows))
        return web.json_response([shapes.avl(spec, state) for spec, state in page])

    def _rows(
        self, administration: int, start: datetime, end: datetime, descending: bool
    ) -> Iterator[Avl]:
        """Yield the track on a fixed grid of times, coarser for windows over a day."""
        end = min(end, self.clock())
        step = _STEP * max(1, -(-(end - start) // _DAY))
        first = _EPOCH + -(-(start - _EPOCH) // step) * step
        moments = range((end - first) // step + 1)
        specs = [
            spec
            for spec in self.world.vehicles.values()
            if self._administration(spec) == administration
        ]
        for number in reversed(moments) if descending else moments:
            moment = first + number * step
            for spec in reversed(specs) if descending else specs:
                for state in self.world.track(spec.vehicle_id, moment, moment):
                    yield spec, state

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        """GET /Avl/Subscribe: server-sent events, a heartbeat or fleet objects."""
        if not self.avl_stream:
            raise web.HTTPNotFound(text="Resource not found")
        group = _optional(request, "groupId", int, 0)
        seen: dict[object, object] = {}

        def news() -> list[object]:
            nonlocal seen
            told = self._told(group, only_with_device=True)
            found = [one for one in told if seen.get(one["Id"]) != one["Location"]]
            seen = {one["Id"]: one["Location"] for one in told}
            return [found] if found else []

        return await self._stream(request, news)

    async def _subscribe_to_messages(self, request: web.Request) -> web.StreamResponse:
        """GET /Equipment/Subscribe: server-sent events, a heartbeat or a message.

        It begins after `lastMessageId`, a day ago at most.
        """
        _optional(request, "accountId", int, 0)
        last = _optional(request, "lastMessageId", int, None)

        def news() -> list[object]:
            nonlocal last
            found = list(self._messages(last))
            last = found[-1][0] if found else last
            return [self._shapes.message(*one) for one in found]

        return await self._stream(request, news)

    def _messages(
        self, last: int | None
    ) -> Iterator[tuple[int, VehicleSpec, VehicleState]]:
        """Yield what trackers sent after a message, or just now; each with its id.

        An id is the second it was sent in and the vehicle's place in the fleet.
        """
        now = self.clock()
        start = now - _STEP
        if last is not None:
            heard = _EPOCH + timedelta(seconds=last // _MESSAGES_A_SECOND)
            start = max(heard, now - _DAY)
        moment = _EPOCH + -(-(start - _EPOCH) // _STEP) * _STEP
        while moment <= now:
            for place, spec in enumerate(self.world.vehicles.values()):
                number = int(moment.timestamp()) * _MESSAGES_A_SECOND + place
                if number > (last or 0) and spec.vehicle_id not in self.without_device:
                    for state in self.world.track(spec.vehicle_id, moment, moment):
                        yield number, spec, state
            moment += _STEP

    async def _stream(
        self, request: web.Request, news: Callable[[], Sequence[object]]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(_event("heartbeat"))
            while not self.stopping:
                for one in news() or ["heartbeat"]:
                    await response.write(_event(one))
                await self.pause(self.stream_interval)
            await response.write_eof()
        except ConnectionResetError:
            pass
        return response

    # Trips.

    async def _trips(self, request: web.Request) -> web.StreamResponse:
        """GET /Trips/GetTrips."""
        spec = self._spec(_required(request, "equipmentId", int))
        start, end = self._window(request)
        extended = _required(request, "extendedInfo", _flag)
        # A day more on both sides tells how long the vehicle stood at the ends.
        around = self.world.trips(spec.vehicle_id, start - _DAY, end + _DAY)
        step = _TRIP_STEP if extended else _STANDING_STEP
        shapes = self._shapes
        known = [
            _changed(
                shapes.trip(
                    spec,
                    trip,
                    self.world.track(
                        spec.vehicle_id, trip.start.time, trip.end.time, step
                    ),
                    parked=_parked(around, index),
                    extended=extended,
                    flat=self.flat_trips,
                ),
                self.saved_trips.get(trip.trip_id, {}),
            )
            for index, trip in enumerate(around)
            if (trip.start if self.trips_by_start else trip.end).time >= start
            and trip.start.time <= end
        ]
        created = [
            saved
            for trip_id in self._created
            if (saved := self.saved_trips[trip_id])["EquipmentId"]
            == self.vendor_id(spec.vehicle_id)
            and _lies_in(saved, start, end)
        ]
        return web.json_response(known + created)

    async def _save_trip(self, request: web.Request) -> web.StreamResponse:
        """POST /Trips: with a known Id an update, without one a new trip."""
        given = await _json_object(request)
        trip_id = given.get("Id")
        if trip_id is not None and not isinstance(trip_id, int):
            raise web.HTTPBadRequest(text="Id is a number")
        created = trip_id is None
        if trip_id is None:
            if not isinstance(equipment := given.get("EquipmentId"), int):
                raise web.HTTPBadRequest(text="EquipmentId is required")
            self._spec(equipment)
            trip_id = max(self.saved_trips, default=0) + 1
            self._created.append(trip_id)
        saved = _changed(self.saved_trips.get(trip_id, {}), {**given, "Id": trip_id})
        self.saved_trips[trip_id] = saved
        return web.json_response(saved, status=201 if created else 200)

    def _window(self, request: web.Request) -> tuple[datetime, datetime]:
        start = self.meant(_required(request, "from", _moment))
        end = self.meant(_required(request, "to", _moment))
        if end < start:
            raise web.HTTPBadRequest(text="from is after to")
        return start, end


class _Pages:
    """Rows that are worked out as far as somebody turned the pages."""

    def __init__(self, of: object, rows: Iterator[Avl]) -> None:
        """Page through `rows`; `of` tells what they are."""
        self.of = of
        self._coming = rows
        self._rows: list[Avl] = []

    def page(self, skip: int, take: int) -> list[Avl]:
        """Return so many rows."""
        missing = skip + take - len(self._rows)
        self._rows += islice(self._coming, max(0, missing))
        return self._rows[skip : skip + take]


def _login_result(kind: str) -> dict[str, object]:
    return {"login_result_type": kind}


def _changed(
    row: Mapping[str, object], changes: Mapping[str, object]
) -> dict[str, object]:
    """Return a trip with what was posted about it, also within its ends."""
    return {
        **row,
        **{
            key: {**known, **value}
            if isinstance(value, dict) and isinstance(known := row.get(key), dict)
            else value
            for key, value in changes.items()
        },
    }


def _lies_in(saved: Mapping[str, object], start: datetime, end: datetime) -> bool:
    """Say whether a trip that was posted has times, and a part in a window."""
    began, ended = _posted_time(saved, "From"), _posted_time(saved, "To")
    return bool(began and ended and began <= end and ended >= start)


def _posted_time(saved: Mapping[str, object], key: str) -> datetime | None:
    found = saved.get(key)
    try:
        return _moment(str(found.get("DateTime"))) if isinstance(found, dict) else None
    except ValueError:
        return None


def _parked(
    trips: Sequence[TripRecord], index: int
) -> tuple[timedelta | None, timedelta | None]:
    """Return how long the vehicle stood before and after one of its trips."""
    trip = trips[index]
    before = trip.start.time - trips[index - 1].end.time if index else None
    last = index + 1 == len(trips)
    return before, None if last else trips[index + 1].start.time - trip.end.time


def _event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


async def _json_object(request: web.Request) -> dict[str, object]:
    try:
        given = json.loads(await request.read())
    except ValueError:
        raise web.HTTPBadRequest(text="JSON is expected") from None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="A JSON object is expected")
    return given


def _flag(value: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if (found := words.get(value.lower())) is None:
        raise ValueError(value)
    return found


def _moment(value: str) -> datetime:
    """Read the document's ISO 8601; without an offset it is UTC."""
    found = datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _given(request: web.Request, name: str) -> str | None:
    """Return a parameter, whatever the case of its name."""
    for key, value in request.query.items():
        if key.lower() == name.lower():
            return value
    return None


def _required[T](request: web.Request, name: str, read: Callable[[str], T]) -> T:
    value = _given(request, name)
    if not value:
        raise web.HTTPBadRequest(text=f"{name} is required")
    return _read(name, value, read)


def _optional[T](
    request: web.Request, name: str, read: Callable[[str], T], default: T
) -> T:
    value = _given(request, name)
    return _read(name, value, read) if value else default


def _read[T](name: str, value: str, read: Callable[[str], T]) -> T:
    try:
        return read(value)
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} is malformed") from None
