"""What the local generator needs of an engine, whichever one runs its model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.generation.likelihood import ReplyTokens
from bot.generation.output import Output


class Reading(Protocol):
    """Finds out how likely replies are, piece by piece."""

    @property
    def done(self) -> bool:
        """Whether everything is read."""

    @property
    def scores(self) -> tuple[float, ...]:
        """Natural logarithms, in the order of the texts; right once it is :attr:`done`."""

    def read_piece(self) -> None:
        """Read on. Only while nothing else uses the model."""


class Engine(Protocol):
    """One model and the thread in which it writes.

    Methods other than :meth:`start`, :meth:`exclusively` and :meth:`stop` return at once and are
    called from the event loop, where outputs arrive.
    """

    @property
    def places(self) -> int | None:
        """How many replies it writes at once; None where that is for the owner to say."""

    @property
    def alive(self) -> bool:
        """Whether requests would be answered."""

    def start(self) -> None:
        """Make it answer requests. Blocks for up to seconds."""

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        asker: str,
        deliver: Callable[[Output], None],
    ) -> None:
        """Begin a reply. ``deliver`` is called on the event loop after every token.

        ``asker`` is whose request it is, for :meth:`forget`; empty when it is nobody's.

        Raises:
            EngineFailedError: it is not running.
        """

    def cancel(self, request_id: str) -> None:
        """Stop a reply; nothing more is delivered for it."""

    def forget(self, asker: str) -> None:
        """Keep nothing of what was read for that asker or for nobody; see the generator's port.

        What was submitted before is not kept when it ends, what is submitted later is. More may be
        forgotten than that. Does nothing while the engine is not running.
        """

    def begin_reading(self, texts: Sequence[ReplyTokens]) -> Reading:
        """What finds out how likely replies are, to be read with :meth:`exclusively`."""

    def exclusively(self, work: Callable[[], None]) -> None:
        """Let ``work`` use the model while nothing else does. Blocks until it is done.

        Raises:
            EngineFailedError: it is not running, or ``work`` failed.
        """

    def is_end(self, token_id: int) -> bool:
        """Whether this token ends a reply."""

    def stop(self) -> None:
        """End the thread; requests in it fail. Blocks until the step in progress is done."""
