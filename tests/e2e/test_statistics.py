"""What a user sees of the imported past: a card with bars."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect
import pytest

from scripts.demo import Demo
from scripts.demo.demo import FLEETS

from .conftest import log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "statistics-cards"
DOMAIN = "fleet_telematics"
PROVIDER = "fleetwork"
DAYS = 14


async def async_import(demo: Demo, name: str) -> dict[str, Any]:
    """Import the last days of a fleet's vehicles, and return the answer."""
    devices = {
        one["device_id"]
        for one in await demo.client.entities(name)
        if one["entity_id"].startswith("device_tracker.")
    }
    end = datetime.now(UTC)
    answer = await demo.client.request(
        "POST",
        f"/api/services/{DOMAIN}/import_statistics?return_response",
        json={
            "device_id": sorted(devices),
            "start": (end - timedelta(days=DAYS)).isoformat(),
            "end": end.isoformat(),
        },
    )
    found: dict[str, Any] = answer["service_response"]
    return found


async def test_a_statistics_graph_shows_the_imported_past(
    demo: Demo, page: Page, artifacts: Path
) -> None:
    """Each kind in a card of its own, by the day; the picture has bars."""
    fleet = next(one for one in FLEETS if one.provider == PROVIDER)
    await demo.set_up(fleet)
    told = await async_import(demo, fleet.name)
    assert told["rows"] > 0
    kinds = ("distance", "fuel_used", "cost")
    async with demo.client.socket() as socket:
        await socket.call(
            "lovelace/dashboards/create",
            url_path=PATH,
            title="Statistics",
            show_in_sidebar=True,
        )
        await socket.call(
            "lovelace/config/save",
            url_path=PATH,
            config={
                "views": [
                    {
                        "title": "Statistics",
                        "cards": [
                            {
                                "type": "statistics-graph",
                                "title": kind,
                                "chart_type": "bar",
                                "period": "day",
                                "days_to_show": DAYS,
                                "stat_types": ["change"],
                                "entities": [
                                    one
                                    for one in told["statistic_ids"]
                                    if one.endswith(f"_{kind}")
                                ],
                            }
                            for kind in kinds
                        ],
                    }
                ]
            },
        )

    await log_in(page, demo.url, demo.user, demo.password)
    await page.goto(f"{demo.url}/{PATH}")
    cards = page.locator("hui-statistics-graph-card")
    await expect(cards).to_have_count(len(kinds))
    for number in range(len(kinds)):
        card = cards.nth(number)
        await expect(card.locator("canvas").first).to_be_visible()
        await expect(card).not_to_contain_text("No statistics found")
        # The legend names the statistics: vehicle and kind.
        await expect(card.locator("ha-chart-base")).to_contain_text(
            kinds[number].replace("_", " ").replace("cost", "fuel cost")
        )
    # The bars rise.
    await page.wait_for_timeout(2000)
    await page.screenshot(path=artifacts / "statistics-graph.png")
