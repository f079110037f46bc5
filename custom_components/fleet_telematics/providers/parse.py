"""Tolerant readers: every function takes anything and returns a value or None.

Vendors send strings for numbers, sentinels for "none" and leave keys out. Here,
and nowhere else, such a value becomes None; nothing in this module raises on
vendor data.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
import math
import re

from .models import Position

# Vendors write "none" as 0001-01-01, 1970-01-01 or 2001-01-01T00:00:00Z.
_NO_TIME_BEFORE = datetime(2001, 1, 2, tzinfo=UTC)
# Epochs above this are milliseconds: as seconds they are past the year 5000.
_FIRST_MILLISECONDS = 1e11
_LONG_FRACTION = re.compile(r"([.,]\d{6})\d+")
_OTHER_FORMATS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S %z",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
)
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
# Latitude of Ocean's "no fix" (field notes: 85 or 0).
NO_FIX_LATITUDE = 85.0


def mapping(value: object) -> Mapping[str, object]:
    """Return value where it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def folded(value: object) -> Mapping[str, object]:
    """Return a JSON object with its keys in lower case, else an empty one."""
    return {str(key).lower(): item for key, item in mapping(value).items()}


def items(value: object) -> list[object]:
    """Return value where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def records(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a JSON array; anything else in it is left out."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def text(value: object) -> str | None:
    """Return a stripped text; numbers become their text; blank is None."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value).strip() or None


def joined(*values: object, separator: str = " ") -> str | None:
    """Return the texts among the values, joined; None where there is none."""
    return separator.join(found for value in values if (found := text(value))) or None


def identifier(value: object) -> str | None:
    """Return an id as text, the same for 12, 12.0 and "12"; 0 and blank are None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = text(value)
    return None if found in (None, "0") else found


def number(
    value: object, *, low: float | None = None, high: float | None = None
) -> float | None:
    """Return a finite number inside [low, high], read from a number or a text.

    A text may have a decimal comma. A number outside the bounds is a sentinel
    or a fault, so it is None and not clamped.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(
            value.strip().replace(",", ".") if isinstance(value, str) else value
        )
    except ValueError, OverflowError:
        return None
    if not math.isfinite(found):
        return None
    if (low is not None and found < low) or (high is not None and found > high):
        return None
    return found


def integer(
    value: object, *, low: float | None = None, high: float | None = None
) -> int | None:
    """Return a whole number inside [low, high]; a fraction is rounded."""
    found = number(value, low=low, high=high)
    return None if found is None else round(found)


def flag(value: object) -> bool | None:
    """Return a truth value, read from a boolean, 0/1 or a text like "true"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def coordinates(latitude: object, longitude: object) -> Position | None:
    """Return a position, or None for 0/0, a sentinel, or what is not on Earth."""
    north = number(latitude, low=-90, high=90)
    east = number(longitude, low=-180, high=180)
    if north is None or east is None or (north == 0 and east == 0):
        return None
    return Position(latitude=north, longitude=east)


def moment(value: object, *, zone: tzinfo = UTC) -> datetime | None:
    """Return an aware UTC time from ISO text, epoch seconds or milliseconds.

    A text without an offset is read in `zone`. ISO with any length of fraction,
    `dd.MM.yyyy HH:mm[:ss]` and `dd/MM/yyyy HH:mm[:ss][ +zzzz]` are understood.
    Placeholders such as 0001-01-01 are None.
    """
    found: datetime | None = None
    if isinstance(value, str):
        found = _moment_from_text(value.strip())
        # A text of digits is an epoch that was put in quotes.
        if found is None and value.strip().isdecimal():
            value = number(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _moment_from_epoch(value)
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        return None
    return found if found >= _NO_TIME_BEFORE else None


def _moment_from_text(value: str) -> datetime | None:
    # fromisoformat also takes 20240115 and the like: those are epochs or noise.
    if not value.isdecimal():
        try:
            return datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", value))
        except ValueError:
            pass
    for layout in _OTHER_FORMATS:
        try:
            return datetime.strptime(value, layout)
        except ValueError:
            continue
    return None


def _moment_from_epoch(value: float) -> datetime | None:
    seconds = value / 1000 if abs(value) >= _FIRST_MILLISECONDS else value
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError, ValueError:
        return None


def first[T](values: Iterable[T | None]) -> T | None:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)
