"""Movens' categories: a tree that an administrator edits."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from struct import pack
from typing import Final
from uuid import NAMESPACE_URL, uuid5
import zlib

_ORIGINATOR: Final = "32b297a5-8180-420f-9482-84bfc7f55efe"
_CREATED: Final = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)

type Told = dict[str, object]


def utc(moment: datetime) -> str:
    """Return a time as the vendor writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def guid(name: str) -> str:
    """Return the id that something has everywhere."""
    return str(uuid5(NAMESPACE_URL, f"movens:{name}"))


def picture(seed: int, size: int) -> str:
    """Return a square of one colour as a PNG in base64."""
    pixel = bytes((seed * 53 % 256, seed * 97 % 256, seed * 29 % 256))
    rows = (b"\0" + pixel * size) * size
    header = pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b64encode(png).decode()


@dataclass(slots=True, kw_only=True)
class Category:
    """A kind of vehicle."""

    id: int
    parent: int | None
    labels: str
    created: datetime = _CREATED
    deleted: datetime | None = None
    manufacturer: str | None = None
    model: str | None = None
    year: int | None = None
    seats: int | None = None
    image: str | None = None
    thumbnail: str | None = None
    read_only: bool = False

    @property
    def guid(self) -> str:
        """The id that the category has everywhere."""
        return guid(f"category/{self.id}")

    def details(self) -> Told:
        """Return the category as a call for it alone does."""
        return {
            "ID": self.id,
            "ParentID": self.parent,
            "DeletionDate": None if self.deleted is None else utc(self.deleted),
            "CreatedDate": utc(self.created),
            "Guid": self.guid,
            "Labels": self.labels,
            "Manufacturer": self.manufacturer,
            "Model": self.model,
            "Year": self.year,
            "PassengerSeats": self.seats,
            "Image": self.image,
            "ImageThumbnail": self.thumbnail,
            "IsRoot": self.parent is None,
        }


def _labels(**labels: str) -> str:
    return json.dumps(labels, ensure_ascii=False)


def _first() -> Iterator[Category]:
    """Yield the categories there are in the beginning: two trees."""
    yield Category(
        id=1,
        parent=None,
        labels=_labels(en="City fleet", it="Flotta cittadina", de="Stadtflotte"),
        image=picture(1, 16),
        thumbnail=picture(1, 4),
    )
    yield Category(
        id=10,
        parent=1,
        labels=_labels(en="Small van", it="Furgoncino", nl="Kleine bestelwagen"),
        manufacturer="Fiat",
        model="Doblò",
        year=2023,
        seats=2,
        image=picture(10, 16),
        thumbnail=picture(10, 4),
    )
    yield Category(id=11, parent=1, labels=_labels(en="Electric", it="Elettrici"))
    yield Category(
        id=12,
        parent=11,
        labels=_labels(it="Furgone elettrico", fr="Fourgon électrique"),
        seats=3,
        image=picture(12, 16),
    )
    yield Category(id=2, parent=None, labels=_labels(it="Furgoni", en="Vans"))
    yield Category(
        id=20, parent=2, labels=_labels(en="Large van", it="Furgone grande"), seats=3
    )
    yield Category(id=21, parent=2, labels=_labels(en="Reserve", it="Riserva"))
    yield Category(
        id=22, parent=2, labels=_labels(en="Archive", it="Archivio"), read_only=True
    )


def category_of(vehicle_id: int) -> int:
    """Return a vehicle's category: a leaf, or for some a root."""
    return (10, 12, 20, 10, 2)[vehicle_id % 5]


class Categories:
    """The tree, and what is done to it."""

    def __init__(self) -> None:
        """Plant the first categories."""
        self._all = {one.id: one for one in _first()}

    def get(self, category: int) -> Category | None:
        """Return a category, deleted or not."""
        return self._all.get(category)

    def _children(self, parent: int | None) -> list[Category]:
        return [
            one
            for one in self._all.values()
            if one.parent == parent and one.deleted is None
        ]

    def below(self, category: int) -> list[Category]:
        """Return a category's descendants that are not deleted."""
        return [
            one
            for child in self._children(category)
            for one in (child, *self.below(child.id))
        ]

    def tree(self, root: int | None = None) -> list[Told]:
        """Return every tree, or the one below a category."""
        if root is None:
            return [self._node(one) for one in self._children(None)]
        found = self._all[root]
        node = self._node(found)
        return [{**node, "ParentGuid": self._parent_guid(found)}]

    def _node(self, one: Category) -> Told:
        children = [
            {**self._node(child), "ParentGuid": one.guid}
            for child in self._children(one.id)
        ]
        return {
            "ID": one.id,
            "ParentID": one.parent,
            "Labels": one.labels,
            # A leaf has an empty list or nothing.
            "Children": children or (None if one.id % 2 else []),
            "Guid": one.guid,
            "Originator": _ORIGINATOR,
        }

    def _parent_guid(self, one: Category) -> str | None:
        return None if one.parent is None else self._all[one.parent].guid

    def leaves(self) -> list[Told]:
        """Return the categories without any below them."""
        return [
            {
                "ID": one.id,
                "ParentID": one.parent,
                "Labels": one.labels,
                "Guid": one.guid,
                "ParentGuid": self._parent_guid(one),
                "DeletionDate": None,
                "Originator": _ORIGINATOR,
            }
            for one in self._all.values()
            if one.deleted is None and not self._children(one.id)
        ]

    def save(self, given: Mapping[str, object], now: datetime) -> bool:
        """Create or change a category; say whether that made sense."""
        number, parent = given.get("ID") or 0, given.get("ParentID")
        labels = given.get("Labels")
        if not isinstance(number, int) or not isinstance(labels, str) or not labels:
            return False
        if parent is not None and (
            not isinstance(parent, int)
            or parent not in self._all
            or number in (parent, *(one.id for one in self._above(parent)))
        ):
            return False
        if number == 0:
            number = max(self._all) + 1
            self._all[number] = Category(
                id=number, parent=parent, labels=labels, created=now
            )
        found = self._all.get(number)
        if found is None or found.deleted is not None:
            return False
        found.parent, found.labels = parent, labels
        found.manufacturer = _text(given.get("Manufacturer"))
        found.model = _text(given.get("Model"))
        found.year = _whole(given.get("Year"))
        found.seats = _whole(given.get("PassengerSeats"))
        return True

    def _above(self, category: int) -> Iterator[Category]:
        """Yield a category's ancestors."""
        parent = self._all[category].parent
        while parent is not None:
            yield self._all[parent]
            parent = self._all[parent].parent

    def delete(self, category: int, used: Iterable[int], now: datetime) -> str | None:
        """Mark a category and its descendants as deleted.

        `used` are the categories that vehicles are in. Returns what kept it from
        being done: a message, empty where the vendor gives none, or None.
        """
        found = self._all.get(category)
        if found is None:
            return "err_ElementDoesNotExist"
        if found.deleted is not None:
            return "err_ElementAlreadyDeleted"
        branch = [found, *self.below(category)]
        if found.read_only:
            return ""
        if {one.id for one in branch} & set(used):
            return "err_CannotDeleteCategoryHasVehicles"
        for one in branch:
            one.deleted = now
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
