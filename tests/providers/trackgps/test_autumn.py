"""The night in which an hour occurs twice, against a simulated TrackGPS."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.fleet_telematics.providers.demo.world import BUCHAREST, World
from custom_components.fleet_telematics.providers.trackgps import TrackGps
from simulator.trackgps import TrackGpsServer

from .test_simulated import connect, legs_between

# At 01:00 UTC the clocks of Bucharest went from 04:00 back to 03:00.
CHANGE = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
MORNING = CHANGE + timedelta(hours=6)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.parametrize(
    "world",
    [{"city": BUCHAREST, "vehicles": 12, "clock": lambda: MORNING}],
    indirect=True,
    ids=["bucharest"],
)


@pytest.fixture
def provider(
    session: aiohttp.ClientSession, trackgps_server: TrackGpsServer
) -> TrackGps:
    """A provider that does not wait."""
    return connect(session, trackgps_server)


@pytest.mark.parametrize("flat", [False, True])
async def test_drives_of_that_night_have_their_true_times(
    provider: TrackGps, world: World, trackgps_server: TrackGpsServer, flat: bool
) -> None:
    """To a second, in either of both hours."""
    trackgps_server.flat_stops = flat
    found = await provider.trips(
        [str(one) for one in world.vehicles], CHANGE - 3 * HOUR, CHANGE + 3 * HOUR
    )
    within = 0
    for trip in found:
        assert trip.start is not None
        assert trip.end is not None
        legs = legs_between(world, int(trip.vehicle_id), trip.start, trip.end)
        assert legs
        assert abs(legs[0].start.time - trip.start) < timedelta(seconds=2)
        assert abs(legs[-1].end.time - trip.end) < timedelta(seconds=2)
        within += any(abs(moment - CHANGE) < HOUR for moment in (trip.start, trip.end))
    assert within >= 10


@pytest.mark.parametrize("beginning", [-150, -100, -45, -5, 0, 20, 70])
async def test_the_track_of_that_night_has_its_true_times(
    provider: TrackGps, world: World, beginning: int
) -> None:
    """Wherever in it a window of two hours begins."""
    start = CHANGE + timedelta(minutes=beginning)
    for vehicle_id in world.vehicles:
        track = await provider.track(str(vehicle_id), start, start + 2 * HOUR)
        assert len(track) >= 120
        for point in track:
            (truth,) = world.track(vehicle_id, point.time, point.time)
            if not point.private:
                assert point.location is not None
                assert point.location.latitude == pytest.approx(
                    truth.latitude, abs=1e-6
                )
                assert point.speed == round(truth.speed)
