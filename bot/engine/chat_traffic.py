"""Tells background work when somebody is being answered, so that it can give way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from bot.errors import DisturbedError

T = TypeVar("T")

PATIENCE_SECONDS = 2.0
"""So long a small piece of background work waits for a pause. Pieces take up to 20 ms, so that
where people talk without a break a hundredth of the time goes to them, and they get done."""

LONG_PATIENCE_SECONDS = 60.0
MOST_ATTEMPTS = 10
"""So long, and so often, work is tried that takes seconds. Where there is no pause it must be done
in another way, or everybody behind it would wait for ever."""


class ChatTraffic:
    """Counts the turns that are being answered. Used from the event loop."""

    def __init__(self) -> None:
        self._open = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._busy = asyncio.Event()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A turn is being answered as long as this lasts."""
        self._open += 1
        self._quiet.clear()
        self._busy.set()
        try:
            yield
        finally:
            self._open -= 1
            if self._open == 0:
                self._busy.clear()
                self._quiet.set()

    async def quiet(self, at_most_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until nobody is being answered, but not longer than that.

        For work in small pieces, none of which a reply would notice: where people talk without a
        break it must still come to its end.
        """
        # Other tasks go first, also when it is quiet.
        await asyncio.sleep(0)
        if self._quiet.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_seconds):
                await self._quiet.wait()

    async def undisturbed(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do ``work`` while nobody is being answered, and return its result.

        It is cancelled when a turn comes in between, and begun anew when it is quiet again: only
        for work that can be repeated.

        Raises:
            DisturbedError: it was cancelled :data:`MOST_ATTEMPTS` times, or there was no pause for
                :data:`LONG_PATIENCE_SECONDS`.
        """
        for _ in range(MOST_ATTEMPTS):
            await self.quiet(LONG_PATIENCE_SECONDS)
            if not self._quiet.is_set():
                break
            task = asyncio.ensure_future(work())
            chat = asyncio.ensure_future(self._busy.wait())
            try:
                await asyncio.wait({task, chat}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    return task.result()
            finally:
                chat.cancel()
                task.cancel()
                await asyncio.wait({task, chat})
                if not task.cancelled():
                    task.exception()  # it may have failed while it was being cancelled
        raise DisturbedError("People talk without a pause.")
