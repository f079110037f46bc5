"""Triggers that speak of vehicles: one started, was refuelled, went offline."""

from typing import Final, override

from homeassistant.components.event import ATTR_EVENT_TYPE
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    EntityTargetStateTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)

from .providers.models import FuelEventKind
from .targets import async_own_entities


def _binary_sensor_turned(key: str, state: str) -> type[Trigger]:
    """Return the trigger of a vehicle's binary sensor that turns on or off.

    The first value after a restart or an outage is none: it may be old.
    """

    class BinarySensorTurned(EntityTargetStateTriggerBase):
        """Fires when the binary sensor of a vehicle turns."""

        _domain_specs = {Platform.BINARY_SENSOR: DomainSpec()}
        _to_states = {state}
        # Whether a vehicle is online is a diagnostic of it.
        _primary_entities_only = False

        @override
        def entity_filter(self, entities: set[str]) -> set[str]:
            return async_own_entities(self._hass, entities, Platform.BINARY_SENSOR, key)

    return BinarySensorTurned


def _fuel_event(kind: FuelEventKind) -> type[Trigger]:
    """Return the trigger of one kind of fuel event."""

    class FuelEventTold(StatelessEntityTriggerBase):
        """Fires once for each event, with its payload as attributes of the state."""

        _domain_specs = {Platform.EVENT: DomainSpec()}
        _primary_entities_only = False

        @override
        def entity_filter(self, entities: set[str]) -> set[str]:
            return async_own_entities(self._hass, entities, Platform.EVENT, "fuel")

        @override
        def is_valid_state(
            self, state: State, report_not_triggered: NotTriggeredReasonReporter
        ) -> bool:
            return state.attributes.get(ATTR_EVENT_TYPE) == kind

    return FuelEventTold


TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "refuelled": _fuel_event(FuelEventKind.REFUELLED),
    "fuel_theft_suspected": _fuel_event(FuelEventKind.THEFT_SUSPECTED),
    "engine_started": _binary_sensor_turned("engine", STATE_ON),
    "engine_stopped": _binary_sensor_turned("engine", STATE_OFF),
    "started_moving": _binary_sensor_turned("moving", STATE_ON),
    "stopped_moving": _binary_sensor_turned("moving", STATE_OFF),
    "went_offline": _binary_sensor_turned("online", STATE_OFF),
    "came_online": _binary_sensor_turned("online", STATE_ON),
    "private_mode_on": _binary_sensor_turned("private_mode", STATE_ON),
    "private_mode_off": _binary_sensor_turned("private_mode", STATE_OFF),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
