"""A model that answers in place of another one that cannot be reached."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.domain.generation import GenerationEvent, GenerationRequest, Prompt
from bot.errors import EngineFailedError, GenerationTimeoutError
from bot.log import get_logger
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import Clock

log = get_logger(__name__)


class FallbackGenerator:
    """A :class:`~bot.ports.generation.Generator` over two: the usual one and its stand-in.

    The stand-in writes a reply when the usual model fails before the first piece of it; a reply
    that has begun is never gone on with by another model. It loads when it is first needed. Traces
    name the usual model, and only that tells how likely a text is.
    """

    def __init__(self, usual: Generator, stand_in: Generator, clock: Clock) -> None:
        self._usual = usual
        self._stand_in = stand_in
        self._clock = clock

    @property
    def model_name(self) -> str:
        """The usual model's name."""
        return self._usual.model_name

    def start(self) -> None:
        """Begin to load the usual model."""
        self._usual.start()

    async def close(self) -> None:
        """Stop and free both."""
        await self._usual.close()
        await self._stand_in.close()

    async def tokenizer(self) -> ChatTokenizer:
        """The usual model's tokenizer. The stand-in measures each prompt once more by itself."""
        return await self._usual.tokenizer()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Write a reply, in what is left of the time when the first model failed."""
        began, spoke = self._clock.elapsed(), False
        try:
            async with aclosing(self._usual.stream(request)) as events:
                async for event in events:
                    spoke = True
                    yield event
        except EngineFailedError as error:
            if spoke:
                raise
            log.warning("fallback_answers", model=self._stand_in.model_name, reason=str(error))
        else:
            return
        left = request.time_limit_seconds - (self._clock.elapsed() - began)
        if left <= 0:
            raise GenerationTimeoutError("No word was written in time.")
        again = replace(request, time_limit_seconds=left)
        async with aclosing(self._stand_in.stream(again)) as events:
            async for event in events:
                yield event

    def cancel(self, request_id: str) -> None:
        """End that request's stream, whoever writes it."""
        self._usual.cancel(request_id)
        self._stand_in.cancel(request_id)

    def forget(self, asker: str) -> None:
        """Have both forget what they read for that asker."""
        self._usual.forget(asker)
        self._stand_in.forget(asker)

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """How likely ``reply`` is after each prompt, to the usual model."""
        return await self._usual.score(prompts, reply)

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """How likely each of ``replies`` is after one prompt, to the usual model."""
        return await self._usual.compare(prompt, replies)
