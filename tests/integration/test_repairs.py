"""Repairs do what they offer."""

from http import HTTPStatus

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.issues import show_password_expiry
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from simulator.fleetgo import FleetGoServer

from .conftest import Clock
from .helpers import async_poll, async_set_up, entry_of, state_of


async def test_the_device_of_a_gone_vehicle_is_removed_with_consent(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    fleetgo_server: FleetGoServer,
    clock: Clock,
) -> None:
    """The user agrees, the device goes; a vehicle that comes back appears anew."""
    await async_setup_component(hass, "repairs", {})
    await async_setup_component(hass, "http", {})
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle_id = next(iter(fleetgo_server.world.vehicles))
    vehicle = fleetgo_server.vendor_id(vehicle_id)
    identifier = (DOMAIN, f"{entry.unique_id}_{vehicle}")
    spec = fleetgo_server.world.vehicles[vehicle_id]
    fleetgo_server.world.remove_vehicle(vehicle_id)
    for _ in range(5):
        await async_poll(hass)
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    issue_id = f"vehicle_gone_{device.id}"

    client = await hass_client()
    answer = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
    )
    assert answer.status == HTTPStatus.OK
    form = await answer.json()
    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] == {
        "vehicle": spec.plate,
        "account": entry.title,
    }
    answer = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await answer.json())["type"] == "create_entry"
    await hass.async_block_till_done()
    assert registry.async_get_device_by_identifier(identifier, entry.entry_id) is None
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None

    fleetgo_server.world = World(city=AMSTERDAM, clock=clock)
    await async_poll(hass)
    assert registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert state_of(hass, entry, "sensor", vehicle, "status").state


async def test_a_password_that_expires_is_announced(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """Ten days before, and no longer once it was changed."""
    entry = entry_of(fleetgo_server)
    issues = ir.async_get(hass)
    issue_id = f"password_expires_{entry.entry_id}"
    show_password_expiry(hass, entry, 10)
    assert issues.async_get_issue(DOMAIN, issue_id) is None
    show_password_expiry(hass, entry, 9)
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"account": entry.title, "days": "9"}
    show_password_expiry(hass, entry, 90)
    assert issues.async_get_issue(DOMAIN, issue_id) is None
