"""The second reading: what the best turns of the first one say widens the question.

As in a dynamic memory network (Kumar et al. 2016) the query is updated by what the first pass
attended to; as in relevance models (Lavrenko & Croft 2001) the update is made of terms. It joins
turns that share a subject with the answer and no word with the question.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from bot.memory.attention import softmax
from bot.memory.features import View
from bot.memory.lexical import Floats

READ = 10
"""Turns that are read."""

TAKEN = 15
"""Terms that the question gains."""

TEMPERATURE = 2.0
"""Evens out the attention, so that more than the very best turn is read."""


def second_pass(view: View, first: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """For every document the BM25 score of the terms gained; nothing for its own part in them."""
    words = view.documents.words
    gain: Floats = np.zeros(len(view.documents))
    read = np.flatnonzero(candidates)
    read = read[np.argsort(-first[read], kind="stable")][:READ]
    if not len(read):
        return gain
    shares = dict(zip(read.tolist(), softmax(first[read] / TEMPERATURE).tolist(), strict=True))
    known = {*view.question.topic, *view.question.names}
    heard: defaultdict[str, float] = defaultdict(float)
    for place, share in shares.items():
        for term in words.terms_of(place):
            if term not in known:
                heard[term] += share
    hits = view.find(list(heard))
    weights = np.array([heard[term] for term in hits.terms])
    taken = np.argsort(-weights * hits.idf, kind="stable")[:TAKEN]
    best = hits.only(taken)
    gain = words.bm25(best, view.mean_length, heard)
    gained = words.gains(best, view.mean_length)
    for place, share in shares.items():
        gain[place] -= share * gained[best.places == place].sum()
    return gain
