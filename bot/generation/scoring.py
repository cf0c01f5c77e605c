"""Scoring replies beside the chat: in its gaps, in small pieces, one call after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from bot.domain.generation import Prompt
from bot.errors import ModelError, PromptTooLongError

if TYPE_CHECKING:  # these import torch, which takes seconds and happens in the loading thread
    from bot.generation.likelihood import ReplyTokens
    from bot.generation.loading import LoadedModel

Result = TypeVar("Result")


class Scorer:
    """Uses the model while nobody generates.

    :meth:`pause` and :meth:`go_on` tell it when somebody does. Who begins to generate waits for one
    piece at most. Used from the event loop.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="score")
        self._closed = False

    def pause(self) -> None:
        """Begin no further piece."""
        self._quiet.clear()

    def go_on(self) -> None:
        """Nobody generates any more."""
        self._quiet.set()

    async def score(
        self, model: LoadedModel, asked: Sequence[tuple[Prompt, str]]
    ) -> tuple[float, ...]:
        """The log-likelihood of each reply after its prompt; see the port."""
        async with self._turn:
            texts = await self._in_thread(lambda: _tokens(model, asked))
            reading = model.engine.begin_reading(texts)
            while not reading.done:
                await self._quiet.wait()
                if not model.engine.alive:
                    await asyncio.to_thread(model.engine.start)
                await self._in_thread(lambda: model.engine.exclusively(reading.read_piece))
            return reading.scores

    async def close(self) -> None:
        """End what is being scored, with an error, after the piece in progress."""
        self._closed = True
        self._quiet.set()
        await asyncio.to_thread(self._thread.shutdown)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise ModelError("The model is not loaded: Ellie is stopping or was never started.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _tokens(model: LoadedModel, asked: Sequence[tuple[Prompt, str]]) -> list[ReplyTokens]:
    """Everything in tokens.

    Raises:
        PromptTooLongError: a prompt and its reply do not fit together.
    """
    texts = [model.tokenizer.encode_reply(prompt.messages, reply) for prompt, reply in asked]
    for text in texts:
        taken = len(text.prompt) + len(text.reply)
        room = model.tokenizer.room_for_prompt(len(text.reply)) + len(text.reply)
        if taken > room:
            raise PromptTooLongError(
                f"Prompt and reply take {taken} tokens; there is room for {room}."
            )
    return texts
