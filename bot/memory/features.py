"""Everything that speaks for recalling a turn, as numbers, before they are weighed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bot.memory.documents import Documents
from bot.memory.lexical import Floats, Hits, idf, saturated, summed
from bot.memory.question import Question
from bot.memory.related import related_terms
from bot.memory.sessions import moved
from bot.memory.substance import SIGNALS
from bot.memory.time_window import recency, time_window

MOST_TERMS = 32
"""Different topic terms of a message that are looked up; of a longer one the rarest."""

LENT = {"before_1": 0.5, "before_2": 0.25, "after_1": 0.2, "after_2": 0.1}
"""Share of its score that a related word lends to the turns around it."""

_ALL = 0.999
"""A share above it is the whole; sums of fractions are not exact."""

Features = dict[str, Floats]
"""By the name of a feature its value for every document."""


class View:
    """The documents of an index that one query may see, and what they hold for it."""

    def __init__(
        self, documents: Documents, visible: NDArray[np.bool_], question: Question, now: datetime
    ) -> None:
        self.documents = documents
        self.visible = visible
        self.question = question
        self.now = now
        self.count = int(visible.sum())
        lengths = documents.words.lengths
        self.mean_length = max(1.0, float(lengths[visible].mean()) if self.count else 1.0)
        self.hits = self._rarest(question.topic)

    def find(self, terms: Sequence[str]) -> Hits:
        """The visible occurrences of ``terms``."""
        return self.documents.words.find(terms, self.visible, self.count)

    def features(self, query_vector: NDArray[np.floating] | None) -> Features:
        """All features but the second pass, which needs the first one's result."""
        bm25 = self.documents.words.bm25(self.hits, self.mean_length)
        related = self._related()
        made: Features = {"bm25": bm25, "related": related}
        made |= self._around(bm25)
        lent = self._around(related)
        made["related_near"] = sum(
            (LENT[name] * lent[name] for name in LENT), np.zeros(len(self.documents))
        )
        made["session"] = self._session()
        made["cover"], made["window_cover"] = self._cover()
        made["name"] = self._share_held(self.question.names)
        made["phrase"] = sum(
            (
                (self._share_held(phrase) > _ALL).astype(np.float64)
                for phrase in self.question.phrases
            ),
            np.zeros(len(self.documents)),
        )
        made |= self._said()
        if query_vector is not None:
            made["attention"] = self.documents.keys.logits(query_vector, self.visible)
            sessions = self.documents.sessions
            made["attention_before_1"] = moved(made["attention"], sessions.before(1))
            made["attention_after_1"] = moved(made["attention"], sessions.after(1))
        return made

    def _rarest(self, terms: Sequence[str]) -> Hits:
        hits = self.find(terms)
        if len(hits.terms) <= MOST_TERMS:
            return hits
        return hits.only(np.argsort(-hits.idf, kind="stable")[:MOST_TERMS])

    def _around(self, scores: Floats) -> Features:
        """What the neighbours of every document score, by how they stand to it."""
        sessions = self.documents.sessions
        return {
            "before_1": moved(scores, sessions.before(1)),
            "before_2": moved(scores, sessions.before(2)),
            "after_1": moved(scores, sessions.after(1)),
            "after_2": moved(scores, sessions.after(2)),
        }

    def _related(self) -> Floats:
        """BM25 for words that the question may mean; none counts more than the asked one."""
        asked = dict(zip(self.hits.terms, self.hits.idf, strict=True))
        unheard = float(idf(self.count, np.zeros(1, np.int64))[0])
        own = {*self.question.topic, *self.question.names, *self.question.said_by}
        rarity: dict[str, float] = {}
        for term in self.question.topic[:MOST_TERMS]:
            for other in related_terms(term) - own:
                rarity[other] = max(rarity.get(other, 0.0), asked.get(term, unheard))
        hits = self.find(sorted(rarity))
        weights = {
            term: min(1.0, rarity[term] / max(0.1, float(rare)))
            for term, rare in zip(hits.terms, hits.idf, strict=True)
        }
        return self.documents.words.bm25(hits, self.mean_length, weights)

    def _session(self) -> Floats:
        """BM25 of the whole session, as one document, for each of its turns."""
        hits, sessions = self.hits, self.documents.sessions
        if not hits.terms:
            return np.zeros(len(self.documents))
        of_document = sessions.of_document
        lengths = summed(of_document, self.documents.words.lengths * self.visible, sessions.count)
        seen = np.flatnonzero(lengths)
        width = len(hits.terms)
        keys, which = np.unique(
            of_document[hits.places] * width + hits.of_term, return_inverse=True
        )
        counts = summed(which, hits.counts.astype(np.float64), len(keys))
        session, term = np.divmod(keys, width)
        rare = idf(len(seen), np.bincount(term, minlength=width))
        gained = rare[term] * saturated(counts, lengths[session], float(lengths[seen].mean()))
        return summed(session, gained, sessions.count)[of_document]

    def _cover(self) -> tuple[Floats, Floats]:
        """The share of the question, by rarity, that stands in a turn, and in it or around it."""
        hits, sessions = self.hits, self.documents.sessions
        held = np.zeros((len(hits.terms), len(self.documents) + 1), dtype=bool)
        held[hits.of_term, hits.places] = True
        weights = hits.idf / max(float(hits.idf.sum()), 1e-9)
        cover = weights @ held
        for places in (sessions.after(1), sessions.after(2), sessions.before(1)):
            held[hits.of_term, places[hits.places]] = True  # -1 is the spare last column
        return cover[:-1], (weights @ held)[:-1]

    def _share_held(self, terms: Sequence[str]) -> Floats:
        """The share of ``terms`` that every document holds; 0 for no terms."""
        if not terms:
            return np.zeros(len(self.documents))
        hits = self.find(terms)
        share = np.full(len(hits.places), 1 / len(terms))
        return summed(hits.places, share, len(self.documents))

    def _said(self) -> Features:
        """When and by whom it was said, and how much it tells."""
        documents, question = self.documents, self.question
        dated = documents.dates.find(question.topic, self.visible, self.count)
        made: Features = {
            "date": summed(dated.places, dated.idf[dated.of_term], len(documents)),
            "time_window": time_window(documents.said_at, question.days),
            "recency": recency(documents.said_at, self.now),
            "speaker": np.zeros(len(documents)),
        }
        if len(question.said_by) == 1:
            who = documents.speakers.index(next(iter(question.said_by)))
            made["speaker"] = (documents.speaker == who).astype(np.float64)
        made |= {name: documents.signal(name) for name in SIGNALS}
        made |= {
            f"asked_{kind}": documents.signal(kind) * (kind in question.kinds)
            for kind in ("dated", "placed", "naming")
        }
        return made
