"""Actions that read reports and the dashboard."""

import csv
from datetime import timedelta
import errno
import io
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.fleet_telematics.const import DOMAIN
from simulator.faults import Fault, FaultKind
from simulator.fleetwork import FleetworkServer

from .conftest import NOW
from .helpers import async_set_up, entry_of

WEEK = {"start": NOW - timedelta(days=7), "end": NOW}
REPORTS = (
    "trip_summary",
    "trip_detail",
    "fuel_summary",
    "fuel_detail",
    "activity_time",
)


@pytest.fixture
async def account(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, tmp_path: Path
) -> MockConfigEntry:
    """Return a loaded account; files may be written to the temporary directory."""
    entry = entry_of(fleetwork_server)
    await async_set_up(hass, entry)
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return entry


async def ask(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, **fields: Any
) -> dict[str, Any]:
    """Return an action's answer."""
    answer = await hass.services.async_call(
        DOMAIN,
        name,
        {"config_entry_id": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(answer, dict)
    return answer


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


@pytest.mark.parametrize("report", REPORTS)
async def test_a_report_has_all_its_rows(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    account: MockConfigEntry,
    report: str,
) -> None:
    """And says what the vendor says of it as a whole."""
    answer = await ask(hass, account, "get_report", report=report, **WEEK)

    assert answer["rows"]
    assert "pagination" not in answer
    assert str(answer["reportType"]).replace("-", "_") == report
    assert not [one for one in fleetwork_server.requests if one.status >= 400]
    if report.startswith("trip"):
        users = {row["userId"] for row in answer["rows"]}
        one = next(iter(users))
        alone = await ask(
            hass, account, "get_report", report=report, user_id=one, **WEEK
        )
        assert {row["userId"] for row in alone["rows"]} == {one}


@pytest.mark.parametrize("world", [{"vehicles": 45}], indirect=True)
async def test_a_long_report_is_read_page_by_page(
    hass: HomeAssistant, fleetwork_server: FleetworkServer, account: MockConfigEntry
) -> None:
    """Every person and day once: more than the 500 rows that a page can have."""
    period = {"start": NOW - timedelta(days=20), "end": NOW}
    answer = await ask(hass, account, "get_report", report="trip_detail", **period)

    rows = [(row["userId"], row["date"]) for row in answer["rows"]]
    assert len(rows) > 500
    assert len(set(rows)) == len(rows)
    pages = [
        one for one in fleetwork_server.requests if one.path.endswith("trip/detail")
    ]
    assert len(pages) >= 2


async def test_a_report_becomes_a_file(
    hass: HomeAssistant, account: MockConfigEntry, tmp_path: Path
) -> None:
    """With a column for everything, also for what is nested."""
    path = tmp_path / "trips.csv"
    answer = await ask(
        hass, account, "get_report", report="trip_detail", file=str(path), **WEEK
    )

    assert answer["file"] == str(path)
    rows = read(path)
    assert len(rows) == len(answer["rows"])
    for written, told in zip(rows, answer["rows"], strict=True):
        assert written["userId"] == told["userId"]
        assert float(written["distanceKm"]) == pytest.approx(told["distanceKm"])
        assert (
            int(written["travelTime.totalSeconds"])
            == (told["travelTime"]["totalSeconds"])
        )
    assert [one.name for one in tmp_path.iterdir()] == ["trips.csv"]


async def test_a_file_is_only_overwritten_on_request(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    account: MockConfigEntry,
    tmp_path: Path,
) -> None:
    """And the vendor is not even asked."""
    path = tmp_path / "fuel.csv"
    path.write_text("mine", encoding="utf-8")
    fields = {"report": "fuel_summary", "file": str(path), **WEEK}
    fleetwork_server.requests.clear()

    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_report", **fields)
    assert raised.value.translation_key == "file_exists"
    assert path.read_text(encoding="utf-8") == "mine"
    assert not fleetwork_server.requests

    await ask(hass, account, "get_report", overwrite=True, **fields)
    assert read(path)


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("{allowed}/report.txt", "file_not_csv"),
        ("{allowed}/none/report.csv", "file_no_directory"),
        ("{allowed}/../report.csv", "file_not_allowed"),
        ("/etc/report.csv", "file_not_allowed"),
        ("report.csv", "file_not_allowed"),
        ("{allowed}/directory.csv", "file_exists"),
        ("{allowed}/re\0port.csv", "file_not_allowed"),
    ],
)
async def test_a_file_has_to_be_in_an_allowed_directory(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    account: MockConfigEntry,
    tmp_path: Path,
    file: str,
    key: str,
) -> None:
    """Each mistake has words of its own, and costs no request."""
    (tmp_path / "directory.csv").mkdir()
    fleetwork_server.requests.clear()
    with pytest.raises(ServiceValidationError) as raised:
        await ask(
            hass,
            account,
            "get_report",
            report="trip_detail",
            file=file.format(allowed=tmp_path),
            overwrite=True,
            **WEEK,
        )
    assert raised.value.translation_key == key
    assert not fleetwork_server.requests


async def test_a_link_does_not_lead_out_of_an_allowed_directory(
    hass: HomeAssistant, account: MockConfigEntry, tmp_path: Path
) -> None:
    """Where a path really leads counts."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "out").symlink_to(outside)
    hass.config.allowlist_external_dirs = {str(inside)}
    with pytest.raises(ServiceValidationError) as raised:
        await ask(
            hass,
            account,
            "get_report",
            report="trip_detail",
            file=str(inside / "out" / "report.csv"),
            **WEEK,
        )
    assert raised.value.translation_key == "file_not_allowed"
    assert not list(outside.iterdir())


async def test_a_text_in_a_file_is_no_formula(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    account: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever somebody is called, a spreadsheet computes nothing of it."""
    provider = account.runtime_data.provider
    report = type(provider).report

    async def renamed(*arguments: Any, **words: Any) -> Any:
        about, rows = await report(*arguments, **words)
        return about, [{**row, "name": "=1+1"} for row in rows]

    monkeypatch.setattr(type(provider), "report", renamed)
    path = tmp_path / "trips.csv"
    await ask(hass, account, "get_report", report="trip_detail", file=str(path), **WEEK)
    assert {row["name"] for row in read(path)} == {"'=1+1"}


async def test_a_share_without_links_and_modes_takes_a_file(
    hass: HomeAssistant,
    account: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a card's or a network's; what is there is kept there, too."""

    def refuse(*arguments: Any, **words: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    path = tmp_path / "trips.csv"
    fields = {"report": "trip_detail", "file": str(path), **WEEK}
    answer = await ask(hass, account, "get_report", **fields)
    assert len(read(path)) == len(answer["rows"])
    assert [one.name for one in tmp_path.iterdir()] == ["trips.csv"]
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_report", **fields)
    assert raised.value.translation_key == "file_exists"


async def test_whoever_is_faster_keeps_a_file(
    hass: HomeAssistant,
    account: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that comes while rows are written is not ours to replace."""
    path = tmp_path / "trips.csv"
    write = csv.DictWriter.writerows

    def interrupted(*arguments: Any) -> None:
        path.write_text("mine", encoding="utf-8")
        write(*arguments)

    monkeypatch.setattr(csv.DictWriter, "writerows", interrupted)
    fields = {"report": "trip_detail", "file": str(path), **WEEK}
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_report", **fields)
    assert raised.value.translation_key == "file_exists"
    assert path.read_text(encoding="utf-8") == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["trips.csv"]


@pytest.mark.parametrize("before", [None, "mine"])
async def test_a_file_that_cannot_be_written_leaves_what_was_there(
    hass: HomeAssistant,
    account: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str | None,
) -> None:
    """The whole file that was there, or none; and the disk's reason is told."""
    path = tmp_path / "trips.csv"
    if before is not None:
        path.write_text(before, encoding="utf-8")

    def fail(*arguments: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ServiceValidationError) as raised:
        await ask(
            hass,
            account,
            "get_report",
            report="trip_detail",
            file=str(path),
            overwrite=before is not None,
            **WEEK,
        )
    assert raised.value.translation_key == "file_not_written"
    assert raised.value.translation_placeholders == {
        "file": str(path),
        "reason": "Input/output error",
    }
    left = [one.read_text(encoding="utf-8") for one in tmp_path.iterdir()]
    assert left == ([] if before is None else [before])


async def test_a_name_may_be_too_long_for_a_disk(
    hass: HomeAssistant, account: MockConfigEntry, tmp_path: Path
) -> None:
    """That is known when the file is made."""
    file = str(tmp_path / f"{'a' * 300}.csv")
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_report", report="trip_summary", file=file, **WEEK)
    assert raised.value.translation_key == "file_not_written"
    assert not list(tmp_path.iterdir())


async def test_a_report_that_fails_leaves_no_file(
    hass: HomeAssistant,
    fleetwork_server: FleetworkServer,
    account: MockConfigEntry,
    tmp_path: Path,
) -> None:
    """The vendor's outage is told."""
    fleetwork_server.faults.append(Fault(kind=FaultKind.HTTP_500, path="reports"))
    with pytest.raises(HomeAssistantError) as raised:
        await ask(
            hass,
            account,
            "get_report",
            report="trip_detail",
            file=str(tmp_path / "trips.csv"),
            **WEEK,
        )
    assert raised.value.translation_key == "cannot_connect"
    assert not list(tmp_path.iterdir())


async def test_a_filter_that_a_report_lacks_is_told(
    hass: HomeAssistant, account: MockConfigEntry
) -> None:
    """Hours of activity are of everybody."""
    with pytest.raises(ServiceValidationError) as raised:
        await ask(
            hass, account, "get_report", report="activity_time", user_id="1", **WEEK
        )
    assert raised.value.translation_key == "not_offered"
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_report", report="trip_detail", start=NOW, end=NOW)
    assert raised.value.translation_key == "end_before_start"
    with pytest.raises(vol.Invalid):
        await ask(hass, account, "get_report", report="weather", **WEEK)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"view": "summary"}, "totalDistance"),
        ({"view": "users"}, "users"),
        ({"view": "heatmap", "metric": "points", **WEEK}, "cells"),
        ({"view": "fuel", "group_by": "day", **WEEK}, "series"),
        ({"view": "costs", "currency": "vnd"}, "months"),
        ({"view": "all"}, "fuelTracking"),
    ],
)
async def test_every_view_of_the_dashboard(
    hass: HomeAssistant,
    account: MockConfigEntry,
    fields: dict[str, Any],
    key: str,
) -> None:
    """In the vendor's own words."""
    view = await ask(hass, account, "get_dashboard", **fields)

    assert view[key]
    if fields["view"] == "users":
        assert len(view["users"]) == view["summary"]["total"]
    if "group_by" in fields:
        assert view["groupBy"] == "day"
    if "metric" in fields:
        assert view["metric"] == "points"


async def test_a_dashboard_needs_a_period_that_makes_sense(
    hass: HomeAssistant, account: MockConfigEntry
) -> None:
    """And a currency that could be one."""
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, account, "get_dashboard", view="fuel", start=NOW, end=NOW)
    assert raised.value.translation_key == "end_before_start"
    for moment in ("0001-01-01 00:00", "9999-12-31 23:59"):
        for key in ("start", "end"):
            with pytest.raises(ServiceValidationError) as raised:
                await ask(hass, account, "get_dashboard", view="fuel", **{key: moment})
            assert raised.value.translation_key == "no_period"
    with pytest.raises(vol.Invalid):
        await ask(hass, account, "get_dashboard", view="costs", currency="dong")
