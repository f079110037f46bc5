"""Shows how far a long import is."""

from collections.abc import Sequence
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..coordinator import FleetConfigEntry
from ..texts import async_texts
from .plan import Step
from .reading import name_of

# As many vehicles are named, where a vendor tells of many at once.
_NAMED: Final = 5


class Progress:
    """The notification about an account's import."""

    def __init__(self, hass: HomeAssistant, entry: FleetConfigEntry) -> None:
        """Show nothing yet."""
        self._hass = hass
        self._entry = entry
        self._id = f"{DOMAIN}_statistics_{entry.entry_id}"

    async def async_show(self, steps: Sequence[Step], done: int) -> None:
        """Tell how many steps are done, and what is next; a short import is no news."""
        if len(steps) < 2:
            return
        step = steps[done]
        names = [
            name_of(self._hass, self._entry, one) for one in step.vehicle_ids[:_NAMED]
        ]
        if len(step.vehicle_ids) > _NAMED:
            names.append("…")
        texts = await async_texts(self._hass)
        persistent_notification.async_create(
            self._hass,
            texts["import_progress"].format(
                account=self._entry.title,
                done=done,
                steps=len(steps),
                day=f"{step.start:%Y-%m-%d}",
                vehicles=", ".join(names),
            ),
            texts["import_title"],
            self._id,
        )

    @callback
    def async_hide(self) -> None:
        """Take the notification away."""
        persistent_notification.async_dismiss(self._hass, self._id)
