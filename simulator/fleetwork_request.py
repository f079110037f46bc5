"""How Fleetwork reads requests, and how it refuses them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
import json
from typing import Final

from aiohttp import web

from .fleetwork_rows import Ids, Point
from .server import Refused

_LARGEST_ID: Final = 200


def refusal(status: int, error: str, message: str) -> Refused:
    """Return a refusal with the vendor's usual body."""
    return Refused(
        web.json_response(
            {"error": error, "message": message, "code": status}, status=status
        )
    )


def bad_request(message: str) -> Refused:
    """Return the refusal of a request that makes no sense."""
    return refusal(400, "BAD_REQUEST", message)


def not_found(message: str) -> Refused:
    """Return the refusal of what does not exist."""
    return refusal(404, "NOT_FOUND", message)


class Given:
    """A request's parameters, whatever the case of their names."""

    def __init__(self, values: Mapping[str, object]) -> None:
        """Hold parameters; a value that is null is none."""
        self._values = {
            key.lower(): _text(value)
            for key, value in values.items()
            if value is not None
        }

    def __contains__(self, name: str) -> bool:
        """Say whether a parameter has a value."""
        return bool(self._values.get(name.lower()))

    def optional[T](self, name: str, read: Callable[[str], T], default: T) -> T:
        """Return a parameter, or the default where it is not given."""
        return self._read(name, read) if name in self else default

    def required[T](self, name: str, read: Callable[[str], T]) -> T:
        """Return a parameter that has to be there."""
        if name not in self:
            raise bad_request(f"{name} is required")
        return self._read(name, read)

    def _read[T](self, name: str, read: Callable[[str], T]) -> T:
        try:
            return read(self._values[name.lower()])
        except ValueError:
            raise bad_request(f"{name} is invalid") from None

    def text(self, name: str) -> str | None:
        """Return a parameter as it is."""
        return self._values.get(name.lower()) or None

    def page(self, name: str = "page") -> int:
        """Return which page is wanted, the first being 1."""
        return self._count(name, 1, None)

    def page_size(
        self, name: str = "pageSize", *, default: int, most: int | None
    ) -> int:
        """Return how many rows are wanted on a page."""
        return self._count(name, default, most)

    def _count(self, name: str, default: int, most: int | None) -> int:
        count = self.optional(name, int, default)
        if count < 1 or (most is not None and count > most):
            raise bad_request(f"{name} must be between 1 and {most or 'any number'}")
        return count

    def one_of(self, name: str, *choices: str) -> str:
        """Return one of several words; the first is the default."""
        value = self.optional(name, str, choices[0])
        if value.lower() not in {choice.lower() for choice in choices}:
            raise bad_request(f"{name} must be one of {', '.join(choices)}")
        return next(choice for choice in choices if choice.lower() == value.lower())

    def status(self, *codes: int) -> int | None:
        """Return the status that is wanted."""
        found = self.optional("Status", int, -1)
        if found != -1 and found not in codes:
            raise bad_request("Status is invalid")
        return None if found == -1 else found

    def ids(self) -> Ids:
        """Return the ids that are wanted."""
        return Ids(
            user=self.text("userId"),
            vehicle=self.text("vehicleId"),
            device=self.text("deviceId"),
        )


async def given(request: web.Request) -> Given:
    """Return the parameters of a GET's query or of a POST's JSON object."""
    if request.method == "GET":
        return Given(request.query)
    found = await json_of(request)
    if not isinstance(found, dict):
        raise bad_request("A JSON object is expected")
    return Given({**request.query, **found})


async def json_of(request: web.Request) -> object:
    """Return a request's JSON."""
    try:
        found: object = json.loads(await request.read() or b"{}")
    except ValueError:
        raise bad_request("JSON is expected") from None
    return found


def moment(value: str) -> datetime:
    """Read a Unix timestamp in milliseconds."""
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except OverflowError, OSError:
        raise ValueError(value) from None


def flag(value: str) -> bool:
    """Read a boolean."""
    words = {"true": True, "false": False}
    if (found := words.get(value.lower())) is None:
        raise ValueError(value)
    return found


def sent_point(value: object, now: datetime) -> Point:
    """Read a point that a device sends; without a time it is of now.

    The times in it are the vendor's, as `now` is.
    """
    if not isinstance(value, dict):
        raise bad_request("A waypoint is an object")
    ids = Ids(
        user=_id(value, "userId"),
        vehicle=_id(value, "vehicleId"),
        device=_id(value, "deviceId"),
    )
    if not ids.first:
        raise bad_request("One of vehicleId, userId, deviceId is required")
    metadata = value.get("metaData")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request("metaData must be an object")
    data = value.get("data")
    if data is not None and not isinstance(data, str):
        raise bad_request("data must be a string")
    time = _number(value, "time", 0, 10**14)
    try:
        sent_at = now if time is None else moment(str(int(time)))
    except ValueError:
        raise bad_request("time is invalid") from None
    return Point(
        ids=ids,
        time=sent_at,
        latitude=_needed(value, "lat", -90, 90),
        longitude=_needed(value, "lng", -180, 180),
        speed=_number(value, "speed", 0, 1000) or 0.0,
        heading=round(_number(value, "heading", 0, 360) or 0),
        data=data,
        metadata=metadata,
    )


def _id(value: Mapping[str, object], name: str) -> str | None:
    found = value.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > _LARGEST_ID:
        raise bad_request(f"{name} must be a string")
    return found or None


def _number(
    value: Mapping[str, object], name: str, least: float, most: float
) -> float | None:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise bad_request(f"{name} must be a number")
    if not least <= found <= most:
        raise bad_request(f"{name} must be between {least} and {most}")
    return found


def _needed(value: Mapping[str, object], name: str, least: float, most: float) -> float:
    found = _number(value, name, least, most)
    if found is None:
        raise bad_request(f"{name} is required")
    return found


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
