"""When the queue is sent, and what happens when the vendor does not take it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import timedelta
import logging
import random
from typing import ClassVar, override

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.fleet_telematics.outage import OutageLog
from custom_components.fleet_telematics.providers.capabilities import PositionSink
from custom_components.fleet_telematics.providers.errors import (
    AuthenticationFailed,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    RequestTimeout,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import SentPosition
from custom_components.fleet_telematics.push import sender as sending
from custom_components.fleet_telematics.push.queue import PositionQueue
from custom_components.fleet_telematics.push.sender import Sender

from .points import point, points

SOON = sending.SOON
POLL = "Fleetwork positions"


class Vendor(PositionSink):
    """A vendor that takes at most eight positions a request."""

    positions_per_request: ClassVar[int] = 8

    def __init__(self) -> None:
        """Take everything at once."""
        self.requests: list[list[SentPosition]] = []
        self.taken: list[SentPosition] = []
        self.refuse: Callable[[Sequence[SentPosition]], ProviderError | None] = (
            lambda positions: None
        )
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    @override
    async def send_positions(self, positions: Sequence[SentPosition]) -> None:
        self.requests.append(list(positions))
        self.asked.set()
        await self.answers.wait()
        if (refusal := self.refuse(positions)) is not None:
            raise refusal
        self.taken += positions


@pytest.fixture
def vendor() -> Vendor:
    """Return a vendor."""
    return Vendor()


@pytest.fixture
def log() -> OutageLog:
    """Return what the account logs to, its poll as well."""
    log = OutageLog()
    log.poll = POLL
    return log


@pytest.fixture
async def sender(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    queue: PositionQueue,
    vendor: Vendor,
    log: OutageLog,
) -> AsyncGenerator[Sender]:
    """Return a sender that was started."""
    sender = Sender(hass, entry, queue)
    queue.async_listen(sender.async_wake)
    sender.async_start(vendor, log)
    yield sender
    vendor.answers.set()
    await sender.async_stop()


async def settled(hass: HomeAssistant) -> None:
    """Let timers that are due fire, and wait for what they do."""
    await asyncio.sleep(0.01)
    await hass.async_block_till_done(wait_background_tasks=True)


async def later(hass: HomeAssistant, seconds: float) -> None:
    """Let so much time pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await settled(hass)


def refusing(error: ProviderError) -> Callable[[object], ProviderError]:
    """Return what refuses everything."""
    return lambda positions: error


async def test_everything_is_sent_once_in_bulk_and_in_order(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """In requests as large as the vendor takes them."""
    await queue.async_add(points(20))
    await settled(hass)
    assert [len(one) for one in vendor.requests] == [8, 8, 4]
    assert vendor.taken == points(20)
    assert queue.waiting == 0

    await queue.async_add([point(21)])
    await settled(hass)
    assert vendor.requests[3:] == [[point(21)]]


async def test_what_comes_within_a_second_goes_out_together(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Soon, but not one request per position."""
    assert SOON == 1.0
    # Timers are fired to the second: so many of them are one.
    monkeypatch.setattr(sending, "SOON", 10 * SOON)
    for one in points(5):
        await queue.async_add([one])
    await later(hass, 5)
    assert vendor.requests == []
    await later(hass, 11)
    assert vendor.requests == [points(5)]


async def test_what_waited_before_is_sent_at_the_start(
    hass: HomeAssistant, entry: MockConfigEntry, queue: PositionQueue, vendor: Vendor
) -> None:
    """After a restart nothing has to happen first."""
    await queue.async_add(points(3))
    sender = Sender(hass, entry, queue)
    sender.async_start(vendor, OutageLog())
    await settled(hass)
    assert vendor.taken == points(3)
    await sender.async_stop()


async def test_an_outage_is_told_once_and_asked_about_ever_more_seldom(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    log: OutageLog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is queued meanwhile asks for no request either."""
    caplog.set_level(logging.INFO)
    # Timers run on a real clock, too: with no luck a busy machine takes the rest.
    shares: set[tuple[float, float]] = set()

    def longest(low: float, high: float) -> float:
        shares.add((low, high))
        return high

    monkeypatch.setattr(random, "uniform", longest)
    vendor.refuse = refusing(Unreachable("POST: HTTP 500"))
    await queue.async_add([point(0)])
    await settled(hass)
    for attempt, wait in enumerate((15, 30, 60, 120, 240, 480, 900, 900), 1):
        await queue.async_add([point(attempt)])
        await later(hass, wait * 0.79)
        assert len(vendor.requests) == attempt
        await later(hass, wait * 1.01)
        assert len(vendor.requests) == attempt + 1
        log.polled()
    assert shares == {(0.8, 1.0)}
    assert caplog.text.count("cannot be sent at present") == 1
    assert "Fleetwork sent positions: cannot be sent" in caplog.text

    vendor.refuse = lambda positions: None
    await later(hass, 900)
    assert vendor.taken == points(9)
    assert caplog.text.count("sent again") == 1


async def test_who_still_cannot_send_after_an_outage_is_told_so(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    log: OutageLog,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """During it the poll's line was enough; then the failure is one of its own."""
    caplog.set_level(logging.INFO)
    log.error("%s: down", POLL)
    vendor.refuse = refusing(Unreachable("POST: HTTP 500", status=500))
    await queue.async_add([point(0)])
    await settled(hass)
    log.info("%s: back", POLL)
    log.polled()
    assert "cannot be sent" not in caplog.text
    for wait in (15, 30, 60):
        await later(hass, wait * 1.01)
        log.polled()
        assert caplog.text.count("cannot be sent at present") == 1

    vendor.refuse = lambda positions: None
    await later(hass, 900)
    assert caplog.text.count("sent again") == 1


async def test_it_goes_on_as_soon_as_the_vendor_is_known_to_be_back(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """The poll knows first."""
    vendor.refuse = refusing(Unreachable("POST: HTTP 500"))
    await queue.async_add(points(3))
    await settled(hass)
    assert len(vendor.requests) == 1

    vendor.refuse = lambda positions: None
    await settled(hass)
    assert vendor.taken == []
    sender.async_retry()
    await settled(hass)
    assert vendor.taken == points(3)


async def test_a_vendor_that_asks_for_a_pause_gets_it(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """Not even a poll that works shortens it."""
    vendor.refuse = refusing(RateLimited("POST: HTTP 429", retry_after=600))
    await queue.async_add(points(3))
    await settled(hass)
    vendor.refuse = lambda positions: None
    sender.async_retry()
    await queue.async_add([point(4)])
    await later(hass, 590)
    assert len(vendor.requests) == 1

    await later(hass, 605)
    assert vendor.taken == [*points(3), point(4)]


async def test_refused_credentials_are_tried_once_and_keep_the_queue(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The user is asked for new ones; with them it goes on."""
    asked: list[HomeAssistant] = []
    monkeypatch.setattr(entry, "async_start_reauth", asked.append)
    vendor.refuse = refusing(AuthenticationFailed("POST: HTTP 401"))
    await queue.async_add(points(3))
    await later(hass, 3600)
    await queue.async_add([point(4)])
    sender.async_retry()
    await later(hass, 7200)
    assert asked == [hass]
    assert len(vendor.requests) == 1
    assert queue.waiting == 4

    vendor.refuse = lambda positions: None
    sender.async_start(vendor, OutageLog())
    await settled(hass)
    assert vendor.taken == [*points(3), point(4)]


async def test_only_the_position_that_the_vendor_declines_is_dropped(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is found by halves, told once and counted; the others go in order."""
    bad = [point(3), point(12), point(13)]

    def refuse(positions: Sequence[SentPosition]) -> ProviderError | None:
        """Decline what has a bad one in it."""
        if set(bad) & set(positions):
            return Rejected("POST: HTTP 400", status=400)
        return None

    vendor.refuse = refuse
    await queue.async_add(points(16))
    await settled(hass)
    assert vendor.taken == [one for one in points(16) if one not in bad]
    assert (queue.waiting, queue.sent, queue.declined) == (0, 13, 3)
    assert len(vendor.requests) <= 18
    assert caplog.text.count("the vendor declines a position") == 1
    # An account's title may name somebody.
    assert "Anna" not in caplog.text

    # It is not taken up again.
    await queue.async_add(bad)
    assert queue.waiting == 0


async def test_a_vendor_that_declines_everything_costs_few_positions(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """The fault is then not the positions'; and the queue never stands still."""
    vendor.refuse = refusing(Rejected("POST: HTTP 400", status=400))
    await queue.async_add(points(60))
    await settled(hass)
    assert queue.declined == 10
    await later(hass, 20)
    assert queue.declined == 20

    vendor.refuse = lambda positions: None
    await later(hass, 3600)
    assert vendor.taken == points(60)[20:]


@pytest.mark.parametrize("bad", [[0], [5], [19], [0, 7]])
async def test_a_position_at_which_the_vendor_fails_holds_up_no_other_for_ever(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    bad: list[int],
) -> None:
    """Some answer a position with an internal error, and are up all the same."""
    sender.async_start(vendor, OutageLog(), lambda: True)
    wrong = [point(one) for one in bad]

    def fail(positions: Sequence[SentPosition]) -> ProviderError | None:
        """Fail at what has a bad one in it."""
        if set(wrong) & set(positions):
            return Unreachable("POST: HTTP 500", status=500)
        return None

    vendor.refuse = fail
    await queue.async_add(points(20))
    await settled(hass)
    for wait in (15, 30, 60):
        assert queue.declined == 0
        await later(hass, wait * 1.01)
    assert queue.declined == 0
    await later(hass, 120 * 1.01)
    # Another one may wait behind those that got through.
    for wait in (15, 30, 60, 120):
        await later(hass, wait * 1.01)
    assert (queue.waiting, queue.declined) == (0, len(bad))
    assert vendor.taken == [one for one in points(20) if one not in wrong]


@pytest.mark.parametrize("is_up", [True, False])
async def test_a_vendor_that_fails_at_everything_loses_nothing(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    is_up: bool,
) -> None:
    """Nor is it asked much more often, and not at all more where it is down."""
    sender.async_start(vendor, OutageLog(), lambda: is_up)
    vendor.refuse = refusing(Unreachable("POST: HTTP 500", status=500))
    await queue.async_add(points(20))
    await settled(hass)
    for wait in (15, 30, 60, 120, 240):
        await later(hass, wait * 1.01)
    assert (queue.waiting, queue.declined) == (20, 0)
    assert len(vendor.requests) == (4 + 2 * 7 if is_up else 6)

    vendor.refuse = lambda positions: None
    await later(hass, 900)
    assert vendor.taken == points(20)


@pytest.mark.parametrize(
    "error",
    [Unreachable("POST: ClientOSError"), RequestTimeout("POST: no answer in time")],
)
async def test_a_connection_that_breaks_is_no_positions_fault(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    error: Unreachable,
) -> None:
    """Though the vendor failed at it before, and others got through."""
    sender.async_start(vendor, OutageLog(), lambda: True)

    def fail(positions: Sequence[SentPosition]) -> ProviderError | None:
        """Fail at the first one, and break off once others were taken."""
        if point(0) not in positions:
            return None
        return error if vendor.taken else Unreachable("POST: HTTP 500", status=500)

    vendor.refuse = fail
    await queue.async_add(points(8))
    await settled(hass)
    for wait in (15, 30, 60, 120):
        await later(hass, wait * 1.01)
    assert vendor.taken == points(8)[1:]
    assert (queue.waiting, queue.declined) == (1, 0)

    vendor.refuse = lambda positions: None
    await later(hass, 900)
    assert vendor.taken == [*points(8)[1:], point(0)]


@pytest.mark.parametrize(
    ("error", "status"), [(NotFound, 404), (MethodNotAllowed, 405), (Rejected, 408)]
)
async def test_a_path_that_is_not_there_is_no_positions_fault(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    error: type[Rejected],
    status: int,
) -> None:
    """It is waited for, as for a vendor that is down or was in no hurry."""
    vendor.refuse = refusing(error(f"POST: HTTP {status}", status=status))
    await queue.async_add(points(3))
    await settled(hass)
    assert (queue.waiting, queue.declined) == (3, 0)
    assert len(vendor.requests) == 1


async def test_what_nobody_expected_does_not_end_the_sending(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told once and tried again later, and nothing is lost."""
    tries: list[object] = []

    async def fail(positions: object) -> None:
        tries.append(positions)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(vendor, "send_positions", fail)
        await queue.async_add(points(3))
        await settled(hass)
        await later(hass, 16)
        assert len(tries) == 2
    assert caplog.text.count("Fleetwork sent positions: cannot be sent") == 1
    await later(hass, 31)
    assert vendor.taken == points(3)


async def test_a_request_that_is_under_way_may_end(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """A reload meanwhile sends nothing twice, and nothing more before its end."""
    vendor.answers.clear()
    await queue.async_add(points(20))
    await vendor.asked.wait()
    stopping = asyncio.create_task(sender.async_stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    vendor.answers.set()
    await stopping
    await settled(hass)
    assert len(vendor.requests) == 1
    assert queue.waiting == 12

    sender.async_start(vendor, OutageLog())
    await settled(hass)
    assert vendor.taken == points(20)


async def test_a_request_that_never_ends_is_given_up(
    hass: HomeAssistant,
    queue: PositionQueue,
    sender: Sender,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it carried is sent again: the vendor may not have got it."""
    monkeypatch.setattr(
        "custom_components.fleet_telematics.push.sender._PATIENCE", 0.01
    )
    vendor.answers.clear()
    await queue.async_add(points(3))
    await vendor.asked.wait()
    await sender.async_stop()
    assert queue.waiting == 3
    vendor.answers.set()
    sender.async_start(vendor, OutageLog())
    await settled(hass)
    assert vendor.taken == points(3)


async def test_the_end_of_home_assistant_leaves_no_timer(
    hass: HomeAssistant, queue: PositionQueue, sender: Sender, vendor: Vendor
) -> None:
    """What waits for its turn waits on disk."""
    vendor.refuse = refusing(Unreachable("POST: HTTP 500"))
    await queue.async_add(points(3))
    await settled(hass)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert queue.waiting == 3
