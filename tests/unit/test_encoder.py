"""The local encoder works in a thread of its own, shares it fairly, and stops when asked to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelError
from bot.generation.encoder import BATCH_TOKENS, LocalEncoder, batches
from bot.ports.encoding import Vectors

LONG = "x" * BATCH_TOKENS
"""A text that fills a batch by itself."""


class LetterModel:
    """A token for each letter; a text's vector tells its length. Can be held while it encodes."""

    dimensions = 2

    def __init__(self) -> None:
        self.encoded: list[int] = []
        self.threads: set[str] = set()
        self.go = threading.Event()
        self.go.set()
        self.busy = threading.Event()
        self.error: Exception | None = None

    def split(self, texts: Sequence[str]) -> list[list[int]]:
        self.threads.add(threading.current_thread().name)
        return [[ord(letter) for letter in text] for text in texts]

    def encode(self, texts: Sequence[Sequence[int]]) -> Vectors:
        self.threads.add(threading.current_thread().name)
        self.busy.set()
        assert self.go.wait(30)
        if self.error:
            raise self.error
        self.encoded += [len(text) for text in texts]
        return np.array([[len(text), 0] for text in texts], dtype=np.float32)


@pytest.fixture
def model() -> LetterModel:
    return LetterModel()


def encoder_of(load: Callable[[], LetterModel], dimensions: int = 2) -> LocalEncoder:
    return LocalEncoder(load, model_name="letters", dimensions=dimensions)  # type: ignore[arg-type]


@pytest.fixture
async def encoder(model: LetterModel) -> AsyncIterator[LocalEncoder]:
    encoder = encoder_of(lambda: model)
    await encoder.start()
    yield encoder
    model.go.set()
    await encoder.close()


async def busy(model: LetterModel) -> None:
    assert await asyncio.to_thread(model.busy.wait, 30)


@given(st.lists(st.integers(0, 700), max_size=60))
def test_batches_hold_everything_once_and_are_small(lengths: list[int]) -> None:
    found = list(batches(lengths, 512))

    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or len(batch) * longest <= 512
    assert [lengths[i] for batch in found for i in batch] == sorted(lengths)


def test_batches_are_as_large_as_may_be() -> None:
    assert list(batches([2, 9, 2, 2], 6)) == [[0, 2, 3], [1]]


async def test_the_event_loop_computes_nothing(encoder: LocalEncoder, model: LetterModel) -> None:
    vectors = await encoder.encode(["abc", "a", LONG])

    assert vectors[:, 0].tolist() == [3, 1, BATCH_TOKENS]
    assert model.threads == {"encoder_0"}


async def test_a_question_overtakes_a_backlog(encoder: LocalEncoder, model: LetterModel) -> None:
    model.go.clear()
    backlog = asyncio.create_task(encoder.encode([LONG] * 8))
    await busy(model)
    question = asyncio.create_task(encoder.encode(["abc"]))
    await asyncio.sleep(0)
    model.go.set()

    await question
    assert not backlog.done()
    assert model.encoded.index(3) <= 3
    assert len(await backlog) == 8


async def test_cancelling_the_caller_stops_the_work(
    encoder: LocalEncoder, model: LetterModel
) -> None:
    model.go.clear()
    encoding = asyncio.create_task(encoder.encode([LONG] * 8))
    await busy(model)
    encoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await encoding
    model.go.set()

    await encoder.encode(["abc"])

    assert model.encoded == [BATCH_TOKENS, 3]


async def test_closing_ends_the_work_after_the_batch_in_progress(
    encoder: LocalEncoder, model: LetterModel
) -> None:
    model.go.clear()
    encodings = [asyncio.create_task(encoder.encode([LONG] * 4)) for _ in range(3)]
    await busy(model)
    closing = asyncio.create_task(encoder.close())
    await asyncio.sleep(0)
    model.go.set()
    await closing

    for encoding in encodings:
        with pytest.raises(ModelError, match="not loaded"):
            await encoding
    assert model.encoded == [BATCH_TOKENS]


async def test_a_failure_is_translated_and_the_next_call_works(
    encoder: LocalEncoder, model: LetterModel
) -> None:
    model.error = RuntimeError("not enough memory")
    with pytest.raises(ModelError, match="letters failed: not enough memory"):
        await encoder.encode(["abc"])

    model.error = None
    assert len(await encoder.encode(["abc"])) == 1


async def test_texts_wait_for_the_model_to_load(model: LetterModel) -> None:
    go = threading.Event()

    def load() -> LetterModel:
        assert go.wait(30)
        return model

    encoder = encoder_of(load)
    starting = asyncio.create_task(encoder.start())
    await asyncio.sleep(0)
    early = asyncio.create_task(encoder.encode(["abc"]))
    starting.cancel()  # others still wait for the model
    await asyncio.sleep(0)
    assert not encoder.ready
    go.set()

    assert (await early)[0, 0] == 3
    await encoder.close()


async def test_closing_while_it_loads_waits_and_fails_who_waited(model: LetterModel) -> None:
    go = threading.Event()

    def load() -> LetterModel:
        assert go.wait(30)
        return model

    encoder = encoder_of(load)
    starting = asyncio.create_task(encoder.start())
    await asyncio.sleep(0)
    closing = asyncio.create_task(encoder.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go.set()
    await closing

    with pytest.raises(ModelError, match="not loaded"):
        await starting
    assert not any(thread.name == "encoder_0" for thread in threading.enumerate())


async def test_a_model_that_cannot_load_is_the_same_error_for_everybody() -> None:
    def load() -> LetterModel:
        raise ModelError("no such weights")

    encoder = encoder_of(load)
    for _ in range(2):
        with pytest.raises(ModelError, match="no such weights"):
            await encoder.start()
    with pytest.raises(ModelError, match="no such weights"):
        await encoder.encode(["abc"])
    assert not encoder.ready
    await encoder.close()


async def test_a_model_of_other_dimensions_than_described_is_refused(model: LetterModel) -> None:
    encoder = encoder_of(lambda: model, dimensions=3)

    with pytest.raises(ModelError, match="vectors of 2 numbers, and its configuration says 3"):
        await encoder.start()
    await encoder.close()
