"""What becomes of statements that were found: which operation each calls for.

Slots decide overwrites: a property with one value has one active fact. For properties with many
values and for free text, likeness and cue words decide ("actually", "not X but Y", 其实). Where it
is not clear whether two facts contradict each other both stay, and the newer one says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex

from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.operation import MemoryPatch
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import ChangeContext, MemoryChange
from bot.memory.quarantine import reads_like_injection
from bot.memory.similarity import forget_statements, similarity
from bot.memory.terms import terms

CORRECTED = 0.2
"""A correction replaces the fact most like it, if it is at least so much like it. In Letta's set,
95 of 100 corrections are at least 0.32 like the fact they correct."""

DOUBTFUL = 0.6
"""Without a cue, a statement so much like a fact may contradict it or not: both stay, marked."""

_OPPOSITES = {"like": "dislike", "dislike": "like"}

_ONE_AS_A_RULE = regex.compile(
    r"pet:|relation:(?:mother|father|mum|mom|dad|wife|husband|partner|boyfriend|girlfriend|boss"
    r"|妈妈|爸爸|母亲|父亲|妻子|丈夫|老婆|老公|男朋友|女朋友|老板)$"
)
"""Topics in which a second value is more often a correction than an addition."""

_COUNTED = regex.compile(
    r"(?:\d|[一两二三四五六七八九十几]|(?:an?|one|two|three|four|five|six|twins?)\b)",
    regex.IGNORECASE,
)
"""Values that count and name nobody: "two sisters"."""

_DENIAL = regex.compile(r"\b(?:no|not|never|cannot|\p{L}+n['\u2019]t)\b|[没不无]", regex.I)

_MANY_ALIKE = frozenset({"plan", "event"})
"""Topics in which two facts are alike by their dates alone, so that likeness finds nothing."""

_ORDERED = frozenset({FactKind.PLAN, FactKind.EVENT})


def consolidate(
    candidates: Sequence[Candidate], facts: Sequence[Fact], context: ChangeContext
) -> MemoryPatch:
    """The change of memory that the statements of one turn call for.

    ``facts`` are all active facts of the person, whoever may hear them: what was told in a direct
    message and is over must not live on elsewhere.
    """
    change = MemoryChange(facts, context)
    try:
        for candidate in candidates:
            _place(candidate, change)
    finally:
        forget_statements()
    return change.patch()


def _place(candidate: Candidate, change: MemoryChange) -> None:
    if reads_like_injection(candidate.text):
        _begin(candidate, change, status=FactStatus.QUARANTINED)
        return
    related = _related(candidate, change.facts)
    if candidate.ends:
        over = [fact for fact in related if _concerns(candidate, fact)]
        # "My dog died" of somebody with two dogs says of neither that it is the one.
        if over and len({fact.value for fact in over if fact.value}) <= 1:
            change.erase(over, "said to be over")
            return
        # Nobody knew that it had begun: that it is over is free text, and no value of the slot.
        candidate = replace(candidate, slot=None, topic="note", value=None, ends=False)
        related = _related(candidate, change.facts)
    same = [fact for fact in related if _says_the_same(candidate, fact)]
    if same and not (candidate.slot and len(related) > len(same)):
        _repeat(candidate, same, change)
    elif old := _replaced(candidate, related):
        _overwrite(candidate, old, change)
    else:
        _begin(candidate, change, doubt=_doubtful(candidate, related))


def _related(candidate: Candidate, facts: Sequence[Fact]) -> list[Fact]:
    """The facts about the same property; for free text, all that are free text as well."""
    if candidate.slot is not None:
        return [fact for fact in facts if fact.slot == candidate.slot]
    topics = {candidate.topic, _OPPOSITES.get(candidate.topic or "", candidate.topic)}
    return [fact for fact in facts if fact.slot is None and fact.topic in topics]


def _says_the_same(candidate: Candidate, fact: Fact) -> bool:
    if candidate.topic != fact.topic or _plain(candidate.occurs_from) != _plain(fact.occurs_from):
        return False
    if candidate.value is not None and fact.value is not None:
        return candidate.value.casefold() == fact.value.casefold()
    if (candidate.value is None) is not (fact.value is None) and candidate.slot is None:
        return False
    # However alike, statements that differ in one word of substance, or in who did what to whom,
    # may differ in what they say.
    same_words = terms(candidate.text) == terms(fact.text)
    return same_words and denies(candidate.text) is denies(fact.text)


def _plain(moment: object) -> str:
    return "" if moment is None else str(moment)


def _concerns(candidate: Candidate, fact: Fact) -> bool:
    """Whether a statement that something is over is about this fact."""
    if candidate.value is not None and fact.value is not None:
        return candidate.value.casefold() == fact.value.casefold()
    if candidate.slot is not None or (candidate.topic and ":" in candidate.topic):
        return True
    if candidate.value is not None and denies(fact.text):
        return False  # "I'm not allergic to nuts" is not over when the allergy is
    return similarity(candidate.text, fact.text) >= CORRECTED


def _replaced(candidate: Candidate, related: Sequence[Fact]) -> Sequence[Fact]:
    """The facts in whose place the statement comes; none when it stands beside them."""
    if candidate.slot is not None:
        return related
    alike = [fact for fact in related if fact.topic == candidate.topic]
    named = [fact for fact in alike if _has_value(fact, candidate.replaces)]
    opposed = [f for f in related if f.topic != candidate.topic and _has_value(f, candidate.value)]
    return named or opposed or (_corrected(candidate, alike) if candidate.corrects else ())


def _corrected(candidate: Candidate, alike: Sequence[Fact]) -> Sequence[Fact]:
    """Which fact a correction means: one it denies, the only name, or the free text most like it.

    "Actually, I'm allergic to eggs" names no other allergy: a list of values loses none of them.
    """
    if denied := [fact for fact in alike if _denied(candidate, fact)]:
        return denied
    if candidate.value is not None:
        named = [fact for fact in alike if _names_the_same(candidate, fact)]
        return named if len(named) == 1 else ()
    if candidate.topic in _MANY_ALIKE:
        return ()
    alike = [fact for fact in alike if fact.value is None]
    best = max(alike, key=lambda fact: similarity(candidate.text, fact.text), default=None)
    if best is None or similarity(candidate.text, best.text) < CORRECTED:
        return ()
    return (best,)


def _denied(candidate: Candidate, fact: Fact) -> bool:
    """Whether one says that there is not what the other says: no allergy to what one has."""
    if (candidate.value is None) is (fact.value is None) or candidate.topic != fact.topic:
        return False
    if denies(candidate.text) is denies(fact.text):
        return False
    if candidate.topic and candidate.topic.startswith("pet:"):
        return True  # "I don't have a dog" denies them all
    value, text = (
        (candidate.value, fact.text) if fact.value is None else (fact.value, candidate.text)
    )
    return bool(value) and str(value).casefold() in text.casefold()


def _names_the_same(candidate: Candidate, fact: Fact) -> bool:
    """Whether both give a name to one of a kind: to a dog, a sister, the son."""
    if candidate.value is None or fact.value is None or _COUNTED.match(fact.value):
        return False
    if _COUNTED.match(candidate.value):
        return False
    if candidate.topic and ":" in candidate.topic:
        return True
    # "My son is called Tim" corrects what the son is called, never the daughter.
    frame = candidate.text.replace(candidate.value, "")
    return candidate.topic == "child" and frame == fact.text.replace(fact.value, "")


def _has_value(fact: Fact, value: str | None) -> bool:
    return bool(value and fact.value and fact.value.casefold() == value.casefold())


def _doubtful(candidate: Candidate, related: Sequence[Fact]) -> FactId | None:
    """The fact that the statement may contradict, if any."""
    ordered = candidate.kind in _ORDERED
    if candidate.slot is not None or (ordered and not candidate.corrects):
        return None
    if denied := [fact for fact in related if _denied(candidate, fact)]:
        return denied[-1].id
    if candidate.topic and _ONE_AS_A_RULE.match(candidate.topic):
        contrary = [fact for fact in related if _may_contradict(candidate, fact)]
        return contrary[-1].id if contrary else None
    least = DOUBTFUL
    if candidate.value is not None:
        if not candidate.corrects or candidate.replaces is not None:
            return None
        # It corrects something, without a word of which of several values it means.
        least = DOUBTFUL if ordered else CORRECTED
        related = [fact for fact in related if fact.topic == candidate.topic]
    best = max(related, key=lambda fact: similarity(candidate.text, fact.text), default=None)
    doubtful = best is not None and similarity(candidate.text, best.text) >= least
    return best.id if best is not None and doubtful else None


def _may_contradict(candidate: Candidate, fact: Fact) -> bool:
    """Another name for what is one as a rule, or the denial of it.

    "My dog is called Rex" after "I got a dog" is neither.
    """
    if candidate.value is not None and fact.value is not None:
        return True
    return denies(candidate.text) is not denies(fact.text)


def denies(text: str) -> bool:
    """Whether a statement says that something is not so."""
    return bool(_DENIAL.search(text))


def _repeat(candidate: Candidate, same: Sequence[Fact], change: MemoryChange) -> None:
    """It was said before: more evidence, unless it is now told to more people than before."""
    here = change.context.audience
    for fact in same:
        if fact.audience.may_enter(here):
            change.strengthen(fact, _evidence(candidate, change), "said again")
            return
    narrower = [fact for fact in same if here.may_enter(fact.audience)]
    if narrower:
        wider = _fact(candidate, change)
        if any(fact.state.pinned for fact in narrower):
            wider = wider.in_state(replace(wider.state, pinned=True))
        change.overwrite(narrower, wider, "said again to more people")
    else:
        change.append(_fact(candidate, change), "said again to other people")


def _overwrite(candidate: Candidate, old: Sequence[Fact], change: MemoryChange) -> None:
    reason = "new value" if candidate.slot else "corrected"
    change.overwrite(old, _fact(candidate, change), reason)


def _begin(
    candidate: Candidate,
    change: MemoryChange,
    *,
    status: FactStatus = FactStatus.ACTIVE,
    doubt: FactId | None = None,
) -> None:
    fact = _fact(candidate, change, status=status, doubt=doubt)
    reason = "asked to remember" if candidate.explicit else "said"
    if candidate.kind in _ORDERED and candidate.occurs_from is not None:
        change.insert(fact, reason)
    else:
        change.append(fact, reason)


def _evidence(candidate: Candidate, change: MemoryChange) -> Evidence:
    context = change.context
    return Evidence(quote=candidate.quote, turn_id=context.turn_id, said_at=context.now)


def _fact(
    candidate: Candidate,
    change: MemoryChange,
    *,
    status: FactStatus = FactStatus.ACTIVE,
    doubt: FactId | None = None,
) -> Fact:
    context = change.context
    is_plan = candidate.kind is FactKind.PLAN
    began = candidate.occurs_from
    has_begun = began is not None and began <= context.now and not is_plan
    return Fact(
        id=FactId(context.new_id()),
        person_id=context.person_id,
        audience=context.audience,
        number=change.next_number,
        kind=candidate.kind,
        text=candidate.text,
        evidence=(_evidence(candidate, change),),
        valid_from=began if has_begun and began is not None else context.now,
        slot=candidate.slot,
        topic=candidate.topic,
        value=candidate.value,
        occurs_from=candidate.occurs_from,
        occurs_until=candidate.occurs_until,
        confidence=candidate.confidence,
        source=context.source,
        conflicts_with=doubt,
        state=FactState(status=status, valid_to=candidate.occurs_until if is_plan else None),
    )
