"""Numbers of every document in a row, that grow by one document at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FIRST_CAPACITY = 16


class Column:
    """A growing array with one value, or one row of ``width`` values, for every document.

    Appending takes constant time on average: the room doubles when it is used up.
    """

    def __init__(self, dtype: DTypeLike, width: int | None = None) -> None:
        shape = (_FIRST_CAPACITY,) if width is None else (_FIRST_CAPACITY, width)
        self._room: NDArray[Any] = np.zeros(shape, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, value: object) -> None:
        """Add the value or row of the next document."""
        if self._length == len(self._room):
            self._room = np.concatenate([self._room, np.zeros_like(self._room)])
        self._room[self._length] = value
        self._length += 1

    @property
    def values(self) -> NDArray[Any]:
        """All values. Valid until the next :meth:`append`; writing to it changes the column."""
        return self._room[: self._length]

    @property
    def size_bytes(self) -> int:
        """The memory it takes, room for later documents included."""
        return int(self._room.nbytes)
