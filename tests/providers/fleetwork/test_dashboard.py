"""What the dashboard tells, of vehicles and of the account."""

from datetime import timedelta

import pytest

from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    RateLimited,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork
from custom_components.fleet_telematics.providers.fleetwork.api import FleetworkApi
from custom_components.fleet_telematics.providers.fleetwork.figures import Figures
from custom_components.fleet_telematics.providers.models import Vehicle

from .vendor import Clock, Vendor, summary, today_row, tracked_row

ALL = "/dashboard/gps-manager"


@pytest.fixture
def figures(api: FleetworkApi, clock: Clock) -> Figures:
    """Return what reads the figures."""
    return Figures(api, clock)


def _views(vendor: Vendor) -> list[str]:
    """Return the views that were asked for since the last look."""
    return [one.path.removeprefix(ALL) for one in vendor.requests()]


def test_the_dashboard_is_read_as_often_as_it_is_computed(
    fleetwork: Fleetwork,
) -> None:
    """Every five minutes, and the days' trips less often; there are no fuel events."""
    five = timedelta(minutes=5)
    assert {feed: plan.interval for feed, plan in fleetwork.feeds.items()} == {
        Feed.DETAILS: five,
        Feed.FIGURES: five,
        Feed.TRIPS: 3 * five,
    }


async def test_a_vehicle_has_the_day_of_its_user(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The dashboard knows users, tracking knows who is with which vehicle."""
    vendor.rows = [tracked_row(1), tracked_row(2)]
    vendor.today = [today_row(1), today_row(2, distance=12.5), today_row(3)]
    await fleetwork.positions()
    batch = await fleetwork.details(["vehicle-1", "vehicle-2"])
    assert set(batch.vehicles) == {"vehicle-1", "vehicle-2"}
    assert batch.vehicles["vehicle-1"].distance_today == 165.0
    assert batch.vehicles["vehicle-2"].distance_today == 12.5
    assert batch.vehicles["vehicle-2"].travel_time_today == 8.5


async def test_a_large_dashboard_is_read_in_pages_of_a_hundred(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The vendor gives no more at a time; its own day begins where it is."""
    vendor.rows = [tracked_row(number) for number in range(250)]
    vendor.today = [today_row(number) for number in range(250)]
    await fleetwork.positions()
    vendor.requests()
    batch = await fleetwork.details([f"vehicle-{number}" for number in range(250)])
    asked = vendor.requests(f"{ALL}/users")
    assert all(one.distance_today == 165.0 for one in batch.vehicles.values())
    assert [one.params["page"] for one in asked] == ["1", "2", "3"]
    assert {one.params["pageSize"] for one in asked} == {"100"}
    assert all("date" not in one.params for one in asked)


async def test_users_may_be_called_employees(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Versions differ in the name of the list."""
    vendor.rows = [tracked_row(1)]
    vendor.today = [today_row(1)]
    await fleetwork.positions()
    vendor.distort = lambda answer: {
        "employees": answer["users"],
        "pagination": answer["pagination"],
    }
    batch = await fleetwork.details(["vehicle-1"])
    assert batch.vehicles["vehicle-1"].fuel_used_today == 11.6


async def test_a_user_who_is_not_listed_has_no_day(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """So that yesterday's distance does not stand for today's."""
    vendor.rows = [tracked_row(1)]
    await fleetwork.positions()
    batch = await fleetwork.details(["vehicle-1"])
    assert batch.vehicles == {"vehicle-1": Vehicle(id="vehicle-1")}


async def test_vehicles_that_were_not_asked_for_are_left_out(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The user may have chosen among them."""
    vendor.rows = [tracked_row(1), tracked_row(2)]
    vendor.today = [today_row(1), today_row(2)]
    await fleetwork.positions()
    assert set((await fleetwork.details(["vehicle-2"])).vehicles) == {"vehicle-2"}


async def test_all_figures_come_with_one_request(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The vendor's all-in-one view holds every value."""
    found = await fleetwork.figures()
    assert _views(vendor) == [""]
    assert found.active_users == 4
    assert found.fleet_distance_today == 936.9
    assert found.fleet_fuel_efficiency == 16.8
    assert found.fleet_cost_month is not None
    assert found.currency == "VND"


@pytest.mark.parametrize(
    "fault", [(404, {}), (405, {}), (501, {}), (200, "<html>"), (200, {"summary": 0})]
)
async def test_without_the_all_in_one_view_each_is_read(
    vendor: Vendor, api: FleetworkApi, clock: Clock, fault: tuple[int, object]
) -> None:
    """And the all-in-one view is asked for no more."""
    at_once = await Figures(api, clock).read()
    vendor.requests()
    vendor.faults[ALL] = fault
    figures = Figures(api, clock)
    assert await figures.read() == at_once
    views = _views(vendor)
    assert set(views[:-3]) == {""}
    assert views[-3:] == ["/summary", "/fuel-tracking", "/monthly-costs"]
    clock.time += timedelta(minutes=15)
    await figures.read()
    assert _views(vendor) == ["/summary", "/fuel-tracking", "/monthly-costs"]


async def test_each_view_is_read_as_often_as_the_vendor_computes_it(
    vendor: Vendor, figures: Figures, clock: Clock
) -> None:
    """The summary every five minutes, the charts every fifteen."""
    vendor.composite = False
    reads = []
    for _ in range(4):
        found = await figures.read()
        reads.append(_views(vendor)[-3:])
        assert found.fleet_fuel_efficiency == 16.8
        clock.time += timedelta(minutes=5)
    everything = ["/summary", "/fuel-tracking", "/monthly-costs"]
    assert reads == [everything, ["/summary"], ["/summary"], everything]


async def test_a_view_that_fails_costs_its_values_only(
    vendor: Vendor, figures: Figures, clock: Clock
) -> None:
    """It is tried again at the next read."""
    vendor.composite = False
    vendor.faults[f"{ALL}/fuel-tracking"] = (500, {})
    found = await figures.read()
    assert found.active_users == 4
    assert found.fleet_fuel_efficiency is None
    assert found.fleet_cost_month == 14_000_000
    vendor.faults.clear()
    clock.time += timedelta(minutes=5)
    assert (await figures.read()).fleet_fuel_efficiency == 16.8


async def test_a_view_that_starts_to_fail_is_not_shown_as_it_was(
    vendor: Vendor, figures: Figures, clock: Clock
) -> None:
    """What is not known any more is unknown."""
    vendor.composite = False
    await figures.read()
    vendor.faults[f"{ALL}/summary"] = (500, {})
    clock.time += timedelta(minutes=5)
    found = await figures.read()
    assert found.fleet_distance_today is None
    assert found.fleet_fuel_efficiency == 16.8


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (403, AccessDenied), (500, Unreachable)],
)
async def test_figures_without_any_view_fail(
    vendor: Vendor, figures: Figures, status: int, error: type[Exception]
) -> None:
    """And the all-in-one view is what is tried at the next read."""
    for path in (ALL, *(f"{ALL}/{view}" for view in vendor.views)):
        vendor.faults[path] = (status, {})
    with pytest.raises(error):
        await figures.read()
    vendor.requests()
    vendor.faults.clear()
    await figures.read()
    assert _views(vendor) == [""]


async def test_a_vendor_that_wants_fewer_requests_is_asked_no_more(
    vendor: Vendor, figures: Figures
) -> None:
    """The other views would only hold up the account's queue."""
    vendor.composite = False
    vendor.faults[f"{ALL}/summary"] = (429, {})
    with pytest.raises(RateLimited):
        await figures.read()
    assert "/fuel-tracking" not in _views(vendor)


async def test_a_refused_key_is_no_view_that_failed(
    vendor: Vendor, figures: Figures
) -> None:
    """The user has to know."""
    vendor.composite = False
    vendor.faults[f"{ALL}/fuel-tracking"] = (401, {})
    with pytest.raises(AuthenticationFailed):
        await figures.read()


async def test_renamed_people_are_counted(vendor: Vendor, fleetwork: Fleetwork) -> None:
    """Active employees became active users."""
    vendor.views["summary"] = summary(people="activeUsers")
    assert (await fleetwork.figures()).active_users == 4
