"""Which documents hold which terms, and how much that says: postings and BM25.

BM25 after Robertson & Zaragoza 2009 with k1 = 0.9 and b = 0.4. All counts, document frequencies
and mean lengths are those of the documents visible to one query: what must not be recalled here
has no part in what is.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bot.memory.columns import Column

K1 = 0.9
B = 0.4

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
"""Documents by their place: the first added is 0."""

ALIKE: Mapping[str, float] = MappingProxyType({})
"""Every term counts the same."""

_POSTING_BYTES = 16
_TERM_BYTES = 260


def idf(documents: float, holding: NDArray[np.int64]) -> Floats:
    """How rare terms are: the log of one over the share of documents that hold them, smoothed."""
    rare: Floats = np.log(1 + (documents - holding + 0.5) / (holding + 0.5))
    return rare


def saturated(counts: NDArray[np.int64] | Floats, lengths: Floats, mean_length: float) -> Floats:
    """BM25's share of a term's weight for its count in a document of that length."""
    norm = K1 * (1 - B + B * lengths / mean_length)
    share: Floats = counts * (K1 + 1) / (counts + norm)
    return share


def summed(places: Places, values: NDArray[np.float64], size: int) -> Floats:
    """For each place from 0 to ``size`` the sum of the values that belong to it."""
    sums: Floats = np.bincount(places, values, minlength=size).astype(np.float64, copy=False)
    return sums


@dataclass(frozen=True, slots=True)
class Hits:
    """Every visible occurrence of some terms: in which document, how often, of which term."""

    terms: tuple[str, ...]
    """Only those that a visible document holds."""
    idf: Floats
    places: Places
    counts: NDArray[np.int64]
    of_term: NDArray[np.int64]
    """Index into ``terms``."""

    def only(self, kept: NDArray[np.int64]) -> Hits:
        """The occurrences of some of the terms, given by their indices."""
        number = np.full(len(self.terms), -1)
        number[kept] = np.arange(len(kept))
        rows = number[self.of_term] >= 0
        return Hits(
            terms=tuple(self.terms[index] for index in kept),
            idf=self.idf[kept],
            places=self.places[rows],
            counts=self.counts[rows],
            of_term=number[self.of_term[rows]],
        )


class Postings:
    """For every term the documents that hold it, and for every document its terms."""

    def __init__(self) -> None:
        # Place and count by turns: one growing array for each term is the most compact.
        self._of_term: dict[str, array[int]] = {}
        self._of_document: list[tuple[str, ...]] = []
        self._lengths = Column(np.float64)
        self._own_copy: dict[str, str] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._of_document)

    @property
    def size_bytes(self) -> int:
        """A close upper estimate of the memory this takes."""
        return (
            self._count * _POSTING_BYTES
            + len(self._of_term) * _TERM_BYTES
            + len(self) * 64
            + self._lengths.size_bytes
        )

    @property
    def lengths(self) -> Floats:
        """The number of terms of every document, with repetitions."""
        return self._lengths.values

    def add(self, terms: Sequence[str]) -> None:
        """Add the next document."""
        place = len(self)
        counts = Counter(terms)
        for term, count in counts.items():
            self._of_term.setdefault(term, array("I")).extend((place, count))
        self._of_document.append(tuple(self._own_copy.setdefault(t, t) for t in counts))
        self._lengths.append(len(terms))
        self._count += len(counts)

    def terms_of(self, place: int) -> tuple[str, ...]:
        """The different terms of a document."""
        return self._of_document[place]

    def find(self, terms: Sequence[str], visible: NDArray[np.bool_], documents: int) -> Hits:
        """All occurrences of different ``terms`` in the ``documents`` that are ``visible``."""
        held = [term for term in terms if term in self._of_term]
        rows = [np.frombuffer(self._of_term[term], np.uint32).reshape(-1, 2) for term in held]
        joined = np.concatenate(rows or [np.empty((0, 2), np.uint32)]).astype(np.int64)
        of_term = np.repeat(np.arange(len(held)), [len(row) for row in rows])
        if documents < len(self):
            seen = visible[joined[:, 0]]
            joined, of_term = joined[seen], of_term[seen]
        holding = np.bincount(of_term, minlength=len(held))
        hits = Hits(tuple(held), idf(documents, holding), joined[:, 0], joined[:, 1], of_term)
        return hits if holding.all() else hits.only(np.flatnonzero(holding))

    def gains(self, hits: Hits, mean_length: float) -> Floats:
        """What BM25 gives for each occurrence."""
        saturation = saturated(hits.counts, self.lengths[hits.places], mean_length)
        gained: Floats = hits.idf[hits.of_term] * saturation
        return gained

    def bm25(self, hits: Hits, mean_length: float, weights: Mapping[str, float] = ALIKE) -> Floats:
        """The score of every document for the terms, each weighed by ``weights`` or else 1."""
        each = np.array([weights.get(term, 1.0) for term in hits.terms])
        gained = self.gains(hits, mean_length) * each[hits.of_term]
        return summed(hits.places, gained, len(self))
