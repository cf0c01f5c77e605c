"""What computes a model on this machine: one surface for every way of doing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.generation.likelihood import LikelihoodReading, ReplyTokens
from bot.generation.output import Output


class LocalEngine(Protocol):
    """One model and its generation thread.

    Methods other than :meth:`start`, :meth:`stop` and :meth:`exclusively` return at once and may be
    called from the event loop only: outputs arrive there.
    """

    @property
    def alive(self) -> bool:
        """Whether requests would be answered."""

    def start(self) -> None:
        """Start the generation thread; a broken one is replaced. Blocks for up to seconds."""

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        deliver: Callable[[Output], None],
    ) -> None:
        """Begin a reply. ``deliver`` is called on the event loop whenever there is more of it.

        ``variety`` is that of :class:`bot.domain.generation.GenerationRequest`.

        Raises:
            EngineFailedError: the thread is not running.
        """

    def cancel(self, request_id: str) -> None:
        """Stop a reply and free what it took, after the step in progress."""

    def begin_reading(self, texts: Sequence[ReplyTokens]) -> LikelihoodReading:
        """What finds out how likely replies are, in pieces to be read with :meth:`exclusively`."""

    def exclusively(self, work: Callable[[], None]) -> None:
        """Let ``work`` use the model between two steps of the thread. Blocks until it is done.

        Called from a thread of the caller's own.

        Raises:
            EngineFailedError: the thread is not running, or ``work`` failed.
        """

    def is_end(self, token_id: int) -> bool:
        """Whether this token ends a reply."""

    def stop(self) -> None:
        """End the thread; requests in it fail. Blocks until the step in progress is done."""
