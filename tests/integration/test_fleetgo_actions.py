"""FleetGO's past, its corrections and its other resources, by actions."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    Rejected,
    Unreachable,
)
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer

from .conftest import NOW
from .helpers import async_set_up, entry_of
from .vendors import vehicle_of


@pytest.fixture
async def entry(hass: HomeAssistant, fleetgo_server: FleetGoServer) -> MockConfigEntry:
    """An account that is loaded."""
    entry = entry_of(fleetgo_server)
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
    hass: HomeAssistant, entry: MockConfigEntry, server: FleetGoServer
) -> str:
    """Return the device of the first vehicle."""
    vehicle = vehicle_of(server, next(iter(server.world.vehicles)))
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_{vehicle}"), entry.entry_id
    )
    assert device is not None
    return device.id


async def async_day(
    hass: HomeAssistant, entry: MockConfigEntry, server: FleetGoServer, action: str
) -> dict[str, Any]:
    """Return the last day of the first vehicle."""
    return await async_call(
        hass,
        action,
        device_id=device_of(hass, entry, server),
        start=(NOW - timedelta(days=1)).isoformat(),
        end=NOW.isoformat(),
    )


async def test_trip_is_corrected_and_read_back(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """What `get_trips` tells can be changed by its id, and then tells the change."""
    trips = (await async_day(hass, entry, fleetgo_server, "get_trips"))["trips"]
    assert trips
    answer = await async_call(
        hass,
        "save_trip",
        config_entry_id=entry.entry_id,
        trip_id=trips[-1]["id"],
        ride_type="business",
        purpose="Client meeting",
        remarks="By tram next time",
    )
    assert answer == {
        "Id": int(trips[-1]["id"]),
        "RideType": "Business",
        "Purpose": "Client meeting",
        "Remarks": "By tram next time",
    }
    trips = (await async_day(hass, entry, fleetgo_server, "get_trips"))["trips"]
    assert trips[-1]["purpose"] == "Client meeting"
    assert trips[-1]["kind"] == "business"


async def test_correction_that_cannot_be_sent_is_an_error(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """It never reaches the vendor."""
    with pytest.raises(HomeAssistantError):
        await async_call(
            hass,
            "save_trip",
            config_entry_id=entry.entry_id,
            trip_id="1",
            driver_id="Anna",
        )
    with pytest.raises(ServiceValidationError) as raised:
        await async_call(
            hass, "save_trip", config_entry_id=entry.entry_id, purpose="Nowhere"
        )
    assert raised.value.translation_key == "no_trip"
    assert fleetgo_server.saved_trips == {}


async def test_trip_is_created(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """Of a vehicle, between two times; naive ones are Home Assistant's."""
    await hass.config.async_set_time_zone("Asia/Tokyo")
    vehicle = vehicle_of(fleetgo_server, next(iter(fleetgo_server.world.vehicles)))
    answer = await async_call(
        hass,
        "save_trip",
        config_entry_id=entry.entry_id,
        device_id=device_of(hass, entry, fleetgo_server),
        start="2026-11-20 09:00:00",
        end="2026-11-20T01:30:00+00:00",
        distance_km=12.5,
        ride_type="private",
    )
    assert answer == {
        "Id": answer["Id"],
        "EquipmentId": int(vehicle),
        "RideType": "Private",
        "From": {"DateTime": "2026-11-20T00:00:00"},
        "To": {"DateTime": "2026-11-20T01:30:00"},
        "Distance": 12.5,
    }


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "no_trip"),
        ({"start": "2026-11-20 09:00", "end": "2026-11-20 10:00"}, "no_trip"),
        ({"device": True, "start": "2026-11-20 09:00"}, "no_trip"),
        (
            {"device": True, "start": "2026-11-20 09:00", "end": "2026-11-20 09:00"},
            "end_before_start",
        ),
        ({"trip_id": "1", "start": "0001-01-01 00:00"}, "no_period"),
        ({"trip_id": "1", "end": "9999-12-31 23:59"}, "no_period"),
    ],
)
async def test_trip_that_makes_no_sense_is_a_wrong_argument(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    fields: dict[str, Any],
    key: str,
) -> None:
    """The vendor is not asked."""
    await hass.config.async_set_time_zone("Asia/Tokyo")
    if fields.get("device"):
        fields = {**fields, "device_id": device_of(hass, entry, fleetgo_server)}
        del fields["device"]
    asked = len(fleetgo_server.requests)
    with pytest.raises(ServiceValidationError) as raised:
        await async_call(hass, "save_trip", config_entry_id=entry.entry_id, **fields)
    assert raised.value.translation_key == key
    assert len(fleetgo_server.requests) == asked


async def test_trip_of_another_account_is_a_wrong_argument(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """One account's vehicles are unknown to the other."""
    other = MockConfigEntry(domain=DOMAIN, unique_id="fleetgo_other", data=entry.data)
    await async_set_up(hass, other)
    with pytest.raises(ServiceValidationError) as raised:
        await async_call(
            hass,
            "save_trip",
            config_entry_id=entry.entry_id,
            device_id=device_of(hass, other, fleetgo_server),
            start="2026-11-20 09:00:00",
            end="2026-11-20 10:00:00",
        )
    assert raised.value.translation_key == "other_account"
    assert fleetgo_server.saved_trips == {}


async def test_trip_that_the_vendor_cannot_take_is_a_failure(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """It is told in words, and saved once it can."""
    fault = Fault(kind=FaultKind.HTTP_500, path="Trips")
    fleetgo_server.faults.append(fault)
    fields = {"config_entry_id": entry.entry_id, "trip_id": "1", "purpose": "Depot"}
    with pytest.raises(HomeAssistantError) as raised:
        await async_call(hass, "save_trip", **fields)
    assert raised.value.translation_key == "cannot_connect"
    assert not isinstance(raised.value, ServiceValidationError)
    fleetgo_server.faults.clear()
    assert (await async_call(hass, "save_trip", **fields))["Purpose"] == "Depot"


async def test_trip_that_is_declared_private_takes_its_positions_with_it(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """They were recorded before anybody knew; those of the other trips stay."""
    before = (await async_day(hass, entry, fleetgo_server, "get_positions"))[
        "positions"
    ]
    trip = (await async_day(hass, entry, fleetgo_server, "get_trips"))["trips"][-2]
    driven = [one for one in before if trip["start"] <= one["time"] <= trip["end"]]
    assert len(driven) > 20
    await async_call(
        hass,
        "save_trip",
        config_entry_id=entry.entry_id,
        trip_id=trip["id"],
        ride_type="Private",
    )

    after = (await async_day(hass, entry, fleetgo_server, "get_positions"))["positions"]

    assert after == [one for one in before if one not in driven]


async def test_trip_of_an_unpublished_kind_keeps_its_positions(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """A number may mean private, so its places are hidden; or mean every trip."""
    before = await async_day(hass, entry, fleetgo_server, "get_positions")
    trip = (await async_day(hass, entry, fleetgo_server, "get_trips"))["trips"][-2]
    fleetgo_server.saved_trips[int(trip["id"])] = {"RideType": 2}

    trips = (await async_day(hass, entry, fleetgo_server, "get_trips"))["trips"]
    assert trips[-2]["from"]["address"] is None
    assert await async_day(hass, entry, fleetgo_server, "get_positions") == before


@pytest.mark.parametrize(
    ("failure", "key"),
    [
        (AccessDenied("GET /Trips/GetTrips: HTTP 403"), None),
        (NotFound("GET /Trips/GetTrips: HTTP 404", status=404), None),
        (MethodNotAllowed("GET /Trips/GetTrips: HTTP 405", status=405), None),
        (Rejected("GET /Trips/GetTrips: HTTP 400", status=400), "rejected"),
        (Rejected("GET /Trips/GetTrips: HTTP 408", status=408), "rejected"),
        (Unreachable("GET /Trips/GetTrips: HTTP 500"), "cannot_connect"),
    ],
)
async def test_track_needs_no_right_to_read_trips(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleetgo_server: FleetGoServer,
    monkeypatch: pytest.MonkeyPatch,
    failure: ProviderError,
    key: str | None,
) -> None:
    """But where it is only not known which ones are private, nothing is told."""
    monkeypatch.setattr(
        entry.runtime_data.provider, "trips", AsyncMock(side_effect=failure)
    )
    if key is None:
        told = await async_day(hass, entry, fleetgo_server, "get_positions")
        assert told["positions"]
        return
    with pytest.raises(HomeAssistantError) as raised:
        await async_day(hass, entry, fleetgo_server, "get_positions")
    assert raised.value.translation_key == key


async def test_track_is_told(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """Every AVL record of the day, oldest first."""
    told = await async_day(hass, entry, fleetgo_server, "get_positions")
    times = [one["time"] for one in told["positions"]]
    assert len(times) > 2000
    assert times == sorted(times)


async def test_other_resources_can_be_asked(
    hass: HomeAssistant, entry: MockConfigEntry, fleetgo_server: FleetGoServer
) -> None:
    """Below the base alone, and never the event stream."""
    answer = await async_call(
        hass,
        "call_api",
        config_entry_id=entry.entry_id,
        path="/Equipment/GetEquipments",
        params={"groupId": "0", "hasDeviceOnly": "true"},
    )
    assert len(answer["data"]) == len(fleetgo_server.world.vehicles)
    asked = len(fleetgo_server.requests)
    for path in ("/../other", "/Avl/Subscribe", "https://example.com/x"):
        with pytest.raises((HomeAssistantError, ServiceValidationError)):
            await async_call(
                hass, "call_api", config_entry_id=entry.entry_id, path=path
            )
    assert len(fleetgo_server.requests) == asked
