"""Tolerant readers: every function takes anything and returns a value or None.

Vendors send strings for numbers, sentinels for "none" and leave keys out. Here,
and nowhere else, such a value becomes None; nothing in this module raises on
vendor data.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
import re
import sys

from .models import Coordinates

# Vendors write "none" as 0001-01-01, 1970-01-01, 2001-01-01T00:00:00Z or 9999-12-31.
_NO_TIME_BEFORE = datetime(2001, 1, 2, tzinfo=UTC)
_NO_TIME_FROM = datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Epochs above this are milliseconds: as seconds they are past the year 5000.
_FIRST_MILLISECONDS = 1e11
# dd.MM.yyyy or dd/MM/yyyy, then perhaps HH:mm[:ss], then perhaps Z or +0100.
_DAY_FIRST = re.compile(
    r"(\d\d?)([./])(\d\d?)\2(\d{4})"
    r"(?: (\d\d?)(:\d\d(?::\d\d)?)(?: ?(Z|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
# Control characters and halves of surrogate pairs; databases and JSON refuse them.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LARGEST = sys.float_info.max
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def mapping(value: object) -> Mapping[str, object]:
    """Return value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def folded(value: object) -> Mapping[str, object]:
    """Return a JSON object with its keys in lower case, else an empty one."""
    if not isinstance(value, dict):
        return {}
    return {key.lower(): item for key, item in value.items()}


def items(value: object) -> list[object]:
    """Return value where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def records(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a JSON array; anything else in it is left out."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def text(value: object) -> str | None:
    """Return a stripped text of one line; numbers become their text; blank is None."""
    if isinstance(value, str):
        if not value.isprintable():
            value = _NO_TEXT.sub(" ", value)
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return str(value) if abs(value) <= _LARGEST else None


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
    value: object, *, low: float = -_LARGEST, high: float = _LARGEST
) -> float | None:
    """Return a finite number inside [low, high], read from a number or a text.

    A text may have a decimal comma. A number outside the bounds is a sentinel
    or a fault, so it is None and not clamped.
    """
    if isinstance(value, str):
        # Python would read 1_000 as a thousand.
        if "_" in value:
            return None
        value = value.replace(",", ".")
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except ValueError, OverflowError:
        return None
    return found if low <= found <= high else None


def integer(
    value: object, *, low: float = -_LARGEST, high: float = _LARGEST
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


def coordinates(
    latitude: object, longitude: object, *, no_fix_latitudes: Collection[float] = ()
) -> Coordinates | None:
    """Return a position, or None for 0/0 or what is not on Earth.

    `no_fix_latitudes` are those by which a vendor says that there is none.
    """
    north = number(latitude, low=-90, high=90)
    east = number(longitude, low=-180, high=180)
    if north is None or east is None or (north == 0 and east == 0):
        return None
    if north in no_fix_latitudes:
        return None
    return Coordinates(latitude=north, longitude=east)


def moment(value: object, *, zone: tzinfo = UTC) -> datetime | None:
    """Return an aware UTC time from ISO text, epoch seconds or milliseconds.

    A text without an offset is read in `zone`. ISO with any length of fraction,
    `dd.MM.yyyy [HH:mm[:ss][ +zzzz]]` and the same with slashes are understood.
    Placeholders such as 0001-01-01 or 9999-12-31 are None.
    """
    found: datetime | None = None
    if isinstance(value, str):
        found = _moment_from_text(value.strip())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _moment_from_epoch(value)
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        return None
    return found if _NO_TIME_BEFORE <= found < _NO_TIME_FROM else None


def _moment_from_text(value: str) -> datetime | None:
    # fromisoformat would take 20240115 and the like: those are epochs or noise.
    if value.isdecimal():
        return _moment_from_epoch(float(value))
    try:
        if match := _DAY_FIRST.fullmatch(value):
            day, _, month, year, hour, clock, offset = match.groups(default="")
            value = f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}{clock or ':00'}{offset}"
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _moment_from_epoch(value: float) -> datetime | None:
    try:
        seconds = value / 1000 if abs(value) >= _FIRST_MILLISECONDS else value
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError, ValueError:
        return None


def http_date(value: object) -> datetime | None:
    """Return the aware time of an HTTP header such as Date (RFC 9110)."""
    if not isinstance(value, str):
        return None
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def first[T](values: Iterable[T | None]) -> T | None:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)
