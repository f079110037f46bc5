"""What every blueprint has, and where users find it."""

from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import quote

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.importer import fetch_blueprint_from_url
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from .helpers import BLUEPRINTS, ROOT

FILES: Final = sorted(BLUEPRINTS.glob("*.yaml"))
SOURCE: Final = (
    "https://github.com/fleet-telematics/fleet-telematics/blob/main/"
    "blueprints/automation/fleet_telematics/"
)
IMPORT: Final = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
# What may be chosen beside vehicles.
OTHERS: Final = {"zone"}


def named(path: Path) -> str:
    """Return a test's name for a blueprint."""
    return path.stem


def load(path: Path) -> Blueprint:
    """Return a blueprint as Home Assistant's own component reads it."""
    return Blueprint(
        load_yaml_dict(str(path)),
        path=path.name,
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


def filters(selector: Any) -> list[dict[str, Any]]:
    """Return what limits a selector of devices, entities or a target."""
    for kind in ("device", "entity"):
        if kind in selector:
            return list(selector[kind]["filter"])
    return list(selector["target"]["entity"]) if "target" in selector else []


def test_there_is_one_for_each_purpose() -> None:
    """Seven, and no file that is something else."""
    assert [path.name for path in sorted(BLUEPRINTS.iterdir())] == [
        "fuel_theft_alert.yaml",
        "low_fuel.yaml",
        "moved_without_ignition.yaml",
        "movement_outside_working_hours.yaml",
        "refuelled.yaml",
        "service_due.yaml",
        "zone_arrival_departure.yaml",
    ]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_says_what_it_is_and_where_it_comes_from(path: Path) -> None:
    """Name, description, source, and the oldest Home Assistant it runs on."""
    blueprint = load(path)

    assert blueprint.name.startswith("Fleet Telematics: ")
    assert len(blueprint.metadata["description"]) > 60
    assert blueprint.metadata["source_url"] == SOURCE + path.name
    assert blueprint.metadata["homeassistant"]["min_version"] == "2026.10.0"
    assert blueprint.validate() is None


@pytest.mark.parametrize("path", FILES, ids=named)
def test_its_inputs_stand_in_sections_and_offer_vehicles_only(path: Path) -> None:
    """Every input has a name and a selector; vehicles are those of this integration."""
    blueprint = load(path)

    assert all("input" in one for one in blueprint.metadata["input"].values())
    for key, one in blueprint.inputs.items():
        assert one["name"], key
        assert len(one["selector"]) == 1, key
        assert all(
            limit.get("integration") == "fleet_telematics"
            for limit in filters(one["selector"])
            if key not in OTHERS
        ), key
    assert any(filters(one["selector"]) for one in blueprint.inputs.values())


@pytest.mark.parametrize("path", FILES, ids=named)
def test_an_input_without_a_default_is_what_only_the_user_knows(path: Path) -> None:
    """Which vehicles, and which zone."""
    required = {key for key, one in load(path).inputs.items() if "default" not in one}

    assert required <= {"vehicles", "zone"}


@pytest.mark.parametrize("path", FILES, ids=named)
async def test_it_can_be_imported_from_its_source(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, path: Path
) -> None:
    """Home Assistant's import reads it from the address it names."""
    raw = SOURCE.replace("github.com", "raw.githubusercontent.com").replace(
        "/blob/", "/"
    )
    aioclient_mock.get(raw + path.name, text=path.read_text(encoding="utf-8"))

    imported = await fetch_blueprint_from_url(hass, SOURCE + path.name)

    assert imported.suggested_filename == f"fleet-telematics/{path.stem}"
    assert imported.blueprint.name == load(path).name


@pytest.mark.parametrize("document", ["README.md", "docs/blueprints.md"])
def test_the_documents_link_to_each_import(document: str) -> None:
    """One link for each blueprint, none that leads nowhere."""
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(re.escape(IMPORT) + r"([^)\s]+)\)", text)

    assert sorted(links) == sorted(quote(SOURCE + path.name, safe="") for path in FILES)
