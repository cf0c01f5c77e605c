"""Chinese time expressions: 昨天, 下周三, 三天前, 去年五月, 2026年5月3日.

上周五 and 下周五 are the Fridays of the calendar weeks before and after this one; a bare 周五 is
the nearest one in the direction of the lean. Many of these characters also meet by chance (说明天气
or 五月天), so the patterns name what may not stand beside them.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.memory.dates.chinese_words import DIGITS, WEEKDAYS, number
from bot.memory.dates.mention import Grain
from bot.memory.dates.windows import (
    DayPart,
    Said,
    Season,
    Window,
    day_of,
    day_of_month,
    hour_from,
    month_of,
    nearest_weekday,
    nth,
    part_of,
    rolling,
    season,
    shift,
    span,
    unit,
    weekday_of,
    yearly,
)

_DAYS = {
    "今天": 0,
    "今日": 0,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
    "大前天": -3,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
}
_NIGHT_DAYS = {"今": 0, "昨": -1, "前": -2, "明": 1, "后": 2}
_YEARS = {"今年": 0, "去年": -1, "前年": -2, "大前年": -3, "明年": 1, "后年": 2}
_UNITS = {
    "天": Grain.DAY,
    "日": Grain.DAY,
    "周": Grain.WEEK,
    "星期": Grain.WEEK,
    "礼拜": Grain.WEEK,
    "月": Grain.MONTH,
    "年": Grain.YEAR,
}
_SEASONS = {"春": Season.SPRING, "夏": Season.SUMMER, "秋": Season.AUTUMN, "冬": Season.WINTER}
_HOLIDAYS = {
    "元旦": (1, 1, 1),
    "情人节": (2, 14, 1),
    "五一": (5, 1, 1),
    "五一劳动节": (5, 1, 1),
    "劳动节": (5, 1, 1),
    "儿童节": (6, 1, 1),
    "教师节": (9, 10, 1),
    "国庆": (10, 1, 7),
    "国庆节": (10, 1, 1),
    "平安夜": (12, 24, 1),
    "圣诞节": (12, 25, 1),
    "圣诞": (12, 25, 1),
}
"""Month, first day and days of holidays with fixed dates. The moon's holidays need its calendar."""
_HALF_YEAR = 6  # months


def _named_day(match: re.Match[str], said: Said) -> Window:
    return nth(said, Grain.DAY, _DAYS[match["it"]])


def _named_part(match: re.Match[str], said: Said) -> Window:
    day = said.today + timedelta(days=_NIGHT_DAYS[match["day"]])
    return part_of(day, DayPart.MORNING if match["part"] == "早" else DayPart.NIGHT)


def _steps(words: str) -> int:
    """-2 for 上上, 1 for 下, 0 for 这 and 本."""
    return words.count("下") - words.count("上")


def _week(match: re.Match[str], said: Said) -> Window:
    steps, day = _steps(match["which"]), match["day"]
    if not day:
        return nth(said, Grain.WEEK, steps)
    if day == "末":
        return nth(said, Grain.WEEKEND, steps)
    return weekday_of(said, WEEKDAYS[day], steps)


def _month(match: re.Match[str], said: Said) -> Window | None:
    first = shift(said.today.replace(day=1), Grain.MONTH, _steps(match["which"]))
    if match["day"] is None:
        return unit(first, Grain.MONTH)
    day = number(match["day"])
    return day_of(first.year, first.month, day) if day else None


def _date(match: re.Match[str], said: Said) -> Window | None:
    """Any of year, month and day, as far as they are there."""
    year, relative = _year_number(match, said)
    month = number(match["month"]) if match["month"] else None
    day = number(match["day"]) if match["day"] else None
    if year is None:
        return _without_year(month, day, said)
    if match["season"]:
        return season(year, _SEASONS[match["season"]], relative=relative)
    if match["month"] is None:
        return unit(month_of(year, 1).since.date(), Grain.YEAR, relative=relative)
    if not month or day == 0:
        return None
    if match["day"] is None:
        return month_of(year, month, relative=relative)
    return day_of(year, month, day, relative=relative) if day else None


def _year_number(match: re.Match[str], said: Said) -> tuple[int | None, bool]:
    if word := match["word"]:
        return said.today.year + _YEARS[word], True
    return (number(match["year"]), False) if match["year"] else (None, True)


def _without_year(month: int | None, day: int | None, said: Said) -> Window | None:
    if not month:
        return None
    if day is None:
        return yearly(said, lambda year: month_of(year, month))
    return yearly(said, lambda year: day_of(year, month, day))


def _month_day(match: re.Match[str], said: Said) -> Window | None:
    month = number(match["month"])
    day = number(match["day"]) if match["day"] else None
    return _without_year(month, day, said) if match["day"] is None or day else None


def _nth_of_month(match: re.Match[str], said: Said) -> Window | None:
    day = number(match["day"])
    return day_of_month(said, day) if day else None


def _grain(words: str) -> Grain:
    return _UNITS[words.removeprefix("个")]


def _counted(match: re.Match[str], said: Said) -> Window | None:
    count = number(match["n"])
    if not count:
        return None
    return nth(said, _grain(match["unit"]), count if match["side"] == "后" else -count)


def _through(match: re.Match[str], said: Said) -> Window | None:
    count = number(match["n"])
    return nth(said, _grain(match["unit"]), count) if count else None


def _half_year(match: re.Match[str], said: Said) -> Window:
    return nth(said, Grain.MONTH, _HALF_YEAR if match["side"] == "后" else -_HALF_YEAR)


def _clock_units(match: re.Match[str], said: Said) -> Window | None:
    count = 0.5 if match["n"] == "半" else number(match["n"])
    if not count:
        return None
    minutes = match["unit"].startswith("分")
    elapsed = timedelta(minutes=count) if minutes else timedelta(hours=count)
    return hour_from(said.after(elapsed if match["side"] == "后" else -elapsed))


def _rolling(match: re.Match[str], said: Said) -> Window | None:
    count = number(match["n"])
    if not count:
        return None
    ahead = match["which"] in ("未来", "接下来")
    return rolling(said, _grain(match["unit"]), count if ahead else -count)


def _holiday(match: re.Match[str], said: Said) -> Window:
    month, first, days = _HOLIDAYS[match["name"]]

    def of_year(year: int) -> Window:
        begin = day_of(year, month, first).since.date()
        return span(begin, begin + timedelta(days=days), Grain.DAY)

    if match["word"]:
        return of_year(said.today.year + _YEARS[match["word"]])
    return yearly(said, of_year)


_NOT_NUMBER = f"(?<!{DIGITS})"
_WEEK_NAME = "(?:周|星期|礼拜)"
_WHICH = "上上个?|下下个?|上个?|下个?|这个?|本"
_N = f"(?P<n>{DIGITS}{{1,4}})"
_UNIT = "(?P<unit>天|日|周|个?(?:星期|礼拜)|个月|年)"
_SIDE = "(?:之|以)?(?P<side>前|后)"
_YEAR = r"(?P<year>(?:[12１２][0-9０-９]{3})|[一二][零〇○一二三四五六七八九]{3})年"  # noqa: RUF001
_YEAR_WORD = (
    "(?P<word>(?<![当如现])今年|(?<![过失])去年|(?<![文发证声黎])明年"
    "|大前年|(?<![以之目从大])前年|(?<![以之今最随])后年)"
)
_MONTH = f"(?P<month>{DIGITS}{{1,3}})月份?"
_DAY = f"(?P<day>{DIGITS}{{1,3}})[日号號]"
_SEASON = "(?P<season>[春夏秋冬])(?:天|季)"
_TITLES = "天(?!去|来|上|下)|花|河|兔|怀胎|革命|流火|雪|长安|是你的谎言|[与和]安生"
_RECURRING = "(?<!每)(?<!每个)(?<!每年)(?<!每年的)(?<!每逢)"

RULES = (
    (
        re.compile(
            "(?P<it>(?<![当如现])今天(?!下(?![午雨雪了班课周个]))|今日(?!头条)|昨[天日]|大[前后]天"
            "|(?<![以之目从大])前天|(?<![透文聪光声证发黎说])明天|(?<=说)明天(?!气)|(?<!文)明日(?!方舟|之子)"
            "|(?<![以之今最然随往日月年期周背午饭大先天])后天(?!的努力|性|培养|形成|习得))"
        ),
        _named_day,
    ),
    (
        re.compile(
            "(?P<it>(?P<day>[今昨明]|(?<![以之])前|(?<![以之然最])后)(?P<part>晚|夜(?!宵)|早(?=[上晨])"
            "|(?<=[今明])早)(?:上|晨|里)?)"
        ),
        _named_part,
    ),
    (
        re.compile(
            f"(?P<it>(?P<which>{_WHICH})(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])?)"
            "(?![期边围岁年转到密])"
        ),
        _week,
    ),
    (
        re.compile(
            f"{_RECURRING}(?<!{DIGITS})(?<![几两半整数到至上下这本个])"
            "(?P<it>(?:周(?P<day>[一二三四五六日])|(?:星期|礼拜)(?P<name>[一二三四五六日天])))"
            f"(?!福|[到至-]{_WEEK_NAME}|围|岁|年)"
        ),
        lambda match, said: nearest_weekday(said, WEEKDAYS[match["day"] or match["name"]]),
    ),
    (
        re.compile(
            f"(?P<it>(?P<which>上上个|下下个|上个|下个|这个|本|(?<![早晚天地路网线])上|下|这)月(?:{_DAY})?)"
            "(?![亮色光球饼薪经子牙])"
        ),
        _month,
    ),
    (
        re.compile(
            f"(?P<it>(?:{_NOT_NUMBER}{_YEAR}|{_YEAR_WORD})的?(?:{_MONTH}(?:{_DAY})?|{_SEASON})?)"
            "(?![轻纪龄级份]|历史|的历史)"
        ),
        _date,
    ),
    (
        re.compile(f"{_RECURRING}{_NOT_NUMBER}(?<![个几])(?P<it>{_MONTH}(?:{_DAY})?)(?!{_TITLES})"),
        _month_day,
    ),
    (
        re.compile(
            r"(?<![\d月第每尾a-zA-Z年.])(?P<it>(?P<day>[12]?[0-9]|3[01])[号號])"
            r"(?=[\uff0c。\uff01\uff1f,.!? 去到来早上中下晚之以前我要]|$)"
            "(?!上海|中[心队]|下铺|上铺|来了)"
        ),
        _nth_of_month,
    ),
    (re.compile(f"{_NOT_NUMBER}(?<!第)(?P<it>{_N}{_UNIT}{_SIDE})"), _counted),
    (re.compile(f"(?P<it>再?过{_N}{_UNIT})(?![前后以之])"), _through),
    (re.compile(f"(?<!{DIGITS})(?<![多个大小上下])(?P<it>半年{_SIDE})"), _half_year),
    (
        re.compile(
            f"{_NOT_NUMBER}(?P<it>(?P<n>半|{DIGITS}{{1,3}})个?(?P<unit>小时|钟头|分钟){_SIDE})"
        ),
        _clock_units,
    ),
    (re.compile(f"(?P<it>(?P<which>过去|最近|未来|接下来)(?:的|这)?{_N}{_UNIT})"), _rolling),
    (
        re.compile(
            f"(?<!每年)(?P<it>(?:{_YEAR_WORD}的?)?(?P<name>元旦|国庆节|国庆|五一(?:劳动节)?|劳动节"
            "|儿童节|情人节|教师节|平安夜|圣诞节|圣诞))(?!树|礼物|老人|卡|广场|路|快乐)"
        ),
        _holiday,
    ),
)
