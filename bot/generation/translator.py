"""Translations from an encoder-decoder on this machine, written in a thread of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.guessing_tongue import guess_tongue
from bot.domain.tongues import Tongue
from bot.generation.occasional import Occasional, Task
from bot.ports.condensing import Written

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the translator's thread
    from bot.generation.translation import TranslationModel  # noqa: F401 - in quotes below


_TRANSLATIONS = Task(
    name="translator", threads="translations", does="translates", request="a translation"
)


class LocalTranslator(Occasional["TranslationModel"]):
    """Implements :class:`bot.ports.translating.Translator` with a model on this machine.

    Loaded and let go as :class:`~bot.generation.occasional.OccasionalModel` says.
    """

    task = _TRANSLATIONS

    async def translate(
        self,
        text: str,
        *,
        into: Tongue,
        asker: str,  # noqa: ARG002 - one after another, in the order in which they come
        model: str = "",  # noqa: ARG002 - there is one alone
    ) -> Written:
        """See the port. Which language ``text`` is in is guessed."""
        source = guess_tongue(text)
        return await self._model.ask(
            lambda model, stop: model.translate(text, source=source, into=into, stop=stop)
        )
