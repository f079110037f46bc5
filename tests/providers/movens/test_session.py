"""Tokens: pasted, by login, and the ones that the vendor sends unasked."""

import asyncio
from hashlib import sha256
from itertools import pairwise

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)

from .conftest import CREDENTIALS, Clock, Connect
from .peer import LOGIN, TREE, Peer, Seen, err, expiring, jwt, of, ok

ONE = {"ID": 7}


@pytest.mark.parametrize(
    "data",
    [
        {"username": "", "password": None},
        {"username": "me", "password": "secret"},
        {"username": "me", "login_path": LOGIN},
        {"password": "secret", "login_path": LOGIN, "access_token": " "},
    ],
)
async def test_account_without_a_way_in_is_refused_without_a_request(
    peer: Peer, connect: Connect, data: dict[str, object]
) -> None:
    """Neither a token nor all of a login: the message says so."""
    provider = connect(**data)
    with pytest.raises(AuthenticationFailed, match="no access token, and no username"):
        await provider.authenticate()
    assert peer.seen == []


async def test_pasted_token_wins_over_the_login(peer: Peer, connect: Connect) -> None:
    """While it is valid nobody logs in; a scheme pasted with it is no part of it."""
    peer.fleet(ONE)
    provider = connect(access_token=" Bearer pasted ", **CREDENTIALS)
    assert list((await provider.positions()).vehicles) == ["7"]
    assert {seen.token for seen in peer.seen} == {"pasted"}


async def test_refused_token_is_replaced_by_a_login(
    peer: Peer, connect: Connect
) -> None:
    """One login, one repetition; the password goes out as it was entered."""
    peer.fleet(ONE)
    peer.log_in_with("issued")
    peer.valid.clear()
    provider = connect(access_token="pasted", **CREDENTIALS)
    assert list((await provider.positions()).vehicles) == ["7"]
    assert [(seen.path, seen.token) for seen in peer.seen[:3]] == [
        (TREE, "pasted"),
        (LOGIN, ""),
        (TREE, "issued"),
    ]
    assert peer.seen[1].method == "POST"
    assert peer.seen[1].body == {
        "Username": "Fleet@Example.com",
        "Password": " pass word ",
    }


async def test_refused_token_without_a_login_is_for_the_user(
    peer: Peer, connect: Connect
) -> None:
    """The vendor is not asked again and again."""
    peer.fleet(ONE)
    peer.valid.clear()
    provider = connect()
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert {seen.path for seen in peer.seen} == {TREE}


async def test_token_of_a_login_that_is_refused_too_is_not_replaced_again(
    peer: Peer, connect: Connect
) -> None:
    """Log in again once, repeat once, and only then ask the user."""
    peer.fleet(ONE)
    peer.answers[LOGIN] = lambda seen: ok({"Token": f"worthless-{peer.count(LOGIN)}"})
    provider = connect(access_token="refused", **CREDENTIALS)
    with pytest.raises(AuthenticationFailed):
        await provider.positions()
    assert [seen.path for seen in peer.seen] == [TREE, LOGIN, TREE]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: ok("issued"),
        lambda: ok("Bearer issued"),
        lambda: ok({"Token": "issued"}),
        lambda: ok({"jwt": "Bearer issued"}),
        lambda: web.json_response({"Token": "issued"}),
        lambda: web.json_response("issued"),
        lambda: web.json_response(
            {"Result": "OK"}, headers={"Authorization": "Bearer issued"}
        ),
        lambda: web.json_response(
            {"Result": "OK", "Data": {"Name": "x"}}, headers={"Authorization": "issued"}
        ),
        lambda: web.Response(headers={"Authorization": "bearer issued"}),
    ],
)
async def test_login_tells_the_token_in_any_of_its_shapes(
    peer: Peer, connect: Connect, answer: object
) -> None:
    """In the data, in a field of it, or in a header; with a scheme or without."""
    assert callable(answer)
    peer.fleet(ONE)
    peer.valid = {"issued"}
    peer.answers[LOGIN] = lambda seen: answer()
    await connect(**CREDENTIALS).authenticate()
    assert peer.seen[-1].token == "issued"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda: err("err_WrongCredentials"), AuthenticationFailed),
        (err, AuthenticationFailed),
        (lambda: web.Response(status=400), AuthenticationFailed),
        (lambda: web.Response(status=401), AuthenticationFailed),
        (lambda: web.Response(status=403), AuthenticationFailed),
        (lambda: web.Response(status=404), AuthenticationFailed),
        (lambda: web.Response(status=429), RateLimited),
        (lambda: web.Response(status=500), Unreachable),
        (lambda: web.Response(text="<html>"), InvalidResponse),
        (lambda: web.Response(), InvalidResponse),
        (lambda: ok(None), InvalidResponse),
        (lambda: ok({"Token": True, "Jwt": "two words"}), InvalidResponse),
        (lambda: ok({"Token": "null"}), InvalidResponse),
    ],
)
async def test_login_that_fails_tells_why(
    peer: Peer, connect: Connect, answer: object, failure: type[ProviderError]
) -> None:
    """What the user can mend is told apart from what passes; no secret is told."""
    assert callable(answer)
    peer.answers[LOGIN] = lambda seen: answer()
    with pytest.raises(failure) as caught:
        await connect(**CREDENTIALS).authenticate()
    assert "pass word" not in str(caught.value)
    assert "Fleet@" not in str(caught.value)


async def test_wrong_credentials_are_tried_once(peer: Peer, connect: Connect) -> None:
    """However often somebody asks."""
    peer.answers[LOGIN] = lambda seen: err("err_WrongCredentials")
    provider = connect(**CREDENTIALS)
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert [seen.path for seen in peer.seen] == [LOGIN]


async def test_token_in_a_header_is_adopted_at_once_and_stored(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """The next request goes out with it, and the next start begins with it."""
    peer.fleet(ONE)
    peer.replacements = ["second"]
    provider = connect()
    assert list((await provider.positions()).vehicles) == ["7"]
    assert [seen.token for seen in peer.seen] == ["pasted", "second", "second"]
    assert stored == [{"access_token": "second"}]
    again = connect(**stored[-1])
    peer.valid.remove("pasted")
    assert list((await again.positions()).vehicles) == ["7"]


async def test_every_replacement_is_followed(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """A vendor that replaces the token with each answer is kept up with."""
    peer.fleet(ONE)
    peer.replacements = ["b", "c", "d"]
    await connect().positions()
    assert [seen.token for seen in peer.seen] == ["pasted", "b", "c"]
    assert [one["access_token"] for one in stored] == ["b", "c", "d"]


async def test_echo_of_the_token_is_no_replacement(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """Nothing is written for what is known."""
    peer.fleet(ONE)
    peer.replacements = ["pasted"] * 8
    provider = connect()
    await provider.positions()
    await provider.positions()
    assert stored == []


@pytest.mark.parametrize("header", ["Bearer", "Bearer null", "Basic abc", "", "a b c"])
async def test_header_without_a_token_replaces_nothing(
    peer: Peer, connect: Connect, stored: list[dict[str, object]], header: str
) -> None:
    """A gateway's leftovers must not lock an account out."""
    peer.fleet(ONE)
    peer.answers[TREE] = lambda seen: web.json_response(
        {"Result": "OK", "Data": [{"ID": 1}]}, headers={"Authorization": header}
    )
    assert list((await connect().positions()).vehicles) == ["7"]
    assert {seen.token for seen in peer.seen} == {"pasted"}
    assert stored == []


async def test_token_in_the_header_of_a_negative_answer_counts(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """Any answer may carry it."""
    peer.fleet(ONE)
    peer.answers[of(1)[0]] = lambda seen: web.json_response(
        {"Result": "ERR"}, headers={"Authorization": "Bearer second"}
    )
    peer.valid.add("second")
    await connect().positions()
    assert stored == [{"access_token": "second"}]
    assert peer.seen[-1].token == "second"


async def test_parallel_requests_do_not_fight_over_tokens(
    peer: Peer, connect: Connect, stored: list[dict[str, object]]
) -> None:
    """One refused with the older token is repeated with the one in hand."""
    peer.fleet(ONE)
    provider = connect()
    await provider.positions()
    peer.seen.clear()
    path = f"{TREE.removesuffix('/tree')}/1/images"

    def answer(seen: Seen) -> web.Response:
        # The old token is worth nothing from the moment on it was replaced.
        peer.valid.discard("pasted")
        return ok({"Image": "aW1hZ2U="})

    peer.answers[path] = answer
    peer.replacements = ["second"]
    pictures = await asyncio.gather(*(provider.category_image("1") for _ in range(5)))
    assert pictures == [b"image"] * 5
    tokens = [seen.token for seen in peer.seen]
    assert tokens[0] == "pasted"
    assert sorted(tokens[1:]) == ["pasted"] * 4 + ["second"] * 4
    assert stored == [{"access_token": "second"}]


async def test_parallel_requests_share_one_login(peer: Peer, connect: Connect) -> None:
    """Five refusals of one token are one reason to log in."""
    peer.fleet(ONE)
    peer.serve(f"{TREE.removesuffix('/tree')}/1/images", {"Image": "aW1hZ2U="})
    peer.log_in_with("issued")
    provider = connect(access_token="expired", **CREDENTIALS)
    pictures = await asyncio.gather(*(provider.category_image("1") for _ in range(5)))
    assert pictures == [b"image"] * 5
    assert peer.count(LOGIN) == 1


async def test_adopted_token_that_is_refused_leads_to_the_login(
    peer: Peer, connect: Connect
) -> None:
    """The vendor may take back what it sent."""
    peer.fleet(ONE)
    peer.log_in_with("issued")
    peer.replacements = ["second"]
    provider = connect(access_token="pasted", **CREDENTIALS)
    await provider.positions()
    peer.valid -= {"pasted", "second"}
    assert list((await provider.positions()).vehicles) == ["7"]
    assert peer.count(LOGIN) == 1
    assert peer.seen[-1].token == "issued"


async def test_token_is_renewed_before_it_expires(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """`exp` says when, of the pasted token and of those that follow it."""
    peer.fleet(ONE)
    pasted, issued, last = (expiring(3600, n=one) for one in range(3))
    peer.valid.add(pasted)
    peer.log_in_with(issued, last)
    provider = connect(access_token=pasted, **CREDENTIALS)
    for login, token in enumerate((pasted, issued, last)):
        await provider.positions()
        clock.now += 3530
        await provider.positions()
        assert peer.count(LOGIN) == login
        assert peer.seen[-1].token == token
        clock.now += 20


async def test_replacement_brings_its_own_expiry(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """With a longer life nobody needs to log in."""
    peer.fleet(ONE)
    pasted, longer = expiring(3600), expiring(7200)
    peer.valid.add(pasted)
    peer.replacements = [longer]
    provider = connect(access_token=pasted, **CREDENTIALS)
    await provider.positions()
    clock.now += 3600
    await provider.positions()
    assert peer.count(LOGIN) == 0
    assert peer.seen[-1].token == longer


@pytest.mark.parametrize("credentials", [{}, CREDENTIALS])
async def test_token_that_has_expired_is_for_the_vendor_to_refuse(
    peer: Peer, connect: Connect, credentials: dict[str, object]
) -> None:
    """Our clock may be wrong: it is tried all the same."""
    peer.fleet(ONE)
    old = expiring(-60)
    peer.valid.add(old)
    provider = connect(access_token=old, **credentials)
    assert list((await provider.positions()).vehicles) == ["7"]
    assert peer.count(LOGIN) == 0


async def test_token_that_expires_goes_on_where_nobody_can_log_in(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """Only the vendor can renew it, in the header of an answer."""
    peer.fleet(ONE)
    pasted = expiring(3600)
    peer.valid.add(pasted)
    provider = connect(access_token=pasted)
    clock.now += 4000
    assert list((await provider.positions()).vehicles) == ["7"]


async def test_login_that_is_down_leaves_the_token_in_hand(
    peer: Peer, connect: Connect, clock: Clock
) -> None:
    """A renewal that is early and fails is no reason to stop."""
    peer.fleet(ONE)
    pasted = expiring(3600)
    peer.valid.add(pasted)
    peer.answers[LOGIN] = lambda seen: web.Response(status=502)
    provider = connect(access_token=pasted, **CREDENTIALS)
    clock.now += 3550
    assert list((await provider.positions()).vehicles) == ["7"]
    assert peer.count(LOGIN) == 1


async def test_account_is_the_host_and_the_username(
    peer: Peer, connect: Connect
) -> None:
    """Whatever its case, by login or with a token."""
    peer.fleet(ONE)
    peer.log_in_with("issued")
    host = peer.url.removeprefix("http://")
    account = await connect(**CREDENTIALS).authenticate()
    assert (account.id, account.comparable) == (f"{host}/fleet@example.com", True)
    assert account.title == "Fleet@Example.com"
    assert await connect(access_token="pasted", **CREDENTIALS).authenticate() == account


@pytest.mark.parametrize(
    "claim",
    [
        "sub",
        "nameid",
        "UserId",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    ],
)
async def test_account_of_a_token_is_its_subject(
    peer: Peer, connect: Connect, claim: str
) -> None:
    """Another token of the same subject is the same account."""
    peer.fleet(ONE)
    tokens = [
        jwt(**{claim: "4711", "exp": exp, "name": "Ann"}) for exp in (4e9, 4.1e9, 3.9e9)
    ]
    peer.valid |= set(tokens)
    accounts = [await connect(access_token=one).authenticate() for one in tokens]
    host = peer.url.removeprefix("http://")
    assert (accounts[0].id, accounts[0].title) == (f"{host}/4711", "Ann")
    assert accounts[0].comparable
    assert all(one == other for one, other in pairwise(accounts))


async def test_account_of_a_silent_token_follows_from_the_token(
    peer: Peer, connect: Connect
) -> None:
    """Such an id tells no accounts apart; it stays while the provider lives."""
    peer.fleet(ONE)
    peer.replacements = ["second"]
    provider = connect()
    first = await provider.authenticate()
    assert not first.comparable
    assert "pasted" not in first.id
    assert first.id.endswith(sha256(b"pasted").hexdigest()[:16])
    assert first.title == peer.url.removeprefix("http://")
    assert await provider.authenticate() == first
    assert peer.seen[-1].token == "second"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda: err("err_NotAllowed"), Rejected),
        (lambda: web.Response(status=403), AccessDenied),
        (lambda: web.Response(status=404), Rejected),
        (lambda: ok({"ID": 1}), InvalidResponse),
        (lambda: ok(None), InvalidResponse),
        (lambda: web.json_response({"Message": "no"}), InvalidResponse),
        (lambda: ok([{"Name": "x"}]), InvalidResponse),
    ],
)
async def test_base_that_answers_otherwise_is_not_accepted(
    peer: Peer, connect: Connect, answer: object, failure: type[ProviderError]
) -> None:
    """A valid token alone does not make a base the right one."""
    assert callable(answer)
    peer.answers[TREE] = lambda seen: answer()
    with pytest.raises(failure):
        await connect().authenticate()
