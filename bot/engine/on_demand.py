"""A model that is loaded when it is first needed, for programs that may not need it at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from bot.domain.generation import GenerationEvent, GenerationRequest, Prompt
from bot.ports.generation import ChatTokenizer, Generator


class OnDemandGenerator:
    """A :class:`~bot.ports.generation.Generator` that starts with the first thing it is asked."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @property
    def model_name(self) -> str:
        """What the model is called in settings and traces."""
        return self._generator.model_name

    def start(self) -> None:
        """Nothing is loaded before it is needed."""

    async def close(self) -> None:
        """Stop and free the model, if it was loaded."""
        await self._generator.close()

    async def tokenizer(self) -> ChatTokenizer:
        """The tokenizer, once the model is loaded."""
        self._generator.start()
        return await self._generator.tokenizer()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Write a reply."""
        self._generator.start()
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                yield event

    def cancel(self, request_id: str) -> None:
        """End that request's stream."""
        self._generator.cancel(request_id)

    def forget(self, asker: str) -> None:
        """Forget what was read for that asker. A model that is not loaded has read nothing."""
        self._generator.forget(asker)

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """How likely ``reply`` is after each prompt."""
        self._generator.start()
        return await self._generator.score(prompts, reply)

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """How likely each of ``replies`` is after one prompt."""
        self._generator.start()
        return await self._generator.compare(prompt, replies)
