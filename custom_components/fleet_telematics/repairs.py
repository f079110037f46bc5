"""Repairs that need the user's consent."""

from typing import override

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr


class VehicleGoneFlow(ConfirmRepairFlow):
    """Removes the device of a vehicle that the vendor no longer lists."""

    def __init__(self, device_id: str) -> None:
        """Remember which device it is about."""
        self._device_id = device_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the device once the user agrees."""
        registry = dr.async_get(self.hass)
        if user_input is not None and registry.async_get(self._device_id) is not None:
            registry.async_remove_device(self._device_id)
        return await super().async_step_confirm(user_input)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue; there is one kind of fixable issue."""
    return VehicleGoneFlow(str((data or {})["device_id"]))
