"""Requests with variety and without on one model: chance for the former, for the latter none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.random_model import engine_of, request, run, running, save_random_model
from transformers.generation.continuous_batching.cb_logits_processors import (
    ContinuousBatchingLogitsProcessorList,
)

from bot.config_choices import Precision
from bot.errors import EngineFailedError
from bot.generation import engine
from bot.generation.batching import BatchingGenerator
from bot.generation.loading import LoadOptions, load_model
from bot.generation.variety import variety_per_request

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

# Sums in fp32 do not depend on what else is in the batch, so replies can be compared exactly.
EXACT = LoadOptions(precision=Precision.FP32, context_tokens=400, kv_cache_tokens=4096)
TOKENS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, EXACT)) as generator:
        await generator.tokenizer()
        yield generator


async def ask(
    generator: BatchingGenerator, text: str, *, name: str = "r", variety: float = 0.0
) -> str:
    asked = replace(request(name, text, tokens=TOKENS), variety=variety)
    _, result = await run(generator, asked)
    assert result.tokens == TOKENS
    return result.text


async def test_without_variety_replies_are_those_of_an_engine_that_knows_none(
    folder: Path, generator: BatchingGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_at_all() -> ContinuousBatchingLogitsProcessorList:
        processors = variety_per_request()
        processors.do_processing = False
        return processors

    questions = [f"number {n}" for n in range(6)]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "variety_per_request", none_at_all)
        async with running(lambda: load_model(folder, EXACT)) as plain:
            expected = [await ask(plain, text) for text in questions]
            assert await ask(plain, questions[0], variety=1.5) == expected[0]

    assert [await ask(generator, text) for text in questions] == expected


async def test_a_reply_without_variety_is_the_same_beside_replies_with_it(
    generator: BatchingGenerator,
) -> None:
    alone = [await ask(generator, f"number {n}") for n in range(6)]

    together = await asyncio.gather(
        *(
            ask(generator, f"number {n // 2}", name=f"r{n}", variety=1.5 * (n % 2))
            for n in range(12)
        )
    )

    assert list(together[::2]) == alone
    assert not set(together[1::2]) & set(alone)


@pytest.mark.parametrize("variety", [0.8, 1])  # a whole number is a number as well
async def test_one_question_gets_many_replies_where_variety_is_wanted(
    generator: BatchingGenerator, variety: float
) -> None:
    first = await ask(generator, "hello")

    replies = [await ask(generator, "hello", variety=variety) for _ in range(8)]

    assert len({first, *replies}) == 9


async def test_chance_is_not_the_same_after_every_start(folder: Path) -> None:
    replies = []
    for _ in range(2):
        torch.manual_seed(11)  # as in a new process, where torch begins with a seed of its own
        async with running(lambda: load_model(folder, EXACT)) as generator:
            replies.append(await ask(generator, "hello", variety=1.5))

    assert replies[0] != replies[1]


async def test_an_engine_that_was_restarted_still_knows_variety(
    generator: BatchingGenerator,
) -> None:
    def broken() -> None:
        raise RuntimeError("a kernel failed")

    first = await ask(generator, "hello")
    engine_of(generator)._manager._generation_step = broken
    with pytest.raises(EngineFailedError):
        await ask(generator, "hello")

    assert await ask(generator, "hello", variety=1.5) != first
    assert await ask(generator, "hello") == first
