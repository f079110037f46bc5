"""A simulated vehicle is refuelled, and the phone tells."""

from datetime import timedelta

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.fleet_telematics.providers.models import (
    FuelEvent,
    FuelEventKind,
    FuelReport,
)
from simulator.faults import Fault, FaultKind
from simulator.trackgps import TrackGpsServer
from tests.integration.helpers import async_read_all, async_set_up, entry_of, state_of

from .helpers import async_use, device_of, usable_vehicles

NAME = "refuelled"


@pytest.fixture
async def entry(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> MockConfigEntry:
    """Return an account whose past was read."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    return entry


@pytest.fixture
def vehicle_id(trackgps_server: TrackGpsServer) -> int:
    """Return a vehicle that is in contact and not private."""
    return usable_vehicles(trackgps_server.world)[0]


@pytest.fixture
def device(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
) -> str:
    """Return that vehicle's device."""
    return device_of(hass, entry, trackgps_server.vendor_id(vehicle_id))


async def test_a_refill_is_told_with_amount_place_and_map(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """Once, however often the vendor lists it; a theft is none."""
    await async_use(hass, NAME, vehicles={"device_id": device})
    record = trackgps_server.world.refuel(vehicle_id, 8.0)
    for _ in range(3):
        await async_read_all(hass, entry)
    (call,) = sent
    vehicle = trackgps_server.vendor_id(vehicle_id)
    tracker = state_of(hass, entry, "device_tracker", vehicle, "location")
    assert call.data["title"] == f"{tracker.name} was refuelled"
    amount, time, place = call.data["message"].split(", ", 2)
    assert amount == "8.0 L"
    assert time == dt_util.as_local(record.time).strftime("%Y-%m-%d %H:%M")
    assert record.address.street in place
    assert "Last time" not in place
    assert f"{tracker.attributes['latitude']:.6f}" in call.data["data"]["url"]
    trackgps_server.world.steal(vehicle_id, 5.0)
    await async_read_all(hass, entry)
    assert len(sent) == 1


async def test_the_second_refill_tells_how_long_after_the_first(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """Both came to light at once, in the order in which they happened."""
    ran = async_capture_events(hass, "logged")
    await async_use(
        hass,
        NAME,
        vehicles={"device_id": device},
        further_actions=[
            {
                "event": "logged",
                "event_data": {"volume": "{{ volume }}", "hours": "{{ hours }}"},
            }
        ],
    )
    world = trackgps_server.world
    world.steal(vehicle_id, 6.0, world.now() - timedelta(hours=6))
    world.refuel(vehicle_id, 4.0, world.now() - timedelta(hours=5))
    world.refuel(vehicle_id, 3.0, world.now() - timedelta(hours=2))
    await async_read_all(hass, entry)
    first, second = sent
    # Before the first came a theft: nothing is known of the refill before.
    assert "Last time" not in first.data["message"]
    assert second.data["message"].endswith(
        ". Last time: 3 hours before, 4.0 L. This came to light late."
    )
    assert [one.data["volume"] for one in ran] == [4.0, 3.0]
    assert ran[0].data["hours"] is None
    assert ran[1].data["hours"] == pytest.approx(3, abs=0.01)
    # Where it is now says nothing of where it was then.
    assert "url" not in first.data["data"]


async def test_after_days_it_counts_days(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """Two days and more."""
    await async_use(hass, NAME, vehicles={"device_id": device})
    vehicle = trackgps_server.vendor_id(vehicle_id)
    fuel = state_of(hass, entry, "event", vehicle, "fuel")
    shown = {
        "event_type": "refuelled",
        "event_id": "a",
        "time": "2026-11-01T08:00:00+01:00",
        "volume": None,
        "location": None,
        "latitude": 44.4,
        "longitude": 26.1,
        "private": False,
        "late": False,
    }
    hass.states.async_set(fuel.entity_id, "2026-11-01T07:00:00.000+00:00", shown)
    hass.states.async_set(
        fuel.entity_id,
        "2026-11-05T06:00:00.000+00:00",
        {**shown, "time": "2026-11-05T07:00:00+01:00", "event_id": "b"},
    )
    await hass.async_block_till_done()
    message = sent[-1].data["message"]
    assert message.startswith("An unknown amount, 2026-11-0")
    assert message.endswith(", place unknown. Last time: 3 days before")
    assert sent[-1].data["data"]["url"].endswith("/44.400000/26.100000")


async def test_without_litres_it_tells_the_share_of_the_tank(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """Where the refill is concluded from a level and the tank's size is unknown."""
    await async_use(hass, NAME, vehicles={"device_id": device}, minimum_volume=40)
    vehicle = trackgps_server.vendor_id(vehicle_id)
    fuel = entry.runtime_data.fuel
    fuel.ledger.record(
        str(vehicle),
        FuelReport(
            events=(
                FuelEvent(
                    vehicle_id=str(vehicle),
                    kind=FuelEventKind.REFUELLED,
                    time=dt_util.utcnow(),
                    percent=31.6,
                ),
            )
        ),
        dt_util.utcnow(),
    )
    await fuel.teller.async_fire_pending()
    await hass.async_block_till_done()
    (call,) = sent
    assert call.data["message"].startswith("32 % of the tank, ")


async def test_only_the_target_is_told_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """An area, and none of the vehicles outside of it."""
    depot = ar.async_get(hass).async_create("Depot")
    dr.async_get(hass).async_update_device(device, area_id=depot.id)
    await async_use(hass, NAME, vehicles={"area_id": depot.id}, minimum_volume=4)
    for other in trackgps_server.world.vehicles:
        if other != vehicle_id:
            trackgps_server.world.refuel(other, 5.0)
    trackgps_server.world.refuel(vehicle_id, 3.0)
    await async_read_all(hass, entry)
    assert sent == []
    trackgps_server.world.refuel(vehicle_id, 5.0)
    await async_read_all(hass, entry)
    assert len(sent) == 1


async def test_an_outage_and_a_reload_repeat_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """The event entity comes back with its old event."""
    await async_use(hass, NAME, vehicles={"device_id": device})
    trackgps_server.world.refuel(vehicle_id, 5.0)
    await async_read_all(hass, entry)
    assert len(sent) == 1
    trackgps_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await async_read_all(hass, entry)
    trackgps_server.faults.clear()
    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_read_all(hass, entry)
    assert len(sent) == 1


async def test_a_private_refill_is_told_without_a_place(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trackgps_server: TrackGpsServer,
    vehicle_id: int,
    device: str,
    sent: list[ServiceCall],
) -> None:
    """Through the real integration: the vehicle is private at the pump."""
    await async_use(hass, NAME, vehicles={"device_id": device})
    world = trackgps_server.world
    world.set_private(vehicle_id, True)
    record = world.refuel(vehicle_id, 5.0)
    assert record.private
    await async_read_all(hass, entry)
    (call,) = sent
    assert record.address.street not in str(call.data)
    assert "url" not in call.data["data"]
