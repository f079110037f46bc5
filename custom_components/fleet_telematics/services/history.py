"""Actions that read the past: trips, positions, fuel events."""

import asyncio
from datetime import datetime
from itertools import batched
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType
import voluptuous as vol

from ..fuel.history import async_fuel_events
from ..history import async_track, async_trips
from ..providers.models import Place, Position, Trip
from .action import ATTR_DEVICE_ID, PERIOD_FIELDS, Action, period_of, told, vehicle_of

_ATTR_POLYLINE: Final = "polyline"
# How many days one call asks for at most: vendors are asked by the month, and some
# by the day.
_LONGEST: Final = 366
_LONGEST_TRACK: Final = 31
# A track of a month has a hundred thousand points.
_SLICE: Final = 5000
_FIELDS: Final[dict[Any, Any]] = {
    vol.Required(ATTR_DEVICE_ID): cv.string,
    **PERIOD_FIELDS,
}


async def _get_trips(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry, vehicle_id = vehicle_of(hass, call.data[ATTR_DEVICE_ID])
    start, end = period_of(call, longest=_LONGEST)
    with told(entry):
        trips = await async_trips(
            entry.runtime_data,
            [vehicle_id],
            start,
            end,
            routes=call.data[_ATTR_POLYLINE],
        )
    return {"trips": [_trip(trip) for trip in trips]}


async def _get_positions(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry, vehicle_id = vehicle_of(hass, call.data[ATTR_DEVICE_ID])
    start, end = period_of(call, longest=_LONGEST_TRACK)
    with told(entry):
        track = await async_track(entry.runtime_data, vehicle_id, start, end)
    positions: list[JsonValueType] = []
    for part in batched(track, _SLICE, strict=False):
        positions += map(_position, part)
        await asyncio.sleep(0)
    return {"positions": positions}


async def _get_fuel_events(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    entry, vehicle_id = vehicle_of(hass, call.data[ATTR_DEVICE_ID])
    start, end = period_of(call, longest=_LONGEST)
    with told(entry):
        events = await async_fuel_events(entry.runtime_data, vehicle_id, start, end)
    return {"events": list(events)}


def _trip(trip: Trip) -> JsonObjectType:
    return {
        "id": trip.id,
        "start": _local(trip.start),
        "end": _local(trip.end),
        "distance_km": trip.distance,
        "duration_s": None if trip.duration is None else trip.duration.total_seconds(),
        "fuel_l": trip.fuel_used,
        "driver": trip.driver,
        "kind": None if trip.kind is None else trip.kind.value,
        "purpose": trip.purpose,
        "from": _place(trip.origin),
        "to": _place(trip.destination),
        "polyline": trip.polyline,
    }


def _place(place: Place) -> JsonObjectType:
    location = place.location
    return {
        "latitude": None if location is None else location.latitude,
        "longitude": None if location is None else location.longitude,
        "address": place.address,
    }


def _position(position: Position) -> JsonObjectType:
    location = position.location
    return {
        "time": _local(position.time),
        "latitude": None if location is None else location.latitude,
        "longitude": None if location is None else location.longitude,
        "speed_kmh": position.speed,
        "heading": position.heading,
        "altitude_m": position.altitude,
        "odometer_km": position.odometer,
        "engine_on": position.engine,
    }


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else dt_util.as_local(moment).isoformat()


ACTIONS: Final = (
    Action(
        name="get_trips",
        fields={**_FIELDS, vol.Optional(_ATTR_POLYLINE, default=False): cv.boolean},
        handle=_get_trips,
    ),
    Action(name="get_positions", fields=_FIELDS, handle=_get_positions),
    Action(name="get_fuel_events", fields=_FIELDS, handle=_get_fuel_events),
)
