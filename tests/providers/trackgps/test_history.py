"""Trips, tracks and consumption, against a server that answers as told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.fleet_telematics.providers import capabilities
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    InvalidResponse,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.trackgps import TrackGps

from .conftest import STOPS, VEHICLES, Answer, Peer, Seen

WAY = "/api/carriers/way"
CONSUMPTION = "/api/carriers/consumption"
LAGOS = ZoneInfo("Africa/Lagos")
END = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
START = END - DAY


def local(moment: datetime) -> str:
    """Return a time as the vendor writes it."""
    return moment.astimezone(LAGOS).replace(tzinfo=None).isoformat()


def window(seen: Seen) -> tuple[datetime, datetime]:
    """Return what a request asked for."""
    start, end = (
        datetime.fromisoformat(str(seen.json[key])).replace(tzinfo=LAGOS)
        for key in ("startDate", "endDate")
    )
    return start, end


def stop(vehicle_id: int, start: datetime, **more: object) -> dict[str, object]:
    """Describe a stop of an hour that 10 km led to."""
    return {
        "vehicleId": vehicle_id,
        "startDate": local(start),
        "endDate": local(start + timedelta(hours=1)),
        "distance": 10,
        **more,
    }


def asked(peer: Peer, path: str) -> list[Seen]:
    """Return the requests for a path."""
    return [one for one in peer.seen if one.path == path]


def refuse_lists_with(foreign: int, rows: list[dict[str, Any]]) -> Any:
    """Return a server that refuses a list with this vehicle, as the vendor does."""

    def answer(seen: Seen) -> Answer:
        listed = seen.json["vehiclesList"]
        assert isinstance(listed, list)
        if foreign in listed:
            return 401, {"message": "Unauthorized"}
        told = [row for row in rows if row["vehicleId"] in listed]
        return 200, {"payload": told, "isSuccess": True}

    return answer


def test_the_vendor_offers_the_past_and_its_api() -> None:
    """As the capabilities name it."""
    for one in ("TripHistory", "PositionHistory", "FuelUse", "OpenApi"):
        assert issubclass(TrackGps, getattr(capabilities, one))
    assert (TrackGps.vehicles_per_read, TrackGps.whole_history) == (10, True)


# Trips.


async def test_trips_are_asked_for_with_the_stops_around_them(
    provider: TrackGps, peer: Peer
) -> None:
    """A drive that begins or ends outside the window has its other stop there."""
    before, into, out, after = (
        stop(4711, moment)
        for moment in (
            START - timedelta(hours=9),
            START + timedelta(minutes=10),
            END + timedelta(minutes=10),
            END + timedelta(hours=5),
        )
    )
    peer.payload(STOPS, [before, into, out, after])
    trips = await provider.trips(["4711"], START, END)
    (seen,) = asked(peer, STOPS)
    assert seen.json["vehiclesList"] == [4711]
    assert seen.json["stationaryMargin"] == 5
    assert window(seen) == (START - timedelta(hours=11), END + timedelta(hours=11))
    # Into the window and out of it; what lies outside is nobody's business.
    assert [(one.start, one.end) for one in trips] == [
        (START - timedelta(hours=8), START + timedelta(minutes=10)),
        (START + timedelta(minutes=70), END + timedelta(minutes=10)),
    ]


async def test_nothing_is_asked_for_of_the_future(
    provider: TrackGps, peer: Peer
) -> None:
    """Nor beyond now."""
    now = datetime.now(UTC)
    peer.payload(STOPS, [])
    assert await provider.trips(["1"], now + DAY, now + 2 * DAY) == ()
    assert await provider.track("1", now + DAY, now + 2 * DAY) == ()
    assert asked(peer, STOPS) == []
    await provider.trips(["1"], now - DAY, now + DAY)
    (seen,) = asked(peer, STOPS)
    assert window(seen)[1] - now < timedelta(minutes=1)


async def test_thirty_days_are_one_request_and_a_year_is_twelve(
    provider: TrackGps, peer: Peer
) -> None:
    """At most 31 days each, one after the other, nothing twice."""
    peer.payload(STOPS, [])
    await provider.trips(["1"], END - timedelta(days=30), END)
    assert len(asked(peer, STOPS)) == 1
    peer.seen.clear()
    await provider.trips(["1"], END - timedelta(days=365), END)
    windows = [window(one) for one in asked(peer, STOPS)]
    assert len(windows) == 12
    assert all(end - start <= timedelta(days=31) for start, end in windows)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]


async def test_a_trip_over_the_cut_of_two_requests_is_one(
    provider: TrackGps, peer: Peer
) -> None:
    """Its first stop is in one answer and its last one in the next."""
    start = END - timedelta(days=40)

    def answer(seen: Seen) -> Answer:
        first, last = window(seen)
        rows = [
            stop(1, moment)
            for number in range(-400, 2000)
            if first - timedelta(hours=1)
            <= (moment := start + number * timedelta(minutes=90))
            <= last
        ]
        return 200, {"payload": rows, "isSuccess": True}

    peer.answers[STOPS] = answer
    trips = await provider.trips(["1"], start, END)
    assert len(asked(peer, STOPS)) == 2
    assert len(trips) == 40 * 16 + 1
    assert {one.duration for one in trips} == {timedelta(minutes=30)}
    assert [one.start for one in trips] == sorted(
        one.start for one in trips if one.start
    )


async def test_ten_vehicles_are_one_request_and_trips_come_oldest_first(
    provider: TrackGps, peer: Peer
) -> None:
    """Of all of them together; one that was named twice is asked for once."""
    peer.payload(
        STOPS,
        [
            stop(number, START + timedelta(hours=hour, minutes=number))
            for number in range(1, 13)
            for hour in (2, 6)
        ],
    )
    vehicle_ids = [str(number) for number in range(1, 13)]
    trips = await provider.trips([*vehicle_ids, "1"], START, END)
    lists = [one.json["vehiclesList"] for one in asked(peer, STOPS)]
    assert lists == [list(range(1, 11)), [11, 12]]
    times = [one.start or one.end or END for one in trips]
    assert times == sorted(times)
    assert {one.vehicle_id for one in trips} == set(vehicle_ids)
    assert len({(one.vehicle_id, one.id) for one in trips}) == len(trips) == 24


async def test_vehicles_that_were_not_asked_for_are_left_out(
    provider: TrackGps, peer: Peer
) -> None:
    """Whatever the vendor lists."""
    peer.payload(STOPS, [stop(1, END), stop(2, END)])
    assert {one.vehicle_id for one in await provider.trips(["1"], START, END)} == {"1"}


async def test_a_foreign_vehicle_does_not_cost_the_others_their_trips(
    provider: TrackGps, peer: Peer
) -> None:
    """It is found in ever shorter lists, and not asked for again."""
    peer.answers[STOPS] = refuse_lists_with(
        7, [stop(number, END - timedelta(hours=2)) for number in range(1, 11)]
    )
    vehicle_ids = [str(number) for number in range(1, 11)]
    trips = await provider.trips(vehicle_ids, START, END)
    assert {one.vehicle_id for one in trips} == set(vehicle_ids) - {"7"}
    assert len(trips) == 9
    assert len(asked(peer, STOPS)) <= 10
    peer.seen.clear()
    assert len(await provider.trips(vehicle_ids, START, END)) == 9
    (seen,) = peer.seen
    assert seen.json["vehiclesList"] == [1, 2, 3, 4, 5, 6, 8, 9, 10]


async def test_a_foreign_vehicle_alone_is_denied(
    provider: TrackGps, peer: Peer
) -> None:
    """The second time without a request."""
    peer.answers[STOPS] = peer.answers[WAY] = peer.answers[CONSUMPTION] = (
        refuse_lists_with(7, [])
    )
    peer.payload(VEHICLES, [])
    for _ in range(2):
        with pytest.raises(AccessDenied):
            await provider.trips(["7"], START, END)
    assert len(asked(peer, STOPS)) == 2
    with pytest.raises(AccessDenied):
        await provider.track("7", START, END)
    with pytest.raises(AccessDenied):
        await provider.fuel_used(["7"], START, END)
    assert await provider.trips([], START, END) == ()


async def test_a_failure_is_told(provider: TrackGps, peer: Peer) -> None:
    """Half of the trips are no trips."""
    peer.answers[STOPS] = lambda _: (500, {})
    with pytest.raises(Unreachable):
        await provider.trips(["1"], START, END)
    peer.payload(STOPS, {"results": {}})
    with pytest.raises(InvalidResponse):
        await provider.trips(["1"], START, END)


# Tracks.


def point(moment: datetime, **more: object) -> dict[str, object]:
    """Describe a point of a track."""
    return {
        "vehicleId": 4711,
        "gpsDate": local(moment),
        "latitude": 44.4,
        "longitude": 26.1,
        "speed": 50,
        **more,
    }


def every(minutes: int, **more: object) -> list[dict[str, object]]:
    """Describe the track of the whole window."""
    count = int(DAY / timedelta(minutes=minutes))
    return [
        point(START + number * timedelta(minutes=minutes), **more)
        for number in range(count + 1)
    ]


def fleet(*, private: bool) -> list[dict[str, object]]:
    """Describe the fleet."""
    return [
        {
            "vehicleId": 4711,
            "vehicleRegistrationNumber": "B 1 AAA",
            "isPrivate": private,
        }
    ]


async def test_a_track_is_the_points_of_its_window(
    provider: TrackGps, peer: Peer
) -> None:
    """Cut into what the vendor takes."""
    peer.payload(VEHICLES, fleet(private=False))
    peer.payload(STOPS, [])
    peer.payload(WAY, every(60))
    track = await provider.track("4711", START, END)
    assert [one.time for one in track] == [
        START + timedelta(hours=number) for number in range(25)
    ]
    (seen,) = asked(peer, WAY)
    assert seen.json == {
        "vehiclesList": [4711],
        "startDate": f"{local(START)}.000",
        "endDate": f"{local(END)}.000",
    }
    await provider.track("4711", END - timedelta(days=62), END)
    windows = [window(one) for one in asked(peer, WAY)[1:]]
    assert len(windows) == 3
    assert all(end - start <= timedelta(days=31) for start, end in windows)
    assert (windows[0][0], windows[-1][1]) == (END - timedelta(days=62), END)


async def test_points_of_private_drives_and_stops_are_private(
    provider: TrackGps, peer: Peer
) -> None:
    """Tracks do not tell of privacy, stops do; the shortest ones, too."""
    peer.payload(VEHICLES, fleet(private=False))
    peer.payload(WAY, every(60))
    left = START + timedelta(hours=5)
    peer.payload(
        STOPS,
        [
            stop(4711, left - timedelta(hours=1), isPrivate=False),
            stop(4711, left + timedelta(hours=2), isPrivate=True),
            stop(4711, left + timedelta(hours=6), isPrivate=False),
        ],
    )
    track = await provider.track("4711", START, END)
    hidden = [one for one in track if one.private]
    assert [one.time - left for one in hidden] == [
        timedelta(hours=number) for number in range(4)
    ]
    assert all(one.location is None and one.speed is None for one in hidden)
    assert all(one.location for one in track if not one.private)
    (seen,) = asked(peer, STOPS)
    assert seen.json["stationaryMargin"] == 1


async def test_what_a_private_vehicle_does_since_its_last_stop_is_private(
    provider: TrackGps, peer: Peer
) -> None:
    """No stop tells of it yet; the live state does."""
    last = END - timedelta(hours=3)
    peer.payload(WAY, every(60))
    peer.payload(STOPS, [stop(4711, last, isPrivate=False)])
    for private, count in ((True, 4), (False, 0)):
        peer.payload(VEHICLES, fleet(private=private))
        await provider.positions()
        track = await provider.track("4711", START, END)
        assert sum(one.private for one in track) == count
        assert all(one.time >= last for one in track if one.private)
    peer.payload(VEHICLES, fleet(private=True))
    peer.payload(STOPS, [])
    await provider.positions()
    assert all(one.private for one in await provider.track("4711", START, END))


async def test_points_that_tell_of_privacy_need_no_stops(
    provider: TrackGps, peer: Peer
) -> None:
    """That saves a request."""
    peer.payload(WAY, [*every(60, isPrivate=False)[:5], *every(60, isPrivate=True)[5:]])
    track = await provider.track("4711", START, END)
    assert [one.private for one in track] == [False] * 5 + [True] * 20
    assert asked(peer, STOPS) == asked(peer, VEHICLES) == []


# Consumption.


def burnt(plate: str, litres: object) -> dict[str, object]:
    """Describe what a vehicle burnt."""
    return {"licensePlate": plate, "vehicleName": "Van", "consumptionValue": litres}


async def test_consumption_is_summed_up_over_the_requests(
    provider: TrackGps, peer: Peer
) -> None:
    """By vehicle id; windows neither overlap nor leave anything out."""
    peer.payload(
        VEHICLES,
        [
            {"vehicleId": number, "vehicleRegistrationNumber": f"B {number} AAA"}
            for number in range(1, 13)
        ],
    )
    peer.payload(CONSUMPTION, [burnt("B1AAA", 12.5), burnt("B 2 AAA", 0)])
    vehicle_ids = [str(number) for number in range(1, 13)]
    start = END - timedelta(days=60)
    assert await provider.fuel_used(vehicle_ids, start, END) == {"1": 25.0}
    assert len(asked(peer, VEHICLES)) == 1
    requests = asked(peer, CONSUMPTION)
    lists = [one.json["vehiclesList"] for one in requests]
    assert lists == [list(range(1, 11)), [11, 12]] * 2
    windows = [window(one) for one in requests[::2]]
    assert windows[0][0] == start
    assert windows[0][1] == windows[1][0]
    assert windows[1][1] == END


@pytest.mark.parametrize(
    "payload",
    [
        {"B 1 AAA": {"consumptionValue": 12.5}},
        {"Results": {"B 1 AAA": [{"ConsumptionValue": 12.5}]}},
        [{"results": {"B 1 AAA": {"consumptionValue": 12.5}}}],
    ],
)
async def test_consumption_may_be_keyed_by_plate(
    provider: TrackGps, peer: Peer, payload: object
) -> None:
    """Or be a list; nothing at all is nobody's."""
    peer.payload(VEHICLES, [*fleet(private=False), {"vehicleId": 2}])
    peer.payload(CONSUMPTION, payload)
    assert await provider.fuel_used(["4711", "2"], START, END) == {"4711": 12.5}
    peer.payload(CONSUMPTION, None)
    assert await provider.fuel_used(["4711", "2"], START, END) == {}
    peer.payload(CONSUMPTION, "none")
    with pytest.raises(InvalidResponse):
        await provider.fuel_used(["4711", "2"], START, END)


async def test_a_foreign_vehicle_does_not_cost_the_others_their_consumption(
    provider: TrackGps, peer: Peer
) -> None:
    """Nor is anything counted twice while it is looked for."""
    rows = [
        {"vehicleId": number, "consumptionValue": number * 1.5}
        for number in range(1, 11)
    ]
    peer.payload(VEHICLES, [])
    peer.answers[CONSUMPTION] = refuse_lists_with(7, rows)
    vehicle_ids = [str(number) for number in range(1, 11)]
    found = await provider.fuel_used(vehicle_ids, END - timedelta(days=40), END)
    assert found == {one: int(one) * 3.0 for one in vehicle_ids if one != "7"}


# The account's line.


async def test_the_poll_waits_for_one_reader_of_the_past_at_most(
    provider: TrackGps, peer: Peer
) -> None:
    """However many want to know, and as often as the poll comes."""
    provider.connection.queue.interval = 0.02
    peer.payload(VEHICLES, [])
    for path in (STOPS, WAY, CONSUMPTION):
        peer.payload(path, [])
    await provider.positions()
    asks = [
        asyncio.ensure_future(ask)
        for number in range(1, 5)
        for ask in (
            provider.trips([str(number)], START, END),
            provider.track(str(number), START, END),
            provider.fuel_used([str(number)], START, END),
        )
    ]
    polls = 0
    while not all(one.done() for one in asks):
        await asyncio.sleep(0)
        before = len(peer.seen)
        await provider.positions()
        polls += 1
        # What was under way, and the one that stood in line already.
        assert len(peer.seen) - before <= 3
    await asyncio.gather(*asks)
    assert polls > 8


# Anything else.


async def test_any_other_call_has_the_version_and_the_whole_answer(
    provider: TrackGps, peer: Peer
) -> None:
    """Also a negative one: whoever calls wants to see it."""
    answer = {"payload": None, "isSuccess": False, "failureReasons": [1]}
    peer.answers["/api/carriers/drivers"] = lambda _: (200, answer)
    found = await provider.call(
        "api/carriers/drivers", {"page": "2", "api-version": "1.0"}
    )
    assert found == answer
    (seen,) = asked(peer, "/api/carriers/drivers")
    assert (seen.method, seen.query) == ("GET", {"page": "2", "api-version": "2.0"})
    assert seen.authorization == "Bearer token1"
    with pytest.raises(Rejected):
        await provider.call("/api/../admin", {})


async def test_any_other_call_renews_the_token_once(
    provider: TrackGps, peer: Peer
) -> None:
    """And tells a refusal that stays as one of rights."""
    peer.answers["/api/x"] = lambda seen: (
        (200, [1]) if seen.authorization == "Bearer token2" else (401, {})
    )
    assert await provider.call("/api/x", {}) == [1]
    peer.answers["/api/y"] = lambda _: (401, {})
    with pytest.raises(AccessDenied):
        await provider.call("/api/y", {})
    assert peer.logins == 2
