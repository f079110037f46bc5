"""Login, envelope and refusals, against a server that answers as told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.base import Connection, Feed, FeedPlan
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    ProviderError,
    RateLimited,
    Rejected,
)
from custom_components.fleet_telematics.providers.trackgps import TrackGps
from custom_components.fleet_telematics.providers.transport import RequestQueue

from .conftest import LOGIN, REFILLS, STOPS, VEHICLES, Answer, Peer, Seen

END = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
START = END - timedelta(days=2)
LAGOS = ZoneInfo("Africa/Lagos")


def refuse(_: Seen) -> Answer:
    """Answer as the vendor does to a token, or a vehicle, it does not accept."""
    return 401, {"message": "Unauthorized"}


def accept(token: str) -> Callable[[Seen], Answer]:
    """Return a server that accepts this token alone."""
    return lambda seen: (
        (200, {"payload": [], "isSuccess": True})
        if seen.authorization == f"Bearer {token}"
        else refuse(seen)
    )


# Login.


async def test_login_is_a_form_and_names_the_account(
    provider: TrackGps, peer: Peer
) -> None:
    """The username, in lower case, tells accounts apart."""
    account = await provider.authenticate()
    (login,) = peer.seen
    assert (login.method, login.query) == ("POST", {"api-version": "2.0"})
    assert parse_qs(login.body.decode()) == {
        "username": ["Fleet@Example.com"],
        "password": ["secret"],
    }
    assert (account.id, account.title) == ("fleet@example.com", "Fleet@Example.com")


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_credentials_are_tried_once(
    provider: TrackGps, peer: Peer, status: int
) -> None:
    """Every later request repeats the refusal without asking."""
    peer.answers[LOGIN] = lambda _: (status, {"error": "invalid_grant"})
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.authenticate()
    with pytest.raises(AuthenticationFailed):
        await provider.positions()
    assert peer.paths() == ["login"]


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, {"isSuccess": False, "payload": None}, AuthenticationFailed),
        (200, {"token_type": "Bearer"}, InvalidResponse),
        (200, {"access_token": ""}, InvalidResponse),
        (200, [], InvalidResponse),
        (404, {}, Rejected),
        (429, {}, RateLimited),
        (500, {}, ProviderError),
    ],
)
async def test_a_login_without_a_token_is_a_typed_error(
    provider: TrackGps,
    peer: Peer,
    status: int,
    answer: object,
    error: type[ProviderError],
) -> None:
    """And its text has no secret in it."""
    peer.answers[LOGIN] = lambda _: (status, answer)
    with pytest.raises(error) as caught:
        await provider.authenticate()
    assert "secret" not in str(caught.value)
    assert "Fleet@" not in str(caught.value)


@pytest.mark.parametrize(
    ("expires_in", "renewed_after"), [(28800, 3600), (600, 600), ("x", 3600)]
)
async def test_a_token_lives_an_hour_at_most(
    provider: TrackGps,
    peer: Peer,
    monkeypatch: pytest.MonkeyPatch,
    expires_in: object,
    renewed_after: float,
) -> None:
    """The vendor names one hour and eight; a token is renewed before it ends."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("custom_components.fleet_telematics.providers.auth.time", clock)
    peer.answers[LOGIN] = lambda _: (
        200,
        {"access_token": "t", "expires_in": expires_in},
    )
    peer.payload(VEHICLES, [])
    await provider.positions()
    clock.now = renewed_after / 2
    await provider.positions()
    assert peer.paths().count("login") == 1
    clock.now = renewed_after - 1
    await provider.positions()
    assert peer.paths().count("login") == 2


async def test_an_expired_token_is_renewed_once_for_all(
    provider: TrackGps, peer: Peer
) -> None:
    """Parallel requests wait for one login, and each is repeated once."""
    peer.answers[VEHICLES] = peer.answers[REFILLS] = accept("token2")
    await asyncio.gather(
        provider.positions(),
        provider.fuel("1", START, END),
        provider.fuel("2", START, END),
    )
    assert peer.logins == 2
    # The two refills may have waited for the new token or been repeated with it.
    assert peer.paths().count("company-vehicles") == 2


async def test_a_vehicle_list_that_stays_refused_asks_for_credentials(
    provider: TrackGps, peer: Peer
) -> None:
    """After one renewal and one repetition."""
    peer.answers[VEHICLES] = refuse
    with pytest.raises(AuthenticationFailed):
        await provider.positions()
    assert peer.paths() == ["login", "company-vehicles", "login", "company-vehicles"]


# Envelope.


async def test_every_call_has_version_and_token(provider: TrackGps, peer: Peer) -> None:
    """Also those with a body."""
    for path in (VEHICLES, REFILLS, STOPS):
        peer.payload(path, [])
    await provider.positions()
    await provider.fuel("1", START, END)
    await provider.details(["1"])
    assert peer.paths() == ["login", "company-vehicles", "refills", "stops"]
    assert all(one.query == {"api-version": "2.0"} for one in peer.seen)
    assert {one.authorization for one in peer.seen[1:]} == {"Bearer token1"}


@pytest.mark.parametrize("write", [str, str.upper])
async def test_a_declined_request_tells_the_vendors_code(
    provider: TrackGps, peer: Peer, write: Callable[[str], str]
) -> None:
    """IsSuccess false inside HTTP 200."""
    envelope = {
        write("payload"): None,
        write("isSuccess"): False,
        write("failureReasons"): [{write("errorCode"): "PeriodTooLong"}],
    }
    peer.answers[REFILLS] = lambda _: (200, envelope)
    with pytest.raises(Rejected) as caught:
        await provider.fuel("1", START, END)
    assert (caught.value.status, caught.value.reason) == (200, "PeriodTooLong")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {"isSuccess": True},
        {"payload": {}, "isSuccess": True},
        {"payload": "none", "isSuccess": True},
        {"payload": 0, "isSuccess": True},
    ],
)
async def test_a_payload_of_a_wrong_type_is_an_invalid_response(
    provider: TrackGps, peer: Peer, answer: object
) -> None:
    """For every call alike."""
    for path in (VEHICLES, REFILLS, STOPS):
        peer.answers[path] = lambda _: (200, answer)
    with pytest.raises(InvalidResponse):
        await provider.positions()
    with pytest.raises(InvalidResponse):
        await provider.fuel("1", START, END)
    with pytest.raises(InvalidResponse):
        await provider.details(["1"])


async def test_no_list_is_no_event_but_not_no_fleet(
    provider: TrackGps, peer: Peer
) -> None:
    """Null is how some servers write an empty list; a fleet is never nothing."""
    for path in (VEHICLES, REFILLS, STOPS):
        peer.payload(path, None)
    assert (await provider.fuel("1", START, END)).events == ()
    assert (await provider.details(["1"])).vehicles == {}
    with pytest.raises(InvalidResponse):
        await provider.positions()


async def test_a_list_of_nothing_readable_is_an_invalid_response(
    provider: TrackGps, peer: Peer
) -> None:
    """It says that the format changed, not that the fleet is gone."""
    peer.payload(VEHICLES, [{"id": None}, 5])
    with pytest.raises(InvalidResponse):
        await provider.positions()


# Refills.


async def test_refills_are_asked_for_on_the_local_clock(
    provider: TrackGps, peer: Peer
) -> None:
    """A number as the vehicle, naive times with milliseconds."""
    peer.payload(REFILLS, [])
    await provider.fuel("4711", START, END)
    assert peer.seen[-1].json == {
        "carrierId": 4711,
        "startDate": "2026-07-12T13:00:00.000",
        "endDate": "2026-07-14T13:00:00.000",
    }


async def test_the_companys_clock_is_romanias_unless_told(
    session: aiohttp.ClientSession, peer: Peer
) -> None:
    """Three hours ahead of UTC in summer."""
    peer.payload(REFILLS, [])
    connection = Connection(
        session=session, queue=RequestQueue(), data={"url": peer.url}
    )
    await TrackGps(connection).fuel("1", START, END)
    assert peer.seen[-1].json["endDate"] == "2026-07-14T15:00:00.000"


async def test_a_foreign_vehicle_is_denied_and_not_asked_for_again(
    provider: TrackGps, peer: Peer
) -> None:
    """401 after a renewal is about the vehicle; the others go on."""
    peer.answers[REFILLS] = lambda seen: (
        refuse(seen)
        if seen.json["carrierId"] == 9
        else (200, {"payload": [], "isSuccess": True})
    )
    with pytest.raises(AccessDenied):
        await provider.fuel("9", START, END)
    assert peer.paths() == ["login", "refills", "login", "refills"]
    with pytest.raises(AccessDenied):
        await provider.fuel("9", START, END)
    assert len(peer.seen) == 4
    await provider.fuel("1", START, END)
    assert peer.logins == 2


async def test_a_second_foreign_vehicle_needs_no_second_renewal(
    provider: TrackGps, peer: Peer
) -> None:
    """The token that was just renewed is good: that saves a request."""
    peer.answers[REFILLS] = refuse
    for vehicle_id in ("8", "9"):
        with pytest.raises(AccessDenied):
            await provider.fuel(vehicle_id, START, END)
    assert peer.paths() == ["login", "refills", "login", "refills", "refills"]


# Stops.


def stop(vehicle_id: int, begun: datetime, odometer: float | None) -> dict[str, object]:
    """Describe a stop that lasts."""
    return {
        "vehicleId": vehicle_id,
        "startDate": f"{begun.astimezone(LAGOS):%Y-%m-%dT%H:%M:%S}",
        "indexKm": odometer,
    }


def looked_back(seen: Seen) -> timedelta:
    """Return the length of a request's window."""
    start, end = (
        datetime.fromisoformat(str(seen.json[key])) for key in ("startDate", "endDate")
    )
    return end - start


async def test_a_foreign_vehicle_on_a_list_is_found_while_the_others_go_on(
    provider: TrackGps, peer: Peer
) -> None:
    """In the end one request asks for everybody else."""
    now = datetime.now(UTC)

    def answer(seen: Seen) -> Answer:
        asked = seen.json["vehiclesList"]
        assert isinstance(asked, list)
        if 7 in asked:
            return refuse(seen)
        rows = [stop(one, now - timedelta(hours=3), 1000.0 + one) for one in asked]
        return 200, {"payload": [{"results": {"rows": rows}}], "isSuccess": True}

    peer.answers[STOPS] = answer
    vehicle_ids = [str(number) for number in range(1, 11)]
    for _ in range(10):
        batch = await provider.details(vehicle_ids)
    assert {one: found.odometer for one, found in batch.vehicles.items()} == {
        one: 1000.0 + int(one) for one in vehicle_ids if one != "7"
    }
    peer.seen.clear()
    await provider.details(vehicle_ids)
    (last,) = peer.seen
    assert last.json["vehiclesList"] == [1, 2, 3, 4, 5, 6, 8, 9, 10]
    with pytest.raises(AccessDenied):
        await provider.fuel("7", START, END)


async def test_more_than_ten_vehicles_are_several_lists(
    provider: TrackGps, peer: Peer
) -> None:
    """Ten is what the vendor takes."""
    peer.payload(STOPS, [])
    await provider.details([str(number) for number in range(1, 24)])
    lists = [one.json["vehiclesList"] for one in peer.seen[1:]]
    assert [len(one) if isinstance(one, list) else 0 for one in lists] == [10, 10, 3]


async def test_the_first_look_goes_back_a_week_later_ones_to_the_last_stop(
    provider: TrackGps, peer: Peer
) -> None:
    """Never more than a day, once a window has been answered."""
    now = datetime.now(UTC)
    peer.payload(STOPS, [stop(1, now - timedelta(hours=3, minutes=30), 5.0)])
    await provider.details(["1"])
    await provider.details(["1"])
    await provider.details(["1", "2"])
    await provider.details(["1", "2"])
    first, second, third, fourth = (looked_back(one) for one in peer.seen[1:])
    assert first == third == timedelta(days=7)
    # To the stop, and an hour more.
    assert timedelta(hours=4, minutes=30) < second < timedelta(hours=4, minutes=31)
    assert fourth == timedelta(days=1)


async def test_a_vehicle_that_stands_for_days_costs_no_long_windows(
    provider: TrackGps, peer: Peer
) -> None:
    """A day is looked back, however old its last stop is."""
    peer.payload(STOPS, [stop(1, datetime.now(UTC) - timedelta(days=3), 5.0)])
    await provider.details(["1"])
    await provider.details(["1"])
    assert looked_back(peer.seen[-1]) == timedelta(days=1)


async def test_known_values_stay_until_a_newer_stop_comes(
    provider: TrackGps, peer: Peer
) -> None:
    """Neither an empty answer nor an older stop takes them away."""
    now = datetime.now(UTC)
    newest = stop(1, now - timedelta(hours=4), 100.0)
    older = stop(1, now - timedelta(hours=6), 90.0)
    newer = stop(1, now - timedelta(hours=3.5), 120.0)
    for rows, odometer in (
        ([newest], 100.0),
        ([], 100.0),
        ([older], 100.0),
        ([newer], 120.0),
    ):
        peer.payload(STOPS, rows)
        batch = await provider.details(["1"])
        assert batch.vehicles["1"].odometer == odometer
        assert not batch.complete


# The account's pace.


async def test_a_login_takes_no_turn_in_the_queue(
    provider: TrackGps, peer: Peer
) -> None:
    """The vendor exempts it: the first request need not wait for the next slot."""
    peer.payload(VEHICLES, [])
    provider.connection.queue.interval = 3600
    async with asyncio.timeout(10):
        await provider.authenticate()
        await provider.positions()
    assert peer.paths() == ["login", "company-vehicles"]


@pytest.mark.parametrize(
    ("options", "interval"),
    [
        ({}, 30.0),
        ({"request_interval": 5}, 5.0),
        ({"request_interval": 1}, 1.0),
        ({"request_interval": 0}, 30.0),
        ({"request_interval": None}, 30.0),
    ],
)
async def test_the_queue_and_the_feeds_take_the_pace_of_the_options(
    session: aiohttp.ClientSession, options: dict[str, object], interval: float
) -> None:
    """One request per 30 seconds, or what the vendor agreed to."""
    connection = Connection(
        session=session, queue=RequestQueue(), data={}, options=options
    )
    feeds = TrackGps(connection).feeds
    assert connection.queue.interval == interval
    assert feeds == {
        Feed.FUEL: FeedPlan(
            interval=timedelta(seconds=3 * interval), vehicles_per_step=1
        ),
        Feed.DETAILS: FeedPlan(
            interval=timedelta(seconds=6 * interval), vehicles_per_step=10
        ),
    }
