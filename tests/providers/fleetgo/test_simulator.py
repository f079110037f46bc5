"""The FleetGO provider reads a whole fleet as it is, from the simulated vendor."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.fleet_telematics.providers.demo.records import VehicleState
from custom_components.fleet_telematics.providers.demo.world import AMSTERDAM, World
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MfaRequired,
    NotFound,
    ProviderError,
)
from custom_components.fleet_telematics.providers.fleetgo import FleetGo
from custom_components.fleet_telematics.providers.models import Status
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer

from .conftest import Connect

LOGIN = "/session/login"
REFRESH = "/session/token"
VALIDATE = "/session/validateaccesstoken"


class Clock:
    """A clock that stands still, so that the truth is still true once compared."""

    def __init__(self) -> None:
        """Stop now."""
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return the time it stopped at."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The world's clock."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """A dozen vehicles, in contact until a test says otherwise."""
    world = World(city=AMSTERDAM, vehicles=12, seed=3, clock=clock)
    for vehicle_id in world.vehicles:
        world.set_online(vehicle_id, True)
    return world


@pytest.fixture
def open_account(
    fleetgo_server: FleetGoServer, connect: Connect
) -> Callable[..., FleetGo]:
    """Builds providers for the simulated account."""

    def build(options: dict[str, object] | None = None, **data: object) -> FleetGo:
        return connect(
            **{"url": fleetgo_server.url, **fleetgo_server.credentials, **data},
            options=options,
        )

    return build


def _requests(server: FleetGoServer, path: str) -> int:
    return sum(request.path.lower().endswith(path) for request in server.requests)


def _truth(server: FleetGoServer) -> dict[str, VehicleState]:
    return {
        str(server.vendor_id(state.vehicle_id)): state
        for state in server.world.states()
    }


async def test_positions_are_the_truth(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Every vehicle is where and how the world has it, to the vendor's rounding."""
    batch = await open_account().positions()
    truth = _truth(fleetgo_server)
    assert batch.complete
    assert batch.vehicles.keys() == truth.keys()
    for vehicle_id, vehicle in batch.vehicles.items():
        state = truth[vehicle_id]
        spec = fleetgo_server.world.vehicles[state.vehicle_id]
        assert (vehicle.plate, vehicle.make, vehicle.model, vehicle.group) == (
            spec.plate,
            spec.make,
            spec.model,
            spec.group,
        )
        assert vehicle.location is not None
        assert vehicle.location.latitude == pytest.approx(state.latitude, abs=1e-6)
        assert vehicle.location.longitude == pytest.approx(state.longitude, abs=1e-6)
        assert vehicle.odometer == pytest.approx(state.odometer, abs=0.05)
        assert vehicle.speed == pytest.approx(state.speed, abs=0.5)
        assert vehicle.altitude == pytest.approx(state.altitude, abs=0.05)
        assert vehicle.driver == state.driver
        assert vehicle.engine is state.engine_on
        assert vehicle.private_mode is state.private
        assert vehicle.malfunction is False
        assert vehicle.last_report is not None
        assert abs(vehicle.last_report - state.time) < timedelta(seconds=1)
        assert vehicle.fuel_level in (None, round(state.fuel_level, 1))
        assert vehicle.address is None or state.address.street in vehicle.address
        if not state.private:
            assert vehicle.moving is (state.speed > 0.5)
            assert vehicle.status is (
                Status.MOVING
                if vehicle.moving
                else Status.IDLING
                if state.engine_on
                else Status.STOPPED
            )
    assert any(vehicle.fuel_level for vehicle in batch.vehicles.values())
    assert any(vehicle.address for vehicle in batch.vehicles.values())
    assert any(len(vehicle_id) > 9 for vehicle_id in batch.vehicles)


async def test_private_vehicles_say_so(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Private mode is told whether or not the vendor hides the fix."""
    world = fleetgo_server.world
    for vehicle_id in world.vehicles:
        world.set_private(vehicle_id, private=True)
    vehicles = (await open_account().positions()).vehicles.values()
    assert {vehicle.private_mode for vehicle in vehicles} == {True}
    assert {vehicle.status for vehicle in vehicles} == {Status.PRIVATE}
    assert {vehicle.location is None for vehicle in vehicles} == {True, False}


async def test_vehicle_that_lost_contact_is_offline(
    clock: Clock, fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """After a day without a report it is, whatever it did, and it alone."""
    world = fleetgo_server.world
    lost = next(iter(world.vehicles))
    clock.time -= timedelta(hours=25)
    world.set_online(lost, online=False)
    clock.time += timedelta(hours=25)
    vehicles = (await open_account().positions()).vehicles
    offline = [one.id for one in vehicles.values() if one.online is False]
    assert offline == [str(fleetgo_server.vendor_id(lost))]
    assert vehicles[offline[0]].status is Status.OFFLINE


async def test_one_vehicle_is_read_like_the_fleet(
    open_account: Callable[..., FleetGo],
) -> None:
    """GetEquipment tells what GetFleet does; a foreign id is not found."""
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    vehicle_id = next(iter(vehicles))
    assert await provider.vehicle(vehicle_id) == vehicles[vehicle_id]
    with pytest.raises(NotFound):
        await provider.vehicle("999")


async def test_chosen_group_is_the_fleet(
    open_account: Callable[..., FleetGo],
) -> None:
    """A group that choices offers holds the vehicles that named it."""
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    groups = provider.choices("group")
    assert set(groups.values()) == {vehicle.group for vehicle in vehicles.values()}
    assert len(groups) > 1
    for key, name in groups.items():
        batch = await open_account({"group": key}).positions()
        assert batch.vehicles.keys() == {
            one.id for one in vehicles.values() if one.group == name
        }


@pytest.mark.parametrize("split", [False, True])
async def test_details_are_the_newest_avl_records(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo], split: bool
) -> None:
    """Odometer and fuel are the world's at the time of the record, seconds ago."""
    fleetgo_server.split_administrations = split
    provider = open_account()
    truth = _truth(fleetgo_server)
    batch = await provider.details(list(truth))
    assert not batch.complete
    assert batch.vehicles.keys() == truth.keys()
    for vehicle_id, vehicle in batch.vehicles.items():
        assert vehicle.last_report is not None
        age = truth[vehicle_id].time - vehicle.last_report
        assert timedelta() <= age <= timedelta(seconds=31)
        (state,) = fleetgo_server.world.track(
            truth[vehicle_id].vehicle_id, vehicle.last_report, vehicle.last_report
        )
        assert vehicle.odometer == pytest.approx(state.odometer, abs=0.001)
        assert vehicle.fuel_consumed == pytest.approx(state.fuel_consumed, abs=0.001)
        assert vehicle.satellites == state.satellites
    assert await provider.details(list(truth)) == batch
    assert _requests(fleetgo_server, "/equipment/getadministrations") == 1


@pytest.mark.parametrize("flat", [False, True])
async def test_last_trips_are_the_worlds(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo], flat: bool
) -> None:
    """Distance, fuel and, where the shape has them, times of the newest trip."""
    fleetgo_server.flat_trips = flat
    world = fleetgo_server.world
    now = world.now()
    last = {
        str(fleetgo_server.vendor_id(one)): world.trips(
            one, now - timedelta(days=6), now
        )[-1]
        for one in list(world.vehicles)[:3]
    }
    vehicles = (await open_account().last_trips(list(last))).vehicles
    assert vehicles.keys() == last.keys()
    for vehicle_id, vehicle in vehicles.items():
        trip = last[vehicle_id]
        assert vehicle.last_trip_distance == pytest.approx(trip.distance, abs=0.001)
        assert vehicle.last_trip_fuel == pytest.approx(trip.fuel_used, abs=0.001)
        if flat:
            assert vehicle.last_trip_end is None
            continue
        assert vehicle.last_trip_start is not None
        assert vehicle.last_trip_end is not None
        assert abs(vehicle.last_trip_end - trip.end.time) < timedelta(seconds=1)
        assert abs(vehicle.last_trip_start - trip.start.time) < timedelta(seconds=1)
        assert vehicle.last_trip_duration == pytest.approx(
            trip.duration.total_seconds() / 3600, abs=0.001
        )


async def test_both_bases_answer(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """The paths hang below /api and below the host itself."""
    host = fleetgo_server.url.removesuffix("/api")
    for url in (host, f"{host}/api", f"{host}/api/"):
        assert (await open_account(url=url).positions()).vehicles


async def test_wrong_password_is_tried_once(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Asked again, the provider repeats the refusal without the vendor."""
    provider = open_account(password="wrong")
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert _requests(fleetgo_server, LOGIN) == 1


async def test_second_factor_is_told(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Right credentials of an account with a second factor are not wrong ones."""
    fleetgo_server.mfa = True
    with pytest.raises(MfaRequired):
        await open_account().authenticate()
    with pytest.raises(MfaRequired):
        await open_account(user_token_type=1).authenticate()


async def test_login_page_in_html_is_not_the_api(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """The dashboard's host answers so; the credentials are not in doubt."""
    fleetgo_server.faults.append(Fault(kind=FaultKind.HTML))
    with pytest.raises(InvalidResponse):
        await open_account().authenticate()


async def test_token_is_renewed_before_it_expires(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """The refresh token renews; no request is ever refused."""
    fleetgo_server.token_lifetime = 0.2
    provider = open_account()
    await provider.authenticate()
    fleetgo_server.token_lifetime = 3600
    await asyncio.sleep(0.2)
    await provider.positions()
    await provider.positions()
    assert {request.status for request in fleetgo_server.requests} == {200}
    assert _requests(fleetgo_server, LOGIN) == 1
    assert _requests(fleetgo_server, REFRESH) == 1


@pytest.mark.parametrize("refresh", [True, False])
async def test_expired_token_costs_one_renewal(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo], refresh: bool
) -> None:
    """Parallel requests share it, by the refresh token or by the password."""
    fleetgo_server.refresh = refresh
    provider = open_account()
    await provider.positions()
    fleetgo_server.expire_tokens()
    batches = await asyncio.gather(*(provider.positions() for _ in range(8)))
    assert all(batch.vehicles for batch in batches)
    assert _requests(fleetgo_server, REFRESH) == 1
    assert _requests(fleetgo_server, LOGIN) == (1 if refresh else 2)


async def test_changed_password_asks_the_user(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Neither the token nor the refresh token nor the password holds any longer."""
    provider = open_account()
    await provider.positions()
    fleetgo_server.change_credentials(password="another")
    for _ in range(2):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert _requests(fleetgo_server, LOGIN) == 2


@pytest.mark.parametrize("with_401", [False, True])
async def test_missing_right_leaves_the_login_alone(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo], with_401: bool
) -> None:
    """Without AVL the details are denied, and the positions go on."""
    fleetgo_server.denied = {"avl"}
    fleetgo_server.deny_with_401 = with_401
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    with pytest.raises(AccessDenied):
        await provider.details(list(vehicles))
    assert (await provider.positions()).vehicles
    assert _requests(fleetgo_server, LOGIN) == 1
    assert _requests(fleetgo_server, REFRESH) == 0
    assert _requests(fleetgo_server, VALIDATE) == (1 if with_401 else 0)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.HTTP_500,
        FaultKind.RESET,
        FaultKind.TRUNCATED_JSON,
        FaultKind.HTML,
        FaultKind.REDIRECT,
    ],
)
async def test_failure_of_the_vendor_is_a_typed_error_and_passes(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo], kind: FaultKind
) -> None:
    """The next read works as if nothing had been."""
    provider = open_account()
    await provider.authenticate()
    fault = Fault(kind=kind, path="equipment")
    fleetgo_server.faults.append(fault)
    with pytest.raises(ProviderError):
        await provider.positions()
    fleetgo_server.faults.clear()
    assert (await provider.positions()).complete


async def test_values_of_wrong_types_cost_the_values(
    fleetgo_server: FleetGoServer, open_account: Callable[..., FleetGo]
) -> None:
    """Every vehicle is still there, and none is taken for gone."""
    provider = open_account()
    fleetgo_server.faults.append(
        Fault(kind=FaultKind.WRONG_TYPES, path="getfleet", keep=("Id",))
    )
    batch = await provider.positions()
    assert batch.vehicles.keys() == _truth(fleetgo_server).keys()
    assert not batch.complete
