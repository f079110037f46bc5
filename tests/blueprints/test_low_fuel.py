"""A tank runs low."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .helpers import Kinds, Van, async_use, van

NAME = "low_fuel"
KEYS: Kinds = {
    ("sensor", "fuel_level"): {"unit_of_measurement": "%"},
    ("sensor", "fuel_volume"): {"unit_of_measurement": "L"},
    ("binary_sensor", "low_fuel"): {"device_class": "problem"},
}


@pytest.fixture
def vehicle(hass: HomeAssistant) -> Van:
    """Return a vehicle with enough fuel."""
    vehicle = van(hass, "Yellow van", KEYS)
    vehicle.shows("fuel_level", 50)
    vehicle.shows("fuel_volume", 40.0)
    vehicle.shows("low_fuel", "off")
    return vehicle


async def async_wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: int = 6
) -> None:
    """Let time pass."""
    await hass.async_block_till_done()
    freezer.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("key", "inputs", "states", "message"),
    [
        ("fuel_level", "level_sensors", ("15", "14.94"), "14.9 % left."),
        ("fuel_volume", "volume_sensors", ("10.0", "9.0"), "9.0 L left."),
        ("low_fuel", "warnings", ("off", "on"), "The vehicle warns of low fuel."),
    ],
)
async def test_the_way_down_is_told_once(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    key: str,
    inputs: str,
    states: tuple[str, str],
    message: str,
) -> None:
    """By level, by volume, by the vehicle's own warning."""
    other = van(hass, "Red van", KEYS)
    other.shows(key, states[0])
    await async_use(hass, NAME, **{inputs: [vehicle.entities[key]]})
    vehicle.shows(key, states[0])
    other.shows(key, states[1])
    await async_wait(hass, freezer)
    assert sent == []
    vehicle.shows(key, states[1])
    await async_wait(hass, freezer)
    (call,) = sent
    assert call.data["title"] == "Yellow van is low on fuel"
    assert call.data["message"] == message
    if key != "low_fuel":
        vehicle.shows(key, 2)
        await async_wait(hass, freezer)
    assert len(sent) == 1


async def test_fuel_that_moves_in_the_tank_is_not_low(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """It has to stay low; after a refill the next time is told again."""
    await async_use(hass, NAME, level_sensors=[vehicle.entities["fuel_level"]])
    vehicle.shows("fuel_level", 14)
    await async_wait(hass, freezer, minutes=3)
    vehicle.shows("fuel_level", 16)
    await async_wait(hass, freezer)
    assert sent == []
    for _ in range(2):
        vehicle.shows("fuel_level", 14)
        await async_wait(hass, freezer)
        vehicle.shows("fuel_level", 90)
        await async_wait(hass, freezer)
    assert len(sent) == 2


@pytest.mark.parametrize("between", ["unavailable", "unknown", "removed"])
@pytest.mark.parametrize(
    ("key", "inputs", "low"),
    [
        ("fuel_level", "level_sensors", "10"),
        ("fuel_volume", "volume_sensors", "5"),
        ("low_fuel", "warnings", "on"),
    ],
)
async def test_a_low_value_that_comes_back_is_not_told_again(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    key: str,
    inputs: str,
    low: str,
    between: str,
) -> None:
    """After an outage or a restart."""
    await async_use(hass, NAME, **{inputs: [vehicle.entities[key]]})
    vehicle.shows(key, low)
    await async_wait(hass, freezer)
    assert len(sent) == 1
    if between == "removed":
        hass.states.async_remove(vehicle.entities[key])
    else:
        vehicle.shows(key, between)
    await async_wait(hass, freezer)
    vehicle.shows(key, low)
    await async_wait(hass, freezer)
    assert len(sent) == 1
