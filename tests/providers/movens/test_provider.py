"""The Movens provider: categories, their vehicles, their pictures."""

from base64 import b64encode
from datetime import timedelta

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import FieldKind
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import Batch
from custom_components.fleet_telematics.providers.movens import Movens
from custom_components.fleet_telematics.providers.movens.categories import MOST_DETAILS

from .conftest import Clock, Connect
from .peer import CATEGORIES, TREE, Peer, err, of, ok

PICTURE = b"\x89PNG\r\n\x1a\n\x00"
ENCODED = b64encode(PICTURE).decode()


def _row(vehicle_id: int, category: int = 1, **more: object) -> dict[str, object]:
    return {"ID": vehicle_id, "CategoryID": category, **more}


def _branch(category: int, *children: object, **labels: str) -> dict[str, object]:
    quoted = ", ".join(f'"{key}": "{value}"' for key, value in labels.items())
    return {"ID": category, "Labels": f"{{{quoted}}}", "Children": list(children)}


async def test_vehicles_of_every_root_are_listed_once(
    peer: Peer, connect: Connect
) -> None:
    """Those below a root and its own; one that is in both lists is one vehicle."""
    peer.serve(TREE, [_branch(1, _branch(2)), _branch(3)])
    for path, rows in zip(
        (*of(1), *of(3)),
        ([_row(10, 2)], [_row(11, 1), _row(10, 2)], [], [_row(12, 3), _row(11, 1)]),
        strict=True,
    ):
        peer.serve(path, rows)
    batch = await connect().positions()
    assert sorted(batch.vehicles) == ["10", "11", "12"]
    assert batch.complete
    assert [batch.vehicles[one].category for one in ("10", "11", "12")] == [
        "2",
        "1",
        "3",
    ]
    listings = [seen for seen in peer.seen if "list" in seen.path]
    assert [seen.path for seen in listings] == [*of(1), *of(3)]
    assert all(seen.query == {} for seen in peer.seen)


async def test_paged_list_is_followed(peer: Peer, connect: Connect) -> None:
    """The next page is asked for by the name that the answer gives it."""
    peer.fleet()
    peer.answers[of(1)[0]] = lambda seen: ok(
        {
            "Items": [_row(int(seen.query.get("PageIndex", "0")) + 10)],
            "PageIndex": int(seen.query.get("PageIndex", "0")),
            "TotalPages": 3,
        }
    )
    batch = await connect().positions()
    assert (sorted(batch.vehicles), batch.complete) == (["10", "11", "12"], True)
    queries = [seen.query for seen in peer.seen if seen.path == of(1)[0]]
    assert queries == [{}, {"PageIndex": "1"}, {"PageIndex": "2"}]


async def test_fleet_without_categories_is_empty(peer: Peer, connect: Connect) -> None:
    """Whether to believe it is not for the provider to say."""
    peer.serve(TREE, [])
    assert await connect().positions() == Batch(vehicles={}, complete=True)


async def test_tree_without_categories_is_not_kept(
    peer: Peer, connect: Connect
) -> None:
    """A vendor's short trouble does not stop the vehicles for an hour."""
    peer.fleet(_row(10))
    provider = connect()
    peer.serve(TREE, [])
    for _ in range(3):
        await provider.positions()
    peer.fleet(_row(10))
    assert list((await provider.positions()).vehicles) == ["10"]


@pytest.mark.parametrize(
    "refusal",
    [
        lambda: err("err_NotAllowed"),
        err,
        lambda: web.Response(status=403),
        lambda: web.Response(status=404),
    ],
)
async def test_declined_category_costs_itself_and_the_completeness(
    peer: Peer, connect: Connect, refusal: object
) -> None:
    """The others are read; nobody is taken for gone."""
    assert callable(refusal)
    peer.serve(TREE, [_branch(1), _branch(3)])
    for path in of(1):
        peer.answers[path] = lambda seen: refusal()
    peer.serve(of(3)[0], [])
    peer.serve(of(3)[1], [_row(12, 3)])
    batch = await connect().positions()
    assert (list(batch.vehicles), batch.complete) == (["12"], False)


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        (lambda: err("err_NotAllowed"), Rejected),
        (lambda: web.Response(status=403), AccessDenied),
        (lambda: web.Response(status=500), Unreachable),
        (lambda: ok("x"), InvalidResponse),
    ],
)
async def test_fleet_that_is_declined_whole_is_an_error(
    peer: Peer, connect: Connect, refusal: object, failure: type[Exception]
) -> None:
    """Nothing was read: that is no empty fleet."""
    assert callable(refusal)
    peer.fleet()
    for path in of(1):
        peer.answers[path] = lambda seen: refusal()
    with pytest.raises(failure):
        await connect().positions()


async def test_unreadable_rows_cost_the_completeness(
    peer: Peer, connect: Connect
) -> None:
    """In the lists and in the tree."""
    peer.fleet(_row(10), {"LicensePlate": "AA000AA"})
    batch = await connect().positions()
    assert (list(batch.vehicles), batch.complete) == (["10"], False)
    peer.fleet(_row(10))
    peer.serve(TREE, [_branch(1), {"Labels": "{}"}])
    batch = await connect().positions()
    assert (list(batch.vehicles), batch.complete) == (["10"], False)


async def test_tree_is_read_once_an_hour(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """Categories change rarely; logging in has read them already."""
    peer.fleet(_row(10))
    provider = connect()
    await provider.authenticate()
    await provider.positions()
    clock.now += 3599
    await provider.positions()
    assert peer.count(TREE) == 1
    clock.now += 2
    await provider.positions()
    assert peer.count(TREE) == 2


async def test_unknown_category_has_the_tree_read_again_once(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """One that the tree never lists is not a reason to read it at each poll."""
    peer.fleet(_row(10), _row(11, 99))
    peer.serve(f"{CATEGORIES}/99", {"ID": 99})
    provider = connect()
    for _ in range(4):
        await provider.positions()
    assert peer.count(TREE) == 2


async def test_vehicle_that_moved_to_a_new_root_is_found_at_the_next_poll(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """A vehicle that is missing is looked for in a tree that is up to date."""
    peer.fleet(_row(10), _row(11))
    provider = connect()
    assert sorted((await provider.positions()).vehicles) == ["10", "11"]
    peer.fleet(_row(10))
    peer.serve(TREE, [_branch(1), _branch(5)])
    peer.serve(of(5)[0], [])
    peer.serve(of(5)[1], [_row(11, 5)])
    peer.serve(f"{CATEGORIES}/5", {"ID": 5})
    assert sorted((await provider.positions()).vehicles) == ["10"]
    assert sorted((await provider.positions()).vehicles) == ["10", "11"]
    await provider.positions()
    assert peer.count(TREE) == 2


async def test_make_and_model_come_from_the_category(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """Asked for once a day; where it names no model its label is the model."""
    peer.serve(TREE, [_branch(1, _branch(2, it="Utilitaria"), en="Cars")])
    peer.serve(of(1)[0], [_row(10, 2), _row(11, 1), _row(12, 2)])
    peer.serve(of(1)[1], [])
    peer.serve(f"{CATEGORIES}/2", {"ID": 2, "Manufacturer": "FIAT", "Model": "Punto"})
    peer.serve(f"{CATEGORIES}/1", {"ID": 1, "Manufacturer": None, "Model": " "})
    provider = connect()
    vehicles = (await provider.positions()).vehicles
    assert [
        (vehicles[one].make, vehicles[one].model) for one in ("10", "11", "12")
    ] == [
        ("FIAT", "Punto"),
        (None, "Cars"),
        ("FIAT", "Punto"),
    ]
    clock.now += timedelta(hours=23).total_seconds()
    await provider.positions()
    assert peer.count(f"{CATEGORIES}/2") == 1
    clock.now += timedelta(hours=2).total_seconds()
    await provider.positions()
    assert peer.count(f"{CATEGORIES}/2") == 2


async def test_labels_are_in_the_users_language(peer: Peer, connect: Connect) -> None:
    """A language's variant is content with the language."""
    peer.serve(TREE, [_branch(1, en="Car", it="Auto")])
    peer.serve(of(1)[0], [_row(10)])
    peer.serve(of(1)[1], [])
    peer.serve(f"{CATEGORIES}/1", {})
    for language, model in (("it-IT", "Auto"), ("en", "Car"), ("fr", "Car")):
        provider = connect(language, access_token="pasted")
        assert (await provider.positions()).vehicles["10"].model == model


async def test_many_categories_are_read_over_several_polls(
    peer: Peer, connect: Connect
) -> None:
    """A poll is for positions: a few categories at a time are asked for."""
    known = range(1, 2 * MOST_DETAILS + 2)
    peer.serve(TREE, [_branch(1, *(_branch(one) for one in known[1:]))])
    peer.serve(of(1)[0], [_row(100 + one, one) for one in known])
    peer.serve(of(1)[1], [])
    for one in known:
        peer.serve(f"{CATEGORIES}/{one}", {"Manufacturer": f"Make {one}"})
    provider = connect()
    made = []
    for _ in range(4):
        vehicles = (await provider.positions()).vehicles.values()
        made.append(sum(vehicle.make is not None for vehicle in vehicles))
    assert made == [MOST_DETAILS, 2 * MOST_DETAILS, len(known), len(known)]
    assert all(peer.count(f"{CATEGORIES}/{one}") == 1 for one in known)


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_category_that_fails_costs_no_position(
    peer: Peer, connect: Connect, clock: Clock, status: int
) -> None:
    """It is asked for again in an hour; what was known of it stays."""
    path = f"{CATEGORIES}/1"
    peer.fleet(_row(10))
    peer.serve(path, {"Manufacturer": "FIAT"})
    provider = connect()
    await provider.positions()
    peer.answers[path] = lambda seen: web.Response(status=status)
    clock.now += timedelta(hours=25).total_seconds()
    for _ in range(3):
        assert (await provider.positions()).vehicles["10"].make == "FIAT"
    assert peer.count(path) == 2
    clock.now += timedelta(hours=1).total_seconds()
    await provider.positions()
    assert peer.count(path) == 3


async def test_account_that_ends_at_a_category_is_told(
    peer: Peer, connect: Connect
) -> None:
    """A refused token is no failure to pass over."""
    peer.fleet(_row(10))
    peer.answers[f"{CATEGORIES}/1"] = lambda seen: web.Response(status=401)
    with pytest.raises(AuthenticationFailed):
        await connect().positions()


@pytest.mark.parametrize(
    "data",
    [
        {"Image": ENCODED, "ImageThumbnail": "c21hbGw="},
        {"image": f"data:image/png;base64,{ENCODED}"},
        {"Image": None, "ImageThumbnail": ENCODED},
        {"Image": "", "ImageThumbnail": ENCODED.rstrip("=")},
        {"Image": "not base64!", "ImageThumbnail": ENCODED},
        {"Image": f"{ENCODED[:6]}\r\n{ENCODED[6:]}\n"},
    ],
)
async def test_category_has_a_picture(
    peer: Peer, connect: Connect, data: object
) -> None:
    """The image, else its thumbnail, however it is wrapped."""
    peer.serve(f"{CATEGORIES}/7/images", data)
    assert await connect().category_image("7") == PICTURE


@pytest.mark.parametrize(
    "answer",
    [
        lambda: ok({"Image": None, "ImageThumbnail": None}),
        lambda: ok(None),
        lambda: ok([]),
        lambda: ok({"Image": 5, "ImageThumbnail": ["x"]}),
        lambda: err("err_ElementDoesNotExist"),
        lambda: web.Response(status=404),
    ],
)
async def test_category_may_have_no_picture(
    peer: Peer, connect: Connect, answer: object
) -> None:
    """That is no failure."""
    assert callable(answer)
    peer.answers[f"{CATEGORIES}/7/images"] = lambda seen: answer()
    assert await connect().category_image("7") is None


async def test_picture_that_is_declined_is_an_error(
    peer: Peer, connect: Connect
) -> None:
    """The vendor has one and something went wrong: it may be asked for again."""
    peer.answers[f"{CATEGORIES}/7/images"] = lambda seen: err("err_Busy")
    with pytest.raises(Rejected) as caught:
        await connect().category_image("7")
    assert caught.value.reason == "err_Busy"


def test_form_asks_what_the_account_needs() -> None:
    """Host and username tell accounts apart; the rest can be asked again."""
    info = Movens.info
    fields = {field.key: field for field in info.fields}
    assert list(fields) == [
        "url",
        "access_token",
        "username",
        "password",
        "login_path",
    ]
    assert [key for key, field in fields.items() if field.required] == ["url"]
    assert [key for key, field in fields.items() if field.identity] == [
        "url",
        "username",
    ]
    assert [key for key, field in fields.items() if field.credential] == [
        "access_token",
        "username",
        "password",
        "login_path",
    ]
    secret = {key for key, one in fields.items() if one.kind is FieldKind.PASSWORD}
    assert secret == {"access_token", "password"}
    assert (fields["url"].default, info.urls) == (None, ())
    assert info.minimum_interval == timedelta(seconds=30)
    assert info.default_interval == timedelta(seconds=60)


async def test_positions_are_the_only_feed(connect: Connect) -> None:
    """Nothing else is polled."""
    assert connect().feeds == {}
