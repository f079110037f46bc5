"""Fixtures of the blueprints' tests."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
import shutil

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from tests.integration.conftest import unhurried_vendors

from .helpers import BLUEPRINTS, FOLDER

__all__ = ["unhurried_vendors"]

NOW = datetime(2026, 11, 20, 12, 12, tzinfo=UTC)


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    """Return a world that stands still, at Home Assistant's time."""
    freezer.move_to(NOW)
    return World(city=AMSTERDAM, clock=lambda: NOW)


@pytest.fixture(autouse=True)
async def configuration(hass: HomeAssistant, tmp_path: Path) -> AsyncGenerator[None]:
    """Put the blueprints where Home Assistant puts those that a user imports.

    In the end the automations stop, with what they wait for.
    """
    hass.config.config_dir = str(tmp_path)
    shutil.copytree(BLUEPRINTS, tmp_path / "blueprints" / "automation" / FOLDER)
    yield
    if hass.services.has_service("automation", "turn_off"):
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": "all"}, blocking=True
        )


@pytest.fixture
def sent(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the notifications that a phone gets."""
    calls: list[ServiceCall] = async_mock_service(hass, "notify", "mobile_app_phone")
    return calls


@pytest.fixture
def written(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the notifications that go where nobody taps: by mail."""
    calls: list[ServiceCall] = async_mock_service(hass, "notify", "mail")
    return calls
