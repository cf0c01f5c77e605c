"""What somebody eats, cannot eat and suffers from, in English."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in words
import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.english_grammar import BE, HAVE, SELF, compiled
from bot.memory.extraction.english_values import phrase, thing, things
from bot.memory.extraction.pattern import Clause, Family, Rule

_DIET = (
    r"vegan|vegetarian|veggie|pescatarian|pescetarian|flexitarian|fruitarian|keto|paleo|plant-based"
    r"|halal|kosher|gluten[- ]free|dairy[- ]free|lactose[- ]free|carnivore|omnivore"
)

_CONDITION = (
    r"diabetes|diabetic|asthma|asthmatic|adhd|add|autism|autistic|arthritis|epilepsy"
    r"|epileptic|anxiety"
    r"|depression|migraines?|hypertension|(?:high|low) blood pressure"
    r"|c(?:o?)eliac(?: disease)?|eczema"
    r"|psoriasis|insomnia|dyslexia|dyslexic|tinnitus|pcos|endometriosis|ibs|crohn'?s(?: disease)?"
    r"|bipolar(?: disorder)?|ocd|ptsd|cancer|scoliosis|hay fever"
    r"|colou?r[- ]?blind(?:ness)?|deaf|blind"
    r"|hard of hearing|pregnant|lupus|multiple sclerosis|fibromyalgia|an? (?:heart"
    r"|thyroid) (?:condition|problem)"
    r"|hypothyroidism|anaemia|anemia|anaemic|anemic|sleep apn(?:o?)ea|parkinson'?s"
    r"|a pacemaker|vertigo"
    r"|a bad (?:back|knee|hip)|back problems|knee problems|a stutter|reflux|glaucoma|long covid"
)


def food(raw: str, clause: Clause) -> str | None:
    """What is not eaten: a short noun phrase."""
    value = None if clause.laughing else thing(phrase(raw), clause)
    if not value or len(value.split()) > 3:
        return None
    if regex.match(
        r"(?:here|there|out|at|in|until|before|after|much|enough|breakfast|lunch|dinner"
        r"|well|properly"
        r"|another|any|food|alone|my|the)\b",
        value,
        regex.I,
    ):
        return None
    return value


_ONE_CONDITION = (
    r"(?:(?:type \d|severe|mild|chronic|bad|gestational|social"
    rf"|seasonal)\s+){{0,2}}(?:{_CONDITION})\b"
)

_CONDITION_VALUE = rf"(?P<value>{_ONE_CONDITION}(?:(?:,\s*|\s+)(?:and\s+)?{_ONE_CONDITION}){{0,4}})"

DIET: Family = (
    Rule(
        pattern=compiled(
            rf"(?:i'?m|i am) (?:no longer (?:an? )?(?P<value>{_DIET})"
            rf"|not (?:an? )?(?P<value>{_DIET}) any ?more)"
        ),
        kind=FactKind.PREFERENCE,
        slot="diet",
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{BE}|{HAVE}(?:been|gone|turned|become|became|went|going|eat|follow"
            r"|am on)\s+)(?:(?:an?|strict|strictly|mostly"
            rf"|on|only|lifelong|the)\s+){{0,3}}(?P<value>{_DIET})\b(?! (?:option"
            r"|restaurant|food|recipe|dish|place|cookbook|curious))"
        ),
        kind=FactKind.PREFERENCE,
        text="I am {value}.",
        slot="diet",
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:no longer eat|stopped eating|gave up|quit eating"
            rf"|have stopped eating)|{SELF}(?:don'?t|do not) eat) "
            r"(?:any )?(?P<value>(?:red )?meat|animal products|meat or fish"
            r"|fish or meat)\b(?P<over>.* any ?more)?"
        ),
        kind=FactKind.PREFERENCE,
        text="I don't eat {value}.",
        slot="diet",
        value="no meat",
        corrects=True,
    ),
)

ALLERGY: Family = (
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am) (?:no longer allergic to (?P<value>.+?)(?: any ?more)?$"
            r"|not allergic to (?P<value>.+?) any ?(?:more|longer)\b)"
            r"|i (?:no longer have|(?:don'?t|do not) have(?=.* any ?(?:more|longer)\b))"
            r" (?:an? |my |the )?(?:allergy to (?P<value>.+)|(?P<value>[\p{L} ]{3,20}?) allergy\b)"
        ),
        kind=FactKind.IDENTITY,
        topic="allergy",
        clean=food,
        split=things,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am) not (?:actually |really )?allergic to (?!you\b|that\b|it\b)\p{L}"
            r"|i (?:don'?t|do not) have (?:an?|any) (?:[\p{L} ]{3,20} )?allerg(?:y|ies)\b"
        ),
        kind=FactKind.IDENTITY,
        topic="allergy",
    ),
    Rule(
        pattern=compiled(
            rf"{BE}(?:(?:very|severely|highly|deathly|mildly|badly"
            r"|slightly) )?(?:allergic|intolerant) to (?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I am allergic to {value}.",
        topic="allergy",
        clean=food,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"{HAVE}(?:got )?(?:an? )?(?:(?:severe|bad|mild"
            r"|serious) )?(?:allergy to (?P<value>.+)"
            rf"|(?P<value>[\p{{L}} ]{{3,20}}?) allerg(?:y|ies)\b)"
        ),
        kind=FactKind.IDENTITY,
        text="I am allergic to {value}.",
        topic="allergy",
        clean=food,
        split=things,
    ),
    Rule(
        pattern=compiled(rf"{BE}(?P<value>\p{{L}}{{3,15}})[ -]intolerant"),
        kind=FactKind.IDENTITY,
        text="I am {value} intolerant.",
        topic="allergy",
    ),
    Rule(
        pattern=compiled(
            r"i (?:can'?t|cannot|am not allowed to|can not) (?:eat|have|drink|digest"
            r"|tolerate) (?P<value>(?!it\b|any|that|this|more|them)\p{L}.+)"
        ),
        kind=FactKind.IDENTITY,
        text="I can't have {value}.",
        topic="allergy",
        clean=food,
        split=things,
    ),
)

HEALTH: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{HAVE}(?:got )?|{SELF}(?:suffer from|live with|struggle with|get"
            r"|am being treated for) |(?:i'?ve been|i was|i got|i'?ve just been|i am"
            r"|i'?m)"
            rf" (?:recently )?(?:diagnosed with )?)(?:an? )?{_CONDITION_VALUE}"
        ),
        kind=FactKind.IDENTITY,
        topic="health",
        split=things,
    ),
    Rule(
        pattern=compiled(r"(?:i'?m|i am) (?P<value>left-handed|right-handed|ambidextrous)\b"),
        kind=FactKind.IDENTITY,
        topic="health",
    ),
)

FAMILIES: tuple[Family, ...] = (DIET, ALLERGY, HEALTH)
