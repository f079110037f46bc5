"""Vehicles have to go to the workshop."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)

from .helpers import Kinds, Van, async_use, van

NAME = "service_due"
KM = {"device_class": "distance", "unit_of_measurement": "km"}
KEYS: Kinds = {
    ("sensor", "next_service"): {"device_class": "timestamp"},
    ("sensor", "next_service_odometer"): KM,
    ("sensor", "odometer"): {**KM, "state_class": "total_increasing"},
    ("sensor", "distance_today"): {**KM, "state_class": "total_increasing"},
    ("sensor", "altitude"): {
        "device_class": "distance",
        "unit_of_measurement": "m",
        "state_class": "measurement",
    },
}
MONDAY = "2026-11-23T08:00:01+00:00"
TUESDAY = "2026-11-24T08:00:01+00:00"


@pytest.fixture
async def vehicle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Van:
    """Return a vehicle, on a Sunday."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to("2026-11-22T12:00:00+00:00")
    vehicle = van(hass, "Yellow van", KEYS)
    vehicle.shows("odometer", 100_000)
    vehicle.shows("distance_today", 120)
    vehicle.shows("altitude", 900_000)
    return vehicle


async def async_at(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str
) -> None:
    """Let it be that late."""
    freezer.move_to(moment)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("date", "line"),
    [
        ("2026-12-01T09:00:00+00:00", "Yellow van: 2026-12-01"),
        ("2026-12-07T00:00:00+00:00", "Yellow van: 2026-12-07"),
        ("2026-11-20T09:00:00+00:00", "Yellow van: 2026-11-20 (overdue)"),
        ("2026-12-08T00:00:00+00:00", None),
        ("unknown", None),
        ("unavailable", None),
    ],
)
async def test_a_date_is_told_two_weeks_before(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    date: str,
    line: str | None,
) -> None:
    """And as overdue when it is past."""
    vehicle.shows("next_service", date)
    await async_use(hass, NAME, dates=[vehicle.entities["next_service"]])
    await async_at(hass, freezer, MONDAY)
    assert [call.data["message"] for call in sent] == ([line] if line else [])


@pytest.mark.parametrize(
    ("due_at", "line"),
    [
        ("101000", "Yellow van: in 1000 km"),
        ("100000.4", "Yellow van: in 0 km"),
        ("99500", "Yellow van: 500 km ago (overdue)"),
        ("101001", None),
        ("unknown", None),
        ("unavailable", None),
    ],
)
async def test_an_odometer_is_told_a_thousand_kilometres_before(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    due_at: str,
    line: str | None,
) -> None:
    """Compared with the same vehicle's odometer, and no other distance."""
    other = van(hass, "Red van", KEYS)
    other.shows("odometer", 500_000)
    vehicle.shows("next_service_odometer", due_at)
    await async_use(hass, NAME, odometers=[vehicle.entities["next_service_odometer"]])
    await async_at(hass, freezer, MONDAY)
    assert [call.data["message"] for call in sent] == ([line] if line else [])


async def test_without_an_odometer_nothing_is_guessed(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """A day's distance is none."""
    vehicle.shows("next_service_odometer", 200)
    vehicle.shows("odometer", "unavailable")
    vehicle.shows("distance_today", "unavailable")
    await async_use(hass, NAME, odometers=[vehicle.entities["next_service_odometer"]])
    await async_at(hass, freezer, MONDAY)
    assert sent == []


async def test_all_that_is_due_comes_in_one_message_on_the_chosen_days(
    hass: HomeAssistant,
    vehicle: Van,
    sent: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Those that are not due, or not chosen, are left out."""
    ran = async_capture_events(hass, "due")
    red, blue, grey = (
        van(hass, f"{name} van", KEYS) for name in ("Red", "Blue", "Grey")
    )
    vehicle.shows("next_service", "2026-11-25T09:00:00+00:00")
    red.shows("next_service", "2027-11-25T09:00:00+00:00")
    grey.shows("next_service", "2026-11-25T09:00:00+00:00")
    blue.shows("odometer", 5000)
    blue.shows("next_service_odometer", 5500)
    await async_use(
        hass,
        NAME,
        dates=[vehicle.entities["next_service"], red.entities["next_service"]],
        odometers=[blue.entities["next_service_odometer"]],
        further_actions=[{"event": "due", "event_data": {"lines": "{{ due }}"}}],
    )
    await async_at(hass, freezer, MONDAY)
    (call,) = sent
    lines = ["Yellow van: 2026-11-25", "Blue van: in 500 km"]
    assert call.data["title"] == "Service due"
    assert call.data["message"].splitlines() == lines
    assert [one.data["lines"] for one in ran] == [lines]
    await async_at(hass, freezer, TUESDAY)
    assert len(sent) == 1


async def test_a_state_that_comes_back_tells_nothing(
    hass: HomeAssistant, vehicle: Van, sent: list[ServiceCall]
) -> None:
    """Only the time does: not a restart, not an outage."""
    await async_use(hass, NAME, dates=[vehicle.entities["next_service"]])
    for state in ("unavailable", "2026-11-23T09:00:00+00:00"):
        vehicle.shows("next_service", state)
        await hass.async_block_till_done()
    assert sent == []
