"""Calendar arithmetic on local wall-clock time.

Everything here is naive on purpose: days, weeks and months are a matter of the wall calendar, and
only the finished window meets the time zone, so no day is ever 24 hours by assumption. Functions
raise ValueError or OverflowError for what no calendar has; the search takes that as no mention.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum

from bot.memory.dates.mention import Grain, Lean

ONE_DAY = timedelta(days=1)
SATURDAY = 5
MONTHS_PER_YEAR = 12
MONTHS_PER_SEASON = 3
_LEAP_CYCLE = 8  # years between two 29 Februaries, across 1900 or 2100 too


class DayPart(Enum):
    """Hours ``since``-``until`` of a part of a day, and the hours that its clock times may have.

    People stretch the words: 4 "in the morning" and 6 "in the afternoon" are understood. Hours
    from 24 on belong to the next day.
    """

    SMALL_HOURS = (0, 6, 0, 6)
    MORNING = (5, 12, 0, 12)
    NOON = (11, 14, 11, 15)
    AFTERNOON = (12, 18, 12, 20)
    EVENING = (18, 24, 16, 25)
    NIGHT = (18, 30, 17, 30)

    def clock_hour(self, hour: int) -> int | None:
        """The hour of the day meant by ``hour`` on a dial: 8 in the evening is 20."""
        _, _, first, end = self.value
        turns = (hour, hour + 12, hour + 24, hour - 12)
        return next((h for h in turns if first <= h < end), None)


class Season(Enum):
    """First month of each meteorological season of the northern hemisphere."""

    SPRING = 3
    SUMMER = 6
    AUTUMN = 9
    WINTER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open span of wall-clock time."""

    since: datetime
    until: datetime
    grain: Grain
    relative: bool = True
    part: DayPart | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The moment that a text is read from."""

    at: datetime
    lean: Lean

    @property
    def now(self) -> datetime:
        """The wall clock of the speaker."""
        return self.at.replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The speaker's day."""
        return self.at.date()

    def after(self, elapsed: timedelta) -> datetime:
        """The wall clock when ``elapsed`` real time has passed, or had to pass if negative."""
        return (self.at.astimezone(UTC) + elapsed).astimezone(self.at.tzinfo).replace(tzinfo=None)


def span(first: date, end: date, grain: Grain, *, relative: bool = True) -> Window:
    """Whole days from ``first`` up to ``end``, which is not included."""
    if end <= first:
        raise ValueError("a window ends after it begins")
    return Window(
        since=datetime.combine(first, time.min),
        until=datetime.combine(end, time.min),
        grain=grain,
        relative=relative,
    )


def shift(day: date, grain: Grain, count: int) -> date:
    """``day`` moved by ``count`` units; a day that its new month lacks becomes that month's last.

    The 31st of May a month later is the 30th of June.
    """
    if grain is Grain.DAY:
        return day + timedelta(days=count)
    if grain in (Grain.WEEK, Grain.WEEKEND):
        return day + timedelta(weeks=count)
    months = count * (MONTHS_PER_YEAR if grain is Grain.YEAR else 1)
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def unit(day: date, grain: Grain, *, relative: bool = True) -> Window:
    """The calendar day, week, weekend, month or year that ``day`` is in. Weeks begin on Monday."""
    monday = day - timedelta(days=day.weekday())
    match grain:
        case Grain.WEEK:
            first, end = monday, monday + timedelta(weeks=1)
        case Grain.WEEKEND:
            first, end = monday + timedelta(days=SATURDAY), monday + timedelta(weeks=1)
        case Grain.MONTH:
            first = day.replace(day=1)
            end = shift(first, grain, 1)
        case Grain.YEAR:
            first = date(day.year, 1, 1)
            end = shift(first, grain, 1)
        case _:
            first, end = day, day + ONE_DAY
    return span(first, end, grain, relative=relative)


def nth(said: Said, grain: Grain, count: int) -> Window:
    """The unit ``count`` units from the current one: -1 is the last one, 1 the next one."""
    return unit(shift(said.today, grain, count), grain)


def part_of(day: date, part: DayPart, *, relative: bool = True) -> Window:
    """The hours of ``part`` on ``day``."""
    since, until, _, _ = part.value
    midnight = datetime.combine(day, time.min)
    return Window(
        since=midnight + timedelta(hours=since),
        until=midnight + timedelta(hours=until),
        grain=Grain.PART,
        relative=relative,
        part=part,
    )


def hour_from(since: datetime, *, relative: bool = True) -> Window:
    """One hour from ``since`` on."""
    return Window(
        since=since, until=since + timedelta(hours=1), grain=Grain.HOUR, relative=relative
    )


def season(year: int, which: Season, *, relative: bool = True) -> Window:
    """The season that begins in ``year``; winter reaches into the next year."""
    first = date(year, which.value, 1)
    end = shift(first, Grain.MONTH, MONTHS_PER_SEASON)
    return span(first, end, Grain.SEASON, relative=relative)


def rolling(said: Said, grain: Grain, count: int) -> Window:
    """The last (negative) or next ``count`` units, both with today: "the last three days"."""
    if count < 0:
        end = said.today + ONE_DAY
        return span(shift(end, grain, count), end, Grain.DAY)
    return span(said.today, shift(said.today, grain, count), Grain.DAY)


def weekday_of(said: Said, weekday: int, weeks: int) -> Window:
    """That day of the calendar week ``weeks`` weeks from this one; Monday is 0."""
    days = weekday - said.today.weekday() + 7 * weeks
    return unit(said.today + timedelta(days=days), Grain.DAY)


def nearest_weekday(said: Said, weekday: int) -> Window:
    """The nearest such day in the direction of the lean; today counts for the future only."""
    ahead = (weekday - said.today.weekday()) % 7
    days = ahead if said.lean is Lean.FUTURE else ahead - 7
    return unit(said.today + timedelta(days=days), Grain.DAY)


def yearly(said: Said, of_year: Callable[[int], Window]) -> Window:
    """What comes every year, read by the lean: the latest begun or the earliest not yet over."""
    if said.lean is Lean.PAST:
        return latest(said, of_year, ended=False)
    return earliest(said, of_year, begun=True)


def latest(said: Said, of_year: Callable[[int], Window], *, ended: bool) -> Window:
    """The latest yearly window that has begun, or that is over if ``ended``."""
    for year in range(said.today.year, said.today.year - _LEAP_CYCLE - 1, -1):
        window = _window_or_none(of_year, year)
        if window and (window.until if ended else window.since) <= said.now:
            return window
    raise ValueError("no such day")


def earliest(said: Said, of_year: Callable[[int], Window], *, begun: bool) -> Window:
    """The earliest yearly window still to begin, or not yet over if it may have ``begun``."""
    for year in range(said.today.year - 1, said.today.year + _LEAP_CYCLE + 1):
        window = _window_or_none(of_year, year)
        if window and (window.until if begun else window.since) > said.now:
            return window
    raise ValueError("no such day")


def _window_or_none(of_year: Callable[[int], Window], year: int) -> Window | None:
    try:
        return of_year(year)
    except ValueError:
        return None  # 29 February of a common year


def month_of(year: int, month: int, *, relative: bool = True) -> Window:
    """A month of a year."""
    return unit(date(year, month, 1), Grain.MONTH, relative=relative)


def day_of(year: int, month: int, day: int, *, relative: bool = True) -> Window:
    """A day of a year."""
    return unit(date(year, month, day), Grain.DAY, relative=relative)


def day_of_month(said: Said, day: int) -> Window:
    """The nearest such day of a month in the direction of the lean: "on the 15th"."""
    step = 1 if said.lean is Lean.FUTURE else -1
    first = said.today.replace(day=1)
    for count in range(3):  # of any two months in a row one has 31 days
        month = shift(first, Grain.MONTH, step * count)
        if day > calendar.monthrange(month.year, month.month)[1]:
            continue
        found = month.replace(day=day)
        if (found >= said.today) if said.lean is Lean.FUTURE else (found <= said.today):
            return unit(found, Grain.DAY)
    raise ValueError("no such day")
