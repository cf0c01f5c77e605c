"""Summaries from an encoder-decoder on this machine, written in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.domain.tongues import Tongue
from bot.generation.occasional import IDLE_SECONDS, OccasionalModel, Task
from bot.ports.condensing import Passage, Written

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the summariser's thread
    from bot.generation.seq2seq import Seq2SeqModel

_SUMMARIES = Task(
    name="summariser", threads="summaries", does="writes summaries", request="a summary"
)


class LocalSummariser:
    """Implements :class:`bot.ports.summarising.Summariser` with a model on this machine.

    See :class:`OccasionalModel` for when it is loaded and where it computes. Cancelling the caller
    stops the work within a fraction of a second.
    """

    def __init__(
        self,
        load: Callable[[], Seq2SeqModel],
        *,
        model_name: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.model_name = model_name
        self._model = OccasionalModel(
            load, task=_SUMMARIES, model_name=model_name, idle_seconds=idle_seconds
        )

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model.loaded

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

    async def close(self) -> None:
        """Free the model; requests still running fail. Closing twice changes nothing."""
        await self._model.close()


class LocalCondenser:
    """Implements :class:`bot.ports.condensing.Condenser` in the same way, for who waits for it.

    It writes in the language that its model was made for.
    """

    def __init__(
        self,
        load: Callable[[], Seq2SeqModel],
        *,
        model_name: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.model_name = model_name
        self._model = OccasionalModel(
            load, task=_SUMMARIES, model_name=model_name, idle_seconds=idle_seconds
        )

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model.loaded

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

    async def close(self) -> None:
        """Free the model; requests still running fail. Closing twice changes nothing."""
        await self._model.close()
