"""A vehicle is towed."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
import pytest

from .helpers import Kinds, Van, async_use, van

NAME = "moved_without_ignition"
KEYS: Kinds = {
    ("device_tracker", "location"): {},
    ("binary_sensor", "engine"): {"device_class": "running"},
    ("binary_sensor", "moving"): {"device_class": "moving"},
    ("binary_sensor", "online"): {"device_class": "connectivity"},
}
# Of latitude, about 111 m.
STEP = 0.001
PARKED = 52.0


@pytest.fixture
def parked(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Van:
    """Return a vehicle that has stood for an hour."""
    vehicle = van(hass, "Yellow van", KEYS)
    at(vehicle, PARKED)
    vehicle.shows("engine", "off")
    vehicle.shows("moving", "off")
    freezer.tick(timedelta(hours=1))
    return vehicle


def at(vehicle: Van, latitude: float) -> None:
    """Let the vehicle be there."""
    vehicle.shows("location", "not_home", latitude=latitude, longitude=5.0)


async def test_a_leap_of_the_position_is_told(
    hass: HomeAssistant, parked: Van, sent: list[ServiceCall]
) -> None:
    """With the distance and the place where the vehicle is now."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    at(parked, PARKED + STEP)
    await hass.async_block_till_done()
    (call,) = sent
    assert call.data["title"] == "Yellow van moves with its engine off"
    assert call.data["message"].startswith("Moved by 111 m until ")
    assert call.data["data"]["actions"][0]["uri"].endswith("/52.001000/5.000000")


async def test_the_distance_counts_in_every_direction(
    hass: HomeAssistant, parked: Van, sent: list[ServiceCall]
) -> None:
    """A degree of longitude is shorter here, and 180 is beside -180."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    parked.shows("location", "not_home", latitude=PARKED, longitude=5.0 + STEP)
    await hass.async_block_till_done()
    assert sent == []
    parked.shows("location", "not_home", latitude=0.0, longitude=179.999)
    parked.shows("location", "not_home", latitude=0.0, longitude=-179.999)
    await hass.async_block_till_done()
    assert sent[-1].data["message"].startswith("Moved by 222 m")


async def test_a_receiver_that_wanders_is_not_towed(
    hass: HomeAssistant, parked: Van, sent: list[ServiceCall]
) -> None:
    """Less than the distance, and back."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    for offset in (0.5, 0.0, -0.5):
        at(parked, PARKED + offset * STEP)
        await hass.async_block_till_done()
    assert sent == []


@pytest.mark.parametrize("order", ["at once", "moving first"])
async def test_a_movement_is_told_once(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    order: str,
) -> None:
    """At its first position, however small, and not at the ones that follow."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    parked.shows("moving", "on")
    if order == "moving first":
        await hass.async_block_till_done()
        freezer.tick(timedelta(minutes=1))
    for number in range(1, 6):
        at(parked, PARKED + number * STEP * (0.2 if number == 1 else 3))
        await hass.async_block_till_done()
        freezer.tick(timedelta(minutes=1))
    assert len(sent) == 1


async def test_driving_and_parking_are_not_told(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The last position of a drive comes with the engine off already, or later."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    parked.shows("engine", "on")
    parked.shows("moving", "on")
    for number in range(1, 4):
        at(parked, PARKED + number * STEP * 5)
        await hass.async_block_till_done()
        freezer.tick(timedelta(minutes=1))
    parked.shows("engine", "off")
    parked.shows("moving", "off")
    at(parked, PARKED + 20 * STEP)
    await hass.async_block_till_done()
    freezer.tick(timedelta(minutes=1))
    at(parked, PARKED + 23 * STEP)
    await hass.async_block_till_done()
    assert sent == []
    # Hours later that would be something else.
    freezer.tick(timedelta(hours=2))
    at(parked, PARKED + 26 * STEP)
    await hass.async_block_till_done()
    assert len(sent) == 1


async def test_a_short_drive_between_two_positions_is_not_told(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The engine ran meanwhile, and the position came late."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    parked.shows("engine", "on")
    freezer.tick(timedelta(minutes=1))
    parked.shows("engine", "off")
    freezer.tick(timedelta(hours=1))
    at(parked, PARKED + 5 * STEP)
    await hass.async_block_till_done()
    assert sent == []


@pytest.mark.parametrize("between", ["unavailable", "unknown", "removed"])
async def test_the_first_position_after_a_gap_is_not_told(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    between: str,
) -> None:
    """An outage, private mode, a restart: where it was before is not known."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    if between == "removed":
        hass.states.async_remove(parked.entities["location"])
    else:
        parked.shows("location", between)
    await hass.async_block_till_done()
    freezer.tick(timedelta(hours=1))
    at(parked, PARKED + 5 * STEP)
    await hass.async_block_till_done()
    assert sent == []


@pytest.mark.parametrize("engine", ["unavailable", "unknown", "on"])
async def test_an_engine_that_is_not_known_to_be_off_is_none(
    hass: HomeAssistant,
    parked: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    engine: str,
) -> None:
    """Silence rather than a false alarm."""
    await async_use(hass, NAME, vehicles=[parked.entities["location"]])
    parked.shows("engine", engine)
    freezer.tick(timedelta(hours=1))
    at(parked, PARKED + 5 * STEP)
    await hass.async_block_till_done()
    assert sent == []


async def test_other_vehicles_are_not_told_of(
    hass: HomeAssistant, parked: Van, sent: list[ServiceCall]
) -> None:
    """Nor does the engine of another vehicle count."""
    other = van(hass, "Red van", KEYS)
    at(other, PARKED)
    other.shows("engine", "off")
    await async_use(hass, NAME, vehicles=[parked.entities["location"]], settle=0)
    at(other, PARKED + 5 * STEP)
    await hass.async_block_till_done()
    assert sent == []
    other.shows("engine", "on")
    at(parked, PARKED + 5 * STEP)
    await hass.async_block_till_done()
    assert [call.data["title"].split()[0] for call in sent] == ["Yellow"]
