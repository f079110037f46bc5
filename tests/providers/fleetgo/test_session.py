"""FleetGO's login, and what happens when a token is due or refused."""

import asyncio
from collections.abc import Callable

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Account
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MfaRequired,
    NotFound,
    RateLimited,
    Unreachable,
)

from .conftest import Connect
from .peer import FLEET, LOGIN, REFRESH, VALIDATE, Peer, Seen


def _empty_fleet(seen: Seen) -> object:
    return []


def _answering(data: object, status: int = 200) -> Callable[[Seen], web.Response]:
    return lambda seen: web.json_response(data, status=status)


async def test_login_sends_the_account_as_the_user_typed_it(
    peer: Peer, connect: Connect
) -> None:
    """All four fields go, blanks in the password too, and nothing that is unset."""
    account = await connect(peer.url).authenticate()
    assert account == Account(id="fleet@example.com", title="Fleet@Example.com")
    assert [seen.body for seen in peer.seen] == [
        {
            "client_id": "client",
            "client_secret": "client-secret",
            "username": "Fleet@Example.com",
            "password": " pass word ",
        }
    ]


async def test_login_sends_the_optional_fields_that_are_set(
    peer: Peer, connect: Connect
) -> None:
    """A system id and a user token go along where the account has them."""
    await connect(
        peer.url, system_id="s", user_token="u", user_token_type=1
    ).authenticate()
    sent = peer.seen[0].body
    assert (sent["system_id"], sent["user_token"], sent["user_token_type"]) == (
        "s",
        "u",
        1,
    )


@pytest.mark.parametrize(
    "result", ["MfaRequired", "InvalidUserToken", "TwoFactorAuthentication"]
)
async def test_login_that_wants_a_second_factor_says_so(
    peer: Peer, connect: Connect, result: str
) -> None:
    """The words of a second factor become an error of their own."""
    peer.answers[LOGIN] = _answering({"login_result_type": result})
    with pytest.raises(MfaRequired, match=result):
        await connect(peer.url).authenticate()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"access_token": "", "login_result_type": "Locked"}, "type Locked$"),
        ({"Login_Result_Type": 5}, "type 5$"),
        ({"login_result_type": "<b>" + "x" * 200}, r"type \?b\?x{37}$"),
        ({"access_token": None}, "no access token"),
    ],
)
async def test_refused_login_shows_the_vendors_result(
    peer: Peer, connect: Connect, answer: object, message: str
) -> None:
    """The unpublished enum is shown, short and without markup."""
    peer.answers[LOGIN] = _answering(answer)
    with pytest.raises(AuthenticationFailed, match=message) as caught:
        await connect(peer.url).authenticate()
    assert not isinstance(caught.value, MfaRequired)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refusing_statuses_mean_wrong_credentials(
    peer: Peer, connect: Connect, status: int
) -> None:
    """400, 401 and 403 at the login are the same to the user; tried once."""
    peer.refuse(LOGIN, status)
    provider = connect(peer.url)
    for _ in range(2):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert peer.count(LOGIN) == 1


@pytest.mark.parametrize(
    "answer",
    [
        web.Response,
        lambda: web.Response(text="<html></html>", content_type="text/html"),
        lambda: web.json_response([]),
        lambda: web.json_response({"hello": "world"}),
        lambda: web.json_response({"access_token": ["x"], "login_result_type": "ok"}),
    ],
)
async def test_base_that_is_not_the_api_answers_something_else(
    peer: Peer, connect: Connect, answer: Callable[[], web.Response]
) -> None:
    """Empty, HTML and JSON of another shape say nothing about the credentials."""
    peer.answers[LOGIN] = lambda seen: answer()
    with pytest.raises(InvalidResponse):
        await connect(peer.url).authenticate()


async def test_base_without_a_login_is_not_found(peer: Peer, connect: Connect) -> None:
    """A host that lacks the path is told from one that refuses."""
    del peer.answers[LOGIN]
    with pytest.raises(NotFound):
        await connect(peer.url).authenticate()


async def test_token_is_renewed_before_it_expires_by_the_refresh_token(
    peer: Peer, connect: Connect
) -> None:
    """The vendor never sees the old token again, nor the password."""
    peer.serve(FLEET, _empty_fleet)
    peer.lifetime = 1
    provider = connect(peer.url)
    await provider.positions()
    peer.lifetime = "3600"
    await asyncio.sleep(1)
    await provider.positions()
    await provider.positions()
    paths = [(seen.path, seen.token) for seen in peer.seen]
    assert paths == [
        (LOGIN, ""),
        (FLEET, "access-1"),
        (REFRESH, ""),
        (FLEET, "access-2"),
        (FLEET, "access-2"),
    ]
    assert peer.seen[2].body == {
        "client_id": "client",
        "client_secret": "client-secret",
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "code": "",
    }


@pytest.mark.parametrize(
    "refusal",
    [
        _answering({}, 401),
        _answering({}, 403),
        _answering({"error": "invalid_grant"}, 400),
        _answering({}, 404),
        _answering({"login_result_type": "Expired"}),
        _answering(None),
    ],
)
async def test_refused_refresh_falls_back_to_the_password(
    peer: Peer, connect: Connect, refusal: Callable[[Seen], web.Response]
) -> None:
    """Whatever the vendor has against the refresh token, the password works."""
    peer.serve(FLEET, _empty_fleet)
    peer.answers[REFRESH] = refusal
    provider = connect(peer.url)
    await provider.positions()
    peer.valid.clear()
    await provider.positions()
    assert (peer.count(LOGIN), peer.count(REFRESH)) == (2, 1)


async def test_rate_limit_of_a_refresh_is_no_reason_to_log_in(
    peer: Peer, connect: Connect
) -> None:
    """A vendor that wants fewer requests does not get another one."""
    peer.serve(FLEET, _empty_fleet)
    peer.refuse(REFRESH, 429)
    provider = connect(peer.url)
    await provider.positions()
    peer.valid.clear()
    with pytest.raises(RateLimited):
        await provider.positions()
    assert peer.count(LOGIN) == 1


async def test_refresh_that_breaks_the_vendor_is_tried_once(
    peer: Peer, connect: Connect
) -> None:
    """A 500 is passed on; the next renewal goes by the password."""
    peer.serve(FLEET, _empty_fleet)
    peer.refuse(REFRESH, 500)
    provider = connect(peer.url)
    await provider.positions()
    peer.valid.clear()
    with pytest.raises(Unreachable):
        await provider.positions()
    assert (await provider.positions()).vehicles == {}
    assert (peer.count(LOGIN), peer.count(REFRESH)) == (2, 1)


async def test_parallel_requests_share_one_renewal(
    peer: Peer, connect: Connect
) -> None:
    """Ten requests with an expired token cost one login and are all answered."""
    peer.serve(FLEET, _empty_fleet)
    peer.refuse(REFRESH, 400)
    provider = connect(peer.url)
    await provider.positions()
    peer.valid.clear()
    batches = await asyncio.gather(*(provider.positions() for _ in range(10)))
    assert len(batches) == 10
    assert (peer.count(LOGIN), peer.count(REFRESH)) == (2, 1)


@pytest.mark.parametrize("valid", [True, "true", {"IsValid": True}, {"valid": 1}])
async def test_missing_right_does_not_log_in_again(
    peer: Peer, connect: Connect, valid: object
) -> None:
    """A 401 with a token that the vendor still honours is about the resource."""
    peer.refuse(FLEET, 401)
    peer.answers[VALIDATE] = _answering(valid)
    with pytest.raises(AccessDenied, match="GetFleet"):
        await connect(peer.url).positions()
    assert (peer.count(LOGIN), peer.count(REFRESH), peer.count(FLEET)) == (1, 0, 1)
    assert peer.seen[-1].query == {"accessToken": "access-1"}


async def test_missing_right_is_told_from_the_expiry_before_it(
    peer: Peer, connect: Connect
) -> None:
    """A token that just expired does not turn a missing right into a reauth."""
    peer.refuse(FLEET, 401)
    provider = connect(peer.url)
    await provider.authenticate()
    peer.valid.clear()
    with pytest.raises(AccessDenied):
        await provider.positions()
    assert peer.count(FLEET) == 2


@pytest.mark.parametrize(
    "validation",
    [_answering(False), _answering({}, 401), _answering({}, 404), _answering(None)],
)
async def test_second_refusal_asks_the_user(
    peer: Peer, connect: Connect, validation: Callable[[Seen], web.Response]
) -> None:
    """One renewal and one repeat, then the credentials are in doubt."""
    peer.refuse(FLEET, 401)
    peer.answers[VALIDATE] = validation
    with pytest.raises(AuthenticationFailed):
        await connect(peer.url).positions()
    assert (peer.count(LOGIN), peer.count(REFRESH), peer.count(FLEET)) == (1, 1, 2)


async def test_no_error_tells_a_secret(peer: Peer, connect: Connect) -> None:
    """Neither the password nor a token is in what may be logged."""
    peer.refuse(FLEET, 401)
    with pytest.raises(AccessDenied) as denied:
        await connect(peer.url).positions()
    peer.refuse(LOGIN, 400)
    with pytest.raises(AuthenticationFailed) as failed:
        await connect(peer.url).positions()
    for error in (denied.value, failed.value):
        for secret in ("pass word", "client-secret", "access-1", "refresh-1"):
            assert secret not in repr(error)
