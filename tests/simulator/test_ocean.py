"""Ocean as its page has it: login, customers, vehicles, the nearest and the past."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, override
from zoneinfo import ZoneInfo

import pytest

from custom_components.fleet_telematics.providers.demo.world import PARIS, World
from simulator.ocean import BASES, START_CODE, STOP_CODE, OceanServer
from simulator.ocean_json import DateForm, hides_private, is_machine, tool_id

from .client import Client

LOGIN = "/auth/authenticate2"
POSITIONS = "/mobility/v1/vehiclePositions"
ENTITIES = "/mobility/v1/entities"
SHEET = "/mobility/v1/ficheJour"
VEHICLES = "/vehicule_engin/vehicles"
NEAREST = "/vehicule_engin/nearestVehicles"
SEARCH = "/positions/search"
EVENTS = "/evenement/lastEvent"
TOOLS = "/materiel/list"
TOOL_POSITIONS = "/materiel/lastPosition"
READS = (POSITIONS, ENTITIES, SHEET, VEHICLES, SEARCH, EVENTS, TOOLS, TOOL_POSITIONS)
ZONE = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
CODES = {
    *("STOPPED", "STOP_ACTION", "TRAVELING", "WAITING", "START_ACTION", "ENGINE_UP"),
    *("UNDEFINED", "UNDEFINED_STATE", "OUT_OF_ORDER", "PRIVACY"),
}


class TokenClient(Client):
    """Sends Ocean's header."""

    @property
    @override
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"X-AUTH-TOKEN": str(self.token)}


@pytest.fixture
def moments() -> list[datetime]:
    """The time, to be moved."""
    return [NOW]


@pytest.fixture
def world(moments: list[datetime]) -> World:
    """A world that moves on demand."""
    return World(city=PARIS, vehicles=10, clock=lambda: moments[0])


@pytest.fixture
async def client(ocean_server: OceanServer) -> AsyncGenerator[TokenClient]:
    """Return a client that has logged in."""
    async with TokenClient(ocean_server) as client:
        await log_in(client)
        yield client


async def log_in(client: Client) -> Any:
    """Log in, keep the token and return the answer."""
    given = client.server.credentials
    status, answer = await client.post(
        LOGIN, {"login": given["username"], "password": given["password"]}
    )
    assert status == 201
    client.token = answer["token"]
    return answer


async def ask(client: Client, path: str, **params: object) -> Any:
    """Return the answer of a GET that must succeed."""
    status, answer = await client.get(
        path, {name: str(value) for name, value in params.items()}
    )
    assert status == 200, answer
    return answer


def iso(moment: datetime) -> str:
    """Return a time as the vendor writes and reads it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_a_token_lives_for_twelve_hours(
    ocean_server: OceanServer, moments: list[datetime]
) -> None:
    """By the vendor's clock; then only a login helps."""
    ocean_server.password_days = 3
    async with TokenClient(ocean_server) as client:
        answer = await log_in(client)
        assert answer["passwordExpirationRemainingDays"] == 3
        moments[0] += timedelta(hours=12) - timedelta(seconds=1)
        assert (await client.get(VEHICLES))[0] == 200
        moments[0] += timedelta(seconds=1)
        status, error = await client.get(VEHICLES)
        assert (status, set(error)) == (401, {"oceanStatus", "message"})
        await log_in(client)
        assert (await client.get(VEHICLES))[0] == 200


async def test_login_checks_what_it_is_given(ocean_server: OceanServer) -> None:
    """Nothing of it is recorded."""
    async with TokenClient(ocean_server) as client:
        for body, expected in (
            ({"login": ocean_server.credentials["username"], "password": "x"}, 401),
            ({"login": "x"}, 400),
            (["x"], 400),
        ):
            assert (await client.post(LOGIN, body))[0] == expected
    assert [one.body for one in ocean_server.requests] == [None, None, None]


async def test_a_token_belongs_in_its_header(
    client: TokenClient, ocean_server: OceanServer
) -> None:
    """Without it every call is 401; in the address it is refused."""
    for path in READS:
        params = {"token": str(client.token)}
        assert (await client.get(path, params))[0] == 401
    client.token = None
    for path in READS:
        assert (await client.get(path))[0] == 401
    assert [one.authorized for one in ocean_server.requests][-1] is False


async def test_either_base_may_be_missing(
    client: TokenClient, ocean_server: OceanServer
) -> None:
    """The older path answers like the newer one."""
    root = ocean_server.url.removesuffix(BASES[0])
    for gone, left in (BASES, BASES[::-1]):
        ocean_server.bases = {left}
        assert (await client.get(f"{root}{left}{ENTITIES}"))[0] == 200
        assert (await client.get(f"{root}{gone}{ENTITIES}"))[0] == 404
        assert (await client.get(f"{root}{ENTITIES}"))[0] == 404


async def test_users_of_several_customers_name_one(
    client: TokenClient, ocean_server: OceanServer
) -> None:
    """Every call needs the right number."""
    ocean_server.multi_client = True
    for path in READS:
        assert (await client.get(path))[0] == 403
        assert (await client.get(path, {"customerId": "1"}))[0] == 403
    right = str(ocean_server.customer_id)
    assert (await client.get(POSITIONS, {"customerId": right}))[0] == 200


async def test_positions_are_the_worlds(
    client: TokenClient, ocean_server: OceanServer, world: World
) -> None:
    """Numbers, texts, placeholders or nothing, and a state in one of ten words."""
    ocean_server.without_position = {next(iter(world.vehicles))}
    told = (await ask(client, POSITIONS))["vehicles"]
    assert {one["id"] for one in told} == {str(one) for one in world.vehicles}
    kinds = set()
    for one in told:
        spec = world.vehicles[int(one["id"])]
        state = world.state(spec.vehicle_id)
        assert (one["immat"], one["marque"]) == (spec.plate, spec.make)
        place = one["position"]
        if spec.vehicle_id in ocean_server.without_position:
            assert place is None
            continue
        assert place["etat"] in CODES
        kinds.add(type(place["latitudeY"]))
        if place["gpsCale"] and place["latitudeY"] is not None:
            assert float(place["latitudeY"]) == pytest.approx(state.latitude, abs=1e-6)
            assert float(place["longitudeX"]) == pytest.approx(
                state.longitude, abs=1e-6
            )
        if state.speed > 0 and not state.private and place["gpsCale"]:
            assert place["etat"] in {"TRAVELING", "START_ACTION"}
        assert place["date"] == iso(state.time)
    assert {float, str} <= kinds
    ocean_server.vehicle_positions = False
    assert (await client.get(POSITIONS))[0] == 404


async def test_no_fix_is_a_placeholder(
    client: TokenClient, ocean_server: OceanServer, world: World
) -> None:
    """Latitude 85 or 0, whose state is undefined in two spellings."""
    ocean_server.without_fix = set(world.vehicles)
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, False)
        world.set_online(vehicle_id, True)
    told = [one["position"] for one in (await ask(client, POSITIONS))["vehicles"]]
    assert {one["latitudeY"] for one in told} == {0.0, 85.0}
    assert {one["gpsCale"] for one in told} == {False}
    assert {one["etat"] for one in told} == {"UNDEFINED", "UNDEFINED_STATE"}


async def test_states_have_all_their_words(
    client: TokenClient, world: World, moments: list[datetime]
) -> None:
    """Within some hours, and two commands, each of the others is seen."""
    words = set()
    for minute in range(240):
        moments[0] = NOW + timedelta(minutes=minute)
        client.token = client.server.issue_token()
        words |= {
            one["position"]["etat"]
            for one in (await ask(client, POSITIONS))["vehicles"]
        }
        if minute == 230:
            first, second, *_ = world.vehicles
            world.set_private(first, True)
            world.set_online(second, False)
            world.set_private(second, False)
    assert words >= {"STOPPED", "STOP_ACTION", "TRAVELING", "START_ACTION"}
    assert words >= {"PRIVACY", "OUT_OF_ORDER"}
    assert words & {"WAITING", "ENGINE_UP"}
    assert words <= CODES


async def test_private_vehicles_may_still_be_told_of(
    client: TokenClient, world: World
) -> None:
    """The word is PRIVACY; the place is left out of some only."""
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, True)
    told = (await ask(client, POSITIONS))["vehicles"]
    assert {one["position"]["etat"] for one in told} == {"PRIVACY"}
    for one in told:
        hidden = one["position"]["latitudeY"] is None
        assert hidden == hides_private(int(one["id"]))
    documents = await ask(client, VEHICLES)
    assert all(one["vehicle"]["privacyEnabled"] for one in documents)


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("iso", datetime.fromisoformat),
        ("epoch", lambda value: datetime.fromtimestamp(value / 1000, UTC)),
        ("french", lambda value: datetime.strptime(value, "%d/%m/%Y %H:%M:%S %z")),
    ],
)
async def test_times_come_in_three_forms(
    client: TokenClient,
    ocean_server: OceanServer,
    world: World,
    form: str,
    read: Callable[[Any], datetime],
) -> None:
    """Each is the vendor's clock; a position's French time is in two fields."""
    ocean_server.date_form = DateForm(form)
    ocean_server.skew = timedelta(minutes=3)
    for one in (await ask(client, POSITIONS))["vehicles"]:
        place = one["position"]
        value = place["date"]
        if form == "french":
            value = f"{value} {place['heure']}"
        truth = world.state(int(one["id"])).time + timedelta(minutes=3)
        assert abs(read(value) - truth) < timedelta(seconds=1)
    document = (await ask(client, VEHICLES))[0]
    local = read(document["releve"]["dateReleve"]).astimezone(ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    assert local == midnight or not world.state(document["vehicle"]["id"]).online


async def test_vehicles_have_the_documents_shape(
    client: TokenClient, world: World
) -> None:
    """Readings are kilometres, or hours of machines, of midnight and of now."""
    documents = await ask(client, VEHICLES)
    assert len(documents) == 10
    midnight = NOW.astimezone(ZONE).replace(hour=0, minute=0).astimezone(UTC)
    adjusted = 0
    for one in documents:
        assert set(one) == {
            *("boitier", "chauffeur", "emissionCo2", "entite", "releve"),
            *("releveAjuste", "vehicle", "visites"),
        }
        vehicle_id = one["vehicle"]["id"]
        spec = world.vehicles[vehicle_id]
        assert one["vehicle"]["immatriculation"] == spec.plate
        assert one["vehicle"]["vin"] == spec.vin
        assert len(one["vehicle"]) == 39
        machine = is_machine(vehicle_id)
        assert one["vehicle"]["categorie"] == ("ENGIN" if machine else "VEHICULE")
        for reading, at in (("releve", midnight), ("releveAjuste", NOW)):
            if one[reading] is None:
                continue
            adjusted += reading == "releveAjuste"
            state = world.state(vehicle_id, at)
            truth = state.engine_hours if machine else state.odometer
            assert one[reading]["value"] == pytest.approx(truth, abs=0.05)
    assert 0 < adjusted < 10
    assert any(is_machine(one) for one in world.vehicles)
    assert {one["chauffeur"] is None for one in documents} == {True, False}
    visits = [visit for one in documents for visit in one["visites"]]
    assert any(visit["compteurPrevu"] for visit in visits)
    assert all(
        datetime.fromisoformat(visit["datePrevue"]) > NOW
        for visit in visits
        if visit["datePrevue"]
    )
    plate = documents[3]["vehicle"]["immatriculation"]
    assert await ask(client, VEHICLES, immatriculation=plate) == [documents[3]]
    assert (await client.get(VEHICLES, {"includeFields": "vehicle"}))[0] == 400


async def test_entities_are_the_groups(client: TokenClient, world: World) -> None:
    """Vehicles refer to them by id."""
    entities = (await ask(client, ENTITIES))["entities"]
    assert {one["nom"] for one in entities} == {
        spec.group for spec in world.vehicles.values()
    }
    documents = await ask(client, VEHICLES)
    assert {one["entite"]["id"] for one in documents} == {one["id"] for one in entities}


async def nearest(
    client: TokenClient, mode: str, unit: str, **params: object
) -> tuple[int, Any]:
    """Ask for the nearest vehicles."""
    return await client.send(
        "POST",
        NEAREST,
        params={name: str(value) for name, value in params.items()},
        json={"computeMode": mode, "radiusUnit": unit},
    )


async def test_the_nearest_are_sorted_by_distance(
    client: TokenClient, world: World
) -> None:
    """As the crow flies all within the radius, by road so many with times."""
    here = {"latitude": 48.8566, "longitude": 2.3522}
    status, crow = await nearest(client, "VOL_OISEAU", "KILOMETER", radius=200, **here)
    assert status == 200
    distances = [one["distance"] for one in crow]
    assert distances == sorted(distances)
    assert len(crow) > 5
    for one in crow:
        state = world.state(one["vehicle"]["id"])
        assert one["address"]["latitude"] == pytest.approx(state.latitude, abs=1e-6)
        assert one["duration"] is one["eta"] is None
        assert one["etatMobile"] in CODES
    radius = int(distances[2]) + 1
    _, close = await nearest(client, "VOL_OISEAU", "KILOMETER", radius=radius, **here)
    assert [one["distance"] for one in close] == [
        one for one in distances if one <= radius
    ]
    status, road = await nearest(
        client, "PAR_ROUTE", "METER", radius=200_000, resultsLimit=3, **here
    )
    assert (status, len(road)) == (200, 3)
    for one in road:
        assert one["distance"] > 1000 * distances[0]
        eta = datetime.fromisoformat(one["eta"])
        assert (eta - NOW).total_seconds() == pytest.approx(one["duration"], abs=1)


async def test_the_nearest_refuses_nonsense(client: TokenClient) -> None:
    """Modes, units, places and limits are checked."""
    here: dict[str, object] = {"latitude": 48.8, "longitude": 2.3, "radius": 5}
    assert (await nearest(client, "BY_BOAT", "KM", **here))[0] == 400
    assert (await nearest(client, "VOL_OISEAU", "PARSEC", **here))[0] == 400
    assert (await nearest(client, "VOL_OISEAU", "KM", radius=5))[0] == 400
    part = {**here, "radius": 5.5}
    assert (await nearest(client, "VOL_OISEAU", "KM", **part))[0] == 400
    assert (await nearest(client, "VOL_OISEAU", "KM", **here))[0] == 200
    for limit in (0, 11, "x"):
        status, _ = await nearest(client, "PAR_ROUTE", "KM", **here, resultsLimit=limit)
        assert status == 400
    assert (await nearest(client, "PAR_ROUTE", "KM", **here))[0] == 400


async def search(client: TokenClient, start: str, end: str, *plates: str) -> Any:
    """Ask for tracks."""
    params = [("immatriculation", plate) for plate in plates]
    return await client.send(
        "GET", SEARCH, params=[*params, ("startDate", start), ("endDate", end)]
    )


async def test_tracks_have_speed_and_distance(
    client: TokenClient, world: World
) -> None:
    """Several plates in one request, a point a minute, up to now."""
    specs = [
        spec
        for spec in world.vehicles.values()
        if world.state(spec.vehicle_id).online
        and not world.state(spec.vehicle_id).private
    ][:2]
    start = NOW - timedelta(hours=2)
    plates = [spec.plate for spec in specs]
    status, answer = await search(client, iso(start), iso(NOW), *plates, "XX-000-XX")
    assert status == 200
    told = {
        one["vehicle"]["immatriculation"]: one["positions"]
        for one in answer["positionsVehicles"]
    }
    assert list(told) == plates
    for spec in specs:
        points = told[spec.plate]
        assert points[-1]["timestamp"] == round(NOW.timestamp() * 1000)
        assert len(points) == 121
        for point in points:
            at = datetime.fromtimestamp(point["timestamp"] / 1000, UTC)
            (state,) = world.track(spec.vehicle_id, at, at)
            assert point["vitesseKmh"] == pytest.approx(state.speed, abs=0.1)
        metres = sum(point["distanceDepuisPosPrecMeter"] for point in points[1:])
        ends = [world.state(spec.vehicle_id, at).odometer for at in (start, NOW)]
        assert metres == pytest.approx((ends[1] - ends[0]) * 1000, abs=121)


async def test_tracks_leave_private_drives_out_on_request(
    client: TokenClient, world: World
) -> None:
    """Unless one asks for that, they are told."""
    spec = next(iter(world.vehicles.values()))
    world.set_private(spec.vehicle_id, private=True)
    window = [
        ("immatriculation", spec.plate),
        ("startDate", iso(NOW - timedelta(minutes=10))),
        ("endDate", iso(NOW)),
    ]
    states: dict[str, list[str]] = {}
    for private in ("", "true", "false"):
        params = [*window, *([("withPrivacy", private)] if private else [])]
        _, answer = await client.send("GET", SEARCH, params=params)
        (found,) = answer["positionsVehicles"]
        states[private] = [one["etat"] for one in found["positions"]]
    assert "PRIVACY" in states[""]
    assert states["true"] == states[""]
    assert "PRIVACY" not in states["false"]


@pytest.mark.parametrize(
    "wrong",
    ["2026-11-18", "2026-11-18T09:00:00Z", "2026-11-18T09:00:00.000", "18/11/2026"],
)
async def test_tracks_want_their_own_times(
    client: TokenClient, world: World, wrong: str
) -> None:
    """Other forms are 422, older times than two months and no plate are 400."""
    plate = next(iter(world.vehicles.values())).plate
    right = "2026-11-18T10:00:00.000+01:00"
    assert (await search(client, right, iso(NOW), plate))[0] == 200
    assert (await search(client, wrong, iso(NOW), plate))[0] == 422
    assert (await search(client, right, wrong, plate))[0] == 422
    assert (await search(client, right, iso(NOW)))[0] == 400
    old = iso(NOW - timedelta(days=63))
    assert (await search(client, old, iso(NOW), plate))[0] == 400
    assert (await search(client, iso(NOW), right, plate))[0] == 400


async def test_tracks_may_be_limited(
    client: TokenClient, ocean_server: OceanServer
) -> None:
    """A second request too soon is 429, other calls are not."""
    seconds = [0.0]
    ocean_server.timer = lambda: seconds[0]
    ocean_server.search_interval = 5.0
    assert (await search(client, iso(NOW), iso(NOW), "X"))[0] == 200
    assert (await search(client, iso(NOW), iso(NOW), "X"))[0] == 429
    assert (await client.get(POSITIONS))[0] == 200
    seconds[0] = 5.0
    assert (await search(client, iso(NOW), iso(NOW), "X"))[0] == 200


async def test_a_day_sheet_is_the_trips_of_a_day(
    client: TokenClient, ocean_server: OceanServer, world: World
) -> None:
    """Those that began between two midnights in Paris."""
    vehicle_id = next(iter(world.vehicles))
    start = datetime(2026, 11, 17, tzinfo=ZONE)
    trips = [
        trip
        for trip in world.trips(vehicle_id, start, start + timedelta(days=1))
        if trip.start.time >= start
    ]
    sheet = await ask(client, SHEET, vehId=vehicle_id, date="17/11/2026")
    assert len(sheet["fjRows"]) == len(trips) > 3
    for row, trip in zip(sheet["fjRows"], trips, strict=True):
        assert row["distanceMeter"] == pytest.approx(trip.distance * 1000, abs=0.5)
        assert row["dureeMs"] == pytest.approx(
            trip.duration.total_seconds() * 1000, abs=1
        )
        assert row["posDeb"]["date"] == iso(trip.start.time)
        assert (row["posDeb"]["etat"], row["posFin"]["etat"]) == ("start D", "stop A")
        assert (row["id"], row["type"]) == (trip.trip_id, "T")
    ocean_server.day_letters = True
    sheet = await ask(client, SHEET, vehId=vehicle_id, date="17/11/2026")
    assert sheet["fjRows"][0]["posFin"]["etat"] == "A"
    for wrong in ("2026-11-17", "31/02/2026", "7/11/2026"):
        params = {"vehId": str(vehicle_id), "date": wrong}
        assert (await client.get(SHEET, params))[0] == 422
    params = {"vehId": "1", "date": "17/11/2026"}
    assert (await client.get(SHEET, params))[0] == 404
    assert (await client.get(SHEET, {"date": "17/11/2026"}))[0] == 400


async def test_the_last_events_need_the_customers_codes(
    client: TokenClient, world: World
) -> None:
    """An object by vehicle; of two codes the newer event."""
    assert (await client.get(EVENTS))[0] == 400
    assert await ask(client, EVENTS, **{"codeEvenements[]": "nothing"}) == {}
    status, events = await client.send(
        "GET",
        EVENTS,
        params=[("codeEvenements[]", START_CODE), ("codeEvenements[]", STOP_CODE)],
    )
    assert status == 200
    assert events
    for name, event in events.items():
        last = world.trips(int(name), NOW - timedelta(days=1), NOW)[-1]
        assert event["detailEvenementLightDTO"]["code"] == STOP_CODE
        assert event["evenementLibelle"]
        assert event["vehicleEngin"]["id"] == int(name)
        assert event["date"] == iso(last.end.time)
        if event["address"] is not None:
            assert event["address"]["town"] == last.end.address.city


async def test_equipment_is_where_its_vehicle_is(
    client: TokenClient, world: World
) -> None:
    """A list, and positions of the same pieces."""
    tools = await ask(client, TOOLS)
    places = await ask(client, TOOL_POSITIONS)
    expected = [tool_id(one) for one in world.vehicles]
    assert [one["materiel"]["id"] for one in tools] == expected
    assert [one["materiel"]["id"] for one in places] == expected
    assert all(one["boxLightDTO"]["numeroSerieBoi"] for one in tools)
