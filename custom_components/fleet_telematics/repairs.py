"""Repairs that need the user's consent."""

from typing import override

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .coordinator import FleetConfigEntry


class VehicleGoneFlow(ConfirmRepairFlow):
    """Removes the device of a vehicle that the vendor no longer lists."""

    def __init__(self, entry_id: str, device_id: str) -> None:
        """Remember which account's device it is about."""
        self._entry_id = entry_id
        self._device_id = device_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the device once the user agrees, unless its vehicle is back."""
        if user_input is not None:
            registry = dr.async_get(self.hass)
            device = registry.async_get(self._device_id)
            entry: FleetConfigEntry | None = self.hass.config_entries.async_get_entry(
                self._entry_id
            )
            if (
                device is not None
                and entry is not None
                and entry.state is ConfigEntryState.LOADED
                and entry.runtime_data.devices.remove(device)
            ):
                registry.async_remove_device(self._device_id)
        return await super().async_step_confirm(user_input)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue; there is one kind of fixable issue."""
    about = data or {}
    return VehicleGoneFlow(str(about["entry_id"]), str(about["device_id"]))
