"""Who somebody is, in English: name, home, age, languages and things of their own."""

from __future__ import annotations

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.english_grammar import BE, HAVE, PERFECT, SELF, compiled
from bot.memory.extraction.english_values import (
    bare_name,
    called,
    home,
    language,
    languages,
    name,
    place,
    short,
)
from bot.memory.extraction.english_words import NATIONALITIES
from bot.memory.extraction.pattern import Clause, Family, Rule, tidy


def _nationality(raw: str, clause: Clause) -> str | None:
    del clause
    found = regex.match(r"(\p{L}+)(?:$|\s*[,]|\s+(?:and|but|by|living|from)\b)", raw)
    return found[1] if found and found[1].lower() in NATIONALITIES else None


def _age(raw: str, clause: Clause) -> str | None:
    del clause
    return raw if 3 <= int(raw) <= 119 else None  # noqa: PLR2004 - ages at which people write


_PLAIN = frozenset({"real", "full", "first", "given", "actual"})

_PROPERTIES = frozenset(
    """code password passcode pin number plate size email phone username nickname type sign zodiac
    major minor height weight handle account id wifi seat room flight surname name degree religion
    address locker combination gamertag ip nationality ethnicity gender profession job occupation
    hometown species os laptop computer car bike salary budget deadline goal star team university
    school college company employer boss birthday allergie hobbie anniversary timezone""".split()  # noqa: SIM905
) - {"job", "hometown", "boss", "hobbie", "allergie", "birthday", "deadline", "timezone"}


def _property(raw: str, clause: Clause) -> str | None:
    """What belongs to somebody and has one value: known by its last word."""
    del clause
    words = tidy(raw).lower().split()
    if not words or words[-1].removesuffix("s") not in _PROPERTIES:
        return None
    if words[-1] == "name" and (len(words) == 1 or words[0] in _PLAIN or "'" in words[-2]):
        return None
    return " ".join(words)


NAME: Family = (
    Rule(
        pattern=compiled(
            r"(?:my (?:real |full |first |given |actual )?name(?:'s| is|s)(?: actually| really)?"
            r"|(?:you (?:can|may) |please |just |everyone |everybody |people |my friends )*call me"
            r"|(?:i )?go by(?: the name(?: of)?)?|my friends call me|i'?m called|i am called)"
            r"\s+(?:not (?P<old>\p{L}+),? (?:but|it's) )?(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="My name is {value}.",
        slot="name",
        clean=called,
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?ve |i |i have )?(?:just |recently "
            r"|legally )?changed my name(?: from (?P<old>\p{L}+))? to (?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="My name is {value}.",
        slot="name",
        clean=name,
        corrects=True,
    ),
    Rule(
        pattern=compiled(r"(?:i'?m|i am|this is|it'?s)\s+(?P<value>.+)"),
        kind=FactKind.IDENTITY,
        text="My name is {value}.",
        slot="name",
        clean=bare_name,
    ),
)

CITY: Family = (
    Rule(
        pattern=compiled(
            HAVE
            + r"(?:moved|relocated|emigrated|immigrated)(?: back| away| house| out| here| over)?"
            r"(?: from (?P<old>\p{L}[\p{L} .'-]{1,40}?))?\s+to\s+(?P<value>.+?)(?: from ("
            r"?P<old2>.+))?$"
        ),
        kind=FactKind.IDENTITY,
        text="I moved to {value}.",
        slot="city",
        clean=place,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:don'?t|do not) live in (?P<value>.+?) any ?more"
            rf"|{SELF}(?:no longer live|(?:don'?t|do not) live) in (?P<value>.+))"
        ),
        kind=FactKind.IDENTITY,
        text="I no longer live in {value}.",
        slot="city",
        clean=place,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:live|reside|stay permanently)|{BE}(?:living|based|residing"
            r"|located|settled)"
            rf"|{PERFECT}(?:lived|been living|been based|settled)"
            rf"|{BE}an? [\p{{L}} -]{{2,40}}? (?:living|based)"
            r"|(?:i|we) live with [^,]{3,30}?)\s+(?:\w+ )?(?:in|near|at|around|outside)\s+"
            r"(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I live in {value}.",
        slot="city",
        clean=place,
    ),
    Rule(
        pattern=compiled(r"(?:i'?m|i am|we'?re) in (?P<value>\p{Lu}.+? now)$"),
        kind=FactKind.IDENTITY,
        text="I live in {value}.",
        slot="city",
        clean=place,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            SELF
            + r"live (?:in|on) (?P<value>(?:a|an) (?:[\w-]+ ){0,3}(?:village|town|suburb|farm|flat"
            r"|apartment|house|houseboat|boat|studio|bungalow|cottage|van|dorm|island|caravan)\b.*)"
        ),
        kind=FactKind.IDENTITY,
        text="I live in {value}.",
        slot="home",
        clean=home,
    ),
)

ORIGIN: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{BE}(?:originally )?from|(?:i|we) (?:originally )?come from"
            r"|i was born (?:and raised )?in"
            rf"|(?:i|we) grew up in|my home ?town is|{BE}(?:an? [\p{{L}} -]{{2,40}}?"
            rf"|\p{{Lu}}\p{{L}}+) from)"
            r"\s+(?P<value>\p{L}.*)"
        ),
        kind=FactKind.IDENTITY,
        text="I am from {value}.",
        slot="hometown",
        clean=place,
    ),
)

NATIONALITY: Family = (
    Rule(
        pattern=compiled(BE + r"(?:half[ -])?(?P<value>\p{L}+.*)"),
        kind=FactKind.IDENTITY,
        text="I am {value}.",
        slot="nationality",
        clean=_nationality,
    ),
)

AGE: Family = (
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am|my name is|my name's|call me) \p{L}+,? (?P<value>\d{2})(?=$|,"
            r"|\s+(?:and|from|years)\b)"
        ),
        kind=FactKind.IDENTITY,
        text="I am {value} years old.",
        slot="age",
        clean=_age,
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am|i'?ve (?:just )?turned|i (?:just |recently )?turned)\s+(?:now "
            r"|actually |only |just |already )*"
            r"(?P<value>\d{1,3})(?:[ -]?(?:years?[ -]old|yrs?(?: old)?|y/?o)\b|(?=$|\s*,"
            r"|\s+(?:and|but|now|today"
            r"|yesterday|on|last|this|btw|from|by the way|already)\b)(?!\s*%))"
        ),
        kind=FactKind.IDENTITY,
        text="I am {value} years old.",
        slot="age",
        clean=_age,
    ),
    Rule(
        pattern=compiled(r"(?:i'?m|i am) an? (?P<value>\d{1,2})[ -]years?[ -]old\b"),
        kind=FactKind.IDENTITY,
        text="I am {value} years old.",
        slot="age",
        clean=_age,
    ),
)

BIRTHDAY: Family = (
    Rule(
        pattern=compiled(
            r"my (?:birthday|bday|b-day)(?:'?s| is"
            r"| falls)(?: actually)?(?: on)?\s+(?P<value>(?:the )?(?=.*\d).+)"
        ),
        kind=FactKind.IDENTITY,
        text="My birthday is {value}.",
        slot="birthday",
        clean=short,
    ),
    Rule(
        pattern=compiled(
            r"i was born (?:in \p{L}+ )?(?:on|in) (?P<value>(?:the )?(?=\d|jan|feb|mar"
            r"|apr|may|jun|jul|aug|sep|oct|nov|dec).*\d.*)"
        ),
        kind=FactKind.IDENTITY,
        text="I was born {value}.",
        slot="birthday",
        clean=short,
    ),
)

TIME_ZONE: Family = (
    Rule(
        pattern=compiled(
            r"(?:my time ?zone(?:'s| is)\s+(?P<value>\p{L}[\p{L}\d/+: _-]{1,30}?)"
            r"|(?:i'?m|i am|i live) (?:in|on) (?:the )?(?P<value>(?:utc|gmt|(?-i:CET|CEST"
            r"|EST|EDT|ET|PST|PDT|PT|CST|CDT|MST|IST|BST|JST|KST|AEST|EET|WET))"
            r"(?:\s?[+-]\s?\d{1,2}(?::\d\d)?)?|(?:pacific|eastern|central|mountain"
            r"|central european|greenwich mean|indian standard|japan standard)(?= time)))"
            r"(?:\s+time ?zone|\s+time)?(?=$|,|\s+(?:and|so|but)\b)"
        ),
        kind=FactKind.IDENTITY,
        text="My time zone is {value}.",
        slot="timezone",
        clean=short,
    ),
)

LANGUAGES_SPOKEN: Family = (
    Rule(
        pattern=compiled(
            r"(?:my (?:native|first|mother)[ -](?:language|tongue)(?:'s| is)"
            r"|i'?m a native|i am a native)\s+(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="My mother tongue is {value}.",
        slot="mother tongue",
        clean=language,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:can )?(?:speak|know)|{BE}(?:fluent in|bilingual in))\s+(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I speak {value}.",
        topic="speaks",
        split=languages,
    ),
)

PRONOUNS: Family = (
    Rule(
        pattern=compiled(
            r"(?:my pronouns are|i (?:use|go by)"
            r"|i prefer)\s+(?P<value>\p{L}{1,5}\s?/\s?\p{L}{1,5}(?:\s?/\s?\p{L}{1,6})?)"
        ),
        kind=FactKind.IDENTITY,
        text="My pronouns are {value}.",
        slot="pronouns",
    ),
)

OWN: Family = (
    Rule(
        pattern=compiled(
            r"(?:my|our) (?P<what>[\p{L}'-]+(?: [\p{L}'-]+){0,3}?)(?:'s| is"
            r"| are)(?: actually| now)?\s+(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="My {what} is {value}.",
        slot="my:{what}",
        clean=short,
        clean_what=_property,
    ),
)

FAMILIES: tuple[Family, ...] = (
    NAME,
    CITY,
    ORIGIN,
    NATIONALITY,
    AGE,
    BIRTHDAY,
    TIME_ZONE,
    LANGUAGES_SPOKEN,
    PRONOUNS,
    OWN,
)
