"""A stream that shows it is alive while it has nothing to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.domain.generation import GenerationEvent
from bot.errors import EllieError, EngineFailedError
from bot.log import get_logger

PULSE_SECONDS = 0.3

Batch = tuple[GenerationEvent | EllieError, ...]
"""What happened since the last one. An empty one is a pulse; an error is the last thing."""

log = get_logger(__name__)


async def with_pulse(
    events: AsyncGenerator[GenerationEvent], *, seconds: float = PULSE_SECONDS
) -> AsyncGenerator[Batch]:
    """``events`` in batches: one at the start, and then at least one every so many ``seconds``.

    Errors are handed on as values: raised in a replica they would be tracebacks in Ray's log.
    ``events`` is closed when this is.
    """
    queue: asyncio.Queue[GenerationEvent | EllieError | None] = asyncio.Queue()
    feeding = asyncio.create_task(_feed(events, queue))
    try:
        yield ()
        ended = False
        while not ended:
            batch = await _gathered(queue, seconds)
            ended = None in batch
            if happened := tuple(item for item in batch if item is not None):
                yield happened
            elif not ended:
                yield ()
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})


async def _gathered(
    queue: asyncio.Queue[GenerationEvent | EllieError | None], seconds: float
) -> list[GenerationEvent | EllieError | None]:
    """Everything that has come, once there is something or the time is up."""
    try:
        async with asyncio.timeout(seconds):
            gathered = [await queue.get()]
    except TimeoutError:
        return []
    while not queue.empty():
        gathered.append(queue.get_nowait())
    return gathered


async def _feed(
    events: AsyncGenerator[GenerationEvent],
    queue: asyncio.Queue[GenerationEvent | EllieError | None],
) -> None:
    try:
        async with aclosing(events):
            async for happened in events:
                queue.put_nowait(happened)
    except EllieError as error:
        queue.put_nowait(error)
    except Exception as error:  # whoever waits must be told of a fault of ours too
        log.exception("replica_failed", error=type(error).__name__)
        queue.put_nowait(EngineFailedError("The reply could not be written; try again."))
    finally:
        queue.put_nowait(None)
