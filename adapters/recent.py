"""What was seen lately, and no more of it than fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Recent:
    """Remembers the latest ``limit`` things that were added, and forgets the oldest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._added: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, thing: Hashable) -> bool:
        return thing in self._added

    def add(self, thing: Hashable) -> bool:
        """Remember it. False when it was known already."""
        if thing in self._added:
            return False
        self._added[thing] = None
        while len(self._added) > self._limit:
            self._added.popitem(last=False)
        return True
