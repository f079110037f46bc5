"""What a user sees who calls an action by hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import re

from playwright.async_api import Page, expect
import pytest
import pytest_asyncio

from scripts.demo import Demo

from .conftest import log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "fleet_telematics"
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text("utf-8"))
ACTION = "fleet_telematics.get_trips"
# Whatever the time of day, somebody drove within two days.
PERIOD = timedelta(days=2)


@pytest_asyncio.fixture(loop_scope="session")
async def vehicles(demo: Demo) -> AsyncIterator[list[str]]:
    """Return the names of vehicles that are there for this test alone."""
    entry_id = await demo.client.add_entry("demo", {"vehicles": 3})
    await demo.wait_for_trackers("Demo")
    async with demo.client.socket() as socket:
        devices = await socket.call("config/device_registry/list")
    yield [
        one["name"]
        for one in devices
        if one["config_entry_id"] == entry_id and one["entry_type"] is None
    ]
    await demo.client.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")


async def test_the_actions_page_returns_a_vehicles_trips(
    demo: Demo, page: Page, vehicles: list[str], artifacts: Path
) -> None:
    """The action is found, vehicles alone are offered, and its answer is shown."""
    about = TEXTS["services"]["get_trips"]
    await log_in(page, demo.url, demo.user, demo.password)
    await page.goto(f"{demo.url}/config/tools/action")
    await page.locator("ha-service-picker").click()
    await page.get_by_placeholder("Search").fill(ACTION)
    await page.get_by_text(about["name"], exact=True).click()
    await expect(page.get_by_text(about["description"]).first).to_be_visible()
    for field in about["fields"].values():
        await expect(page.get_by_text(field["description"])).to_be_visible()

    await page.locator("ha-selector-device").click()
    # The account's own device has that name, and each vehicle has it below its own.
    await page.get_by_placeholder("Search").fill("Demo fleet")
    offered = page.locator("ha-picker-combo-box").last
    for name in vehicles:
        await expect(offered.get_by_text(name, exact=True)).to_be_visible()
    account = offered.get_by_text("Demo fleet", exact=True)
    await expect(account).to_have_count(len(vehicles))
    await page.screenshot(path=artifacts / "action-vehicles.png")
    await offered.get_by_text(vehicles[0], exact=True).click()

    await page.get_by_text("YAML mode", exact=True).click()
    editor = page.locator(".cm-content").first
    await expect(editor).to_contain_text("device_id:")
    found = re.search(r"device_id: (\w+)", await editor.inner_text())
    assert found is not None
    end = datetime.now(UTC)
    call = {
        "device_id": found[1],
        "start": (end - PERIOD).isoformat(),
        "end": end.isoformat(),
    }
    await editor.fill(f"action: {ACTION}\ndata: {json.dumps(call)}\n")
    await page.get_by_role("button", name="Perform action").click()

    answer = await demo.client.post(
        f"/api/services/{ACTION.replace('.', '/')}?return_response", call
    )
    trip = answer["service_response"]["trips"][0]
    response = page.locator("ha-card", has_text="Response").locator(".cm-content")
    await expect(response).to_contain_text(f"id: '{trip['id']}'")
    await expect(response).to_contain_text(f"distance_km: {trip['distance_km']:g}")
    await page.screenshot(path=artifacts / "action-response.png")
