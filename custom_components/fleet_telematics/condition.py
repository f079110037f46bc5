"""Conditions that speak of vehicles: one is moving, runs its engine, is private."""

from typing import Final, override

from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .targets import async_own_entities


def _binary_sensor_is_on(key: str) -> type[Condition]:
    """Return the condition that a vehicle's binary sensor is on."""

    class BinarySensorIsOn(EntityStateConditionBase):
        """Holds while the binary sensor of a vehicle is on."""

        _domain_specs = {Platform.BINARY_SENSOR: DomainSpec()}
        _states = {STATE_ON}
        _primary_entities_only = False

        @override
        def entity_filter(self, entities: set[str]) -> set[str]:
            return async_own_entities(self._hass, entities, Platform.BINARY_SENSOR, key)

    return BinarySensorIsOn


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_moving": _binary_sensor_is_on("moving"),
    "engine_is_running": _binary_sensor_is_on("engine"),
    "is_private": _binary_sensor_is_on("private_mode"),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
