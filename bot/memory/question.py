"""What a message asks for: its topic, names, quoted phrases, days, and the kind of answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import regex

from bot.memory.dates import DateMention, Lean, find_dates
from bot.memory.terms import terms

MOST_TEXT = 2000
"""Characters of a message that are read as a question; what a long message asks stands at an end,
so half of it is read from either end."""

_QUOTED = regex.compile(r"[\"“]([^\"“”]{2,80})[\"”]|「([^「」]{2,80})」|《([^《》]{2,80})》")
_NAME = regex.compile(r"(?<!^)(?<![.!?:\"“] )(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]+")
_NO_NAMES = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july
    august september october november december
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_KINDS = {
    "dated": r"\bwhen\b|\b(?:what|which) (?:date|day|month|year|time|week)\b|\bhow (?:long|often)\b"
    r"|什么时候|何时|哪[天年月]|几[号月点]|多久",
    "placed": r"\bwhere\b|\b(?:what|which) (?:city|country|place|state|town)\b"
    r"|哪里|哪儿|什么地方|哪个?(?:城市|国家|地方)",
    "naming": r"\bwho(?:se)?\b|\bnames?\b|\bcalled\b|谁|名字|叫什么",
}
_KIND_FORMS = {kind: regex.compile(form, regex.IGNORECASE) for kind, form in _KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message as recall reads it. It need not be a question."""

    topic: tuple[str, ...]
    """Different terms, without the names of those who talk."""
    said_by: frozenset[str]
    """Names of those who talk that occur in it, in lower case."""
    names: tuple[str, ...]
    """Terms of other names: words with a capital inside a sentence."""
    phrases: tuple[tuple[str, ...], ...]
    """Terms of what stands in quotation marks."""
    kinds: frozenset[str]
    """Signals of :mod:`bot.memory.substance` that its answer probably shows."""
    days: tuple[DateMention, ...]


def read_question(text: str, now: datetime, speakers: Collection[str]) -> Question:
    """Read a message said at ``now``, in an index where ``speakers`` (lower case) talk."""
    if len(text) > MOST_TEXT:
        text = f"{text[: MOST_TEXT // 2]} {text[-MOST_TEXT // 2 :]}"
    named = {speaker for speaker in speakers if _mentions(text, speaker)}
    own = {term for speaker in speakers for term in terms(speaker)}
    capitals = [name for name in _NAME.findall(text) if name.lower() not in _NO_NAMES]
    names = [term for term in terms(" ".join(capitals)) if term not in own]
    quoted = ["".join(groups) for groups in _QUOTED.findall(text)]
    return Question(
        topic=tuple(dict.fromkeys(term for term in terms(text) if term not in own)),
        said_by=frozenset(named),
        names=tuple(dict.fromkeys(names)),
        phrases=tuple(found for phrase in quoted if (found := tuple(dict.fromkeys(terms(phrase))))),
        kinds=frozenset(kind for kind, form in _KIND_FORMS.items() if form.search(text)),
        days=find_dates(text, now, lean=Lean.PAST),
    )


def _mentions(text: str, name: str) -> bool:
    return regex.search(rf"(?<!\p{{L}}){regex.escape(name)}(?!\p{{Ll}})", text.lower()) is not None
