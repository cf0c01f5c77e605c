"""The words and pattern pieces that the English rules share."""

from __future__ import annotations

import re

from bot.memory.dates.windows import Season

_LETTER = r"A-Za-z0-9_\u00c0-\u024f"
_GAP = r"(?:[\x20\t\n\u00a0]{1,3})"

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_WEEKDAY_NAMES = (
    *("monday", "tuesday", "wednesday", "thursday"),
    *("friday", "saturday", "sunday"),
)
_NUMBER_WORDS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth"),
)

MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
MONTHS_SHORT = {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAY_NAMES)}
WEEKDAYS_SHORT = {name[:3]: number for name, number in WEEKDAYS.items()} | {
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, 1)} | {
    "a": 1,
    "an": 1,
    "a couple": 2,
    "a couple of": 2,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
ORDINALS = {word: number for number, word in enumerate(_ORDINALS, 1)}
SEASONS = {
    "spring": Season.SPRING,
    "summer": Season.SUMMER,
    "autumn": Season.AUTUMN,
    "fall": Season.AUTUMN,
    "winter": Season.WINTER,
}
VERBS_TOO = frozenset({"may", "march"})
"""Months whose names, in small letters, are mostly verbs."""

MONTH = "(?:" + "|".join(MONTHS) + ")"
MONTH_ANY = (
    rf"(?:{MONTH}|(?:sept|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)(?:\.(?=[\x20,]{{1,2}}\d))?)"
)
WEEKDAY = "(?:" + "|".join(WEEKDAYS) + ")"
WEEKDAY_ANY = rf"(?:{WEEKDAY}|tues|weds|thurs|thur|mon|tue|wed|thu|fri|sat|sun)"
NUMBER = rf"(?:\d{{1,4}}|a couple of|a couple|{'|'.join(_NUMBER_WORDS)}|fifteen|twenty|thirty|an?)"
DAY_NUMBER = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
DAY_WORD = f"(?:{'|'.join(_ORDINALS)})"
YEAR = r"(?:1[89]|2[01])\d\d"
SEASON = "(?:spring|summer|autumn|fall|winter)"
CLAUSE_ENDS = (
    r"(?=[\x20\t]{0,3}(?:$|[\n.,;:!?)\]\u2026\u3002\uff0c\uff01\uff1f\u2013\u2014-]"
    r"|(?:at|and|or|but|to|is|was|for|in|on|we|i|he|she|they|it|if|because|so|when|with|from|until"
    r"|there|my|our|the|please|as|will|i'm|i'll|we're|we'll)\b))"
)
"""What follows a date and hardly ever a count: "May 3 at noon", but not "march 3 miles"."""


def phrase(pattern: str) -> re.Pattern[str]:
    r"""``pattern`` compiled to stand between letters.

    A space in it is any short white space, so a real one is written ``\x20``.

    ASCII rules keep case folding away from look-alikes: a long s is no s here.
    """
    return re.compile(
        rf"(?<![{_LETTER}])(?:{pattern.replace(' ', _GAP)})(?![{_LETTER}])",
        re.IGNORECASE | re.ASCII,
    )


def continued(pattern: str) -> re.Pattern[str]:
    """``pattern`` compiled to go on where an expression ended, or to lead up to one."""
    return re.compile(
        rf"(?<![{_LETTER}](?=[{_LETTER}]))(?:{pattern.replace(' ', _GAP)})"
        rf"(?![{_LETTER}])",
        re.IGNORECASE | re.ASCII,
    )


def plain(words: str) -> str:
    """The words in small letters, single spaces, without a full stop at the end."""
    return " ".join(words.lower().split()).removesuffix(".")


def count(words: str) -> int:
    """The number that ``words`` matched by ``NUMBER`` say. Raises ValueError for none."""
    number = int(words) if words.isdecimal() else NUMBERS[plain(words)]
    if not number:
        raise ValueError("nothing is counted")
    return number


def month_number(word: str) -> int:
    """1-12 for a month's name or abbreviation."""
    word = plain(word)
    return MONTHS.get(word) or MONTHS_SHORT[word]


def weekday_number(word: str) -> int:
    """0 for Monday, in full or abbreviated."""
    word = plain(word)
    return WEEKDAYS[word] if word in WEEKDAYS else WEEKDAYS_SHORT[word]


def day_number(word: str) -> int:
    """1-31 for "3", "3rd" or "third"."""
    word = plain(word)
    return ORDINALS.get(word) or int(word.rstrip("stndrh"))


def is_verb_like(word: str) -> bool:
    """Whether a month's name is written so that it is rather the verb: "may", "MAY", "march"."""
    return plain(word) in VERBS_TOO and not word.istitle()
