"""Ocean's login, its token, and what happens when it is refused."""

import asyncio

from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.base import Account
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    RateLimited,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import FleetFigures

from .conftest import Connect
from .peer import LOGIN, POSITIONS, Peer, Seen

EMPTY: dict[str, object] = {"vehicles": []}


async def test_login_sends_the_account_in_the_body_alone(
    peer: Peer, connect: Connect
) -> None:
    """Blanks in the password are the user's; nothing is in the address."""
    account = await connect().authenticate()
    assert account == Account(id="fleet@example.com", title="Fleet@Example.com")
    (seen,) = peer.seen
    assert seen.body == {"login": "Fleet@Example.com", "password": " pass word "}
    assert (seen.method, seen.address) == ("POST", f"/ocean/restapi{LOGIN}")


async def test_customers_of_one_user_are_accounts_of_their_own(
    peer: Peer, connect: Connect
) -> None:
    """The customer is part of the identity, and goes along with every request."""
    peer.serve(POSITIONS, EMPTY)
    provider = connect(customer_id=12597)
    assert (await provider.authenticate()).id == "fleet@example.com_12597"
    await provider.positions()
    assert dict(peer.seen[-1].query) == {"customerId": "12597"}


async def test_token_travels_in_its_header_alone(peer: Peer, connect: Connect) -> None:
    """Without a customer the address has no parameters at all."""
    peer.serve(POSITIONS, EMPTY)
    await connect().positions()
    seen = peer.seen[-1]
    assert (seen.token, seen.address) == ("token-1", f"/ocean/restapi{POSITIONS}")


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_login_is_tried_once(
    peer: Peer, connect: Connect, status: int
) -> None:
    """Asked again, the provider repeats the refusal without the vendor."""
    peer.refuse(LOGIN, status)
    provider = connect()
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert peer.count(LOGIN) == 1


@pytest.mark.parametrize("answer", [{}, {"token": ""}, [], None, {"token": ["x"]}])
async def test_login_without_a_token_is_not_the_api(
    peer: Peer, connect: Connect, answer: object
) -> None:
    """It says nothing about the credentials."""
    peer.answers[LOGIN] = lambda seen: web.json_response(answer)
    with pytest.raises(InvalidResponse):
        await connect().authenticate()


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (422, Rejected), (500, Unreachable)]
)
async def test_base_without_a_login_is_told_from_wrong_credentials(
    peer: Peer, connect: Connect, status: int, error: type[Exception]
) -> None:
    """So that the other known base is tried."""
    peer.refuse(LOGIN, status)
    with pytest.raises(error):
        await connect().authenticate()


async def test_expired_token_costs_one_login_and_one_repeat(
    peer: Peer, connect: Connect
) -> None:
    """Parallel requests share the login."""
    peer.serve(POSITIONS, EMPTY)
    provider = connect()
    await provider.positions()
    peer.valid.clear()
    batches = await asyncio.gather(*(provider.positions() for _ in range(6)))
    assert len(batches) == 6
    assert peer.count(LOGIN) == 2


async def test_token_is_renewed_before_its_twelve_hours_are_over(
    peer: Peer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor never sees the old one again."""
    lifetimes: list[float | None] = []

    def renew_at(lifetime: float | None) -> float:
        lifetimes.append(lifetime)
        return 0.0

    monkeypatch.setattr(
        "custom_components.fleet_telematics.providers.ocean.api.renewal_time", renew_at
    )
    peer.serve(POSITIONS, EMPTY)
    provider = connect()
    await provider.authenticate()
    await provider.positions()
    assert lifetimes == [43200, 43200]
    assert peer.last(POSITIONS).token == "token-2"


async def test_second_refusal_asks_the_user(peer: Peer, connect: Connect) -> None:
    """One login and one repeat, then the credentials are in doubt."""
    peer.refuse(POSITIONS, 401)
    with pytest.raises(AuthenticationFailed):
        await connect().positions()
    assert (peer.count(LOGIN), peer.count(POSITIONS)) == (2, 2)


@pytest.mark.parametrize(
    ("status", "error"), [(403, AccessDenied), (429, RateLimited), (500, Unreachable)]
)
async def test_other_refusals_leave_the_login_alone(
    peer: Peer, connect: Connect, status: int, error: type[Exception]
) -> None:
    """They are typed, and the token is kept."""
    peer.refuse(POSITIONS, status)
    with pytest.raises(error):
        await connect().positions()
    assert (peer.count(LOGIN), peer.count(POSITIONS)) == (1, 1)


async def test_wrong_date_format_is_a_rejection_with_the_vendors_word(
    peer: Peer, connect: Connect
) -> None:
    """422 is the request's fault."""
    peer.refuse(POSITIONS, 422)
    with pytest.raises(Rejected) as caught:
        await connect().positions()
    assert (caught.value.status, caught.value.reason) == (422, "no")


@pytest.mark.parametrize(
    ("sent", "days"), [(57, 57), ("9", 9), (None, None), (-1, None), ("never", None)]
)
async def test_password_expiry_is_what_the_last_login_told(
    peer: Peer, connect: Connect, sent: object, days: int | None
) -> None:
    """And costs no request of its own."""
    peer.expires_in = sent
    provider = connect()
    assert await provider.figures() == FleetFigures()
    await provider.authenticate()
    assert await provider.figures() == FleetFigures(password_expires_in=days)
    assert len(peer.seen) == 1


async def test_no_error_tells_a_secret(peer: Peer, connect: Connect) -> None:
    """Neither the password nor a token is in what may be logged."""

    def echo(seen: Seen) -> web.Response:
        return web.json_response({"message": f"{seen.token} {seen.body}"}, status=409)

    for path in (LOGIN, POSITIONS):
        peer.answers[path] = echo
        with pytest.raises(Rejected) as caught:
            await connect().positions()
        peer.answers[LOGIN] = peer.log_in
        assert str(caught.value) in (
            f"POST {LOGIN}: HTTP 409",
            f"GET {POSITIONS}: HTTP 409",
        )
