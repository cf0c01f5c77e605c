"""The stand-in's own time: it moves only when a test moves it."""

from __future__ import annotations

import time


class Clock:
    """Starts at the real time, then stands still until it is advanced.

    Timestamps of messages, the life of streams, of trigger ids and of response urls all follow it,
    so nothing expires because a machine is slow, and everything can expire without waiting.
    """

    def __init__(self) -> None:
        self._now = float(int(time.time()))
        self._last_ts = ""
        self._micro = 0

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self._now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError("Time does not run backwards.")
        self._now += seconds
        if int(self._now) != int(self._now - seconds):
            self._micro = 0

    def ts(self) -> str:
        """A new timestamp, unique and later than every earlier one."""
        self._micro += 100
        return f"{int(self._now)}.{self._micro:06d}"
