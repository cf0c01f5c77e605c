"""Questions to which a memory must keep the answers: asked before and after it is made compact.

They are made of the person's own facts, in the words in which people ask: "Where do I live?" or
我住在哪里？ for a city, and what a fact is about for everything else. The answer is known, so
nobody has to judge: it is the fact's bare value, or else its own words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import regex

from bot.domain.fact import Fact, FactId, FactKind
from bot.memory.terms import CJK_STOP_CHARACTERS, terms

MAX_PROBES = 48
"""At most so many questions. Each is asked twice and takes some milliseconds, so that asking all of
them takes less than a second; and a share of so many is a measure."""

CROWD = 3
"""More facts than this of one topic are asked about one by one: a prompt has no room for all."""

_WORDS = 8
_CHARACTERS = 24
"""A question about a fact's own words names so many of them: people do not ask in long sentences.
"""

_HEALTH = frozenset({"allergy", "health"})

# English and Chinese. A colon at the end stands for all names that begin so. Without a form, a
# question holds the fact's own words.
_FORMS: dict[str, tuple[str, str | None]] = {
    "name": ("What is my name?", "我叫什么名字？"),
    "city": ("Where do I live?", "我住在哪里？"),
    "home": ("Where is my home?", None),
    "hometown": ("Where am I from?", "我是哪里人？"),
    "nationality": ("What is my nationality?", None),
    "job": ("What do I do for work?", "我做什么工作？"),
    "employer": ("Where do I work?", "我在哪里工作？"),
    "school": ("Where do I study?", "我在哪个学校？"),
    "studies": ("What do I study?", "我学什么专业？"),
    "age": ("How old am I?", "我多大了？"),
    "birthday": ("When is my birthday?", "我的生日是哪天？"),
    "diet": ("What is my diet?", "我能吃什么？"),
    "allergy": ("What am I allergic to?", "我对什么过敏？"),
    "health": ("What about my health?", "我对什么过敏？"),
    "timezone": ("What is my timezone?", None),
    "mother tongue": ("What is my mother tongue?", None),
    "speaks": ("Which languages do I speak?", "我会什么语言？"),
    "pronouns": ("What are my pronouns?", None),
    "partner": ("Who is my partner?", "我的对象是谁？"),
    "marital": ("Am I married?", "我结婚了吗？"),
    "pet": ("What is my pet called?", None),
    "pet:dog": ("What is my dog called?", "我的狗叫什么？"),
    "pet:cat": ("What is my cat called?", "我的猫叫什么？"),
    "pet:": ("Which {what} is my pet?", "我养了什么宠物？"),
    "child": ("What are my children called?", "我的孩子叫什么？"),
    "relation:": ("What do you know about my {what}?", "我的家人和朋友是谁？"),
    "like": ("What do I like?", "我喜欢什么？"),
    "dislike": ("What do I dislike?", "我讨厌什么？"),
    "hobby": ("What are my hobbies?", "我有什么爱好？"),
    "favourite:": ("What is my favourite {what}?", "我最喜欢什么？"),
    "my:": ("What is my {what}?", "我的{what}是什么？"),
    "plan": ("What are my plans?", "我有什么计划？"),
    "language": ("Which language should you speak with me?", None),
}
_ABOUT = ("What about {what}?", "关于{what}，我说过什么？")

_HAN = regex.compile(r"\p{Han}")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}'’-]*")
_BETWEEN_WORDS = regex.compile(r"[^\p{L}\p{N}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question about one fact.

    ``answer`` holds the terms by which its answer is known. ``vital`` is a question whose answer
    must never be lost: a person's own properties, their health, how they want to be answered, and
    what they pinned.
    """

    fact_id: FactId
    question: str
    answer: frozenset[str]
    vital: bool


def probes(facts: Iterable[Fact], now: datetime) -> tuple[Probe, ...]:
    """At most :data:`MAX_PROBES` questions about those of ``facts`` that are current at ``now``.

    What is vital comes first, then what was said last. ``facts`` should be what was remembered
    before and is still true: what the person has taken back since has no answer any more.
    """
    current = sorted((fact for fact in facts if fact.is_current(now)), key=_rank)
    crowds = Counter(fact.topic for fact in current if fact.topic)
    asked: dict[tuple[str, frozenset[str]], Probe] = {}
    for fact in current:
        answer = frozenset(terms(fact.value or "") or terms(fact.text))
        crowded = fact.topic is not None and crowds[fact.topic] > CROWD
        question = _question(fact, crowded=crowded)
        if not answer or question is None:
            continue
        probe = Probe(fact_id=fact.id, question=question, answer=answer, vital=_is_vital(fact))
        asked.setdefault((question, answer), probe)
        if len(asked) == MAX_PROBES:
            break
    return tuple(asked.values())


def _rank(fact: Fact) -> tuple[bool, float, int]:
    last_said = max(evidence.said_at.timestamp() for evidence in fact.evidence)
    return not _is_vital(fact), -last_said, -fact.number


def _is_vital(fact: Fact) -> bool:
    matters = fact.slot is not None or fact.kind is FactKind.INSTRUCTION or fact.topic in _HEALTH
    return fact.state.pinned or matters


def _question(fact: Fact, *, crowded: bool) -> str | None:
    """None for a fact without a word that it could be asked by."""
    in_chinese = bool(_HAN.search(fact.text))
    place = fact.slot or fact.topic or ""
    beginning, colon, what = place.partition(":")
    forms = _FORMS.get(place) or _FORMS.get(f"{beginning}{colon}")
    form = None if forms is None or crowded else forms[in_chinese]
    if form is not None:
        return form.format(what=what)
    gist = _gist(fact.text, in_chinese=in_chinese)
    return _ABOUT[in_chinese].format(what=gist) if gist else None


def _gist(text: str, *, in_chinese: bool) -> str:
    """The words of ``text`` that say what it is about."""
    if in_chinese:
        plain = _BETWEEN_WORDS.sub(" ", text)
        return plain.lstrip("".join(CJK_STOP_CHARACTERS))[:_CHARACTERS].strip()
    telling = [word for word in _WORD.findall(text) if terms(word)]
    return " ".join(telling[:_WORDS])
