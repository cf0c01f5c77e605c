"""The replicas behind the port: one generator that is on many machines."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Prompt,
    Role,
    TextDelta,
)
from bot.errors import (
    EllieError,
    EngineFailedError,
    GenerationTimeoutError,
    ModelError,
)
from bot.log import get_logger
from bot.ports.generation import ChatTokenizer
from bot.ports.system import Clock
from bot.ray_serving.attempt import (
    CutError,
    Handle,
    Inbox,
    ReplicaLostError,
    Signal,
    happenings,
    translated,
)

SILENCE_SECONDS = 1.5
"""How long a replica may show no sign of life; it gives one every 0.3 s."""
ATTEMPTS = 2
"""A reply of which nothing was written yet is begun once more, on another replica."""

log = get_logger(__name__)


class Cluster(Protocol):
    """Where the replicas are. Both calls block, for as long as it takes."""

    def deploy(self) -> Handle:
        """Start the replicas, and return when they can be asked.

        Raises:
            ModelError: they cannot be started.
        """

    def remove(self) -> None:
        """Stop the replicas, once their replies are written or the grace period is over."""


class RayGenerator:
    """Implements :class:`bot.ports.generation.Generator` with replicas of Ray Serve.

    A person's requests go to the replica that went before, whose cache knows how their prompts
    begin. When it has no place free or is gone, the next one on Ray's ring is asked.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        name: str,
        clock: Clock,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._clock = clock
        self._silence = silence_seconds
        self._inboxes: dict[str, Inbox] = {}
        self._deploying: asyncio.Task[tuple[Handle, ChatTokenizer]] | None = None

    @property
    def model_name(self) -> str:
        """The model's name in settings and traces."""
        return self._name

    def start(self) -> None:
        """Begin to deploy. Idempotent."""
        if self._deploying is None:
            self._deploying = asyncio.create_task(self._deploy(), name="deploy-replicas")
            self._deploying.add_done_callback(_mark_retrieved)

    async def close(self) -> None:
        """Drain and remove the replicas."""
        deploying, self._deploying = self._deploying, None
        if deploying is None:
            return
        await asyncio.to_thread(self._cluster.remove)
        while not deploying.done():  # what is being deployed ends when it is no more to be there
            await asyncio.wait({deploying}, timeout=1)
            await asyncio.to_thread(self._cluster.remove)

    async def tokenizer(self) -> ChatTokenizer:
        """The tokenizer, once the replicas can be asked."""
        return (await self._deployed())[1]

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """See the port."""
        deadline = self._clock.elapsed() + request.time_limit_seconds
        inbox = Inbox(asyncio.Queue(), deadline, self._clock)
        self._inboxes[request.id] = inbox
        try:
            for attempt in range(1, ATTEMPTS + 1):
                begun = False
                try:
                    async with aclosing(self._attempt(request, inbox, attempt)) as events:
                        async for happened in events:
                            begun = True
                            yield happened
                except ReplicaLostError as error:
                    log.warning("replica_lost", reason=str(error), begun=begun, attempt=attempt)
                    if begun or attempt == ATTEMPTS:
                        raise EngineFailedError(
                            "The machine that wrote this reply has failed; try again."
                        ) from None
                else:
                    return
        finally:
            del self._inboxes[request.id]

    def cancel(self, request_id: str) -> None:
        """See the port."""
        if inbox := self._inboxes.get(request_id):
            inbox.queue.put_nowait(Signal.CANCELLED)

    def forget(self, asker: str) -> None:
        """Nothing: the replicas keep what they read until later prompts push it out.

        Who asks a model server over HTTP has no way to tell it what to forget.
        """

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """See the port."""
        return await self._likelihoods(prompts[0], "score", prompts, reply)

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """See the port."""
        return await self._likelihoods(prompt, "compare", prompt, replies)

    async def _attempt(
        self, request: GenerationRequest, inbox: Inbox, attempt: int
    ) -> AsyncGenerator[GenerationEvent]:
        handle, tokenizer = await self._deployed()
        asking = handle.options(
            method_name="write", stream=True, session_id=session_of(request, attempt)
        )
        response = asking.remote(replace(request, time_limit_seconds=inbox.seconds_left))
        text = ""
        try:
            async with aclosing(happenings(response, inbox, self._silence)) as events:
                async for happened in events:
                    if isinstance(happened, TextDelta):
                        text += happened.text
                    yield happened
        except CutError as cut:
            if not text and cut.reason is FinishReason.TIME_LIMIT:
                raise GenerationTimeoutError("No word was written within the limit.") from None
            tokens = tokenizer.count_text(text)
            yield GenerationResult(text=text, finish_reason=cut.reason, tokens=tokens)
        finally:
            response.cancel()

    async def _likelihoods(
        self, prompt: Prompt, method: str, *arguments: object
    ) -> tuple[float, ...]:
        handle, _ = await self._deployed()
        asking = handle.options(method_name=method, session_id=_digest(_beginning(prompt)))
        try:
            found: tuple[float, ...] | EllieError = await asking.remote(*arguments)
        except (RayError, RayServeException) as error:
            told = translated(error)
            if isinstance(told, ReplicaLostError):
                raise EngineFailedError("The machine that was asked has failed.") from None
            raise told from None
        if isinstance(found, EllieError):
            raise found
        return found

    async def _deploy(self) -> tuple[Handle, ChatTokenizer]:
        began = self._clock.elapsed()
        handle = await asyncio.to_thread(self._cluster.deploy)
        try:
            tokenizer = await handle.options(method_name="tokenizer").remote()
        except (RayError, RayServeException) as error:
            raise ModelError(f"No replica could be asked ({type(error).__name__}).") from None
        seconds = round(self._clock.elapsed() - began, 1)
        log.info("replicas_ready", model=self._name, seconds=seconds)
        return handle, tokenizer

    async def _deployed(self) -> tuple[Handle, ChatTokenizer]:
        if self._deploying is None:
            raise ModelError("The replicas are not there: the server is stopping or not started.")
        return await asyncio.shield(self._deploying)


def session_of(request: GenerationRequest, attempt: int = 1) -> str:
    """What keeps somebody on one replica: who asks, else how their prompts begin.

    A digest, since Ray keeps it. A further attempt has another one, and so goes elsewhere.
    """
    whose = f"asker {request.asker}" if request.asker else _beginning(request.prompt)
    return _digest(whose if attempt == 1 else f"{attempt} {whose}")


def _beginning(prompt: Prompt) -> str:
    """What stays the same while a conversation goes on: system texts and the first message."""
    parts = []
    for message in prompt.messages:
        parts.append(message.content)
        if message.role is not Role.SYSTEM:
            break
    return "\0".join(parts)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _mark_retrieved(
    task: asyncio.Task[tuple[Handle, ChatTokenizer]],
) -> None:
    """Look at the outcome, so that a failure nobody waited for is no warning of asyncio's."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("replicas_not_started", error=str(error))
