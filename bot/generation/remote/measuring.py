"""Measuring prompts for a model on another machine, without asking it each time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.generation import ChatMessage
from bot.generation.remote.connection import Connection
from bot.generation.remote.counting import CONTROL_TOKENS, EstimatingTokenizer
from bot.ports.generation import ChatTokenizer

if TYPE_CHECKING:  # imports transformers
    from bot.generation.tokenizer import HfChatTokenizer


@dataclass(frozen=True, slots=True)
class ExactTokenizer:
    """The model's own tokenizer, from this machine, with the window that its server gives it."""

    tokenizer: HfChatTokenizer
    context_tokens: int

    @property
    def control_tokens(self) -> frozenset[str]:
        """The tokenizer's own, and those of other models: the server's may be another."""
        return self.tokenizer.control_tokens | CONTROL_TOKENS

    def count_text(self, text: str) -> int:
        """Tokens of ``text`` on its own."""
        return self.tokenizer.count_text(text)

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the whole prompt."""
        return self.tokenizer.count_chat(messages)


class Measuring:
    """Counts with the model's own tokenizer where the owner has it, and else by a careful rule.

    ``context_tokens`` bounds what the server tells. ``load`` reads the tokenizer, in a thread.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        context_tokens: int,
        load: Callable[[], HfChatTokenizer] | None = None,
    ) -> None:
        self._connection = connection
        self._context_tokens = context_tokens
        self._load = load
        self._loading: asyncio.Task[HfChatTokenizer] | None = None

    async def tokenizer(self) -> ChatTokenizer:
        """The tokenizer, with what the server told of itself so far.

        Raises:
            ModelError: the owner's tokenizer cannot be read, or the server does not accept the key.
        """
        exact = await self.exact()
        facts = await self._connection.facts_soon()
        context = self._context_tokens
        if facts is not None and facts.context_tokens is not None:
            context = min(context, facts.context_tokens)
        if exact is not None:
            return ExactTokenizer(exact, min(context, exact.context_tokens))
        if facts is None:
            return EstimatingTokenizer(context)
        return EstimatingTokenizer(context, facts.rates)

    async def exact(self) -> HfChatTokenizer | None:
        """The model's own tokenizer, if the owner has it.

        Raises:
            ModelError: it cannot be read.
        """
        if self._load is None:
            return None
        if self._loading is None:
            self._loading = asyncio.create_task(
                asyncio.to_thread(self._load), name="load-tokenizer"
            )
        return await asyncio.shield(self._loading)

    def estimate(self, text: str) -> int:
        """Tokens of a reply of which the server did not tell."""
        return EstimatingTokenizer(self._context_tokens).count_text(text)
