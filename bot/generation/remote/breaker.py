"""Leaving a server alone that does not answer."""

from __future__ import annotations

import math
from enum import Enum

from bot.ports.system import Clock

FAILURES_IN_A_ROW = 3
OPEN_SECONDS = 15.0


class Admission(Enum):
    """Whether a request may be sent."""

    GRANTED = "granted"
    PROBE = "probe"
    """The first one after a pause: how it ends decides for all that come after."""
    DENIED = "denied"


class CircuitBreaker:
    """Opens after some failures in a row, and lets one request at a time try after a while.

    In a row is one after the other: of requests that fail side by side one counts, since they may
    all have met the same moment. Every request that was let in tells how it ended, by one of the
    three methods below. Used from one thread, the event loop's.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        failures: int = FAILURES_IN_A_ROW,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        self._clock = clock
        self._limit = failures
        self._open_seconds = open_seconds
        self._failures = 0
        self._failed_at = -math.inf
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether the next request would be denied."""
        if self._opened_at is None:
            return False
        return self._probing or self.seconds_left > 0

    @property
    def seconds_left(self) -> float:
        """How long until somebody may try again; 0 when that is now."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._open_seconds - self._clock.elapsed())

    def ask(self) -> Admission:
        """Ask to send a request."""
        if self._opened_at is None:
            return Admission.GRANTED
        if self.is_open:
            return Admission.DENIED
        self._probing = True
        return Admission.PROBE

    def succeeded(self) -> None:
        """The server answered, be it with a refusal."""
        self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self, admission: Admission, *, asked_at: float) -> bool:
        """The server was not reached, or broke; whether that opens the circuit.

        ``asked_at`` is when the request was let in, by the clock's elapsed seconds.
        """
        if admission is Admission.PROBE:
            self._probing = False
        elif self._opened_at is not None or asked_at < self._failed_at:
            return False  # sent before that was known
        self._failures += 1
        self._failed_at = self._clock.elapsed()
        if self._opened_at is None and self._failures < self._limit:
            return False
        was_open = self._opened_at is not None
        self._opened_at = self._clock.elapsed()
        return not was_open

    def given_up(self, admission: Admission) -> None:
        """Nobody waited for the end, so nothing was learned."""
        if admission is Admission.PROBE:
            self._probing = False
