"""Where an English value ends, and which values are none."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in words
import regex

from bot.memory.extraction.english_words import (
    COUNTRYLESS,
    JOB_TITLES,
    LANGUAGES,
    NATIONALITIES,
    NOT_JOBS,
    NOT_NAMES,
    SAYS_NOTHING,
    TIME_WORDS,
)
from bot.memory.extraction.pattern import Clause, tidy

_END_OF_PHRASE = regex.compile(
    r"\s*[,;:()!?…]|\s+-+\s|\s+(?:and|but|because|cause|cuz|since|when|whenever|where"
    r"|which|who|that"
    r"|so|although|though|while|if|until|unless|than|right now|now|these days|nowadays|currently"
    r"|at the moment|at present|btw|by the way|lol|haha|too|as well|also|any ?more|again|today"
    r"|yesterday|tomorrow|tonight|already|actually|honestly|though|tbh|a lot|so much|very much"
    r"|with|for|from|after|before|during|since|last (?:week|month|year|night)"
    r"|this (?:week|month|year)"
    r"|as (?:a|an|of|the|their|well)|i|i'm|im|you|we|my|since|rn|atm|instead|either|yet|please"
    r"|thanks|sorry|once|twice|every|ever)(?=\s|$|,)",
    regex.IGNORECASE,
)
_END_OF_THING = regex.compile(
    r"\s*[;:()!?…]|\s+-+\s|\s+(?:but|because|cause|cuz|since|when|whenever|which|so|although|though"
    r"|while|if|until|unless|right now|now|these days|nowadays|currently|at the moment|btw"
    r"|by the way|lol|haha|too|as well|also|any ?more|again|today|already|actually|honestly|tbh"
    r"|a lot|so much|very much|more than|better than|the most|i'm|i|please|thanks|ever since"
    r"|especially|even|rn|atm|lately|recently|together|as it|as they|in general"
    r"|all the time)(?=\s|$|,)",
    regex.IGNORECASE,
)
_LIST_JOINT = regex.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+", regex.IGNORECASE)
_PHRASAL = regex.compile(r"\b(?:an?|the|with|in|on|of|my|to)\s", regex.IGNORECASE)
_NO_ITEM = regex.compile(
    r"(?:\p{L}+ly$|sorry|so|is|are|was|were|to|it|then|do|have|has|that|i|can)\b", regex.IGNORECASE
)
_ARTICLE = regex.compile(r"(?:the|a|an|my|our|some|any|all)\s+", regex.IGNORECASE)
_NAME = regex.compile(r"\p{L}[\p{L}'’-]*(?:\s+\p{Lu}[\p{L}'’-]*\.?){0,3}")
_PLAIN_WORD = regex.compile(
    r"(?:ing|ed|ly|ful|ous|ive|[ai]ble|ish|less|ent|ant|ic|ese|est|er|ry|ty|zy|al)$"
)
_MODIFIERS = 4
_NO_EMPLOYER = TIME_WORDS | frozenset(
    {
        "moment",
        "while",
        "year",
        "month",
        "week",
        "living",
        "time",
        "desk",
        "same",
        "project",
        "day",
        "bit",
        "lot",
        "change",
    }
)


def phrase(raw: str) -> str:
    """``raw`` up to where a short phrase ends: "Porto with my wife" is "Porto"."""
    end = _END_OF_PHRASE.search(raw)
    return tidy(raw[: end.start()] if end else raw)


def thing(raw: str, clause: Clause) -> str | None:
    """Something liked, eaten or collected, unless the words are a mere reaction."""
    del clause
    end = _END_OF_THING.search(raw)
    value = tidy(raw[: end.start()] if end else raw)
    words = value.lower().split()
    if not words or len(words) > 8 or len(value) < 2 or words == ["to"]:
        return None
    if words[0] in {"a", "an"} and words[1:2] != ["good"]:
        return None
    if words[0] in SAYS_NOTHING or (not SAYS_NOTHING.isdisjoint(words[1:3]) and len(words) < 3):
        return None
    return value


def things(raw: str) -> list[str]:
    """The items of a list: "peanuts, eggs and fish"; phrases that are no list stay whole."""
    end = _END_OF_THING.search(raw)
    whole = tidy(raw[: end.start()] if end else raw)
    parts = [tidy(part) for part in _LIST_JOINT.split(whole)]
    if all(part and len(part.split()) <= 3 for part in parts) and not _PHRASAL.search(parts[0]):
        return [parts[0], *(part for part in parts[1:] if not _NO_ITEM.match(part))]
    return [] if "," in whole else [whole]


def place(raw: str, clause: Clause) -> str | None:
    """A town or country: capitals tell, unless the whole sentence is typed without them."""
    value = regex.sub(
        r"^(?:(?:the )?(?:city|town|village|area|suburbs|outskirts|north|south|east|west"
        r"|middle|centre|center) of"
        r"|beautiful|sunny|rainy|good old|downtown|central)\s+",
        "",
        phrase(raw),
        flags=regex.I,
    )
    words = value.split()
    if words[:1] == ["the"] and len(words) > 1 and words[1][0].isupper():
        return value
    if not words or len(words) > 4 or words[0] in COUNTRYLESS or words[0].lower() in TIME_WORDS:
        return None
    if value[0].isupper() or regex.match(r"\p{Han}", value):
        kept = []
        for word in words:
            if not word[0].isupper() and word not in {"de", "la", "le", "of", "upon", "am", "sur"}:
                break
            kept.append(word)
        return " ".join(kept) or None
    if clause.lowercase and len(words) <= 2 and words[0] not in {"the", "a", "an"}:
        return value
    return None


def home(raw: str, clause: Clause) -> str | None:
    """A dwelling: "a small flat near the river"."""
    del clause
    value = phrase(raw)
    return value if 2 <= len(value.split()) <= 7 else None


def name(raw: str, clause: Clause) -> str | None:
    """A person's or animal's name after a clear cue such as "is called"."""
    found = _NAME.match(raw.strip(" \"'“”"))
    if not found:
        return None
    words = regex.sub(r"'s?$", "", found[0]).split()
    if not words or words[0].lower() in NOT_NAMES or words[0].lower() in TIME_WORDS:
        return None
    if not words[0][0].isupper() and not clause.lowercase and not _ends_there(raw, found.end()):
        return None
    return " ".join(words)


def called(raw: str, clause: Clause) -> str | None:
    """A name after "call me", where "call me crazy" and "call me old-fashioned" are none."""
    value = name(raw, clause)
    if value and value == value.lower() and (_PLAIN_WORD.search(value) or "-" in value):
        return None
    return value


def _ends_there(raw: str, end: int) -> bool:
    return not raw[end:].strip(" .!")


def shown_name(raw: str, clause: Clause) -> str | None:
    """A name that only its capital shows: "my sister Clara"."""
    words = raw.split()
    if not words or not words[0][0].isupper():
        return None
    return name(raw, clause)


def bare_name(raw: str, clause: Clause) -> str | None:
    """A name after nothing but "I'm": it must look like one and end the phrase."""
    if clause.laughing:
        return None
    found = regex.match(
        r"(\p{L}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+){0,2})"
        r"(?:$|\s*,|\s+(?:and|from|btw|by the way|here|nice to|pleased to)\b)",
        raw,
    )
    if not found:
        return None
    words = found[1].split()
    lower = [word.lower() for word in words]
    if not NOT_NAMES.isdisjoint(lower) or not NATIONALITIES.isdisjoint(lower):
        return None
    if any(is_job(word) for word in lower) or words[0].isupper() or lower[0] in TIME_WORDS:
        return None
    if words[0][0].isupper():
        return found[1]
    telling = clause.opens and clause.lowercase and len(words) == 1
    plain = _PLAIN_WORD.search(raw)
    alone = len(raw) == len(words[0]) or regex.match(
        r"\s*,\s*(?:\d\d|from)\b|\s+(?:nice|pleased) to meet", raw[len(words[0]) :]
    )
    return words[0] if telling and not plain and alone else None


def job(raw: str, clause: Clause) -> str | None:
    """An occupation after "I'm a": known by its last word."""
    value = occupation(raw, clause)
    if not value or clause.laughing or len(value.split()) > _MODIFIERS:
        return None
    return value if is_job(value.lower().split()[-1]) else None


def occupation(raw: str, clause: Clause) -> str | None:
    """Whatever somebody says they work as."""
    del clause
    end = regex.search(
        r"\s+(?:at|in|for|of|by|on|based|living|near|working|turned)(?=\s)", phrase(raw), regex.I
    )
    value = phrase(raw)[: end.start()] if end else phrase(raw)
    value = regex.sub(r"^(?:an?|the)\s+", "", value, flags=regex.I)
    value = regex.sub(r"^\d{1,2}[- ]year[- ]old\s+", "", value, flags=regex.I)
    words = value.lower().split()
    if not words or len(words) > 5 or words[-1] in NOT_JOBS or words[0] in NOT_JOBS:
        return None
    return tidy(value)


def is_job(word: str) -> bool:
    """Whether ``word`` names an occupation, by list or by its ending."""
    if word in NOT_JOBS:
        return False
    return word in JOB_TITLES or bool(
        regex.search(r"(?:[^aeiou]ologist|tician|grapher|keeper|maker|smith|wright|monger)$", word)
    )


def organisation(raw: str, clause: Clause) -> str | None:
    """An employer or school: a proper name, or "a small bakery in Ghent"."""
    value = regex.split(r"\s+(?:as|doing|where|near)\s", phrase(raw))[0]
    words = value.split()
    if not words or len(words) > 6:
        return None
    first = words[0].lower()
    if first in {"a", "an", "the", "my"}:
        return value if len(words) > 1 and words[1].lower() not in _NO_EMPLOYER else None
    if words[0] in COUNTRYLESS or first in TIME_WORDS | SAYS_NOTHING:
        return None
    if value[0].isupper() or clause.lowercase:
        return value
    return None


def languages(raw: str) -> list[str]:
    """The languages in a list: "Farsi and a little Dutch"."""
    return [word for word in regex.findall(r"\p{L}+", raw) if word.lower() in LANGUAGES]


def language(raw: str, clause: Clause) -> str | None:
    """The first language named."""
    del clause
    return next(iter(languages(raw)), None)


def short(raw: str, clause: Clause) -> str | None:
    """A short value such as a code, a date or a title."""
    del clause
    raw = regex.sub(r"^(?:on|still)\s+", "", raw)
    value = tidy(
        regex.split(r"\s*[,;()!?]\s|\s+(?:but|because|so|and i|and my|btw|by the way)\s", raw)[0]
    )
    words = value.lower().split()
    if not words or len(words) > 7 or words[0] in SAYS_NOTHING | NOT_NAMES - {"a", "the"}:
        return None
    return value


def without_article(value: str) -> str:
    """``value`` without its first article."""
    return _ARTICLE.sub("", value, count=1) if _ARTICLE.match(value) else value
