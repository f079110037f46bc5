"""Follows the trackers that the user chose, and queues where they go."""

from collections.abc import Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)

from .queue import PositionQueue
from .sighting import comes_back, place_in, reference_of, sighting_of


@callback
def stable_ids(hass: HomeAssistant, entity_ids: Sequence[str]) -> list[str]:
    """Return ids that still name the same entities after they are renamed."""
    registry = er.async_get(hass)
    return [
        one if (known := registry.async_get(one)) is None else known.id
        for one in entity_ids
    ]


@callback
def current_ids(hass: HomeAssistant, ids: Sequence[str]) -> list[str]:
    """Return what the entities of `stable_ids` are called now, less the removed."""
    registry = er.async_get(hass)
    found = (er.async_resolve_entity_id(registry, one) for one in ids)
    return [one for one in found if one is not None]


class Forwarder:
    """Queues a position when one of the chosen trackers is somewhere else."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, queue: PositionQueue
    ) -> None:
        """Follow nothing yet."""
        self._hass = hass
        self._entry = entry
        self._queue = queue
        self._chosen: list[str] = []
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self, chosen: Sequence[str]) -> None:
        """Follow these from now on, and note who moved while nobody looked.

        They are entity ids, or the registry's own ids of entities.
        """
        self._chosen = stable_ids(self._hass, chosen)
        self._async_follow()
        for entity_id in current_ids(self._hass, self._chosen):
            self._async_look(entity_id)

    @callback
    def async_stop(self) -> None:
        """Follow no more."""
        while self._unsubscribe:
            self._unsubscribe.pop()()

    @property
    def references(self) -> list[str]:
        """The devices that the chosen trackers are to the vendor."""
        return [
            reference_of(self._hass, one)
            for one in current_ids(self._hass, self._chosen)
        ]

    @callback
    def _async_follow(self) -> None:
        self.async_stop()
        if followed := current_ids(self._hass, self._chosen):
            self._unsubscribe = [
                async_track_state_change_event(
                    self._hass, followed, self._async_changed
                ),
                async_track_entity_registry_updated_event(
                    self._hass, followed, self._async_registered
                ),
            ]

    @callback
    def _async_registered(
        self, event: Event[er.EventEntityRegistryUpdatedData]
    ) -> None:
        """Go on under the new name; the vendor sees the same device."""
        if event.data["action"] == "update" and "old_entity_id" in event.data:
            self._async_follow()

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            self._async_consider(state)

    @callback
    def _async_look(self, entity_id: str) -> None:
        """Queue where a tracker is if it was last seen elsewhere.

        One that is followed for the first time is sent when it moves.
        """
        state = self._hass.states.get(entity_id)
        place = None if state is None else place_in(state)
        if state is None or place is None:
            return
        reference = reference_of(self._hass, entity_id)
        if reference in self._queue.places:
            self._async_consider(state)
        else:
            self._queue.places[reference] = place

    @callback
    def _async_consider(self, state: State) -> None:
        """Queue a position that is news, unless a vendor that takes some told of it."""
        sighting = sighting_of(self._hass, state)
        if (
            sighting is not None
            and sighting.device_ref is not None
            and self._queue.places.get(sighting.device_ref) != sighting.location
            and not comes_back(self._hass, state.entity_id)
        ):
            self._queue.async_put(sighting, followed=True)
