"""Asking a language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from bot.domain.generation import ChatMessage, GenerationEvent, GenerationRequest, Prompt


class ChatTokenizer(Protocol):
    """Measures text the way the model will read it."""

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together."""

    @property
    def control_tokens(self) -> frozenset[str]:
        """Strings that act on the model instead of being read, such as ``<|im_end|>``."""

    def count_text(self, text: str) -> int:
        """Tokens of ``text`` on its own."""

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the whole prompt that these messages make, template included. Exact."""


class Generator(Protocol):
    """A language model that writes replies, many at once."""

    @property
    def model_name(self) -> str:
        """What the model is called in settings and traces."""

    def start(self) -> None:
        """Begin to load the model, in the background. Starting twice changes nothing."""

    async def close(self) -> None:
        """Stop and free the model. Requests still running fail."""

    async def tokenizer(self) -> ChatTokenizer:
        """The tokenizer, once the model is loaded.

        Raises:
            ModelError: the model cannot be loaded; every later call raises the same.
        """

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Write a reply: deltas, then one result. Nothing is yielded after the result.

        Chat goes before background work; requests of one priority start in the order in which
        they came. Closing the generator, or cancelling the task that reads it, stops the work.
        Nothing is left to chance in a reply to a request without variety.

        Raises:
            GeneratorBusyError: at the first step, when the queue is full; nothing was started.
            PromptTooLongError: at the first step, when prompt and ``max_tokens`` do not fit.
            GenerationTimeoutError: the time limit passed before the first delta. When it passes
                later, the stream ends with a result whose finish reason is ``TIME_LIMIT``.
            EngineFailedError: the engine broke; it restarts for later requests.
            ModelError: the model cannot be loaded.
        """

    def cancel(self, request_id: str) -> None:
        """End that request's stream with a ``CANCELLED`` result holding the text so far.

        Does nothing when the request is unknown or over; it is known from the first step of its
        stream on.
        """

    def forget(self, asker: str) -> None:
        """Keep nothing of what was read for requests of ``asker``, or of nobody in particular.

        The latter is background work, which may be about anybody. Returns at once, and holds for
        every request that begins later. Replies that were asked for before go on being written;
        what is read for them is not kept when they end. A generator whose model runs in another
        process may do nothing, and then says so.
        """

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """How likely ``reply`` is after each prompt: 0 is certain, the lower the less likely.

        The natural logarithm of the probability, summed over the reply's tokens, without an end
        token. What prompts have in common at their beginnings is read once.

        Background work: it goes on only while nothing is generated, and a reply asked for
        meanwhile waits a fraction of a second at most. So whoever reads a stream must not wait for
        a score before its end. There is no time limit; cancelling the caller stops the work soon.

        Raises:
            PromptTooLongError: a prompt and the reply do not fit the model's window together.
            EngineFailedError: the engine broke; it restarts for later requests.
            ModelError: the model cannot be loaded, or the generator was closed.
        """

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """How likely each of ``replies`` is after one prompt; otherwise as :meth:`score`."""
