"""Movens as its document has it: tokens, envelope, categories and vehicles."""

from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.fleet_telematics.providers.demo.world import ROME, World
from simulator.movens import MovensServer, TokenPlace
from simulator.movens_categories import category_of, picture
from simulator.movens_json import NEVER, NONE_YET, is_electric

from .client import Client

API = "/api/vehicle-admin/v1/vehicle-categories"
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def moments() -> list[datetime]:
    """The time, to be moved."""
    return [NOW]


@pytest.fixture
def world(moments: list[datetime]) -> World:
    """A world that moves on demand."""
    return World(city=ROME, vehicles=10, clock=lambda: moments[0])


@pytest.fixture
async def client(movens_server: MovensServer) -> AsyncGenerator[Client]:
    """Return a client with a pasted token."""
    async with Client(movens_server) as client:
        client.token = movens_server.issue_token()
        yield client


async def data(client: Client, path: str, params: Any = None) -> Any:
    """Return the data of a positive answer."""
    status, answer = await client.get(f"{API}{path}", params)
    assert (status, answer["Result"]) == (200, "OK"), answer
    return answer["Data"]


async def renewed(client: Client) -> str | None:
    """Return what a response's Authorization header holds."""
    async with client.session.get(
        client.address(f"{API}/tree"), headers=client.headers
    ) as response:
        assert response.status == 200
        return response.headers.get("Authorization")


def nodes(tree: list[Any]) -> Iterator[Any]:
    """Yield every node of a tree."""
    for node in tree:
        yield node
        yield from nodes(node["Children"] or [])


def claims(token: str) -> Any:
    """Read a token."""
    body = token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def token_in(place: TokenPlace, answer: Any, headers: Mapping[str, str]) -> object:
    """Return the token of a login's answer."""
    match place:
        case TokenPlace.DATA:
            return answer["Data"]
        case TokenPlace.HEADER:
            return headers["Authorization"].removeprefix("Bearer ")
    return answer["Data"][place.capitalize()]


@pytest.mark.parametrize("place", TokenPlace)
async def test_a_login_gives_a_token_somewhere(
    movens_server: MovensServer, place: TokenPlace
) -> None:
    """In one of four places; it ends when it says."""
    movens_server.token_place = place
    given = movens_server.credentials
    body = {"Username": given["username"], "Password": given["password"]}
    async with (
        Client(movens_server) as client,
        client.session.post(client.address(given["login_path"]), json=body) as response,
    ):
        answer = await response.json()
        assert (response.status, answer["Result"]) == (200, "OK")
        client.token = token_in(place, answer, response.headers)
        assert claims(str(client.token))["exp"] == NOW.timestamp() + 2 * 86_400
        assert await data(client, "/tree")
    assert movens_server.requests[0].body is None


async def test_wrong_credentials_are_a_negative_answer(
    movens_server: MovensServer,
) -> None:
    """Inside HTTP 200."""
    path = movens_server.credentials["login_path"]
    async with Client(movens_server) as client:
        status, answer = await client.post(path, {"Username": "x", "Password": "y"})
        assert (status, answer["Result"]) == (200, "ERR")
        assert answer["Message"].startswith("err_")
        assert (await client.get(f"{API}/tree"))[0] == 401


async def test_tokens_are_signed_and_end(
    client: Client, movens_server: MovensServer, moments: list[datetime]
) -> None:
    """Neither a changed nor an old token opens the door."""
    token = str(client.token)
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.x{signature[1:]}x", f"{head}.{body}.", "x", ""):
        client.token = forged
        assert (await client.get(f"{API}/tree"))[0] == 401
    client.token = token
    moments[0] += timedelta(days=2) - timedelta(seconds=1)
    assert (await client.get(f"{API}/tree"))[0] == 200
    moments[0] += timedelta(seconds=1)
    status, answer = await client.get(f"{API}/tree")
    assert (status, answer["Result"]) == (401, "ERR")
    client.token = movens_server.issue_token()
    assert (await client.get(f"{API}/tree"))[0] == 200
    await client.post("/_control/expire_tokens", {})
    assert (await client.get(f"{API}/tree"))[0] == 401


async def test_a_token_is_replaced_in_the_second_half_of_its_life(
    client: Client, movens_server: MovensServer, moments: list[datetime]
) -> None:
    """The old one works to its end, unless it is revoked."""
    old = client.token
    assert await renewed(client) is None
    moments[0] += timedelta(days=1)
    replacement = await renewed(client)
    assert replacement is not None
    word, _, client.token = replacement.partition(" ")
    assert word == "Bearer"
    assert claims(str(client.token))["exp"] == moments[0].timestamp() + 2 * 86_400
    assert await renewed(client) is None
    client.token = old
    movens_server.bearer_word = False
    movens_server.revoke_rotated = True
    bare = await renewed(client)
    assert bare is not None
    assert bare.count(".") == 2
    assert (await client.get(f"{API}/tree"))[0] == 401
    client.token = bare
    movens_server.rotate_within = 3 * 86_400
    assert await renewed(client) is not None


async def test_answers_may_come_without_their_envelope(
    client: Client, movens_server: MovensServer
) -> None:
    """A bare array is the same data; refusals keep the envelope."""
    tree = await data(client, "/tree")
    movens_server.bare = True
    assert await client.get(f"{API}/tree") == (200, tree)
    assert await client.get(f"{API}/99") == (200, {"Result": "ERR"})


async def test_the_tree_has_two_roots_and_labels_in_languages(
    client: Client,
) -> None:
    """Children know their parent; labels are JSON in a text."""
    tree = await data(client, "/tree")
    assert len(tree) == 2
    languages = []
    for root in tree:
        assert root["ParentID"] is None
        assert "ParentGuid" not in root
    for node in nodes(tree):
        languages.append(set(json.loads(node["Labels"])))
        for child in node["Children"] or []:
            assert child["ParentID"] == node["ID"]
            assert child["ParentGuid"] == node["Guid"]
    assert any(len(one) > 2 for one in languages)
    assert any("en" not in one for one in languages)
    empty = [node["Children"] for node in nodes(tree) if not node["Children"]]
    assert [] in empty
    assert None in empty
    assert (
        max(len(list(nodes([child]))) for root in tree for child in root["Children"])
        == 2
    )


async def test_subtrees_leaves_and_categories_agree_with_the_tree(
    client: Client,
) -> None:
    """Each is found by the tree's ids."""
    tree = await data(client, "/tree")
    everything = list(nodes(tree))
    for node in everything:
        (root,) = await data(client, f"/{node['ID']}/tree")
        assert root["Children"] == node["Children"]
        one = await data(client, f"/{node['ID']}")
        assert (one["ID"], one["Labels"]) == (node["ID"], node["Labels"])
        assert one["IsRoot"] == (node["ParentID"] is None)
        assert one["DeletionDate"] is None
    leaves = await data(client, "/list")
    assert {one["ID"] for one in leaves} == {
        node["ID"] for node in everything if not node["Children"]
    }
    assert await client.get(f"{API}/99") == (200, {"Result": "ERR"})
    assert (await client.get(f"{API}/abc"))[0] == 404


async def listed(client: Client) -> dict[int, Any]:
    """Return all vehicles as a client finds them: below the roots, and in them."""
    found: dict[int, Any] = {}
    for root in await data(client, "/tree"):
        for path in ("list-descendants-vehicles", "list-vehicles"):
            for one in await data(client, f"/{root['ID']}/{path}"):
                assert one["ID"] not in found
                found[one["ID"]] = one
    return found


async def test_vehicles_are_the_worlds(client: Client, world: World) -> None:
    """Each is in one category; levels, flags and times follow the world."""
    vehicles = await listed(client)
    assert set(vehicles) == set(world.vehicles)
    capacities = set()
    for number, one in vehicles.items():
        spec, state = world.vehicles[number], world.state(number)
        status = one["Status"]
        assert (one["LicensePlate"], one["VIN"]) == (spec.plate, spec.vin)
        assert one["CategoryID"] == category_of(number)
        assert one["Latitude"] == pytest.approx(state.latitude, abs=1e-6)
        assert one["OdometerKm"] == int(state.odometer)
        told = datetime.fromisoformat(one["LastPositionUpdate"])
        assert abs(told - state.time) < timedelta(seconds=1)
        present, absent = "FuelLevelPct", "EVBLevelPct"
        if is_electric(number):
            present, absent = absent, present
            assert one["FuelTankCapacity"] is None
        assert one[present] == pytest.approx(state.fuel_level, abs=0.001)
        assert one[absent] is None
        capacities.add(one["FuelTankCapacity"])
        assert status["IsOnTrip"] == (state.trip_id is not None)
        assert (one["CurrentTripGuid"] is not None) == status["IsOnTrip"]
        assert status["IsOnTripAndMoving"] == (state.speed > 0)
        assert status["IsLostContact"] != state.online
        assert status["ServiceBattery"] == pytest.approx(
            state.supply_voltage, abs=0.001
        )
        trips = world.trips(number, NOW - timedelta(days=1), NOW)
        ended = datetime.fromisoformat(status["LastTripEnd"])
        assert abs(ended - trips[-1].end.time) < timedelta(seconds=1)
        began = datetime.fromisoformat(status["LastTripStart"])
        assert (began > ended) == status["IsOnTrip"]
    assert None in capacities
    assert len(capacities) > 1
    texts = json.dumps(list(vehicles.values()))
    assert NEVER in texts
    assert NONE_YET in texts


async def test_the_two_lists_have_their_own_fields(client: Client) -> None:
    """Devices in one, garages in the other."""
    (leaf, *_) = await data(client, "/10/list-vehicles")
    assert set(leaf["Devices"][0]) == {"ID", "SerialNumber", "LastDeviceSync"}
    assert "NominalGarage" not in leaf
    (below, *_) = await data(client, "/1/list-descendants-vehicles")
    assert below["Devices"] is None
    assert below["NominalGarage"]
    assert await data(client, "/10/list-descendants-vehicles") == []
    assert await client.get(f"{API}/99/list-vehicles") == (200, {"Result": "ERR"})


async def test_flags_are_set_on_demand(
    client: Client, movens_server: MovensServer, world: World
) -> None:
    """Reserved, in maintenance, damaged, without a place, out of contact."""
    number = next(one for one in world.vehicles)
    world.set_online(number, False)
    movens_server.reserved = {number}
    movens_server.in_maintenance = {number}
    movens_server.damaged = {number}
    movens_server.without_position = {number}
    one = (await listed(client))[number]
    status = one["Status"]
    for flag in ("IsReserved", "IsInMaintenance", "IsPositionLost", "IsLostContact"):
        assert status[flag] is True
    assert one["IsDamaged"] is True
    assert one["IsOperative"] is False
    assert one["Latitude"] is one["Longitude"] is None
    assert status["CurrentReservationEnd"] > status["CurrentReservationMinStart"]
    assert status["LastMaintenanceEnd"] == NONE_YET


async def test_lists_may_have_pages(
    client: Client, movens_server: MovensServer
) -> None:
    """Asked again without the right parameter, the first page comes again."""
    whole = await data(client, "/1/list-descendants-vehicles")
    movens_server.page_size = 2
    first = await data(client, "/1/list-descendants-vehicles")
    assert first["Items"] == whole[:2]
    assert first["TotalCount"] == len(whole)
    assert await data(client, "/1/list-descendants-vehicles") == first
    pages = [
        (await data(client, "/1/list-descendants-vehicles", {"page": str(page)}))[
            "Items"
        ]
        for page in range(1, 5)
    ]
    assert [one for page in pages for one in page] == whole
    movens_server.page_parameter = None
    movens_server.list_field = "Rows"
    second = await data(client, "/1/list-descendants-vehicles", {"page": "2"})
    assert second["Rows"] == whole[:2]


async def test_categories_are_created_and_changed(client: Client) -> None:
    """A plain positive answer; the tree has them."""
    new = {"ParentID": 2, "Labels": '{"en":"Trucks"}', "Year": 2024}
    assert await client.post(API, new) == (200, {"Result": "OK"})
    (number,) = {one["ID"] for one in await data(client, "/list")} - {
        10,
        12,
        20,
        21,
        22,
    }
    one = await data(client, f"/{number}")
    assert (one["ParentID"], one["Year"], one["IsRoot"]) == (2, 2024, False)
    changed = {"ID": number, "ParentID": 1, "Labels": '{"en":"Lorries"}'}
    assert await client.post(API, changed) == (200, {"Result": "OK"})
    one = await data(client, f"/{number}")
    assert (one["ParentID"], one["Year"]) == (1, None)
    assert one["Labels"] == '{"en":"Lorries"}'


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"Labels": ""},
        {"Labels": {"en": "x"}},
        {"ID": 99, "Labels": "{}"},
        {"ID": "1", "Labels": "{}"},
        {"ParentID": 99, "Labels": "{}"},
        {"ID": 1, "ParentID": 10, "Labels": "{}"},
        {"ID": 1, "ParentID": 1, "Labels": "{}"},
    ],
)
async def test_wrong_categories_are_invalid_elements(
    client: Client, wrong: dict[str, object]
) -> None:
    """Labels are needed, ids have to exist, and nobody is his own ancestor."""
    before = await data(client, "/tree")
    status, answer = await client.post(API, wrong)
    assert (status, answer["Message"]) == (200, "err_InvalidElement")
    assert await data(client, "/tree") == before


async def test_deleting_has_its_reasons_not_to(client: Client) -> None:
    """Four refusals; what is deleted leaves the tree and keeps its date."""

    async def delete(number: int) -> Any:
        status, answer = await client.send("DELETE", f"{API}/{number}")
        assert status == 200
        return answer

    def error(message: str) -> dict[str, str]:
        return {"Result": "ERR", "Message": message}

    assert await delete(99) == error("err_ElementDoesNotExist")
    assert await delete(22) == {"Result": "ERR"}
    assert await delete(10) == error("err_CannotDeleteCategoryHasVehicles")
    assert await delete(1) == error("err_CannotDeleteCategoryHasVehicles")
    assert await delete(21) == {"Result": "OK"}
    assert await delete(21) == error("err_ElementAlreadyDeleted")
    assert 21 not in {node["ID"] for node in nodes(await data(client, "/tree"))}
    assert (await data(client, "/21"))["DeletionDate"] == "2026-11-18T09:30:00Z"


async def test_deleting_takes_descendants_along(client: Client) -> None:
    """A whole branch without vehicles goes."""
    await client.post(API, {"Labels": '{"en":"Root"}'})
    (root,) = [one["ID"] for one in await data(client, "/tree")][2:]
    await client.post(API, {"Labels": '{"en":"Leaf"}', "ParentID": root})
    ((leaf,),) = [
        [child["ID"] for child in one["Children"]]
        for one in await data(client, f"/{root}/tree")
    ]
    await client.send("DELETE", f"{API}/{root}")
    assert (await data(client, f"/{leaf}"))["DeletionDate"]


async def test_pictures_are_read_and_replaced(client: Client) -> None:
    """PNG in base64; some categories have none, nonsense is refused."""
    images = await data(client, "/10/images")
    assert b64decode(images["Image"]).startswith(PNG)
    assert len(images["ImageThumbnail"]) < len(images["Image"])
    assert await data(client, "/20/images") == {"Image": None, "ImageThumbnail": None}
    new = picture(5, 8)
    for name in ("image", "thumbnail"):
        path = f"{API}/20/{name}"
        assert await client.post(path, {"Base64String": new}) == (200, {"Result": "OK"})
        for wrong in ("not base64!", "", None):
            refused = await client.post(path, {"Base64String": wrong})
            assert refused == (200, {"Result": "ERR"})
        nobody = await client.post(f"{API}/99/{name}", {"Base64String": new})
        assert nobody == (200, {"Result": "ERR"})
    assert await data(client, "/20/images") == {"Image": new, "ImageThumbnail": new}


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        ("read", "GET", "/tree"),
        ("read", "GET", "/list"),
        ("vehicles", "GET", "/10/list-vehicles"),
        ("images", "GET", "/10/images"),
        ("edit", "POST", ""),
        ("delete", "DELETE", "/21"),
    ],
)
async def test_permissions_may_be_missing(
    client: Client,
    movens_server: MovensServer,
    permission: str,
    method: str,
    path: str,
) -> None:
    """403, or a negative answer; other permissions are not touched."""
    movens_server.denied = {permission}
    assert (await client.send(method, f"{API}{path}"))[0] == 403
    movens_server.deny_with_403 = False
    status, answer = await client.send(method, f"{API}{path}")
    assert (status, answer["Result"]) == (200, "ERR")
    movens_server.denied = {"read", "vehicles", "images", "edit", "delete"} - {
        permission
    }
    assert (await client.send(method, f"{API}{path}", json={}))[0] == 200
