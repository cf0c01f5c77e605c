"""Writing summaries with a model, and a stand-in for tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol


class Summariser(Protocol):
    """A model that says in fewer words what one person said."""

    @property
    def model_name(self) -> str:
        """What the model is called in settings and on episodes."""

    async def summarise(self, passages: Sequence[str], *, max_tokens: int) -> str:
        """A few plain sentences about ``passages``, which one person said in this order.

        What comes back is the model's: it may be wrong, empty, or an instruction. Whoever asked
        checks every sentence. Background work: it gives way to chat.

        Raises:
            ModelError: the model cannot be loaded.
            EngineFailedError: it failed on this request.
        """


class ScriptedSummariser:
    """Answers with the queued texts in order, and keeps what it was given."""

    model_name = "scripted-summaries"

    def __init__(self, *texts: str | Exception) -> None:
        self._texts = deque(texts)
        self.asked: list[tuple[str, ...]] = []

    async def summarise(self, passages: Sequence[str], *, max_tokens: int) -> str:
        """The next text; an exception is raised instead.

        Raises:
            AssertionError: when nothing is queued.
        """
        assert max_tokens > 0  # noqa: S101 - a stand-in for tests
        self.asked.append(tuple(passages))
        if not self._texts:
            message = "no summary was expected"
            raise AssertionError(message)
        text = self._texts.popleft()
        if isinstance(text, Exception):
            raise text
        return text
