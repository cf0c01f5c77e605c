"""The built-in encoder, really pulled, makes the vectors that its makers published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.generation.encoder import LocalEncoder
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.generation.models.store import ModelStore
from bot.local_models import local_encoder

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]


@pytest.fixture
async def encoder(test_models_dir: Path) -> AsyncIterator[LocalEncoder]:
    folder = pull(parse_source("ellie-encoder"), ModelStore(test_models_dir))
    encoder = local_encoder("ellie-encoder", folder)
    await encoder.start()
    yield encoder
    await encoder.close()


async def test_cosines_are_the_published_ones(encoder: LocalEncoder) -> None:
    food, bread, baby = await encoder.encode(
        [
            "A man is eating food.",
            "A man is eating a piece of bread.",
            "The girl is carrying a baby.",
        ]
    )

    assert encoder.dimensions == 384
    assert food @ bread == pytest.approx(0.7553, abs=0.001)
    assert food @ baby == pytest.approx(-0.1050, abs=0.001)


async def test_a_question_finds_its_answer_among_longer_texts(encoder: LocalEncoder) -> None:
    texts = [
        "We spent the whole afternoon repairing the old boat, and then the rain came in.",
        "Biscuit had his shots at the vet today, he was such a brave pup!",
        "Work is busy. The new release has to be out on Friday, so I will be late again.",
    ]

    question, *answers = await encoder.encode(["What is the name of my dog?", *texts])

    assert max(range(3), key=lambda i: question @ answers[i]) == 1
