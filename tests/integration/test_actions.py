"""What all actions have in common."""

from typing import Any

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.fleet_telematics.const import DOMAIN
from simulator.movens import MovensServer

from .helpers import async_set_up, entry_of

ADMINISTRATORS_ALONE: dict[str, dict[str, Any]] = {
    "get_categories": {},
    "save_category": {"labels": {"en": "Van"}},
    "delete_category": {"category_id": 1},
    "set_category_image": {"category_id": 1, "file": "www/van.png"},
    "call_api": {"path": "/tree"},
}
OF_A_VENDOR: dict[str, dict[str, Any]] = {
    "get_report": {
        "report": "trip_detail",
        "start": "2026-11-01 00:00",
        "end": "2026-11-02 00:00",
    },
    "get_dashboard": {"view": "summary"},
    "save_trip": {"trip_id": "1"},
    "send_position": {"latitude": 52.37, "longitude": 4.9, "device_ref": "bike"},
}


async def test_the_user_interface_offers_what_a_call_takes(
    hass: HomeAssistant,
) -> None:
    """Each field that is described is accepted, and nothing else is; no account needed."""
    assert await async_setup_component(hass, DOMAIN, {})
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    services = hass.services.async_services_for_domain(DOMAIN)

    assert services.keys() == described.keys()
    for name, service in services.items():
        schema = service.schema
        assert isinstance(schema, vol.Schema)
        taken = {str(key): isinstance(key, vol.Required) for key in schema.schema}
        assert {
            key: field.get("required", False)
            for key, field in described[name]["fields"].items()
        } == taken, name


@pytest.mark.parametrize("name", ADMINISTRATORS_ALONE)
async def test_some_actions_are_for_administrators_alone(
    hass: HomeAssistant,
    movens_server: MovensServer,
    hass_read_only_user: MockUser,
    name: str,
) -> None:
    """Nobody else reaches the vendor by them."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    before = len(movens_server.requests)

    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            name,
            {"config_entry_id": entry.entry_id, **ADMINISTRATORS_ALONE[name]},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
            return_response=name in ("get_categories", "call_api"),
        )

    assert len(movens_server.requests) == before


@pytest.mark.parametrize("name", OF_A_VENDOR)
async def test_a_vendor_that_does_not_offer_an_action_is_a_wrong_target(
    hass: HomeAssistant, movens_server: MovensServer, name: str
) -> None:
    """The message names the vendor."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)

    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(
            DOMAIN,
            name,
            {"config_entry_id": entry.entry_id, **OF_A_VENDOR[name]},
            blocking=True,
            return_response=True,
        )

    assert raised.value.translation_key == "not_offered"
    assert raised.value.translation_placeholders == {"vendor": "Movens"}


async def test_an_account_has_to_be_one_of_ours(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """An unknown entry, another integration's, and one that is not loaded."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    other = MockConfigEntry(domain="elsewhere")
    other.add_to_hass(hass)
    await hass.config_entries.async_unload(entry.entry_id)

    for entry_id in ("nobody", other.entry_id, entry.entry_id):
        with pytest.raises(ServiceValidationError):
            await hass.services.async_call(
                DOMAIN,
                "get_dashboard",
                {"config_entry_id": entry_id, "view": "summary"},
                blocking=True,
                return_response=True,
            )


async def test_the_fleets_device_is_no_vehicle(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """It stands for the account."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    fleet = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert fleet is not None

    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(
            DOMAIN,
            "get_trips",
            {
                ATTR_DEVICE_ID: fleet.id,
                "start": "2026-11-01 00:00",
                "end": "2026-11-02 00:00",
            },
            blocking=True,
            return_response=True,
        )

    assert raised.value.translation_key == "no_vehicle"
