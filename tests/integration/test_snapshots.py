"""Everything that every vendor's entities show, at one moment of the world.

`scripts/test tests/integration/test_snapshots.py --snapshot-update` writes the
snapshots anew; read the difference before committing it.
"""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN, PLATFORMS
from simulator.server import VendorServer

from .helpers import async_enable_everything, async_read_all, async_set_up, entry_of
from .truth import OPTIONS


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots in Home Assistant's own form."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def async_shown(
    hass: HomeAssistant, entry: MockConfigEntry
) -> dict[str, dict[str, Any]]:
    """Return every state of every platform, everything enabled."""
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    await async_enable_everything(hass, entry)
    await async_read_all(hass, entry)
    shown: dict[str, dict[str, Any]] = {platform.value: {} for platform in PLATFORMS}
    for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        state = hass.states.get(one.entity_id)
        assert state is not None, one.entity_id
        # Addresses of pictures hold a key that is new every time.
        attributes = {
            key: value
            for key, value in state.attributes.items()
            if key not in ("access_token", "entity_picture")
        }
        shown[one.domain][one.entity_id] = {
            "state": state.state,
            "category": None
            if one.entity_category is None
            else one.entity_category.value,
            **attributes,
        }
    return shown


async def test_what_a_fleet_shows(
    hass: HomeAssistant, server: VendorServer, snapshot: SnapshotAssertion
) -> None:
    """Each vendor's vehicles, and the fleet as a whole."""
    options = {"expose_drivers": True, **OPTIONS.get(server.key, {})}
    shown = await async_shown(hass, entry_of(server, options))
    for platform, states in shown.items():
        assert states == snapshot(name=platform)


async def test_what_the_demo_shows(
    hass: HomeAssistant, snapshot: SnapshotAssertion
) -> None:
    """The same platforms, from memory."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Demo fleet",
        unique_id="demo_demo",
        data={CONF_PROVIDER: "demo", "vehicles": 5},
        options={"expose_drivers": True},
    )
    shown = await async_shown(hass, entry)
    for platform, states in shown.items():
        assert states == snapshot(name=platform)
