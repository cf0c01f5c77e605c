"""Recall with an encoder's vectors beside the words."""

from __future__ import annotations

import numpy as np
import pytest
from support.recall import ANA, DIARY, FILLER, LOBBY, found, index_of, ranked, said

from bot.domain.conversation import Scope
from bot.domain.turn import TurnId
from bot.memory.recall import RecallIndex


def vector(*values: float) -> np.ndarray:
    return np.array([*values, 0.0, 0.0], dtype=np.float32)


def test_attention_finds_what_shares_no_word() -> None:
    index = index_of(said(1, "Biscuit chewed my slippers."), *FILLER)
    index.add_vector(TurnId("t1"), vector(1, 0.1))
    for turn in FILLER:
        index.add_vector(turn.id, vector(0, 1))

    (hit, *_) = ranked(index, "zebra", query_vector=vector(1, 0))

    assert hit.turn_id == "t1"
    assert hit.parts["attention"] > 0
    assert sum(hit.parts.values()) == pytest.approx(hit.score)
    assert found(index, "zebra") == []


def test_a_vector_may_come_before_its_turn_and_the_first_one_stays() -> None:
    index = RecallIndex()
    index.add_vector(TurnId("t1"), vector(1, 0))
    for turn in (said(1, "Biscuit chewed my slippers."), *FILLER):
        index.add(turn)
        index.add_vector(turn.id, vector(0, 1))

    assert found(index, "zebra", query_vector=vector(1, 0), limit=1) == ["t1"]


def test_a_query_vector_without_vectors_changes_nothing() -> None:
    index = index_of(*DIARY)

    assert ranked(index, "my dog", query_vector=vector(1, 0)) == ranked(index, "my dog")


def test_an_invisible_vector_draws_no_attention() -> None:
    lobby = [said(n, f"Word{n}.", audience=LOBBY, conversation=f"c{n}") for n in range(1, 5)]
    index = index_of(*lobby, said(9, "Biscuit."))
    for number, turn in enumerate((*lobby, said(9, "Biscuit."))):
        index.add_vector(turn.id, vector(1, 0) if number in {0, 4} else vector(0, 1))

    assert found(index, "zebra", Scope(ANA, LOBBY), query_vector=vector(1, 0)) == ["t1"]
