"""Saying an absolute time in words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bot.memory.dates.mention import DateMention, Grain
from bot.memory.dates.windows import DayPart, Season, season, unit

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SEASONS = {
    Season.SPRING: ("spring", "春天"),
    Season.SUMMER: ("summer", "夏天"),
    Season.AUTUMN: ("autumn", "秋天"),
    Season.WINTER: ("winter", "冬天"),
}
_PARTS = {
    DayPart.SMALL_HOURS: ("the small hours of", "凌晨"),
    DayPart.MORNING: ("the morning of", "上午"),
    DayPart.NOON: ("noon of", "中午"),
    DayPart.AFTERNOON: ("the afternoon of", "下午"),
    DayPart.EVENING: ("the evening of", "傍晚"),
    DayPart.NIGHT: ("the night of", "晚上"),
}


def spoken_date(mention: DateMention, *, chinese: bool = False) -> str:
    """The window of ``mention`` in words that need no "today" to be understood.

    "3 July 2026", "2 July 2026, 15:00", "the week of 29 June 2026", "July 2026"; in Chinese
    "2026年7月3日". A window of several units names its first and last day.
    """
    first, last = mention.since.date(), (mention.until - timedelta(microseconds=1)).date()
    whole = _whole_unit(first, last, mention.grain)
    if mention.grain is Grain.HOUR:
        return f"{_day(first, chinese=chinese)}{'' if chinese else ', '}{mention.since:%H:%M}"
    if mention.grain is Grain.PART:
        return _part(first, mention.since, mention.until, chinese=chinese)
    if not whole:
        between = "至" if chinese else " to "
        return f"{_day(first, chinese=chinese)}{between}{_day(last, chinese=chinese)}"
    return _in_chinese(first, mention.grain) if chinese else _in_english(first, mention.grain)


def _whole_unit(first: date, last: date, grain: Grain) -> bool:
    after_last = datetime.combine(last, time.min) + timedelta(days=1)
    if grain is Grain.SEASON:
        return season(first.year, Season(first.month)).until == after_last
    window = unit(first, grain)
    return window.since.date() == first and window.until == after_last


def _day(day: date, *, chinese: bool) -> str:
    if chinese:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _part(first: date, since: datetime, until: datetime, *, chinese: bool) -> str:
    hours = (since.hour, until.hour + (24 if until.date() > first else 0))
    name = next((n for p, n in _PARTS.items() if p.value[:2] == hours), ("the hours of", ""))
    return (
        f"{_day(first, chinese=True)}{name[1]}"
        if chinese
        else f"{name[0]} {_day(first, chinese=False)}"
    )


def _in_english(first: date, grain: Grain) -> str:
    match grain:
        case Grain.WEEK:
            return f"the week of {_day(first, chinese=False)}"
        case Grain.WEEKEND:
            return f"the weekend of {_day(first, chinese=False)}"
        case Grain.MONTH:
            return f"{_MONTHS[first.month - 1]} {first.year}"
        case Grain.SEASON:
            return f"{_SEASONS[Season(first.month)][0]} {first.year}"
        case Grain.YEAR:
            return str(first.year)
        case _:
            return _day(first, chinese=False)


def _in_chinese(first: date, grain: Grain) -> str:
    match grain:
        case Grain.WEEK:
            return f"{_day(first, chinese=True)}那一周"
        case Grain.WEEKEND:
            return f"{_day(first, chinese=True)}那个周末"
        case Grain.MONTH:
            return f"{first.year}年{first.month}月"
        case Grain.SEASON:
            return f"{first.year}年{_SEASONS[Season(first.month)][1]}"
        case Grain.YEAR:
            return f"{first.year}年"
        case _:
            return _day(first, chinese=True)
