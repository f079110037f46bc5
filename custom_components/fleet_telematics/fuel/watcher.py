"""Concludes fuel events from levels, where the vendor tells none itself."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from itertools import batched
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_REFILL_THRESHOLD,
    CONF_THEFT_THRESHOLD,
    DEFAULT_REFILL_THRESHOLD,
    DEFAULT_THEFT_THRESHOLD,
    DOMAIN,
)
from ..coordinator import FleetConfigEntry
from ..fleet import Fleet
from ..providers.models import FuelReport
from .detector import Detector
from .ledger import FuelLedger
from .reading import Reading
from .teller import FuelTeller

# A change has to hold for some readings before it is told.
_READINGS: Final = 4
# So many vehicles are looked at in one go, between two turns of everybody else.
_SLICE: Final = 20


class FuelWatcher:
    """Shows every new level of the fleet to its vehicle's detector.

    What a detector remembers is kept with the ledger: levels before and after a
    time without contact, or without Home Assistant, are compared as well.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        fleet: Fleet,
        ledger: FuelLedger,
        interval: timedelta,
    ) -> None:
        """Watch a fleet that is read every `interval`; the ledger is loaded."""
        self.ledger = ledger
        self.teller = FuelTeller(
            hass, entry, fleet, ledger, lambda: _READINGS * interval
        )
        self._hass = hass
        self._entry = entry
        self._fleet = fleet
        self._refill_threshold = float(
            entry.options.get(CONF_REFILL_THRESHOLD, DEFAULT_REFILL_THRESHOLD)
        )
        self._theft_threshold = float(
            entry.options.get(CONF_THEFT_THRESHOLD, DEFAULT_THEFT_THRESHOLD)
        )
        self._detectors: dict[str, Detector] = {}
        self._found = False

    async def async_start(self) -> None:
        """Tell what is pending, and watch from now on."""
        await self.teller.async_await_listeners()
        await self.teller.async_fire_pending()
        self._entry.async_on_unload(self._fleet.listen_all(self._look))
        self._entry.async_on_unload(self._fleet.listen_totals(self._tell))
        for part in batched(list(self._fleet.vehicles), _SLICE, strict=False):
            self._look(part)
            await asyncio.sleep(0)
        self._tell()

    @callback
    def _look(self, vehicle_ids: Collection[str]) -> None:
        """Show the detectors what changed."""
        now = dt_util.utcnow()
        opened = False
        for vehicle_id in vehicle_ids:
            vehicle = self._fleet.vehicles.get(vehicle_id)
            if vehicle is None or vehicle.fuel_level is None:
                continue
            if vehicle_id not in self.ledger.accounts:
                self.ledger.record(vehicle_id, FuelReport(vehicle=vehicle), now)
                opened = True
            detector = self._detector(vehicle_id)
            events = detector.feed(Reading.of(vehicle, now), now)
            self._found = self._found or bool(events)
            self.ledger.conclude(vehicle_id, events, detector.as_dict())
        self.ledger.async_save_later()
        if opened:
            self.teller.async_show()

    @callback
    def _tell(self) -> None:
        """Tell what a read has shown, once all of it was looked at: oldest first."""
        if self._found:
            self._found = False
            self._entry.async_create_background_task(
                self._hass, self.teller.async_fire_pending(), f"{DOMAIN} fuel events"
            )

    def _detector(self, vehicle_id: str) -> Detector:
        """Return a vehicle's detector as it was before a restart."""
        if (detector := self._detectors.get(vehicle_id)) is None:
            thresholds = {
                "refill_threshold": self._refill_threshold,
                "theft_threshold": self._theft_threshold,
            }
            try:
                stored = self.ledger.detectors[vehicle_id]
                detector = Detector.from_dict(vehicle_id, stored, **thresholds)
            # New, or what is on disk is damaged: it learns anew.
            except AttributeError, KeyError, TypeError, ValueError:
                detector = Detector(vehicle_id, **thresholds)
            self._detectors[vehicle_id] = detector
        return detector
