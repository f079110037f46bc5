"""Ocean's day sheets, read into trips. Nothing here raises on vendor data.

A row is a trip, from ignition on to ignition off; rows of type A are the pauses in
between. A trip over midnight is a row of either day: the one ends under way, the
other begins so, and together they are one trip again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
import re
from typing import Final

from .. import parse
from ..models import Place, Trip
from . import mapping

_FARTHEST: Final = 10_000_000.0
_LONGEST: Final = 7 * 24 * 60 * 60 * 1000.0
# Two parts of a trip meet at midnight, or at the reports next to it.
_MEETING: Final = timedelta(minutes=10)
# After so long without a report nobody waits for the end of a trip any more.
_OVER: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NO_LETTER: Final = re.compile(r"[^a-z]+")
# Sheets tell states as "start D", "waiting T", "traveling R", "stop A", or as one half.
_LETTERS: Final = {"d": "start", "t": "waiting", "r": "traveling", "a": "stop"}
_UNDER_WAY: Final = ("travel", "wait", "engineup")
_PAUSE: Final = "a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A trip, or a part of one: whether it begins, and ends, under way."""

    trip: Trip
    begins_under_way: bool = False
    ends_under_way: bool = False


def legs(rows: Iterable[object], vehicle_id: str) -> list[Leg]:
    """Read the rows of a day sheet; pauses and rows without a time are left out."""
    found = (_leg(row, vehicle_id) for row in rows)
    return [one for one in found if one is not None]


def finished(parts: Iterable[Leg], now: datetime) -> list[Leg]:
    """Return the trips that are over, each in one piece, oldest first."""
    whole: list[Leg] = []
    seen: set[tuple[str, datetime]] = set()
    for part in sorted(parts, key=_begins):
        key = (part.trip.id, _begins(part))
        if key in seen:
            continue
        seen.add(key)
        if whole and _belong_together(whole[-1], part):
            whole[-1] = _joined(whole[-1], part)
        else:
            whole.append(part)
    return [one for one in whole if _is_over(one, now)]


def overlaps(trip: Trip, start: datetime, end: datetime) -> bool:
    """Whether a trip lies in a window, if only in part."""
    began = trip.start or trip.end
    ended = trip.end or trip.start
    return (
        began is not None
        and ended is not None
        and began < end
        and (ended > start or began >= start)
    )


def hidden(trip: Trip) -> Trip:
    """Return a trip as a private one, without its places."""
    return replace(trip, origin=Place(), destination=Place(), private=True)


def _leg(value: object, vehicle_id: str) -> Leg | None:
    row = parse.mapping(value)
    first, last = (parse.mapping(row.get(key)) for key in ("posDeb", "posFin"))
    began, ended = _state(first), _state(last)
    distance = parse.number(row.get("distanceMeter"), low=0, high=_FARTHEST)
    if _is_pause(row, began, distance):
        return None
    milliseconds = parse.number(row.get("dureeMs"), low=0, high=_LONGEST)
    duration = (
        None if milliseconds is None else timedelta(milliseconds=round(milliseconds))
    )
    start, end = mapping.reported(first), mapping.reported(last)
    if start is not None and end is not None and end < start:
        end = None
    if duration is not None:
        start = start or (None if end is None else end - duration)
        end = end or (None if start is None else start + duration)
    elif start is not None and end is not None:
        duration = end - start
    time = start or end
    if time is None:
        return None
    private = any(word.startswith("privacy") for word in (began, ended))
    return Leg(
        trip=Trip(
            id=parse.identifier(row.get("id")) or f"{time:%Y%m%dT%H%M%SZ}",
            vehicle_id=vehicle_id,
            start=start,
            end=end,
            duration=duration,
            distance=None if distance is None else distance / 1000,
            driver=parse.first(_driver(one) for one in (first, last)),
            origin=Place() if private else _place(first),
            destination=Place() if private else _place(last),
            private=private,
        ),
        begins_under_way=began.startswith(_UNDER_WAY),
        ends_under_way=end is None or ended.startswith(_UNDER_WAY),
    )


def _is_pause(row: Mapping[str, object], began: str, distance: float | None) -> bool:
    kind = parse.text(row.get("type"))
    if kind is not None and kind.lower().startswith(_PAUSE):
        return True
    return began.startswith("stop") and not distance


def _state(position: Mapping[str, object]) -> str:
    """Return the first word of a state, in small letters."""
    word = _NO_LETTER.sub("", (parse.text(position.get("etat")) or "").lower())
    return _LETTERS.get(word, word)


def _place(position: Mapping[str, object]) -> Place:
    return Place(
        location=mapping.coordinates(position),
        address=mapping.written_address(position.get("fullAddress")),
    )


def _driver(position: Mapping[str, object]) -> str | None:
    person = parse.mapping(position.get("driver"))
    return parse.joined(person.get("prenom"), person.get("nom"))


def _begins(leg: Leg) -> datetime:
    # A leg has one of both.
    return leg.trip.start or leg.trip.end or _NEVER


def _belong_together(one: Leg, other: Leg) -> bool:
    """Whether one leg goes on as the other."""
    if not (one.ends_under_way or other.begins_under_way):
        return False
    end = one.trip.end or one.trip.start
    return end is not None and abs(_begins(other) - end) <= _MEETING


def _joined(one: Leg, other: Leg) -> Leg:
    first, last = one.trip, other.trip
    duration = (
        last.end - first.start
        if first.start is not None and last.end is not None
        else None
    )
    private = first.private or last.private
    return Leg(
        trip=replace(
            first,
            end=last.end,
            duration=duration,
            distance=None
            if first.distance is None or last.distance is None
            else first.distance + last.distance,
            driver=first.driver or last.driver,
            origin=Place() if private else first.origin,
            destination=Place() if private else last.destination,
            private=private,
        ),
        begins_under_way=one.begins_under_way,
        ends_under_way=other.ends_under_way,
    )


def _is_over(leg: Leg, now: datetime) -> bool:
    """Whether a trip has ended; one whose end nobody told, after a day."""
    if leg.trip.end is None:
        return _begins(leg) + _DAY < now
    return not leg.ends_under_way or leg.trip.end + _OVER < now
