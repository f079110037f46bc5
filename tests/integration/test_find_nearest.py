"""The action that finds the vehicles near a place."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util.location import distance
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import World
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.ocean import OceanServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .automations import device_of
from .conftest import Clock
from .helpers import async_poll, async_set_up, entity_id_of, entry_of
from .vendors import fact, vehicle_of, vendors

DAM = {"latitude": 52.3731, "longitude": 4.8926}


async def ask(hass: HomeAssistant, **fields: Any) -> dict[str, Any]:
    """Return what the action answers."""
    answer = await hass.services.async_call(
        DOMAIN, "find_nearest", fields, blocking=True, return_response=True
    )
    assert isinstance(answer, dict)
    return answer


async def find(hass: HomeAssistant, **fields: Any) -> list[dict[str, Any]]:
    """Return the vehicles that are found."""
    vehicles = (await ask(hass, **fields))["vehicles"]
    assert isinstance(vehicles, list)
    return vehicles


def ids(vehicles: list[dict[str, Any]]) -> list[str]:
    """Return the devices of found vehicles."""
    return [one["device_id"] for one in vehicles]


def by_distance(world: World, *, private: bool = False) -> list[tuple[int, float]]:
    """Return who is how many kilometres from Dam square, of those that show it."""
    found = []
    for state in world.states():
        if (state.private and not private) or not state.online:
            continue
        metres = distance(
            DAM["latitude"], DAM["longitude"], state.latitude, state.longitude
        )
        assert metres is not None
        found.append((state.vehicle_id, metres / 1000))
    return sorted(found, key=lambda one: one[1])


async def test_the_nearest_come_first(
    hass: HomeAssistant, server: VendorServer, world: World
) -> None:
    """Whoever the vendor is: distances and places are the world's."""
    entry = entry_of(server)
    await async_set_up(hass, entry)

    found = await find(hass, **DAM, limit=3)

    expected = by_distance(world, private=fact(server).hidden is None)
    assert len(found) == 3
    for one, (vehicle, kilometres) in zip(found, expected, strict=False):
        assert (
            one["device_id"] == device_of(hass, entry, vehicle_of(server, vehicle)).id
        )
        assert one["distance_km"] == pytest.approx(kilometres, rel=0.01)
        state = world.state(vehicle)
        assert one["latitude"] == pytest.approx(state.latitude, abs=1e-4)
        assert one["longitude"] == pytest.approx(state.longitude, abs=1e-4)
        assert one["name"]
        assert one["duration_s"] is None
        assert one["eta"] is None


async def test_one_call_asks_every_account(
    hass: HomeAssistant,
    ocean_server: OceanServer,
    trackgps_server: TrackGpsServer,
    world: World,
) -> None:
    """Two vendors that see one vehicle each name it; an account narrows it down."""
    entries = [entry_of(ocean_server), entry_of(trackgps_server)]
    for entry in entries:
        await async_set_up(hass, entry)
    nearest, _ = by_distance(world)[0]
    devices = [
        device_of(hass, entry, server.vendor_id(nearest)).id
        for entry, server in zip(entries, (ocean_server, trackgps_server), strict=True)
    ]

    found = await find(hass, **DAM, limit=2)
    assert sorted(one["device_id"] for one in found) == sorted(devices)

    found = await find(hass, **DAM, limit=1, config_entry_id=entries[1].entry_id)
    assert [one["device_id"] for one in found] == [devices[1]]


@vendors("ocean")
async def test_by_road_there_is_a_time_of_arrival(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """A road is never shorter than the straight line."""
    await async_set_up(hass, entry_of(server))
    straight = {one["device_id"]: one for one in await find(hass, **DAM)}

    found = await find(hass, **DAM, by_road=True)

    assert found
    for one in found:
        assert one["distance_km"] >= straight[one["device_id"]]["distance_km"] - 0.01
        assert one["duration_s"] > 0
        assert one["eta"] is not None


async def test_a_private_vehicle_is_never_found(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, world: World
) -> None:
    """Not even when stale positions are asked for."""
    nearest, _ = by_distance(world)[0]
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    world.set_private(nearest, private=True)
    await async_poll(hass)

    found = await find(hass, **DAM, include_stale=True, limit=100)

    hidden = device_of(hass, entry, trackgps_server.vendor_id(nearest)).id
    assert hidden not in [one["device_id"] for one in found]
    tracker = entity_id_of(
        hass,
        entry,
        "device_tracker",
        trackgps_server.vendor_id(nearest),
        "location",
    )
    assert tracker is not None
    with pytest.raises(ServiceValidationError) as raised:
        await find(hass, entity_id=tracker)
    assert raised.value.translation_key == "entity_without_place"


async def test_a_vendor_that_finds_a_private_vehicle_is_not_believed(
    hass: HomeAssistant, ocean_server: OceanServer, world: World
) -> None:
    """Until a poll says that it is private no more."""
    nearest, _ = by_distance(world)[0]
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    device = device_of(hass, entry, ocean_server.vendor_id(nearest)).id
    world.set_private(nearest, private=True)
    await async_poll(hass)
    world.set_private(nearest, private=False)

    assert device not in ids(await find(hass, **DAM, limit=100, include_stale=True))

    await async_poll(hass)
    assert device in ids(await find(hass, **DAM, limit=100))


async def test_an_outage_may_have_no_words(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> None:
    """It is one all the same."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    entry.runtime_data.positions.async_set_update_error(TimeoutError())

    with pytest.raises(HomeAssistantError) as raised:
        await find(hass, **DAM, config_entry_id=entry.entry_id)
    assert raised.value.translation_key == "cannot_connect"


async def test_a_stale_vehicle_is_found_only_when_asked_for(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, world: World, clock: Clock
) -> None:
    """Where it was a day ago does not tell where it is."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    nearest, _ = by_distance(world)[0]
    device = device_of(hass, entry, trackgps_server.vendor_id(nearest)).id
    world.set_online(nearest, online=False)
    clock.advance(hours=25)
    await async_poll(hass)

    fresh = [one["device_id"] for one in await find(hass, **DAM, limit=100)]
    every = await find(hass, **DAM, limit=100, include_stale=True)

    assert device not in fresh
    assert device in [one["device_id"] for one in every]


async def test_a_day_without_a_word_makes_every_vehicle_stale(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, clock: Clock
) -> None:
    """Whatever the vendor said of it then."""
    await async_set_up(hass, entry_of(trackgps_server))
    assert await find(hass, **DAM, limit=100)

    clock.advance(hours=25)

    assert await find(hass, **DAM, limit=100) == []
    assert await find(hass, **DAM, limit=100, include_stale=True)


async def test_nobody_is_farther_than_the_radius(
    hass: HomeAssistant, server: VendorServer, world: World
) -> None:
    """A radius between the first and the second vehicle leaves one."""
    await async_set_up(hass, entry_of(server))
    everybody = await find(hass, **DAM, limit=2)
    between = (everybody[0]["distance_km"] + everybody[1]["distance_km"]) / 2

    found = await find(hass, **DAM, radius_km=between, limit=100)

    assert [one["device_id"] for one in found] == [everybody[0]["device_id"]]


async def test_a_place_may_be_an_entity(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> None:
    """A zone, a person, a tracker: whatever has coordinates."""
    await async_set_up(hass, entry_of(trackgps_server))
    hass.states.async_set("zone.dam", "0", DAM)

    assert await find(hass, entity_id="zone.dam") == await find(hass, **DAM)


async def test_the_accounts_are_asked_at_the_same_time(
    hass: HomeAssistant, ocean_server: OceanServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks several waits for the slowest of them, not for one after the other."""
    first = entry_of(ocean_server)
    second = MockConfigEntry(domain=DOMAIN, unique_id="ocean_other", data=first.data)
    together = asyncio.Barrier(2)
    for entry in (first, second):
        await async_set_up(hass, entry)
        nearest = entry.runtime_data.provider.nearest

        async def wait(*place: Any, nearest: Any = nearest, **fields: Any) -> Any:
            await together.wait()
            return await nearest(*place, **fields)

        monkeypatch.setattr(entry.runtime_data.provider, "nearest", wait)

    async with asyncio.timeout(10):
        found = await find(hass, **DAM, limit=2)

    assert found[0]["distance_km"] == found[1]["distance_km"]
    assert found[0]["device_id"] != found[1]["device_id"]


async def test_a_vendors_outage_does_not_cost_the_others(
    hass: HomeAssistant, ocean_server: OceanServer, trackgps_server: TrackGpsServer
) -> None:
    """Over all accounts what is known counts; of the one that is named it is told."""
    ocean = entry_of(ocean_server)
    await async_set_up(hass, ocean)
    await async_set_up(hass, entry_of(trackgps_server))
    healthy = await find(hass, **DAM, limit=100)
    ocean_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="nearestVehicles"))

    assert len(await find(hass, **DAM, limit=100)) == len(healthy)
    with pytest.raises(HomeAssistantError) as raised:
        await find(hass, **DAM, config_entry_id=ocean.entry_id)
    assert raised.value.translation_key == "cannot_connect"


async def test_whose_vehicles_are_missing_is_told(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, trackgps_server: TrackGpsServer
) -> None:
    """An empty answer does not mean that nobody is near where nobody was asked."""
    fleetgo, trackgps = entry_of(fleetgo_server), entry_of(trackgps_server)
    for entry in (fleetgo, trackgps):
        await async_set_up(hass, entry)
    assert "missing" not in await ask(hass, **DAM)
    fault = Fault(kind=FaultKind.HTTP_500)
    fleetgo_server.faults.append(fault)
    await async_poll(hass)

    answer = await ask(hass, **DAM, limit=100)
    assert len(answer["vehicles"]) == len(await find(hass, **DAM, limit=100))
    owners = {
        one.config_entry_id
        for one in map(dr.async_get(hass).async_get, ids(answer["vehicles"]))
        if one is not None
    }
    assert owners == {trackgps.entry_id}
    assert answer["missing"] == [
        {"config_entry_id": fleetgo.entry_id, "name": fleetgo.title}
    ]
    # Where they were is known all the same.
    stale = await ask(hass, **DAM, limit=100, include_stale=True)
    assert "missing" not in stale
    assert set(ids(stale["vehicles"])) > set(ids(answer["vehicles"]))

    with pytest.raises(HomeAssistantError) as raised:
        await find(hass, **DAM, config_entry_id=fleetgo.entry_id)
    assert raised.value.translation_key == "cannot_connect"
    assert not isinstance(raised.value, ServiceValidationError)

    trackgps_server.faults.append(fault)
    await async_poll(hass)
    with pytest.raises(HomeAssistantError) as raised:
        await find(hass, **DAM)
    assert raised.value.translation_key == "nobody_answers"
    assert not isinstance(raised.value, ServiceValidationError)


async def test_an_account_that_is_not_loaded_is_missing(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, trackgps_server: TrackGpsServer
) -> None:
    """As after a start while its vendor was down; one that is disabled is not."""
    fleetgo, trackgps = entry_of(fleetgo_server), entry_of(trackgps_server)
    fleetgo_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    for entry in (fleetgo, trackgps):
        await async_set_up(hass, entry)

    answer = await ask(hass, **DAM)
    assert answer["vehicles"]
    assert [one["name"] for one in answer["missing"]] == [fleetgo.title]

    await hass.config_entries.async_set_disabled_by(
        fleetgo.entry_id, ConfigEntryDisabler.USER
    )
    assert "missing" not in await ask(hass, **DAM)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "no_place"),
        ({"latitude": 52}, "no_place"),
        ({"longitude": 4}, "no_place"),
        ({"latitude": 52, "entity_id": "zone.home"}, "no_place"),
        ({"latitude": 0, "longitude": 0}, "not_a_place"),
        ({**DAM, "entity_id": "zone.home"}, "no_place"),
        ({"entity_id": "zone.nowhere"}, "entity_without_place"),
    ],
)
async def test_a_place_has_to_be_one(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    fields: dict[str, Any],
    key: str,
) -> None:
    """What is missing is told in the user's language."""
    await async_set_up(hass, entry_of(trackgps_server))
    with pytest.raises(ServiceValidationError) as raised:
        await find(hass, **fields)
    assert raised.value.translation_key == key


@pytest.mark.parametrize(
    "fields",
    [
        {"latitude": 91, "longitude": 0},
        {**DAM, "limit": 0},
        {**DAM, "radius_km": 0},
    ],
)
async def test_fields_that_make_no_sense_are_refused(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, fields: dict[str, Any]
) -> None:
    """Before anybody is asked."""
    await async_set_up(hass, entry_of(trackgps_server))
    with pytest.raises(vol.Invalid):
        await find(hass, **fields)


async def test_without_an_account_there_is_nobody_to_ask(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> None:
    """The action is there as long as the integration is; an unloaded account is told."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)

    with pytest.raises(ServiceValidationError) as raised:
        await find(hass, **DAM)
    assert raised.value.translation_key == "no_account"
    with pytest.raises(ServiceValidationError):
        await find(hass, **DAM, config_entry_id=entry.entry_id)
