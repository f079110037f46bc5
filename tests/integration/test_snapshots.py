"""Everything that every vendor's entities show, at one moment of the world.

`scripts/test tests/integration/test_snapshots.py --snapshot-update` writes the
snapshots anew; read the difference before committing it.
"""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.fleet_telematics.const import PLATFORMS
from simulator.server import VendorServer

from .helpers import async_enable_everything, async_read_all, async_set_up, entry_of


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots in Home Assistant's own form."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def test_what_a_fleet_shows(
    hass: HomeAssistant, server: VendorServer, snapshot: SnapshotAssertion
) -> None:
    """Every state of every platform, everything enabled."""
    entry = entry_of(server, {"expose_drivers": True})
    await async_set_up(hass, entry)
    await async_read_all(hass, entry)
    await async_enable_everything(hass, entry)
    await async_read_all(hass, entry)
    known = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    shown: dict[str, dict[str, Any]] = {platform.value: {} for platform in PLATFORMS}
    for one in known:
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
    for platform, states in shown.items():
        assert states == snapshot(name=platform)
