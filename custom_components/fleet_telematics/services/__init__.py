"""The integration's actions."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.helpers.service import async_register_admin_service

from ..const import DOMAIN
from . import categories, history, nearest, open_api, push, reports, statistics, trips
from .action import Action

_ACTIONS: Final[tuple[Action, ...]] = (
    *history.ACTIONS,
    *nearest.ACTIONS,
    *reports.ACTIONS,
    *push.ACTIONS,
    *trips.ACTIONS,
    *statistics.ACTIONS,
    *categories.ACTIONS,
    *open_api.ACTIONS,
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action."""
    for action in _ACTIONS:
        _register(hass, action)


@callback
def _register(hass: HomeAssistant, action: Action) -> None:
    async def run(call: ServiceCall) -> ServiceResponse:
        answer = await action.handle(hass, call)
        return answer if call.return_response else None

    if action.admin:
        async_register_admin_service(
            hass, DOMAIN, action.name, run, action.schema, action.response
        )
    else:
        hass.services.async_register(
            DOMAIN, action.name, run, action.schema, action.response
        )
