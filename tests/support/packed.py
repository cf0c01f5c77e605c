"""The engine for packed weights over a tiny decoder, and what is asked of it."""

from __future__ import annotations

import asyncio

from support.packable import tiny_decoder

from bot.generation.cpu.engine import PackedEngine
from bot.generation.output import Output


class Asked:
    """One request, and everything that was delivered for it."""

    def __init__(
        self,
        engine: PackedEngine,
        name: str,
        prompt: list[int],
        *,
        tokens: int = 12,
        asker: str = "",
    ) -> None:
        self.outputs: list[Output] = []
        self._begun, self._over = asyncio.Event(), asyncio.Event()
        engine.submit(
            name, prompt, max_tokens=tokens, variety=0.0, asker=asker, deliver=self._deliver
        )

    def _deliver(self, output: Output) -> None:
        self.outputs.append(output)
        self._begun.set()
        if output.finished:
            self._over.set()

    async def over(self) -> Output:
        await asyncio.wait_for(self._over.wait(), 60)
        return self.outputs[-1]

    async def begun(self) -> None:
        await asyncio.wait_for(self._begun.wait(), 60)


NEVER = -1
"""A token that no model writes."""


def packed_engine(*, budget: int = 4096, guessing: bool = True, end_token: int = 0) -> PackedEngine:
    """An engine that is not started. Its replies end with ``end_token``."""
    return PackedEngine(
        tiny_decoder(), end_token_ids=[end_token], kv_cache_tokens=budget, guessing=guessing
    )
