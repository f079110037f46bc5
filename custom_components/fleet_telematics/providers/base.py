"""What the integration may ask of a vendor."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
import json
from typing import ClassVar

import aiohttp

from .errors import Unsupported
from .models import Batch, FleetFigures, FuelReport, Vehicle
from .transport import RequestQueue


class Feed(StrEnum):
    """A stream of data with an interval of its own."""

    POSITIONS = "positions"
    DETAILS = "details"
    TRIPS = "trips"
    FUEL = "fuel"
    FIGURES = "figures"


class FieldKind(StrEnum):
    """How a field of a form is entered and checked."""

    TEXT = "text"
    PASSWORD = "password"
    URL = "url"
    INTEGER = "integer"
    TIME_ZONE = "time_zone"
    CHOICE = "choice"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a provider's form, for the account or for its options.

    `identity` fields tell accounts apart, `credential` fields are asked again
    when the vendor refuses them. `instead_of` are fields whose place this one may
    take: when one of them changes, what is stored of this one is not used any more.
    `low` and `high` bound an integer.
    """

    key: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    default: str | int | bool | None = None
    identity: bool = False
    credential: bool = False
    instead_of: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """What is known of a provider before anybody logs in.

    `urls` are its known bases, the default first. `request_interval` is the
    vendor's own limit, in seconds between two requests of an account; 0 is
    none. `minimum_interval` bounds the poll of positions. `estimated` are the keys
    of values that the vendor reckons where others measure. `tank_from_user` is
    whether users tell the tanks of vehicles without a fuel level, too.
    """

    key: str
    name: str
    fields: tuple[Field, ...]
    urls: tuple[str, ...] = ()
    options: tuple[Field, ...] = ()
    default_interval: timedelta = timedelta(seconds=60)
    minimum_interval: timedelta = timedelta(seconds=30)
    request_interval: float = 0.0
    estimated: frozenset[str] = frozenset()
    tank_from_user: bool = False

    def shortest_interval(self, options: Mapping[str, object]) -> float:
        """Return the least seconds between two polls that the options allow.

        Where the vendor limits requests, the account's own limit decides.
        """
        if not self.request_interval:
            return self.minimum_interval.total_seconds()
        agreed = options.get("request_interval")
        return (
            float(agreed) if isinstance(agreed, (int, float)) else self.request_interval
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the credentials belong to: a stable id, and a title for people.

    `comparable` is False where the vendor does not tell and the id follows from
    the credentials themselves: new credentials then may well be the same account.
    """

    id: str
    title: str
    comparable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a provider is built from.

    `data` holds the account's fields (with `url`, the base without a trailing
    slash), `options` the user's options. `queue` is shared by everything that
    talks for the same account. `loads` reads JSON, `language` is the user's.
    `store` keeps changed account fields over restarts, such as a token that the
    vendor replaced.
    """

    session: aiohttp.ClientSession
    queue: RequestQueue
    data: Mapping[str, object]
    options: Mapping[str, object] = field(default_factory=dict)
    loads: Callable[[bytes], object] = json.loads
    language: str = "en"
    store: Callable[[Mapping[str, object]], None] = lambda changes: None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """How often to read a feed, and for how many vehicles a time.

    `vehicles_per_step` None is all of them at once; otherwise the vehicles take
    turns, so that a read of a large fleet never holds up the account's queue.
    """

    interval: timedelta
    vehicles_per_step: int | None = None


class Provider(ABC):
    """A vendor's service for one account.

    Every method may raise any ProviderError. What a vendor does not offer is
    not overridden, and not among its feeds.
    """

    info: ClassVar[ProviderInfo]

    def __init__(self, connection: Connection) -> None:
        """Prepare for an account; nothing is sent yet."""
        self.connection = connection

    @property
    def feeds(self) -> Mapping[Feed, FeedPlan]:
        """The feeds beside POSITIONS."""
        return {}

    @abstractmethod
    async def authenticate(self) -> Account:
        """Try the credentials once, against the network."""

    @abstractmethod
    async def positions(self) -> Batch:
        """Return every vehicle with its live state."""

    async def details(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return what changes slowly."""
        raise Unsupported("details")

    async def last_trips(self, vehicle_ids: Sequence[str]) -> Batch:
        """Return each vehicle's last trip."""
        raise Unsupported("last trips")

    async def fuel(self, vehicle_id: str, start: datetime, end: datetime) -> FuelReport:
        """Return what the vendor knows of a vehicle's fuel between two times."""
        raise Unsupported("fuel")

    async def figures(self) -> FleetFigures:
        """Return figures of the account as a whole."""
        raise Unsupported("figures")

    async def category_image(self, category: str) -> bytes | None:
        """Return the picture of a vehicle category; None where it has none."""
        raise Unsupported("category images")

    async def vehicle(self, vehicle_id: str) -> Vehicle | None:
        """Return one vehicle's live state; None where only the fleet is offered."""
        return None

    def choices(self, option: str) -> Mapping[str, str]:
        """Return the known values of a CHOICE option, each with its label."""
        return {}
