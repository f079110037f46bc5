"""When the trip that a vehicle is on began."""

from datetime import datetime, timedelta
from typing import Final

from custom_components.fleet_telematics.providers.demo.world import World

_SECOND: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=1)


def trip_start(world: World, vehicle_id: int) -> datetime | None:
    """Return, to a second, when an unfinished trip began; None where there is none."""
    state = world.state(vehicle_id)
    if state.trip_id is None:
        return None
    before = world.trips(vehicle_id, state.time - _LONGEST, state.time)
    low = before[-1].end.time if before else state.time - _LONGEST
    high = state.time
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        then = world.track(vehicle_id, middle, middle)
        if then and then[0].trip_id == state.trip_id:
            high = middle
        else:
            low = middle
    return high
