"""What the blueprints' tests have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from homeassistant.components.automation import automations_with_blueprint
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import World
from tests.integration.helpers import entity_id_of

FOLDER: Final = "fleet_telematics"
ROOT: Final = Path(__file__).parent.parent.parent
BLUEPRINTS: Final = ROOT / "blueprints" / "automation" / FOLDER

# A vehicle's entities by platform and key, with what each always shows.
type Kinds = Mapping[tuple[str, str], Mapping[str, Any]]

PHONE: Final = "notify.mobile_app_phone"
MAIL: Final = "notify.mail"


def usable_vehicles(world: World) -> list[int]:
    """Return vehicles on the map from whose tanks some litres may come and go."""
    found = [
        one.vehicle_id
        for one in world.states()
        if one.online
        and not one.private
        and one.fuel_volume > 15
        and one.fuel_level < 80
    ]
    assert len(found) >= 2
    return found


async def async_use(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Set up an automation from a blueprint, with a phone to notify."""
    path = f"{FOLDER}/{name}.yaml"
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "use_blueprint": {
                    "path": path,
                    "input": {"notify_action": PHONE, **inputs},
                }
            }
        },
    )
    await hass.async_block_till_done()
    (automation,) = automations_with_blueprint(hass, path)
    state = hass.states.get(automation)
    assert state is not None
    assert state.state == "on"


def device_of(hass: HomeAssistant, entry: MockConfigEntry, vehicle: object) -> str:
    """Return the device of a vehicle."""
    entity_id = entity_id_of(hass, entry, "device_tracker", vehicle, "location")
    assert entity_id is not None
    registered = er.async_get(hass).async_get(entity_id)
    assert registered is not None
    assert registered.device_id is not None
    return registered.device_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Van:
    """A vehicle in the registries, whose states a test sets."""

    hass: HomeAssistant
    device_id: str
    entities: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, Any]]

    def shows(self, key: str, state: object, **attributes: object) -> None:
        """Let an entity show something."""
        gone = state == "unavailable"
        self.hass.states.async_set(
            self.entities[key],
            str(state),
            {} if gone else {**self.attributes[key], **attributes},
        )


def van(hass: HomeAssistant, name: str, entities: Kinds) -> Van:
    """Register a vehicle with such entities, which show nothing yet."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id=f"account of {name}")
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, name)}, name=name
    )
    registered = {
        key: er.async_get(hass).async_get_or_create(
            platform,
            DOMAIN,
            f"{name}_{key}",
            config_entry=entry,
            device_id=device.id,
            translation_key=key,
        )
        for platform, key in entities
    }
    return Van(
        hass=hass,
        device_id=device.id,
        entities={key: one.entity_id for key, one in registered.items()},
        attributes={key: shown for (_, key), shown in entities.items()},
    )
