"""What a user sees: adding an account, and the vehicles on the map."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect
import pytest

from scripts.demo import Demo

from .conftest import log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

METRES_PER_DEGREE = 111_195
# No simulated vehicle is faster, in metres a second.
TOP_SPEED = 30


async def choose_vendor(page: Page, name: str) -> Locator:
    """Go through the settings to the form of a vendor; return the dialog."""
    await page.locator("ha-sidebar").get_by_text("Settings", exact=True).click()
    await page.get_by_text("Devices & services").click()
    await page.get_by_role("button", name="Add integration").last.click()
    search = page.locator("dialog-add-integration")
    await search.get_by_placeholder("Search for a brand").fill("Fleet Telematics")
    await search.get_by_text("Fleet Telematics", exact=True).click()
    dialog = page.locator("dialog-data-entry-flow")
    await dialog.locator("step-flow-menu").get_by_text(name, exact=True).click()
    await dialog.locator("step-flow-form").wait_for()
    return dialog


async def submit(dialog: Locator, values: Mapping[str, str]) -> None:
    """Fill the form of a dialog and send it."""
    for name, value in values.items():
        await dialog.locator(f"input[name={name}]").fill(value)
    await dialog.get_by_role("button", name="Submit").click()


async def finish(dialog: Locator) -> None:
    """Leave the dialog that tells of the new devices."""
    await dialog.locator("step-flow-create-entry").wait_for(timeout=45_000)
    await dialog.get_by_role("button", name="Finish").click()
    await dialog.locator("step-flow-create-entry").wait_for(state="hidden")


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the metres between two places of one city."""
    north = one["latitude"] - other["latitude"]
    east = (one["longitude"] - other["longitude"]) * cos(radians(one["latitude"]))
    return hypot(north, east) * METRES_PER_DEGREE


async def test_a_user_adds_fleetgo_and_sees_its_vehicles_on_the_map(
    demo: Demo, page: Page, artifacts: Path
) -> None:
    """From the settings to markers that stand where the vehicles are."""
    simulator = demo.simulators["fleetgo"]
    await log_in(page, demo.url, demo.user, demo.password)
    dialog = await choose_vendor(page, "FleetGO")
    await page.screenshot(path=artifacts / "fleetgo-form.png")
    await submit(dialog, simulator.fields)
    await dialog.locator("step-flow-create-entry").wait_for()
    await page.screenshot(path=artifacts / "fleetgo-added.png")
    await finish(dialog)

    trackers = await demo.wait_for_trackers("FleetGO")
    world = await simulator.control("GET", "world")
    places = {vehicle["plate"]: vehicle for vehicle in world["vehicles"]}
    for tracker in trackers.values():
        told = datetime.fromisoformat(tracker["last_updated"])
        age = (datetime.now(UTC) - told).total_seconds() + 5
        place = places[tracker["attributes"]["friendly_name"]]
        assert distance(tracker["attributes"], place) < TOP_SPEED * age

    await page.locator("ha-sidebar").get_by_text("Map", exact=True).click()
    # The map has a list beside it, or only markers: as it finds room.
    devices = page.get_by_text("Devices", exact=True)
    await expect(
        devices.or_(page.locator("ha-map").get_by_role("button")).first
    ).to_be_visible()
    if await devices.is_visible():
        await devices.click()
    for tracker in trackers.values():
        # Vehicles that are close to each other share a marker with both names.
        name = tracker["attributes"]["friendly_name"]
        marker = page.locator("ha-map").get_by_role("button", name=name)
        await expect(marker).to_be_visible()
    await page.screenshot(path=artifacts / "map.png")


async def test_a_wrong_password_is_told_and_the_right_one_then_accepted(
    demo: Demo, page: Page, artifacts: Path
) -> None:
    """The dialog explains the refusal, keeps what was typed and goes on."""
    simulator = demo.simulators["trackgps"]
    await log_in(page, demo.url, demo.user, demo.password)
    dialog = await choose_vendor(page, "TrackGPS")
    await submit(dialog, {**simulator.fields, "password": "not-the-password"})

    alert = dialog.locator("ha-alert[alert-type=error]")
    await expect(alert).to_have_text("The vendor refused these credentials.")
    await expect(dialog.locator("input[name=username]")).to_have_value(
        simulator.credentials["username"]
    )
    await page.screenshot(path=artifacts / "wrong-password.png")

    await submit(dialog, {"password": simulator.credentials["password"]})
    await finish(dialog)
    assert await demo.wait_for_trackers("TrackGPS")
