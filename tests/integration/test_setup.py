"""An account is set up, read, fails, recovers and is unloaded."""

from datetime import timedelta
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics import async_remove_config_entry_device, issues
from custom_components.fleet_telematics.const import DOMAIN
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .helpers import async_poll, async_set_up, entity_id_of, entry_of, state_of
from .vendors import fact, vehicle_of


async def test_unloading_leaves_nothing_running(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """After unloading no more requests are sent."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)
    sent = len(server.requests)
    await async_poll(hass, timedelta(hours=1))
    assert len(server.requests) == sent


async def test_an_unknown_provider_is_said(hass: HomeAssistant) -> None:
    """An entry of a newer version does not crash an older one."""
    entry = MockConfigEntry(domain=DOMAIN, data={"provider": "hovercraft"})
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "unknown_provider"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.HTTP_503),
        Fault(kind=FaultKind.HTTP_429, retry_after=5),
        Fault(kind=FaultKind.HTML),
        Fault(kind=FaultKind.RESET),
    ],
    ids=lambda fault: fault.kind.value,
)
async def test_setting_up_is_tried_again_later(
    hass: HomeAssistant, server: VendorServer, fault: Fault
) -> None:
    """A vendor that is down while Home Assistant starts is no error."""
    server.faults.append(fault)
    entry = entry_of(server)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_an_outage_is_logged_once_and_so_is_its_end(
    hass: HomeAssistant,
    server: VendorServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities are unavailable meanwhile, and come back by themselves."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    vehicle = next(iter(entry.runtime_data.fleet.vehicles))
    caplog.set_level(logging.INFO)
    caplog.clear()

    def told() -> list[int]:
        return [one.levelno for one in caplog.records if "fleet_telematics" in one.name]

    server.faults.append(Fault(kind=FaultKind.HTTP_500))
    for _ in range(8):
        await async_poll(hass)
    assert state_of(hass, entry, "sensor", vehicle, "status").state == STATE_UNAVAILABLE
    assert told() == [logging.ERROR]

    server.faults.clear()
    caplog.clear()
    for _ in range(8):
        await async_poll(hass)
    assert state_of(hass, entry, "sensor", vehicle, "status").state != STATE_UNAVAILABLE
    assert told() == [logging.INFO]


async def test_the_failure_of_one_feed_leaves_the_others(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """No AVL records: the consumption is unavailable, the speed is not."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle = next(
        one.id
        for one in entry.runtime_data.fleet.vehicles.values()
        if one.fuel_consumed is not None and not one.private_mode
    )
    fleetgo_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="GetAvlData"))
    await async_poll(hass, timedelta(minutes=11))
    consumed = state_of(hass, entry, "sensor", vehicle, "fuel_consumed")
    assert consumed.state == STATE_UNAVAILABLE
    assert state_of(hass, entry, "sensor", vehicle, "speed").state != STATE_UNAVAILABLE


async def test_the_fleets_device_tells_whose_vehicles_they_are(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """The vendor's organisational units have names, where the account may read them."""
    fleetgo_server.split_administrations = True
    fleetgo_server.denied = {"equipment/getadministrations"}
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)

    def model() -> str | None:
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, str(entry.unique_id)), entry.entry_id
        )
        assert device is not None
        return device.model

    assert model() is None
    fleetgo_server.denied.clear()
    await async_poll(hass, timedelta(hours=1, minutes=1))
    groups = {one.group for one in fleetgo_server.world.vehicles.values()}
    assert len(groups) > 1
    assert set((model() or "").split(", ")) == groups


async def test_a_feed_the_account_may_not_read_is_no_failure(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A missing right is told once, asks nobody to log in, and the poll goes on."""
    fleetgo_server.denied = {"avl"}
    fleetgo_server.deny_with_401 = True
    caplog.set_level(logging.INFO)
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    await async_poll(hass, timedelta(minutes=11))
    assert entry.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()
    assert caplog.text.count("is not offered to this account") == 1


async def test_new_vehicles_appear_without_a_reload(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """A vehicle that joins gets its device and entities at the next poll."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    spec = server.world.add_vehicle()
    vehicle = vehicle_of(server, spec.vehicle_id)
    await async_poll(hass)
    assert state_of(hass, entry, "sensor", vehicle, "status").state
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    assert device.name == spec.plate


async def test_a_vehicle_that_is_gone_stays_for_some_polls(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """Then its entities are unavailable and a repair offers to remove the device."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle_id = next(iter(fleetgo_server.world.vehicles))
    vehicle = str(fleetgo_server.vendor_id(vehicle_id))
    fleetgo_server.world.remove_vehicle(vehicle_id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    issue_id = f"vehicle_gone_{device.id}"
    issues = ir.async_get(hass)

    for _ in range(4):
        await async_poll(hass)
    assert vehicle in entry.runtime_data.fleet.vehicles
    assert issues.async_get_issue(DOMAIN, issue_id) is None

    await async_poll(hass)
    assert vehicle not in entry.runtime_data.fleet.vehicles
    assert state_of(hass, entry, "sensor", vehicle, "status").state == STATE_UNAVAILABLE
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.is_fixable


async def test_an_empty_list_removes_nobody(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """It is more likely a fault of the vendor than a sold fleet."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    count = len(entry.runtime_data.fleet.vehicles)
    fleetgo_server.faults.append(Fault(kind=FaultKind.EMPTY_LIST, path="GetFleet"))
    for _ in range(8):
        await async_poll(hass)
    assert len(entry.runtime_data.fleet.vehicles) == count
    assert not ir.async_get(hass).issues


async def test_only_vehicles_that_left_can_be_deleted(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """A vehicle the vendor still lists would come back anyway."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle_id = next(iter(fleetgo_server.world.vehicles))
    vehicle = str(fleetgo_server.vendor_id(vehicle_id))
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    assert not await async_remove_config_entry_device(hass, entry, device)
    fleetgo_server.world.remove_vehicle(vehicle_id)
    for _ in range(5):
        await async_poll(hass)
    assert await async_remove_config_entry_device(hass, entry, device)


async def test_a_chosen_group_removes_the_others_at_once(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """The user left them out: there is nothing to repair."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    group, *others = entry.runtime_data.provider.choices("group")
    assert others
    form = await hass.config_entries.options.async_init(entry.entry_id)
    await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 60,
            "refill_threshold": 8,
            "theft_threshold": 8,
            "expose_drivers": False,
            "group": group,
        },
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    for _ in range(6):
        await async_poll(hass)
    left = len(entry.runtime_data.fleet.vehicles)
    assert 0 < left < len(fleetgo_server.world.vehicles)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) == left + 1
    assert not ir.async_get(hass).issues


async def test_the_limit_of_entities_is_told(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant itself only writes it to the log."""
    monkeypatch.setattr(issues, "_MOST_ENTITIES", 50)
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    await async_poll(hass)
    issue_id = f"too_many_entities_{entry.entry_id}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    registry = er.async_get(hass)
    enabled = [
        one.entity_id
        for one in er.async_entries_for_config_entry(registry, entry.entry_id)
        if one.disabled_by is None
    ]
    for entity_id in enabled[49:]:
        registry.async_update_entity(
            entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    await async_poll(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_removing_an_account_removes_its_ledger(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    hass_storage: dict[str, object],
) -> None:
    """Nothing of an account stays on disk."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    await entry.runtime_data.fuel.ledger.async_save()
    key = f"{DOMAIN}.{entry.entry_id}.fuel"
    assert key in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert key not in hass_storage


async def test_a_malformed_vehicle_costs_only_itself(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Values of wrong types are unknown; the fleet is still there."""
    vendor = fact(server)
    server.faults.append(
        Fault(kind=FaultKind.WRONG_TYPES, path=vendor.poll, keep=vendor.ids)
    )
    entry = entry_of(server)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    server.faults.clear()
    await async_poll(hass)
    assert entry.state is ConfigEntryState.LOADED
    vehicles = entry.runtime_data.fleet.vehicles
    assert len(vehicles) == len(server.world.vehicles)
    for vehicle in vehicles.values():
        assert entity_id_of(hass, entry, "sensor", vehicle.id, "status")


async def test_every_entity_has_its_key_as_translation_key(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Unique ids and translation keys follow one rule."""
    entry = entry_of(server, {"expose_drivers": True})
    await async_set_up(hass, entry)
    registry = er.async_get(hass)
    known = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert len(known) > 30
    for one in known:
        assert one.translation_key is not None
        assert one.unique_id.startswith(f"{entry.unique_id}_")
        assert one.unique_id.endswith(f"_{one.translation_key}")


async def test_entities_that_are_updated_together_share_a_request(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """One vehicle is asked for once, however many of its entities are named."""
    await async_setup_component(hass, "homeassistant", {})
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    vehicle = next(iter(entry.runtime_data.fleet.vehicles))
    entities = [
        entity_id_of(hass, entry, "sensor", vehicle, key)
        for key in ("status", "odometer", "last_report")
    ]
    seen = len(fleetgo_server.requests)
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": entities}, blocking=True
    )
    assert len(fleetgo_server.requests) == seen + 1
