"""The provider against a simulated Movens, compared with the truth it tells of."""

from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.base import Connection
from custom_components.fleet_telematics.providers.demo.world import ROME, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    NotFound,
    Rejected,
)
from custom_components.fleet_telematics.providers.movens import Movens
from custom_components.fleet_telematics.providers.transport import RequestQueue
from simulator.movens import MovensServer
from simulator.movens_categories import category_of, picture

# The world stands still, on a whole second as the vendor tells times; two of its
# vehicles stand, the others are on a trip.
NOW = datetime(2026, 7, 14, 9, 30, tzinfo=UTC)
CATEGORIES = "/api/vehicle-admin/v1/vehicle-categories"

pytestmark = pytest.mark.parametrize(
    "world",
    [{"city": ROME, "vehicles": 10, "clock": lambda: NOW}],
    indirect=True,
    ids=["rome"],
)


@pytest.fixture
async def provider(movens_server: MovensServer) -> AsyncIterator[Movens]:
    """A provider with an administrator's token."""
    async with aiohttp.ClientSession() as session:
        yield Movens(
            Connection(
                session=session,
                queue=RequestQueue(),
                data={
                    "url": movens_server.url,
                    "access_token": movens_server.issue_token(),
                },
            )
        )


async def test_last_trips_are_the_worlds(provider: Movens, world: World) -> None:
    """Of every vehicle that stands."""
    start = NOW - timedelta(hours=24)
    found = await provider.trips([str(one) for one in world.vehicles], start, NOW)
    expected = {}
    for vehicle_id in world.vehicles:
        state = world.state(vehicle_id)
        trips = world.trips(vehicle_id, state.time - timedelta(hours=24), state.time)
        if trips and state.trip_id is None and trips[-1].end.time >= start:
            expected[str(vehicle_id)] = trips[-1]
    assert {one.vehicle_id for one in found} == set(expected)
    assert len(expected) == 2
    for trip in found:
        truth = expected[trip.vehicle_id]
        assert trip.start is not None
        assert trip.end is not None
        assert abs(trip.start - truth.start.time) < timedelta(seconds=1)
        assert abs(trip.end - truth.end.time) < timedelta(seconds=1)
        assert trip.duration == trip.end - trip.start
        assert trip.distance is None


@pytest.mark.parametrize("bare", [False, True])
async def test_categories_are_the_tree(
    provider: Movens, movens_server: MovensServer, bare: bool
) -> None:
    """Whole in one request, a part of it with details in two."""
    movens_server.bare = bare
    found = {one["id"]: one for one in await provider.categories()}
    assert list(found) == [1, 10, 11, 12, 2, 20, 21, 22]
    assert [one["parent_id"] for one in found.values()] == [
        None,
        1,
        1,
        11,
        None,
        2,
        2,
        2,
    ]
    assert found[2]["labels"] == {"it": "Furgoni", "en": "Vans"}
    part = await provider.categories(10)
    assert part == (
        {
            "id": 10,
            "parent_id": 1,
            "labels": {
                "en": "Small van",
                "it": "Furgoncino",
                "nl": "Kleine bestelwagen",
            },
            "manufacturer": "Fiat",
            "model": "Doblò",
            "year": 2023,
            "seats": 2,
        },
    )
    assert [one["id"] for one in await provider.categories(1)] == [1, 10, 11, 12]
    assert len(movens_server.requests) == 5


async def test_a_category_lives(provider: Movens, movens_server: MovensServer) -> None:
    """Created, edited in a part, given a picture, deleted, and deleted no more."""
    await provider.save_category(
        {"labels": {"en": "Sedan"}, "parent_id": 2, "model": "Tipo", "seats": 5}
    )
    (created,) = (
        one for one in await provider.categories() if one["labels"] == {"en": "Sedan"}
    )
    number = created["id"]
    assert isinstance(number, int)
    await provider.save_category({"id": number, "labels": {"it": "Berlina"}})
    (found,) = await provider.categories(number)
    assert found == {
        "id": number,
        "parent_id": 2,
        "labels": {"it": "Berlina"},
        "manufacturer": None,
        "model": "Tipo",
        "year": None,
        "seats": 5,
    }
    large, small = (b64decode(picture(7, size)) for size in (16, 4))
    await provider.set_category_image(number, small, thumbnail=True)
    assert await provider.category_image(str(number)) == small
    await provider.set_category_image(number, large, thumbnail=False)
    assert await provider.category_image(str(number)) == large
    await provider.delete_category(number)
    assert number not in [one["id"] for one in await provider.categories()]
    with pytest.raises(Rejected) as caught:
        await provider.delete_category(number)
    assert caught.value.reason == "err_ElementAlreadyDeleted"


async def test_models_follow_an_edit(
    provider: Movens, world: World, movens_server: MovensServer
) -> None:
    """At the next poll, of every vehicle of the category."""
    vans = {str(one) for one in world.vehicles if category_of(one) == 10}
    before = (await provider.positions()).vehicles
    assert {before[one].model for one in vans} == {"Doblò"}
    await provider.save_category({"id": 10, "model": "Scudo"})
    after = (await provider.positions()).vehicles
    assert {after[one].model for one in vans} == {"Scudo"}
    assert {after[one].make for one in vans} == {"Fiat"}
    assert all(after[one] == before[one] for one in before.keys() - vans)


async def test_what_the_vendor_declines_has_its_word(
    provider: Movens, movens_server: MovensServer
) -> None:
    """Each of the document's, and none for a plain refusal."""
    for change, reason in (
        (provider.save_category({"labels": ""}), "err_InvalidElement"),
        (
            provider.save_category({"id": 99, "labels": {"en": "x"}}),
            "err_InvalidElement",
        ),
        (provider.delete_category(99), "err_ElementDoesNotExist"),
        (provider.delete_category(10), "err_CannotDeleteCategoryHasVehicles"),
        (provider.delete_category(22), None),
        (provider.set_category_image(99, b"x", thumbnail=False), None),
        (provider.categories(99), None),
    ):
        with pytest.raises(Rejected) as caught:
            await change
        assert caught.value.reason == reason
        assert caught.value.status == 200


async def test_rights_may_be_missing(
    provider: Movens, movens_server: MovensServer
) -> None:
    """Then nothing is changed."""
    movens_server.denied = {"edit", "delete"}
    with pytest.raises(AccessDenied):
        await provider.save_category({"id": 10, "model": "x"})
    movens_server.deny_with_403 = False
    with pytest.raises(Rejected) as caught:
        await provider.delete_category(21)
    assert caught.value.reason == "err_PermissionDenied"
    movens_server.denied = set()
    (found,) = await provider.categories(10)
    assert found["model"] == "Doblò"


async def test_any_other_call_answers_whole(
    provider: Movens, movens_server: MovensServer
) -> None:
    """The leaves of the tree, for instance, which nothing else asks for."""
    answer = await provider.call(f"{CATEGORIES}/list", {})
    assert isinstance(answer, dict)
    assert answer["Result"] == "OK"
    assert [one["ID"] for one in answer["Data"]] == [10, 12, 20, 21, 22]
    movens_server.page_size = 2
    answer = await provider.call(f"{CATEGORIES}/list", {"page": "2"})
    assert isinstance(answer, dict)
    assert [one["ID"] for one in answer["Data"]["Items"]] == [20, 21]
    with pytest.raises(NotFound):
        await provider.call("/api/vehicle-admin/v1/nothing", {})
