"""When to ask a server again that did not answer well."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.generation.remote.trouble import ServerTroubleError, TroubleKind

PATIENCE_SECONDS = 1.5
"""So long a server that is down is asked again. A restart takes longer, and whoever waits for a
reply had better know."""
MOST_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Retrying:
    """Pauses between attempts: twice as long each time, by chance up to half of that shorter.

    ``chance`` gives numbers from 0 up to 1.
    """

    attempts: int = MOST_ATTEMPTS
    first_pause_seconds: float = FIRST_PAUSE_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    chance: Callable[[], float] = random.random

    def pause(
        self, attempt: int, trouble: ServerTroubleError, *, since_start: float, left: float
    ) -> float | None:
        """How long to wait after attempt number ``attempt``, from 1 on; None to give up.

        ``since_start`` is the time since the first attempt began, ``left`` what is left of the time
        limit, both in seconds.
        """
        if attempt >= self.attempts:
            return None
        grown = self.first_pause_seconds * 2.0 ** (attempt - 1)
        pause = grown * (1 - self.chance() / 2)
        if trouble.retry_after is not None:
            pause = max(pause, trouble.retry_after)
        elif trouble.kind is not TroubleKind.BUSY and since_start + pause > self.patience_seconds:
            return None
        return pause if pause < left else None
