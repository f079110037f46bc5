"""The rows of TrackGPS's payloads, in whichever shape they come."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .. import parse

# No number of so many digits takes more than the 64 bits that JSON writers have.
_LONGEST_ID: Final = 18


def rows(
    payload: Iterable[object],
) -> Iterator[tuple[str | None, Mapping[str, object]]]:
    """Yield rows with their keys in lower case, each with what it is listed under.

    They come on their own, or as {results: {any key: [rows], another key: row}}.
    """
    for row in payload:
        item = parse.folded(row)
        if "results" not in item:
            yield None, item
            continue
        for key, group in parse.mapping(item["results"]).items():
            for one in group if isinstance(group, list) else [group]:
                yield key, parse.folded(one)


def vehicle_id(item: Mapping[str, object]) -> str | None:
    """Return which vehicle a row is about, by the vendor's number of it."""
    return parse.first(_number(item.get(key)) for key in ("vehicleid", "carrierid"))


def _number(value: object) -> str | None:
    """Return an id; for one that is no number the vendor declines a whole list."""
    found = parse.identifier(value)
    if found is None or not (found.isascii() and found.isdecimal()):
        return None
    return found if len(found) <= _LONGEST_ID else None


def engine(value: object) -> bool | None:
    """Read engineEvent: 1 is on, 0 and 2 are off."""
    return False if parse.integer(value) == 2 else parse.flag(value)


def driver(item: Mapping[str, object]) -> str | None:
    """Read drivers: a list of {firstName, lastName}, or a plain text."""
    value = parse.first((item.get("drivers"), item.get("driver")))
    people = value if isinstance(value, list) else [value]
    return parse.joined(*map(_person, people), separator=", ")


def _person(value: object) -> str | None:
    item = parse.folded(value)
    return parse.joined(item.get("firstname"), item.get("lastname")) or parse.text(
        item.get("name", value)
    )
