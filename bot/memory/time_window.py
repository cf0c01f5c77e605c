"""Nearness of a turn to the days that a question names: a nudge, never a filter.

People tell of a day on that day or soon after it, so turns after the window lose their nudge slowly
and turns before it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bot.memory.dates import DateMention
from bot.memory.lexical import Floats

HALF_LIFE_DAYS = 7.0
"""After so many days beyond the window half of the nudge is left."""

RECENCY_HALF_LIFE_DAYS = 30.0

_DAY = 86_400.0


def time_window(said_at: NDArray[np.float64], days: Sequence[DateMention]) -> Floats:
    """For every turn, by when it was said (Unix seconds): 1 in a named window, less after it."""
    nudge: Floats = np.zeros(len(said_at))
    for mention in days:
        late = (said_at - mention.until.timestamp()) / _DAY
        near = np.exp2(-np.maximum(late, 0.0) / HALF_LIFE_DAYS)
        near[said_at < mention.since.timestamp()] = 0.0
        nudge = np.maximum(nudge, near)
    return nudge


def recency(said_at: NDArray[np.float64], now: datetime) -> Floats:
    """1 for a turn said ``now``, half as much for every 30 days that it is older."""
    age = np.maximum(now.timestamp() - said_at, 0.0) / _DAY
    near: Floats = np.exp2(-age / RECENCY_HALF_LIFE_DAYS)
    return near
