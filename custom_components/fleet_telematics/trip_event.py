"""Trips as events of a calendar, worded like a person would."""

from collections.abc import Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
import re
from typing import Final, Self

from homeassistant.components.calendar import CalendarEvent
from homeassistant.const import UnitOfLength, UnitOfVolume
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import UnitSystem

from .providers.models import Place, Trip, TripKind

# The shortest that an event may last.
_MOMENT: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_ARROW: Final = " → "
_UNKNOWN: Final = "?"
# "1012 LG Amsterdam", "75001 Paris", "D-10115 Berlin": what comes after is a town.
_TOWN: Final = re.compile(
    r"(?:[A-Z]{1,3}-)?\d{4,6}(?:\s?[A-Z]{2}(?=\s))?\s+(?P<town>[^\d\s][^\d]*)"
)
_KINDS: Final = {
    TripKind.BUSINESS: "trip_business",
    TripKind.COMMUTE: "trip_commute",
    TripKind.PRIVATE: "trip_private",
}


def event_of(
    trip: Trip, texts: Mapping[str, str], units: UnitSystem
) -> CalendarEvent | None:
    """Return a trip as an event; None where it is not known when it was.

    `texts` are the integration's own. The trip's private places are hidden already.
    """
    times = _times(trip)
    if times is None:
        return None
    return CalendarEvent(
        uid=trip.id,
        start=times[0],
        end=times[1],
        summary=_title(trip, texts, units),
        description="\n".join(_description(trip, texts, units)) or None,
        location=trip.destination.address,
    )


def _times(trip: Trip) -> tuple[datetime, datetime] | None:
    """Return start and end in Home Assistant's time zone."""
    start, end = trip.start, trip.end
    if trip.duration is not None:
        start = start or (None if end is None else end - trip.duration)
        end = end or (None if start is None else start + trip.duration)
    if start is None or end is None or end < start:
        return None
    # Calendars compare by the clock on the wall, which is set back in autumn.
    local = dt_util.as_local(start)
    return local, max(dt_util.as_local(end), local + _MOMENT)


def _title(trip: Trip, texts: Mapping[str, str], units: UnitSystem) -> str:
    place = (
        texts["trip_private"]
        if trip.private
        else between(trip.origin, trip.destination)
    )
    distance = None
    if trip.distance is not None:
        shown = units.length(trip.distance, UnitOfLength.KILOMETERS)
        distance = f"{shown:.1f} {units.length_unit}"
    return ", ".join(filter(None, (place, distance))) or texts["trip"]


def _description(
    trip: Trip, texts: Mapping[str, str], units: UnitSystem
) -> Iterator[str]:
    """Yield what is known of a trip beside its title, line by line."""
    if trip.origin.address is not None:
        yield _filled(texts["trip_from"], trip.origin.address)
    if trip.destination.address is not None:
        yield _filled(texts["trip_to"], trip.destination.address)
    duration = trip.duration
    if duration is None and trip.start is not None and trip.end is not None:
        duration = trip.end - trip.start
    if duration is not None:
        hours, minutes = divmod(round(duration / _MINUTE), 60)
        yield _filled(texts["trip_duration"], f"{hours}:{minutes:02d} h")
    if trip.fuel_used is not None:
        shown = units.volume(trip.fuel_used, UnitOfVolume.LITERS)
        yield _filled(texts["trip_fuel"], f"{shown:.1f} {units.volume_unit}")
    if trip.driver is not None:
        yield _filled(texts["trip_driver"], trip.driver)
    if trip.kind is not None and not trip.private:
        yield texts[_KINDS[trip.kind]]
    if trip.purpose is not None:
        yield _filled(texts["trip_purpose"], trip.purpose)


def _filled(text: str, value: str) -> str:
    return text.replace("{value}", value)


def between(origin: Place, destination: Place) -> str | None:
    """Return from where to where in short; None where neither is known.

    What both addresses say, such as the country, tells nothing. What is left is the
    towns, or within one town the streets.
    """
    ends = _Address.of(origin), _Address.of(destination)
    common = ends[0].words & ends[1].words
    first, last = (end.short(common) for end in ends)
    if first == last:
        return first
    return _ARROW.join(_UNKNOWN if name is None else name for name in (first, last))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """The parts of an address; the town is known by its postal code.

    Addresses are the vendors' texts: the street comes first as a rule, some have
    the town or the country at either end.
    """

    parts: tuple[str, ...]
    town: str | None

    @classmethod
    def of(cls, place: Place) -> Self:
        """Take a place's address apart, without postal codes."""
        parts: list[str] = []
        town = None
        for one in (place.address or "").split(","):
            if not (part := one.strip()):
                continue
            if (found := _TOWN.fullmatch(part)) is not None:
                part = town = found["town"].strip()
            parts.append(part)
        return cls(parts=tuple(parts), town=town)

    @property
    def words(self) -> frozenset[str]:
        """The parts as they can be compared."""
        return frozenset(map(str.casefold, self.parts))

    def short(self, common: AbstractSet[str]) -> str | None:
        """Return the part that says most beside the ones in common."""
        if self.town is not None and self.town.casefold() not in common:
            return self.town
        own = [part for part in self.parts if part.casefold() not in common]
        # Of "street, town" the town; with that in common the street is left.
        return (own[-1:] or self.parts[:1] or (None,))[0]
