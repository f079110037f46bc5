"""What an account's imports remember over restarts."""

from asyncio import shield
from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from .plan import Job

_VERSION: Final = 1


class Memory:
    """The import that is not done yet, and how far the nightly updates are.

    `updated` is until when each vehicle's statistics were updated, `last` the vehicle
    that had its turn last.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Remember nothing yet."""
        self._hass = hass
        self._entry = entry
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.statistics", atomic_writes=True
        )
        self.job: Job | None = None
        self.updated: dict[str, datetime] = {}
        self.last: str | None = None

    async def async_load(self) -> None:
        """Recall what was there before the restart."""
        stored = await self._store.async_load() or {}
        if stored.get("job") is not None:
            self.job = Job.from_dict(stored["job"])
        self.updated = {
            vehicle_id: datetime.fromisoformat(moment)
            for vehicle_id, moment in (stored.get("vehicles") or {}).items()
        }
        self.last = stored.get("last")

    async def async_save(self) -> None:
        """Write down how things are now.

        Even when whoever asks for it is cancelled: an older state that were still
        being written could overtake a newer one. The account's unload waits for it:
        it could outlive the account, too.
        """
        data = {
            "job": None if self.job is None else self.job.as_dict(),
            "vehicles": {
                vehicle_id: moment.isoformat()
                for vehicle_id, moment in self.updated.items()
            },
            "last": self.last,
        }
        save = self._store.async_save(data)
        await shield(self._entry.async_create_task(self._hass, save))


async def async_remove_memory(hass: HomeAssistant, entry_id: str) -> None:
    """Delete an account's memory."""
    memory: Store[dict[str, Any]] = Store(
        hass, _VERSION, f"{DOMAIN}.{entry_id}.statistics"
    )
    await memory.async_remove()
