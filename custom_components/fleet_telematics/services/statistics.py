"""Actions that import the past into long-term statistics."""

import asyncio
from collections import Counter
from typing import Any, Final, cast

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import FleetConfigEntry
from ..providers.capabilities import TripHistory
from ..statistics.importer import Import, recorder_is_there, trip_history
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_DEVICE_ID,
    PERIOD_FIELDS,
    Action,
    invalid,
    loaded_entry,
    period_of,
    told,
    vehicle_of,
)

_ATTR_DRY_RUN: Final = "dry_run"


async def _import_statistics(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Import the past of some vehicles, and wait until that is done.

    Each account's vendor is asked by itself; one that fails stops no other.
    """
    start, end = period_of(call)
    vehicles = _vehicles(hass, call.data[ATTR_DEVICE_ID])
    # Everything that can be wrong is found before anything starts.
    histories = {
        entry_id: _history(hass, one) for entry_id, (one, _) in vehicles.items()
    }
    running = [
        (
            entry,
            entry.runtime_data.statistics.async_begin(
                histories[entry_id],
                vehicle_ids,
                start,
                end,
                dry_run=call.data[_ATTR_DRY_RUN],
            ),
        )
        for entry_id, (entry, vehicle_ids) in vehicles.items()
    ]
    results = await asyncio.gather(
        *(_result(entry, one) for entry, one in running), return_exceptions=True
    )
    rows: Counter[str] = Counter()
    for result in results:
        if isinstance(result, BaseException):
            raise result
        rows += result
    job = running[0][1].job
    return cast(
        JsonObjectType,
        {
            "rows": rows.total(),
            "from": dt_util.as_local(job.start).isoformat(),
            "to": dt_util.as_local(max(job.start, job.end)).isoformat(),
            "statistic_ids": sorted(rows),
        },
    )


async def _cancel_import(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Cancel the import of an account, or of every account that has one."""
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    entries: list[FleetConfigEntry] = (
        [
            entry
            for entry in hass.config_entries.async_entries(DOMAIN)
            if entry.state is ConfigEntryState.LOADED
        ]
        if entry_id is None
        else [loaded_entry(hass, entry_id)]
    )
    importers = [
        entry.runtime_data.statistics
        for entry in entries
        if entry.runtime_data.statistics.pending
    ]
    if not importers:
        raise invalid("no_import")
    for importer in importers:
        await importer.async_cancel()
    return {}


def _vehicles(
    hass: HomeAssistant, device_ids: list[str]
) -> dict[str, tuple[FleetConfigEntry, list[str]]]:
    """Return the accounts by their entries' ids, each with its vehicles."""
    accounts: dict[str, tuple[FleetConfigEntry, list[str]]] = {}
    for device_id in dict.fromkeys(device_ids):
        entry, vehicle_id = vehicle_of(hass, device_id)
        accounts.setdefault(entry.entry_id, (entry, []))[1].append(vehicle_id)
    return accounts


def _history(hass: HomeAssistant, entry: FleetConfigEntry) -> TripHistory:
    """Return what tells an account's trips; raise where no import can start."""
    if not recorder_is_there(hass):
        raise invalid("no_recorder")
    history = trip_history(entry)
    if history is None:
        raise invalid("not_offered", vendor=entry.runtime_data.provider.info.name)
    if entry.runtime_data.statistics.running:
        raise invalid("import_running", account=entry.title)
    return history


async def _result(entry: FleetConfigEntry, running: Import) -> Counter[str]:
    with told(entry):
        return await entry.runtime_data.statistics.async_result(running)


_IMPORT_FIELDS: Final[dict[Any, Any]] = {
    vol.Required(ATTR_DEVICE_ID): vol.All(
        cv.ensure_list, [cv.string], vol.Length(min=1)
    ),
    **PERIOD_FIELDS,
    vol.Optional(_ATTR_DRY_RUN, default=False): cv.boolean,
}

ACTIONS: Final = (
    Action(
        name="import_statistics",
        fields=_IMPORT_FIELDS,
        handle=_import_statistics,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="cancel_import",
        fields={vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string},
        handle=_cancel_import,
        response=SupportsResponse.NONE,
    ),
)
