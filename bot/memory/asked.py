"""Which properties of themselves somebody asks about.

"Where do I live?" has no word in common with "I live in Berlin" but "live", and "How old am I?"
none with "I'm 34". So the questions that people ask about their own slots and topics are known by
their form, in English and Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import regex

from bot.domain.fact import Fact
from bot.memory.terms import terms

_MY = r"\b(?:my|our) (?:\w+ )?"
_OUR_PEOPLE = (
    "sisters?|brothers?|siblings?|mother|mum|mom|father|dad|parents?|kids?|child(?:ren)?|sons?"
    "|daughters?|family|friends?|aunt|uncle|cousins?|grand\\w+"
)

_FORMS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("name",): (rf"{_MY}name\b", r"\bwho am i\b", r"\bam i called\b", "我(?:叫|的名字|是谁)"),
    ("city",): (
        r"\bwhere\b.{0,20}\b(?:i|we)\b.{0,12}\b(?:live|living|based|stay)",
        rf"{_MY}(?:city|home|address)\b",
        r"\b(?:which|what) (?:city|town|country|place)\b.{0,20}\b(?:i|we|me)\b",
        "我.{0,4}住(?:在)?(?:哪|什么)",
        "我.{0,3}(?:哪个|什么)城市",
    ),
    ("hometown", "city"): (
        r"\bwhere\b.{0,12}\bi\b.{0,8}\bfrom\b",
        rf"{_MY}(?:hometown|home town|origin)\b",
        "我.{0,3}(?:哪里人|哪儿人|来自哪|老家)",
    ),
    ("job", "employer"): (
        rf"{_MY}(?:job|work|profession|occupation|career|employer|company|boss)\b",
        r"\bwhat do i do\b",
        r"\b(?:where|what|who)\b.{0,16}\bi (?:\w+ )?work",
        "我.{0,4}(?:工作|职业|上班|做什么)",
    ),
    ("school", "studies"): (
        r"\b(?:where|what)\b.{0,16}\bi (?:\w+ )?stud(?:y|ied)",
        rf"{_MY}(?:school|university|major|studies)\b",
        "我.{0,4}(?:学什么|专业|学校|大学)",
    ),
    ("age", "birthday"): (
        r"\bhow old\b.{0,8}\bi\b",
        rf"{_MY}(?:age|birthday|birth date)\b",
        r"\bwhen was i born\b",
        "我.{0,4}(?:多大|几岁|年龄|岁数|生日|出生)",
    ),
    ("allergy", "diet", "health"): (
        r"\b(?:allerg\w+|intoleran\w+)\b",
        r"\b(?:can|can't|should|shouldn't|do|don't)\b.{0,8}\bi\b.{0,12}\beat",
        rf"{_MY}diet\b",
        r"\bam i\b.{0,12}\b(?:vegetarian|vegan)",
        "过敏|忌口",
        "我.{0,4}(?:不能吃|能吃|吃素)",
    ),
    ("pet:",): (rf"{_MY}(?:pets?|animals?)\b", "宠物"),
    ("pet:dog",): (rf"{_MY}dogs?\b", "我.{0,4}狗"),
    ("pet:cat",): (rf"{_MY}cats?\b", "我.{0,4}猫"),
    ("partner", "marital", "relation:"): (
        rf"{_MY}(?:wife|husband|partner|boyfriend|girlfriend|spouse|fiancée?)\b",
        r"\bam i (?:married|single|engaged)\b",
        "我.{0,4}(?:老婆|妻子|老公|丈夫|男朋友|女朋友|对象|结婚)",
    ),
    ("relation:", "child"): (
        rf"{_MY}(?:{_OUR_PEOPLE})\b",
        "我.{0,4}(?:姐姐|妹妹|哥哥|弟弟|妈妈|爸爸|父母|孩子|儿子|女儿|家人|朋友)",
    ),
    ("plan",): (
        rf"{_MY}(?:plans?|schedule|trip|appointments?|calendar)\b",
        r"\b(?:am|are) (?:i|we)\b.{0,16}\b(?:doing|going|planning)",
        "我.{0,6}(?:计划|安排|打算|行程)",
    ),
    ("like", "dislike", "hobby"): (
        r"\bi\b.{0,12}\b(?:like|love|enjoy|hate|dislike|prefer)",
        rf"{_MY}(?:hobby|hobbies|interests?|tastes?|preferences?)\b",
        "我.{0,4}(?:喜欢|讨厌|爱好|兴趣|爱吃)",
    ),
    ("language", "speaks"): (
        r"\blanguages?\b.{0,16}\bi\b",
        rf"{_MY}languages?\b",
        "我.{0,4}(?:说什么话|会什么语言|母语)",
    ),
    ("favourite:",): (r"\bmy favou?rite\b", "我.{0,3}最(?:喜欢|爱)"),
}

_ASKED = [
    (regex.compile("|".join(forms), regex.IGNORECASE), asked) for asked, forms in _FORMS.items()
]

_HAN = regex.compile(r"\p{Han}")

_SAYS_LITTLE = frozenset(
    """
    call name like live work old go think want day time know get make good best favourit favorit
    year new thing
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_SAYS_LITTLE_IN_CHINESE = frozenset(
    "我你您他她它的了吗呢吧啊是在有和就都也还不很个会要说叫名字什么谁哪里儿怎样多少几大为对到去做过给让能可以想知道告诉记得请问现今天"
)


def topic_words(question: str) -> frozenset[str]:
    """The stems and Chinese characters in a question that say what it is about."""
    stems = {term for term in terms(question) if not _HAN.search(term)}
    characters = set(_HAN.findall(question))
    return frozenset(stems - _SAYS_LITTLE | characters - _SAYS_LITTLE_IN_CHINESE)


def touches(text: str, topic: AbstractSet[str]) -> bool:
    """Whether ``text`` holds one of the topic words at all."""
    return not topic.isdisjoint(terms(text)) or not topic.isdisjoint(text)


def asked_properties(text: str) -> tuple[str, ...]:
    """The slots and topics that a question is about.

    A colon at the end, as in ``pet:``, stands for all that begin so.
    """
    found = [name for form, asked in _ASKED if form.search(text) for name in asked]
    return tuple(dict.fromkeys(found))


def bears_on(fact: Fact, text: str, asked: Sequence[str]) -> float:
    """How much ``fact`` helps to answer ``text``: 0 when not at all.

    1 for a property that is asked about, plus the share of the question's topic words that the
    fact holds.
    """
    by_form = is_asked(fact, asked)
    wanted = set(terms(text))
    held = wanted.intersection(terms(f"{fact.text} {fact.slot or ''} {fact.topic or ''}"))
    return by_form + (len(held) / len(wanted) if wanted else 0.0)


def is_asked(fact: Fact, asked: Sequence[str]) -> bool:
    """Whether ``fact`` is about one of the properties."""
    return any(_is(fact, name) for name in asked)


def _is(fact: Fact, name: str) -> bool:
    place = fact.slot or fact.topic or ""
    return place.startswith(name) if name.endswith(":") else place == name
