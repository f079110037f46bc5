"""What a vehicle of this category looks like."""

import asyncio
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.components.image import (
    ImageEntity,
    ImageEntityDescription,
    infer_image_type,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import FleetConfigEntry
from .entity import VehicleEntity, async_add_vehicle_entities
from .failures import action_failure
from .providers.base import Provider
from .providers.errors import ProviderError

PARALLEL_UPDATES = 0

_CATEGORY = ImageEntityDescription(
    key="category", entity_registry_enabled_default=False
)
_KEEP: Final = timedelta(days=1)


class CategoryImages:
    """The pictures of an account's categories, each fetched once a day at most."""

    def __init__(self, provider: Provider) -> None:
        """Fetch from this provider."""
        self._provider = provider
        self._known: dict[str, tuple[datetime, bytes | None]] = {}
        self._fetching = asyncio.Lock()
        # How often the pictures were changed from here.
        self.changes = 0

    def forget(self) -> None:
        """Fetch every picture anew: one was changed."""
        self._known.clear()
        self.changes += 1

    async def async_get(self, category: str) -> bytes | None:
        """Return a category's picture, None where it has none."""
        async with self._fetching:
            now = dt_util.utcnow()
            if category in self._known:
                fetched, picture = self._known[category]
                if now - fetched < _KEEP:
                    return picture
            picture = await self._provider.category_image(category)
            self._known[category] = (now, picture)
            return picture


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the picture of every vehicle whose category is told."""
    images = entry.runtime_data.images = CategoryImages(entry.runtime_data.provider)

    def create(
        entry: FleetConfigEntry, vehicle_id: str, description: ImageEntityDescription
    ) -> CategoryImage:
        return CategoryImage(hass, entry, vehicle_id, description, images)

    async_add_vehicle_entities(entry, async_add_entities, "image", (_CATEGORY,), create)


class CategoryImage(VehicleEntity, ImageEntity):
    """The picture of a vehicle's category."""

    entity_description: ImageEntityDescription

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FleetConfigEntry,
        vehicle_id: str,
        description: ImageEntityDescription,
        images: CategoryImages,
    ) -> None:
        """Show what the account's pictures hold."""
        VehicleEntity.__init__(self, entry, vehicle_id, description)
        ImageEntity.__init__(self, hass)
        self._images = images
        self._category: str | None = None
        self._changes = images.changes

    @override
    async def async_image(self) -> bytes | None:
        """Return the picture; its type follows from its first bytes."""
        if self._category is None:
            return None
        try:
            picture = await self._images.async_get(self._category)
        except ProviderError as err:
            raise action_failure(err, self.entry.runtime_data.provider.info) from err
        if picture is not None:
            self._attr_content_type = infer_image_type(picture) or "image/jpeg"
        return picture

    @override
    def _snapshot(self) -> object:
        category = None if self.vehicle is None else self.vehicle.category
        if (category, self._images.changes) != (self._category, self._changes):
            self._category, self._changes = category, self._images.changes
            self._attr_image_last_updated = dt_util.utcnow()
        return (self.available, category, self._changes)
