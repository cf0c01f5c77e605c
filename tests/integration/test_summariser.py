"""The whole summariser with a random encoder-decoder: it writes, gives way, and is done in time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.random_seq2seq import save_random_bart, save_random_t5

from bot.config_choices import Precision
from bot.engine.chat_traffic import ChatTraffic
from bot.errors import ModelError
from bot.generation.summariser import LocalSummariser

PASSAGES = ["I moved to Porto.", "My dog is Rex."]
LONG = ["x" * 60] * 400
"""Takes minutes, were it not stopped."""


def summariser_of(folder: Path) -> LocalSummariser:
    from bot.generation.seq2seq import load_seq2seq

    return LocalSummariser(
        lambda: load_seq2seq(folder, precision=Precision.AUTO, device="cpu"), model_name="random"
    )


@pytest.fixture(params=[save_random_bart, save_random_t5])
async def summariser(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[LocalSummariser]:
    save: Callable[[Path], None] = request.param
    save(tmp_path)
    summariser = summariser_of(tmp_path)
    yield summariser
    await summariser.close()


async def under_way(summariser: LocalSummariser) -> asyncio.Task[str]:
    """A request that would take long, some way into it."""
    await summariser.summarise(PASSAGES, max_tokens=5)
    task = asyncio.create_task(summariser.summarise(LONG, max_tokens=24 * 400))
    await asyncio.sleep(0.3)
    assert not task.done()
    return task


async def test_it_writes_the_same_summary_every_time(summariser: LocalSummariser) -> None:
    first = await summariser.summarise(PASSAGES, max_tokens=30)

    assert first
    assert await summariser.summarise(PASSAGES, max_tokens=30) == first


async def test_requests_at_the_same_time_take_turns(summariser: LocalSummariser) -> None:
    texts = [[*PASSAGES, str(number)] for number in range(4)]
    apart = [await summariser.summarise(text, max_tokens=20) for text in texts]

    together = await asyncio.gather(*(summariser.summarise(text, max_tokens=20) for text in texts))

    assert together == apart


async def test_cancelling_stops_quickly_and_leaves_it_usable(summariser: LocalSummariser) -> None:
    task = await under_way(summariser)
    began = time.monotonic()
    task.cancel()

    assert await summariser.summarise(PASSAGES, max_tokens=5)

    assert time.monotonic() - began < 5
    assert task.cancelled()


async def test_it_gives_way_to_a_chat_and_begins_anew(summariser: LocalSummariser) -> None:
    (await under_way(summariser)).cancel()
    traffic = ChatTraffic()
    asked: list[int] = []

    async def work() -> str:
        asked.append(1)
        if len(asked) == 1:
            return await summariser.summarise(LONG, max_tokens=24 * 400)
        return await summariser.summarise(PASSAGES, max_tokens=30)

    undisturbed = asyncio.create_task(traffic.undisturbed(work))
    await asyncio.sleep(0.3)
    with traffic.answering():
        await asyncio.sleep(0)
        assert not undisturbed.done()

    assert await undisturbed
    assert len(asked) == 2


async def test_closing_ends_a_request_in_progress(summariser: LocalSummariser) -> None:
    task = await under_way(summariser)
    began = time.monotonic()

    await summariser.close()

    assert time.monotonic() - began < 5
    with pytest.raises(ModelError, match="Ellie is stopping"):
        await task
    assert not any(thread.name.startswith("summaries") for thread in threading.enumerate())


async def test_a_broken_folder_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    save_random_bart(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    summariser = summariser_of(tmp_path)

    for _ in range(2):
        with pytest.raises(ModelError, match="Choose another ELLIE_COMPACT_MODEL, or none"):
            await summariser.summarise(PASSAGES, max_tokens=5)
    await summariser.close()
