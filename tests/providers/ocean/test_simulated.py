"""The Ocean provider reads a whole fleet as it is, from the simulated vendor."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.fleet_telematics.providers.demo.records import VehicleState
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    ProviderError,
)
from custom_components.fleet_telematics.providers.models import (
    FleetFigures,
    Status,
    Vehicle,
)
from simulator.faults import Fault, FaultKind
from simulator.ocean import BASES, CUSTOMER_ID, OceanServer
from simulator.ocean_json import DateForm, is_machine

from .conftest import Open


def _requests(server: OceanServer, path: str) -> int:
    return sum(request.path.endswith(path) for request in server.requests)


def _truth(server: OceanServer) -> dict[str, VehicleState]:
    return {str(state.vehicle_id): state for state in server.world.states()}


def _check_place(vehicle: Vehicle, state: VehicleState) -> None:
    assert vehicle.location is not None
    assert vehicle.location.latitude == pytest.approx(state.latitude, abs=1e-5)
    assert vehicle.location.longitude == pytest.approx(state.longitude, abs=1e-5)
    assert vehicle.heading == round(state.heading) % 360
    assert vehicle.address is not None
    assert state.address.street in vehicle.address


@pytest.mark.parametrize("form", DateForm)
@pytest.mark.parametrize("with_positions", [True, False])
async def test_positions_are_the_truth(
    ocean_server: OceanServer, open_account: Open, form: DateForm, with_positions: bool
) -> None:
    """From either call, with times in any form, nobody notices a difference."""
    ocean_server.date_form = form
    ocean_server.vehicle_positions = with_positions
    batch = await open_account().positions()
    truth = _truth(ocean_server)
    assert batch.complete
    assert batch.vehicles.keys() == truth.keys()
    placed = 0
    for vehicle_id, vehicle in batch.vehicles.items():
        state = truth[vehicle_id]
        spec = ocean_server.world.vehicles[state.vehicle_id]
        assert (vehicle.name, vehicle.plate, vehicle.make, vehicle.model) == (
            spec.plate,
            spec.plate,
            spec.make,
            spec.model,
        )
        assert vehicle.group == spec.group
        if vehicle.location is None:
            # It parks underground.
            assert not state.engine_on
            continue
        placed += 1
        _check_place(vehicle, state)
        assert vehicle.driver == state.driver
        assert vehicle.engine is state.engine_on
        assert vehicle.immobilised is not state.engine_on
        assert (vehicle.private_mode, vehicle.online) == (False, True)
        assert (vehicle.malfunction, vehicle.gps_fix) == (False, True)
        assert vehicle.last_report is not None
        assert abs(vehicle.last_report - state.time) < timedelta(seconds=1)
        if vehicle.moving:
            assert (state.speed > 0, vehicle.status) == (True, Status.MOVING)
        else:
            assert vehicle.status is (
                Status.IDLING if state.engine_on else Status.STOPPED
            )
    assert placed > len(truth) / 2
    assert sum(bool(one.moving) for one in batch.vehicles.values()) > len(truth) / 4


@pytest.mark.parametrize("with_positions", [True, False])
async def test_private_vehicles_have_no_place(
    ocean_server: OceanServer, open_account: Open, with_positions: bool
) -> None:
    """Whether or not the vendor leaves it out; the others keep theirs."""
    ocean_server.vehicle_positions = with_positions
    world = ocean_server.world
    numbers = list(world.vehicles)
    for vehicle_id in numbers[:6]:
        world.set_private(vehicle_id, private=True)
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    known = (await provider.details(list(vehicles))).vehicles
    for key in map(str, numbers[:6]):
        assert (vehicles[key].location, vehicles[key].address) == (None, None)
        # The nearest leave some private vehicles out: their records tell.
        assert vehicles[key].private_mode or known[key].private_mode
    assert not any(vehicles[str(one)].private_mode for one in numbers[6:])


async def test_vehicles_out_of_order_are_offline(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """And they alone."""
    lost = next(iter(ocean_server.world.vehicles))
    ocean_server.world.set_online(lost, online=False)
    vehicles = (await open_account().positions()).vehicles.values()
    assert [one.id for one in vehicles if one.malfunction] == [str(lost)]
    assert [one.id for one in vehicles if one.online is False] == [str(lost)]
    assert [one.id for one in vehicles if one.status is Status.OFFLINE] == [str(lost)]


@pytest.mark.parametrize("with_positions", [True, False])
async def test_vehicles_that_are_nowhere_are_listed(
    ocean_server: OceanServer, open_account: Open, with_positions: bool
) -> None:
    """A placeholder is no place; no position at all is none either."""
    ocean_server.vehicle_positions = with_positions
    first, second, *_ = ocean_server.world.vehicles
    ocean_server.without_fix.add(first)
    ocean_server.without_position.add(second)
    batch = await open_account().positions()
    assert len(batch.vehicles) == len(ocean_server.world.vehicles)
    for vehicle_id in (first, second):
        vehicle = batch.vehicles[str(vehicle_id)]
        assert (vehicle.location, vehicle.moving) == (None, None)
        assert vehicle.plate == ocean_server.world.vehicles[vehicle_id].plate


@pytest.mark.parametrize("form", DateForm)
async def test_details_are_the_records(
    ocean_server: OceanServer, open_account: Open, form: DateForm
) -> None:
    """Counters in kilometres or, of machines, in hours; visits that lie ahead."""
    ocean_server.date_form = form
    world = ocean_server.world
    now = world.now()
    known = (
        await open_account().details([str(one) for one in world.vehicles])
    ).vehicles
    assert known.keys() == _truth(ocean_server).keys()
    for vehicle_id, state in _truth(ocean_server).items():
        vehicle, spec = known[vehicle_id], world.vehicles[state.vehicle_id]
        assert vehicle.vin == spec.vin
        assert vehicle.co2_emission is not None
        assert vehicle.driver in (None, state.driver)
        if is_machine(state.vehicle_id):
            assert vehicle.odometer is None
            assert vehicle.engine_hours == pytest.approx(state.engine_hours, abs=24)
            assert vehicle.next_service_odometer is None
        else:
            assert vehicle.engine_hours is None
            assert vehicle.odometer == pytest.approx(state.odometer, abs=1500)
        if vehicle.service_visits is not None:
            assert vehicle.next_service is not None
            assert now < vehicle.next_service < now + timedelta(days=367)
            assert {visit.description for visit in vehicle.service_visits} <= {
                "Contrôle technique",
                "Révision",
            }
            if vehicle.next_service_odometer is not None:
                assert vehicle.odometer is not None
                # One each 30 000 km; the reading may be of last midnight.
                ahead = vehicle.next_service_odometer - vehicle.odometer
                assert 0 < ahead < 31_500
    assert any(one.driver is None for one in known.values())
    assert any(one.service_visits is None for one in known.values())
    assert any(one.engine_hours for one in known.values())
    assert any(one.next_service_odometer for one in known.values())


@pytest.mark.parametrize("form", DateForm)
async def test_speeds_are_the_truth(
    ocean_server: OceanServer, open_account: Open, form: DateForm
) -> None:
    """Once they were searched; nobody who is private is searched for."""
    ocean_server.date_form = form
    world = ocean_server.world
    hidden = next(iter(world.vehicles))
    world.set_private(hidden, private=True)
    provider = open_account({"speed": True})
    vehicles = (await provider.positions()).vehicles
    await provider.details(list(vehicles))
    vehicles = (await provider.positions()).vehicles
    for vehicle_id, state in _truth(ocean_server).items():
        expected = None if state.private else pytest.approx(state.speed, abs=0.06)
        assert vehicles[vehicle_id].speed == expected
    assert _requests(ocean_server, "/positions/search") == 1


async def test_limit_of_the_search_leaves_the_poll_alone(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """The second search within the vendor's interval is refused, nothing else."""
    ocean_server.search_interval = 600
    first, second = (open_account({"speed": True}) for _ in range(2))
    for provider in (first, second):
        vehicles = (await provider.positions()).vehicles
        assert (await provider.details(list(vehicles))).vehicles
        assert (await provider.positions()).vehicles
    assert [
        request.status
        for request in ocean_server.requests
        if request.path.endswith("/positions/search")
    ] == [200, 429]


async def test_chosen_entity_is_the_fleet(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Each choice holds the vehicles that name it, together they are all."""
    provider = open_account()
    vehicles = (await provider.positions()).vehicles
    await provider.details(list(vehicles))
    entities = provider.choices("entity")
    assert len(entities) > 1
    seen: set[str] = set()
    for key, name in entities.items():
        batch = await open_account({"entity": key}).positions()
        assert {one.group for one in batch.vehicles.values()} == {name}
        seen |= batch.vehicles.keys()
    assert seen == vehicles.keys()


async def test_equipment_is_where_its_vehicle_is(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Every vehicle of this fleet carries a piece."""
    batch = await open_account({"equipment": True}).positions()
    pieces = {
        key: one for key, one in batch.vehicles.items() if key.startswith("equipment_")
    }
    assert len(pieces) == len(ocean_server.world.vehicles)
    assert len(batch.vehicles) == 2 * len(pieces)
    places = {one.location for one in batch.vehicles.values() if one.plate is not None}
    assert {one.location for one in pieces.values()} <= places
    assert any(one.location and one.address for one in pieces.values())
    assert all(one.name and one.make and one.last_report for one in pieces.values())


async def test_password_expiry_comes_with_the_login(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Without a request of its own."""
    ocean_server.password_days = 9
    provider = open_account()
    await provider.authenticate()
    assert await provider.figures() == FleetFigures(password_expires_in=9)
    assert len(ocean_server.requests) == 1


async def test_user_of_several_customers_names_one(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Without it the vendor denies the fleet."""
    ocean_server.multi_client = True
    assert (await open_account(customer_id=CUSTOMER_ID).positions()).vehicles
    with pytest.raises(AccessDenied):
        await open_account().positions()


async def test_either_base_may_be_missing(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Logging in tells which."""
    host = ocean_server.url.removesuffix(BASES[0])
    for base in BASES:
        assert (await open_account(url=host + base).positions()).vehicles
    ocean_server.bases = {BASES[1]}
    with pytest.raises(NotFound):
        await open_account(url=host + BASES[0]).authenticate()
    await open_account(url=host + BASES[1]).authenticate()


async def test_wrong_password_is_tried_once(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Asked again, the provider repeats the refusal without the vendor."""
    provider = open_account(password="wrong")
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await provider.positions()
    assert _requests(ocean_server, "/auth/authenticate2") == 1


async def test_expired_token_costs_one_login(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Parallel requests share it."""
    provider = open_account()
    await provider.positions()
    ocean_server.expire_tokens()
    batches = await asyncio.gather(*(provider.positions() for _ in range(8)))
    assert all(batch.vehicles for batch in batches)
    assert _requests(ocean_server, "/auth/authenticate2") == 2


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
    ocean_server: OceanServer, open_account: Open, kind: FaultKind
) -> None:
    """The next read works as if nothing had been."""
    provider = open_account()
    await provider.authenticate()
    ocean_server.faults.append(Fault(kind=kind, path="mobility"))
    with pytest.raises(ProviderError):
        await provider.positions()
    ocean_server.faults.clear()
    assert (await provider.positions()).complete


async def test_values_of_wrong_types_cost_the_values(
    ocean_server: OceanServer, open_account: Open
) -> None:
    """Every vehicle whose id survives is still there."""
    ocean_server.faults.append(
        Fault(kind=FaultKind.WRONG_TYPES, path="vehiclepositions", keep=("id",))
    )
    batch = await open_account().positions()
    assert batch.vehicles.keys() == _truth(ocean_server).keys()
