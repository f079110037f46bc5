"""Movens's endpoints: what is asked, and how."""

from enum import StrEnum
from typing import Final

from ..errors import InvalidResponse
from .envelope import content
from .paging import Listing, read_all
from .session import Session

_CATEGORIES: Final = "/api/vehicle-admin/v1/vehicle-categories"


class VehicleList(StrEnum):
    """Which of a category's vehicles: those of the categories below it, or its own."""

    DESCENDANTS = "list-descendants-vehicles"
    OWN = "list-vehicles"


class MovensApi:
    """Reads the resources of the vendor's document; rows are returned as they come."""

    def __init__(self, session: Session) -> None:
        """Read with this session."""
        self._session = session

    async def tree(self) -> list[object]:
        """Return the root categories with their children. Source: GET tree."""
        path = f"{_CATEGORIES}/tree"
        data = await self._get(path)
        if not isinstance(data, list):
            raise InvalidResponse(f"GET {path}: not a list")
        return data

    async def category(self, category: str) -> object:
        """Return one category. Source: GET {id}."""
        return await self._get(f"{_CATEGORIES}/{category}")

    async def images(self, category: str) -> object:
        """Return a category's image and thumbnail. Source: GET {id}/images."""
        return await self._get(f"{_CATEGORIES}/{category}/images")

    async def vehicles(self, category: str, which: VehicleList) -> Listing:
        """Return a category's vehicles.

        Source: GET {id}/list-descendants-vehicles and {id}/list-vehicles.
        """
        path = f"{_CATEGORIES}/{category}/{which}"
        return await read_all(
            lambda params: self._session.get(path, params), f"GET {path}"
        )

    async def _get(self, path: str) -> object:
        return content(await self._session.get(path), f"GET {path}")
