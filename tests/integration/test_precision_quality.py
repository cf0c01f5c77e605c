"""A quicker precision says nearly what bf16 says: bounds for ellie-small."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.packable import needs_vnni
from support.precision_quality import BRIEF, Quality, measured
from support.quality_prompts import QUESTIONS

from bot.config_choices import Precision

pytestmark = [pytest.mark.model, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much worse than bf16 it may be: see ``docs/benchmarks.md`` for what is measured."""

    perplexity: float
    """As a ratio to bf16's, for each text and each way of reading."""
    agreement: float
    common: float


# ellie-small was kept in more than 4 bits, so int4 rounds it once more and auto prefers int8.
BOUNDS = {
    Precision.INT8: Bounds(perplexity=1.03, agreement=0.96, common=0.8),
    Precision.INT4: Bounds(perplexity=1.18, agreement=0.85, common=0.5),
}


@pytest.fixture(scope="module")
def bf16(small_model_dir: Path) -> Quality:
    return asyncio.run(measured(small_model_dir, Precision.BF16, BRIEF))


def test_bf16_recalls_what_it_was_told(bf16: Quality) -> None:
    assert bf16.recalled >= len(QUESTIONS) - 3
    assert bf16.agreement > 0.97, "it does not agree with itself under teacher forcing"


@needs_vnni
@pytest.mark.parametrize("precision", list(BOUNDS))
def test_a_precision_says_nearly_what_bf16_says(
    small_model_dir: Path, bf16: Quality, precision: Precision
) -> None:
    bounds = BOUNDS[precision]
    found = asyncio.run(measured(small_model_dir, precision, BRIEF, bf16))

    assert found.precision == precision
    ratios = [
        ours / theirs
        for ours, theirs in zip(
            (*found.read, *found.written), (*bf16.read, *bf16.written), strict=True
        )
    ]
    assert max(ratios) < bounds.perplexity, ratios
    assert found.agreement > bounds.agreement
    assert found.common > bounds.common
    assert found.recalled >= bf16.recalled - 1
