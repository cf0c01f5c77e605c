"""Tells background work when somebody is being answered, so that it can give way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


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

    async def undisturbed(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do ``work`` while nobody is being answered, and return its result.

        It is cancelled when a turn comes in between, and begun anew when it is quiet again: only
        for work that can be repeated.
        """
        while True:
            await self._quiet.wait()
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
