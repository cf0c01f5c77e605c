"""One attempt at a reply: everything that happens to it, from Ray and from those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ray.exceptions import RayError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    RayServeException,
)

from bot.domain.generation import FinishReason, GenerationEvent, GenerationResult
from bot.errors import EllieError, EngineFailedError, GeneratorBusyError
from bot.ports.system import Clock
from bot.ray_serving.pulse import Batch


class Handle(Protocol):
    """The part of Ray Serve's ``DeploymentHandle`` that is used here."""

    def options(self, *, method_name: str, stream: bool = False, session_id: str = "") -> Handle:
        """The same for one method, kept on one replica for one session."""

    def remote(self, *arguments: object) -> Any:
        """Call it: something to await, or to iterate over when it streams."""


class ReplicaLostError(Exception):
    """The replica that was asked is gone."""


class CutError(Exception):
    """The reply ends before the model is done with it."""

    def __init__(self, reason: FinishReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Signal(Enum):
    """What can happen to a request besides what its replica says."""

    CANCELLED = "cancelled"
    BROKEN_OFF = "broken off"


Happened = Batch | Exception | Signal


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that happens to one request, whichever replica it is on."""

    queue: asyncio.Queue[Happened]
    deadline: float
    clock: Clock

    @property
    def seconds_left(self) -> float:
        """What is left of the request's time: always more than 0."""
        return max(0.001, self.deadline - self.clock.elapsed())

    async def next(self, silence: float | None) -> Happened:
        """The next item.

        Raises:
            CutError: the request's time is up.
            ReplicaLostError: nothing came for as long as ``silence``.
        """
        if silence is None:
            try:
                async with asyncio.timeout(self.seconds_left):
                    return await self.queue.get()
            except TimeoutError:
                raise CutError(FinishReason.TIME_LIMIT) from None
        # In two halves: if it was this process that stood still, what came meanwhile gets a turn.
        for _ in range(2):
            with suppress(TimeoutError):
                async with asyncio.timeout(min(silence / 2, self.seconds_left)):
                    return await self.queue.get()
            if self.clock.elapsed() >= self.deadline:
                raise CutError(FinishReason.TIME_LIMIT)
        raise ReplicaLostError("silent")


async def happenings(
    response: AsyncIterable[Batch], inbox: Inbox, silence: float
) -> AsyncGenerator[GenerationEvent]:
    """What a replica says, until its result.

    From its first sign of life on it must give one at least every ``silence`` seconds. Before
    that it may be waiting for a place.

    Raises:
        CutError: the request was cancelled or its time is up.
        ReplicaLostError: the replica is gone.
        EllieError: what it says went wrong.
    """
    if inbox.queue.qsize() and Signal.CANCELLED in _emptied(inbox.queue):
        raise CutError(FinishReason.CANCELLED)
    reading = asyncio.create_task(_read(response, inbox.queue.put_nowait))
    patience = None
    try:
        while True:
            for happened in _batch(await inbox.next(patience)):
                if isinstance(happened, EllieError):
                    raise happened
                yield happened
                if isinstance(happened, GenerationResult):
                    return
            patience = silence
    finally:
        reading.cancel()
        await asyncio.wait({reading})


def _batch(item: Happened) -> Batch:
    if item is Signal.CANCELLED:
        raise CutError(FinishReason.CANCELLED)
    if item is Signal.BROKEN_OFF:
        raise ReplicaLostError("broken off")
    if isinstance(item, Exception):
        raise item
    return item


def _emptied(queue: asyncio.Queue[Happened]) -> list[Happened]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def _read(response: AsyncIterable[Batch], put: Callable[[Happened], None]) -> None:
    try:
        async for batch in response:
            put(batch)
    except (RayError, RayServeException) as error:
        put(translated(error))
    else:
        put(Signal.BROKEN_OFF)


def translated(error: Exception) -> Exception:
    """Ray's errors as Ellie's, or that the replica is lost."""
    if isinstance(error, BackPressureError):
        return GeneratorBusyError("Too many requests are waiting; try again in a moment.")
    if isinstance(error, DeploymentUnavailableError):
        return EngineFailedError("No replica is running just now; try again in a moment.")
    return ReplicaLostError(type(error).__name__)
