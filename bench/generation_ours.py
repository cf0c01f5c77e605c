"""Ellie's half of ``bench/generation.py``: what a turn would do, up to the stream of a reply.

    python bench/generation_ours.py JOB.json FOUND.json

A request of one token is over when its first token is there, so seconds to the first token need no
look inside. Decoding is the difference between a long reply and a reply of one token, both to a
prompt that is in the prefix cache.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from contextlib import aclosing
from pathlib import Path

from generation_job import MEASURES, Asked, Found, Job, memory_mb, read_job, write_json
from generation_weights import engine_bytes, file_bytes

from bot.config import Settings
from bot.config_choices import LogLevel, Precision
from bot.domain.generation import (
    ChatMessage,
    FinishReason,
    GenerationRequest,
    GenerationResult,
    Prompt,
    Role,
)
from bot.generation.batching import BatchingGenerator
from bot.generation.cpu.engine import PackedEngine
from bot.generation.loading import LoadedModel
from bot.local_models import local_generator
from bot.log import configure_logging
from bot.system import SystemClock

TIME_LIMIT = 3600.0


class Ours:
    """The product's generator, and what was measured of it so far."""

    def __init__(self, job: Job, generator: BatchingGenerator, model: LoadedModel) -> None:
        self._job = job
        self._generator = generator
        self._engine = model.engine
        self._names = itertools.count()
        precision = model.precision.value  # what became of auto
        read = engine_bytes(self._engine) or file_bytes(Path(job.folder), precision)
        self.found = Found(engine="Ellie", precision=precision, weight_bytes=read)

    async def prefill(self) -> None:
        """Seconds to the first token of prompts never seen before."""
        for asked in self._job.cold:
            self.found.prefill.append(await self._seconds(asked, 1))
            self.found.prefill_tokens = len(asked.ids)

    async def decode(self) -> None:
        """Tokens per second after a long prompt: step by step, and as replies are written."""
        for asked in self._job.cold:
            await self._seconds(asked, 1)  # from here on the prompt is in the cache
            alone = min([await self._seconds(asked, 1) for _ in range(2)])
            if isinstance(self._engine, PackedEngine):
                self._engine._guessing = False  # noqa: SLF001 - to see what it brings
                self.found.decode.append(await self._speed(asked, alone))
                self._engine._guessing = True  # noqa: SLF001
                self.found.guessed.append(await self._speed(asked, alone))
            else:
                self.found.decode.append(await self._speed(asked, alone))

    async def _speed(self, asked: Asked, alone: float) -> float:
        began = time.perf_counter()
        tokens = await self._tokens(asked, 1 + self._job.decode_tokens)
        return (tokens - 1) / (time.perf_counter() - began - alone)

    async def returning(self) -> None:
        """Seconds to the first token for somebody whose prompt is mostly known."""
        await self._seconds(self._job.warm, 1)
        for asked in self._job.returning:
            self.found.returning.append(await self._seconds(asked, 1))

    async def people(self) -> None:
        """Tokens per second of several replies at once, prompts included."""
        for crowd in self._job.crowd:
            prompts = iter(crowd)
            for count in self._job.people:
                group = list(itertools.islice(prompts, count))
                began = time.perf_counter()
                tokens = await asyncio.gather(
                    *(self._tokens(asked, self._job.people_tokens) for asked in group)
                )
                speed = sum(tokens) / (time.perf_counter() - began)
                self.found.people.setdefault(str(count), []).append(speed)

    async def _seconds(self, asked: Asked, tokens: int) -> float:
        began = time.perf_counter()
        await self._tokens(asked, tokens)
        return time.perf_counter() - began

    async def _tokens(self, asked: Asked, tokens: int) -> int:
        """How many tokens the reply has, which is at most ``tokens``."""
        messages = tuple(ChatMessage(Role(role), content) for role, content in asked.messages)
        request = GenerationRequest(
            id=f"bench-{next(self._names)}",
            prompt=Prompt(messages=messages, tokens=len(asked.ids)),
            max_tokens=tokens,
            time_limit_seconds=TIME_LIMIT,
        )
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, GenerationResult):
                    self.found.ended_early += event.finish_reason is FinishReason.STOP
                    return event.tokens
        raise AssertionError("a stream ended without a result")


async def measure(job: Job) -> Found:
    """Load the model as the product does, and measure what is wanted."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        precision=Precision(job.precision),
        threads=job.threads,
        kv_cache_tokens=job.kv_tokens,
        max_parallel_replies=max(job.people),
    )
    generator = local_generator(settings, job.model, Path(job.folder), SystemClock())
    began = time.perf_counter()
    generator.start()
    try:
        await generator.tokenizer()
        ours = Ours(job, generator, await generator._loaded())  # noqa: SLF001 - to look at it
        ours.found.load_seconds = time.perf_counter() - began
        await ours._seconds(job.warm, 4)  # noqa: SLF001 - the first request of all pays for much
        for name in (name for name in MEASURES if name in job.measures):
            await getattr(ours, name)()
        ours.found.peak_mb, ours.found.settled_mb = memory_mb()
    finally:
        await generator.close()
    return ours.found


if __name__ == "__main__":
    configure_logging(LogLevel.ERROR)
    write_json(asyncio.run(measure(read_job(Path(sys.argv[1])))), Path(sys.argv[2]))
