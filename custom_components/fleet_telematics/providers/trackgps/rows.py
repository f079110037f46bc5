"""The rows of TrackGPS's payloads, in whichever shape they come."""

from collections.abc import Iterable, Iterator, Mapping

from .. import parse


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
    """Return which vehicle a row is about."""
    return parse.first(
        parse.identifier(item.get(key)) for key in ("vehicleid", "carrierid")
    )


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
