"""What happens to one request to a server, and what becomes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bot.domain.generation import FinishReason
from bot.errors import EllieError
from bot.generation.detokenizer import GraphemeBuffer
from bot.ports.system import Clock

if TYPE_CHECKING:  # imports openai, which takes a second and happens in a thread
    from bot.generation.remote.server import Piece


class Signal(Enum):
    """What can happen to a request besides text."""

    ADMITTED = "admitted"
    CANCELLED = "cancelled"
    ENDED = "ended"


@dataclass(slots=True)
class Inbox:
    """Everything that happens to one request, in order: the only thing its stream waits for."""

    deadline: float
    clock: Clock
    queue: asyncio.Queue[Signal | Piece | EllieError] = field(default_factory=asyncio.Queue)
    reader: asyncio.Task[None] | None = None
    out_of_time: bool = False

    @property
    def seconds_left(self) -> float:
        """What is left of the time limit."""
        return max(0.0, self.deadline - self.clock.elapsed())

    def put(self, item: Signal | Piece | EllieError) -> None:
        """Add an item."""
        self.queue.put_nowait(item)

    async def next(self) -> Signal | Piece | EllieError:
        """The next item.

        Raises:
            TimeoutError: the request's time is up.
        """
        async with asyncio.timeout(self.seconds_left):
            return await self.queue.get()

    async def close(self) -> None:
        """End the reader, and with it the connection."""
        if self.reader is not None:
            self.reader.cancel()
            await asyncio.wait({self.reader})


class Draft:
    """A reply as far as it is written."""

    def __init__(self) -> None:
        self.text = ""
        self.tokens: int | None = None
        """How many it has, once the server told."""
        self.reason = FinishReason.STOP
        self.is_over = False
        self._buffer = GraphemeBuffer()

    def take(self, item: Signal | Piece | EllieError) -> str:
        """Add what came in; the text that became complete by it, perhaps none.

        Raises:
            EllieError: the item.
        """
        if isinstance(item, EllieError):
            raise item
        if isinstance(item, Signal):
            self.end(FinishReason.CANCELLED if item is Signal.CANCELLED else self.reason)
            return ""
        self.reason = item.finish or self.reason
        self.tokens = item.tokens or self.tokens
        delta = self._buffer.feed(item.text)
        self.text += delta
        return delta

    def end(self, reason: FinishReason) -> None:
        """Nothing follows."""
        self.reason, self.is_over = reason, True

    def rest(self) -> str:
        """What was held back until the end."""
        rest = self._buffer.flush()
        self.text += rest
        return rest
