"""One token for everybody, renewed one at a time."""

import asyncio
from collections.abc import Callable

import pytest

from custom_components.fleet_telematics.providers.auth import (
    Token,
    TokenKeeper,
    renewal_time,
)
from custom_components.fleet_telematics.providers.errors import (
    AuthenticationFailed,
    MfaRequired,
    ProviderError,
    RateLimited,
    Unreachable,
)

from .conftest import Clock


class Vendor:
    """Gives out numbered tokens, or fails as told; every call takes a while."""

    def __init__(self, lifetime: float | None = None) -> None:
        """Tokens live for `lifetime` seconds."""
        self.lifetime = lifetime
        self.failure: Callable[[], Exception] | None = None
        self.replaced: list[Token | None] = []
        self.answering = asyncio.Event()
        self.answering.set()

    async def renew(self, stale: Token | None) -> Token:
        """Log in."""
        self.replaced.append(stale)
        number = len(self.replaced)
        await asyncio.sleep(0)
        await self.answering.wait()
        if self.failure is not None:
            raise self.failure()
        return Token(value=f"token {number}", renew_at=renewal_time(self.lifetime))


def test_a_token_is_renewed_a_little_early(clock: Clock) -> None:
    """A minute early, or a tenth of a short life; never without a known life."""
    assert renewal_time(3600) == clock.now + 3540
    assert renewal_time(100) == clock.now + 90
    assert renewal_time(None) is None
    assert renewal_time(0) is None
    assert renewal_time(-5) is None


def test_a_token_is_due_at_its_time(clock: Clock) -> None:
    """Without a time only the vendor says when."""
    assert Token(value="a", renew_at=clock.now).due
    assert not Token(value="a", renew_at=clock.now + 1).due
    assert not Token(value="a").due


async def test_parallel_requests_share_one_login() -> None:
    """A hundred requests at start: one login, one token."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    tokens = await asyncio.gather(*(keeper.get() for _ in range(100)))
    assert vendor.replaced == [None]
    assert {token.value for token in tokens} == {"token 1"}


async def test_parallel_refusals_share_one_renewal() -> None:
    """Ten requests that were refused with one token renew it once."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    stale = await keeper.get()
    tokens = await asyncio.gather(*(keeper.replace(stale) for _ in range(10)))
    assert vendor.replaced == [None, stale]
    assert {token.value for token in tokens} == {"token 2"}
    assert await keeper.get() is tokens[0]


async def test_a_late_refusal_of_an_older_token_renews_nothing() -> None:
    """Its answer came late; the newer token has not been refused."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    first = await keeper.get()
    second = await keeper.replace(first)
    assert await keeper.replace(first) is second
    assert len(vendor.replaced) == 2


async def test_a_due_token_is_renewed_before_it_is_used(clock: Clock) -> None:
    """What is about to expire is not sent any more, and not before renewed."""
    vendor = Vendor(lifetime=3600)
    keeper = TokenKeeper(vendor.renew)
    first = await keeper.get()
    clock.now += 3539
    assert await keeper.get() is first
    clock.now += 1
    assert (await keeper.get()).value == "token 2"
    assert vendor.replaced == [None, first]


@pytest.mark.parametrize(
    "failure",
    [
        lambda: Unreachable("down"),
        lambda: RateLimited("slow down", retry_after=60),
        lambda: ProviderError("other"),
    ],
)
async def test_a_passing_failure_leaves_the_token_in_hand(
    clock: Clock, failure: Callable[[], Exception]
) -> None:
    """Renewal is early: while it fails the old token goes on, tried now and then."""
    vendor = Vendor(lifetime=3600)
    keeper = TokenKeeper(vendor.renew)
    first = await keeper.get()
    clock.now += 3540
    vendor.failure = failure
    for _ in range(5):
        assert await keeper.get() is first
    assert len(vendor.replaced) == 2
    clock.now += 30
    assert await keeper.get() is first
    assert len(vendor.replaced) == 3
    vendor.failure = None
    clock.now += 30
    assert (await keeper.get()).value == "token 4"


async def test_a_refused_token_is_not_handed_out_instead_of_a_failure() -> None:
    """After a 401 the old token is of no use: the failure is told."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    stale = await keeper.get()
    vendor.failure = lambda: Unreachable("down")
    with pytest.raises(Unreachable):
        await keeper.replace(stale)
    vendor.failure = None
    assert (await keeper.replace(stale)).value == "token 3"


async def test_those_who_wait_share_a_failure() -> None:
    """Ten requests behind one login that fails do not log in ten times."""
    vendor = Vendor()
    vendor.failure = lambda: Unreachable("down")
    keeper = TokenKeeper(vendor.renew)
    outcomes = await asyncio.gather(
        *(keeper.get() for _ in range(10)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Unreachable] * 10
    assert len(vendor.replaced) == 1
    vendor.failure = None
    assert (await keeper.get()).value == "token 2"


@pytest.mark.parametrize("refusal", [AuthenticationFailed, MfaRequired])
async def test_refused_credentials_are_never_tried_again(
    refusal: type[AuthenticationFailed],
) -> None:
    """The vendor hears of wrong credentials once, whoever asks and however often."""
    vendor = Vendor()
    vendor.failure = lambda: refusal("POST /login: HTTP 401")
    keeper = TokenKeeper(vendor.renew)
    outcomes = await asyncio.gather(
        *(keeper.get() for _ in range(5)), return_exceptions=True
    )
    vendor.failure = None
    for _ in range(3):
        with pytest.raises(refusal, match="POST /login: HTTP 401"):
            await keeper.get()
    assert [type(outcome) for outcome in outcomes] == [refusal] * 5
    assert len(vendor.replaced) == 1


async def test_credentials_refused_at_an_early_renewal_are_told(clock: Clock) -> None:
    """A changed password is no passing failure, though the old token may still live."""
    vendor = Vendor(lifetime=3600)
    keeper = TokenKeeper(vendor.renew)
    await keeper.get()
    clock.now += 3540
    vendor.failure = lambda: AuthenticationFailed("POST /login: HTTP 401")
    with pytest.raises(AuthenticationFailed):
        await keeper.get()
    assert len(vendor.replaced) == 2


async def test_an_adopted_token_is_handed_out(clock: Clock) -> None:
    """A token that came without a login serves until it is due or refused."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    pasted = Token(value="pasted", renew_at=clock.now + 60)
    keeper.adopt(pasted)
    assert await keeper.get() is pasted
    assert vendor.replaced == []
    clock.now += 60
    assert (await keeper.get()).value == "token 1"
    assert vendor.replaced == [pasted]


async def test_a_refusal_of_the_token_before_does_not_cost_the_adopted_one() -> None:
    """The vendor sent a new token unasked; a late 401 speaks of the old one."""
    vendor = Vendor()
    keeper = TokenKeeper(vendor.renew)
    first = await keeper.get()
    sent = Token(value="sent unasked")
    keeper.adopt(sent)
    assert await keeper.replace(first) is sent
    assert vendor.replaced == [None]


async def test_a_cancelled_login_is_taken_over_by_who_waits() -> None:
    """Who was renewing goes away: the next one renews, nobody hangs or fails."""
    vendor = Vendor()
    vendor.answering.clear()
    keeper = TokenKeeper(vendor.renew)
    first, second, third = (asyncio.create_task(keeper.get()) for _ in range(3))
    while not vendor.replaced:
        await asyncio.sleep(0)
    first.cancel()
    vendor.answering.set()
    async with asyncio.timeout(1):
        tokens = await asyncio.gather(second, third)
    assert first.cancelled()
    assert {token.value for token in tokens} == {"token 2"}


async def test_a_cancelled_waiter_disturbs_nobody() -> None:
    """Who waits goes away: the login goes on for the others."""
    vendor = Vendor()
    vendor.answering.clear()
    keeper = TokenKeeper(vendor.renew)
    first, second, third = (asyncio.create_task(keeper.get()) for _ in range(3))
    while not vendor.replaced:
        await asyncio.sleep(0)
    second.cancel()
    vendor.answering.set()
    async with asyncio.timeout(1):
        tokens = await asyncio.gather(first, third)
    assert {token.value for token in tokens} == {"token 1"}
    assert second.cancelled()
