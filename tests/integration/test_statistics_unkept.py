"""What long-term statistics come to where nobody keeps them."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.demo.world import World
from simulator.fleetgo import FleetGoServer
from simulator.server import VendorServer

from .helpers import async_set_up, entry_of
from .statistics import async_import, device_of
from .vendors import vehicle_of

START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 11, 2, tzinfo=UTC)


async def test_without_a_recorder_nothing_is_imported(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    world: World,
    hass_storage: dict[str, Any],
) -> None:
    """Whoever asks hears why; the daily update is silent."""
    entry = entry_of(fleetgo_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    vehicle_id = vehicle_of(fleetgo_server, next(iter(world.vehicles)))
    before = len(fleetgo_server.requests)

    with pytest.raises(ServiceValidationError, match="recorder"):
        await async_import(hass, device_of(hass, entry, vehicle_id), START, END)

    assert len(fleetgo_server.requests) == before
    assert f"{DOMAIN}.{entry.entry_id}.statistics" not in hass_storage


async def test_the_option_is_there_where_the_past_is_told(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Movens tells none; elsewhere the option is off until it is wanted."""
    entry = entry_of(server)
    await async_set_up(hass, entry)

    form = await hass.config_entries.options.async_init(entry.entry_id)

    schema = form["data_schema"]
    assert schema is not None
    fields = {str(field): field for field in schema.schema}
    assert ("update_statistics" in fields) is (server.key != "movens")
    if server.key != "movens":
        assert fields["update_statistics"].default() is False
