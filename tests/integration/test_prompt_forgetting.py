"""What was read for somebody is forgotten: by every engine, and through every generator."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.random_model import (
    OPTIONS,
    break_next_step,
    engine_of,
    request,
    run,
    running,
    save_random_model,
)
from support.random_seq2seq import save_random_bart

from bot.domain.generation import ChatMessage, GenerationRequest, Prompt, Role, TextDelta
from bot.engine.fallback import FallbackGenerator
from bot.engine.on_demand import OnDemandGenerator
from bot.errors import EngineFailedError
from bot.generation.batching import BatchingGenerator
from bot.generation.cpu.engine import PackedEngine
from bot.generation.engine import BatchEngine
from bot.generation.loading import LoadedModel, LoadOptions, load_model
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

ANNAS = "anna told this to nobody but the one who listens to her"
BEAS = "bea was told that the lighthouse is closed in winter"
BLOCK = 16
NUMBERS = itertools.count()


@pytest.fixture(scope="module", params=["batched", "packed"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for each of the engines that keep what they read."""
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path, packable=request.param == "packed")
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, OPTIONS), places=2) as generator:
        await generator.tokenizer()
        yield generator


def asked(name: str, text: str, asker: str, *, tokens: int = 12) -> GenerationRequest:
    """A request whose prompt has no beginning in common with one of another text."""
    prompt = Prompt(messages=(ChatMessage(Role.USER, text),), tokens=0)
    return replace(request(name, tokens=tokens), prompt=prompt, asker=asker)


async def known(generator: BatchingGenerator, text: str) -> int:
    """How many tokens of a prompt would not have to be read, once all that was noted is done."""
    # Whoever comes later is read after that. Each has another beginning.
    later = asked("later", f"{next(NUMBERS)} came later", "cleo")
    await run(generator, later)
    engine = engine_of(generator)
    ids = (await generator.tokenizer()).encode_chat(asked("", text, "").prompt.messages)
    if isinstance(engine, PackedEngine):
        return engine.store._best(ids)[1]
    (allocator,) = engine._manager.batch_processor.cache.cache_allocators.values()
    return len(allocator.match_prefix_blocks(ids)) * BLOCK


async def test_what_was_read_for_somebody_is_not_known_any_more(
    generator: BatchingGenerator,
) -> None:
    await run(generator, asked("a", ANNAS, "anna"))
    await run(generator, asked("b", BEAS, "bea"))
    assert await known(generator, ANNAS) >= 3 * BLOCK
    generator.forget("anna")

    assert await known(generator, ANNAS) < BLOCK
    if isinstance(engine_of(generator), PackedEngine):  # the other one does not know whose it is
        assert await known(generator, BEAS) >= 3 * BLOCK
    await run(generator, asked("again", ANNAS, "anna"))
    assert await known(generator, ANNAS) >= 3 * BLOCK


async def test_what_was_read_for_nobody_is_forgotten_too(generator: BatchingGenerator) -> None:
    await run(generator, asked("a", ANNAS, ""))
    generator.forget("anna")

    assert await known(generator, ANNAS) < BLOCK


@pytest.mark.parametrize("end", ["written", "cancelled", "closed"])
async def test_a_reply_that_is_being_written_goes_on_and_leaves_nothing(
    generator: BatchingGenerator, end: str
) -> None:
    _, undisturbed = await run(generator, asked("before", ANNAS, "anna", tokens=80))
    generator.forget("anna")
    text = ""
    async with aclosing(generator.stream(asked("a", ANNAS, "anna", tokens=80))) as events:
        async for event in events:
            if not text:
                generator.forget("anna")
                if end == "cancelled":
                    generator.cancel("a")
            if isinstance(event, TextDelta):
                text += event.text
            if end == "closed":
                break

    assert undisturbed.text.startswith(text)
    if end == "written":
        assert text == undisturbed.text
    assert await known(generator, ANNAS) < BLOCK


async def test_what_is_read_for_whoever_waited_for_a_place_is_not_kept(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS), places=1) as generator:
        await generator.tokenizer()
        async with aclosing(generator.stream(asked("b", BEAS, "bea", tokens=60))) as events:
            await anext(events)
            waiting = asyncio.create_task(run(generator, asked("a", ANNAS, "anna")))
            await asyncio.sleep(0)
            generator.forget("anna")
        _, result = await waiting

        assert result.tokens == 12
        assert await known(generator, ANNAS) < BLOCK
        assert not generator._unkept


async def test_what_is_read_for_whoever_waited_for_the_model_is_not_kept(folder: Path) -> None:
    go = threading.Event()

    def slowly() -> LoadedModel:
        assert go.wait(60)
        return load_model(folder, OPTIONS)

    async with running(slowly) as generator:
        waiting = asyncio.create_task(run(generator, asked("a", ANNAS, "anna")))
        await asyncio.sleep(0)
        generator.forget("anna")
        go.set()
        await waiting

        assert await known(generator, ANNAS) < BLOCK


async def test_blocks_are_overwritten_once_nothing_is_written(tmp_path: Path) -> None:
    save_random_model(tmp_path)
    async with running(lambda: load_model(tmp_path, OPTIONS)) as generator:
        await run(generator, asked("a", ANNAS, "anna"))
        processor = engine_of(generator)._manager.batch_processor
        memory, at_work = processor.cache.cache_tensor, processor.scheduler.active_requests
        seen: list[tuple[bool, bool]] = []

        async def look() -> None:
            """Between two steps, and after the thread looked once for what it is to forget."""
            for _ in range(2):
                await asyncio.to_thread(
                    engine_of(generator).exclusively,
                    lambda: seen.append((bool(at_work), bool(memory.any()))),
                )

        async with aclosing(generator.stream(asked("b", BEAS, "bea", tokens=300))) as events:
            await anext(events)
            generator.forget("anna")
            await look()
        await look()

    assert (True, False) not in seen, "the blocks of whoever is being answered are left alone"
    assert seen[-1] == (False, False)


async def test_an_engine_that_died_has_nothing_left(generator: BatchingGenerator) -> None:
    await run(generator, asked("a", ANNAS, "anna"))
    engine = engine_of(generator)
    break_next_step(engine)
    with pytest.raises(EngineFailedError):
        await run(generator, asked("b", BEAS, "bea"))
    thread = engine._thread if isinstance(engine, PackedEngine) else engine._manager
    thread = getattr(thread, "_generation_thread", thread)
    await asyncio.to_thread(thread.join)

    generator.forget("anna")

    if isinstance(engine, BatchEngine):
        assert not engine._manager.batch_processor.cache.cache_tensor.any()
    assert await known(generator, ANNAS) < BLOCK


@pytest.mark.parametrize("wrapped", ["on demand", "fallback"])
async def test_generators_over_others_have_them_forget(folder: Path, wrapped: str) -> None:
    def made() -> BatchingGenerator:
        return BatchingGenerator(
            lambda: load_model(folder, OPTIONS),
            name="random",
            max_parallel=2,
            max_waiting=8,
            clock=SystemClock(),
        )

    model = made()
    if wrapped == "fallback":
        broken = ScriptedGenerator(EngineFailedError("It is down."))
        generator: Any = FallbackGenerator(broken, OnDemandGenerator(model), SystemClock())
    else:
        generator = OnDemandGenerator(model)
    generator.forget("anna")
    assert model._loading is None, "nothing is loaded to forget"
    try:
        await run(generator, asked("a", ANNAS, "anna"))
        assert await known(model, ANNAS) >= 3 * BLOCK
        generator.forget("anna")

        assert await known(model, ANNAS) < BLOCK
    finally:
        await generator.close()
    generator.forget("anna")
    if wrapped == "fallback":
        assert broken.forgotten == ["anna"] * 3


async def test_a_model_that_writes_one_reply_at_a_time_has_nothing_to_forget(
    tmp_path: Path,
) -> None:
    save_random_bart(tmp_path)
    options = LoadOptions(context_tokens=512, reply_tokens=40, device="cpu")
    async with running(lambda: load_model(tmp_path, options)) as generator:
        before = await run(generator, asked("a", "hello", "anna", tokens=8))
        generator.forget("anna")

        assert await run(generator, asked("b", "hello", "anna", tokens=8)) == before
