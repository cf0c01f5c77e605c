"""Many requests that are given up in every way, and what is left of them afterwards."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.heap import allocated_megabytes
from support.random_model import OPTIONS, engine_of, request, run, running, unfinished

from bot.domain.generation import GenerationRequest, TextDelta
from bot.errors import GenerationTimeoutError
from bot.generation.batching import BatchingGenerator
from bot.generation.cpu.engine import PackedEngine
from bot.generation.loading import LoadOptions, load_model

AT_ONCE = 25
PLACES = 8
LONG = 200
"""Tokens of each reply: far more than anybody waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What a generator still holds when nobody waits for anything."""

    inboxes: int
    handlers: int
    outputs: int
    """That nobody will ever fetch."""
    requests: int
    """That the engine believes to be running or waiting."""
    owned_tokens: int
    """Room in the cache that belongs to a request."""
    missing_tokens: int
    """Room that is neither free, nor kept for whoever shares its beginning, nor owned; or kept
    beyond the budget."""
    megabytes: float
    """Given out by the C library: tensors, and whatever else is not Python's."""
    objects: int
    """Of Python's."""


async def give_up(folder: Path, count: int, options: LoadOptions) -> tuple[Remains, Remains]:
    """Give up ``count`` requests to the model in ``folder``: what was left after a fifth and all.

    Raises:
        AssertionError: a request after all of them was not answered.
    """
    async with running(
        lambda: load_model(folder, options), places=PLACES, waiting=AT_ONCE
    ) as generator:
        await generator.tokenizer()
        numbers = itertools.count()
        await _in_groups(generator, numbers, count // 5)
        after_a_fifth = await remains(generator)
        await _in_groups(generator, numbers, count - count // 5)
        after_all = await remains(generator)
        _, result = await run(generator, request("after all"))
        assert result.tokens == 12
        return after_a_fifth, after_all


async def _in_groups(
    generator: BatchingGenerator, numbers: itertools.count[int], count: int
) -> None:
    left = count
    while left:
        group = min(left, AT_ONCE)
        left -= group
        await asyncio.gather(*(_one(generator, next(numbers)) for _ in range(group)))


async def _one(generator: BatchingGenerator, number: int) -> None:
    """One of five ways."""
    # Some begin like others, so that blocks are shared; some are several blocks long.
    text = f"{number % 7} " + "and then it rained " * (number % 4) + str(number)
    asked = request(f"r{number}", text, tokens=LONG)
    ways: tuple[Callable[[BatchingGenerator, GenerationRequest], Awaitable[None]], ...] = (
        _cancelled_while_writing,
        _closed_while_writing,
        _task_cancelled_while_writing,
        _cancelled_before_anything,
        _out_of_time,
    )
    await ways[number % len(ways)](generator, asked)


async def _cancelled_while_writing(generator: BatchingGenerator, asked: GenerationRequest) -> None:
    async with aclosing(generator.stream(asked)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                generator.cancel(asked.id)


async def _closed_while_writing(generator: BatchingGenerator, asked: GenerationRequest) -> None:
    async with aclosing(generator.stream(asked)) as events:
        await anext(events)


async def _task_cancelled_while_writing(
    generator: BatchingGenerator, asked: GenerationRequest
) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(generator.stream(asked)) as events:
            async for _ in events:
                begun.set()

    reading = asyncio.create_task(read())
    await begun.wait()
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


async def _cancelled_before_anything(
    generator: BatchingGenerator, asked: GenerationRequest
) -> None:
    async with aclosing(generator.stream(asked)) as events:
        reading = asyncio.create_task(_read(events))
        await asyncio.sleep(0)  # the first step makes it known
        generator.cancel(asked.id)
        await reading


async def _out_of_time(generator: BatchingGenerator, asked: GenerationRequest) -> None:
    hurried = request(asked.id, asked.prompt.messages[-1].content, tokens=LONG, seconds=0.02)
    with suppress(GenerationTimeoutError):
        await run(generator, hurried)


async def _read(events: AsyncIterator[object]) -> None:
    async for _ in events:
        pass


async def remains(generator: BatchingGenerator) -> Remains:
    """Look, once the engine has heard of everything."""
    engine = engine_of(generator)
    for _ in range(500):
        if not unfinished(engine) and not _unheard(engine):
            break
        await asyncio.sleep(0.01)
    gc.collect()
    look = _of_packed if isinstance(engine, PackedEngine) else _of_batched
    return Remains(
        inboxes=len(generator._inboxes),
        requests=unfinished(engine),
        megabytes=allocated_megabytes(),
        objects=len(gc.get_objects()),
        **look(engine),
    )


def _unheard(engine: Any) -> bool:
    if isinstance(engine, PackedEngine):
        return bool(engine._cancelled)
    return not engine._manager.cancel_queue.empty()


def _of_packed(engine: PackedEngine) -> dict[str, int]:
    store = engine.store
    return {
        "handlers": 0,  # they are with the requests
        "outputs": 0,
        "owned_tokens": store.running_tokens,
        "missing_tokens": max(0, store.kept_tokens - OPTIONS.kv_cache_tokens),
    }


def _of_batched(engine: Any) -> dict[str, int]:
    router, cache = engine._manager.output_router, engine._manager.batch_processor.cache
    (allocator,) = cache.cache_allocators.values()
    owned = {block for table in allocator.block_table.values() for block in table}
    kept = len(allocator.ledger.cached_blocks)
    free_sectors, sectors = cache.pool.num_free_sectors, cache.num_sectors
    free = cache.pool.count_free_blocks(allocator.index)
    free += free_sectors * allocator.blocks_per_sector
    missing = sectors * allocator.blocks_per_sector - free - kept - len(owned)
    return {
        "handlers": len(router.result_handlers),
        "outputs": router.output_queue.qsize(),
        "owned_tokens": len(owned) * allocator.tokens_per_page,
        "missing_tokens": missing * allocator.tokens_per_page,
    }
