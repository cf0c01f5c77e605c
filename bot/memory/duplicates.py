"""Finding facts that say the same, or nearly so, and making one of them.

Whoever learns a fact twice in other words ("I like mango ice cream", "I really like mango ice
cream") has two of them. Merging is careful: one word of substance in place of another, a number, a
name, a "not", a "before" or who did what to whom makes another fact of it.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from bot.domain.fact import Fact, FactSource, FactStatus
from bot.domain.operation import MemoryPatch
from bot.domain.turn import TurnId
from bot.memory.consolidation import denies
from bot.memory.operations import ChangeContext, MemoryChange
from bot.memory.terms import CJK_STOP_CHARACTERS, STOP_WORDS, terms

NEAR = 0.85
"""The share of their terms that two facts must have in common (Jaccard). Mergers of conversational
memories use 0.85 to 0.95; what must not be merged is kept apart by the rules below it."""

_WORD = regex.compile(r"\p{Han}|(?:(?!\p{Han})[\p{L}\p{M}\p{N}])+(?:'\p{L}+)?")
_HAN = regex.compile(r"\p{Han}")

_EMPHASIS = regex.compile(r"真的|非常|特别|十分|超级|[很挺]|[呢吧啊呀哦嘛]+(?=\P{L}*$)")
"""Chinese words that may be missing. They go first: what is around them makes pairs."""

_AM = regex.compile(r"(?<=\bI)'m\b", regex.IGNORECASE)

_EMPTY_WORDS = frozenset(
    """
    a am an are be is just now oh ok okay please really so that the this too very yeah yes
    的 了 是 也 都 还 就 这 那 个
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Of the words that carry no topic, those that may be missing. The others say who, when, whether
and which way: "before", "off", "him", "can't"."""

_TURNING = frozenset(
    terms(
        """
        alleged almost barely cease except fail fake former formerly ex half hardly hope late lose
        maybe nearly perhaps possibly pretend probably quit rarely second seldom stop try used wish
        without
        """
    )
)
"""Words that say something else of the same: neither fact may have one that the other has not."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What of a fact is compared."""

    fact: Fact
    terms: tuple[str, ...]
    bag: frozenset[str]
    equal: tuple[object, ...]
    """What must be equal: kind, time and value, denial, and numbers, names and small words in
    order."""


def merged(facts: Sequence[Fact], context: ChangeContext) -> MemoryPatch:
    """Makes one of every group of active facts that say the same.

    Pinned facts, and facts that the person typed, are kept rather than others, and older ones
    rather than newer ones.
    """
    change = MemoryChange(facts, context)
    for group in _groups(change.facts):
        keep, *duplicates = sorted(group, key=_rank)
        change.merge(keep, duplicates, "says the same")
    return change.patch()


def _rank(fact: Fact) -> tuple[bool, bool, int]:
    return not fact.state.pinned, fact.source is not FactSource.COMMAND, fact.number


def _groups(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Facts that say the same as the first of their group, by the number of the first."""
    by_place: dict[tuple[str | None, str | None], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.status is FactStatus.ACTIVE:
            by_place[fact.slot, fact.topic].append(fact)
    groups: list[list[Fact]] = []
    for alike in by_place.values():
        groups += _groups_in(alike)
    return sorted(groups, key=lambda group: group[0].number)


def _groups_in(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Every fact joins the group whose first fact it repeats: nothing drifts along a chain."""
    groups: list[list[Fact]] = []
    firsts: list[_Said] = []
    taught_by: list[set[TurnId]] = []
    holding: dict[object, list[int]] = defaultdict(list)
    compared = [_said(fact) for fact in sorted(facts, key=_rank)]
    frequency = Counter(term for said in compared for term in set(said.terms))
    for said in compared:
        keys = [(said.equal, term) for term in _rarest(said, frequency)]
        near = sorted({place for key in keys for place in holding[key]})
        # A fact has one quote of a turn: of two that one turn taught, one would be lost.
        turns = {e.turn_id for e in said.fact.evidence if e.turn_id is not None}
        match = next(
            (p for p in near if _same(firsts[p], said) and taught_by[p].isdisjoint(turns)), None
        )
        if match is not None:
            groups[match].append(said.fact)
            taught_by[match] |= turns
            continue
        for key in keys:
            holding[key].append(len(groups))
        groups.append([said.fact])
        taught_by.append(turns)
        firsts.append(said)
    return [group for group in groups if len(group) > 1]


def _rarest(said: _Said, frequency: Mapping[str, int]) -> Sequence[str]:
    """Terms of which facts that say the same share one, so that not all are compared with all.

    The rarest term of the shorter one is so rare in the longer one too, but for the terms that the
    longer one may have more.
    """
    if _is_value(said.fact) or not said.terms:
        return [""]
    more = len(said.terms) - math.ceil(NEAR * len(said.terms))
    return sorted(set(said.terms), key=lambda term: (frequency[term], term))[: more + 1]


def _said(fact: Fact) -> _Said:
    text = unicodedata.normalize("NFKC", fact.text).replace("\u2019", "'")
    text = _EMPHASIS.sub("", _AM.sub(" am", text))
    found = tuple(terms(text))
    return _Said(
        fact=fact,
        terms=found,
        bag=frozenset(found),
        equal=(
            fact.kind,
            fact.occurs_from,
            fact.occurs_until,
            (fact.value or "").casefold(),
            denies(text),
            *_telling(text, fact.value if _is_value(fact) else None),
        ),
    )


def _is_value(fact: Fact) -> bool:
    """Whether the value is all that it says: to live in Porto is to have moved there."""
    return fact.slot is not None and fact.value is not None


def _telling(text: str, value: str | None) -> tuple[str, ...]:
    """What must be equal, in order; of a slot, what it says beside its value."""
    own = {word.casefold() for word in _WORD.findall(value or "")}
    found = []
    for place, word in enumerate(_WORD.findall(text)):
        plain = word.casefold()
        if plain in _EMPTY_WORDS or plain in own:
            continue
        if plain in STOP_WORDS or plain in CJK_STOP_CHARACTERS:
            found += [plain] if value is None else []
        elif word[0].isnumeric() or (word[0].isupper() and place > 0):
            found.append(word)
    return tuple(found)


def _same(one: _Said, other: _Said) -> bool:
    """Whether two facts of one place say the same; what is looked up is equal already."""
    first, second = one.fact, other.fact
    if not (_is_value(first) or _are_near(one, other)):
        return False
    if first.id == second.conflicts_with or second.id == first.conflicts_with:
        return False
    return first.audience.may_enter(second.audience) and second.audience.may_enter(first.audience)


def _are_near(one: _Said, other: _Said) -> bool:
    """Whether one has all terms of the other, in their order, and hardly any more."""
    # Nearly all pairs differ here, and sets tell it at once.
    if not (one.bag <= other.bag or other.bag <= one.bag):
        return False
    less, more = sorted((one.terms, other.terms), key=len)
    rest = iter(more)
    if len(less) < NEAR * len(more) or not all(term in rest for term in less):
        return False
    extra = Counter(more) - Counter(less)
    return not any(term in _TURNING or _HAN.search(term) for term in extra)
