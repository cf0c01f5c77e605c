"""A reply that can be read while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.turn import TurnId


class ReplyStatus(StrEnum):
    """How a reply ended."""

    ANSWERED = "answered"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """The message is kept; ``notice`` says what went wrong."""
    REFUSED = "refused"
    """The message was not taken; ``notice`` says why."""
    DUPLICATE = "duplicate"
    """The platform delivered this event before. Nothing must be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a reply: all of its text, and what to tell the person besides.

    ``told_before``: the person was refused a moment ago. They need not be told once more, unless
    the platform goes on showing that they wait.
    """

    status: ReplyStatus
    text: str = ""
    notice: str = ""
    told_before: bool = False


class Reply:
    """What the engine gives an adapter for a message.

    Iterating yields the text piece by piece and ends when the reply does; then :meth:`outcome`
    has the rest. The turn goes on, and is saved, whether or not anybody reads.
    """

    def __init__(self, turn_id: TurnId | None = None) -> None:
        self.turn_id = turn_id
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._on_cancel: Callable[[], object] | None = None
        self._cancelled = False
        self._is_seen = True

    @classmethod
    def ended(cls, outcome: Outcome) -> Reply:
        """A reply that was over before it began."""
        reply = cls()
        reply.finish(outcome)
        return reply

    async def __aiter__(self) -> AsyncIterator[str]:
        """The pieces of text, once: each is seen by one reader."""
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def outcome(self) -> Outcome:
        """How the reply ended, once it has."""
        return await asyncio.shield(self._outcome)

    def cancel(self, *, is_seen: bool = True) -> None:
        """Stop writing. What was written is kept; the outcome follows soon.

        ``is_seen`` says that the person sees the outcome. If not, what it would tell of what is
        kept about them is told another time.
        """
        self._cancelled = True
        self._is_seen = self._is_seen and is_seen
        if self._on_cancel:
            self._on_cancel()

    # For the engine:

    @property
    def cancelled(self) -> bool:
        """Whether the person asked to stop."""
        return self._cancelled

    @property
    def is_seen(self) -> bool:
        """Whether the person sees the outcome, as far as is known."""
        return self._is_seen

    def when_cancelled(self, action: Callable[[], object]) -> None:
        """Have ``action`` called on :meth:`cancel`, at once if that was before."""
        self._on_cancel = action
        if self._cancelled:
            action()

    def write(self, text: str) -> None:
        """Add a piece of text."""
        self._pieces.put_nowait(text)

    def finish(self, outcome: Outcome) -> None:
        """End the reply. A second end is ignored: the first one has been seen."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)
            self._pieces.put_nowait(None)
