"""What somebody likes and does for fun, in English."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in words
import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.english_grammar import BE, HAVE, SELF, compiled
from bot.memory.extraction.english_health import food
from bot.memory.extraction.english_values import phrase, short, thing, things, without_article
from bot.memory.extraction.pattern import Clause, Family, Rule, tidy

_TRIVIAL_TO = regex.compile(
    r"to (?:hear|know|see|say|ask|think|talk|tell|be|have|get|do|go|let|break|bother|help|admit|use"
    r"|chat|know|make sure|point|keep|check|hang|try|come|join|share|give|take|stop|disturb)\b",
    regex.IGNORECASE,
)

_DEFINITE = regex.compile(
    r"the (?!sea\b|ocean|beach|mountains?|outdoors|rain|cold|snow|heat|sound of|smell of|taste of"
    r"|countryside|city|forest|piano|violin|guitar|gym|theatre|theater|cinema|opera|\p{Lu})"
)

_PERSONAL = regex.compile(
    r"(?:my|our) (?!job\b|work\b|dogs?\b|cats?\b|garden|city\b|bike\b|career|hometown)",
    regex.IGNORECASE,
)

_PLAY_IDLE = regex.compile(
    r"(?:with|along|it|a role|an? (?:\w+ )?part|games with|around|for|in|on|by|at|dumb"
    r"|safe|fair|nice"
    r"|tricks|hard|to|this|that|them|some|my|against|devil|house|music$|video$"
    r"|the (?:game|song|role|victim))\b",
    regex.IGNORECASE,
)

_OFTEN = (
    r"(?:every (?:other )?(?:single )?(?:day|week|month|morning|evening|night|weekend"
    r"|summer|winter|\w+day)"
    r"|(?:once|twice|\w+ times|a few times) a (?:day|week|month)|on (?:the )?weekends"
    r"|on \w+days|at weekends|regularly"
    r"|most (?:days|mornings|evenings|weekends)|in my (?:free|spare) time|for fun"
    r"|as a hobby|a lot|often"
    r"|whenever i can|in the (?:mornings|evenings)|daily|weekly|all the time)"
)


def _taste(raw: str, clause: Clause) -> str | None:
    """Something that is liked in general, not a reaction to what is at hand."""
    value = thing(raw, clause)
    if not value or _TRIVIAL_TO.match(value) or _DEFINITE.match(value) or _PERSONAL.match(value):
        return None
    return value


def _sport(raw: str, clause: Clause) -> str | None:
    """What is played: a sport or an instrument."""
    del clause
    value = regex.split(rf"\s+(?:{_OFTEN})", phrase(raw), flags=regex.IGNORECASE)[0]
    value = regex.split(r"\s+(?:in|on|at|by|to)\s", value)[0]
    value = without_article(tidy(value))
    if not 1 <= len(value.split()) <= 3 or _PLAY_IDLE.match(value):
        return None
    return value


def _favourite(raw: str, clause: Clause) -> str | None:
    del clause
    what = tidy(raw).lower()
    if len(what.split()) > 3 or regex.search(
        r"\b(?:part|thing|things|one|ones|bit|moment|memory|about|line|shot)\b", what
    ):
        return None
    return what


_HABIT = compiled(_OFTEN)

DISLIKE: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{HAVE}(?:stopped|quit|given up|gave up) (?:eating|drinking)"
            rf"|{SELF}no longer (?:eat|drink)) (?P<value>(?!meat|red meat"
            rf"|animal)\p{{L}}.+)"
        ),
        kind=FactKind.PREFERENCE,
        topic="dislike",
        clean=food,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}no longer (?:like|love|enjoy)|{SELF}(?:don'?t|do not) (?:like"
            r"|love|enjoy)(?=.* any ?more)) (?P<value>.+?)(?: any ?more)?$"
        ),
        kind=FactKind.PREFERENCE,
        text="I no longer like {value}.",
        topic="like",
        clean=_taste,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:really |just |absolutely )?(?:can'?t stand|cannot stand"
            r"|can'?t bear|hate|dislike|loathe|detest|despise) (?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="I hate {value}.",
        topic="dislike",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:don'?t|do not) (?:really |much |particularly )?(?:like|enjoy"
            r"|care for|eat(?! (?:any )?(?:red )?(?:meat|animal))|drink)"
            r"|(?:i'?m|i am) not (?:really )?(?:an? )?(?:(?:big |huge )?fan of|into"
            r"|keen on|fond of))\s+(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="I don't like {value}.",
        topic="dislike",
        clean=_taste,
        split=things,
    ),
)

LIKE: Family = (
    Rule(
        pattern=compiled(
            rf"{BE}(?:an? )?(?:(?:big|huge|massive|lifelong|life-long|die-?hard|total) ){{0,2}}"
            r"(?P<value>(?-i:\p{Lu})[\p{L}' ]{1,30}) (?:fan|supporter|nerd|geek)(?=$|,"
            r"| (?:and|since)\b)"
        ),
        kind=FactKind.PREFERENCE,
        text="I like {value}.",
        topic="like",
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:(?:really|do|so|absolutely|also) )?(?:love|like|enjoy|adore"
            r"|can'?t get enough of|can'?t live without)"
            rf"|{BE}(?:(?:a|an|such a|huge|big|massive|really|so|very|total"
            rf"|pretty) ){{0,3}}(?:fan of|into|obsessed with|fond of|crazy about"
            r"|passionate about|addicted to|keen on|a sucker for))"
            r"\s+(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="I like {value}.",
        topic="like",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:much |would rather |generally )?prefer (?P<value>(?!you|it|that"
            rf"|this|not|if|they|she|he|\p{{L}}{{1,5}}\s?/)\p{{L}}.+)"
        ),
        kind=FactKind.PREFERENCE,
        topic="like",
        clean=lambda raw, clause: _taste(
            regex.split(r"\s(?:to|over|rather|instead|when)\s", raw)[0], clause
        ),
    ),
)

FAVOURITE: Family = (
    Rule(
        pattern=compiled(
            r"my (?:(?:all[- ]time|absolute|current"
            r"|new) )*favou?rite (?P<what>\p{L}[\p{L} -]{1,30}?)(?: of all time"
            r"| ever)?(?:'s| is| are| has to be| would be)(?: probably| definitely"
            r"| actually| still| now)?\s+(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="My favourite {what} is {value}.",
        slot="favourite:{what}",
        clean=short,
        clean_what=_favourite,
    ),
    Rule(
        pattern=compiled(
            r"(?P<value>(?!(?:it|that|this|he|she|they|which|what"
            r"|one)\b)[\p{L}\d][\p{L}\d' &-]{1,40}?) (?:is|are) my (?:(?:all[- ]time"
            r"|absolute|current|new) )*favou?rite (?P<what>\p{L}[\p{L} -]{1,30})$"
        ),
        kind=FactKind.PREFERENCE,
        text="My favourite {what} is {value}.",
        slot="favourite:{what}",
        clean=short,
        clean_what=_favourite,
    ),
)

HOBBY: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:(?:don'?t|do not) play (?P<value>.+?) any ?more|(?:no longer play"
            r"|stopped playing|gave up|quit playing) (?P<value>.+))"
        ),
        kind=FactKind.PREFERENCE,
        text="I no longer play {value}.",
        topic="hobby",
        clean=_sport,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:like to |love to |love |like |enjoy )?play(?:ing)?"
            rf"|{HAVE}been playing)\s+(?P<value>\p{{L}}.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="I play {value}.",
        topic="hobby",
        clean=_sport,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}go (?P<value>(?!going|looking|shopping for|crazy|missing"
            rf"|nothing)\p{{L}}{{2,}}ing)\b(?! (?:now|tonight|tomorrow|today|to the"
            r"|crazy))"
        ),
        kind=FactKind.PREFERENCE,
        topic="hobby",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?P<value>(?:do|practi[sc]e) (?:yoga|pilates|karate|judo|ballet"
            r"|crossfit|tai chi|boxing|gymnastics|taekwondo|photography|pottery"
            r"|calligraphy|archery|meditation)|collect (?!my|the|data"
            rf"|it)\p{{L}}[\p{{L}} ]{{2,25}})"
        ),
        kind=FactKind.PREFERENCE,
        topic="hobby",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?P<value>paint|draw|sing|dance|knit|bake|cook|surf|ski|cycle|swim"
            r"|run|climb|hike|fish|sew|crochet|skate|jog|meditate|write (?:poems|poetry"
            r"|songs|stories)|volunteer|row|sail|dive|kayak)\b"
            r"(?! (?:you|it|this|that|for (?:you|work)|out of|late|away|into|up)\b)"
        ),
        clean=lambda raw, clause: raw if _HABIT.search(clause.text) else None,
        kind=FactKind.PREFERENCE,
        topic="hobby",
    ),
    Rule(
        pattern=compiled(
            r"(?:my (?:main |favou?rite |biggest |new )?(?:hobby|hobbies|pastime)(?:'s"
            r"| is| are| include)|my hobbies include|in my (?:free|spare) time i (?:like"
            r"|love|enjoy)(?: to)?)\s+(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="My hobby is {value}.",
        topic="hobby",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{BE}|{HAVE}(?:been |started ))(?:learning|taking up)(?: to (?:play"
            r"|speak))?\s+(?P<value>(?!how|about|an? (?:lot|ton|bit)|so much|more|stuff"
            rf"|new|things|as|every|and|to|from|that|it|on)\p{{L}}.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="I am learning {value}.",
        topic="hobby",
        clean=_sport,
    ),
)

FAMILIES: tuple[Family, ...] = (DISLIKE, LIKE, FAVOURITE, HOBBY)
