"""Remembers Movens's categories: the tree for an hour, each one's make for a day."""

from collections.abc import Collection, Iterable
import time
from typing import Final

from ..errors import AuthenticationFailed, InvalidResponse, ProviderError
from . import mapping
from .api import MovensApi
from .mapping import Category

TREE_LASTS: Final = 60 * 60.0
DETAILS_LAST: Final = 24 * 60 * 60.0
# After a failure, since makes are not worth a request at each poll.
NEXT_TRY: Final = 60 * 60.0
# A poll is for positions; many categories get their makes over a few of them.
MOST_DETAILS: Final = 5


class Categories:
    """What vehicles belong to, read no more often than it changes."""

    def __init__(self, api: MovensApi, language: str) -> None:
        """Know nothing yet."""
        self._api = api
        self._language = language
        self._roots: list[str] = []
        self._labels: dict[str, str | None] = {}
        self._whole = True
        self._tree_until = 0.0
        self._missed: set[str] = set()
        self._details: dict[str, Category] = {}
        self._details_until: dict[str, float] = {}

    async def roots(self) -> tuple[list[str], bool]:
        """Return the ids of the root categories, and whether these are all."""
        if time.monotonic() >= self._tree_until:
            await self.read_tree()
        return self._roots, self._whole

    async def read_tree(self) -> None:
        """Read the tree now. Source: GET vehicle-categories/tree."""
        rows = await self._api.tree()
        found = mapping.roots(rows)
        self._roots = [one for one in found if one is not None]
        if rows and not self._roots:
            raise InvalidResponse("the tree lists no category with an id")
        self._whole = None not in found
        self._labels = mapping.labels(rows, self._language)
        if self._roots:
            self._tree_until = time.monotonic() + TREE_LASTS

    def outdated(self) -> None:
        """Have the tree read before its hour is over: something in it has changed."""
        self._tree_until = 0.0

    def changed(self, category: str) -> None:
        """Have the tree read again, and what is known of a category.

        Until then it is what it was.
        """
        self.outdated()
        self._missed.clear()
        self._details_until.pop(category, None)

    async def meet(self, categories: Iterable[str]) -> None:
        """Read what is not known of these categories, a few at a time.

        One that the tree does not list makes the tree outdated, once.
        """
        wanted = set(categories)
        strangers = wanted - self._labels.keys() - self._missed
        if strangers:
            self._missed |= strangers
            self.outdated()
        await self._read_details(self._due(wanted))

    def __getitem__(self, category: str | None) -> Category:
        """Return what is known of a category."""
        if category is None:
            return mapping.UNKNOWN_CATEGORY
        known = self._details.get(category, mapping.UNKNOWN_CATEGORY)
        return Category(
            label=known.label or self._labels.get(category),
            make=known.make,
            model=known.model,
        )

    def _due(self, wanted: Collection[str]) -> list[str]:
        now = time.monotonic()
        due = (one for one in wanted if now >= self._details_until.get(one, 0.0))
        return sorted(due, key=int)[:MOST_DETAILS]

    async def _read_details(self, categories: Iterable[str]) -> None:
        """Read some categories. Source: GET vehicle-categories/{id}.

        A failure, except of the account itself, does not cost the positions.
        """
        for one in categories:
            try:
                row = await self._api.category(one)
            except AuthenticationFailed:
                raise
            except ProviderError:
                self._details_until[one] = time.monotonic() + NEXT_TRY
                return
            self._details[one] = mapping.category(row, self._language)
            self._details_until[one] = time.monotonic() + DETAILS_LAST
