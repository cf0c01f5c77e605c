"""What every sentence encoder promises, the stand-in and the real one with random weights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from support.random_encoder import DIMENSIONS, save_random_encoder

from bot.errors import ModelError
from bot.generation.encoder import LocalEncoder
from bot.generation.models.encoders import describe_encoder
from bot.ports.encoding import Encoder
from bot.ports.hashed import HashingEncoder

TEXTS = ["My dog is Rex.", "I live in Ghent", "x", "", "我喜欢喝茶", "a" * 5000, "\ud83d 🐕", "x y"]


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random-encoder")
    save_random_encoder(folder)
    return folder


@pytest.fixture(params=["stand-in", "local"])
def new_encoder(request: pytest.FixtureRequest, encoder_folder: Path) -> Callable[[], Encoder]:
    """Makes an encoder that is not started."""
    if request.param == "stand-in":
        return lambda: HashingEncoder(dimensions=DIMENSIONS)

    def make() -> Encoder:
        from bot.generation.sentence_model import load_sentence_model

        description = describe_encoder(encoder_folder)
        return LocalEncoder(
            lambda: load_sentence_model(encoder_folder, description),
            model_name="random",
            dimensions=description.dimensions,
        )

    return make


@pytest.fixture
async def encoder(new_encoder: Callable[[], Encoder]) -> AsyncIterator[Encoder]:
    encoder = new_encoder()
    await encoder.start()
    yield encoder
    await encoder.close()


async def test_every_text_gets_a_row_of_length_one(encoder: Encoder) -> None:
    vectors = await encoder.encode(TEXTS)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dimensions) == (len(TEXTS), DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


async def test_rows_are_in_the_order_of_the_texts(encoder: Encoder) -> None:
    forwards = await encoder.encode(TEXTS)
    backwards = await encoder.encode(TEXTS[::-1])

    assert forwards == pytest.approx(backwards[::-1], abs=1e-5)
    assert len(np.unique(forwards.round(4), axis=0)) == len(TEXTS)


async def test_a_texts_vector_does_not_depend_on_its_company(encoder: Encoder) -> None:
    together = await encoder.encode(TEXTS * 40)

    for row, text in enumerate(TEXTS):
        alone = (await encoder.encode([text]))[0]
        for place in (row, row + 20 * len(TEXTS)):
            assert together[place] == pytest.approx(alone, abs=1e-5)


async def test_no_text_makes_no_row(encoder: Encoder) -> None:
    vectors = await encoder.encode([])

    assert vectors.shape == (0, DIMENSIONS)
    assert vectors.dtype == np.float32


async def test_many_may_ask_at_once(encoder: Encoder) -> None:
    alone = [await encoder.encode([text]) for text in TEXTS]

    together = await asyncio.gather(*(encoder.encode([text]) for text in TEXTS))

    for one, other in zip(alone, together, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


async def test_two_of_a_kind_agree(encoder: Encoder, new_encoder: Callable[[], Encoder]) -> None:
    other = new_encoder()
    await other.start()

    assert other.model_name == encoder.model_name
    assert await other.encode(TEXTS) == pytest.approx(await encoder.encode(TEXTS), abs=1e-5)

    await other.close()


async def test_it_is_ready_between_start_and_close(new_encoder: Callable[[], Encoder]) -> None:
    encoder = new_encoder()
    assert not encoder.ready
    with pytest.raises(ModelError, match="not loaded"):
        await encoder.encode(["x"])

    await encoder.start()
    await encoder.start()
    assert encoder.ready
    assert len(await encoder.encode(["x"])) == 1

    await encoder.close()
    await encoder.close()
    assert not encoder.ready
    with pytest.raises(ModelError, match="not loaded"):
        await encoder.encode(["x"])
    with pytest.raises(ModelError, match="not loaded"):
        await encoder.start()


async def test_one_that_was_never_started_can_be_closed(
    new_encoder: Callable[[], Encoder],
) -> None:
    await new_encoder().close()
