"""The weights of recall: the file that ships, and how features become parts of a score."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.memory.features import Features
from bot.memory.fusion import PARTS, parse_weights, shipped_weights, total, weigh


def file_with(**changes: object) -> str:
    return json.dumps({"format": 1, "by_words": {}, "with_vectors": {}} | changes)


def test_both_shipped_sets_weigh_every_feature_they_can_see() -> None:
    weights = shipped_weights()
    of_vectors = {name for name, part in PARTS.items() if part == "attention"}

    assert weights.with_vectors.keys() == PARTS.keys()
    assert weights.by_words.keys() == PARTS.keys() - of_vectors


def test_the_set_follows_the_features() -> None:
    weights = parse_weights(file_with(by_words={"bm25": 1}, with_vectors={"bm25": 2}))

    assert weights.of({"bm25": np.zeros(1)}) == {"bm25": 1}
    assert weights.of({"attention": np.zeros(1)}) == {"bm25": 2}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (file_with(format=2), "format 2"),
        (file_with(by_words={"magic": 1.0}), "magic"),
        (file_with(with_vectors={"magic": 1.0}), "magic"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_weights(text)


def test_features_of_one_part_are_added_up_and_unweighed_ones_left_out() -> None:
    features: Features = {
        "before_1": np.array([1.0, 0.0]),
        "after_1": np.array([0.0, 1.0]),
        "bm25": np.array([4.0, 4.0]),
        "recency": np.array([9.0, 9.0]),
    }

    parts = weigh(features, {"before_1": 2.0, "after_1": 3.0, "bm25": 0.5})

    assert {name: values.tolist() for name, values in parts.items()} == {
        "neighbours": [2.0, 3.0],
        "bm25": [2.0, 2.0],
    }
    assert total(parts).tolist() == [4.0, 5.0]
