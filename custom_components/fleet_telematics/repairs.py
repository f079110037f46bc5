"""Repairs that need the user's consent."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import voluptuous as vol


class VehicleGoneFlow(RepairsFlow):
    """Removes the device of a vehicle that the vendor no longer lists."""

    def __init__(self, device_id: str) -> None:
        """Remember which device it is about."""
        self._device_id = device_id

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Start by asking."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the device once the user agrees."""
        if user_input is None:
            return self.async_show_form(step_id="confirm", data_schema=vol.Schema({}))
        registry = dr.async_get(self.hass)
        if registry.async_get(self._device_id) is not None:
            registry.async_remove_device(self._device_id)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue; there is one kind of fixable issue."""
    return VehicleGoneFlow(str((data or {})["device_id"]))
