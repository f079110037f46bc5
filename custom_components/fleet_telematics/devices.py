"""One device for the fleet and one per vehicle, kept as the vendor lists them."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .fleet import Fleet
from .providers.base import ProviderInfo
from .providers.models import Vehicle

# A vendor that leaves a vehicle out of so many complete polls means it.
_POLLS_UNTIL_GONE: Final = 5


_NARROWED: HassKey[set[str]] = HassKey(f"{DOMAIN}_narrowed")


@callback
def async_expect_fewer(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the vehicles that the next read lacks for left out by the user."""
    hass.data.setdefault(_NARROWED, set()).add(entry.entry_id)


def fleet_device_info(entry: ConfigEntry) -> DeviceInfo:
    """Return what attaches an entity to the fleet's device."""
    return DeviceInfo(identifiers={(DOMAIN, str(entry.unique_id))})


def vehicle_device_info(entry: ConfigEntry, vehicle_id: str) -> DeviceInfo:
    """Return what attaches an entity to a vehicle's device."""
    return DeviceInfo(identifiers={_vehicle_identifier(entry, vehicle_id)})


def vehicle_device(
    registry: dr.DeviceRegistry, entry: ConfigEntry, vehicle_id: str
) -> dr.DeviceEntry | None:
    """Return a vehicle's device, None where it has none (any more)."""
    return registry.async_get_device_by_identifier(
        _vehicle_identifier(entry, vehicle_id), entry.entry_id
    )


def vehicle_id_of(entry: ConfigEntry, device: dr.AnyDeviceEntry) -> str | None:
    """Return the id of the vehicle a device stands for, None for the fleet's."""
    prefix = f"{entry.unique_id}_"
    for domain, identifier in device.identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return identifier.removeprefix(prefix)
    return None


def gone_issue_id(device: dr.AnyDeviceEntry) -> str:
    """Return the id of the repair issue about a vehicle that left.

    Diagnostics show it, so it does not name the vehicle.
    """
    return f"vehicle_gone_{device.id}"


def _vehicle_identifier(entry: ConfigEntry, vehicle_id: str) -> tuple[str, str]:
    return (DOMAIN, f"{entry.unique_id}_{vehicle_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """What a device says of a vehicle."""

    name: str | None = None
    make: str | None = None
    model: str | None = None
    vin: str | None = None


class Devices:
    """The account's devices in Home Assistant's registry."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, info: ProviderInfo, fleet: Fleet
    ) -> None:
        """Register the fleet's own device."""
        self._hass = hass
        self._entry = entry
        self._fleet = fleet
        self._registry = dr.async_get(hass)
        self._registered: dict[str, _Identity] = {}
        self._absences: Counter[str] = Counter()
        # Whom the last complete poll listed.
        self._listed: set[str] = set()
        self._hub = self._registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers=fleet_device_info(entry)["identifiers"],
            entry_type=DeviceEntryType.SERVICE,
            manufacturer=info.name,
            name=entry.title,
        )
        self._remove_unwanted()
        # Some of what a device tells may come with another feed than the poll.
        entry.async_on_unload(fleet.listen_all(self._note))

    @callback
    def describe_fleet(self, organisations: Collection[str]) -> None:
        """Show on the fleet's device to whom its vehicles belong."""
        if organisations:
            self._registry.async_update_device(
                self._hub.id, model=", ".join(organisations)
            )

    @callback
    def _note(self, vehicle_ids: Collection[str]) -> None:
        known = (self._fleet.vehicles.get(one) for one in vehicle_ids)
        self.update(one for one in known if one is not None)

    @callback
    def update(self, vehicles: Iterable[Vehicle]) -> None:
        """Register new vehicles and what changed about the known ones."""
        for vehicle in vehicles:
            known = self._registered.get(vehicle.id) or self._stored(vehicle.id)
            # A value that is missing today does not undo what was known.
            identity = _Identity(
                name=vehicle.name or known.name,
                make=vehicle.make or known.make,
                model=vehicle.model or known.model,
                vin=vehicle.vin or known.vin,
            )
            if vehicle.id in self._registered and identity == known:
                continue
            self._registered[vehicle.id] = identity
            self._registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers={_vehicle_identifier(self._entry, vehicle.id)},
                name=identity.name or vehicle.id,
                manufacturer=identity.make,
                model=identity.model,
                serial_number=identity.vin,
                via_device_id=self._hub.id,
            )

    def _stored(self, vehicle_id: str) -> _Identity:
        """Return what the registry remembers of a vehicle."""
        device = vehicle_device(self._registry, self._entry, vehicle_id)
        if device is None:
            return _Identity()
        return _Identity(
            name=device.name,
            make=device.manufacturer,
            model=device.model,
            vin=device.serial_number,
        )

    @callback
    def check_missing(self, listed: Collection[str]) -> None:
        """Count in which complete polls a vehicle was not listed.

        An empty list is more likely the vendor's fault than a sold fleet. A
        vehicle that stays away leaves the fleet; its device goes with the user's
        consent, since automations may hang on it.
        """
        if not listed or (not self._absences and self._listed == set(listed)):
            return
        self._listed = set(listed)
        waiting = self._hass.data.get(_NARROWED, set())
        narrowed = self._entry.entry_id in waiting
        waiting.discard(self._entry.entry_id)
        for device in dr.async_entries_for_config_entry(
            self._registry, self._entry.entry_id
        ):
            vehicle_id = vehicle_id_of(self._entry, device)
            if vehicle_id is None:
                continue
            issue_id = gone_issue_id(device)
            if vehicle_id in listed:
                self._absences.pop(vehicle_id, None)
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)
                continue
            if narrowed:
                self._registry.async_remove_device(device.id)
                continue
            self._absences[vehicle_id] += 1
            if self._absences[vehicle_id] == _POLLS_UNTIL_GONE:
                self._fleet.remove(vehicle_id)
                self._registered.pop(vehicle_id, None)
                ir.async_create_issue(
                    self._hass,
                    DOMAIN,
                    issue_id,
                    data={"entry_id": self._entry.entry_id, "device_id": device.id},
                    is_fixable=True,
                    severity=ir.IssueSeverity.WARNING,
                    translation_key="vehicle_gone",
                    translation_placeholders={
                        "vehicle": device.name_by_user or device.name or vehicle_id,
                        "account": self._entry.title,
                    },
                )

    def remove(self, device: dr.AnyDeviceEntry) -> bool:
        """Say whether a device may go: not while the vendor lists its vehicle.

        The issue about it goes along.
        """
        vehicle_id = vehicle_id_of(self._entry, device)
        if vehicle_id is None or vehicle_id in self._fleet.vehicles:
            return False
        ir.async_delete_issue(self._hass, DOMAIN, gone_issue_id(device))
        return True

    def _remove_unwanted(self) -> None:
        """Remove the vehicles that the user left out in the options."""
        for device in dr.async_entries_for_config_entry(
            self._registry, self._entry.entry_id
        ):
            vehicle_id = vehicle_id_of(self._entry, device)
            if vehicle_id is not None and not self._fleet.wanted(vehicle_id):
                self._registry.async_remove_device(device.id)
