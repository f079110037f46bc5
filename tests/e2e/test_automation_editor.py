"""What a user sees who makes an automation for a vehicle."""

from collections.abc import AsyncIterator
import json
from pathlib import Path

from playwright.async_api import Page, expect
import pytest
import pytest_asyncio

from scripts.demo import Demo

from .conftest import log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "fleet_telematics"
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text("utf-8"))


@pytest_asyncio.fixture(loop_scope="session")
async def vehicle(demo: Demo) -> AsyncIterator[str]:
    """Return the name of a vehicle that is there for this test alone."""
    entry_id = await demo.client.add_entry("demo", {"vehicles": 3})
    trackers = await demo.wait_for_trackers("Demo")
    yield next(iter(trackers.values()))["attributes"]["friendly_name"]
    await demo.client.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")


async def test_the_automation_editor_offers_a_vehicles_triggers(
    demo: Demo, page: Page, vehicle: str, artifacts: Path
) -> None:
    """Found by a word, listed for a vehicle, and added with the fields they have."""
    await log_in(page, demo.url, demo.user, demo.password)
    await page.goto(f"{demo.url}/config/automation/edit/new")
    await page.get_by_text("Add trigger").first.click()
    dialog = page.locator("add-automation-element-dialog")
    await dialog.get_by_placeholder("Search").fill("refuelled")
    await expect(dialog.get_by_text("Vehicle refuelled", exact=True)).to_be_visible()
    await page.screenshot(path=artifacts / "trigger-search.png")

    await dialog.get_by_placeholder("Search").fill("")
    await dialog.get_by_text("By target").wait_for()
    await dialog.get_by_text("Devices", exact=True).click()
    await dialog.get_by_text(vehicle, exact=True).click()
    for trigger in TEXTS["triggers"].values():
        await expect(dialog.get_by_text(trigger["name"])).to_have_count(1)
    await dialog.get_by_text("Vehicle stopped moving").scroll_into_view_if_needed()
    await page.screenshot(path=artifacts / "trigger-list.png")

    await dialog.get_by_text("Vehicle engine started").click()
    await dialog.wait_for(state="hidden")
    for field in TEXTS["triggers"]["engine_started"]["fields"].values():
        await expect(page.get_by_text(field["name"]).first).to_be_visible()
    await expect(page.get_by_text(vehicle).first).to_be_visible()
    await page.screenshot(path=artifacts / "trigger-added.png")
