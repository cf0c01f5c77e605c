"""English expressions that name the calendar: 3 May 2026, May 3rd, in May, in 2019, summer 2025.

The months and seasons are those of the northern hemisphere's calendar. "03/05/2026" says neither
day nor month first and is no mention; "13/05/2026" and "3.5.2026" are.
"""

from __future__ import annotations

import re

from bot.memory.dates.english_words import (
    CLAUSE_ENDS,
    DAY_NUMBER,
    DAY_WORD,
    MONTH,
    MONTH_ANY,
    SEASON,
    SEASONS,
    VERBS_TOO,
    WEEKDAY_ANY,
    YEAR,
    day_number,
    is_verb_like,
    month_number,
    phrase,
    plain,
)
from bot.memory.dates.mention import Grain
from bot.memory.dates.windows import (
    MONTHS_PER_YEAR,
    ONE_DAY,
    Said,
    Window,
    day_of,
    day_of_month,
    earliest,
    latest,
    month_of,
    season,
    shift,
    span,
    unit,
    yearly,
)

_HOLIDAYS = {
    "christmas": (12, 25),
    "christmas day": (12, 25),
    "christmas eve": (12, 24),
    "new year's eve": (12, 31),
    "new year's day": (1, 1),
    "valentine's day": (2, 14),
    "halloween": (10, 31),
}


def _day(match: re.Match[str], said: Said) -> Window | None:
    parts = match.groupdict()
    month, day = month_number(match["month"]), day_number(match["day"])
    if year := match["year"]:
        return day_of(int(year), month, day, relative=False)
    sure = not match["day"].isdecimal() or parts.get("of") or match["cue"]
    if is_verb_like(match["month"]) and not sure:
        return None
    return yearly(said, lambda year: day_of(year, month, day))


def _month_then_day(match: re.Match[str], said: Said) -> Window | None:
    counted = match["day"].isdecimal() and not match["year"] and not match["cue"]
    if counted and plain(match["month"]) in VERBS_TOO and match["clause_ends"] is None:
        return None  # "May 3 people come along?"
    return _day(match, said)


def _days(match: re.Match[str], said: Said) -> Window:
    month = month_number(match["month"])
    first, last = day_number(match["first"]), day_number(match["last"])

    def of_year(year: int, *, relative: bool = True) -> Window:
        begin = day_of(year, month, first).since.date()
        end = day_of(year, month, last).since.date() + ONE_DAY
        return span(begin, end, Grain.DAY, relative=relative)

    year = match["year"]
    return of_year(int(year), relative=False) if year else yearly(said, of_year)


def _week_of(match: re.Match[str], said: Said) -> Window | None:
    day = _day(match, said)
    return day and unit(day.since.date(), Grain.WEEK, relative=day.relative)


def _month(match: re.Match[str], said: Said) -> Window | None:
    number, cue = month_number(match["it"]), plain(match["cue"])
    abbreviated = plain(match["it"]) != "may" and not re.fullmatch(MONTH, plain(match["it"]))
    if abbreviated and not match["it"].istitle():
        return None
    if cue in ("early", "late", "mid") and is_verb_like(match["it"]):
        return None
    return yearly(said, lambda year: month_of(year, number))


def _month_of_year(match: re.Match[str], _: Said) -> Window | None:
    if is_verb_like(match["month"]) and not match["cue"]:
        return None
    return month_of(int(match["year"]), month_number(match["month"]), relative=False)


def _season_of_year(match: re.Match[str], _: Said) -> Window:
    return season(int(match["year"]), SEASONS[plain(match["season"])], relative=False)


def _years(match: re.Match[str], _: Said) -> Window:
    first, last = int(match["first"]), int(match["last"])
    begin = month_of(first, 1).since.date()
    return span(begin, month_of(last + 1, 1).since.date(), Grain.YEAR, relative=False)


def _year(match: re.Match[str], _: Said) -> Window:
    return unit(month_of(int(match["it"]), 1).since.date(), Grain.YEAR, relative=False)


def _numeric(match: re.Match[str], _: Said) -> Window | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if match["mark"] == ".":
        return day_of(year, second, first, relative=False)
    if (first > MONTHS_PER_YEAR) == (second > MONTHS_PER_YEAR):
        return None  # either order is possible, or none
    day, month = (first, second) if first > MONTHS_PER_YEAR else (second, first)
    return day_of(year, month, day, relative=False)


def _iso(match: re.Match[str], _: Said) -> Window:
    return day_of(int(match["year"]), int(match["month"]), int(match["day"]), relative=False)


def _nth_of_month(match: re.Match[str], said: Said) -> Window:
    return day_of_month(said, day_number(match["it"].lower().removeprefix("the")))


def _day_of_which_month(match: re.Match[str], said: Said) -> Window:
    step = {"last": -1, "this": 0, "next": 1}[plain(match["which"])]
    month = shift(said.today.replace(day=1), Grain.MONTH, step)
    return day_of(month.year, month.month, day_number(match["day"]))


def _holiday(match: re.Match[str], said: Said) -> Window:
    month, day = _HOLIDAYS[plain(match["name"]).replace("\u2019", "'")]

    def of_year(year: int) -> Window:
        return day_of(year, month, day)

    match plain(match["which"] or ""):
        case "last":
            return latest(said, of_year, ended=True)
        case "next":
            return earliest(said, of_year, begun=False)
        case "this":
            return of_year(said.today.year)
        case _:
            return yearly(said, of_year)


_CUE = r"(?:(?P<cue>on|by|until|till|since|before|after|from|in|of|during) )?"
_NOT_COUNTED = r"(?![:.,]\d|[%\u20ac$\u00a3\u00b0])"
_UNITS = (
    "people|words|euros?|dollars?|pounds|miles|km|kilomet(?:er|re)s|met(?:er|re)s|steps|calories"
    "|kcal|pieces|times|hours|minutes|seconds|years|days|ways|parts|lines|characters|tokens|users"
    "|units|grams|kg|rpm|degrees|or so|or more"
)
_HOLIDAY = (
    r"(?P<name>christmas(?: eve| day)?|new year['\u2019]s (?:eve|day)|valentine['\u2019]s day"
    "|halloween)"
)

RULES = (
    (
        phrase(
            rf"{_CUE}(?P<it>(?:{WEEKDAY_ANY},? )?(?:the )?(?P<day>{DAY_NUMBER}) (?P<of>of )?"
            rf"(?P<month>{MONTH_ANY})(?:,? (?P<year>{YEAR}))?)"
        ),
        _day,
    ),
    (
        phrase(
            rf"{_CUE}(?P<it>(?:{WEEKDAY_ANY},? )?(?:the )?(?P<day>{DAY_WORD}) (?P<of>of )"
            rf"(?P<month>{MONTH_ANY})(?:,? (?P<year>{YEAR}))?)"
        ),
        _day,
    ),
    (
        phrase(
            rf"{_CUE}(?P<it>(?:{WEEKDAY_ANY},? )?(?P<month>{MONTH_ANY}) (?:the )?"
            rf"(?P<day>{DAY_NUMBER}|{DAY_WORD})(?:,? (?P<year>{YEAR}))?)"
            rf"{_NOT_COUNTED}(?P<clause_ends>{CLAUSE_ENDS})?"
        ),
        _month_then_day,
    ),
    (
        phrase(
            rf"(?P<it>(?:the )?week of (?P<cue>(?!))?(?:the )?(?P<day>{DAY_NUMBER}) (?P<of>of )?"
            rf"(?P<month>{MONTH_ANY})(?:,? (?P<year>{YEAR}))?)"
        ),
        _week_of,
    ),
    (
        phrase(
            rf"(?P<it>(?:the )?week of (?P<cue>(?!))?(?P<month>{MONTH_ANY}) (?P<day>{DAY_NUMBER})"
            rf"(?:,? (?P<year>{YEAR}))?)"
        ),
        _week_of,
    ),
    (
        phrase(
            rf"(?P<it>(?P<first>{DAY_NUMBER}) ?(?:-|\u2013|and|to|until) ?(?:the )?"
            rf"(?P<last>{DAY_NUMBER}) (?:of )?(?P<month>{MONTH_ANY})(?:,? (?P<year>{YEAR}))?)"
        ),
        _days,
    ),
    (
        phrase(
            rf"(?P<it>(?P<month>{MONTH_ANY}) (?P<first>{DAY_NUMBER}) ?(?:-|\u2013|to) ?"
            rf"(?P<last>{DAY_NUMBER})(?:,? (?P<year>{YEAR}))?){_NOT_COUNTED}"
        ),
        _days,
    ),
    (
        phrase(
            r"(?P<cue>in|since|until|till|by|during|early|late|mid|(?:end|start|beginning|middle"
            r"|rest|half|month) of)(?: (?:early|late|mid))?[\x20-]"
            rf"(?P<it>{MONTH_ANY})(?!['\u2019]s)"
        ),
        _month,
    ),
    (
        phrase(rf"{_CUE}(?P<it>(?P<month>{MONTH_ANY}),? (?:of )?(?P<year>{YEAR})){_NOT_COUNTED}"),
        _month_of_year,
    ),
    (phrase(rf"(?P<it>(?P<season>{SEASON}) (?:of )?(?P<year>{YEAR}))"), _season_of_year),
    (
        phrase(
            rf"(?:from|between) (?P<it>(?P<first>{YEAR}) (?:to|until|till|and) (?P<last>{YEAR}))"
            rf"{_NOT_COUNTED}(?! (?:{_UNITS}))"
        ),
        _years,
    ),
    (
        phrase(
            r"(?:in|since|until|till|by|during|from|before|after|(?:class|year|end|start|beginning"
            rf"|middle|rest|half) of) (?P<it>{YEAR}){_NOT_COUNTED}(?! (?:{_UNITS}))"
        ),
        _year,
    ),
    (
        re.compile(
            r"(?<![\w/.-])(?P<it>(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)"
            r"(?P<day>\d{1,2}))(?![\d/-]|\.\d)",
            re.ASCII,
        ),
        _iso,
    ),
    (
        re.compile(
            r"(?<![\w/.-])(?P<it>(?P<first>\d{1,2})(?P<mark>[/.]) ?(?P<second>\d{1,2})(?P=mark) ?"
            r"(?P<year>\d{4}))(?![\d/-]|\.\d)",
            re.ASCII,
        ),
        _numeric,
    ),
    (
        phrase(
            r"(?:on|by|until|till|since|before|after) (?P<it>the (?:[12]\d|3[01]|[1-9])"
            rf"(?:st|nd|rd|th)){CLAUSE_ENDS}"
        ),
        _nth_of_month,
    ),
    (
        phrase(rf"(?P<it>(?:the )?(?P<day>{DAY_NUMBER}) of (?P<which>last|this|next) month)"),
        _day_of_which_month,
    ),
    (
        phrase(
            r"(?:at|on|by|until|since|before|after|for|around|over) "
            rf"(?P<it>(?P<which>(?!))?{_HOLIDAY}){CLAUSE_ENDS}"
        ),
        _holiday,
    ),
    (phrase(rf"(?P<it>(?P<which>last|this|next) {_HOLIDAY}){CLAUSE_ENDS}"), _holiday),
)
