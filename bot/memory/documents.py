"""What recall keeps of every turn: terms, places in sessions, signals, times. No text."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.domain.conversation import Audience, Scope
from bot.domain.turn import Turn, TurnId
from bot.memory.attention import Keys
from bot.memory.columns import Column
from bot.memory.lexical import Floats, Places, Postings
from bot.memory.sessions import Sessions
from bot.memory.substance import SIGNALS, signals
from bot.memory.terms import date_terms, terms

_DOCUMENT_BYTES = 200

Item = TypeVar("Item")


class Documents:
    """The indexed turns of one person, by their place: the first is 0."""

    def __init__(self) -> None:
        self.words = Postings()
        self.dates = Postings()
        self.sessions = Sessions()
        self.keys = Keys()
        self.ids: list[TurnId] = []
        self.speakers: list[str] = [""]
        """Names of those who talk, in lower case; the first is the person without a name."""
        self._place_of: dict[TurnId, int] = {}
        self._audiences: list[Audience] = []
        self._audience = Column(np.int64)
        self._speaker = Column(np.int64)
        self._said_at = Column(np.float64)
        self._signals = Column(np.float32, len(SIGNALS))
        # Vectors may come before their turns do.
        self._waiting: dict[TurnId, NDArray[np.floating]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size_bytes(self) -> int:
        """A close upper estimate of the memory this takes."""
        columns = (self._audience, self._speaker, self._said_at, self._signals)
        parts = (self.words, self.dates, self.sessions, self.keys, *columns)
        return sum(part.size_bytes for part in parts) + len(self) * _DOCUMENT_BYTES

    @property
    def said_at(self) -> Floats:
        """When every turn was received, in Unix seconds."""
        return self._said_at.values

    @property
    def speaker(self) -> Places:
        """Who said every turn: index into :attr:`speakers`."""
        return self._speaker.values

    def signal(self, name: str) -> Floats:
        """One signal of :mod:`bot.memory.substance`, of every turn."""
        column: Floats = self._signals.values[:, SIGNALS.index(name)].astype(np.float64)
        return column

    def add(self, turn: Turn, speaker: str) -> None:
        """Index what ``speaker`` said and showed in ``turn``."""
        self._place_of[turn.id] = place = len(self)
        self.ids.append(turn.id)
        self.words.add(terms(f"{turn.text} {_shown_in(turn)}"))
        self.dates.add(date_terms(turn.received_at))
        self.sessions.add(turn.conversation_id, turn.audience, turn.received_at)
        self._audience.append(_number(self._audiences, turn.audience))
        self._speaker.append(_number(self.speakers, speaker.lower()))
        self._said_at.append(turn.received_at.timestamp())
        position = float(self.sessions.positions[place])
        self._signals.append(signals(turn.text, position, self.speakers))
        if (vector := self._waiting.pop(turn.id, None)) is not None:
            self.keys.add(place, vector)

    def add_vector(self, turn_id: TurnId, vector: NDArray[np.floating]) -> None:
        """Keep what an encoder made of a turn that is, or will be, indexed."""
        place = self._place_of.get(turn_id)
        if place is None:
            self._waiting[turn_id] = vector
        elif place not in self.keys:
            self.keys.add(place, vector)

    def visible(self, scope: Scope, leave_out: Collection[TurnId]) -> NDArray[np.bool_]:
        """For every turn whether it may be recalled in ``scope`` and is not to be left out."""
        admitted = np.array([scope.admits(audience) for audience in self._audiences], dtype=bool)
        seen: NDArray[np.bool_] = admitted[self._audience.values]
        seen[[place for i in leave_out if (place := self._place_of.get(i)) is not None]] = False
        return seen

    def names_of_speakers(self, visible: NDArray[np.bool_]) -> list[str]:
        """The names, in lower case, of those who said the visible turns."""
        numbers = np.flatnonzero(np.bincount(self.speaker[visible]))
        return [name for number in numbers if (name := self.speakers[number])]


def _number(known: list[Item], item: Item) -> int:
    if item not in known:
        known.append(item)
    return known.index(item)


def _shown_in(turn: Turn) -> str:
    texts = ((shown.alt_text, shown.caption, shown.description) for shown in turn.shown)
    return " ".join(text for each in texts for text in each if text)
