"""Which older turns of a person bear on what they say now.

Words first: BM25 over the person's own turns with what neighbours in the session lend, what the
whole session is about, and everyday words that stand for the asked ones. Then when and by whom it
was said, how much it tells, and, where an encoder made vectors, attention over them. A second pass
widens the question by what the first one read. The weighted sum is the score, and every part of it
is handed out with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bot.domain.conversation import Scope
from bot.domain.turn import Turn, TurnId
from bot.memory.documents import Documents
from bot.memory.features import Features, View
from bot.memory.fusion import Weights, shipped_weights, total, weigh
from bot.memory.question import read_question
from bot.memory.second_pass import second_pass

MARGIN = 8.0
"""A turn is left out whose score is so far below the best one's: as logits, it is e⁸, or 3,000,
times less likely to hold the answer."""

LEAST_ATTENTION = 2.0
"""A turn without a word of the question is considered when its attention logit is so far above the
mean: with the temperature used, a cosine 0.2 above it."""

_INSIDE_WINDOW = 0.99


@dataclass(frozen=True, slots=True)
class Ranked:
    """A turn found by recall. The values of ``parts`` sum to ``score``; some may be negative."""

    turn_id: TurnId
    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for every turn, by its place: what fitting the weights needs to see."""

    turn_ids: tuple[TurnId, ...]
    features: Features
    candidates: NDArray[np.bool_]
    """Those that have anything to do with the question and may be seen."""


class RecallIndex:
    """An index of one person's turns. Holds terms, numbers and ids, and no text.

    Turns are added in the order of their numbers. Memory is about :attr:`size_bytes`.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights or shipped_weights()
        self._documents = Documents()

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def size_bytes(self) -> int:
        """A close upper estimate of the memory this index takes."""
        return self._documents.size_bytes

    def add(self, turn: Turn, *, speaker: str = "") -> None:
        """Index what was said and shown in ``turn``, by the person or else by ``speaker``."""
        self._documents.add(turn, speaker)

    def add_vector(self, turn_id: TurnId, vector: NDArray[np.floating]) -> None:
        """Keep what an encoder made of a turn, which may be added later. The first one stays."""
        self._documents.add_vector(turn_id, vector)

    def rank(
        self,
        query: str,
        scope: Scope,
        *,
        now: datetime,
        limit: int,
        leave_out: Collection[TurnId] = (),
        query_vector: NDArray[np.floating] | None = None,
    ) -> list[Ranked]:
        """The turns that bear most on ``query`` and may be recalled in ``scope``, best first.

        ``query`` was said at ``now``. Equal scores go to the later turn. Empty when nothing that
        was ever said has to do with it.
        """
        evidence = self.evidence(
            query, scope, now=now, leave_out=leave_out, query_vector=query_vector
        )
        places = np.flatnonzero(evidence.candidates)
        if not len(places):
            return []
        parts = weigh(evidence.features, self._weights.of(evidence.features))
        scores = total(parts)
        best = places[np.lexsort((-places, -scores[places]))][:limit]
        return [
            Ranked(
                evidence.turn_ids[place],
                float(scores[place]),
                {name: float(values[place]) for name, values in parts.items() if values[place]},
            )
            for place in best.tolist()
            if scores[place] >= scores[best[0]] - MARGIN
        ]

    def evidence(
        self,
        query: str,
        scope: Scope,
        *,
        now: datetime,
        leave_out: Collection[TurnId] = (),
        query_vector: NDArray[np.floating] | None = None,
    ) -> Evidence:
        """What :meth:`rank` weighs. Invisible and left out turns have no part in it."""
        documents = self._documents
        visible = documents.visible(scope, leave_out)
        question = read_question(query, now, documents.names_of_speakers(visible))
        view = View(documents, visible, question, now)
        if query_vector is not None and not len(documents.keys):
            query_vector = None
        features = view.features(query_vector)
        candidates = visible & _has_to_do_with(features)
        first = total(weigh(features, self._weights.of(features)))
        features["second_pass"] = second_pass(view, first, candidates)
        return Evidence(tuple(documents.ids), features, candidates)


def _has_to_do_with(features: Features) -> NDArray[np.bool_]:
    """Which documents share anything with the question, or stand beside one that does."""
    lexical = ("bm25", "before_1", "before_2", "after_1", "after_2", "related", "related_near")
    found = sum(features[name] for name in (*lexical, "name", "phrase", "date")) > 0
    found |= features["time_window"] >= _INSIDE_WINDOW
    if "attention" in features:
        found |= features["attention"] >= LEAST_ATTENTION
    return np.asarray(found, dtype=bool)
