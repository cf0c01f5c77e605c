"""Finding the time expressions of a text: all rules of both languages, the longest match wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.memory.dates import (
    chinese,
    chinese_clock,
    english_calendar,
    english_clock,
    english_relative,
)
from bot.memory.dates.mention import DateMention, Grain, Lean
from bot.memory.dates.windows import Said, Window

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Said], Window | None]]
"""A pattern whose group ``it`` is the expression, and what it means, if anything."""

_ENGLISH: tuple[Rule, ...] = (*english_relative.RULES, *english_calendar.RULES)
_RULES: tuple[Rule, ...] = (*_ENGLISH, *chinese.RULES)
_HAN = re.compile("[\u4e00-\u9fff]")
_CLOCKS = (english_clock.with_time, chinese_clock.with_time)
_IN_TITLE = re.compile(
    r"(?:\b(?:[oO]f|[aA]fter|(?!I\b)[A-Z][A-Za-z'\u2019]{0,30})[\x20\u00a0]"
    r"(?:Tomorrow|Yesterday|Today|Tonight)\b"
    r"|(?:(?<=\w\x20)|(?<=[\"'\u201c\u2018]))(?:Tomorrow|Yesterday|Today|Tonight)"
    r"[\x20\u00a0](?!I\b)[A-Z][A-Za-z])"
)
"""A day that is a word of a title: "Roots of Tomorrow", "The Day After Tomorrow"."""

_QUOTES = frozenset({'""', "''", "“”", "\u2018\u2019", "«»", "《》", "〈〉", "「」", "『』"})


@dataclass(frozen=True, slots=True)
class _Found:
    """A match of a rule; without a mention it only keeps shorter ones from its characters."""

    start: int
    end: int
    mention: DateMention | None = None


def find_dates(text: str, said_at: datetime, *, lean: Lean = Lean.PAST) -> tuple[DateMention, ...]:
    """The time expressions of ``text`` in order, without overlaps, in the time zone of ``said_at``.

    ``said_at`` is aware. What is vague ("the other day"), impossible (31 February), beyond the
    calendar, alone in quotation marks or among the words of a title is no mention.
    Takes time linear in the text and never raises: every pattern repeats a bounded number of times.
    """
    kept = _without_overlaps(_matches(text, Said(said_at, lean)))
    return tuple(sorted((f.mention for f in kept if f.mention), key=lambda mention: mention.start))


def _matches(text: str, said: Said) -> Iterator[_Found]:
    titles = {place for match in _IN_TITLE.finditer(text) for place in range(*match.span())}
    for pattern, meaning in _RULES if _HAN.search(text) else _ENGLISH:
        for match in pattern.finditer(text):
            start, end = match.span("it")
            if start and text[start - 1] + text[end : end + 1] in _QUOTES:
                continue
            if not titles.isdisjoint(range(start, end)):
                continue
            try:
                if window := meaning(match, said):
                    for with_time in _CLOCKS:
                        start, end, window = with_time(text, start, end, window)
                    yield _Found(start, end, _mention(start, end, window, said.at))
            except (ValueError, OverflowError):  # no such day: "February 2026" of the 31st is none
                yield _Found(start, end)


def _mention(start: int, end: int, window: Window, said_at: datetime) -> DateMention:
    since, until = _real(window.since, said_at), _real(window.until, said_at)
    if window.grain is Grain.HOUR:  # an hour is real time, also when the clocks change
        length = window.until - window.since
        until = (since.astimezone(UTC) + length).astimezone(said_at.tzinfo)
    if since.astimezone(UTC) >= until.astimezone(UTC):
        raise ValueError("the zone skipped that day")  # Apia had no 30 December 2011
    return DateMention(
        start=start,
        end=end,
        since=since,
        until=until,
        grain=window.grain,
        relative=window.relative,
    )


def _real(wall: datetime, said_at: datetime) -> datetime:
    """``wall`` in the zone of ``said_at``; one that a clock change skips moves on."""
    return wall.replace(tzinfo=said_at.tzinfo).astimezone(UTC).astimezone(said_at.tzinfo)


def _without_overlaps(matches: Iterable[_Found]) -> list[_Found]:
    """The longest of those that overlap, then the first; linear but for the sorting."""
    taken: set[int] = set()
    kept = []
    for found in sorted(matches, key=lambda found: (found.start - found.end, found.start)):
        places = range(found.start, found.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(found)
    return kept
