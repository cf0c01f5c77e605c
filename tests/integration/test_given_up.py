"""Requests that are given up, run out of time or lose their engine: told at once, and gone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.cancelling import give_up
from support.random_model import OPTIONS, engine_of, request, run, running, save_random_model

from bot.domain.generation import FinishReason
from bot.errors import EngineFailedError, GenerationTimeoutError
from bot.generation.batching import BatchingGenerator
from bot.generation.loading import load_model

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

AT_ONCE_SECONDS = 2.0
LONG = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, OPTIONS), places=2) as generator:
        await generator.tokenizer()
        yield generator


@contextmanager
def stuck(generator: BatchingGenerator) -> Iterator[None]:
    """A step of the engine that does not end, as of a machine that is far too slow."""
    manager, go = engine_of(generator)._manager, threading.Event()
    step = manager._generation_step

    def waiting() -> None:
        assert go.wait(60)
        step()

    manager._generation_step = waiting
    try:
        yield
    finally:
        manager._generation_step = step
        go.set()


async def test_a_thousand_requests_given_up_leave_nothing(folder: Path) -> None:
    early, late = await give_up(folder, 1000)

    for left in (early, late):
        assert (left.inboxes, left.handlers, left.requests, left.outputs) == (0, 0, 0, 0)
        assert (left.owned_blocks, left.missing_blocks) == (0, 0)
    assert late.objects - early.objects < 400, "one for every second request"
    assert late.megabytes - early.megabytes < 4


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


@pytest.mark.parametrize("error", [RuntimeError("a kernel failed"), SystemExit("killed")])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_engine_is_told_at_once_and_replaced(
    generator: BatchingGenerator, error: BaseException
) -> None:
    def dying() -> None:
        raise error

    engine_of(generator)._manager._generation_step = dying
    began = time.monotonic()
    with pytest.raises(EngineFailedError, match="being restarted"):
        await run(generator, request("r", tokens=LONG))
    assert time.monotonic() - began < AT_ONCE_SECONDS

    assert (await run(generator, request("next")))[1].tokens == 12
