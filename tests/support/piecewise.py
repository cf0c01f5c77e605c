"""A model whose words come as a test says: piece by piece, and no further than it is let."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    TextDelta,
)
from bot.ports.scripted import ScriptedGenerator, WordTokenizer


class PiecewiseGenerator(ScriptedGenerator):
    """Writes ``pieces``, in which a word may be cut anywhere, as many as it is let."""

    def __init__(self, pieces: Sequence[str]) -> None:
        super().__init__(tokenizer=WordTokenizer(40_000))
        self.pieces = pieces
        self._allowed = 0
        self._changed = asyncio.Event()
        self._is_over = False

    def write(self, count: int | None = None) -> str:
        """Let the first ``count`` pieces be written, or all; returns what they are together."""
        self._allowed = len(self.pieces) + 1 if count is None else count
        self._changed.set()
        return "".join(self.pieces[: self._allowed])

    def cancel(self, request_id: str) -> None:
        """Write no more."""
        super().cancel(request_id)
        self._is_over = True
        self._changed.set()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """The pieces, as they are let."""
        self.requests.append(request)
        text = ""
        for number, piece in enumerate(self.pieces, 1):
            await self._may(number)
            if self._is_over:
                break
            text += piece
            yield TextDelta(piece)
        await self._may(len(self.pieces) + 1)
        reason = FinishReason.CANCELLED if self._is_over else FinishReason.STOP
        yield GenerationResult(text=text, finish_reason=reason, tokens=len(text.split()))

    async def _may(self, number: int) -> None:
        while self._allowed < number and not self._is_over:
            self._changed.clear()
            await self._changed.wait()
