"""What only some vendors offer: a provider offers what it is an instance of."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from .models import Batch, Coordinates, NearbyVehicle, Position, SentPosition, Trip


class TripHistory(ABC):
    """Tells the trips of the past.

    `whole_history` is False where only the last trip of each vehicle is known.
    `vehicles_per_read` is for how many vehicles one request can ask.
    """

    whole_history: ClassVar[bool] = True
    vehicles_per_read: ClassVar[int] = 1

    @abstractmethod
    async def trips(
        self,
        vehicle_ids: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        routes: bool = False,
    ) -> tuple[Trip, ...]:
        """Return the finished trips of these vehicles that overlap a window.

        Oldest first, any length of window and any number of vehicles: longer ones
        are cut into what the vendor takes. `routes` asks for polylines. Raises any
        ProviderError, AccessDenied for a vehicle that is not the account's.
        """


class PositionHistory(ABC):
    """Tells the positions of the past."""

    @abstractmethod
    async def track(
        self, vehicle_id: str, start: datetime, end: datetime
    ) -> tuple[Position, ...]:
        """Return where a vehicle was between two times, oldest first.

        Longer windows are cut into what the vendor takes. Raises any ProviderError.
        """


class FuelUse(ABC):
    """Tells the fuel burnt over a window, where trips do not tell it themselves."""

    @abstractmethod
    async def fuel_used(
        self, vehicle_ids: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, float]:
        """Return litres by vehicle id; a vehicle that does not measure is left out."""


class NearestVehicles(ABC):
    """Finds the vehicles near a place, by the vendor's own search."""

    @abstractmethod
    async def nearest(
        self, place: Coordinates, *, radius: float, limit: int, by_road: bool
    ) -> tuple[NearbyVehicle, ...]:
        """Return at most `limit` vehicles within `radius` km, the nearest first.

        `by_road` measures along roads and tells durations.
        """


class Reports(ABC):
    """Computes reports over a period."""

    @abstractmethod
    async def report(
        self,
        report: str,
        start: datetime,
        end: datetime,
        *,
        user_id: str | None = None,
        group_id: str | None = None,
    ) -> tuple[Mapping[str, object], Sequence[Mapping[str, object]]]:
        """Return a report of all pages: what it tells as a whole, and its rows.

        `report` is one of trip_summary, trip_detail, fuel_summary, fuel_detail and
        activity_time. Both parts carry the vendor's own words and units.
        """


class Dashboards(ABC):
    """Shows the account as the vendor's own dashboard does."""

    @abstractmethod
    async def dashboard(
        self,
        view: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        metric: str | None = None,
        group_by: str | None = None,
        currency: str | None = None,
    ) -> Mapping[str, object]:
        """Return a view: summary, users (all pages), heatmap, fuel, costs or all."""


class PositionSink(ABC):
    """Takes positions of what Home Assistant tracks."""

    positions_per_request: ClassVar[int]

    @abstractmethod
    async def send_positions(self, positions: Sequence[SentPosition]) -> None:
        """Send at most `positions_per_request` positions: all of them, or none."""


class TripEditor(ABC):
    """Takes corrections of trips."""

    @abstractmethod
    async def save_trip(self, fields: Mapping[str, object]) -> object:
        """Create or update a trip, in the vendor's words; return its answer."""


class Categories(ABC):
    """Sorts vehicles into a tree of categories, and lets administrators edit it.

    A category is a mapping of id, parent_id, labels (by language), manufacturer,
    model, year and seats. A refusal is Rejected, with the vendor's slug as reason.
    """

    @abstractmethod
    async def categories(
        self, category_id: int | None = None
    ) -> Sequence[Mapping[str, object]]:
        """Return the tree, or the part below one category."""

    @abstractmethod
    async def leaf_categories(self) -> Sequence[Mapping[str, object]]:
        """Return the categories without any below them."""

    @abstractmethod
    async def save_category(self, category: Mapping[str, object]) -> None:
        """Create a category, or edit the one with this id."""

    @abstractmethod
    async def delete_category(self, category_id: int) -> None:
        """Mark a category and its descendants as deleted."""

    @abstractmethod
    async def set_category_image(
        self, category_id: int, image: bytes, *, thumbnail: bool
    ) -> None:
        """Set the picture or the thumbnail of a category."""


class VendorEvents(ABC):
    """Tells, as a vehicle's `vendor_event`, of events whose codes the user chose."""

    @property
    @abstractmethod
    def event_codes(self) -> Sequence[str]:
        """The chosen codes; an event of another code is not told."""


class OpenApi(ABC):
    """Lets experts ask what no entity shows."""

    @abstractmethod
    async def call(self, path: str, params: Mapping[str, str]) -> object:
        """GET a path below the vendor's base with the account's login.

        Returns the vendor's JSON. Raises Rejected for a path that leads elsewhere.
        """


class LiveUpdates(ABC):
    """Tells of changes as they happen."""

    @abstractmethod
    def live(self) -> AsyncGenerator[Batch | None]:
        """Listen until the vendor ends the stream or it fails; None is a heartbeat.

        A new call goes on where the last one ended. Whoever stops listening before
        the end closes the generator. Raises any ProviderError.
        """
