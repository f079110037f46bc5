"""The Ocean provider, for answers that no well-behaved server gives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    RateLimited,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import Batch, Status, Vehicle
from custom_components.fleet_telematics.providers.ocean import Ocean

from .conftest import Clock, Connect
from .peer import (
    ENTITIES,
    EQUIPMENT,
    EQUIPMENT_POSITIONS,
    LOGIN,
    NEAREST,
    POSITIONS,
    SEARCH,
    VEHICLES,
    Peer,
    Seen,
)


def live(vehicle_id: object, plate: str, group: str = "North", **more: object) -> Any:
    """Return a row of vehiclePositions, 10 seconds old."""
    position = {
        "latitudeY": "48.8566",
        "longitudeX": "2.3522",
        "etat": "TRAVELING",
        "date": (datetime.now(UTC) - timedelta(seconds=10)).isoformat(),
        **more,
    }
    return {
        "id": vehicle_id,
        "immat": plate,
        "entityName": group,
        "position": position,
    }


def nearest(vehicle_id: int) -> Any:
    """Return a row of nearestVehicles."""
    return {
        "address": {"latitude": 48.8566, "longitude": 2.3522},
        "etatMobile": "WAITING",
        "vehicle": {"id": vehicle_id, "description": f"Van {vehicle_id}"},
    }


def record(vehicle_id: int, plate: str, group: str = "North") -> Any:
    """Return a row of vehicule_engin/vehicles."""
    return {
        "entite": {"id": 7, "nom": group},
        "releve": {"value": 1000 + vehicle_id},
        "vehicle": {"id": vehicle_id, "immatriculation": plate, "marque": "Renault"},
    }


FLEET = {"vehicles": [live("1", "AA-001-AA"), live("2", "BB-002-BB", "South")]}
RECORDS = [record(1, "AA-001-AA"), record(2, "BB-002-BB", "South")]


@pytest.fixture
def served(peer: Peer) -> Peer:
    """A server that has everything but equipment and speeds."""
    peer.serve(POSITIONS, FLEET)
    peer.serve(VEHICLES, RECORDS)
    peer.serve(
        ENTITIES, {"entities": [{"id": 7, "nom": "North"}, {"id": 8, "nom": "South"}]}
    )
    return peer


# Positions.


async def test_the_fleet_is_one_request(served: Peer, connect: Connect) -> None:
    """Whatever its size."""
    batch = await connect().positions()
    assert (list(batch.vehicles), batch.complete) == (["1", "2"], True)
    assert [seen.path for seen in served.seen] == [LOGIN, POSITIONS]
    assert batch.vehicles["1"].speed is None


@pytest.mark.parametrize(
    "answer", [None, {}, {"vehicles": None}, {"vehicles": {}}, [{"id": None}], "x"]
)
async def test_what_is_not_a_fleet_is_no_empty_fleet(
    served: Peer, connect: Connect, answer: object
) -> None:
    """Vehicles must not seem gone because of it."""
    served.serve(POSITIONS, answer)
    with pytest.raises(InvalidResponse):
        await connect().positions()


async def test_a_bare_list_is_a_fleet(served: Peer, connect: Connect) -> None:
    """And an empty one is an empty fleet."""
    served.serve(POSITIONS, FLEET["vehicles"])
    assert len((await connect().positions()).vehicles) == 2
    served.serve(POSITIONS, [])
    assert await connect().positions() == Batch(vehicles={}, complete=True)


# Where the server has no vehiclePositions.


@pytest.fixture
def old(served: Peer) -> Peer:
    """A server without vehiclePositions; its third vehicle has no record."""
    del served.answers[POSITIONS]
    served.serve(NEAREST, [nearest(1), nearest(3)])
    return served


async def test_a_server_without_positions_gives_the_nearest(
    old: Peer, connect: Connect
) -> None:
    """Named by their records, with the vehicles that are nowhere."""
    batch = await connect().positions()
    assert batch.complete
    assert set(batch.vehicles) == {"1", "2", "3"}
    first, second, third = (batch.vehicles[key] for key in ("1", "2", "3"))
    assert (first.name, first.plate, first.group) == ("AA-001-AA", "AA-001-AA", "North")
    assert (first.status, first.make) == (Status.IDLING, "Renault")
    assert (second.name, second.location) == ("BB-002-BB", None)
    assert (third.name, third.plate) == ("Van 3", None)
    seen = old.last(NEAREST)
    assert seen.method == "POST"
    assert seen.body == {"computeMode": "VOL_OISEAU", "radiusUnit": "M"}
    assert set(seen.query) == {"latitude", "longitude", "radius"}
    assert int(seen.query["radius"]) >= 20_000_000


async def test_that_is_remembered_for_a_day(
    old: Peer, connect: Connect, clock: Clock
) -> None:
    """The records are asked for once an hour, the missing resource once a day."""
    provider = connect()
    for _ in range(3):
        await provider.positions()
    assert (old.count(POSITIONS), old.count(NEAREST), old.count(VEHICLES)) == (1, 3, 1)
    clock.now += 25 * 3600
    old.serve(POSITIONS, FLEET)
    assert set((await provider.positions()).vehicles) == {"1", "2"}
    await provider.positions()
    assert (old.count(POSITIONS), old.count(NEAREST)) == (3, 3)


async def test_a_base_with_neither_is_not_found(old: Peer, connect: Connect) -> None:
    """And is not taken for an old server."""
    del old.answers[NEAREST]
    provider = connect()
    with pytest.raises(NotFound):
        await provider.positions()
    old.serve(POSITIONS, FLEET)
    assert len((await provider.positions()).vehicles) == 2


async def test_the_nearest_do_without_records_that_are_denied(
    old: Peer, connect: Connect
) -> None:
    """Then nobody knows whether they are all."""
    old.refuse(VEHICLES, 403)
    batch = await connect().positions()
    assert (set(batch.vehicles), batch.complete) == ({"1", "3"}, False)


async def test_records_that_are_denied_are_not_asked_for_at_each_poll(
    old: Peer, connect: Connect, clock: Clock
) -> None:
    """But now and then: rights are given, too."""
    old.refuse(VEHICLES, 403)
    provider = connect()
    for _ in range(3):
        await provider.positions()
    assert old.count(VEHICLES) == 1
    clock.now += 3600
    old.serve(VEHICLES, RECORDS)
    assert (await provider.positions()).complete


async def test_the_nearest_go_on_while_the_records_fail(
    old: Peer, connect: Connect, clock: Clock
) -> None:
    """With those of before; without any the names would be wrong."""
    provider = connect()
    old.refuse(VEHICLES, 500)
    with pytest.raises(Unreachable):
        await provider.positions()
    old.serve(VEHICLES, RECORDS)
    before = await provider.positions()
    old.refuse(VEHICLES, 500)
    clock.now += 3600
    assert await provider.positions() == before


# Details.


async def test_records_are_read_once_an_hour(
    served: Peer, connect: Connect, clock: Clock
) -> None:
    """However often they are asked for."""
    provider = connect()
    batch = await provider.details(["1", "9"])
    assert not batch.complete
    assert list(batch.vehicles) == ["1"]
    assert batch.vehicles["1"].odometer == 1001
    await provider.details(["1", "2"])
    assert served.count(VEHICLES) == 1
    clock.now += 3600
    await provider.details(["1"])
    assert served.count(VEHICLES) == 2
    assert not served.last(VEHICLES).query


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, AccessDenied),
        (404, NotFound),
        (500, Unreachable),
        (401, AuthenticationFailed),
    ],
)
async def test_records_that_cannot_be_read_are_an_error_of_their_own(
    served: Peer, connect: Connect, status: int, error: type[Exception]
) -> None:
    """The positions go on."""
    served.refuse(VEHICLES, status)
    provider = connect()
    with pytest.raises(error):
        await provider.details(["1"])
    assert len((await provider.positions()).vehicles) == 2


# Entities.


async def test_entities_can_be_chosen_once_they_were_read(
    served: Peer, connect: Connect
) -> None:
    """They are read beside the records."""
    provider = connect()
    assert provider.choices("entity") == {}
    await provider.details([])
    assert provider.choices("entity") == {"7": "North", "8": "South"}
    assert provider.choices("group") == {}


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_without_the_list_those_of_the_vehicles_can_be_chosen(
    served: Peer, connect: Connect, status: int
) -> None:
    """By name; the records do not suffer."""
    served.refuse(ENTITIES, status)
    provider = connect()
    await provider.positions()
    assert (await provider.details(["1"])).vehicles
    assert provider.choices("entity") == {"North": "North", "South": "South"}


@pytest.mark.parametrize("chosen", ["8", 8, "South", "south"])
async def test_a_chosen_entity_is_the_fleet(
    served: Peer, connect: Connect, chosen: object
) -> None:
    """By its id, or by its name where somebody typed that."""
    provider = connect({"entity": chosen})
    batch = await provider.positions()
    assert (list(batch.vehicles), batch.complete) == (["2"], True)
    await provider.positions()
    assert served.count(ENTITIES) == 1


async def test_a_chosen_entity_is_the_fleet_of_the_nearest_too(
    old: Peer, connect: Connect
) -> None:
    """Their records tell whose they are."""
    assert list((await connect({"entity": "8"}).positions()).vehicles) == ["2"]


async def test_a_name_is_enough_where_the_list_is_denied(
    served: Peer, connect: Connect
) -> None:
    """It is what can be chosen there."""
    served.refuse(ENTITIES, 403)
    batch = await connect({"entity": "South"}).positions()
    assert list(batch.vehicles) == ["2"]


# Speeds.


def moving(speed: float, age: timedelta = timedelta(), **vehicle: object) -> Any:
    """Return a row of positions/search."""
    sample = {
        "date": (datetime.now(UTC) - age).isoformat(),
        "vitesseKmh": speed,
        "etat": "TRAVELING",
    }
    return {"vehicle": vehicle, "positions": [sample]}


async def speeds(provider: Ocean) -> dict[str, float | None]:
    """Read the positions, the speeds, and the positions again."""
    vehicles = (await provider.positions()).vehicles
    await provider.details(list(vehicles))
    vehicles = (await provider.positions()).vehicles
    return {key: one.speed for key, one in vehicles.items()}


async def test_speeds_are_searched_where_the_user_wants_them(
    served: Peer, connect: Connect
) -> None:
    """For the last minutes, all plates in one request, private drives left out."""
    served.serve(
        SEARCH,
        {
            "positionsVehicles": [
                moving(50, idVehicule=1),
                moving(31.5, immatriculation="BB-002-BB"),
            ]
        },
    )
    assert await speeds(connect({"speed": True})) == {"1": 50, "2": 31.5}
    query = served.last(SEARCH).query
    assert query.getall("immatriculation") == ["AA-001-AA", "BB-002-BB"]
    start, end = (
        datetime.strptime(query[key], "%Y-%m-%dT%H:%M:%S.%f%z")
        for key in ("startDate", "endDate")
    )
    assert timedelta(minutes=1) < end - start < timedelta(minutes=10)
    assert abs(datetime.now(UTC) - end) < timedelta(seconds=5)
    assert query["withPrivacy"] == "false"
    assert served.count(SEARCH) == 1


async def test_speeds_are_not_searched_otherwise(
    served: Peer, connect: Connect
) -> None:
    """The option is off by default."""
    assert await speeds(connect()) == {"1": None, "2": None}
    assert served.count(SEARCH) == 0


async def test_records_stay_hourly_beside_speeds(
    served: Peer, connect: Connect, clock: Clock
) -> None:
    """Speeds have the pace of their option."""
    served.serve(SEARCH, {"positionsVehicles": []})
    provider = connect({"speed": True, "speed_interval": 120})
    assert provider.feeds[Feed.DETAILS].interval == timedelta(seconds=120)
    await provider.positions()
    for _ in range(4):
        await provider.details(["1", "2"])
        clock.now += 120
    assert (served.count(SEARCH), served.count(VEHICLES)) == (4, 1)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 3600),
        ({"speed_interval": 60}, 3600),
        ({"speed": True}, 300),
        ({"speed": True, "speed_interval": 60}, 60),
        ({"speed": True, "speed_interval": 5}, 300),
    ],
)
async def test_the_pace_of_the_details(
    connect: Connect, options: dict[str, object], seconds: int
) -> None:
    """An hour, or as the option says."""
    assert connect(options).feeds[Feed.DETAILS].interval == timedelta(seconds=seconds)


async def test_an_old_speed_is_none(served: Peer, connect: Connect) -> None:
    """As is one from the future."""
    served.serve(
        SEARCH,
        {
            "positionsVehicles": [
                moving(50, timedelta(minutes=8), idVehicule=1),
                moving(50, timedelta(minutes=-8), idVehicule=2),
            ]
        },
    )
    assert await speeds(connect({"speed": True})) == {"1": None, "2": None}


async def test_a_vehicle_that_stands_goes_at_none(
    served: Peer, connect: Connect
) -> None:
    """Until a speed is newer than its stop; a broken or private one tells nothing."""
    served.serve(
        POSITIONS,
        {
            "vehicles": [
                live("1", "A", etat="STOPPED"),
                live("2", "B", etat="STOPPED"),
                live("3", "C", etat="OUT_OF_ORDER"),
                live("4", "D", etat="PRIVACY"),
            ]
        },
    )
    served.serve(
        SEARCH,
        {
            "positionsVehicles": [
                moving(50, timedelta(minutes=2), idVehicule=1),
                moving(20, idVehicule=2),
                moving(90, idVehicule=4),
            ]
        },
    )
    found = await speeds(connect({"speed": True}))
    assert found == {"1": 0, "2": 20, "3": None, "4": None}
    assert served.last(SEARCH).query.getall("immatriculation") == ["A", "B", "C"]


async def test_a_large_fleet_is_searched_in_parts(
    served: Peer, connect: Connect
) -> None:
    """No address gets longer than servers take; the included vehicles alone count."""
    rows = [live(number, f"AA-{number:03}-AA") for number in range(1, 251)]
    served.serve(POSITIONS, {"vehicles": rows})
    served.serve(SEARCH, {"positionsVehicles": []})
    provider = connect({"speed": True})
    await provider.positions()
    await provider.details([str(number) for number in range(1, 241)])
    assert served.count(SEARCH) == 3
    assert all(len(seen.address) < 8000 for seen in served.seen)
    assert len(served.last(SEARCH).query.getall("immatriculation")) == 40


async def test_a_limit_of_the_search_stops_the_search_alone(
    served: Peer, connect: Connect
) -> None:
    """The vendor's pause is kept there; poll and records go on at once."""
    served.refuse(SEARCH, 429, {"Retry-After": "3600"})
    provider = connect({"speed": True})
    assert await speeds(provider) == {"1": None, "2": None}
    assert (await provider.details(["1"])).vehicles["1"].odometer == 1001
    assert len((await provider.positions()).vehicles) == 2
    assert served.count(SEARCH) == 1
    assert provider.connection.queue.sent_last_hour == len(served.seen)


async def test_a_limit_of_the_poll_stops_the_search_too(
    served: Peer, connect: Connect
) -> None:
    """The account's pause is everybody's."""
    served.serve(SEARCH, {"positionsVehicles": []})
    provider = connect({"speed": True})
    await provider.positions()
    served.refuse(POSITIONS, 429, {"Retry-After": "3600"})
    with pytest.raises(RateLimited):
        await provider.positions()
    with pytest.raises(RateLimited):
        await provider.details(["1"])
    assert served.count(SEARCH) == 0


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500])
async def test_a_search_that_fails_costs_the_speeds(
    served: Peer, connect: Connect, status: int
) -> None:
    """And nothing else."""
    served.refuse(SEARCH, status)
    assert await speeds(connect({"speed": True})) == {"1": None, "2": None}


@pytest.mark.parametrize("status", [403, 404])
async def test_speeds_do_without_records_that_are_denied(
    served: Peer, connect: Connect, status: int
) -> None:
    """The feed is offered, so its pace is kept."""
    served.refuse(VEHICLES, status)
    served.serve(SEARCH, {"positionsVehicles": [moving(50, idVehicule=1)]})
    assert (await speeds(connect({"speed": True})))["1"] == 50


# Equipment.

LISTED = [
    {
        "materiel": {"id": 1, "description": "Trailer"},
        "entiteLightDTO": {"nom": "South"},
    },
    {"materiel": {"id": 2, "reference": "R-2"}},
]
LOCATED = [
    {
        "materiel": LISTED[0],
        "positions": [
            {"latitude": 48.1, "longitude": 2.1, "gmtPosFormat": "14/07/2026 13:30:05"}
        ],
    }
]


@pytest.fixture
def equipped(served: Peer) -> Peer:
    """A server that has equipment as well."""
    served.serve(EQUIPMENT, LISTED)
    served.serve(EQUIPMENT_POSITIONS, LOCATED)
    return served


async def test_equipment_is_further_vehicles_where_the_user_wants_it(
    equipped: Peer, connect: Connect
) -> None:
    """Beside vehicles that have the same numbers."""
    batch = await connect({"equipment": True}).positions()
    assert (set(batch.vehicles), batch.complete) == (
        {"1", "2", "equipment_1", "equipment_2"},
        True,
    )
    assert batch.vehicles["equipment_1"].location is not None
    assert batch.vehicles["equipment_2"] == Vehicle(id="equipment_2", name="R-2")
    assert equipped.last(EQUIPMENT_POSITIONS).query.getall("materielIds") == ["1", "2"]
    assert set((await connect().positions()).vehicles) == {"1", "2"}


async def test_equipment_is_read_every_few_minutes(
    equipped: Peer, connect: Connect, clock: Clock
) -> None:
    """In between it is as it was."""
    provider = connect({"equipment": True})
    first = await provider.positions()
    assert await provider.positions() == first
    assert equipped.count(EQUIPMENT) == 1
    clock.now += 301
    await provider.positions()
    assert equipped.count(EQUIPMENT) == 2


async def test_equipment_belongs_to_entities(equipped: Peer, connect: Connect) -> None:
    """That without one belongs to none."""
    batch = await connect({"equipment": True, "entity": "8"}).positions()
    assert set(batch.vehicles) == {"2", "equipment_1"}


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_without_equipment_has_none(
    equipped: Peer, connect: Connect, status: int
) -> None:
    """Its fleet is complete."""
    equipped.refuse(EQUIPMENT, status)
    batch = await connect({"equipment": True}).positions()
    assert (set(batch.vehicles), batch.complete) == ({"1", "2"}, True)


@pytest.mark.parametrize("status", [403, 404])
async def test_the_obsolete_positions_may_go(
    equipped: Peer, connect: Connect, status: int
) -> None:
    """What the equipment is, is still known."""
    equipped.refuse(EQUIPMENT_POSITIONS, status)
    batch = await connect({"equipment": True}).positions()
    assert batch.vehicles["equipment_1"].name == "Trailer"
    assert batch.vehicles["equipment_1"].location is None


@pytest.mark.parametrize("path", [EQUIPMENT, EQUIPMENT_POSITIONS])
@pytest.mark.parametrize(
    "failure",
    [
        lambda seen: web.json_response({}, status=500),
        lambda seen: web.json_response({}, status=401),
        lambda seen: web.Response(text="<html>"),
        lambda seen: web.json_response({"materiel": 1}),
    ],
)
async def test_equipment_that_fails_is_as_it_was(
    equipped: Peer,
    connect: Connect,
    clock: Clock,
    path: str,
    failure: Callable[[Seen], web.Response],
) -> None:
    """Unless it never was; the vehicles do not suffer, and none seems gone."""
    provider = connect({"equipment": True})
    answer, equipped.answers[path] = equipped.answers[path], failure
    batch = await provider.positions()
    assert (set(batch.vehicles), batch.complete) == ({"1", "2"}, False)
    equipped.answers[path] = answer
    before = await provider.positions()
    equipped.answers[path] = failure
    clock.now += 301
    assert await provider.positions() == before
    assert "equipment_1" in before.vehicles
