"""English expressions that count from now: yesterday, next week, two months ago, on Friday.

Conventions: weeks begin on Monday. "This", "last" and "next" week, weekend, month and year are
calendar units. "Next Friday" is the Friday of the following calendar week, "this Friday" that of
the current one, "last Friday" the latest one before today. "On Friday" is the nearest one in the
direction of the lean. "Two weeks ago" is the calendar week in which the day two weeks ago lies,
and so for months and years.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.memory.dates.english_words import (
    CLAUSE_ENDS,
    MONTH,
    NUMBER,
    SEASON,
    SEASONS,
    WEEKDAY,
    WEEKDAY_ANY,
    WEEKDAYS_SHORT,
    count,
    is_verb_like,
    month_number,
    phrase,
    plain,
    weekday_number,
)
from bot.memory.dates.mention import Grain, Lean
from bot.memory.dates.windows import (
    SATURDAY,
    DayPart,
    Said,
    Season,
    Window,
    earliest,
    hour_from,
    latest,
    month_of,
    nearest_weekday,
    nth,
    part_of,
    rolling,
    season,
    shift,
    unit,
    weekday_of,
)

_DAYS = {
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
    "day before yesterday": -2,
    "day after tomorrow": 2,
}
_PARTS = {
    "this morning": (0, DayPart.MORNING),
    "this afternoon": (0, DayPart.AFTERNOON),
    "this evening": (0, DayPart.EVENING),
    "tonight": (0, DayPart.NIGHT),
    "last night": (-1, DayPart.NIGHT),
    "last evening": (-1, DayPart.EVENING),
}
_WHICH = {"last": -1, "this": 0, "next": 1, "previous": -1, "past": -1, "coming": 0}
_UNITS = {
    "day": Grain.DAY,
    "night": Grain.DAY,
    "week": Grain.WEEK,
    "weekend": Grain.WEEKEND,
    "week-end": Grain.WEEKEND,
    "month": Grain.MONTH,
    "year": Grain.YEAR,
}
_NO_DAY_AFTER = frozenset(
    """
    black good easter palm cyber ash holy super bloody ruby blue giving shrove whit casual manic
    every each a an called named love loved like liked hate hated song film band book day of
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_LAST_WORD = re.compile(r"([A-Za-z']{1,20})[^A-Za-z']{1,3}$")
_DAY_IS = re.compile(r"\bday (?:is|was) $")
_JUNE = 6


def _named_day(match: re.Match[str], said: Said) -> Window | None:
    if match.string[: match.start()].endswith("USA "):
        return None
    return nth(said, Grain.DAY, _DAYS[plain(match["day"])])


def _named_part(match: re.Match[str], said: Said) -> Window:
    days, part = _PARTS[plain(match["it"])]
    return part_of(said.today + timedelta(days=days), part)


def _calendar_unit(match: re.Match[str], said: Said) -> Window:
    return nth(said, _UNITS[plain(match["unit"])], _WHICH[plain(match["which"])])


def _unit_but_one(match: re.Match[str], said: Said) -> Window:
    step = -2 if plain(match["which"]) == "before last" else 2
    return nth(said, _UNITS[plain(match["unit"])], step)


def _the_weekend(_: re.Match[str], said: Said) -> Window:
    begun = said.today.weekday() >= SATURDAY
    return nth(said, Grain.WEEKEND, 0 if begun or said.lean is Lean.FUTURE else -1)


def _counted(match: re.Match[str], said: Said, sign: int) -> Window:
    grain = _UNITS[plain(match["unit"]).removesuffix("s")]
    return nth(said, grain, sign * count(match["n"]))


def _ago(match: re.Match[str], said: Said) -> Window:
    return _counted(match, said, -1)


def _ahead(match: re.Match[str], said: Said) -> Window:
    window = _counted(match, said, 1)
    if (base := match.groupdict().get("base")) and plain(base) == "tomorrow":
        grain = _UNITS[plain(match["unit"]).removesuffix("s")]
        return unit(shift(said.today + timedelta(days=1), grain, count(match["n"])), grain)
    return window


def _weeks_from_weekday(match: re.Match[str], said: Said) -> Window:
    day = nearest_weekday(said, weekday_number(match["day"])).since.date()
    return unit(shift(day, Grain.WEEK, count(match["n"])), Grain.DAY)


def _habit(_: re.Match[str], _said: Said) -> Window:
    raise ValueError("a habit has no date")


def _half_year(match: re.Match[str], said: Said) -> Window:
    return nth(said, Grain.MONTH, 6 if match["ahead"] else -6)


def _clock_units(match: re.Match[str], said: Said) -> Window:
    number = match["n"]
    hours = 0.5 if plain(number).startswith("half") else count(number)
    elapsed = timedelta(hours=hours) if match["unit"][0] in "hH" else timedelta(minutes=hours)
    return hour_from(said.after(-elapsed if match["ago"] else elapsed))


def _rolling(match: re.Match[str], said: Said) -> Window:
    number = count(match["n"]) if match["n"] else 1
    grain = _UNITS[plain(match["unit"]).removesuffix("s")]
    return rolling(said, grain, number if plain(match["which"]) in ("next", "coming") else -number)


def _which_weekday(match: re.Match[str], said: Said) -> Window | None:
    if not _written_as_day(match["day"]):
        return None
    which, weekday = plain(match["which"]), weekday_number(match["day"])
    if which in ("last", "past", "this past"):
        return nearest_weekday(Said(said.at, Lean.PAST), weekday)
    if which in ("coming", "this coming"):
        return nearest_weekday(Said(said.at, Lean.FUTURE), weekday)
    return weekday_of(said, weekday, _WHICH[which])


def _weekday_of_week(match: re.Match[str], said: Said) -> Window:
    return weekday_of(said, weekday_number(match["day"]), _WHICH[plain(match["which"])])


def _weekday(match: re.Match[str], said: Said) -> Window | None:
    return (
        nearest_weekday(said, weekday_number(match["it"])) if _written_as_day(match["it"]) else None
    )


def _bare_weekday(match: re.Match[str], said: Said) -> Window | None:
    before = _LAST_WORD.search(match.string[max(0, match.start() - 24) : match.start()])
    if before and (before[1].lower() in _NO_DAY_AFTER or _DAY_IS.search(before.string)):
        return None
    return nearest_weekday(said, weekday_number(match["it"]))


def _written_as_day(word: str) -> bool:
    """Abbreviations are words of their own ("sat", "sun") unless written like names."""
    return plain(word) not in WEEKDAYS_SHORT or word.istitle()


def _which_month(match: re.Match[str], said: Said) -> Window | None:
    if is_verb_like(match["month"]):
        return None
    number = month_number(match["month"])
    match plain(match["which"]):
        case "last":
            return latest(said, lambda year: month_of(year, number), ended=True)
        case "next":
            return earliest(said, lambda year: month_of(year, number), begun=False)
        case _:
            return month_of(said.today.year, number)


def _which_season(match: re.Match[str], said: Said) -> Window:
    which = SEASONS[plain(match["season"])]
    match plain(match["which"]):
        case "last":
            return latest(said, lambda year: season(year, which), ended=True)
        case "next":
            return earliest(said, lambda year: season(year, which), begun=False)
        case _:
            return season(_year_of_this(which, said), which)


def _year_of_this(which: Season, said: Said) -> int:
    """This summer is that of this year; this winter may have begun in the last one."""
    month = said.today.month
    if which is not Season.WINTER or month >= _JUNE:
        return said.today.year
    running = month < Season.SPRING.value
    return said.today.year - 1 if running or said.lean is Lean.PAST else said.today.year


_COUNTED = rf"(?P<n>{NUMBER}) (?P<unit>days?|weeks?|months?|years?)"
_CALENDAR = "week|week-?end|month|year"

RULES = (
    (
        phrase(
            rf"(?P<it>(?:every|each) (?:other |single )?(?:{WEEKDAY}|{MONTH}|{SEASON})"
            rf"|{WEEKDAY} (?:to|till|until|through) {WEEKDAY})"
        ),
        _habit,
    ),
    (
        phrase(r"(?P<it>(?:the )?(?P<day>day (?:after tomorrow|before yesterday)))"),
        _named_day,
    ),
    (phrase(r"(?P<it>(?P<day>today|yesterday|tomorrow))"), _named_day),
    (phrase(rf"(?P<it>{'|'.join(_PARTS)})"), _named_part),
    (
        phrase(rf"(?P<it>(?P<which>last|this|next|previous) (?P<unit>{_CALENDAR}))"),
        _calendar_unit,
    ),
    (
        phrase(r"(?P<it>(?:the|this) (?P<which>past|coming) (?P<unit>week-?end))"),
        _calendar_unit,
    ),
    (
        phrase(r"(?:end|start|beginning|middle|rest) of (?P<it>the (?P<unit>week|month|year))"),
        lambda match, said: nth(said, _UNITS[plain(match["unit"])], 0),
    ),
    (
        phrase(r"(?P<it>the (?P<unit>week|weekend|month|year) (?P<which>before last|after next))"),
        _unit_but_one,
    ),
    (
        phrase(r"(?:at|on|over|for|during|by|before|after|until) (?P<it>the week-?end)"),
        _the_weekend,
    ),
    (phrase(rf"(?P<it>{_COUNTED} ago)"), _ago),
    (phrase(rf"(?P<it>(?P<n>{NUMBER}) (?P<unit>nights?|weekends?) ago)"), _ago),
    (phrase(rf"(?P<it>in {_COUNTED}(?:'s time|' time)?)(?! (?:of|or|and))"), _ahead),
    (phrase(rf"(?P<it>{_COUNTED} from (?P<base>now|today|tomorrow))"), _ahead),
    (
        phrase(rf"(?P<it>(?P<n>{NUMBER}) weeks? (?:from|after) (?P<day>{WEEKDAY}))"),
        _weeks_from_weekday,
    ),
    (
        phrase(r"(?P<it>half a year (?:ago|(?P<ahead>from now)))"),
        _half_year,
    ),
    (phrase(r"(?P<it>in (?P<ahead>half a year))"), _half_year),
    (
        phrase(rf"(?P<it>(?P<n>half an|{NUMBER}) (?P<unit>hours?|minutes?) (?P<ago>ago))"),
        _clock_units,
    ),
    (
        phrase(
            rf"(?P<it>in (?P<n>half an|{NUMBER}) (?P<unit>hours?|minutes?)(?P<ago>(?!))?)"
            r"(?! (?:of|or|and|a|per))"
        ),
        _clock_units,
    ),
    (
        phrase(
            rf"(?P<it>(?:the |these )?(?P<which>last|past|previous|next|coming) (?P<n>{NUMBER}) "
            r"(?P<unit>days|weeks|months|years))"
        ),
        _rolling,
    ),
    (
        phrase(
            r"(?:in|over|during|for|within) (?P<it>(?:the|this) (?P<which>last|past|next|coming)"
            r"(?P<n>(?!))? (?P<unit>week|month|year))(?! of)"
        ),
        _rolling,
    ),
    (
        phrase(
            r"(?P<it>(?:the|this) (?P<which>past|coming)(?P<n>(?!))? (?P<unit>week|month|year))"
        ),
        _rolling,
    ),
    (
        phrase(
            rf"(?P<it>(?P<which>last|past|this past|this|this coming|coming|next) "
            rf"(?P<day>{WEEKDAY_ANY}))"
        ),
        _which_weekday,
    ),
    (
        phrase(rf"(?P<it>(?P<day>{WEEKDAY})(?: of)? (?P<which>last|this|next) week)"),
        _weekday_of_week,
    ),
    (
        phrase(rf"(?P<it>(?P<which>last|this|next) week(?: on)? (?P<day>{WEEKDAY}))"),
        _weekday_of_week,
    ),
    (
        phrase(
            r"(?:on|by|until|till|since|for|(?<!week\x20)(?<!weeks\x20)before|after|from"
            rf"|a\.m\.|p\.m\.|\d{{1,2}}[ap]m|[ap]m) (?P<it>{WEEKDAY_ANY})"
        ),
        _weekday,
    ),
    (
        phrase(rf"(?P<it>{WEEKDAY})(?={CLAUSE_ENDS}|(?-i: (?:morning|afternoon|evening|night)))"),
        _bare_weekday,
    ),
    (phrase(rf"(?P<it>(?P<which>last|this|next) (?P<month>{MONTH}))"), _which_month),
    (phrase(rf"(?P<it>(?P<which>last|this|next) (?P<season>{SEASON}))"), _which_season),
)
