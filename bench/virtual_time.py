"""An event loop in which nobody waits: when there is nothing to do, time goes on to the next thing.

What is measured in it is what the order of things costs, the same on every machine.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REAL_SECONDS = 0.01
"""For so long it really waits when nothing is planned at all."""


class _Selector(selectors.SelectSelector):
    moment = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(REAL_SECONDS if timeout is None else 0)
        if not ready and timeout:
            self.moment += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """For what has no threads and no sockets."""

    def __init__(self) -> None:
        self._skipping = _Selector()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Seconds since the loop began, as they would have passed."""
        return self._skipping.moment


class LoopClock:
    """:class:`~bot.ports.system.Clock` that shows the loop's time."""

    def now(self) -> datetime:
        """The time of day."""
        return BEGAN + timedelta(seconds=self.elapsed())

    def elapsed(self) -> float:
        """Seconds since the loop began."""
        return asyncio.get_running_loop().time()
