"""Summaries of what was said, and translations: what a person may ask beside talking."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.guessing_tongue import guess_tongue
from bot.domain.tongues import Tongue, find_tongue
from bot.domain.turn import Turn
from bot.engine.model_work import Admitted, Asker, ModelWork, NotNow
from bot.engine.quotas import Spent
from bot.engine.said_here import Listening, SaidHere
from bot.ports.condensing import Condenser, Passage, Written
from bot.ports.translating import Translator


class Rewording:
    """Has models sum up and translate. Nothing of it is stored."""

    def __init__(
        self,
        work: ModelWork,
        listening: Listening,
        *,
        condenser: Condenser,
        translator: Translator,
    ) -> None:
        self._work = work
        self._listening = listening
        self._condenser = condenser
        self._translator = translator

    async def known(self, asker: Asker) -> Admitted | NotNow:
        """See :meth:`ModelWork.known`. Raises a StorageError."""
        return await self._work.known(asker)

    async def take(self, known: Admitted) -> Spent | None:
        """See :meth:`ModelWork.take`. Raises a StorageError."""
        return await self._work.take(known)

    async def said(self, known: Admitted, *, limit: int) -> SaidHere:
        """See :meth:`Listening.said`. Raises a StorageError."""
        return await self._listening.said(known, limit=limit)

    async def tongue_of(self, known: Admitted, locale: str) -> Tongue | None:
        """The person's own language: as they told it, or as their platform has it.

        Raises:
            StorageError: memory cannot be read.
        """
        return await self._listening.tongue(known) or find_tongue(locale)

    async def summary(
        self, known: Admitted, passages: Sequence[Passage], *, in_chinese: bool
    ) -> Written | NotNow:
        """A summary in the language of the passages, or in Chinese for whoever asks in Chinese.

        Raises what :meth:`ModelWork.do` and :meth:`Condenser.condense` raise.
        """
        said = "\n".join(passage.text for passage in passages)
        into = find_tongue("zh") if in_chinese else guess_tongue(said)

        async def write() -> Written:
            return await self._condenser.condense(
                passages, into=into, asker=known.key, model=known.policy.model
            )

        return await self._work.do(known, write)

    async def translation(self, known: Admitted, text: str, into: Tongue) -> Written | NotNow:
        """A translation.

        Raises what :meth:`ModelWork.do` and :meth:`Translator.translate` raise.
        """

        async def write() -> Written:
            return await self._translator.translate(
                text, into=into, asker=known.key, model=known.policy.model
            )

        return await self._work.do(known, write)


def passages_of(turns: Sequence[Turn]) -> tuple[Passage, ...]:
    """What was said in some turns, in order."""
    return tuple(
        Passage(text=text, speaker=speaker)
        for turn in turns
        for speaker, text in (("User", turn.text), ("Ellie", turn.reply))
        if text
    )
