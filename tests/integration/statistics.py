"""What tests of long-term statistics have in common."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.coordinator import FleetConfigEntry
from custom_components.fleet_telematics.devices import vehicle_device
from simulator.faults import Fault

from .conftest import NOW, Clock

type Rows = dict[str, list[tuple[float, float, float]]]


@dataclass(kw_only=True)
class Later(Fault):
    """A fault that lets the first requests through."""

    skip: int = 0

    @override
    def takes(self, path: str) -> bool:
        if self.skip and self.path.lower() in path.lower():
            self.skip -= 1
            return False
        return super().takes(path)


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry | FleetConfigEntry, vehicle_id: str
) -> str:
    """Return the id of a vehicle's device."""
    device = vehicle_device(dr.async_get(hass), entry, vehicle_id)
    assert device is not None
    return device.id


async def async_import(
    hass: HomeAssistant,
    device_id: str | list[str],
    start: datetime,
    end: datetime,
    **more: Any,
) -> dict[str, Any]:
    """Import a period, and return the answer."""
    answer = await hass.services.async_call(
        DOMAIN,
        "import_statistics",
        {"device_id": device_id, "start": start, "end": end, **more},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return dict(answer)


async def async_trips(
    hass: HomeAssistant, device_id: str, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """Return what the action tells of the same period."""
    answer = await hass.services.async_call(
        DOMAIN,
        "get_trips",
        {"device_id": device_id, "start": start, "end": end},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    trips: list[dict[str, Any]] = answer["trips"]  # type: ignore[assignment]
    return trips


async def async_ask(client: MockHAClientWebSocket, kind: str, **asked: Any) -> Any:
    """Ask Home Assistant as the browser does."""
    await client.send_json_auto_id({"type": f"recorder/{kind}", **asked})
    answer = await client.receive_json()
    assert answer["success"], answer
    return answer["result"]


async def async_ours(client: MockHAClientWebSocket) -> dict[str, dict[str, Any]]:
    """Return our statistics as the browser lists them, by their ids."""
    listed = await async_ask(client, "list_statistic_ids")
    return {one["statistic_id"]: one for one in listed if one["source"] == DOMAIN}


async def async_rows(
    client: MockHAClientWebSocket, start: datetime, period: str = "hour"
) -> Rows:
    """Return the start, amount and sum of every row; of longer periods the change."""
    ids = list(await async_ours(client))
    if not ids:
        return {}
    told = await async_ask(
        client,
        "statistics_during_period",
        start_time=start.isoformat(),
        statistic_ids=ids,
        period=period,
        types=["state", "sum", "change"],
    )
    amount = "state" if period == "hour" else "change"
    return {
        key: [(one["start"] / 1000, one[amount], one["sum"]) for one in rows]
        for key, rows in told.items()
    }


async def async_until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def shown(hass: HomeAssistant) -> str | None:
    """Return what is shown of an import that runs."""
    notifications = persistent_notification._async_get_or_create_notifications(  # noqa: SLF001
        hass
    )
    return next((one["message"] for one in notifications.values()), None)


def start_import(
    hass: HomeAssistant, *args: Any, **more: Any
) -> asyncio.Task[dict[str, Any]]:
    """Let an import run, and return what waits for it."""
    importing: Coroutine[Any, Any, dict[str, Any]] = async_import(hass, *args, **more)
    return hass.async_create_task(importing)


async def async_night(hass: HomeAssistant, clock: Clock) -> None:
    """Let a night pass."""
    clock.advance(days=1)
    # Timers count from the time that it was when they were set, by another clock.
    async_fire_time_changed(hass, clock.now + (clock.now - NOW))
    await hass.async_block_till_done(wait_background_tasks=True)
