"""Which turns stand beside each other: sessions of a conversation and neighbours in them.

The answer often stands right after the sentence that has the words of the question, so a turn is
read together with those around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.domain.conversation import Audience, ConversationId
from bot.memory.columns import Column
from bot.memory.lexical import Floats, Places

SESSION_GAP = timedelta(hours=1)
"""A longer silence in a conversation begins a new session; neighbours are of one session."""

_NOBODY = -1
_REACH = 2
"""Turns before and after that count as neighbours."""


@dataclass(frozen=True, slots=True)
class _OpenSession:
    number: int
    last_at: datetime
    next_position: int
    latest: tuple[int, ...]


class Sessions:
    """For each document its session, its place in it, and its neighbours, nearest first."""

    def __init__(self) -> None:
        self._session = Column(np.int64)
        self._position = Column(np.float64)
        self._neighbours = Column(np.int64, 2 * _REACH)
        self._open: dict[tuple[ConversationId, Audience], _OpenSession] = {}
        self._count = 0

    @property
    def of_document(self) -> Places:
        """The number of the session of every document."""
        return self._session.values

    @property
    def positions(self) -> Floats:
        """How many turns of its session stand before each document."""
        return self._position.values

    @property
    def count(self) -> int:
        """How many sessions there are."""
        return self._count

    @property
    def size_bytes(self) -> int:
        """The memory it takes."""
        return self._session.size_bytes + self._position.size_bytes + self._neighbours.size_bytes

    def add(self, conversation: ConversationId, audience: Audience, said_at: datetime) -> None:
        """Put the next document behind the last one of its conversation before that audience."""
        place = len(self._session)
        open_session = self._open.get((conversation, audience))
        if open_session is None or said_at - open_session.last_at > SESSION_GAP:
            open_session = _OpenSession(self._count, said_at, 0, ())
            self._count += 1
        row = [_NOBODY] * (2 * _REACH)
        for distance, earlier in enumerate(open_session.latest):
            row[distance] = earlier
            self._neighbours.values[earlier, _REACH + distance] = place
        self._session.append(open_session.number)
        self._position.append(open_session.next_position)
        self._neighbours.append(row)
        self._open[conversation, audience] = _OpenSession(
            open_session.number,
            said_at,
            open_session.next_position + 1,
            (place, *open_session.latest)[:_REACH],
        )

    def before(self, distance: int) -> Places:
        """For every document the one that stands ``distance`` (1 or 2) before it; -1 if none."""
        places: Places = self._neighbours.values[:, distance - 1]
        return places

    def after(self, distance: int) -> Places:
        """For every document the one that stands ``distance`` (1 or 2) after it; -1 if none."""
        places: Places = self._neighbours.values[:, _REACH + distance - 1]
        return places


def moved(values: NDArray[np.float64], source: Places) -> Floats:
    """For every document the value of its ``source``; 0 for those that have none (-1)."""
    return np.append(values, 0.0)[source]
