"""Reports and views of the dashboard: all pages, in the vendor's words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
    Unsupported,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork, paging
from custom_components.fleet_telematics.providers.fleetwork.api import FleetworkApi
from custom_components.fleet_telematics.providers.fleetwork.reports import subject
from custom_components.fleet_telematics.providers.fleetwork.trips import LastTrips
from simulator.fleetwork import FleetworkServer
from simulator.fleetwork_json import group_id

from .conftest import Open, Standing
from .test_mapping import ANYTHING
from .vendor import (
    DAY_MS,
    NOW,
    NOW_MS,
    Clock,
    Json,
    Vendor,
    fuel_day,
    summary,
    today_row,
    tracked_row,
    trip_day,
)

DAY = timedelta(days=1)
DASHBOARD = "/dashboard/gps-manager"
DETAIL = "/reports/trip/detail"
FUEL = "/reports/fuel/detail"
REPORTS = {
    "trip_summary": ("trip/summary", 200),
    "trip_detail": ("trip/detail", 500),
    "fuel_summary": ("fuel/summary", 200),
    "fuel_detail": ("fuel/detail", 500),
    "activity_time": ("activity-time", 500),
}


def ms(moment: datetime) -> int:
    """Return a time as the vendor writes it."""
    return round(moment.timestamp() * 1000)


# Reports of the simulated vendor.


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("names", ["old", "new"])
async def test_a_report_has_a_head_and_rows(
    fleetwork_server: FleetworkServer,
    open_account: Open,
    standing: Standing,
    report: str,
    names: str,
) -> None:
    """Whatever the version calls its lists, and by whichever method it is asked."""
    path, size = REPORTS[report]
    fleetwork_server.new_names = names == "new"
    if names == "new":
        fleetwork_server.post_only.add(f"/reports/{path}")
    account = open_account()
    now = standing()
    about, rows = await account.report(report, now - 3 * DAY, now)
    word = report if names == "old" else report.replace("_", "-")
    assert about["reportType"] == word
    assert about["generatedAt"] == ms(now)
    lists = {"employees", "users", "trips", "rows", "pagination", "page", "totalPages"}
    assert not lists & set(about)
    assert rows
    assert all("totalDistanceKm" in row or "distanceKm" in row for row in rows)
    if report == "activity_time":
        key = "activeEmployeeCount" if names == "old" else "activeUserCount"
        assert all(row[key] for row in rows)
    if report.startswith("fuel"):
        assert isinstance(about["totals"], Mapping)
    asked = fleetwork_server.requests[-1]
    values: Any = asked.query if names == "old" else asked.body
    assert int(values["pageSize"]) == size
    assert int(values["from"]) == ms(now - 3 * DAY)
    assert int(values["to"]) == ms(now) - 1
    assert "format" not in values


async def test_reports_of_a_user_and_of_a_group(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """By the vendor's own ids; hours of activity are of the whole fleet alone."""
    account = open_account()
    now = standing()
    number = next(
        one for one in fleetwork_server.world.vehicles if fleetwork_server.user_id(one)
    )
    user = fleetwork_server.user_id(number)
    _, rows = await account.report("trip_detail", now - 3 * DAY, now, user_id=user)
    assert rows
    assert {row["userId"] for row in rows} == {user}
    group = fleetwork_server.world.vehicles[number].group
    _, rows = await account.report(
        "fuel_summary", now - 3 * DAY, now, group_id=str(group_id(group))
    )
    assert {row["groupName"] for row in rows} == {group}
    with pytest.raises(Rejected):
        await account.report("trip_summary", now - DAY, now, group_id="no group")
    with pytest.raises(Unsupported):
        await account.report("activity_time", now - DAY, now, user_id=user)
    with pytest.raises(Unsupported):
        await account.report("weather", now - DAY, now)


async def test_an_empty_report_has_no_rows(
    fleetwork_server: FleetworkServer, open_account: Open
) -> None:
    """Before the account was a customer there was nothing."""
    account = open_account()
    past = datetime(2025, 1, 1, tzinfo=UTC)
    about, rows = await account.report("trip_detail", past, past + DAY)
    assert rows == []
    assert about["reportType"] == "trip_detail"


# Reports in pages.


def _serve(vendor: Vendor, report: str, rows: list[Json], name: str) -> None:
    vendor.reports[f"/reports/{REPORTS[report][0]}"] = (name, rows)


async def test_every_page_of_a_report_is_read(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """As large as the vendor lets them be."""
    rows = [trip_day(number % 40, day=number // 40) for number in range(1234)]
    _serve(vendor, "trip_detail", rows, "trips")
    about, found = await fleetwork.report("trip_detail", NOW - 31 * DAY, NOW)
    assert found == rows
    assert about == {"reportType": "x", "generatedAt": NOW_MS}
    asked = vendor.requests(DETAIL)
    assert [one.params["page"] for one in asked] == ["1", "2", "3"]


async def test_a_report_that_takes_posts_is_asked_by_post(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Found out once, and for this report alone."""
    _serve(vendor, "trip_detail", [trip_day(1)], "trips")
    _serve(vendor, "fuel_detail", [fuel_day(1)], "trips")
    vendor.post_only.add(DETAIL)
    await fleetwork.report("trip_detail", NOW - DAY, NOW)
    await fleetwork.report("fuel_detail", NOW - DAY, NOW)
    _, rows = await fleetwork.report("trip_detail", NOW - DAY, NOW)
    assert [one.method for one in vendor.requests()] == ["GET", "POST", "GET", "POST"]
    assert rows == [trip_day(1)]


async def test_rows_that_say_nothing_of_themselves_are_rows(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """They are told apart by all that they hold; what is no row is left out."""
    rows: list[Any] = [{"km": 1}, {"km": 2}, {"km": None}, "total", None, {}]
    _serve(vendor, "trip_summary", rows, "employees")
    _, found = await fleetwork.report("trip_summary", NOW - DAY, NOW)
    assert found == rows[:3]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "BAD_REQUEST", "message": "...", "code": 400}, Rejected),
        (403, {}, AccessDenied),
        (404, {}, NotFound),
        (405, {}, MethodNotAllowed),
        (429, {}, RateLimited),
        (500, {}, Unreachable),
        (501, {"error": "NOT_IMPLEMENTED"}, Unreachable),
        (200, [], InvalidResponse),
        (200, {"reportType": "trip_detail"}, InvalidResponse),
        (200, {"trips": {}}, InvalidResponse),
    ],
)
async def test_a_report_that_is_none_fails(
    vendor: Vendor,
    fleetwork: Fleetwork,
    status: int,
    body: object,
    error: type[ProviderError],
) -> None:
    """As the typed error of its kind."""
    vendor.faults[DETAIL] = (status, body)
    with pytest.raises(error):
        await fleetwork.report("trip_detail", NOW - DAY, NOW)


@given(ANYTHING)
def test_any_row_is_told_apart(value: Any) -> None:
    """From itself never; nothing raises."""
    assert hash(subject(value)) == hash(subject(value))
    if not isinstance(value, dict):
        assert subject(value) is None


@given(st.floats() | st.text(), st.floats() | st.text())
def test_figures_that_grow_keep_the_row(before: object, after: object) -> None:
    """A row that says what it is of is the same with other figures."""
    row = trip_day(1)
    assert subject({**row, "distanceKm": before}) == subject(
        {**row, "distanceKm": after}
    )
    assert subject(row) != subject(trip_day(1, day=1))
    assert subject(row) != subject(trip_day(2))


# Trips in pages, and what stands in the way of their fuel.


async def test_last_trips_are_read_page_by_page(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Of all users at once, whoever of them Home Assistant shows."""
    vendor.rows = [tracked_row(number) for number in range(120)]
    rows = [trip_day(number, day=day) for day in range(8) for number in range(120)]
    _serve(vendor, "trip_detail", rows, "trips")
    await fleetwork.positions()
    vendor.requests()
    known = [f"vehicle-{number}" for number in range(120)]
    batch = await fleetwork.last_trips(known)
    last = datetime.fromtimestamp((DAY_MS + 52_200_000) / 1000, UTC) + 7 * DAY
    assert set(batch.vehicles) == set(known)
    assert {one.last_trip_start for one in batch.vehicles.values()} == {last}
    assert len(vendor.requests(DETAIL)) == 2


async def test_who_is_under_way_again_keeps_the_last_trip(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Until the day is over; by the clock that the report was made at."""
    vendor.rows = [tracked_row(1)]
    await fleetwork.positions()
    end = datetime.fromtimestamp((DAY_MS + 89_100_000) / 1000, UTC)
    first, second = trip_day(1), trip_day(1, day=1)
    _serve(vendor, "trip_detail", [first], "trips")
    _serve(vendor, "fuel_detail", [fuel_day(1)], "trips")
    vendor.generated = end + timedelta(hours=1)
    before = (await fleetwork.last_trips(["vehicle-1"])).vehicles["vehicle-1"]
    assert before.last_trip_end == end
    assert before.last_trip_fuel == 11.0

    burnt = {**fuel_day(1, day=1), "fuelStandardLiters": 0.8}
    _serve(vendor, "trip_detail", [{**second, "distanceKm": 10}, first], "trips")
    _serve(vendor, "fuel_detail", [burnt, fuel_day(1)], "trips")
    vendor.generated = end + DAY + timedelta(minutes=14)
    during = await fleetwork.last_trips(["vehicle-1"])
    assert during.vehicles["vehicle-1"] == before

    _serve(vendor, "trip_detail", [], "trips")
    silent = await fleetwork.last_trips(["vehicle-1"])
    assert silent.vehicles["vehicle-1"] == before

    _serve(vendor, "trip_detail", [first, {**second, "distanceKm": 12}], "trips")
    vendor.generated = end + DAY + timedelta(minutes=15)
    after = await fleetwork.last_trips(["vehicle-1"])
    assert after.vehicles["vehicle-1"].last_trip_distance == 12
    assert after.vehicles["vehicle-1"].last_trip_fuel == 0.8


async def test_a_last_trip_that_grew_has_no_fuel_of_before(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Fuel that cannot be read costs the fuel, and is looked for again."""
    vendor.rows = [tracked_row(1)]
    await fleetwork.positions()
    vendor.generated = datetime.fromtimestamp(DAY_MS / 1000, UTC) + 2 * DAY

    async def look() -> tuple[float | None, float | None, int]:
        vendor.requests()
        batch = await fleetwork.last_trips(["vehicle-1"])
        found = batch.vehicles["vehicle-1"]
        return (
            found.last_trip_distance,
            found.last_trip_fuel,
            len(vendor.requests(FUEL)),
        )

    _serve(vendor, "trip_detail", [trip_day(1)], "trips")
    _serve(vendor, "fuel_detail", [fuel_day(1)], "trips")
    assert await look() == (156.8, 11.0, 1)
    assert await look() == (156.8, 11.0, 0)

    _serve(vendor, "trip_detail", [{**trip_day(1), "distanceKm": 200}], "trips")
    for status in (500, 400):
        vendor.faults[FUEL] = (status, {})
        distance, fuel, asked = await look()
        assert (distance, fuel) == (200, None)
        assert asked > 0

    vendor.faults.clear()
    _serve(
        vendor, "fuel_detail", [{**fuel_day(1), "fuelStandardLiters": 14.0}], "trips"
    )
    assert await look() == (200, 14.0, 1)


async def test_fuel_of_a_day_is_not_that_of_a_part_of_it(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Where a version tells several rows a day, the last of them is the trip."""
    vendor.rows = [tracked_row(1)]
    await fleetwork.positions()
    vendor.generated = datetime.fromtimestamp(DAY_MS / 1000, UTC) + 2 * DAY
    second = {**trip_day(1), "startTime": DAY_MS + 60_000_000, "distanceKm": 20}
    _serve(vendor, "trip_detail", [trip_day(1), second], "trips")
    _serve(vendor, "fuel_detail", [fuel_day(1)], "trips")
    found = (await fleetwork.last_trips(["vehicle-1"])).vehicles["vehicle-1"]
    assert found.last_trip_distance == 20
    assert found.last_trip_fuel is None


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_a_report_on_fuel_that_is_not_offered_is_left_alone_for_a_while(
    vendor: Vendor, api: FleetworkApi, clock: Clock, status: int
) -> None:
    """The last trip has no fuel then; the report is tried again twice a day."""
    vendor.generated = clock.time
    row = {**trip_day(1), "date": None, "startTime": NOW_MS - 10_000_000}
    row["endTime"] = NOW_MS - 9_000_000
    _serve(vendor, "trip_detail", [row], "trips")
    vendor.faults[FUEL] = (status, {})
    last = LastTrips(api, clock)
    for wait, expected in ((0, True), (0.25, False), (11.5, False), (0.5, True)):
        clock.time += timedelta(hours=wait)
        vendor.requests()
        await last.read()
        assert bool(vendor.requests(FUEL)) is expected
        found = last.vehicle("user-1", "truck")
        assert found is not None
        assert (found.last_trip_distance, found.last_trip_fuel) == (156.8, None)
    assert last.vehicle("user-2", "truck") is None


async def test_without_users_nothing_is_asked(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """An account of trackers has no trips."""
    row = tracked_row(1, userId=None)
    row["lastLocation"]["userId"] = None
    vendor.rows = [row]
    await fleetwork.positions()
    vendor.requests()
    assert (await fleetwork.last_trips(["vehicle-1"])).vehicles == {}
    assert await fleetwork.trips(["vehicle-1"], NOW - DAY, NOW) == ()
    assert vendor.requests() == []


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_an_account_without_the_report_on_fuel_has_trips(
    vendor: Vendor, fleetwork: Fleetwork, status: int
) -> None:
    """The fuel is not known then, and trips are."""
    vendor.rows = [tracked_row(1)]
    _serve(vendor, "trip_detail", [trip_day(1), trip_day(2)], "trips")
    vendor.faults[FUEL] = (status, {})
    start = datetime(2024, 4, 10, tzinfo=UTC)
    [trip] = await fleetwork.trips(["vehicle-1"], start, start + DAY)
    assert trip.distance == 156.8
    assert (trip.fuel_used, trip.fuel_cost, trip.currency) == (None, None, None)


async def test_fuel_counts_once(vendor: Vendor, fleetwork: Fleetwork) -> None:
    """Where a version tells several rows a day, their fuel is not known to each."""
    vendor.rows = [tracked_row(1)]
    second = {**trip_day(1), "startTime": DAY_MS + 60_000_000}
    _serve(vendor, "trip_detail", [trip_day(1), second], "trips")
    _serve(vendor, "fuel_detail", [fuel_day(1), fuel_day(2)], "trips")
    start = datetime(2024, 4, 10, tzinfo=UTC)
    found = await fleetwork.trips(["vehicle-1"], start, start + DAY)
    assert [one.fuel_used for one in found] == [11.0, None]
    assert len({one.id for one in found}) == 2


async def test_a_day_without_its_times_is_of_that_day_alone(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The day after is asked for, too, and told with its own window."""
    vendor.rows = [tracked_row(1)]
    rows = [
        {**trip_day(1, day=day), "startTime": None, "endTime": None} for day in range(3)
    ]
    _serve(vendor, "trip_detail", rows, "trips")
    _serve(vendor, "fuel_detail", [], "trips")
    start = datetime.fromtimestamp(DAY_MS / 1000, UTC)
    told = [
        [one.id for one in await fleetwork.trips(["vehicle-1"], first, first + hours)]
        for first, hours in (
            (start, DAY - timedelta(seconds=1)),
            (start + timedelta(hours=9), timedelta(hours=2)),
            (start + DAY + timedelta(hours=9), timedelta(hours=2)),
            (start, 3 * DAY),
        )
    ]
    days = ["2024-04-10", "2024-04-11", "2024-04-12"]
    assert told == [days[:1], days[:1], days[1:2], days]


async def test_a_report_that_is_too_long_is_none(
    vendor: Vendor, fleetwork: Fleetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes some of its rows for all of them."""
    monkeypatch.setattr(paging, "MOST_PAST_PAGES", 2)
    _serve(vendor, "trip_detail", [trip_day(one) for one in range(3)], "trips")
    vendor.largest_page = 1
    with pytest.raises(InvalidResponse):
        await fleetwork.report("trip_detail", NOW - DAY, NOW)
    vendor.largest_page = 2
    _, rows = await fleetwork.report("trip_detail", NOW - DAY, NOW)
    assert len(rows) == 3


async def test_a_track_is_of_the_time_that_was_asked_for(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Also where a server does not know the filter."""
    points = [
        {"lat": 21.0, "lng": 105.0, "time": NOW_MS + seconds * 1000, "speed": 4.0}
        for seconds in (-3601, -3600, -60, 0, 1)
    ]
    vendor.faults["/gps-tracking/history"] = 200, {"trackingData": points}
    found = await fleetwork.track("truck", NOW - timedelta(hours=1), NOW)
    assert [(one.time - NOW).total_seconds() for one in found] == [-3600, -60, 0]


async def test_points_of_others_are_not_in_a_track(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """A server that does not know the filter tells of everybody."""
    point = {"lat": 21.0, "lng": 105.0, "time": NOW_MS, "speed": 4.0, "heading": 90}
    vendor.faults["/gps-tracking/history"] = (
        200,
        {
            "trackingData": [
                {**point, "vehicleId": "truck"},
                {**point, "vehicleId": "other"},
                {**point, "time": NOW_MS - 1000},
                {**point, "vehicleId": "truck", "time": None},
                {**point, "vehicleId": "truck", "lat": 0, "lng": 0, "time": 1},
                "point",
            ],
            "totalCount": 6,
        },
    )
    found = await fleetwork.track("truck", NOW - DAY, NOW)
    assert [one.time for one in found] == [NOW - timedelta(seconds=1), NOW]
    vendor.requests()
    await fleetwork.track("device:truck", NOW - DAY, NOW)
    [asked, *_] = vendor.requests()
    assert asked.params == {
        "DeviceId": "truck",
        "FromTime": str(NOW_MS - 86_400_000),
        "ToTime": str(NOW_MS),
        "PageNumber": "1",
        "PageSize": "1000",
        "SortDescending": "false",
    }


# The dashboard of the simulated vendor.


@pytest.mark.parametrize("names", ["old", "new"])
async def test_each_view_is_the_vendors(
    fleetwork_server: FleetworkServer,
    open_account: Open,
    standing: Standing,
    names: str,
) -> None:
    """In the vendor's words, for what was wished."""
    fleetwork_server.new_names = names == "new"
    views = ("summary", "users", "activity-heatmap", "fuel-tracking", "monthly-costs")
    if names == "new":
        fleetwork_server.post_only |= {f"{DASHBOARD}/{view}" for view in views}
    account = open_account()
    now = standing()
    start = now - 2 * DAY
    shown = await account.dashboard("summary", start=start)
    people = "activeEmployees" if names == "old" else "activeUsers"
    assert shown[people]
    date = shown["date"]
    assert isinstance(date, int)
    assert date <= ms(start) < date + 86_400_000

    users = await account.dashboard("users", start=start)
    assert users["date"] == date
    rows = users["users"]
    assert isinstance(rows, list)
    assert len(rows) == len(
        [n for n in fleetwork_server.world.vehicles if fleetwork_server.user_id(n)]
    )
    assert "pagination" not in users

    heatmap = await account.dashboard(
        "heatmap", start=start, end=now, metric="points", currency="USD"
    )
    assert heatmap["metric"] == "points"
    assert (heatmap["from"], heatmap["to"]) == (ms(start), ms(now) - 1)
    fuel = await account.dashboard("fuel", start=start, end=now, group_by="day")
    assert fuel["groupBy"] == "day"
    series = fuel["series"]
    assert isinstance(series, list)
    assert len(series) == 3
    costs = await account.dashboard("costs", currency="USD", metric="points")
    assert costs["currency"] == "USD"
    with pytest.raises(Unsupported):
        await account.dashboard("weather")


async def test_a_large_dashboard_has_all_its_users(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """A hundred a page."""
    vendor.today = [today_row(number) for number in range(250)]
    shown = await fleetwork.dashboard("users")
    assert shown["users"] == vendor.today
    assert shown["summary"] == {"total": 250}
    assert len(vendor.requests()) == 3


async def test_all_views_come_at_once_or_one_by_one(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The same either way, except that views alone bring every user."""
    account = open_account()
    start = standing() - DAY
    whole = await account.dashboard("all", start=start)
    assert len(fleetwork_server.requests) == 1
    fleetwork_server.composite = False
    built = await account.dashboard("all", start=start)
    assert len(fleetwork_server.requests) == 1 + 2 + 5
    assert set(built) == set(whole)
    for section in ("summary", "heatmap", "fuelTracking", "monthlyCosts"):
        assert built[section] == whole[section]
    told, found = whole["users"], built["users"]
    assert isinstance(told, Mapping)
    assert isinstance(found, Mapping)
    assert found["summary"] == told["summary"]
    top = told["topUsers"]
    assert [one["distance"] for one in found["topUsers"][: len(top)]] == [
        one["distance"] for one in top
    ]


async def test_all_views_as_wished_are_read_one_by_one(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """The answer that has them all takes a day and nothing else."""
    account = open_account()
    now = standing()
    shown: Any = await account.dashboard(
        "all",
        start=now - 3 * DAY,
        end=now,
        metric="points",
        group_by="month",
        currency="USD",
    )
    assert shown["heatmap"]["metric"] == "points"
    assert shown["heatmap"]["from"] == ms(now - 3 * DAY)
    assert shown["fuelTracking"]["groupBy"] == "month"
    assert shown["monthlyCosts"]["currency"] == "USD"
    assert len(fleetwork_server.requests) == 5


async def test_a_view_that_the_account_lacks_is_null(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The others are shown; without any of them that is the answer."""
    vendor.composite = False
    vendor.faults[f"{DASHBOARD}/monthly-costs"] = (403, {})
    vendor.faults[f"{DASHBOARD}/users"] = (403, {})
    shown = await fleetwork.dashboard("all")
    assert shown["summary"] == summary()
    assert shown["monthlyCosts"] is None
    assert shown["users"] is None
    assert shown["heatmap"] is None
    vendor.faults = {
        f"{DASHBOARD}/{view}": (403, {})
        for view in ("summary", "activity-heatmap", "fuel-tracking")
    } | vendor.faults
    with pytest.raises(AccessDenied):
        await fleetwork.dashboard("all")


@pytest.mark.parametrize(
    "fault", [(500, {}), (200, {"message": "soon"}), (200, []), (200, "<html>")]
)
async def test_a_whole_that_fails_is_built_from_its_views(
    vendor: Vendor, fleetwork: Fleetwork, fault: tuple[int, object]
) -> None:
    """Whatever is wrong with it."""
    vendor.faults[DASHBOARD] = fault
    shown = await fleetwork.dashboard("all")
    assert shown["summary"] == summary()


async def test_a_dashboard_of_the_future_is_todays(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """However far away it is."""
    far = datetime.max.replace(tzinfo=UTC)
    await fleetwork.dashboard("summary", start=far)
    [asked] = vendor.requests()
    assert int(asked.params["date"]) <= ms(datetime.now(UTC))


# What experts ask.


async def test_any_path_can_be_asked(
    fleetwork_server: FleetworkServer, open_account: Open, standing: Standing
) -> None:
    """Below the base, with the account's key and nobody's else."""
    account = open_account()
    for path in ("gps-tracking/users", "/gps-tracking/users"):
        answer: Any = await account.call(path, {"PageSize": "2"})
        assert len(answer["users"]) == 2
    assert fleetwork_server.requests[-1].query == {"PageSize": "2"}
    assert fleetwork_server.requests[-1].authorized
    with pytest.raises(Rejected):
        await account.call("../v2/secrets", {})
    with pytest.raises(NotFound):
        await account.call("/nothing", {})


@pytest.mark.parametrize("path", ["/reports/trip/summary", "Reports/fuel/detail"])
@pytest.mark.parametrize("key", ["format", "Format"])
async def test_an_export_is_not_offered(
    fleetwork_server: FleetworkServer, open_account: Open, path: str, key: str
) -> None:
    """The document has one, the vendor's service none: that is no outage."""
    window = {"from": "1711929600000", "to": "1712793599000"}
    with pytest.raises(NotSent, match="not sent") as raised:
        await open_account().call(path, {**window, key: "csv"})
    assert raised.value.reason is not None
    assert "get_report" in raised.value.reason
    assert not fleetwork_server.requests
    answer: Any = await open_account().call(path, window)
    assert answer["pagination"]
