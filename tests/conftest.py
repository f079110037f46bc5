"""What every test shares."""

import pytest

pytest_plugins = ["tests.simulators"]


@pytest.fixture(autouse=True)
def custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant, where a test has one, load this integration."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
