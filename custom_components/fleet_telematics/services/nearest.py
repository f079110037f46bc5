"""The action that finds the vehicles near a place."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_NAME
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType
from homeassistant.util.location import distance
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..coordinator import FleetConfigEntry
from ..devices import vehicle_device
from ..failures import action_failure
from ..providers.capabilities import NearestVehicles
from ..providers.errors import ProviderError, Unreachable
from ..providers.models import Coordinates, NearbyVehicle, Status, Vehicle
from .action import ATTR_CONFIG_ENTRY_ID, Action, invalid, loaded_entry, told
from .places import PLACE_FIELDS, place_of

_ATTR_RADIUS: Final = "radius_km"
_ATTR_LIMIT: Final = "limit"
_ATTR_BY_ROAD: Final = "by_road"
_ATTR_INCLUDE_STALE: Final = "include_stale"
_RADIUS: Final = 50.0
_FARTHEST: Final = 20_100.0
_LIMIT: Final = 5
_MOST: Final = 100
# A parked vehicle's tracker reports at least once a day.
_STALE_AFTER: Final = timedelta(days=1)


async def _find_nearest(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Return the nearest vehicles of one account, or of all of them at once.

    Whoever asks all of them gets the answers of those that have one, and is told
    under `missing` whose vehicles are not among them.
    """
    place = place_of(hass, call)
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if entry_id is not None:
        entry = loaded_entry(hass, entry_id)
        with told(entry):
            nearby = await _nearest(entry, place, call.data)
        if nearby is None:
            raise _outage(entry)
        return {"vehicles": _vehicles(hass, call, [(entry, nearby)])}
    entries: list[FleetConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    loaded = [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
    if not loaded:
        raise invalid("no_account")
    answers = await asyncio.gather(
        *(_nearest_or_estimate(entry, place, call.data) for entry in loaded)
    )
    answered = [
        (entry, nearby)
        for entry, nearby in zip(loaded, answers, strict=True)
        if nearby is not None
    ]
    if not answered:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="nobody_answers"
        )
    answer: JsonObjectType = {"vehicles": _vehicles(hass, call, answered)}
    known = {entry.entry_id for entry, _ in answered}
    if missing := [entry for entry in entries if entry.entry_id not in known]:
        answer["missing"] = [
            {ATTR_CONFIG_ENTRY_ID: entry.entry_id, ATTR_NAME: entry.title}
            for entry in missing
        ]
    return answer


def _vehicles(
    hass: HomeAssistant,
    call: ServiceCall,
    answers: Iterable[tuple[FleetConfigEntry, list[NearbyVehicle]]],
) -> list[JsonValueType]:
    """Return the nearest vehicles of all answers, the nearest first."""
    found = [(entry, one) for entry, nearby in answers for one in nearby]
    found.sort(key=lambda pair: pair[1].distance)
    return [
        _as_dict(hass, entry, one) for entry, one in found[: call.data[_ATTR_LIMIT]]
    ]


async def _nearest_or_estimate(
    entry: FleetConfigEntry, place: Coordinates, asked: dict[str, Any]
) -> list[NearbyVehicle] | None:
    """Return an account's nearest vehicles; a vendor's trouble is not the others'."""
    try:
        return await _nearest(entry, place, asked)
    except ProviderError as err:
        # Without the account's title, which may name its user.
        name = entry.runtime_data.provider.info.name
        LOGGER.info("%s: no search for vehicles nearby (%s)", name, err)
        return _straight(entry, place, asked)


async def _nearest(
    entry: FleetConfigEntry, place: Coordinates, asked: dict[str, Any]
) -> list[NearbyVehicle] | None:
    """Ask the vendor where it has a search of its own, else measure."""
    provider = entry.runtime_data.provider
    if not isinstance(provider, NearestVehicles):
        return _straight(entry, place, asked)
    nearby = await provider.nearest(
        place,
        radius=asked[_ATTR_RADIUS],
        # Some of what it finds may not be shown.
        limit=_MOST,
        by_road=asked[_ATTR_BY_ROAD],
    )
    vehicles = entry.runtime_data.fleet.vehicles
    return [
        one
        for one in nearby
        if one.distance <= asked[_ATTR_RADIUS]
        and (vehicle := vehicles.get(one.vehicle_id)) is not None
        and _may_be_found(vehicle, asked)
    ]


def _straight(
    entry: FleetConfigEntry, place: Coordinates, asked: dict[str, Any]
) -> list[NearbyVehicle] | None:
    """Measure the great circle to every vehicle's current position.

    None where nobody knows those: the last poll failed, and older ones will not do.
    """
    data = entry.runtime_data
    if not data.fleet.reachable and not asked[_ATTR_INCLUDE_STALE]:
        return None
    found: list[NearbyVehicle] = []
    for vehicle in data.fleet.vehicles.values():
        location = vehicle.location
        if location is None or not _may_be_found(vehicle, asked):
            continue
        metres = distance(
            place.latitude, place.longitude, location.latitude, location.longitude
        )
        if metres is not None and metres / 1000 <= asked[_ATTR_RADIUS]:
            found.append(
                NearbyVehicle(
                    vehicle_id=vehicle.id,
                    distance=metres / 1000,
                    location=location,
                    address=vehicle.address,
                )
            )
    return found


def _outage(entry: FleetConfigEntry) -> HomeAssistantError:
    """Return why nobody knows where an account's vehicles are: its poll failed."""
    data = entry.runtime_data
    failure = data.positions.last_exception
    cause = None if failure is None else failure.__cause__
    if not isinstance(cause, ProviderError):
        cause = Unreachable("the last poll failed")
    return action_failure(cause, data.provider.info)


def _may_be_found(vehicle: Vehicle, asked: dict[str, Any]) -> bool:
    """Whether a vehicle is not private, and where it is known to be."""
    if vehicle.private_mode or vehicle.status is Status.PRIVATE:
        return False
    if asked[_ATTR_INCLUDE_STALE]:
        return True
    if vehicle.online is False or vehicle.status is Status.OFFLINE:
        return False
    reported = vehicle.last_report
    return reported is None or dt_util.utcnow() - reported <= _STALE_AFTER


def _as_dict(
    hass: HomeAssistant, entry: FleetConfigEntry, nearby: NearbyVehicle
) -> JsonObjectType:
    device = vehicle_device(dr.async_get(hass), entry, nearby.vehicle_id)
    name = None if device is None else device.name_by_user or device.name
    location = nearby.location
    return {
        "device_id": None if device is None else device.id,
        ATTR_NAME: name or entry.runtime_data.fleet.names.get(nearby.vehicle_id),
        "distance_km": round(nearby.distance, 3),
        "duration_s": (
            None if nearby.duration is None else nearby.duration.total_seconds()
        ),
        "eta": (
            None
            if nearby.arrival is None
            else dt_util.as_local(nearby.arrival).isoformat()
        ),
        ATTR_LATITUDE: None if location is None else location.latitude,
        ATTR_LONGITUDE: None if location is None else location.longitude,
        "address": nearby.address,
    }


ACTIONS: Final = (
    Action(
        name="find_nearest",
        fields={
            **PLACE_FIELDS,
            vol.Optional(_ATTR_RADIUS, default=_RADIUS): vol.All(
                vol.Coerce(float), vol.Range(min=0, min_included=False, max=_FARTHEST)
            ),
            vol.Optional(_ATTR_LIMIT, default=_LIMIT): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=_MOST)
            ),
            vol.Optional(_ATTR_BY_ROAD, default=False): cv.boolean,
            vol.Optional(_ATTR_INCLUDE_STALE, default=False): cv.boolean,
            vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        },
        handle=_find_nearest,
    ),
)
