"""Saying a text in another language, and a stand-in for tests."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from bot.domain.tongues import Tongue
from bot.ports.condensing import Written


class Translator(Protocol):
    """A model that translates. What comes back is the model's: it may be wrong."""

    @property
    def model_name(self) -> str:
        """What the model is called in settings."""

    async def translate(self, text: str, *, into: Tongue, asker: str, model: str = "") -> Written:
        """``text`` in another language, whole or not at all; an empty text stays empty.

        ``asker`` and ``model`` are as in :meth:`~bot.ports.condensing.Condenser.condense`.
        Cancelling the caller stops the work.

        Raises:
            PromptTooLongError: it is more than the model can translate in one go.
            LanguageError: the model does not write that language.
            GenerationError: the model failed, is too busy, or was too slow.
            ModelError: it cannot be loaded.
        """


class ScriptedTranslator:
    """Answers with the queued texts in order, and keeps what it was given."""

    model_name = "scripted-translations"

    def __init__(self, *texts: str | Exception) -> None:
        self._texts = deque(texts)
        self.asked: list[tuple[str, str]] = []
        """Texts, each with the code of the language that it was to be in."""

    async def translate(
        self,
        text: str,
        *,
        into: Tongue,
        asker: str,  # noqa: ARG002 - as the port has it
        model: str = "",  # noqa: ARG002
    ) -> Written:
        """The next text; an exception is raised instead.

        Raises:
            AssertionError: when nothing is queued.
        """
        self.asked.append((text, into.code))
        if not self._texts:
            message = "no translation was expected"
            raise AssertionError(message)
        translated = self._texts.popleft()
        if isinstance(translated, Exception):
            raise translated
        return Written(text=translated, tokens=10)
