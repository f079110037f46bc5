"""Diagnostics say how an account is doing, and not whose it is."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.guard import HIDDEN_IN_PRIVATE
from simulator.faults import Fault, FaultKind
from simulator.movens import MovensServer
from simulator.server import VendorServer

from .conftest import Clock
from .helpers import async_set_up, entry_of
from .vendors import vehicle_of, vendors

# Vendors that can be asked for one vehicle.
READ_ALONE = ("fleetgo", "fleetwork")


def secrets_of(server: VendorServer) -> set[str]:
    """Return everything that must not be told."""
    found = set(server.credentials.values())
    for vehicle_id, spec in server.world.vehicles.items():
        found |= {
            str(server.vendor_id(vehicle_id)),
            spec.plate,
            spec.vin,
            spec.driver.last_name,
        }
    for state in server.world.states():
        found |= {
            f"{state.latitude:.4f}"[:7],
            f"{state.longitude:.4f}"[:6],
            state.address.street,
        }
    return found


async def test_an_accounts_diagnostics_tell_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, server: VendorServer
) -> None:
    """Neither credentials nor plates, places, drivers or ids, also not as keys."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(
        server,
        {
            "expose_drivers": True,
            "vehicles": [vehicle_of(server, one) for one in server.world.vehicles],
        },
    )
    await async_set_up(hass, entry)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["provider"] == server.key
    assert told["requests_last_hour"] > 0
    feeds = {"positions", *entry.runtime_data.provider.feeds}
    assert told["feeds"].keys() >= feeds
    assert all(one["last_update_success"] for one in told["feeds"].values())
    assert len(told["vehicles"]) == len(server.world.vehicles)
    text = json.dumps(told, ensure_ascii=False)
    assert [one for one in secrets_of(server) if one in text] == []


async def test_a_vehicles_diagnostics_tell_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, server: VendorServer
) -> None:
    """The values that are no secret are there."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(server)
    await async_set_up(hass, entry)
    vehicle = vehicle_of(server, next(iter(server.world.vehicles)))
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    told = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert told["vehicle"]["status"]
    assert (told["read_alone"] is None) is (server.key not in READ_ALONE)
    text = json.dumps(told, ensure_ascii=False)
    assert [one for one in secrets_of(server) if one in text] == []


@vendors(*READ_ALONE)
async def test_a_vehicles_diagnostics_tell_what_the_vendor_says_of_it_alone(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    server: VendorServer,
    clock: Clock,
) -> None:
    """Now, or why it does not; private values and secrets stay out."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(server)
    await async_set_up(hass, entry)
    number = next(
        one.vehicle_id
        for one in server.world.states()
        if one.speed > 0 and not one.private
    )
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle_of(server, number)}"), entry.entry_id
    )
    assert device is not None

    clock.advance(minutes=1)
    seen = len(server.requests)
    told = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert len(server.requests) == seen + 1
    assert told["read_alone"]["last_report"] > told["vehicle"]["last_report"]
    assert told["read_alone"]["speed"] is not None
    text = json.dumps(told, ensure_ascii=False)
    assert [one for one in secrets_of(server) if one in text] == []

    if server.key == "fleetgo":
        server.world.set_private(number, private=True)
        told = await get_diagnostics_for_device(hass, hass_client, entry, device)
        assert told["read_alone"]["private_mode"] is True
        assert not HIDDEN_IN_PRIVATE & told["read_alone"].keys()

    server.faults.append(Fault(kind=FaultKind.HTTP_500))
    told = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert told["read_alone"] == "Unreachable"


async def test_an_account_that_does_not_load_has_diagnostics(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, server: VendorServer
) -> None:
    """They are asked for when something does not work."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(server)
    await async_set_up(hass, entry)
    vehicle = vehicle_of(server, next(iter(server.world.vehicles)))
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    server.faults.append(Fault(kind=FaultKind.HTTP_500))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    for told in (
        await get_diagnostics_for_config_entry(hass, hass_client, entry),
        await get_diagnostics_for_device(hass, hass_client, entry, device),
    ):
        assert told["provider"] == server.key
        assert told["state"] == "setup_retry"
        assert told["reason"] == "cannot_connect"
        text = json.dumps(told, ensure_ascii=False)
        assert [one for one in secrets_of(server) if one in text] == []


async def test_diagnostics_tell_no_category_of_a_customers(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    movens_server: MovensServer,
) -> None:
    """Its number is an id like any other."""
    await async_setup_component(hass, "diagnostics", {})
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert {one["category"] for one in told["vehicles"].values()} == {"**REDACTED**"}
