"""Actions that read a vendor's reports and its dashboard."""

from collections.abc import Mapping
from typing import Any, Final, cast

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..providers.capabilities import Dashboards, Reports
from .action import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_END,
    ATTR_START,
    ENTRY_FIELD,
    PERIOD_FIELDS,
    Action,
    loaded_entry,
    offered,
    open_period_of,
    period_of,
    told,
)
from .csv_file import async_check_csv, async_write_csv

_ATTR_CURRENCY: Final = "currency"
_ATTR_FILE: Final = "file"
_ATTR_GROUP_BY: Final = "group_by"
_ATTR_GROUP_ID: Final = "group_id"
_ATTR_METRIC: Final = "metric"
_ATTR_OVERWRITE: Final = "overwrite"
_ATTR_REPORT: Final = "report"
_ATTR_USER_ID: Final = "user_id"
_ATTR_VIEW: Final = "view"

REPORTS: Final = (
    "trip_summary",
    "trip_detail",
    "fuel_summary",
    "fuel_detail",
    "activity_time",
)
VIEWS: Final = ("summary", "users", "heatmap", "fuel", "costs", "all")
METRICS: Final = ("distance", "points")
GROUPINGS: Final = ("day", "week", "month")


async def _get_report(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Return a report with all its rows, and write them to a file if one is named."""
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    reports = offered(entry, Reports)
    start, end = period_of(call)
    file = call.data.get(_ATTR_FILE)
    overwrite = call.data[_ATTR_OVERWRITE]
    if file is not None:
        # Before the vendor is asked for what nobody could keep.
        await async_check_csv(hass, file, overwrite=overwrite)
    with told(entry):
        about, rows = await reports.report(
            call.data[_ATTR_REPORT],
            start,
            end,
            user_id=call.data.get(_ATTR_USER_ID),
            group_id=call.data.get(_ATTR_GROUP_ID),
        )
    if file is not None:
        await async_write_csv(hass, file, rows, overwrite=overwrite)
    answer: dict[str, object] = {**about, "rows": list(rows)}
    if file is not None:
        answer[_ATTR_FILE] = file
    return cast(JsonObjectType, answer)


async def _get_dashboard(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Return a view of the dashboard."""
    entry = loaded_entry(hass, call.data[ATTR_CONFIG_ENTRY_ID])
    dashboards = offered(entry, Dashboards)
    start, end = open_period_of(call)
    with told(entry):
        view = await dashboards.dashboard(
            call.data[_ATTR_VIEW],
            start=start,
            end=end,
            metric=call.data.get(_ATTR_METRIC),
            group_by=call.data.get(_ATTR_GROUP_BY),
            currency=call.data.get(_ATTR_CURRENCY),
        )
    return cast(JsonObjectType, dict(view))


_DASHBOARD_FIELDS: Final[Mapping[Any, Any]] = {
    **ENTRY_FIELD,
    vol.Required(_ATTR_VIEW): vol.In(VIEWS),
    vol.Optional(ATTR_START): cv.datetime,
    vol.Optional(ATTR_END): cv.datetime,
    vol.Optional(_ATTR_METRIC): vol.In(METRICS),
    vol.Optional(_ATTR_GROUP_BY): vol.In(GROUPINGS),
    vol.Optional(_ATTR_CURRENCY): vol.All(
        cv.string, vol.Upper, vol.Match("^[A-Z]{3}$")
    ),
}

ACTIONS: Final = (
    Action(
        name="get_report",
        fields={
            **ENTRY_FIELD,
            vol.Required(_ATTR_REPORT): vol.In(REPORTS),
            **PERIOD_FIELDS,
            vol.Optional(_ATTR_USER_ID): cv.string,
            vol.Optional(_ATTR_GROUP_ID): cv.string,
            vol.Optional(_ATTR_FILE): cv.string,
            vol.Optional(_ATTR_OVERWRITE, default=False): cv.boolean,
        },
        handle=_get_report,
    ),
    Action(name="get_dashboard", fields=_DASHBOARD_FIELDS, handle=_get_dashboard),
)
