"""The time of day behind a Chinese date: 明天下午三点半, 今晚八点, 周五晚上.

An hour without a part of the day (明天三点) could be either, so it stays out.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from bot.memory.dates.chinese_words import DIGITS, number
from bot.memory.dates.mention import Grain
from bot.memory.dates.windows import DayPart, Window, hour_from, part_of

_PARTS = {
    "凌晨": DayPart.SMALL_HOURS,
    "早上": DayPart.MORNING,
    "早晨": DayPart.MORNING,
    "清晨": DayPart.MORNING,
    "一早": DayPart.MORNING,
    "上午": DayPart.MORNING,
    "中午": DayPart.NOON,
    "下午": DayPart.AFTERNOON,
    "傍晚": DayPart.EVENING,
    "晚上": DayPart.NIGHT,
    "晚间": DayPart.NIGHT,
    "夜里": DayPart.NIGHT,
}
_PART_AFTER = re.compile(rf"[ 的\uff0c]?(?P<part>{'|'.join(_PARTS)})")
_TIME_AFTER = re.compile(
    rf"[ 的\uff0c]?(?P<hour>{DIGITS}{{1,3}})(?:[:\uff1a](?P<digital>[0-5][0-9])|[点點时](?:钟|整)?"
    rf"(?P<minute>半|一刻|三刻|{DIGITS}{{1,3}}分)?(?![儿都也]))"
)
_MINUTES = {"半": 30, "一刻": 15, "三刻": 45}
_FIRST_SURE_HOUR = 13
_HOURS = 24
_MINUTES_PER_HOUR = 60


def with_time(text: str, start: int, end: int, window: Window) -> tuple[int, int, Window]:
    """The mention widened by the time of day that follows it, if any."""
    if window.grain not in (Grain.DAY, Grain.PART) or window.until - window.since > timedelta(1):
        return start, end, window
    if window.part is None and (after := _PART_AFTER.match(text, end)):
        end = after.end()
        window = part_of(window.since.date(), _PARTS[after["part"]], relative=window.relative)
    if (after := _TIME_AFTER.match(text, end)) and (timed := _timed(after, window)):
        return start, after.end(), timed
    return start, end, window


def _timed(match: re.Match[str], window: Window) -> Window | None:
    hour, minute = number(match["hour"]), _minute(match)
    if hour is None or minute is None or hour > _HOURS:
        return None
    if window.part is not None:
        hour = window.part.clock_hour(hour)
    elif hour < _FIRST_SURE_HOUR:
        return None
    if hour is None:
        return None
    midnight = datetime.combine(window.since.date(), time.min)
    return hour_from(midnight + timedelta(hours=hour, minutes=minute), relative=window.relative)


def _minute(match: re.Match[str]) -> int | None:
    if digital := match["digital"]:
        return int(digital)
    words = match["minute"] or ""
    if not words:
        return 0
    minute = _MINUTES.get(words) or number(words.removesuffix("分"))
    return minute if minute is not None and minute < _MINUTES_PER_HOUR else None
