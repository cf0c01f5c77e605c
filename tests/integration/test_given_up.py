"""Requests that are given up, run out of time or lose their engine: told at once, and gone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.cancelling import give_up
from support.random_model import OPTIONS, engine_of, request, run, running, save_random_model

from bot.config_choices import Precision
from bot.domain.generation import FinishReason
from bot.errors import EngineFailedError, GenerationTimeoutError
from bot.generation.batching import BatchingGenerator
from bot.generation.cpu.engine import PackedEngine
from bot.generation.engine import BatchEngine
from bot.generation.loading import load_model

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

AT_ONCE_SECONDS = 2.0
LONG = 300


@pytest.fixture(scope="module", params=[False, True], ids=["batched", "packed"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for each of the engines that may run it."""
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path, packable=request.param)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, OPTIONS), places=2) as generator:
        await generator.tokenizer()
        yield generator


@contextmanager
def next_step(generator: BatchingGenerator, happens: Callable[[], None]) -> Iterator[None]:
    """Let something happen in the engine's thread before its next steps."""
    engine = engine_of(generator)
    owner, name = (
        (engine, "_step")
        if isinstance(engine, PackedEngine)
        else (engine._manager, "_generation_step")
    )
    step = getattr(owner, name)

    def changed() -> None:
        happens()
        step()

    setattr(owner, name, changed)
    try:
        yield
    finally:
        delattr(owner, name)


@contextmanager
def stuck(generator: BatchingGenerator) -> Iterator[None]:
    """A step of the engine that does not end, as of a machine that is far too slow."""
    go = threading.Event()

    def wait() -> None:
        assert go.wait(60)

    with next_step(generator, wait):
        try:
            yield
        finally:
            go.set()


async def test_a_thousand_requests_given_up_leave_nothing(folder: Path) -> None:
    # Where oneDNN multiplies bf16, it keeps up to 1024 products compiled, one for every number of
    # rows that it meets: a growth that ends, and would hide one that does not.
    batched = isinstance(load_model(folder, OPTIONS).engine, BatchEngine)
    options = replace(OPTIONS, precision=Precision.FP32 if batched else Precision.AUTO)

    early, late = await give_up(folder, 1000, options)

    for left in (early, late):
        assert (left.inboxes, left.handlers, left.requests, left.outputs) == (0, 0, 0, 0)
        assert (left.owned_tokens, left.missing_tokens) == (0, 0)
    assert late.objects - early.objects < 400, "one for every second request"
    assert late.megabytes - early.megabytes < 1, "a kilobyte for each request"


async def test_a_cancelled_request_ends_at_once_while_the_engine_is_stuck(
    generator: BatchingGenerator,
) -> None:
    with stuck(generator):
        reading = asyncio.create_task(run(generator, request("r", tokens=LONG)))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        generator.cancel("r")
        _, result = await reading
        assert time.monotonic() - began < AT_ONCE_SECONDS

    assert result.finish_reason is FinishReason.CANCELLED
    assert (await run(generator, request("next")))[1].tokens == 12


async def test_time_runs_out_on_time_while_the_engine_is_stuck(
    generator: BatchingGenerator,
) -> None:
    with stuck(generator):
        began = time.monotonic()
        with pytest.raises(GenerationTimeoutError, match="No word was written"):
            await run(generator, request("r", tokens=LONG, seconds=0.2))
        assert time.monotonic() - began < 0.2 + AT_ONCE_SECONDS

    assert (await run(generator, request("next")))[1].tokens == 12


async def test_a_dead_engine_is_told_at_once_and_replaced(generator: BatchingGenerator) -> None:
    def die() -> None:
        raise RuntimeError("a kernel failed")

    with next_step(generator, die):
        began = time.monotonic()
        with pytest.raises(EngineFailedError, match="being restarted"):
            await run(generator, request("r", tokens=LONG))
        assert time.monotonic() - began < AT_ONCE_SECONDS

    assert (await run(generator, request("next")))[1].tokens == 12
