"""What each vendor tells becomes statistics."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.fleet_telematics.fuel.history import async_entries
from custom_components.fleet_telematics.providers.demo.world import World
from custom_components.fleet_telematics.providers.errors import Rejected
from custom_components.fleet_telematics.providers.models import FuelEventKind, Trip
from custom_components.fleet_telematics.statistics import step
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .conftest import Clock
from .helpers import async_add, async_set_up, entry_of
from .statistics import (
    Rows,
    async_import,
    async_night,
    async_ours,
    async_rows,
    async_trips,
    device_of,
)
from .vendors import vehicle_of, vendors

IMPORTER = "custom_components.fleet_telematics.statistics.importer"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
START = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
END = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
HOURS = START.replace(minute=0), END.replace(minute=0) + timedelta(hours=1)

KINDS = {
    "fleetgo": {"distance": "km", "fuel_used": "L"},
    "ocean": {"distance": "km"},
    "fleetwork": {"distance": "km", "fuel_used": "L", "cost": "VND"},
    "trackgps": {"distance": "km", "fuel_used": "L", "refuelled": "L"},
}


@pytest.fixture(autouse=True)
def mock_recorder_before_hass(recorder_db_url: str) -> Iterator[None]:
    """Have a database before Home Assistant, without a word on each query."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def recorder(recorder_mock: Recorder) -> Recorder:
    """Have a recorder."""
    return recorder_mock


def share(trip: Mapping[str, Any]) -> float:
    """Return how much of a trip is in the imported hours."""
    moments = [dt_util.parse_datetime(trip[key]) for key in ("start", "end")]
    start, end = (moment for moment in moments if moment is not None)
    inside = min(end, HOURS[1]) - max(start, HOURS[0])
    return inside / (end - start)


def totals(rows: Rows) -> dict[str, float]:
    """Return the last sum of each statistic, by what it is of."""
    found = {}
    for key, one in rows.items():
        kind = next(
            kind
            for kind in ("distance", "fuel_used", "refuelled", "cost")
            if key.endswith(f"_{kind}")
        )
        found[kind] = one[-1][2]
    return found


@vendors(*KINDS)
async def test_statistics_are_what_the_vendor_tells(
    hass: HomeAssistant,
    server: VendorServer,
    world: World,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Their kinds and units, and the amounts of the trips."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    client = await hass_ws_client(hass)
    device = device_of(hass, entry, vehicle_of(server, list(world.vehicles)[0]))

    await async_import(hass, device, START, END)

    listed = await async_ours(client)
    units = {
        kind: one["statistics_unit_of_measurement"]
        for kind in KINDS[server.key]
        for key, one in listed.items()
        if key.endswith(f"_{kind}")
    }
    assert units == KINDS[server.key]
    assert len(listed) == len(units)
    found = totals(await async_rows(client, LONG_AGO))
    trips = await async_trips(hass, device, *HOURS)
    assert found["distance"] == pytest.approx(
        sum(trip["distance_km"] * share(trip) for trip in trips)
    )
    if server.key in ("fleetgo", "fleetwork"):
        assert found["fuel_used"] == pytest.approx(
            sum(trip["fuel_l"] * share(trip) for trip in trips)
        )
    rows = await async_rows(client, LONG_AGO)
    await async_import(hass, device, START, END)
    assert await async_rows(client, LONG_AGO) == rows


@pytest.mark.parametrize("told_by", ["trips", "windows"])
async def test_trackgps_tells_fuel_of_trips_or_windows_and_refills(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    world: World,
    hass_ws_client: WebSocketGenerator,
    told_by: str,
) -> None:
    """Litres are those of the window either way, refills those of the fuel events."""
    entry = entry_of(trackgps_server)
    await async_set_up(hass, entry)
    client = await hass_ws_client(hass)
    vehicle_id = vehicle_of(trackgps_server, list(world.vehicles)[0])
    device = device_of(hass, entry, vehicle_id)
    provider = entry.runtime_data.provider
    trips = provider.trips

    async def without_fuel(*args: Any, **more: Any) -> tuple[Trip, ...]:
        return tuple(replace(one, fuel_used=None) for one in await trips(*args, **more))

    if told_by == "windows":
        provider.trips = without_fuel
    await async_import(hass, device, START, END)

    found = totals(await async_rows(client, LONG_AGO))
    litres = await provider.fuel_used([vehicle_id], *HOURS)
    exactly = 1e-6 if told_by == "windows" else 1e-3
    assert found["fuel_used"] == pytest.approx(litres[vehicle_id], rel=exactly)
    entries = await async_entries(entry.runtime_data, vehicle_id, *HOURS)
    refills = [
        one.event.volume
        for one in entries
        if one.event.kind is FuelEventKind.REFUELLED and one.event.volume is not None
    ]
    assert len(refills) > 1
    assert found["refuelled"] == pytest.approx(sum(refills))


@pytest.mark.parametrize("refusal", ["foreign", "rejected"])
async def test_a_vehicle_that_is_refused_costs_its_list_nothing(
    hass: HomeAssistant,
    trackgps_server: TrackGpsServer,
    world: World,
    hass_ws_client: WebSocketGenerator,
    clock: Clock,
    refusal: str,
) -> None:
    """Ten vehicles are asked for together, and one of them may be somebody else's."""
    refused = vehicle_of(trackgps_server, list(world.vehicles)[2])
    # A token that expires overnight is another story.
    trackgps_server.token_lifetime = 10 * 24 * 60 * 60
    if refusal == "foreign":
        trackgps_server.foreign = {list(world.vehicles)[2]}
    entry = entry_of(trackgps_server, {"update_statistics": True})
    await async_set_up(hass, entry)
    client = await hass_ws_client(hass)
    run_step = step.async_run_step
    runs: list[tuple[str, ...]] = []

    async def run(*args: Any, **more: Any) -> Any:
        runs.append(args[2].vehicle_ids)
        if refusal == "rejected" and refused in args[2].vehicle_ids:
            raise Rejected("POST carriers/stops: HTTP 400", status=400)
        return await run_step(*args, **more)

    with patch(f"{IMPORTER}.async_run_step", run):
        await async_night(hass, clock)

    told = {key for key in await async_ours(client) if key.endswith("_distance")}
    assert len(told) == len(world.vehicles) - 1
    assert not any(f"_{refused}_" in key for key in told)
    # It is found in the first of four days; on the others it is not asked for.
    assert len(runs) == (5 + 3 if refusal == "rejected" else 4)


async def test_the_demo_has_a_past(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """So that there is something to look at; private trips count."""
    entry = await async_add(hass, "demo", {"vehicles": 3})
    client = await hass_ws_client(hass)
    devices = [device_of(hass, entry, one) for one in entry.runtime_data.fleet.vehicles]

    answer = await async_import(hass, devices, START, END)

    listed = await async_ours(client)
    assert set(answer["statistic_ids"]) == listed.keys()
    assert len(listed) > len(devices)
    rows = await async_rows(client, LONG_AGO)
    await async_import(hass, devices, START, END)
    assert await async_rows(client, LONG_AGO) == rows
