"""Scaled dot-product attention over memory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.memory.attention import TEMPERATURE, Keys, softmax

ALL = np.ones(4, dtype=bool)


def keys_of(**rows: list[float]) -> Keys:
    keys = Keys()
    for place, row in rows.items():
        keys.add(int(place.removeprefix("at_")), np.array(row, dtype=np.float32))
    return keys


def test_logits_are_cosines_over_the_root_of_the_dimensions_and_the_temperature() -> None:
    keys = keys_of(at_0=[2, 0, 0, 0], at_1=[0, 5, 0, 0], at_3=[1, 1, 0, 0])

    logits = keys.logits(np.array([3.0, 0, 0, 0]), ALL)

    cosines = np.array([1, 0, math.sqrt(0.5)])
    expected = (cosines - cosines.mean()) / (math.sqrt(4) * TEMPERATURE)
    assert logits[[0, 1, 3]] == pytest.approx(expected, rel=1e-3)
    assert logits[2] == 0


def test_what_is_invisible_gets_no_attention_and_moves_no_mean() -> None:
    keys = keys_of(at_0=[1, 0], at_1=[0, 1], at_2=[1, 0])
    visible = np.array([True, True, False, True])

    logits = keys.logits(np.array([1.0, 0]), visible)

    assert logits[2] == 0
    assert logits[0] == pytest.approx(-logits[1])


@pytest.mark.parametrize("visible", [np.zeros(4, dtype=bool), ALL])
def test_without_visible_keys_there_is_no_attention(visible: np.ndarray) -> None:
    keys = keys_of(at_0=[1, 0]) if not visible.any() else Keys()

    assert not keys.logits(np.array([1.0, 0]), visible).any()


def test_many_keys_are_read_in_blocks() -> None:
    keys = Keys()
    for place in range(5000):
        keys.add(place, np.array([1, place / 5000], dtype=np.float32))

    logits = keys.logits(np.array([0.0, 1]), np.ones(5000, dtype=bool))

    assert logits.argmax() > 4900
    assert logits.argmin() < 100
    assert keys.size_bytes < 5000 * 150


def test_vectors_of_another_encoder_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        keys_of(at_0=[1, 0], at_1=[1, 0, 0])


def test_softmax_gives_shares_and_survives_large_logits() -> None:
    shares = softmax(np.array([1000.0, 1000.0, 1000.0 - math.log(2)]))

    assert shares == pytest.approx([0.4, 0.4, 0.2])
