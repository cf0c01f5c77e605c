"""What somebody does for a living and studies, in English."""

from __future__ import annotations

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.english_grammar import BE, HAVE, PERFECT, SELF, compiled
from bot.memory.extraction.english_values import (
    job,
    occupation,
    organisation,
    short,
)
from bot.memory.extraction.pattern import Clause, Family, Rule

JOB: Family = (
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am) (?:no longer (?:an? )?(?P<value>[\p{L} -]+)"
            r"|not (?:an? )?(?P<value>[\p{L} -]+?) any ?more\b)"
        ),
        kind=FactKind.IDENTITY,
        slot="job",
        clean=job,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}work|{PERFECT}worked|{HAVE}(?:been working|started working"
            r"|started work|started|begun)"
            rf"|{BE}(?:working|employed))(?: (?:at|for) .{{1,40}}?)?"
            r"\s+as\s+(?:a |an |the )?(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I work as a {value}.",
        slot="job",
        clean=occupation,
    ),
    Rule(
        pattern=compiled(rf"(?:{BE}|i(?:'ve)? (?:became|become)\s+)(?:an?|the)\s+(?P<value>.+)"),
        kind=FactKind.IDENTITY,
        text="I am a {value}.",
        slot="job",
        clean=job,
    ),
    Rule(
        pattern=compiled(
            rf"{BE}(?:the )?(?P<value>(?:head|director|vp|vice president|founder"
            r"|co-?founder|president|chief|lead|dean|chair)"
            r" of [\p{L} ]{2,30}?)(?=$|,| (?:at|for|in|and|here)\b)"
        ),
        kind=FactKind.IDENTITY,
        text="I am {value}.",
        slot="job",
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am)(?: \d+,)?\s+(?P<value>retired|unemployed|self-employed|between jobs)\b"
        ),
        kind=FactKind.IDENTITY,
        text="I am {value}.",
        slot="job",
    ),
    Rule(
        pattern=compiled(
            r"my (?:job|profession|occupation|day job) is\s+(?:being )?(?:an? )?(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I work as a {value}.",
        slot="job",
        clean=job,
    ),
    Rule(
        pattern=compiled(
            SELF + r"teach (?P<value>(?!you|him|her|them|it|people|my|myself|a class|others"
            r"|students|kids|children|classes|someone|us\b)\p{L}[\p{L} ]{1,30}?)"
            r"(?= (?:at|in|to|and|for)\b|$|,)"
        ),
        kind=FactKind.IDENTITY,
        text="I teach {value}.",
        slot="job",
    ),
    Rule(
        pattern=compiled(
            SELF + r"work in (?P<value>marketing|finance|it|tech|sales|hr|law|insurance"
            r"|healthcare|education"
            r"|publishing|construction|retail|logistics|advertising|hospitality|accounting|research"
            r"|banking|real estate|customer service|media|film|fashion|agriculture|academia"
            r"|human resources|social work|software|games|security|tourism|politics)\b"
        ),
        kind=FactKind.IDENTITY,
        text="I work in {value}.",
        slot="job",
    ),
)

EMPLOYER: Family = (
    Rule(
        pattern=compiled(
            rf"{BE}(?:an?|the) (?P<what>[\p{{L}} -]{{2,50}}?) (?:at|for) (?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I work at {value}.",
        slot="employer",
        clean=lambda raw, clause: (
            None if regex.search("(?i)student", clause.text) else organisation(raw, clause)
        ),
        clean_what=job,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{HAVE}(?:quit|left|lost|resigned from|stopped) (?:my )?(?:job|position"
            r"|work|working)\s+(?:at|with|for)"
            rf"|{SELF}(?:no longer work|(?:don'?t|do not) work)\s+(?:at|for)"
            r"|i (?:was|got) (?:fired|laid off|let go) (?:from|by"
            r"|at))\s+(?P<value>.+?)(?: any ?more)?$"
        ),
        kind=FactKind.IDENTITY,
        text="I no longer work at {value}.",
        slot="employer",
        clean=organisation,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:work|am employed)|{BE}(?:working|employed)"
            rf"|{PERFECT}(?:been working|worked))"
            r"(?: as (?:an? |the )?(?:(?!while|and|but|at"
            r"|for)[\p{L}-]+ ?){1,4}(?<! ))?(?: full[- ]time| part[- ]time)?\s+(?:at|for"
            r")\s+(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I work at {value}.",
        slot="employer",
        clean=organisation,
    ),
    Rule(
        pattern=compiled(
            HAVE + r"(?:joined (?=.{2,40} as an? )|started(?: work| working"
            r"| a (?:new )?job)?(?: as .{2,30}?)? (?:at"
            r"|with|for))\s+"
            r"(?P<value>\p{L}.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I work at {value}.",
        slot="employer",
        clean=organisation,
        corrects=True,
    ),
)

STUDIES: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:study|major in|am majoring in)|{BE}(?:studying|majoring in)"
            rf"|{BE}(?:doing|working on|finishing) (?:an?|my) (?:degree|phd|master'?s"
            r"|bachelor'?s|ba|msc|bsc|doctorate) (?:in|on))"
            r"\s+(?P<value>(?!at\b|for\b|hard\b|every|a lot|all|it\b|this|that|with|here"
            r"|in\b|on\b)\p{L}.*)"
        ),
        kind=FactKind.IDENTITY,
        text="I study {value}.",
        slot="studies",
        clean=lambda raw, clause: short(regex.split(r"\s(?:at|in|for|with)\s", raw)[0], clause),
    ),
)


def _school(raw: str, clause: Clause) -> str | None:
    value = organisation(raw, clause)
    if not value:
        return None
    telling = regex.search(
        r"(?i:universit|college|school|academy|institute|polytechnic)|\b\p{Lu}{3,5}\b", value
    )
    telling = telling or regex.search(r"(?i)\b(?:study|studying|student|attend)\b", clause.text)
    return (
        value if (telling and value[0].isupper()) or value.lower().startswith("the univ") else None
    )


SCHOOL: Family = (
    Rule(
        pattern=compiled(
            rf"(?:(?:{SELF}study|{BE}studying)(?: [\p{{L}} ]{{2,30}}?)? at|{SELF}(?:attend|go to)"
            rf"|{BE}(?:an? )?(?:[\p{{L}}-]+ ){{0,3}}student at|{BE}a (?:freshman"
            r"|sophomore|junior|senior) at)\s+"
            r"(?P<value>(?:the )?\p{L}.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I study at {value}.",
        slot="school",
        clean=_school,
    ),
)

FAMILIES: tuple[Family, ...] = (JOB, EMPLOYER, STUDIES, SCHOOL)
