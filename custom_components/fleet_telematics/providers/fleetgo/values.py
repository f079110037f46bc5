"""Single values as FleetGO writes them, for every kind of row."""

from collections.abc import Mapping
from typing import Final

from .. import parse

_LOWEST: Final = -500.0
_HIGHEST: Final = 9000.0
# Kilometres that no road vehicle drives: what is beyond is a fault.
FARTHEST: Final = 10_000_000.0
FASTEST: Final = 400.0


def vehicle_id(value: object) -> str | None:
    """Return a vehicle's number; -1 and words are placeholders."""
    found = parse.identifier(value)
    return found if found is not None and found.isdecimal() else None


def distance(value: object) -> float | None:
    """Return kilometres of a counter; a vehicle without one tells 0."""
    return parse.number(value, low=0, high=FARTHEST) or None


def litres(value: object) -> float | None:
    """Return litres burnt; a vehicle that does not measure tells 0."""
    return parse.number(value, low=0) or None


def speed(value: object) -> float | None:
    """Return kilometres per hour."""
    return parse.number(value, low=0, high=FASTEST)


def heading(value: object) -> float | None:
    """Return degrees."""
    return parse.number(value, low=0, high=360)


def altitude(row: Mapping[str, object]) -> float | None:
    """Return the metres of a row with folded keys."""
    return parse.number(row.get("altitude"), low=_LOWEST, high=_HIGHEST)


def address(value: object) -> str | None:
    """Return street, postal code and city; a text is taken as it is."""
    found = parse.folded(value)
    city = parse.joined(found.get("postalcode"), found.get("city"))
    return parse.text(value) or parse.joined(found.get("address"), city, separator=", ")
