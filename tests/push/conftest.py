"""Fixtures of the tests of what sends positions."""

from collections.abc import AsyncGenerator
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.push import sender as sending
from custom_components.fleet_telematics.push.queue import PositionQueue


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Keep the configuration, and with it the queue, in a folder of its own."""
    return str(tmp_path)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for what might come within the same second."""
    monkeypatch.setattr(sending, "SOON", 0.0)


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an account."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Fleetwork Anna Jansen",
        entry_id="entry",
        data={"provider": "fleetwork"},
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def queue(
    hass: HomeAssistant, entry: MockConfigEntry
) -> AsyncGenerator[PositionQueue]:
    """Return the account's queue, empty."""
    queue = PositionQueue(hass, entry.entry_id)
    await queue.async_load()
    yield queue
    await queue.async_remove()
