"""A real Home Assistant, the simulated vendors and a browser, started once.

Run by themselves, under the newest Home Assistant and without the test plugin,
which would block the network and bring fixtures of its own:

    .venv-next/bin/pytest -p no:homeassistant --confcutdir=tests/e2e tests/e2e
"""

from collections.abc import AsyncIterator
from pathlib import Path
import shutil
import socket
import subprocess
import sys

from playwright.async_api import Browser, Page, async_playwright
import pytest
import pytest_asyncio

from scripts.demo import Demo, start_demo

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def ground() -> bytes:
    """Return a style for the frontend's maps.

    It is made by a process of its own: Home Assistant, which it imports, has to
    be imported before what pytest's plugins import.
    """
    return subprocess.check_output(
        [sys.executable, "-m", "tests.e2e.ground"], cwd=ARTIFACTS.parent
    )


@pytest.fixture
def artifacts() -> Path:
    """Return the folder that screenshots are kept in."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def demo() -> AsyncIterator[Demo]:
    """Return a running Home Assistant that knows no fleet yet."""
    async with start_demo(port=free_port(), fleets=()) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return the system's Chromium."""
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=BROWSER_ARGUMENTS
        )


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, ground: bytes) -> AsyncIterator[Page]:
    """Return an empty page of its own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    # The map's real ground comes from the internet, which tests leave alone.
    await context.route(
        "**/static/map/light.json", lambda route: route.fulfill(body=ground)
    )
    yield await context.new_page()
    await context.close()


async def log_in(page: Page, url: str, user: str, password: str) -> None:
    """Log in as a user does, and arrive where Home Assistant leads."""
    await page.goto(url)
    await page.locator("input[name=username]").fill(user)
    await page.locator("input[name=password]").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await page.locator("ha-sidebar").wait_for()
