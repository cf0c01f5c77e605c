"""What happened to somebody, what they plan and what they wish, in English."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of clauses, in words
from collections.abc import Iterator
from datetime import datetime, timedelta

import regex

from bot.domain.fact import FactKind
from bot.memory.dates import DateMention, Grain, Lean, find_dates, spoken_date
from bot.memory.extraction.english_grammar import ADV, HAVE, SELF, compiled
from bot.memory.extraction.pattern import Clause, Draft, Family, Rule, said

_WHO = (
    r"(?:i|we|my (?:\p{L}+ ){0,2}?(?:wife|husband|partner|boyfriend|girlfriend|sister|brother"
    r"|mother|father|mom|mum|dad|son|daughter|parents|kids|best friend"
    r"|\p{L}+ and i)(?: \p{Lu}\p{L}+)?)"
)
_PLAN = compiled(
    rf"(?:{_WHO}\s+(?:am|are|is)|i'?m|we're|{_WHO}'s)\s+{ADV}(?:not )?(?:going to|gonna"
    rf"|planning (?:to|on)|about to|off to|supposed to|due|\p{{L}}+ing)\b"
    rf"|(?:{_WHO}\s+will|i'?ll|we'll)\s+(?:be|go|fly|visit|move|start|have|travel|take"
    r"|leave|come|meet|see)\b"
    rf"|{SELF}(?:have|'ve got|plan to|fly|leave|start|travel|move|go)\b"
    r"|i'?ve got (?:an?|my)\b"
    r"|(?:my|our)\s+(?:\p{L}+ ){0,3}(?:is|are|starts?|begins?|takes place|lands|leaves"
    r"|gets married)\b"
)
_IDLE_PLAN = compiled(
    r".*\b(?:my (?:birthday|bday) is|going to (?:bed|sleep)|be (?:back|right back|late"
    r"|fine|ok)|see you|have (?:to go|a (?:good|great|nice|look|question|feeling|problem"
    r"|chat))|looking forward"
    r"|thinking|wondering|hoping|saying|talking|telling|getting (?:late|excited|tired"
    r"|better)|feeling|trying|glad|so excited|kidding|working on it)\b"
)
_PLAN_WITHOUT_DATE = compiled(
    rf"(?:i'?m|i am|we'?re|we are)\s+{ADV}(?:(?:moving|relocating"
    rf"|emigrating) (?:back )?(?:in )?to \p{{L}}|getting (?:married|divorced)\b"
    r"|expecting (?:a|our|my|twins)"
    r"|having a baby|retiring\b|starting (?:a new|my new|at|my own)|planning (?:a|to"
    r"|on)\s(?!few|while)\p{L}+\s\p{L}|going to (?:become|be) (?:a|an) (?:dad|mom|mum"
    r"|father|mother|parent|grand\p{L}+|aunt|uncle)\b)"
)
_PAST = (
    r"got|bought|sold|moved|graduated|started|finished|quit|retired|broke|adopted|had"
    r"|lost|passed|failed|won|ran|visited"
    r"|went|travell?ed|flew|attended|met|joined|signed up|applied|hired|opened|launched"
    r"|published|painted|made|built"
    r"|cooked|baked|ran|hiked|climbed|camped|took|gave|received|hosted|organi[sz]ed"
    r"|celebrated|planted|read|watched"
    r"|saw|performed|completed|began|left|changed|switched|competed|volunteered"
    r"|participated|donated|created|wrote"
    r"|learned|learnt|tried|fell|crashed|injured|proposed|married|divorced|underwent"
    r"|interviewed|presented|spoke|drove|toured|explored|discovered|found"
)
_EVENT = compiled(
    rf"(?:i|we|{_WHO})(?:'ve| have)?\s+(?:(?:just|finally|recently|also|actually|only"
    rf"|already|both)\s+){{0,2}}(?:{_PAST})\b(?! (?:it|that|this|these|those|them|one"
    r"|here|there|from|last|yesterday|to (?:know|see))\b)|i was (?:promoted|fired"
    r"|laid off|accepted|in|at)\b"
)
_LANDMARK = compiled(
    rf"(?!(?:i'?ve|i have|we'?ve|we have) (?:lived|worked))"
    rf"(?:{HAVE}(?:just |finally |recently )*|i (?:was|got|just got|have been"
    r"|'ve been) (?:just )?)(?:"
    r"(?:got|gotten|been|was)?\s*(?:a new job|a (?:big )?promotion|promoted|fired"
    r"|laid off|married|engaged|divorced|accepted (?:in)?to|my (?:degree|phd|diploma"
    r"|driv\p{L}+ licen[cs]e|citizenship))"
    r"|(?:switched|changed) (?:jobs|careers?|schools|majors?)|graduated (?:from|in|with)"
    r"|quit (?:my job|smoking|drinking)|retired (?:from|in|last)"
    r"|(?:had|gave birth to) (?:a|our|my|twins)\s?(?:first |second |third )?(?:baby|son"
    r"|daughter|child|kid|girl|boy|heart attack|stroke|miscarriage|surgery)?\b(?<=baby"
    r"|son|daughter|child|kid|girl|boy|attack|stroke|twins|surgery|miscarriage)"
    r"|bought (?:a|our|my) (?:first |new |small |own )*(?:house|flat|apartment|car|boat"
    r"|home|farm|van)|worked (?:at|for|as) (?!it|this|that|you)\p{L}|sold (?:our"
    r"|my) (?:house|flat|car|company)"
    r"|(?:started|founded|opened) (?:a|my|our)(?: own| new)* (?:company|business|shop"
    r"|restaurant|cafe|café|bakery|studio|start-?up|job|ph\.?d|podcast|blog)"
    r"|broke my \p{L}+|(?:finished|completed|defended) my (?:ph\.?d|degree|thesis"
    r"|master'?s|studies|training|residency|apprenticeship|novel|book)"
    r"|passed (?:my|the) (?:\p{L}+ ){0,2}(?:exam|test|bar)|ran (?:a"
    r"|my first) (?:half[- ])?marathon|won (?:a|the|first|second|third)\b"
    r"|lost my (?:job|mother|father|mom|mum|dad|wife|husband|brother|sister|son|daughter"
    r"|home)|adopted (?:a|my|our) (?:child|son|daughter|baby)"
    r"|(?:used to|lived in \p{Lu}))"
)
_WISH = compiled(
    rf"(?:{SELF}(?:(?:want|hope|dream|aspire|plan|intend)(?: one day)? (?:to"
    r"|of) (?:become|becoming|be an?\b|visit|visiting|learn|learning|move|moving|travel"
    r"|travelling|live (?:in|abroad|by|near|on)|living in|study|start|starting|write a"
    r"|open|run a|get (?:a|my)|have (?:kids|children)|retire|buy|own|publish"
    rf"|go to \p{{Lu}})"
    r"|would (?:love|like) to (?:become|visit|learn|move to|travel|live in|study|open))"
    r"|i'?d (?:love|like) to (?:become|visit|learn|move to|travel|live in|study|open)\b"
    r"|i'?ve always wanted to|it's (?:always been )?my dream to|my (?:big |biggest "
    r"|life ?long )?(?:dream|goal|ambition) is)\s*(?P<value>.*)"
)
_IDLE_WISH = compiled(
    r".*\b(?:more about|from you|with you|you\b|this (?:file|code|chat)|start over"
    r"|start with|how (?:to|you))"
)
_NEVER = compiled(
    r"(?:i'?ve|i have|we'?ve) never (?:been to|seen|tried|visited|eaten|learned|learnt"
    r"|had|played|ridden|met|flown|driven|left|owned|smoked|drunk) (?P<value>(?!it\b"
    r"|that\b|this\b|such|anything|so\b|one\b|any|heard|a (?:better|more))\p{L}.{1,60})"
    r"|i (?:don'?t|do not|never) (?:smoke|drink|drive)$|i can'?t (?:swim|drive"
    r"|ride a bike|whistle|cook)$"
)
_BORN_OF_NOW = timedelta(days=1)

ENDS: Family = (
    Rule(
        pattern=compiled(rf"{HAVE}(?:just )?(?:quit|left|resigned from) my job$"),
        kind=FactKind.IDENTITY,
        slot="employer",
        ends=True,
    ),
)


def happenings(clause: Clause, said_at: datetime) -> Iterator[Draft]:
    """The plan, event, wish or "never" of a clause, at most one of each."""
    if regex.search(
        r"\b(?:would|could|might|maybe|perhaps|possibly|probably should"
        r"|should)\b(?! (?:love|like) to)",
        clause.text,
        regex.I,
    ):
        return
    if (plan := _plan(clause, said_at)) or (plan := _event(clause, said_at)):
        yield plan
        return
    wish = _WISH.match(clause.text)
    if wish and not _IDLE_WISH.match(clause.text) and len(clause.text.split()) <= 20:
        yield Draft(
            kind=FactKind.PLAN, text=said(clause.text), topic="wish", value=wish["value"] or None
        )
    elif (never := _NEVER.match(clause.text)) and len(clause.text.split()) <= 12:
        yield Draft(
            kind=FactKind.EVENT, text=said(clause.text), topic="never", value=never["value"]
        )


def _plan(clause: Clause, said_at: datetime) -> Draft | None:
    """Something ahead: with a date after today, or so big that it needs none."""
    if len(clause.text.split()) > 30 or _IDLE_PLAN.match(clause.text):
        return None
    if _PLAN.match(clause.text):
        for mention in find_dates(clause.text, said_at, lean=Lean.FUTURE):
            if ahead(mention, said_at):
                return dated(clause, mention, FactKind.PLAN, "plan")
    if _PLAN_WITHOUT_DATE.match(clause.text):
        return Draft(kind=FactKind.PLAN, text=said(clause.text), topic="plan")
    return None


def _event(clause: Clause, said_at: datetime) -> Draft | None:
    """Something past: one of life's landmarks, or something that has a date."""
    landmark = _LANDMARK.match(clause.text)
    if not landmark and not _EVENT.match(clause.text):
        return None
    if not 3 <= len(clause.text.split()) <= 30:
        return None
    for mention in find_dates(clause.text, said_at, lean=Lean.PAST):
        if mention.since <= said_at and mention.grain is not Grain.HOUR:
            return dated(clause, mention, FactKind.EVENT, "event")
    if landmark:
        return Draft(kind=FactKind.EVENT, text=said(clause.text), topic="event")
    return None


def ahead(mention: DateMention, said_at: datetime) -> bool:
    """Whether ``mention`` lies after the day of the message: what happens today is soon stale."""
    midnight = said_at.replace(hour=0, minute=0, second=0, microsecond=0) + _BORN_OF_NOW
    return mention.until > midnight and (
        mention.since >= midnight or mention.grain in {Grain.WEEK, Grain.MONTH, Grain.YEAR}
    )


def dated(
    clause: Clause, mention: DateMention, kind: FactKind, topic: str, *, chinese: bool = False
) -> Draft:
    """A draft of the clause as said, with its date spelt out when the words depend on the day."""
    text = said(clause.text)
    if mention.relative:
        day = spoken_date(mention, chinese=chinese)
        text = f"{text[:-1]}（{day}）。" if chinese else f"{text[:-1]} ({day})."
    return Draft(
        kind=kind,
        text=text,
        topic=topic,
        occurs_from=mention.since,
        occurs_until=mention.until,
    )


FAMILIES: tuple[Family, ...] = (ENDS,)
