"""Movens's endpoints: what is asked and changed, and how."""

from collections.abc import Mapping
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
    """Serves the resources of the vendor's document; rows are returned as they come.

    A negative answer is Rejected, with the vendor's err_ word as reason.
    """

    def __init__(self, session: Session) -> None:
        """Ask with this session."""
        self._session = session

    async def tree(self) -> list[object]:
        """Return the root categories with their children. Source: GET tree."""
        path = f"{_CATEGORIES}/tree"
        data = await self._get(path)
        if not isinstance(data, list):
            raise InvalidResponse(f"GET {path}: not a list")
        return data

    async def subtree(self, category: str) -> list[object]:
        """Return a category with its children. Source: GET {id}/tree."""
        path = f"{_CATEGORIES}/{category}/tree"
        data = await self._get(path)
        if isinstance(data, Mapping):
            return [data]
        if not isinstance(data, list):
            raise InvalidResponse(f"GET {path}: not a list")
        return data

    async def leaves(self) -> list[object]:
        """Return the categories without any below them. Source: GET list."""
        path = f"{_CATEGORIES}/list"
        listing = await read_all(
            lambda params: self._session.get(path, params), f"GET {path}"
        )
        return list(listing.rows.values())

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

    async def save(self, category: Mapping[str, object]) -> None:
        """Create a category, or edit the one of its ID. Source: POST."""
        await self._change("POST", _CATEGORIES, category)

    async def delete(self, category: str) -> None:
        """Mark a category and those below it as deleted. Source: DELETE {id}."""
        await self._change("DELETE", f"{_CATEGORIES}/{category}")

    async def set_image(self, category: str, encoded: str, *, thumbnail: bool) -> None:
        """Set a picture, base64. Source: POST {id}/image and {id}/thumbnail."""
        which = "thumbnail" if thumbnail else "image"
        path = f"{_CATEGORIES}/{category}/{which}"
        await self._change("POST", path, {"Base64String": encoded})

    async def _change(self, method: str, path: str, body: object = None) -> None:
        answer = await self._session.request(method, path, json_body=body)
        content(answer, f"{method} {path}")
