"""Chooses a sample that does not depend on the order of the items."""

import hashlib
from bisect import insort
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Sample(Generic[Item]):
    """Keeps the `limit` items whose keys' hashes are smallest: as good as drawn at random."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chosen: list[tuple[str, str]] = []
        self._items: dict[str, Item] = {}

    def add(self, key: str, item: Item) -> None:
        """Offers an item; of several with one key, the first counts."""
        if key in self._items:
            return
        place = (hashlib.sha256(key.encode()).hexdigest(), key)
        if len(self._chosen) == self._limit and place > self._chosen[-1]:
            return
        insort(self._chosen, place)
        self._items[key] = item
        if len(self._chosen) > self._limit:
            _, gone = self._chosen.pop()
            del self._items[gone]

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def items(self) -> list[Item]:
        """Returns the sample, in the order of its keys."""
        return [self._items[key] for key in sorted(self._items)]
