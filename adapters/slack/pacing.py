"""When a method of Slack's may be called: so often as its tier allows, and not while limited.

Slack counts calls of each method per workspace and minute, and lets bursts pass; the tiers are at
https://docs.slack.dev/apis/web-api/rate-limits. Who keeps to them is hardly ever told to wait,
which costs more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

PER_MINUTE: Mapping[str, int] = {
    "agents.sessions.setStatus": 50,
    "assistant.threads.setStatus": 600,
    "assistant.threads.setSuggestedPrompts": 50,
    "auth.test": 600,
    "chat.appendStream": 100,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.postMessage": 60,  # one a second and channel; a workspace has several
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.open": 50,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "users.info": 600,  # its tier lets large bursts pass
    "views.open": 100,
    "views.publish": 100,
    "views.update": 100,
}
"""Calls a minute, by the methods' tiers: 2 is 20 and more, 3 is 50 and more, 4 is 100 and more."""

OTHERS_PER_MINUTE = 20
"""Of a method that is not listed."""


class NotNowError(TimeoutError):
    """A call was not made: it would have had to wait, and nobody wanted to wait for it."""


@dataclass(slots=True)
class _Budget:
    """How many calls may be made at once, ``at`` a moment; it grows as time passes."""

    calls: float
    at: float


class Pacing:
    """Gives turns to calls, method by method, first come, first served."""

    def __init__(
        self,
        per_minute: Mapping[str, int] = PER_MINUTE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._budgets: dict[str, _Budget] = {}
        self._not_before: dict[str, float] = {}
        self._queues: dict[str, asyncio.Lock] = {}

    async def turn(self, method: str, *, may_wait: bool = True) -> None:
        """Wait until a method may be called.

        Raises:
            NotNowError: it may not be called now, and nobody wants to wait for it.
        """
        queue = self._queues.setdefault(method, asyncio.Lock())
        if not may_wait and (queue.locked() or self._pause(method) > 0):
            raise NotNowError(f"{method} is not to be called just now")
        async with queue:
            while (pause := self._pause(method)) > 0:
                await self._sleep(pause)
            self._budgets[method].calls -= 1

    def limited(self, method: str, seconds: float) -> None:
        """Slack asks not to call a method for so long."""
        until = self._clock() + seconds
        self._not_before[method] = max(until, self._not_before.get(method, until))

    def _pause(self, method: str) -> float:
        """Seconds until it is worth looking again; 0 when a call may be made now."""
        now = self._clock()
        if (wait := self._not_before.get(method, now) - now) > 0:
            return wait
        rate = self._per_minute.get(method, OTHERS_PER_MINUTE) / 60
        most = rate * 60
        budget = self._budgets.setdefault(method, _Budget(most, now))
        budget.calls = min(most, budget.calls + (now - budget.at) * rate)
        budget.at = now
        return max(0.0, (1 - budget.calls) / rate)
