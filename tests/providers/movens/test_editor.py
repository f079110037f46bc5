"""Categories as administrators see and edit them."""

from base64 import b64encode
from collections.abc import Callable
import json
from typing import Any

from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers import capabilities
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    ProviderError,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.movens import Movens
from custom_components.fleet_telematics.providers.movens.editor import (
    described,
    edited,
    labels,
    listed,
)

from .conftest import CREDENTIALS, Clock, Connect
from .peer import CATEGORIES, LOGIN, TREE, Peer, Seen, err, ok
from .test_mapping import json_values

CARS: dict[str, Any] = {
    "ID": 1,
    "ParentID": None,
    "Labels": '{"en":"City Car","it":"Utilitaria"}',
    "Children": [
        {"ID": 2, "ParentID": 1, "Labels": '{"en":"Jolly Smart"}', "Children": None},
        {"ID": 3, "ParentID": 1, "Labels": "{}", "Children": []},
    ],
}
PUNTO: dict[str, Any] = {
    "ID": 2,
    "ParentID": 1,
    "DeletionDate": None,
    "Labels": '{"en":"Jolly Smart"}',
    "Manufacturer": "FIAT",
    "Model": "Punto",
    "Year": 2018,
    "PassengerSeats": 4,
    "Image": "aW1hZ2U=",
    "IsRoot": False,
}


def posted(peer: Peer, path: str = CATEGORIES, method: str = "POST") -> list[object]:
    """Return what was sent to a path."""
    return [
        seen.body for seen in peer.seen if (seen.path, seen.method) == (path, method)
    ]


def plain(_: Seen) -> web.Response:
    """Answer as the vendor does to a change."""
    return web.json_response({"Result": "OK"})


# What the vendor's JSON means.


def test_a_tree_is_listed_parents_first() -> None:
    """As the vendor orders them, labels by language."""
    assert listed([CARS, {"ID": 9, "Labels": "Vans"}]) == [
        {
            "id": 1,
            "parent_id": None,
            "labels": {"en": "City Car", "it": "Utilitaria"},
        },
        {"id": 2, "parent_id": 1, "labels": {"en": "Jolly Smart"}},
        {"id": 3, "parent_id": 1, "labels": {}},
        {"id": 9, "parent_id": None, "labels": {"und": "Vans"}},
    ]


def test_a_child_without_a_parents_id_belongs_where_it_stands() -> None:
    """A node without an id still has children, of the one above it."""
    tree: list[object] = [
        {"ID": 1, "Children": [{"Children": [{"ID": 2}]}, {"ID": 3, "ParentID": 0}]}
    ]
    assert [(one["id"], one["parent_id"]) for one in listed(tree)] == [
        (1, None),
        (2, 1),
        (3, 1),
    ]


def test_a_deep_tree_is_listed() -> None:
    """However many levels somebody made."""
    tree: dict[str, object] = {"ID": 5000}
    for one in range(4999, 0, -1):
        tree = {"ID": one, "Children": [tree]}
    found = listed([tree])
    assert [one["id"] for one in found] == list(range(1, 5001))
    assert [one["parent_id"] for one in found] == [None, *range(1, 5000)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"en":"Car","it-IT":"Auto"}', {"en": "Car", "it-IT": "Auto"}),
        ({"en": "Car"}, {"en": "Car"}),
        ('{"en":null,"it":" ","de":5}', {"de": "5"}),
        ('"Car"', {"und": "Car"}),
        ("Car", {"und": "Car"}),
        ('{"en":', {}),
        ("[" * 100_000, {}),
        ("[]", {}),
        ("null", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_labels_are_told_by_language(value: object, expected: dict[str, str]) -> None:
    """A label of no language is of an undetermined one."""
    assert labels(value) == expected


def test_details_are_read_whole() -> None:
    """Pictures are no part of them."""
    assert described(PUNTO) == {
        "labels": {"en": "Jolly Smart"},
        "manufacturer": "FIAT",
        "model": "Punto",
        "year": 2018,
        "seats": 4,
    }


@given(st.lists(json_values(), max_size=4), json_values())
def test_no_value_breaks_the_categories(rows: list[object], value: object) -> None:
    """What is told can be written as JSON again."""
    for one in listed([*rows, {"ID": 1, "Labels": value, "Children": rows}]):
        assert isinstance(one["id"], int)
        assert one["id"] > 0
        json.dumps(one)
    found = described({"Year": value, "PassengerSeats": value, "Model": value})
    json.dumps(found)
    assert found["year"] is None or 1 <= int(str(found["year"])) <= 9999


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=20), max_size=3)
)
def test_labels_are_sent_as_json_inside_a_text(given_labels: dict[str, str]) -> None:
    """And read back as they were."""
    sent = edited({"labels": given_labels}, {})["Labels"]
    assert isinstance(sent, str)
    assert json.loads(sent) == given_labels


# Reading.


def test_the_vendor_offers_categories_and_its_api() -> None:
    """As the capabilities name it."""
    for one in ("TripHistory", "Categories", "OpenApi"):
        assert issubclass(Movens, getattr(capabilities, one))


async def test_the_tree_is_one_request(peer: Peer, connect: Connect) -> None:
    """However large it is: details would be a request each."""
    peer.serve(TREE, [CARS])
    found = await connect().categories()
    assert [one["id"] for one in found] == [1, 2, 3]
    assert len(peer.seen) == 1


@pytest.mark.parametrize("shape", [lambda tree: [tree], lambda tree: tree])
async def test_a_category_is_told_with_its_details_and_what_is_below(
    peer: Peer, connect: Connect, shape: Callable[[object], object]
) -> None:
    """Two requests."""
    peer.serve(
        f"{CATEGORIES}/2/tree", shape({**CARS["Children"][0], "Children": [{"ID": 5}]})
    )
    peer.serve(f"{CATEGORIES}/2", PUNTO)
    first, second = await connect().categories(2)
    assert first == {
        "id": 2,
        "parent_id": 1,
        "labels": {"en": "Jolly Smart"},
        "manufacturer": "FIAT",
        "model": "Punto",
        "year": 2018,
        "seats": 4,
    }
    assert second == {"id": 5, "parent_id": 2, "labels": {}}
    assert len(peer.seen) == 2


async def test_an_unknown_category_is_the_vendors_refusal(
    peer: Peer, connect: Connect
) -> None:
    """A plain one has no reason."""
    peer.answers[f"{CATEGORIES}/99/tree"] = lambda seen: err()
    with pytest.raises(Rejected) as caught:
        await connect().categories(99)
    assert caught.value.reason is None
    peer.serve(f"{CATEGORIES}/99/tree", "x")
    with pytest.raises(InvalidResponse):
        await connect().categories(99)


# Changing.


async def test_a_category_is_created_with_what_is_given(
    peer: Peer, connect: Connect
) -> None:
    """Without an id; nothing has to be read for it."""
    peer.answers[CATEGORIES] = plain
    await connect().save_category({"labels": {"en": "Sedan", "it": "Berlina è"}})
    await connect().save_category(
        {"id": 0, "labels": {"en": "Van"}, "parent_id": 12, "year": 2018, "seats": 5}
    )
    nothing = {"ParentID": None, "Manufacturer": None, "Model": None}
    assert posted(peer) == [
        {
            **nothing,
            "Labels": '{"en": "Sedan", "it": "Berlina è"}',
            "Year": None,
            "PassengerSeats": None,
        },
        {
            **nothing,
            "Labels": '{"en": "Van"}',
            "ParentID": 12,
            "Year": 2018,
            "PassengerSeats": 5,
        },
    ]
    assert len(peer.seen) == 2


async def test_an_edit_keeps_what_is_not_given(peer: Peer, connect: Connect) -> None:
    """The vendor takes a whole category: what is left out would be lost."""
    peer.answers[CATEGORIES] = plain
    peer.serve(f"{CATEGORIES}/2", PUNTO)
    await connect().save_category({"id": 2, "model": "Panda", "year": None})
    assert posted(peer) == [
        {
            "ID": 2,
            "ParentID": 1,
            "Labels": '{"en":"Jolly Smart"}',
            "Manufacturer": "FIAT",
            "Model": "Panda",
            "Year": None,
            "PassengerSeats": 4,
        }
    ]


async def test_a_whole_category_needs_no_reading_first(
    peer: Peer, connect: Connect
) -> None:
    """There is nothing to be kept."""
    peer.answers[CATEGORIES] = plain
    await connect().save_category(
        {
            "id": 2,
            "parent_id": None,
            "labels": {"en": "x"},
            "manufacturer": None,
            "model": None,
            "year": None,
            "seats": None,
        }
    )
    assert [seen.method for seen in peer.seen] == ["POST"]


async def test_an_edit_of_no_category_is_the_vendors_refusal(
    peer: Peer, connect: Connect
) -> None:
    """It has a word for that."""
    peer.answers[f"{CATEGORIES}/99"] = lambda seen: err()
    peer.answers[CATEGORIES] = lambda seen: err("err_InvalidElement")
    with pytest.raises(Rejected) as caught:
        await connect().save_category({"id": 99, "labels": {"en": "x"}})
    assert caught.value.reason == "err_InvalidElement"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda: err("err_NotAllowed"), Rejected),
        (lambda: web.Response(status=400), Rejected),
        (lambda: web.Response(status=403), AccessDenied),
        (lambda: web.Response(status=404), NotFound),
        (lambda: web.Response(status=500), Unreachable),
        (lambda: ok(None), InvalidResponse),
    ],
)
async def test_what_cannot_be_read_is_not_overwritten(
    peer: Peer,
    connect: Connect,
    answer: Callable[[], web.Response],
    failure: type[ProviderError],
) -> None:
    """Else its other fields were lost."""
    peer.answers[f"{CATEGORIES}/2"] = lambda seen: answer()
    peer.answers[CATEGORIES] = plain
    with pytest.raises(failure):
        await connect().save_category({"id": 2, "labels": {"en": "x"}})
    assert posted(peer) == []


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "err_InvalidElement",
        "err_ElementDoesNotExist",
        "err_ElementAlreadyDeleted",
        "err_CannotDeleteCategoryHasVehicles",
    ],
)
async def test_a_refused_change_tells_the_vendors_word(
    peer: Peer, connect: Connect, reason: str | None
) -> None:
    """For each of them; a plain negative answer has none."""
    for path in (
        CATEGORIES,
        *(f"{CATEGORIES}/7{one}" for one in ("", "/image", "/thumbnail")),
    ):
        peer.answers[path] = lambda seen: err(reason)
    provider = connect()
    for change in (
        provider.save_category({"labels": {"en": "x"}}),
        provider.delete_category(7),
        provider.set_category_image(7, b"x", thumbnail=False),
        provider.set_category_image(7, b"x", thumbnail=True),
    ):
        with pytest.raises(Rejected) as caught:
            await change
        assert caught.value.reason == reason


async def test_a_category_is_deleted(peer: Peer, connect: Connect) -> None:
    """By its id."""
    peer.answers[f"{CATEGORIES}/7"] = plain
    await connect().delete_category(7)
    assert [(seen.method, seen.path) for seen in peer.seen] == [
        ("DELETE", f"{CATEGORIES}/7")
    ]


@pytest.mark.parametrize(
    ("thumbnail", "which"), [(False, "image"), (True, "thumbnail")]
)
async def test_a_picture_is_sent_as_base64(
    peer: Peer, connect: Connect, thumbnail: bool, which: str
) -> None:
    """To an address of its own."""
    image = bytes(range(256))
    path = f"{CATEGORIES}/7/{which}"
    peer.answers[path] = plain
    await connect().set_category_image(7, image, thumbnail=thumbnail)
    assert posted(peer, path) == [{"Base64String": b64encode(image).decode()}]


async def test_models_follow_a_change(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """The tree and the category are read again at the next poll, and others are not."""
    peer.fleet(
        {"ID": 10, "CategoryID": 1},
        {"ID": 11, "CategoryID": 2},
    )
    peer.serve(TREE, [CARS])
    peer.serve(f"{CATEGORIES}/1", {"ID": 1, "Model": "Old", "Labels": "{}"})
    peer.serve(f"{CATEGORIES}/2", PUNTO)
    peer.answers[CATEGORIES] = plain
    provider = connect()
    assert (await provider.positions()).vehicles["10"].model == "Old"
    await provider.save_category({"id": 1, "model": "New"})
    peer.serve(f"{CATEGORIES}/1", {"ID": 1, "Model": "New"})
    assert (await provider.positions()).vehicles["10"].model == "New"
    assert peer.count(TREE) == 2
    assert peer.count(f"{CATEGORIES}/2") == 1
    await provider.positions()
    assert peer.count(TREE) == 2


async def test_a_change_whose_answer_got_lost_is_looked_at_again(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """It may have been done; it is not sent again."""
    peer.fleet({"ID": 10, "CategoryID": 1})
    provider = connect()
    await provider.positions()
    peer.answers[CATEGORIES] = lambda seen: web.Response(status=502)
    peer.answers[f"{CATEGORIES}/1"] = lambda seen: web.Response(status=502)
    with pytest.raises(Unreachable):
        await provider.save_category({"labels": {"en": "x"}})
    with pytest.raises(Unreachable):
        await provider.delete_category(1)
    assert len(posted(peer)) == 1
    assert len(posted(peer, f"{CATEGORIES}/1", "DELETE")) == 1
    await provider.positions()
    assert peer.count(TREE) == 2
    assert peer.count(f"{CATEGORIES}/1") == 3


async def test_a_deleted_category_leaves_the_models_as_they_were(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """Until somebody tells another: an unreadable category costs nothing."""
    peer.fleet({"ID": 10, "CategoryID": 1})
    peer.answers[f"{CATEGORIES}/1"] = lambda seen: (
        plain(seen) if seen.method == "DELETE" else ok({"ID": 1, "Model": "Punto"})
    )
    provider = connect()
    await provider.positions()
    await provider.delete_category(1)
    peer.answers[f"{CATEGORIES}/1"] = lambda seen: err()
    assert (await provider.positions()).vehicles["10"].model == "Punto"


# Tokens.


async def test_a_change_is_repeated_once_after_a_login(
    peer: Peer, connect: Connect
) -> None:
    """The refused one was not carried out."""
    peer.answers[CATEGORIES] = plain
    peer.log_in_with("issued")
    peer.valid.clear()
    provider = connect(access_token="expired", **CREDENTIALS)
    await provider.save_category({"labels": {"en": "x"}})
    assert [(seen.path, seen.token) for seen in peer.seen] == [
        (CATEGORIES, "expired"),
        (LOGIN, ""),
        (CATEGORIES, "issued"),
    ]
    assert posted(peer)[0] == posted(peer)[1]


async def test_a_change_without_a_way_in_is_sent_once(
    peer: Peer, connect: Connect
) -> None:
    """And is for the user."""
    peer.answers[CATEGORIES] = plain
    peer.valid.clear()
    with pytest.raises(AuthenticationFailed):
        await connect().save_category({"labels": {"en": "x"}})
    assert len(peer.seen) == 1


async def test_a_token_in_the_answer_to_a_change_counts(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """Any answer may carry it."""
    peer.answers[CATEGORIES] = plain
    peer.replacements = ["second"]
    await connect().save_category({"labels": {"en": "x"}})
    assert stored == [{"access_token": "second"}]


# Anything else.


async def test_any_other_call_is_a_get_and_tells_the_whole_answer(
    peer: Peer, connect: Connect
) -> None:
    """Also a negative one: whoever calls wants to see it."""
    path = "/api/vehicle-admin/v1/garages"
    provider = connect()
    answers: list[object] = [{"Result": "ERR", "Message": "err_X"}, {"Result": "OK"}]
    for answer in (*answers, [1]):
        told = web.json_response(answer)
        peer.answers[path] = lambda seen, told=told: told  # type: ignore[misc]
        assert await provider.call(path, {"page": "2"}) == answer
    assert {(seen.method, seen.token) for seen in peer.seen} == {("GET", "pasted")}
    assert all(seen.query == {"page": "2"} for seen in peer.seen)
    for elsewhere in ("/api/../../admin", "/api/%2e%2e/admin"):
        with pytest.raises(Rejected):
            await provider.call(elsewhere, {})
    assert len(peer.seen) == 3
