"""Summaries from an encoder-decoder on this machine, written in a thread of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.domain.tongues import Tongue
from bot.generation.occasional import Occasional, Task
from bot.ports.condensing import Passage, Written

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the summariser's thread
    from bot.generation.seq2seq import Seq2SeqModel  # noqa: F401 - in quotes below

_SUMMARIES = Task(
    name="summariser", threads="summaries", does="writes summaries", request="a summary"
)


class LocalSummariser(Occasional["Seq2SeqModel"]):
    """Implements :class:`bot.ports.summarising.Summariser` with a model on this machine.

    See :class:`~bot.generation.occasional.OccasionalModel` for when it is loaded and where it
    computes. Cancelling the caller stops the work within a fraction of a second.
    """

    task = _SUMMARIES

    async def summarise(self, passages: Sequence[str], *, max_tokens: int) -> str:
        """See the port.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or the
                summariser was closed.
            EngineFailedError: it failed on this request.
        """
        return await self._model.ask(
            lambda model, stop: model.summarise(passages, max_tokens=max_tokens, stop=stop)
        )


class LocalCondenser(Occasional["Seq2SeqModel"]):
    """Implements :class:`bot.ports.condensing.Condenser` in the same way, for who waits for it.

    It writes in the language that its model was made for.
    """

    task = _SUMMARIES

    async def condense(
        self,
        passages: Sequence[Passage],
        *,
        into: Tongue | None,  # noqa: ARG002 - the model cannot choose
        asker: str,  # noqa: ARG002 - one after another, in the order in which they come
        model: str = "",  # noqa: ARG002 - there is one alone
    ) -> Written:
        """See the port."""
        said = [
            f"{passage.speaker}: {passage.text}" if passage.speaker else passage.text
            for passage in passages
        ]
        return await self._model.ask(lambda model, stop: model.condense(said, stop=stop))
