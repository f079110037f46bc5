"""Fleetwork's past, its reports and its dashboard, by actions."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from simulator.fleetwork import FleetworkServer

from .conftest import NOW
from .helpers import async_set_up, entry_of
from .truth import Truth, fuel_of, has_user, last_day
from .vendors import vehicle_of

START = (NOW - timedelta(days=3)).isoformat()
END = NOW.isoformat()


@pytest.fixture
async def entry(
    hass: HomeAssistant, fleetwork_server: FleetworkServer
) -> MockConfigEntry:
    """An account that is loaded."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    return entry


async def async_call(
    hass: HomeAssistant, action: str, **fields: object
) -> dict[str, Any]:
    """Call an action; return its response."""
    response = await hass.services.async_call(
        DOMAIN, action, fields, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return dict(response)


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, server: FleetworkServer, number: int
) -> str:
    """Return the device of one of the world's vehicles."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle_of(server, number)}"), entry.entry_id
    )
    assert device is not None
    return device.id


async def test_a_day_is_told_as_a_trip(
    hass: HomeAssistant, entry: MockConfigEntry, fleetwork_server: FleetworkServer
) -> None:
    """With the fuel that is reckoned for it; a tracker without a user has none."""
    for number in fleetwork_server.world.vehicles:
        truth = Truth(source=fleetwork_server, number=number)
        device = device_of(hass, entry, fleetwork_server, number)
        told = await async_call(
            hass, "get_trips", device_id=device, start=START, end=END
        )
        if not has_user(truth):
            assert told == {"trips": []}
            continue
        expected = last_day(truth)
        assert expected is not None
        trip = told["trips"][-1]
        assert trip["distance_km"] == pytest.approx(expected.distance, abs=0.06)
        assert trip["duration_s"] == pytest.approx(expected.hours * 3600, abs=1)
        assert trip["fuel_l"] == pytest.approx(fuel_of(expected.distance), abs=0.06)
        assert trip["from"]["address"]
        # Drivers are named only where the options say so.
        assert trip["driver"] is None


async def test_every_kind_of_vehicle_has_its_track(
    hass: HomeAssistant, entry: MockConfigEntry, fleetwork_server: FleetworkServer
) -> None:
    """Those of trackers alone, too."""
    for number in fleetwork_server.world.vehicles:
        told = await async_call(
            hass,
            "get_positions",
            device_id=device_of(hass, entry, fleetwork_server, number),
            start=(NOW - timedelta(hours=2)).isoformat(),
            end=END,
        )
        times = [one["time"] for one in told["positions"]]
        assert len(times) == 241
        assert times == sorted(times)


@pytest.mark.parametrize(
    "report",
    ["trip_summary", "trip_detail", "fuel_summary", "fuel_detail", "activity_time"],
)
async def test_reports_are_told_and_written(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetwork_server: FleetworkServer,
    tmp_path: Path,
    report: str,
) -> None:
    """All rows of the answer are in the file."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    file = tmp_path / f"{report}.csv"
    told = await async_call(
        hass,
        "get_report",
        config_entry_id=entry.entry_id,
        report=report,
        start=START,
        end=END,
        file=str(file),
    )
    assert told["reportType"] == report
    assert told["rows"]
    text = await hass.async_add_executor_job(file.read_text, "utf-8-sig")
    written = list(csv.DictReader(text.splitlines()))
    assert len(written) == len(told["rows"])


async def test_views_of_the_dashboard_are_told(
    hass: HomeAssistant, entry: MockConfigEntry, fleetwork_server: FleetworkServer
) -> None:
    """Each alone, and all of them, with the same figures."""
    views = {}
    for view in ("summary", "users", "heatmap", "fuel", "costs", "all"):
        views[view] = await async_call(
            hass, "get_dashboard", config_entry_id=entry.entry_id, view=view
        )
    whole = views["all"]
    assert whole["summary"] == views["summary"]
    assert whole["heatmap"] == views["heatmap"]
    assert whole["fuelTracking"] == views["fuel"]
    assert whole["monthlyCosts"] == views["costs"]
    people = [
        truth
        for number in fleetwork_server.world.vehicles
        if has_user(truth := Truth(source=fleetwork_server, number=number))
    ]
    assert len(views["users"]["users"]) == len(people)
    assert sum(one["fuel"]["costVnd"] for one in views["users"]["users"]) == (
        pytest.approx(views["summary"]["totalFuelCost"]["value"], rel=0.01)
    )


async def test_what_the_vendor_does_not_have_is_told_apart_from_what_failed(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A report that takes no user is a wrong call; a group that is none is declined."""
    asked = {"config_entry_id": entry.entry_id, "start": START, "end": END}
    with pytest.raises(ServiceValidationError) as wrong:
        await async_call(
            hass, "get_report", report="activity_time", user_id="user-1", **asked
        )
    assert wrong.value.translation_key == "not_offered"
    with pytest.raises(HomeAssistantError) as declined:
        await async_call(
            hass, "get_report", report="trip_summary", group_id="none", **asked
        )
    assert not isinstance(declined.value, ServiceValidationError)


async def test_other_resources_can_be_asked(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Below the base alone."""
    told = await async_call(
        hass,
        "call_api",
        config_entry_id=entry.entry_id,
        path="/gps-tracking/users",
        params={"PageSize": "1"},
    )
    assert len(told["users"]) == 1
    with pytest.raises(HomeAssistantError):
        await async_call(
            hass, "call_api", config_entry_id=entry.entry_id, path="/../secrets"
        )
