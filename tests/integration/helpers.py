"""What the integration tests have in common."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN
from custom_components.fleet_telematics.coordinator import (
    FeedCoordinator,
    FleetConfigEntry,
)
from custom_components.fleet_telematics.fuel.coordinator import FuelCoordinator
from custom_components.fleet_telematics.providers.base import Feed
from simulator.server import VendorServer

from .vendors import fact


def form_of(server: VendorServer, **changes: Any) -> dict[str, Any]:
    """Return what a user types into a provider's form for a simulated account."""
    return {**server.credentials, "url": server.url, **changes}


async def async_submit(
    hass: HomeAssistant, provider: str, typed: Mapping[str, Any]
) -> dict[str, Any]:
    """Choose a provider in the menu and submit its form once, as a user does."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": provider}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == provider
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], dict(typed)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return dict(result)


async def async_add_through_flow(
    hass: HomeAssistant, server: VendorServer, **changes: Any
) -> FleetConfigEntry:
    """Connect a simulated account."""
    return await async_add(hass, server.key, form_of(server, **changes))


async def async_add(
    hass: HomeAssistant, provider: str, typed: Mapping[str, Any]
) -> FleetConfigEntry:
    """Connect an account whose form was filled in right."""
    result = await async_submit(hass, provider, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    entry: FleetConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


def entry_of(
    server: VendorServer, options: Mapping[str, Any] | None = None, **changes: Any
) -> MockConfigEntry:
    """Return an entry for a simulated account as the flow would have made it."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=f"{server.key} account",
        unique_id=f"{server.key}_{fact(server).account(server)}",
        data={CONF_PROVIDER: server.key, **form_of(server, **changes)},
        options=dict(options or {}),
    )


async def async_set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up and wait until every feed was read once."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def async_poll(
    hass: HomeAssistant, after: timedelta = timedelta(minutes=3)
) -> None:
    """Let time pass, so that every feed that is due reads, and wait for them."""
    async_fire_time_changed(hass, dt_util.utcnow() + after)
    await hass.async_block_till_done(wait_background_tasks=True)


def entity_id_of(
    hass: HomeAssistant,
    entry: MockConfigEntry | FleetConfigEntry,
    platform: str,
    vehicle: object,
    key: str,
) -> str | None:
    """Return the entity of a vehicle's value; vehicle None is the fleet."""
    middle = "" if vehicle is None else f"_{vehicle}"
    return er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{entry.unique_id}{middle}_{key}"
    )


def state_of(
    hass: HomeAssistant,
    entry: MockConfigEntry | FleetConfigEntry,
    platform: str,
    vehicle: object,
    key: str,
) -> State:
    """Return the state of a vehicle's value; it has to be there."""
    entity_id = entity_id_of(hass, entry, platform, vehicle, key)
    assert entity_id is not None, f"no {platform} {key} of {vehicle}"
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} has no state"
    return state


async def async_enable_everything(
    hass: HomeAssistant, entry: MockConfigEntry | FleetConfigEntry
) -> None:
    """Enable what is off by default, as a user may."""
    registry = er.async_get(hass)
    for one in er.async_entries_for_config_entry(registry, entry.entry_id):
        if one.disabled_by is not None:
            registry.async_update_entity(one.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def async_read_all(
    hass: HomeAssistant, entry: MockConfigEntry | FleetConfigEntry
) -> None:
    """Let every vehicle have its turn in every feed."""
    data = entry.runtime_data
    count = len(data.fleet.vehicles)
    coordinators: list[tuple[Feed, FeedCoordinator]] = list(data.feeds.items())
    if isinstance(data.fuel, FuelCoordinator):
        coordinators.append((Feed.FUEL, data.fuel))
    for feed, coordinator in coordinators:
        size = data.provider.feeds[feed].vehicles_per_step or count
        for _ in range(0, count, size):
            await coordinator.async_refresh()
    # Some of what a feed told shows with the next poll.
    await data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
