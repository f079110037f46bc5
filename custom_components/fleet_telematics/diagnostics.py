"""Diagnostics without anything that tells whose vehicles these are, or where."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
import hashlib
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import CONF_PROVIDER, CONF_VEHICLES
from .coordinator import FeedCoordinator, FleetConfigEntry
from .devices import vehicle_id_of
from .fuel.coordinator import FuelCoordinator
from .guard import hide_private
from .providers.errors import ProviderError
from .providers.models import Vehicle
from .push import Push

_HIDDEN: Final = {
    "id",
    "name",
    "plate",
    "vin",
    "group",
    "category",
    "location",
    "address",
    "driver",
    # Free text and codes of a customer's own.
    "service_visits",
    "label",
    "code",
}


def _alias(entry: FleetConfigEntry, vehicle_id: str) -> str:
    """Return a name for a vehicle that is stable but says nothing.

    The entry's own random id keeps short numbers from being guessed back.
    """
    text = f"{entry.entry_id}{vehicle_id}"
    return f"vehicle_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _vehicle(vehicle: Vehicle) -> dict[str, Any]:
    return async_redact_data(
        {key: value for key, value in asdict(vehicle).items() if value is not None},
        _HIDDEN,
    )


def _coordinator(coordinator: FeedCoordinator) -> dict[str, Any]:
    return {
        "interval": coordinator.update_interval,
        "last_update_success": coordinator.last_update_success,
        "last_error": type(coordinator.last_exception).__name__
        if coordinator.last_exception
        else None,
    }


def _push(push: Push) -> dict[str, Any]:
    return {
        "followed": len(push.forwarder.references),
        "waiting": push.queue.waiting,
        "dropped": push.queue.dropped,
        "sent": push.queue.sent,
        "declined": push.queue.declined,
    }


def _settings(entry: FleetConfigEntry) -> dict[str, Any]:
    """Return data and options; what is not known to be harmless is hidden.

    And whether the account is loaded, or why not.
    """
    options: Mapping[str, Any] = entry.options
    return {
        "provider": entry.data[CONF_PROVIDER],
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key,
        "data": dict.fromkeys(entry.data, REDACTED),
        "options": {
            key: value
            if isinstance(value, (bool, int, float))
            else len(value)
            if key == CONF_VEHICLES
            else REDACTED
            for key, value in options.items()
        },
    }


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: FleetConfigEntry
) -> dict[str, Any]:
    """Return how an account is doing."""
    if entry.state is not ConfigEntryState.LOADED:
        return _settings(entry)
    data = entry.runtime_data
    coordinators: list[FeedCoordinator] = [data.positions, *data.feeds.values()]
    if data.figures is not None:
        coordinators.append(data.figures)
    denied: Collection[str] = ()
    if isinstance(data.fuel, FuelCoordinator):
        coordinators.append(data.fuel)
        denied = data.fuel.denied
    return {
        **_settings(entry),
        "requests_last_hour": data.queue.sent_last_hour,
        "rejected_readings": dict(data.fleet.guard.rejected),
        "live": data.positions.live,
        "feeds": {one.feed.value: _coordinator(one) for one in coordinators},
        "sent_positions": None if data.push is None else _push(data.push),
        "fuel": {
            "denied_vehicles": sorted(_alias(entry, one) for one in denied),
            "events": {
                _alias(entry, vehicle_id): len(account.entries)
                for vehicle_id, account in data.fuel.ledger.accounts.items()
            },
        },
        "vehicles": {
            _alias(entry, vehicle.id): _vehicle(vehicle)
            for vehicle in data.fleet.vehicles.values()
        },
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: FleetConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return what is known and told of one vehicle; of the account for its fleet."""
    vehicle_id = vehicle_id_of(entry, device)
    if vehicle_id is None or entry.state is not ConfigEntryState.LOADED:
        return await async_get_config_entry_diagnostics(hass, entry)
    vehicle = entry.runtime_data.fleet.vehicles.get(vehicle_id)
    return {
        **_settings(entry),
        "vehicle": None if vehicle is None else _vehicle(vehicle),
        "read_alone": await _read_alone(entry, vehicle_id, vehicle),
    }


async def _read_alone(
    entry: FleetConfigEntry, vehicle_id: str, known: Vehicle | None
) -> dict[str, Any] | str | None:
    """Return what the vendor tells of this vehicle alone, or the kind of its failure.

    None where it only tells of the whole fleet.
    """
    try:
        told = await entry.runtime_data.provider.vehicle(vehicle_id)
    except ProviderError as err:
        return type(err).__name__
    if told is None:
        return None
    if told.private_mode is None and known is not None:
        told = replace(told, private_mode=known.private_mode)
    return _vehicle(hide_private(told))
