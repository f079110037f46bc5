"""The last trips, which are all that Movens tells."""

from datetime import UTC, datetime, timedelta

from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    Unreachable,
)
from custom_components.fleet_telematics.providers.models import Trip, Vehicle
from custom_components.fleet_telematics.providers.movens import Movens, mapping

from .conftest import Connect
from .peer import Peer, of

START = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)
HOUR = timedelta(hours=1)


def row(vehicle_id: int, start: object, end: object) -> dict[str, object]:
    """Describe a vehicle by its last trip."""
    status = {"LastTripStart": start, "LastTripEnd": end}
    return {"ID": vehicle_id, "CategoryID": 1, "Status": status}


def told(moment: datetime) -> str:
    """Return a time as the vendor writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


async def test_the_last_trip_is_told_as_far_as_it_is_known(
    peer: Peer, connect: Connect
) -> None:
    """When and how long; no distance, no places."""
    peer.fleet(row(10, told(START), told(END)))
    trips = await connect().trips(["10"], START - HOUR, END + HOUR)
    assert trips == (
        Trip(
            id="20260714T080000Z",
            vehicle_id="10",
            start=START,
            end=END,
            duration=timedelta(minutes=45),
        ),
    )
    assert not Movens.whole_history


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (START - HOUR, START, 1),
        (END, END + HOUR, 1),
        (START + HOUR / 4, END - HOUR / 4, 1),
        (START - 2 * HOUR, START - HOUR, 0),
        (END + HOUR, END + 2 * HOUR, 0),
    ],
)
async def test_a_trip_outside_of_the_window_is_not_told(
    peer: Peer, connect: Connect, start: datetime, end: datetime, count: int
) -> None:
    """One moment inside is enough."""
    peer.fleet(row(10, told(START), told(END)))
    assert len(await connect().trips(["10"], start, end)) == count


async def test_trips_of_many_vehicles_come_oldest_first(
    peer: Peer, connect: Connect
) -> None:
    """One that is under way, or was not told, is none; the poll is enough for all."""
    peer.fleet(
        row(10, told(START + HOUR), told(END + HOUR)),
        row(11, told(START), told(END)),
        row(12, told(END), told(START)),
        row(13, "2001-01-01T00:00:00Z", None),
    )
    provider = connect()
    await provider.positions()
    peer.seen.clear()
    window = START - HOUR, END + 2 * HOUR
    trips = await provider.trips(["10", "11", "12", "13", "10"], *window)
    assert [one.vehicle_id for one in trips] == ["11", "10"]
    assert await provider.trips([], *window) == ()
    assert peer.seen == []


async def test_a_vehicle_that_the_poll_did_not_list_is_looked_for(
    peer: Peer, connect: Connect
) -> None:
    """If it is not there either it is left out; alone it is denied."""
    peer.fleet(row(10, told(START), told(END)))
    provider = connect()
    window = START, END
    assert [one.vehicle_id for one in await provider.trips(["10", "99"], *window)] == [
        "10"
    ]
    with pytest.raises(AccessDenied):
        await provider.trips(["99"], *window)
    peer.fleet(row(10, told(START), told(END)), row(99, told(START), told(END)))
    assert len(await provider.trips(["99"], *window)) == 1
    peer.answers[of(1)[0]] = lambda seen: web.Response(status=500)
    with pytest.raises(Unreachable):
        await provider.trips(["100"], *window)


moments = st.datetimes(timezones=st.just(UTC)) | st.none()


@given(start=moments, end=moments)
def test_a_trip_always_takes_its_time(
    start: datetime | None, end: datetime | None
) -> None:
    """Whatever a vehicle tells."""
    found = mapping.last_trip(
        Vehicle(id="10", last_trip_start=start, last_trip_end=end)
    )
    assert (found is not None) == (bool(start and end) and str(end) > str(start))
    if found is not None:
        assert found.duration is not None
        assert found.duration > timedelta()
