"""Ocean's past through Home Assistant's actions."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from simulator.ocean import OceanServer

from .conftest import Clock
from .helpers import async_set_up, entry_of

DAY = timedelta(days=1)


@pytest.fixture
async def entry(hass: HomeAssistant, ocean_server: OceanServer) -> MockConfigEntry:
    """Return an account that is connected."""
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    return entry


@pytest.fixture
def number(ocean_server: OceanServer) -> int:
    """Return the vehicle that is asked for; it is not private now."""
    number = next(iter(ocean_server.world.vehicles))
    ocean_server.world.set_private(number, private=False)
    return number


async def async_ask(
    hass: HomeAssistant, entry: MockConfigEntry, number: int, name: str, **data: Any
) -> Any:
    """Ask about a vehicle's past, as a script does."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{number}"), entry.entry_id
    )
    assert device is not None
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": device.id, **data},
        blocking=True,
        return_response=True,
    )


async def test_trips_of_ocean_are_those_that_were_driven(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
) -> None:
    """From the sheets of the days."""
    start = clock.now - 2 * DAY
    answer = await async_ask(
        hass, entry, number, "get_trips", start=start, end=clock.now
    )
    driven = ocean_server.world.trips(number, start, clock.now)
    assert [one["id"] for one in answer["trips"]] == [
        str(one.trip_id) for one in driven
    ]
    for told, trip in zip(answer["trips"], driven, strict=True):
        assert told["distance_km"] == pytest.approx(trip.distance, abs=0.01)
        assert told["duration_s"] == pytest.approx(trip.duration.total_seconds(), abs=1)
        began = datetime.fromisoformat(told["start"])
        assert abs(began - trip.start.time) < timedelta(seconds=1)
        assert (told["fuel_l"], told["polyline"]) == (None, None)
        if not trip.private:
            assert trip.start.address.street in told["from"]["address"]


async def test_a_vehicle_that_may_be_private_tells_no_places(
    hass: HomeAssistant, ocean_server: OceanServer, clock: Clock, number: int
) -> None:
    """No row of a sheet says which of its trips were private: all of them may be."""
    ocean_server.may_be_private.add(number)
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    answer = await async_ask(
        hass, entry, number, "get_trips", start=clock.now - 2 * DAY, end=clock.now
    )
    driven = ocean_server.world.trips(number, clock.now - 2 * DAY, clock.now)
    assert len(answer["trips"]) == len(driven) > 0
    nowhere = {"latitude": None, "longitude": None, "address": None}
    for one in answer["trips"]:
        assert one["from"] == one["to"] == nowhere
        assert one["driver"] is None
        assert one["distance_km"] > 0


async def test_positions_of_ocean_are_where_it_was(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ocean_server: OceanServer,
    clock: Clock,
    number: int,
) -> None:
    """From the search of positions; private drives are not told."""
    start = clock.now - timedelta(hours=3)
    answer = await async_ask(
        hass, entry, number, "get_positions", start=start, end=clock.now
    )
    was = {
        state.time: state
        for state in ocean_server.world.track(
            number, start, clock.now, timedelta(minutes=1)
        )
        if not state.private
    }
    told = {datetime.fromisoformat(one["time"]): one for one in answer["positions"]}
    assert len(was) > 60
    assert told.keys() == was.keys()
    for time, one in told.items():
        assert one["speed_kmh"] == pytest.approx(was[time].speed, abs=0.06)
        assert one["odometer_km"] is None
        if one["latitude"] is not None:
            assert one["latitude"] == pytest.approx(was[time].latitude, abs=1e-5)


async def test_what_ocean_no_longer_tells_is_a_clear_error(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock, number: int
) -> None:
    """Positions are kept for two months."""
    with pytest.raises(ServiceValidationError) as raised:
        await async_ask(
            hass,
            entry,
            number,
            "get_positions",
            start=clock.now - 90 * DAY,
            end=clock.now - 89 * DAY,
        )
    assert raised.value.translation_key == "not_sent"
    placeholders = raised.value.translation_placeholders
    assert placeholders is not None
    assert placeholders["vendor"] == "Ocean"
    assert "two months" in placeholders["reason"]


async def test_anything_can_be_asked_of_ocean(
    hass: HomeAssistant, entry: MockConfigEntry, ocean_server: OceanServer
) -> None:
    """Below the account's address, with its login."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "call_api",
        {"config_entry_id": entry.entry_id, "path": "/mobility/v1/entities"},
        blocking=True,
        return_response=True,
    )
    names = {spec.group for spec in ocean_server.world.vehicles.values()}
    assert all(name in str(answer) for name in names)
