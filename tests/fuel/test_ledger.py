"""The ledger knows each real-world event once."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.fleet_telematics.fuel.ledger import (
    FuelLedger,
    async_get_ledger,
    async_remove_ledger,
    payload,
)
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    FuelEvent,
    FuelEventKind,
    FuelReport,
    FuelSource,
    Vehicle,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "fleet_telematics.entry.fuel"


def refill(hours: float = -1, **values: Any) -> FuelEvent:
    """Return a refill so many hours from NOW."""
    values = {"kind": FuelEventKind.REFUELLED, "volume": 40.0, **values}
    return FuelEvent(vehicle_id="1", time=NOW + timedelta(hours=hours), **values)


def report(*events: FuelEvent) -> FuelReport:
    """Return a vendor's answer with these events."""
    return FuelReport(events=events)


@pytest.fixture
async def ledger(hass: HomeAssistant) -> FuelLedger:
    """Return a ledger whose vehicle 1 was read before, without any event."""
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    ledger.record("1", report(), NOW - timedelta(hours=2))
    return ledger


def fire_all(ledger: FuelLedger) -> list[FuelEvent]:
    """Mark everything as fired and return it in its order."""
    pending = ledger.pending()
    for entry in pending:
        ledger.mark_fired(entry)
    return [entry.event for entry in pending]


async def test_history_is_recorded_silently(hass: HomeAssistant) -> None:
    """The first read of a vehicle fires nothing, and counts in the totals."""
    ledger = FuelLedger(hass, "entry")
    ledger.record("1", report(refill()), NOW)
    assert ledger.pending() == []
    assert ledger.accounts["1"].total(FuelEventKind.REFUELLED) == 40.0


async def test_what_happened_since_a_vehicle_was_met_is_news(
    hass: HomeAssistant,
) -> None:
    """Though it is in the vehicle's first read; what was before is history."""
    ledger = FuelLedger(hass, "entry")
    assert ledger.meet(["1", "2"], NOW - timedelta(hours=2))
    assert not ledger.meet(["1", "2"], NOW)
    await ledger.async_save()
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    assert not ledger.meet(["2", "1"], NOW)
    ledger.record("1", report(refill(-3), refill(-1)), NOW)
    assert fire_all(ledger) == [refill(-1)]
    assert not ledger.meet(["1"], NOW)
    # What comes to light later is judged as ever: by two days before that.
    ledger.record("1", report(refill(-20), refill(-60)), NOW)
    assert fire_all(ledger) == [refill(-20)]


@pytest.mark.parametrize(
    "met", [7, {"1": "soon"}, {"1": 7}, {"1": "2026-11-19T00:00:00"}, ["1"]]
)
async def test_a_damaged_note_of_when_vehicles_were_met_is_made_anew(
    hass: HomeAssistant, hass_storage: dict[str, Any], met: object
) -> None:
    """Then what is there counts as history."""
    hass_storage[KEY] = {
        "version": 1,
        "minor_version": 2,
        "key": KEY,
        "data": {"vehicles": {}, "met": met},
    }
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    assert ledger.meet(["1"], NOW)
    ledger.record("1", report(refill()), NOW)
    assert ledger.pending() == []


async def test_two_conclusions_within_a_minute_are_two_events(
    ledger: FuelLedger,
) -> None:
    """A detector corrects nothing: what it concludes anew has happened anew."""
    first, second = refill(-1), refill(-1 + 40 / 3600, volume=12.0)
    ledger.conclude("1", [first], {})
    assert fire_all(ledger) == [first]
    ledger.conclude("1", [second], {})
    assert fire_all(ledger) == [second]
    # The very same one is known.
    ledger.conclude("1", [second], {})
    assert fire_all(ledger) == []
    assert ledger.accounts["1"].total(FuelEventKind.REFUELLED) == 52.0


async def test_a_new_event_fires_once(ledger: FuelLedger) -> None:
    """However often the vendor lists it."""
    assert ledger.record("1", report(refill()), NOW)
    assert fire_all(ledger) == [refill()]
    assert not ledger.record("1", report(refill()), NOW)
    assert ledger.pending() == []


@pytest.mark.parametrize(
    "revised",
    [
        refill(volume=41.5),
        refill(-1 + 50 / 3600),
        refill(address="Another name of the place"),
    ],
)
async def test_a_revised_event_is_corrected_and_fires_nothing(
    ledger: FuelLedger, revised: FuelEvent
) -> None:
    """Amount, seconds and place may change; the event and its id stay."""
    ledger.record("1", report(refill()), NOW)
    (before,) = ledger.pending()
    fire_all(ledger)
    assert ledger.record("1", report(revised), NOW)
    assert ledger.pending() == []
    (after,) = ledger.accounts["1"].entries
    assert after.event == revised
    assert after.id == before.id


async def test_an_amount_that_is_no_longer_told_stays(ledger: FuelLedger) -> None:
    """A total that falls to nothing and rises again would count twice in statistics."""
    ledger.record("1", report(refill(address="Station")), NOW)
    fire_all(ledger)
    ledger.record("1", report(refill(volume=None)), NOW)
    (entry,) = ledger.accounts["1"].entries
    assert entry.event == refill()
    ledger.record("1", report(refill(volume=39.0)), NOW)
    assert ledger.accounts["1"].total(FuelEventKind.REFUELLED) == 39.0


async def test_an_event_of_the_time_to_come_is_not_believed_yet(
    ledger: FuelLedger,
) -> None:
    """It would be the last refill, or an alarm, for as long as its time is ahead."""
    soon, later = refill(5 / 60), refill(2)
    ledger.record("1", report(soon, later), NOW)
    assert fire_all(ledger) == [soon]
    assert ledger.accounts["1"].last(FuelEventKind.REFUELLED) == soon
    ledger.record("1", report(soon, later), NOW + timedelta(hours=2))
    assert fire_all(ledger) == [later]


async def test_a_row_that_is_listed_twice_is_one_event(ledger: FuelLedger) -> None:
    """Alike in everything, it neither fires twice nor counts double."""
    ledger.record("1", report(refill(), refill()), NOW)
    assert fire_all(ledger) == [refill()]
    assert ledger.accounts["1"].total(FuelEventKind.REFUELLED) == 40.0


async def test_the_order_of_rows_does_not_matter(ledger: FuelLedger) -> None:
    """Two refills a minute and a half apart stay two, in whatever order they come."""
    first, second = refill(-1), refill(-1 + 90 / 3600, volume=5.0)
    ledger.record("1", report(first, second), NOW)
    assert fire_all(ledger) == [first, second]
    assert not ledger.record("1", report(second, first), NOW)
    assert len(ledger.accounts["1"].entries) == 2


async def test_a_second_refill_close_to_a_known_one_is_new(ledger: FuelLedger) -> None:
    """The known one pairs with itself, so the other is left over."""
    first, second = refill(-1), refill(-1 + 90 / 3600, volume=5.0)
    ledger.record("1", report(first), NOW)
    fire_all(ledger)
    ledger.record("1", report(second, first), NOW)
    assert fire_all(ledger) == [second]


async def test_kinds_and_sources_are_events_of_their_own(ledger: FuelLedger) -> None:
    """A theft is no refill, and the second tank is not the first."""
    events = (
        refill(),
        refill(kind=FuelEventKind.THEFT_SUSPECTED),
        refill(source=FuelSource.SECONDARY),
    )
    ledger.record("1", report(*events), NOW)
    assert len(fire_all(ledger)) == 3
    assert len({entry.id for entry in ledger.accounts["1"].entries}) == 3


async def test_the_hour_that_occurs_twice_makes_no_second_event(
    ledger: FuelLedger,
) -> None:
    """A local time read in the other half of the repeated hour is the same event."""
    early, late = refill(-1), refill(0)
    ledger.record("1", report(replace(early, other_time=late.time)), NOW)
    fire_all(ledger)
    ledger.record("1", report(replace(late, other_time=early.time)), NOW)
    assert ledger.pending() == []


async def test_events_fire_oldest_first(ledger: FuelLedger) -> None:
    """Whatever vehicle they are of."""
    ledger.record("2", FuelReport(), NOW - timedelta(hours=2))
    ledger.record("1", report(refill(-0.5), refill(-1.5)), NOW)
    ledger.record("2", report(replace(refill(-1), vehicle_id="2")), NOW)
    times = [event.time for event in fire_all(ledger)]
    assert times == sorted(times)
    assert len(times) == 3


async def test_what_was_written_but_not_fired_fires_after_a_restart(
    hass: HomeAssistant, ledger: FuelLedger, hass_storage: dict[str, Any]
) -> None:
    """The power may fail between writing and firing."""
    ledger.record("1", report(refill()), NOW)
    await ledger.async_save()
    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert [entry.event for entry in again.pending()] == [refill()]


async def test_everything_survives_a_restart(
    hass: HomeAssistant, ledger: FuelLedger, hass_storage: dict[str, Any]
) -> None:
    """Events with all their values, ids, totals and how far was read."""
    event = refill(
        other_time=NOW,
        percent=50.0,
        level_before=10.0,
        level_after=60.0,
        address="Station",
        location=Coordinates(latitude=44.4, longitude=26.1),
        private=False,
        source=FuelSource.SECONDARY,
    )
    ledger.record("1", FuelReport(events=(event,), vehicle=Vehicle(id="1")), NOW)
    fire_all(ledger)
    await ledger.async_save()
    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert again.accounts == ledger.accounts
    assert again.accounts["1"].read_until == NOW
    assert again.pending() == []


async def test_a_private_event_is_stored_without_its_place(ledger: FuelLedger) -> None:
    """Where a private refill happened is nobody's business."""
    ledger.record(
        "1",
        report(
            refill(
                private=True,
                address="Station",
                location=Coordinates(latitude=1.0, longitude=2.0),
            )
        ),
        NOW,
    )
    (entry,) = ledger.pending()
    shown = payload(entry, late=False)
    assert shown["private"] is True
    assert shown["location"] is None
    assert shown["latitude"] is None


async def test_the_ledger_stays_small(ledger: FuelLedger) -> None:
    """Old events are summed up; the last of a kind and the totals remain."""
    for day in range(400):
        moment = NOW + timedelta(days=day)
        event = replace(refill(), time=moment)
        ledger.record("1", report(event), moment)
        fire_all(ledger)
    account = ledger.accounts["1"]
    assert len(account.entries) < 70
    assert account.total(FuelEventKind.REFUELLED) == pytest.approx(400 * 40.0)


async def test_the_memory_lasts_although_the_clock_ran_ahead(
    ledger: FuelLedger,
) -> None:
    """What is old by a wrong clock is remembered by the right one."""
    ledger.record("1", report(refill(-2), refill(-1)), NOW)
    fire_all(ledger)
    ledger.record("1", report(), NOW + timedelta(days=3000))
    ledger.record("1", report(refill(-2), refill(-1)), NOW)
    assert ledger.pending() == []
    assert ledger.accounts["1"].read_until == NOW


async def test_a_vehicle_that_was_met_by_a_clock_ahead_is_met_again(
    hass: HomeAssistant,
) -> None:
    """Or whatever happens until that time would be history, and no theft be told."""
    ahead = NOW + timedelta(days=400)
    ledger = FuelLedger(hass, "entry")
    ledger.meet(["1"], ahead)
    ledger.record("1", report(), ahead)
    ledger.record("1", report(refill(-1)), NOW)
    assert ledger.pending() == []

    later = NOW + timedelta(hours=2)
    ledger.record("1", report(refill(-1), refill(1)), later)
    assert [one.event for one in ledger.pending()] == [refill(1)]


async def test_what_is_concluded_after_a_clock_was_ahead_is_news(
    hass: HomeAssistant,
) -> None:
    """A detector has seen it happen: there is no history among its events."""
    ledger = FuelLedger(hass, "entry")
    ledger.record("1", report(), NOW + timedelta(days=400))
    ledger.record("1", report(refill(-1)), NOW, revised=False)
    assert [one.event for one in ledger.pending()] == [refill(-1)]


async def test_what_is_forgotten_is_history(ledger: FuelLedger) -> None:
    """Should it be read again, for the clock went back, it fires no second time."""
    for hours in (0, 24 * 31, 24 * 63):
        ledger.record("1", report(refill(hours)), NOW + timedelta(hours=hours))
        fire_all(ledger)
    assert len(ledger.accounts["1"].entries) == 2
    ledger.record("1", report(refill(0)), NOW)
    assert ledger.pending() == []


async def test_the_last_event_of_a_kind_is_kept_for_ever(ledger: FuelLedger) -> None:
    """The sensor of the last refill does not forget it after two months."""
    ledger.record("1", report(refill()), NOW)
    fire_all(ledger)
    ledger.record("1", report(), NOW + timedelta(days=300))
    last = ledger.accounts["1"].last(FuelEventKind.REFUELLED)
    assert last == refill()


async def test_a_first_read_is_worth_writing_even_when_it_tells_nothing(
    hass: HomeAssistant,
) -> None:
    """Were it forgotten, what happens next would be history to a second first read."""
    ledger = FuelLedger(hass, "entry")
    assert ledger.record("1", report(), NOW)
    assert not ledger.record("1", report(), NOW + timedelta(minutes=1))


async def test_what_is_told_late_of_days_before_the_first_read_is_history(
    ledger: FuelLedger,
) -> None:
    """A vendor whose first answer was empty by mistake causes no month of alarms."""
    ledger.record("1", report(refill(-24 * 20), refill(-24)), NOW)
    assert fire_all(ledger) == [refill(-24)]
    assert ledger.accounts["1"].total(FuelEventKind.REFUELLED) == 80.0


async def test_an_event_that_vanishes_and_returns_is_known(ledger: FuelLedger) -> None:
    """The ledger does not forget what the vendor does."""
    ledger.record("1", report(refill()), NOW)
    fire_all(ledger)
    ledger.record("1", report(), NOW)
    assert not ledger.record("1", report(refill()), NOW)
    assert ledger.pending() == []


async def test_two_events_of_the_same_minute_have_two_ids(ledger: FuelLedger) -> None:
    """In autumn's hour two real events may have one time; both fire, once."""
    early, late = refill(-1, volume=20.0), refill(-1, volume=60.0)
    ledger.record("1", report(early, late), NOW)
    first, second = ledger.pending()
    assert first.id != second.id
    ledger.mark_fired(first)
    assert ledger.pending() == [second]
    ledger.mark_fired(second)
    ledger.record("1", report(late, early), NOW)
    assert ledger.pending() == []
    kept = ledger.accounts["1"].entries
    assert {one.id: one.event.volume for one in kept} == {
        first.id: 20.0,
        second.id: 60.0,
    }


async def test_an_event_corrected_before_it_fires_fires_corrected(
    ledger: FuelLedger,
) -> None:
    """It keeps the id it was written down with."""
    ledger.record("1", report(refill()), NOW)
    (before,) = ledger.pending()
    ledger.record("1", report(refill(volume=42.0)), NOW)
    (after,) = ledger.pending()
    assert after.id == before.id
    assert after.event.volume == 42.0


STORED_1_1 = {
    "version": 1,
    "minor_version": 1,
    "key": KEY,
    "data": {
        "vehicles": {
            "1": {
                "read_until": "2026-11-20T12:00:00+00:00",
                "measured": True,
                "refuelled": 120.0,
                "stolen": 7.5,
                "entries": [
                    {
                        "id": "0011223344556677",
                        "fired": True,
                        "kind": "refuelled",
                        "time": "2026-11-19T11:00:00+00:00",
                        "source": "primary",
                        "origin": "vendor",
                        "volume": 40.0,
                        "address": "Station",
                        "location": {"latitude": 44.4, "longitude": 26.1},
                        "private": False,
                    },
                    {
                        "id": "8899aabbccddeeff",
                        "fired": False,
                        "kind": "fuel_theft_suspected",
                        "time": "2026-11-20T11:00:00+00:00",
                        "other_time": "2026-11-20T12:00:00+00:00",
                        "source": "secondary",
                        "origin": "derived",
                        "percent": 12.5,
                        "level_before": 50.0,
                        "level_after": 37.5,
                    },
                ],
            }
        }
    },
}


async def test_a_ledger_of_version_1_1_is_taken_over(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Everything it knew is known, and what it would not have told stays untold."""
    hass_storage[KEY] = STORED_1_1
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    page = ledger.accounts["1"]
    assert page.since == datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert page.read_until == NOW
    assert page.total(FuelEventKind.REFUELLED) == 160.0
    assert page.stolen == 7.5
    assert [one.id for one in ledger.pending()] == ["8899aabbccddeeff"]
    assert page.entries[0].event == FuelEvent(
        vehicle_id="1",
        kind=FuelEventKind.REFUELLED,
        time=datetime(2026, 11, 19, 11, tzinfo=UTC),
        volume=40.0,
        address="Station",
        location=Coordinates(latitude=44.4, longitude=26.1),
        private=False,
    )
    ledger.record("1", report(refill(-24 * 9)), NOW)
    assert len(ledger.pending()) == 1
    assert hass_storage[KEY]["minor_version"] == 2


async def test_a_ledger_of_a_newer_minor_version_is_read(
    hass: HomeAssistant, ledger: FuelLedger, hass_storage: dict[str, Any]
) -> None:
    """After a step back to this version nothing fires again."""
    ledger.record("1", report(refill()), NOW)
    fire_all(ledger)
    await ledger.async_save()
    hass_storage[KEY]["minor_version"] = 9
    hass_storage[KEY]["data"]["vehicles"]["1"]["entries"][0]["unheard_of"] = 1
    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert again.accounts == ledger.accounts


GOOD_PAGE: dict[str, Any] = {
    "since": "2026-11-18T10:00:00+00:00",
    "read_until": "2026-11-20T10:00:00+00:00",
    "measured": True,
    "refuelled": 0.0,
    "stolen": 0.0,
    "entries": [],
}


def with_event(**values: object) -> dict[str, Any]:
    """Return a page with an event of these values."""
    event = {
        "id": "0011223344556677",
        "fired": True,
        "kind": "refuelled",
        "time": "2026-11-19T11:00:00+00:00",
        "source": "primary",
        "origin": "vendor",
    }
    return {**GOOD_PAGE, "entries": [{**event, **values}]}


@pytest.mark.parametrize(
    "page",
    [
        None,
        [],
        "page",
        {},
        {"read_until": 5},
        {"since": "yesterday"},
        {**GOOD_PAGE, "since": "2026-11-18T10:00:00"},
        {**GOOD_PAGE, "read_until": "2026-11-20T10:00:00"},
        {**GOOD_PAGE, "refuelled": "much"},
        {**GOOD_PAGE, "entries": 7},
        with_event(kind="eaten"),
        with_event(time="2026-11-19T11:00:00"),
        with_event(volume="much"),
        with_event(location="here"),
    ],
)
async def test_a_page_that_makes_no_sense_costs_only_itself(
    hass: HomeAssistant,
    ledger: FuelLedger,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    page: object,
) -> None:
    """That vehicle is read as for the first time; the others are known."""
    await ledger.async_save()
    hass_storage[KEY]["data"]["vehicles"]["2"] = page
    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert set(again.accounts) == {"1"}
    assert "a page that cannot be read" in caplog.text


@pytest.mark.parametrize("page", [None, [], {}, {"read_until": 5}])
async def test_so_does_one_of_an_older_version(
    hass: HomeAssistant, hass_storage: dict[str, Any], page: object
) -> None:
    """It does not keep the others from being taken over."""
    stored = deepcopy(STORED_1_1)
    stored["data"]["vehicles"]["2"] = page  # type: ignore[index]
    hass_storage[KEY] = stored
    ledger = FuelLedger(hass, "entry")
    await ledger.async_load()
    assert set(ledger.accounts) == {"1"}


@pytest.mark.parametrize(
    ("part", "damage"),
    [("detectors", [1]), ("detectors", 7), ("clock", 7), ("clock", [])],
)
async def test_another_part_that_makes_no_sense_costs_only_itself(
    hass: HomeAssistant,
    ledger: FuelLedger,
    hass_storage: dict[str, Any],
    part: str,
    damage: object,
) -> None:
    """Detectors learn anew, and the clock is noted again."""
    await ledger.async_save()
    hass_storage[KEY]["data"][part] = damage
    again = FuelLedger(hass, "entry")
    await again.async_load()
    assert again.accounts == ledger.accounts
    assert again.detectors == {}
    await again.async_keep_clock("Europe/Bucharest")
    assert again.accounts == ledger.accounts
    assert again.clock == "Europe/Bucharest"


async def test_an_account_has_one_ledger_over_reloads_and_none_when_removed(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A second one would overwrite what the first wrote, or be overwritten."""
    ledger = await async_get_ledger(hass, "entry")
    assert await async_get_ledger(hass, "entry") is ledger
    assert await async_get_ledger(hass, "other") is not ledger
    ledger.record("1", report(refill()), NOW)
    await ledger.async_save()
    await async_remove_ledger(hass, "entry")
    assert KEY not in hass_storage
    assert (await async_get_ledger(hass, "entry")).accounts == {}
