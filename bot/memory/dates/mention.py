"""What a time expression in a text means: a window of real time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grain(StrEnum):
    """How fine the words are. A window may span several units ("3-5 May" is of grain DAY)."""

    HOUR = "hour"
    PART = "part"
    """A part of a day: this morning, tonight."""
    DAY = "day"
    WEEKEND = "weekend"
    WEEK = "week"
    MONTH = "month"
    SEASON = "season"
    YEAR = "year"


class Lean(StrEnum):
    """In which direction words without a year or week are read: "in May", "on Friday"."""

    PAST = "past"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMention:
    """A time expression and its meaning.

    ``text[start:end]`` is the expression, without a preposition before it ("Friday" of "on
    Friday", but "in two weeks" whole, where "in" carries the meaning). The window is half open and
    in the time zone of the message. ``relative`` tells that the meaning depends on when it was
    said: "tomorrow" does, "3 May" too, "3 May 2026" does not.
    """

    start: int
    end: int
    since: datetime
    until: datetime
    grain: Grain
    relative: bool
