"""Movens's categories as administrators see and edit them."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
import json
from typing import Final

from .. import parse
from ..errors import InvalidResponse, NotFound, Rejected
from . import mapping
from .api import MovensApi
from .categories import Categories

# What an administrator may set, and the vendor's word for it.
_FIELDS: Final = {
    "parent_id": "ParentID",
    "labels": "Labels",
    "manufacturer": "Manufacturer",
    "model": "Model",
    "year": "Year",
    "seats": "PassengerSeats",
}
# Of a label without languages nobody knows which one it is in (ISO 639).
_UNDETERMINED: Final = "und"
_LONGEST_ID: Final = 18


class Editor:
    """Reads and changes categories; what the poll remembers of them is forgotten."""

    def __init__(self, api: MovensApi, categories: Categories) -> None:
        """Work on what these remember."""
        self._api = api
        self._categories = categories

    async def categories(
        self, category_id: int | None
    ) -> tuple[Mapping[str, object], ...]:
        """Return the tree, parents first; below one category with its details.

        Source: GET vehicle-categories/tree; {id}/tree and {id}.
        """
        if category_id is None:
            return tuple(listed(await self._api.tree()))
        below = listed(await self._api.subtree(str(category_id)))
        detailed = described(await self._api.category(str(category_id)))
        return tuple(
            {**one, **detailed} if one["id"] == category_id else one for one in below
        )

    async def leaf_categories(self) -> tuple[Mapping[str, object], ...]:
        """Return the categories without any below them. Source: GET list."""
        return tuple(listed(await self._api.leaves()))

    async def save(self, category: Mapping[str, object]) -> None:
        """Create or edit a category. Source: POST vehicle-categories.

        The vendor takes a whole category: what is not given stays as it is there.
        """
        number = category.get("id") or 0
        known: Mapping[str, object] = {}
        if number and not _FIELDS.keys() <= category.keys():
            known = await self._known(str(number))
        try:
            await self._api.save(edited(category, known))
        finally:
            # An answer that got lost does not mean that nothing was done.
            self._categories.changed(str(number))

    async def _known(self, category: str) -> Mapping[str, object]:
        try:
            known = parse.folded(await self._api.category(category))
        except NotFound:
            raise
        except Rejected as err:
            if err.reason is not None or err.status >= 300:
                raise
            # There is none with this id: to say so is for the answer to the edit.
            return {}
        if not known:
            raise InvalidResponse("a category without any fields")
        return known

    async def delete(self, category_id: int) -> None:
        """Mark a category as deleted. Source: DELETE vehicle-categories/{id}."""
        try:
            await self._api.delete(str(category_id))
        finally:
            self._categories.changed(str(category_id))

    async def set_image(
        self, category_id: int, image: bytes, *, thumbnail: bool
    ) -> None:
        """Set a picture. Source: POST {id}/image and {id}/thumbnail."""
        encoded = b64encode(image).decode()
        await self._api.set_image(str(category_id), encoded, thumbnail=thumbnail)


def listed(rows: Iterable[object]) -> list[dict[str, object]]:
    """Return the categories of a tree, parents before their children."""
    found: list[dict[str, object]] = []
    waiting: list[tuple[object, int | None]] = []
    waiting += ((row, None) for row in reversed(list(rows)))
    while waiting:
        row, above = waiting.pop()
        item = parse.folded(row)
        number = _number(item.get("id"))
        if number is not None:
            found.append(
                {
                    "id": number,
                    "parent_id": _number(item.get("parentid")) or above,
                    "labels": labels(item.get("labels")),
                }
            )
        below = above if number is None else number
        children = reversed(parse.items(item.get("children")))
        waiting += ((child, below) for child in children)
    return found


def described(value: object) -> dict[str, object]:
    """Return what GET vehicle-categories/{id} tells beside the place in the tree."""
    item = parse.folded(value)
    return {
        "labels": labels(item.get("labels")),
        "manufacturer": parse.text(item.get("manufacturer")),
        "model": parse.text(item.get("model")),
        "year": parse.integer(item.get("year"), low=1, high=9999),
        "seats": parse.integer(item.get("passengerseats"), low=0, high=1000),
    }


def labels(value: object) -> dict[str, str]:
    """Return labels by language; one that has none is `und`."""
    if isinstance(value, str):
        value = _unpacked(value)
    if (alone := parse.text(value)) is not None:
        return {_UNDETERMINED: alone}
    return {
        language: label
        for key, item in parse.mapping(value).items()
        if (language := parse.text(key)) and (label := parse.text(item))
    }


def _unpacked(value: str) -> object:
    """Return the JSON inside of a text; else the text, where it is none of JSON."""
    try:
        return json.loads(value)
    except ValueError, RecursionError:
        return None if value.lstrip().startswith(("{", "[")) else value


def edited(
    category: Mapping[str, object], known: Mapping[str, object]
) -> dict[str, object]:
    """Return what to send: a category's fields, else those that the vendor knows.

    `known` has the vendor's names in lower case.
    """
    told: dict[str, object] = {
        name: category[field] if field in category else known.get(name.lower())
        for field, name in _FIELDS.items()
    }
    if isinstance(given := category.get("labels"), Mapping):
        # The vendor keeps JSON inside of a text.
        told["Labels"] = json.dumps(dict(given), ensure_ascii=False)
    return {"ID": category["id"], **told} if category.get("id") else told


def _number(value: object) -> int | None:
    found = mapping.category_id(value)
    return None if found is None or len(found) > _LONGEST_ID else int(found)
