"""One account's place in line."""

import asyncio
import time

import pytest

from custom_components.fleet_telematics.providers.errors import RateLimited
from custom_components.fleet_telematics.providers.transport import RequestQueue

from .conftest import Clock


async def test_first_come_first_served_and_one_at_a_time() -> None:
    """Requests go in the order they were asked for, never two at once."""
    queue = RequestQueue()
    order: list[int] = []
    active = 0

    async def send(number: int) -> None:
        nonlocal active
        async with queue.turn():
            active += 1
            assert active == 1
            await asyncio.sleep(0)
            order.append(number)
            active -= 1

    await asyncio.gather(*(send(number) for number in range(20)))
    assert order == list(range(20))
    assert queue.sent_last_hour == 20


async def test_the_interval_lies_between_an_answer_and_the_next_request() -> None:
    """The pause is measured from the end of an answer."""
    queue = RequestQueue(0.05)
    for _ in range(3):
        async with queue.turn():
            await asyncio.sleep(0.02)
            ended = time.monotonic()
        async with queue.turn():
            assert time.monotonic() - ended >= 0.05


async def test_a_failure_is_followed_by_the_same_pause(clock: Clock) -> None:
    """The vendor counts a request that went wrong as well."""
    queue = RequestQueue(30)
    with pytest.raises(ZeroDivisionError):
        await _fail(queue)
    failed = clock.now
    await _pass(queue)
    assert clock.now == failed + 30


async def test_a_queue_of_one_request_in_thirty_seconds(clock: Clock) -> None:
    """TrackGPS's limit: ten requests at once leave half a minute apart."""
    queue = RequestQueue(30)
    sent: list[float] = []

    async def send() -> None:
        async with queue.turn():
            sent.append(clock.now)

    start = clock.now
    await asyncio.gather(*(send() for _ in range(10)))
    assert sent == [start + 30 * number for number in range(10)]


async def test_an_exempt_request_is_counted_and_does_not_wait() -> None:
    """A login passes by the line, even while a request is under way."""
    queue = RequestQueue(3600)
    async with queue.turn(), asyncio.timeout(1), queue.turn(exempt=True):
        assert queue.sent_last_hour == 2
    async with asyncio.timeout(1), queue.turn(exempt=True):
        assert queue.sent_last_hour == 3


async def test_a_waiter_that_gives_up_in_line_leaves_the_line_whole() -> None:
    """Cancelled behind the lock: the others keep their order, nothing is counted."""
    queue = RequestQueue()
    order: list[str] = []

    async def send(name: str) -> None:
        async with queue.turn():
            order.append(name)

    async with queue.turn():
        first, second, third = (
            asyncio.create_task(send(name)) for name in ("first", "second", "third")
        )
        await asyncio.sleep(0)
        second.cancel()
    await asyncio.gather(first, third)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert order == ["first", "third"]
    assert queue.sent_last_hour == 3


async def test_a_waiter_that_gives_up_during_the_pause_passes_its_turn_on() -> None:
    """Cancelled while it sleeps: the next one goes at its time."""
    queue = RequestQueue(0.5)
    async with queue.turn():
        pass
    ended = time.monotonic()
    first = asyncio.create_task(_pass(queue))
    second = asyncio.create_task(_pass(queue))
    await asyncio.sleep(0.02)
    first.cancel()
    await second
    assert time.monotonic() - ended >= 0.5
    assert first.cancelled()
    assert queue.sent_last_hour == 2


async def test_a_request_that_is_cut_off_still_counts() -> None:
    """The vendor may have seen it: the pause follows, and the line goes on."""
    queue = RequestQueue(0.05)

    async def hang() -> None:
        async with queue.turn():
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    hanging.cancel()
    cut = time.monotonic()
    await _pass(queue)
    assert time.monotonic() - cut >= 0.05
    assert queue.sent_last_hour == 2


async def test_only_the_last_hour_counts(clock: Clock) -> None:
    """A request is forgotten an hour after it was sent."""
    queue = RequestQueue()
    for _ in range(3):
        await _pass(queue)
        clock.now += 1800
    await _pass(queue, exempt=True)
    assert queue.sent_last_hour == 3
    clock.now += 3601
    assert queue.sent_last_hour == 0


def test_without_a_wish_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    """Each refusal doubles the wait; the cap is never passed."""
    queue = RequestQueue()
    for expected in (30, 60, 120, 240, 480, 900, 900, 900):
        assert expected * 0.8 <= queue.refused(None) <= expected
    for _ in range(2000):
        assert 720 <= queue.refused(None) <= 900


def test_the_wait_has_jitter() -> None:
    """Accounts that were refused together do not come back together."""
    waits = {RequestQueue().refused(None) for _ in range(20)}
    assert len(waits) > 10


def test_success_resets_the_back_off() -> None:
    """After an answer the next refusal starts small again."""
    queue = RequestQueue()
    for _ in range(5):
        queue.refused(None)
    queue.accepted()
    assert queue.refused(None) <= 30


@pytest.mark.parametrize(
    ("interval", "wish", "wait"),
    [(0, 17, 17), (30, 17, 30), (0, 1e12, 86400), (0, 0.5, 0.5)],
)
def test_the_vendors_wish_is_the_wait(
    interval: float, wish: float, wait: float
) -> None:
    """A wish is obeyed, never under the interval and never above a day."""
    assert RequestQueue(interval).refused(wish) == wait


def test_a_wish_for_no_wait_is_none() -> None:
    """A Retry-After that is over already must not become a hot loop."""
    assert RequestQueue().refused(0) >= 24


async def test_a_short_refusal_is_waited_for() -> None:
    """Everybody waits for it, exempt or not."""
    for exempt in (False, True):
        queue = RequestQueue()
        queue.refused(0.05)
        before = time.monotonic()
        await _pass(queue, exempt=exempt)
        assert time.monotonic() - before >= 0.05


async def test_a_long_refusal_is_told_at_once(clock: Clock) -> None:
    """Nothing hangs for an hour: who asks is told when to come back."""
    queue = RequestQueue()
    queue.refused(3600)
    clock.now += 600
    for exempt in (False, True):
        with pytest.raises(RateLimited) as caught:
            await _pass(queue, exempt=exempt)
        assert caught.value.retry_after == 3000
    assert queue.sent_last_hour == 0
    clock.now += 3000
    await _pass(queue)
    assert queue.sent_last_hour == 1


async def test_those_in_line_hear_of_a_long_refusal() -> None:
    """Waiters do not go out after the refusal that came before their turn."""
    queue = RequestQueue()
    async with queue.turn():
        waiters = [asyncio.create_task(_pass(queue)) for _ in range(3)]
        await asyncio.sleep(0)
        queue.refused(3600)
    async with asyncio.timeout(1):
        outcomes = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RateLimited] * 3
    assert queue.sent_last_hour == 1


async def test_a_later_refusal_never_shortens_the_hold() -> None:
    """Of two wishes the later end counts."""
    queue = RequestQueue()
    queue.refused(3600)
    queue.refused(1)
    with pytest.raises(RateLimited) as caught:
        await _pass(queue)
    assert caught.value.retry_after > 3500


async def _pass(queue: RequestQueue, *, exempt: bool = False) -> None:
    async with queue.turn(exempt=exempt):
        pass


async def _fail(queue: RequestQueue) -> None:
    async with queue.turn():
        raise ZeroDivisionError
