"""Fleetwork's dashboard and reports against the world they tell of."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from custom_components.fleet_telematics.providers.demo.world import HANOI, World
from simulator.fleetwork import FleetworkServer
from simulator.fleetwork_json import group_id

from .test_fleetwork import DASHBOARD, NOW, KeyClient, ask, ms

ZONE = timezone(timedelta(hours=7))
TODAY = NOW.astimezone(ZONE).replace(hour=0, minute=0, second=0)
DAY = timedelta(days=1)
REPORTS = (
    "trip/summary",
    "trip/detail",
    "fuel/summary",
    "fuel/detail",
    "activity-time",
)


@pytest.fixture
def world() -> World:
    """A world that stands still."""
    return World(city=HANOI, vehicles=5, clock=lambda: NOW)


@pytest.fixture
async def client(fleetwork_server: FleetworkServer) -> AsyncGenerator[KeyClient]:
    """Return a client that has the key."""
    async with KeyClient(fleetwork_server) as client:
        client.token = fleetwork_server.credentials["api_key"]
        yield client


def drivers(server: FleetworkServer) -> dict[str, int]:
    """Return the vehicles of those who have a user id."""
    return {
        user: vehicle_id
        for vehicle_id in server.world.vehicles
        if (user := server.user_id(vehicle_id)) is not None
    }


def driven(world: World, vehicle_id: int, start: datetime, end: datetime) -> float:
    """Return the kilometres of a window."""
    ends = [world.state(vehicle_id, one.astimezone(UTC)) for one in (start, end)]
    return ends[1].odometer - ends[0].odometer


async def report(client: KeyClient, name: str, days: int, **more: object) -> Any:
    """Return a report on the days before today."""
    return await ask(
        client,
        f"/reports/{name}",
        **{"from": ms(TODAY - days * DAY), "to": ms(TODAY) - 1, **more},
    )


async def test_the_days_figures_are_the_worlds(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Kilometres since midnight in Hanoi, and the fuel reckoned from them."""
    answer = await ask(client, f"{DASHBOARD}/users")
    people = drivers(fleetwork_server)
    assert {row["userId"] for row in answer["users"]} == set(people)
    assert answer["date"] == ms(TODAY)
    assert answer["pagination"]["totalItems"] == answer["summary"]["total"]
    for row in answer["users"]:
        truth = driven(world, people[row["userId"]], TODAY, NOW)
        assert truth > 0
        assert row["distance"] == {"value": round(truth, 1), "unit": "km"}
        fuel = row["fuel"]
        assert fuel["consumedLiters"] == pytest.approx(truth * 0.07, abs=0.05)
        assert fuel["costVnd"] == round(fuel["consumedLiters"] * 23_000)
        assert fuel["costFormatted"] == f"{fuel['costVnd']:,} VND"
        hours, minutes = divmod(row["travelTime"]["totalSeconds"] // 60, 60)
        assert row["travelTime"]["formatted"] == f"{hours}h {minutes}m"
    summary = await ask(client, f"{DASHBOARD}/summary")
    total = sum(driven(world, one, TODAY, NOW) for one in people.values())
    assert summary["totalDistance"]["value"] == round(total, 1)
    assert summary["activeEmployees"]["total"] == len(people)
    assert summary["totalTravelTime"]["totalSeconds"] == pytest.approx(
        sum(row["travelTime"]["totalSeconds"] for row in answer["users"]), abs=3
    )
    assert "giờ" in summary["totalTravelTime"]["formatted"]
    assert summary["generatedAt"] == ms(NOW)


async def test_a_past_day_is_whole(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Any moment of it names the day."""
    date = ms(TODAY - DAY + timedelta(hours=13))
    summary = await ask(client, f"{DASHBOARD}/summary", date=date)
    people = drivers(fleetwork_server)
    truth = sum(driven(world, one, TODAY - DAY, TODAY) for one in people.values())
    assert summary["date"] == ms(TODAY - DAY)
    assert summary["totalDistance"]["value"] == round(truth, 1)


async def test_dashboard_users_have_statuses_and_pages(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """At most 100 on a page; a status chooses."""
    fleetwork_server.extra_rows = 200
    status, _ = await client.get(f"{DASHBOARD}/users", {"pageSize": "101"})
    assert status == 400
    assert (await client.get(f"{DASHBOARD}/users", {"status": "lost"}))[0] == 400
    first = await ask(client, f"{DASHBOARD}/users", pageSize=100)
    everybody = first["summary"]["total"]
    assert everybody == 200 + len(drivers(fleetwork_server))
    assert first["pagination"]["totalPages"] == 3
    lost = await ask(client, f"{DASHBOARD}/users", status="signal_lost")
    assert lost["pagination"]["totalItems"] == first["summary"]["signalLost"] >= 200
    assert {row["statusCode"] for row in lost["users"]} == {0}
    moving = await ask(client, f"{DASHBOARD}/users", status="moving")
    assert moving["pagination"]["totalItems"] == first["summary"]["moving"]


async def test_the_heatmap_adds_up(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Fourteen days of 24 hours; one driver's hours are that driver's day."""
    heatmap = await ask(client, f"{DASHBOARD}/activity-heatmap")
    assert heatmap["totalCells"] == len(heatmap["cells"]) == 14 * 24
    values = [cell["value"] for cell in heatmap["cells"]]
    assert (heatmap["minValue"], heatmap["maxValue"]) == (min(values), max(values))
    user, vehicle_id = next(iter(drivers(fleetwork_server).items()))
    window = {"from": ms(TODAY - DAY), "to": ms(TODAY) - 1}
    one = await ask(client, f"{DASHBOARD}/activity-heatmap", userId=user, **window)
    assert {cell["date"] for cell in one["cells"]} == {ms(TODAY - DAY)}
    assert {cell["dayOfWeek"] for cell in one["cells"]} == {"Tue"}
    assert sum(cell["value"] for cell in one["cells"]) == pytest.approx(
        driven(world, vehicle_id, TODAY - DAY, TODAY), abs=24 * 0.05
    )
    points = await ask(
        client, f"{DASHBOARD}/activity-heatmap", userId=user, metric="points", **window
    )
    assert {cell["value"] for cell in points["cells"]} == {120}


@pytest.mark.parametrize(
    ("group", "periods", "first"),
    [("day", 18, "2026-11-01"), ("week", 4, "2026-W44"), ("month", 1, "2026-11")],
)
async def test_fuel_is_told_by_period(
    client: KeyClient, group: str, periods: int, first: str
) -> None:
    """The periods of a window add up to its totals."""
    start = TODAY.replace(day=1)
    fuel = await ask(
        client,
        f"{DASHBOARD}/fuel-tracking",
        groupBy=group,
        **{"from": ms(start), "to": ms(NOW)},
    )
    assert fuel["series"][0]["period"] == first
    assert len(fuel["series"]) == periods
    assert sum(one["distanceKm"] for one in fuel["series"]) == pytest.approx(
        fuel["totals"]["totalDistanceKm"], abs=1
    )
    assert fuel["totals"]["totalDistanceKm"] > 1000
    assert fuel["fuelEfficiency"] == {
        "value": 14.3,
        "unit": "km/L",
        "trend": "stable",
    }


async def test_costs_are_told_by_month(client: KeyClient) -> None:
    """Every month of the year so far, the same whenever it is asked."""
    costs = await ask(client, f"{DASHBOARD}/monthly-costs")
    assert [one["month"] for one in costs["months"]] == list(range(1, 12))
    for month in costs["months"]:
        amounts = {k: v for k, v in month["costs"].items() if k != "total"}
        assert set(amounts) == {one["key"] for one in costs["categories"]}
        assert sum(amounts.values()) == month["costs"]["total"]
        assert all(amount > 0 for amount in amounts.values())
    assert costs["totals"]["grandTotal"] == sum(
        one["costs"]["total"] for one in costs["months"]
    )
    assert await ask(client, f"{DASHBOARD}/monthly-costs") == costs
    dollars = await ask(client, f"{DASHBOARD}/monthly-costs", currency="USD")
    assert dollars["totals"]["grandTotal"] < costs["totals"]["grandTotal"] / 20_000


async def test_all_in_one_is_the_parts(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """And not every account has it."""
    whole = await ask(client, DASHBOARD)
    assert await ask(client, f"{DASHBOARD}/") == whole
    assert whole["summary"] == await ask(client, f"{DASHBOARD}/summary")
    assert whole["heatmap"] == await ask(client, f"{DASHBOARD}/activity-heatmap")
    assert whole["fuelTracking"] == await ask(client, f"{DASHBOARD}/fuel-tracking")
    assert whole["monthlyCosts"] == await ask(client, f"{DASHBOARD}/monthly-costs")
    users = await ask(client, f"{DASHBOARD}/users")
    assert whole["users"]["summary"] == users["summary"]
    distances = [one["distance"]["value"] for one in whole["users"]["topUsers"]]
    assert distances == sorted(distances, reverse=True)
    fleetwork_server.composite = False
    assert (await client.get(DASHBOARD))[0] == 404


async def test_reports_agree_with_the_world_and_each_other(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """Three days: sums by person, by day and by hour are the same kilometres."""
    people = drivers(fleetwork_server)
    trips = await report(client, "trip/summary", 3)
    assert trips["reportType"] == "trip_summary"
    assert [row["userId"] for row in trips["employees"]]
    for row in trips["employees"]:
        truth = driven(world, people[row["userId"]], TODAY - 3 * DAY, TODAY)
        assert row["totalDistanceKm"] == pytest.approx(truth, abs=0.1)
        assert row["tripDays"] == 3
        assert 0 < row["minSpeedKmh"] <= row["maxSpeedKmh"] <= 130
        whole = row["travelTime"]["totalSeconds"] + row["stopTime"]["totalSeconds"]
        assert whole <= 3 * 86_400
    total = sum(row["totalDistanceKm"] for row in trips["employees"])
    details = await report(client, "trip/detail", 3)
    assert len(details["trips"]) == 3 * len(people)
    assert sum(one["distanceKm"] for one in details["trips"]) == pytest.approx(
        total, abs=1
    )
    for one in details["trips"]:
        assert one["date"] <= one["startTime"] < one["endTime"]
        assert one["endTime"] <= one["date"] + 86_400_000
        assert one["startLocation"]["address"]
    fuel = await report(client, "fuel/summary", 3)
    assert fuel["fuelConfig"] == {
        "efficiencyLper100km": 7.0,
        "pricePerLiterVnd": 23_000,
    }
    for row in fuel["employees"]:
        assert row["totalCostVnd"] == round(row["fuelStandardLiters"] * 23_000)
    assert fuel["totals"]["distanceKm"] == pytest.approx(total, abs=1)
    by_day = await report(client, "fuel/detail", 3)
    assert by_day["totals"]["distanceKm"] == pytest.approx(total, abs=1)
    assert "VNĐ" in by_day["trips"][0]["totalCostFormatted"]
    hours = await report(client, "activity-time", 3, pageSize=500)
    assert hours["totals"]["totalDistanceKm"] == pytest.approx(total, abs=4)
    for row in hours["rows"]:
        counts = row["activeEmployeeCount"], row["inactiveEmployeeCount"]
        assert sum(counts) == hours["totalEmployees"] == len(people)


async def test_a_trip_that_has_not_ended_is_in_todays_report(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """The day's report ends where the vehicle is now."""
    window = {"from": ms(TODAY), "to": ms(NOW)}
    details = await ask(client, "/reports/trip/detail", **window)
    people = drivers(fleetwork_server)
    under_way = 0
    for row in details["trips"]:
        state = world.state(people[row["userId"]])
        truth = driven(world, people[row["userId"]], TODAY, NOW)
        assert row["distanceKm"] == pytest.approx(truth, abs=0.1)
        if state.trip_id is not None:
            under_way += 1
            assert row["endTime"] == ms(state.time)
    assert under_way


async def test_reports_sort_filter_and_page(
    client: KeyClient, fleetwork_server: FleetworkServer, world: World
) -> None:
    """As the document's parameters say."""
    people = drivers(fleetwork_server)
    rows = (await report(client, "fuel/summary", 1, sortBy="distanceKm"))["employees"]
    distances = [row["distanceKm"] for row in rows]
    assert distances == sorted(distances, reverse=True)
    rows = (await report(client, "trip/summary", 1, sortBy="name", sortDesc="false"))[
        "employees"
    ]
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    user = next(iter(people))
    one = await report(client, "trip/detail", 4, userId=user, pageSize=3)
    assert {row["userId"] for row in one["trips"]} == {user}
    assert one["pagination"] == {
        "page": 1,
        "pageSize": 3,
        "totalItems": 4,
        "totalPages": 2,
    }
    rest = await report(client, "trip/detail", 4, userId=user, pageSize=3, page=2)
    assert len(rest["trips"]) == 1
    group = world.vehicles[people[user]].group
    told = await report(client, "trip/summary", 1, groupId=group_id(group))
    assert {row["groupName"] for row in told["employees"]} == {group}


@pytest.mark.parametrize("name", REPORTS)
async def test_reports_refuse_what_they_cannot(client: KeyClient, name: str) -> None:
    """No window, too large pages, and files, which there are none of."""
    path = f"/reports/{name}"
    window = {"from": str(ms(TODAY - DAY)), "to": str(ms(TODAY))}
    assert (await client.get(path))[0] == 400
    assert (await client.get(path, {"from": window["from"]}))[0] == 400
    turned = {"from": window["to"], "to": window["from"]}
    assert (await client.get(path, turned))[0] == 400
    most = 200 if name.endswith("summary") else 500
    assert (await client.get(path, {**window, "pageSize": str(most)}))[0] == 200
    status, _ = await client.get(path, {**window, "pageSize": str(most + 1)})
    assert status == 400
    for kind in ("excel", "csv"):
        status, answer = await client.get(path, {**window, "format": kind})
        assert (status, answer["error"]) == (501, "NOT_IMPLEMENTED")


async def test_the_newest_version_has_other_names(
    client: KeyClient, fleetwork_server: FleetworkServer
) -> None:
    """Users where there were employees, and hyphens in the kinds of reports."""
    fleetwork_server.new_names = True
    summary = await ask(client, f"{DASHBOARD}/summary")
    assert "activeUsers" in summary
    assert "activeEmployees" not in summary
    trips = await report(client, "trip/summary", 1)
    assert trips["reportType"] == "trip-summary"
    assert trips["users"]
    hours = await report(client, "activity-time", 1)
    assert hours["totalUsers"]
    assert {"activeUserCount", "inactiveUserCount"} <= set(hours["rows"][0])
