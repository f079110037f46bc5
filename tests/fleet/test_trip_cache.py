"""Trips of past days are read once for a while."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.fleet import Fleet
from custom_components.fleet_telematics.providers.capabilities import TripHistory
from custom_components.fleet_telematics.providers.errors import RateLimited
from custom_components.fleet_telematics.providers.models import Trip
from custom_components.fleet_telematics.trip_cache import TripCache

NOW = datetime(2026, 11, 20, 12, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Vendor(TripHistory):
    """A vendor whose vehicles drive for 50 minutes every 5 hours, also at midnight."""

    def __init__(self) -> None:
        """Work, and be asked nothing yet."""
        self.asked: list[tuple[tuple[str, ...], datetime, datetime]] = []
        self.failure: Exception | None = None

    @override
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return the trips that overlap a window."""
        self.asked.append((tuple(vehicle_ids), start, end))
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        found = []
        for number in range(500):
            begin = NOW - 100 * DAY + number * 5 * HOUR
            over = begin + timedelta(minutes=50)
            if begin < end and over > start and over <= dt_util.utcnow():
                found += [
                    Trip(id=f"{one}-{number}", vehicle_id=one, start=begin, end=over)
                    for one in vehicle_ids
                ]
        return tuple(found)


class Many(Vendor):
    """One that tells of three vehicles with a request."""

    vehicles_per_read = 3


@pytest.fixture(params=["UTC", "Europe/Amsterdam", "Asia/Kolkata"])
async def zone(request: pytest.FixtureRequest, hass: HomeAssistant) -> None:
    """Let Home Assistant be there: days begin at other hours."""
    await hass.config.async_set_time_zone(request.param)


@pytest.fixture
def cache_of(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> Callable[..., TripCache]:
    """Return what makes a cache in front of a vendor."""
    freezer.move_to(NOW)

    def make(vendor: Vendor, most_days: int = 1000) -> TripCache:
        entry = MockConfigEntry(domain=DOMAIN)
        entry.runtime_data = SimpleNamespace(provider=vendor, fleet=Fleet())
        return TripCache(hass, entry, most_days=most_days)

    return make


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("most_days", [5, 1000])
async def test_what_is_kept_is_what_the_vendor_tells(
    cache_of: Callable[..., TripCache], freezer: FrozenDateTimeFactory, most_days: int
) -> None:
    """Whatever was looked at before, and however little can be kept."""
    vendor = Vendor()
    cache = cache_of(vendor, most_days)
    random = Random(7)
    for _ in range(100):
        now = dt_util.utcnow()
        start = now - random.random() * 40 * DAY
        end = start + random.random() * 20 * DAY
        # What has ended within the last minutes may come a little later.
        told = await Vendor().trips(["1"], start, min(end, now))
        kept = await cache.async_trips("1", start, end)
        recent = now - timedelta(minutes=6)
        for trips in (told, kept):
            times = [one.start for one in trips]
            assert times == sorted(one for one in times if one is not None)
        assert {one.id for one in kept} <= {one.id for one in told}
        assert all(
            one.end is not None and one.end > recent for one in told if one not in kept
        )
        freezer.tick(random.random() * 600)
    assert len(vendor.asked) < 100 or most_days == 5


async def test_a_trip_over_midnight_is_one_of_both_days(
    hass: HomeAssistant, cache_of: Callable[..., TripCache]
) -> None:
    """And told once when both are looked at."""
    await hass.config.async_set_time_zone("UTC")
    cache = cache_of(Vendor())
    nights = [
        one
        for one in await cache.async_trips("1", NOW - 30 * DAY, NOW)
        if one.start is not None
        and one.end is not None
        and one.start.date() != one.end.date()
    ]
    assert nights
    for one in nights:
        assert one.end is not None
        midnight = one.end.replace(hour=0, minute=0)
        for start, end in (
            (midnight - DAY, midnight),
            (midnight, midnight + DAY),
            (midnight - DAY, midnight + DAY),
        ):
            found = await cache.async_trips("1", start, end)
            assert [other.id for other in found].count(one.id) == 1


async def test_only_what_is_missing_is_read(
    hass: HomeAssistant,
    cache_of: Callable[..., TripCache],
    freezer: FrozenDateTimeFactory,
) -> None:
    """From the first missing day to the last; days that may change, anew."""
    await hass.config.async_set_time_zone("UTC")
    vendor = Vendor()
    cache = cache_of(vendor)
    today = NOW.replace(hour=0, minute=0)

    await cache.async_trips("1", today - 20 * DAY, today - 10 * DAY)
    await cache.async_trips("1", today - 25 * DAY, today - 12 * DAY)
    await cache.async_trips("1", today - 20 * DAY, NOW + DAY)
    freezer.tick(timedelta(minutes=6))
    await cache.async_trips("1", today - 20 * DAY, NOW + DAY)
    await cache.async_trips("1", NOW + HOUR, NOW + DAY)

    assert [(start, end) for _, start, end in vendor.asked] == [
        (today - 20 * DAY, today - 10 * DAY),
        (today - 25 * DAY, today - 20 * DAY),
        (today - 10 * DAY, NOW),
        (today - 2 * DAY, NOW + timedelta(minutes=6)),
    ]


async def test_vehicles_that_are_looked_at_come_along(
    cache_of: Callable[..., TripCache],
) -> None:
    """As many as one request can tell of, until their calendars are gone."""
    vendor = Many()
    cache = cache_of(vendor)
    ends = [cache.follow(str(number)) for number in range(6)]
    ends[1]()

    for number in (0, 2, 3, 4, 5, 0):
        found = await cache.async_trips(str(number), NOW - 5 * DAY, NOW)
        assert {one.vehicle_id for one in found} == {str(number)}

    assert [vehicles for vehicles, _, _ in vendor.asked] == [
        ("0", "2", "3"),
        ("4", "5"),
    ]


async def test_what_was_looked_at_longest_ago_makes_room(
    cache_of: Callable[..., TripCache],
) -> None:
    """No more days are kept than may be, of all vehicles together."""
    vendor = Vendor()
    cache = cache_of(vendor, 3)

    async def look(vehicle_id: str, age: int) -> int:
        """Look at one past day; return how many requests that took."""
        asked = len(vendor.asked)
        noon = NOW - age * DAY
        await cache.async_trips(vehicle_id, noon, noon + timedelta(minutes=1))
        return len(vendor.asked) - asked

    assert [await look("1", age) for age in (10, 11, 12)] == [1, 1, 1]
    assert await look("1", 10) == 0
    assert await look("2", 10) == 1
    assert [await look("1", age) for age in (10, 12, 11)] == [0, 0, 1]


async def test_a_page_with_many_calendars_asks_for_each_vehicle_once(
    cache_of: Callable[..., TripCache],
) -> None:
    """All of them are looked at in the same moment."""
    vendor = Many()
    cache = cache_of(vendor)
    numbers = [str(number) for number in range(8)]
    for one in numbers:
        cache.follow(one)

    found = await asyncio.gather(
        *(cache.async_trips(one, NOW - 5 * DAY, NOW) for one in numbers)
    )

    assert all(found)
    assert [vehicles for vehicles, _, _ in vendor.asked] == [
        ("0", "1", "2"),
        ("3", "4", "5"),
        ("6", "7"),
    ]


async def test_a_failure_is_everybodys_who_waits_and_not_remembered(
    cache_of: Callable[..., TripCache],
) -> None:
    """Who asks next has another try."""
    vendor = Many()
    cache = cache_of(vendor)
    for one in ("1", "2"):
        cache.follow(one)
    vendor.failure = RateLimited("no", retry_after=30)

    found = await asyncio.gather(
        *(cache.async_trips(one, NOW - DAY, NOW) for one in ("1", "2", "1")),
        return_exceptions=True,
    )

    assert all(isinstance(one, RateLimited) for one in found)
    assert len(vendor.asked) == 1
    vendor.failure = None
    assert await cache.async_trips("1", NOW - DAY, NOW)
    assert len(vendor.asked) == 2


async def test_no_window_is_too_long(cache_of: Callable[..., TripCache]) -> None:
    """The first year of the calendar is ten years ago."""
    vendor = Vendor()
    cache = cache_of(vendor)

    first = datetime(1, 1, 2, tzinfo=UTC)
    assert len(await cache.async_trips("1", first, NOW)) > 400
    assert len(vendor.asked) == 1
    assert await cache.async_trips("1", first, first + DAY) == ()
