"""What the tests of triggers and conditions have in common."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import VehicleState, World

from .conftest import Clock

type Seen = list[Event[dict[str, Any]]]

STEP = timedelta(seconds=15)


async def async_automate(
    hass: HomeAssistant,
    automation: Mapping[str, object],
    told: Mapping[str, str] | None = None,
) -> Seen:
    """Set an automation up; return the runs that come, with what each tells."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                **automation,
                "mode": "queued",
                "actions": {"event": "automation_ran", "event_data": dict(told or {})},
            }
        },
    )
    await hass.async_block_till_done()
    seen: Seen = async_capture_events(hass, "automation_ran")
    return seen


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, vehicle: object
) -> dr.DeviceEntry:
    """Return the device of a vehicle."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert isinstance(device, dr.DeviceEntry)
    return device


async def async_look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Poll once."""
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


async def async_offered(
    hass: HomeAssistant, hass_ws_client: Any, kind: str, **target: str
) -> set[str]:
    """Return what the automation editor offers for a target, of ours."""
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": f"get_{kind}_for_target", "target": target})
    answer = await client.receive_json()
    assert answer["success"], answer
    return {
        name.removeprefix("fleet_telematics.")
        for name in answer["result"]
        if name.startswith("fleet_telematics.")
    }


class Time:
    """The world's time and Home Assistant's, moved together."""

    def __init__(self, world: World, clock: Clock, freezer: FrozenDateTimeFactory):
        """Start where the world is."""
        self._world = world
        self._clock = clock
        self._freezer = freezer
        freezer.move_to(clock.now)

    def move_to(self, moment: datetime) -> None:
        """Let it be that late."""
        self._clock.now = moment
        self._freezer.move_to(moment)

    def advance(self, time: timedelta) -> None:
        """Let so much time pass."""
        self.move_to(self._clock.now + time)

    def turns(
        self, value: Callable[[VehicleState], bool], to: bool
    ) -> tuple[int, datetime]:
        """Return the vehicle whose value turns to this next, and when it has."""
        now = self._clock.now
        last = {one.vehicle_id: value(one) for one in self._world.states()}
        for step in range(1, 12 * 240):
            moment = now + step * STEP
            for vehicle_id in self._world.vehicles:
                state = value(self._world.state(vehicle_id, moment))
                if state is to and last[vehicle_id] is not to:
                    return vehicle_id, moment
                last[vehicle_id] = state
        raise AssertionError("no vehicle does that within twelve hours")
