"""Saying a text in fewer words for somebody who waits for it, and a stand-in for tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.tongues import Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Something that is to be summed up. ``speaker`` is “User” or “Ellie”, empty for a text."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model wrote. ``tokens`` counts all that it read and wrote for it.

    Not ``is_whole`` when it had to stop at a limit before it was done.
    """

    text: str
    tokens: int = 0
    is_whole: bool = True


class Condenser(Protocol):
    """A model that sums up. What comes back is the model's: it may be wrong."""

    @property
    def model_name(self) -> str:
        """What the model is called in settings."""

    async def condense(
        self, passages: Sequence[Passage], *, into: Tongue | None, asker: str, model: str = ""
    ) -> Written:
        """A summary of all ``passages``, in their order; none is left out or cut.

        What does not fit the model's window is read in parts. ``into`` is the language of the
        summary, as far as the model can choose; None leaves it to the passages. ``asker`` is who
        waits for it, in whatever words tell people apart, and ``model`` the one that the place of
        the conversation names, for whoever leaves that choice to places. Cancelling the caller
        stops the work.

        Raises:
            PromptTooLongError: it is more than can be read in a reasonable number of parts.
            GenerationError: the model failed, is too busy, or was too slow.
            ModelError: it cannot be loaded.
        """


class ScriptedCondenser:
    """Answers with the queued texts in order, and keeps what it was given."""

    model_name = "scripted-summaries"

    def __init__(self, *texts: str | Exception) -> None:
        self._texts = deque(texts)
        self.asked: list[tuple[Passage, ...]] = []
        self.into: list[Tongue | None] = []

    async def condense(
        self,
        passages: Sequence[Passage],
        *,
        into: Tongue | None,
        asker: str,  # noqa: ARG002 - as the port has it
        model: str = "",  # noqa: ARG002
    ) -> Written:
        """The next text; an exception is raised instead.

        Raises:
            AssertionError: when nothing is queued.
        """
        self.asked.append(tuple(passages))
        self.into.append(into)
        if not self._texts:
            message = "no summary was expected"
            raise AssertionError(message)
        text = self._texts.popleft()
        if isinstance(text, Exception):
            raise text
        return Written(text=text, tokens=10)
