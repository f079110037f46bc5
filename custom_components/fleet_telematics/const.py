"""Names that the integration's rooms share."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "fleet_telematics"
LOGGER: Final = logging.getLogger(__package__)

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.CALENDAR,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.NUMBER,
    Platform.SENSOR,
]

CONF_PROVIDER: Final = "provider"

# Options.
CONF_VEHICLES: Final = "vehicles"
CONF_REFILL_THRESHOLD: Final = "refill_threshold"
CONF_THEFT_THRESHOLD: Final = "theft_threshold"
CONF_EXPOSE_DRIVERS: Final = "expose_drivers"
CONF_FORWARD_TRACKERS: Final = "forward_trackers"
CONF_UPDATE_STATISTICS: Final = "update_statistics"
CONF_LIVE_UPDATES: Final = "live_updates"

DEFAULT_REFILL_THRESHOLD: Final = 8
DEFAULT_THEFT_THRESHOLD: Final = 8

EVENT_FUEL: Final = "fleet_telematics_fuel"
