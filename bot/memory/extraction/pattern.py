"""How a pattern is written down, and how it turns a clause into drafts of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.sentences import MASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A piece of a sentence with one verb, which is what patterns read.

    ``text`` has the missing subject put in front ("and work as a nurse" → "I work as a nurse");
    ``start`` and ``end`` bound the words themselves in the message. ``cue`` tells of a lead-in such
    as "actually" or 其实; ``lowercase`` of a sentence typed without capitals; ``laughing`` of a
    sentence that laughs at itself.
    """

    text: str
    start: int
    end: int
    cue: bool = False
    lowercase: bool = False
    laughing: bool = False
    opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A candidate that does not know yet where in the message it stands."""

    kind: FactKind
    text: str
    slot: str | None = None
    topic: str | None = None
    value: str | None = None
    corrects: bool = False
    replaces: str | None = None
    ends: bool = False
    occurs_from: datetime | None = None
    occurs_until: datetime | None = None
    confidence: float = 1.0


Cleaner = Callable[[str, Clause], str | None]
"""Trims a value where the phrase ends, or refuses it with None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way of saying something.

    ``pattern`` is matched from the start of the clause. Its groups: ``value``; ``old``, the value
    that is replaced; ``what``, the open part of ``slot`` or ``topic``. ``text``, ``slot`` and
    ``topic`` may name groups in braces, and ``{word}`` is ``what`` as it was said, before
    ``clean_what``; an empty ``text`` takes the clause as it was said.
    """

    pattern: regex.Pattern[str]
    kind: FactKind
    text: str = ""
    slot: str | None = None
    topic: str | None = None
    clean: Cleaner | None = None
    clean_what: Cleaner | None = None
    split: Callable[[str], list[str]] | None = None
    corrects: bool = False
    ends: bool = False
    value: str | None = None


Family = tuple[Rule, ...]
"""Rules for one property: the first that gives something wins."""


def first_of(family: Family, clause: Clause) -> list[Draft]:
    """What the first fitting rule of ``family`` finds in ``clause``."""
    for rule in family:
        if drafts := apply(rule, clause):
            return drafts
    return []


def apply(rule: Rule, clause: Clause) -> list[Draft]:
    """The drafts that ``rule`` finds in ``clause``: several when its value is a list."""
    found = rule.pattern.match(clause.text)
    if not found:
        return []
    groups = {name: tidy(part) for name, part in found.groupdict().items() if part}
    if rule.clean_what:
        what = rule.clean_what(groups.get("what", ""), clause)
        if not what:
            return []
        groups["word"], groups["what"] = groups["what"], what
    drafts = []
    for value in _values(rule, groups.get("value"), clause):
        named = {**groups, "value": value or ""}
        text = _filled(rule.text, named) if rule.text else said(clause.text)
        if MASK in text:
            continue
        old = groups.get("old")
        drafts.append(
            Draft(
                kind=rule.kind,
                text=text,
                slot=rule.slot and rule.slot.format_map(named).lower(),
                topic=rule.topic and rule.topic.format_map(named).lower(),
                value=value,
                corrects=rule.corrects or bool(old) or (clause.cue and rule.slot is not None),
                replaces=old,
                ends=rule.ends,
            )
        )
    return drafts


def _filled(template: str, named: dict[str, str]) -> str:
    if named["value"][:1].lower() in set("aeiou"):
        template = template.replace(" a {value}", " an {value}")
    return template.format_map(named)


def _values(rule: Rule, raw: str | None, clause: Clause) -> Iterable[str | None]:
    if rule.value is not None or raw is None:
        return (rule.value,)
    parts = rule.split(raw) if rule.split else [raw]
    cleaned = [rule.clean(part, clause) if rule.clean else part for part in parts]
    if not cleaned or not cleaned[0]:
        return ()  # "I love the peace and connection it brings": a reaction from the first word on
    return dict.fromkeys(value for value in cleaned if value and MASK not in value)


def tidy(text: str) -> str:
    """``text`` with single spaces and nothing but words at its ends."""
    return " ".join(text.split()).strip(" ,;:-–—.\"'“”()*_~，、；：。「」《》")  # noqa: RUF001


def said(text: str) -> str:
    """``text`` as a sentence of its own: a capital, the pronoun "I" as such, and a full stop."""
    words = tidy(text)
    if regex.search(r"\p{Han}", words) and not regex.match(r"[A-Za-z]", words):
        return f"{words}。"
    words = regex.sub(r"\bi(?='|\b)(?!\.)", "I", words)
    words = regex.sub(r"\b[Ii]m\b", "I'm", words)
    return f"{words[:1].upper()}{words[1:]}."
