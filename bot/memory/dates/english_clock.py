"""The time of day beside an English date: tomorrow at 3pm, Friday night, at 10:30 on 3 May.

An hour without am, pm or a part of the day ("tomorrow at 3") could be either, so it stays out and
the mention keeps the day alone.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from bot.memory.dates.english_words import CLAUSE_ENDS, continued
from bot.memory.dates.mention import Grain
from bot.memory.dates.windows import DayPart, Window, hour_from, part_of

_PARTS = {
    "morning": DayPart.MORNING,
    "afternoon": DayPart.AFTERNOON,
    "evening": DayPart.EVENING,
    "night": DayPart.NIGHT,
}
_PART = "(?P<part>morning|afternoon|evening|night)"
_TIME = (
    r"(?:(?P<at>at|@|around|about) ?)?(?:(?P<noon>noon|midday)|(?P<hour>\d{1,2})"
    r"(?:[:.](?P<minute>[0-5]\d))?"
    rf"(?: ?(?P<half>[ap])(?:\.m\.?|m)|(?P<clock> o'clock)|(?P<bare>{CLAUSE_ENDS}))?)"
)
_PART_AFTER = continued(rf",? (?:in the |at )?{_PART}")
_TIME_AFTER = continued(rf",? {_TIME}(?: (?:in the|at) {_PART})?")
_PART_BEFORE = continued(rf"(?:the )?{_PART} of $")
_TIME_BEFORE = continued(rf"{_TIME}(?: on|,)? $")
_REACH = 24  # characters before a date in which its time of day may stand
_HALF_DAY = 12
_FIRST_SURE_HOUR = 10  # "at 10:30" is read off a 24-hour clock; "at 9:30" may be either half


def with_time(text: str, start: int, end: int, window: Window) -> tuple[int, int, Window]:
    """The mention widened by the time of day that stands beside it, if any."""
    if window.grain not in (Grain.DAY, Grain.PART) or window.until - window.since > timedelta(1):
        return start, end, window
    if window.part is None:
        if after := _PART_AFTER.match(text, end):
            end, window = after.end(), _with_part(window, _PARTS[after["part"].lower()])
        elif before := _before(_PART_BEFORE, text, start):
            start, window = before.start(), _with_part(window, _PARTS[before["part"].lower()])
    if (after := _TIME_AFTER.match(text, end)) and (timed := _timed(after, window)):
        return start, after.end(), timed
    if (before := _before(_TIME_BEFORE, text, start)) and (timed := _timed(before, window)):
        return before.start(), end, timed
    return start, end, window


def _before(pattern: re.Pattern[str], text: str, start: int) -> re.Match[str] | None:
    return pattern.search(text, max(0, start - _REACH), start)


def _with_part(window: Window, part: DayPart) -> Window:
    return part_of(window.since.date(), part, relative=window.relative)


def _timed(match: re.Match[str], window: Window) -> Window | None:
    later = match.groupdict().get("part")
    hour = _hour(match, _PARTS[later.lower()] if later else window.part)
    if hour is None:
        return None
    midnight = datetime.combine(window.since.date(), time.min)
    since = midnight + timedelta(hours=hour, minutes=int(match["minute"] or 0))
    return hour_from(since, relative=window.relative)


def _hour(match: re.Match[str], part: DayPart | None) -> int | None:
    if match["noon"]:
        return _HALF_DAY
    hour = int(match["hour"])
    if half := match["half"]:
        sure = 1 <= hour <= _HALF_DAY
        return hour % _HALF_DAY + (_HALF_DAY if half in "pP" else 0) if sure else None
    alone = match["at"] and match["bare"] is not None
    if not (alone or match["minute"] or match["clock"]):
        return None  # "tonight 8" may be eight people
    if part is not None:
        return part.clock_hour(hour)
    on_24_hours = match["minute"] and (hour >= _FIRST_SURE_HOUR or match["hour"][0] == "0")
    return hour if on_24_hours and hour < 2 * _HALF_DAY else None
