"""Weighing what speaks for a turn into one score, so that every part of it can be shown.

The score is a logit: the weighted sum of the features. A softmax over the turns turns it into how
probably each holds the answer, which is what the weights were fitted for (``bench/recall.py
--fit``). They live in ``recall_weights.json``, one set for recall by words and one for recall with
an encoder beside them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from bot.memory.features import LENT, Features
from bot.memory.lexical import Floats
from bot.memory.substance import SIGNALS

FORMAT = 1
"""Version of the file; a file of another one is a mistake of packaging."""

FILE = "recall_weights.json"

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "bm25": "bm25",
        **dict.fromkeys(LENT, "neighbours"),
        "session": "session",
        "cover": "coverage",
        "window_cover": "coverage",
        "related": "related",
        "related_near": "related",
        "name": "name",
        "phrase": "phrase",
        "speaker": "speaker",
        "date": "time_window",
        "time_window": "time_window",
        "recency": "recency",
        **dict.fromkeys(SIGNALS, "substance"),
        "asked_dated": "kind",
        "asked_placed": "kind",
        "asked_naming": "kind",
        "attention": "attention",
        "attention_before_1": "attention",
        "attention_after_1": "attention",
        "second_pass": "second_pass",
    }
)
"""The part of the score to which each feature belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One weight for each feature; what is not named counts nothing."""

    by_words: Mapping[str, float]
    """When there are no vectors."""
    with_vectors: Mapping[str, float]

    def of(self, features: Features) -> Mapping[str, float]:
        """The set made for these features."""
        return self.with_vectors if "attention" in features else self.by_words


@functools.cache
def shipped_weights() -> Weights:
    """The weights that come with Ellie."""
    text = resources.files("bot.memory").joinpath(FILE).read_text("utf-8")
    return parse_weights(text)


def parse_weights(text: str) -> Weights:
    """Weights from the text of a weights file.

    Raises:
        ValueError: it has another format, or weighs a feature that does not exist.
    """
    data = json.loads(text)
    if data["format"] != FORMAT:
        raise ValueError(f"{FILE} has format {data['format']}, not {FORMAT}")
    sets = {name: data[name] for name in ("by_words", "with_vectors")}
    unknown = {feature for weights in sets.values() for feature in weights} - PARTS.keys()
    if unknown:
        raise ValueError(f"{FILE} weighs what is no feature: {', '.join(sorted(unknown))}")
    return Weights(**{name: MappingProxyType(weights) for name, weights in sets.items()})


def weigh(features: Features, weights: Mapping[str, float]) -> dict[str, Floats]:
    """The parts of every document's score, by name; they sum to the score."""
    parts: dict[str, Floats] = {}
    for feature, values in features.items():
        weight = weights.get(feature, 0.0)
        if weight:
            part = PARTS[feature]
            parts[part] = parts[part] + weight * values if part in parts else weight * values
    return parts


def total(parts: Mapping[str, Floats]) -> Floats:
    """The score of every document."""
    score: Floats = sum(parts.values())  # type: ignore[assignment]  # there is always a part
    return score
