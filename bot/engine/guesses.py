"""Guesses at one-time codes, counted over everybody.

What one account may try is counted in the database. Whoever has many accounts would have many times
as many tries, and whoever sends many at once would have them all looked at before one is counted.
So this process takes one try of an account after the other, and a number of wrong ones in all.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)


class Guesses:
    """Who may try a code now."""

    def __init__(self, clock: Clock, *, most: int, period: timedelta) -> None:
        """``most``: wrong codes within ``period``, by all accounts together."""
        self._clock = clock
        self._period = period
        self._wrong: deque[datetime] = deque(maxlen=most)
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._waiting: Counter[Hashable] = Counter()

    @asynccontextmanager
    async def one_by_one(self, account: Hashable) -> AsyncIterator[None]:
        """Wait until no other try of ``account`` is looked at."""
        lock = self._locks.setdefault(account, asyncio.Lock())
        self._waiting[account] += 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[account] -= 1
            if not self._waiting[account]:
                del self._waiting[account], self._locks[account]

    def are_too_many(self) -> bool:
        """Whether so many codes were wrong lately that nobody may try any more."""
        oldest_that_counts = self._clock.now() - self._period
        return len(self._wrong) == self._wrong.maxlen and self._wrong[0] > oldest_that_counts

    def note_wrong(self) -> None:
        """A code was wrong."""
        self._wrong.append(self._clock.now())
        if self.are_too_many():
            # Somebody is guessing, with many accounts.
            log.warning("too_many_wrong_codes", count=len(self._wrong))
