"""An engine that writes what a test tells it to, token by token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from bot.config_choices import Precision
from bot.generation.loading import LoadedModel
from bot.generation.output import Output
from bot.generation.tokenizer import HfChatTokenizer


class ScriptedEngine:
    """Writes ``script`` in answer to everything, a token at each turn of the event loop."""

    model = None
    places = None
    alive = True

    def __init__(self, script: Sequence[int], *, end_token_ids: Sequence[int]) -> None:
        self.script = list(script)
        self.written = 0
        self.cancelled: list[str] = []
        self.forgotten: list[str] = []
        self.max_tokens = 0
        self._end_token_ids = end_token_ids

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def is_end(self, token_id: int) -> bool:
        return token_id in self._end_token_ids

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        asker: str = "",
        deliver: Callable[[Output], None],
    ) -> None:
        self.max_tokens = max_tokens
        script = self.script[:max_tokens]

        def step(count: int) -> None:
            if request_id in self.cancelled:
                return
            self.written = count
            finished = count == len(script)
            deliver(Output(script[:count], finished=finished, error=None))
            if not finished:
                asyncio.get_running_loop().call_soon(step, count + 1)

        asyncio.get_running_loop().call_soon(step, 1)

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)

    def forget(self, asker: str) -> None:
        self.forgotten.append(asker)

    def begin_reading(self, texts: Any) -> Any:
        raise NotImplementedError

    def exclusively(self, work: Callable[[], None]) -> None:
        work()


def scripted_model(tokenizer: Any, text: str, **options: Any) -> LoadedModel:
    """A model that writes ``text``, in which special tokens are such tokens."""
    chat = HfChatTokenizer(tokenizer, context_tokens=600, end_token_ids=[], **options)
    script = chat.backend.encode(text, add_special_tokens=False).ids
    engine = ScriptedEngine(script, end_token_ids=chat.end_token_ids)
    return LoadedModel(chat, engine, Precision.FP32)
