"""Reading older turns again, without bringing back what is over and without learning twice."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.fact import Fact, FactStatus
from bot.domain.turn import Turn
from bot.memory.cutting import same_words
from bot.memory.extraction.candidate import Candidate

_ONCE_TRUE = frozenset({FactStatus.ACTIVE, FactStatus.SUPERSEDED})

_TASTE = frozenset({"like", "dislike"})
"""Topics of which one overwrites the other when they have the same value."""


def news(
    candidates: Sequence[Candidate], facts: Sequence[Fact], turn: Turn
) -> tuple[Candidate, ...]:
    """Those of ``candidates``, which were found in ``turn``, that memory has not dealt with yet.

    ``facts`` are the person's facts of every status. What a fact of any status has as its evidence
    from this turn was learned before, and perhaps taken back since. What was said about the same
    thing later has more to say than an older turn: it is not overwritten, corrected or ended by it.
    """
    return tuple(
        candidate
        for candidate in candidates
        if not _was_learned(candidate, facts, turn)
        and not _is_outdated(candidate, facts, turn)
        and not _is_over_since(candidate, facts, turn)
    )


def _was_learned(candidate: Candidate, facts: Sequence[Fact], turn: Turn) -> bool:
    return any(
        candidate.quote in evidence.quote or evidence.quote in candidate.quote
        for fact in facts
        for evidence in fact.evidence
        if evidence.turn_id == turn.id
    )


def _is_outdated(candidate: Candidate, facts: Sequence[Fact], turn: Turn) -> bool:
    return any(
        _would_be_changed(candidate, fact)
        and (_was_said_after(fact, turn) or (candidate.ends and _ended_with(fact, turn)))
        for fact in facts
        if fact.status in _ONCE_TRUE
    )


def _is_over_since(candidate: Candidate, facts: Sequence[Fact], turn: Turn) -> bool:
    """Whether what the candidate says was true then, and has come to its end in the meantime.

    Nothing active need tell of that: what is over leaves nothing in its place.
    """
    same = [fact for fact in facts if _may_be_it(candidate, fact)]
    if any(fact.status is FactStatus.ACTIVE for fact in same):
        return False
    return any(
        fact.status is FactStatus.SUPERSEDED
        and fact.state.valid_to is not None
        and fact.state.valid_to > turn.received_at
        for fact in same
    )


def _may_be_it(candidate: Candidate, fact: Fact) -> bool:
    """Whether the fact says what the candidate says; of a slot, whatever its value."""
    if (candidate.slot, candidate.topic) != (fact.slot, fact.topic):
        return False
    if candidate.value is not None and fact.value is not None and candidate.slot is None:
        return candidate.value.casefold() == fact.value.casefold()
    return candidate.slot is not None or same_words(candidate.text, fact.text)


def _would_be_changed(candidate: Candidate, fact: Fact) -> bool:
    """Whether the candidate may overwrite, correct or end the fact."""
    if candidate.slot is not None:
        return fact.slot == candidate.slot
    if fact.slot is not None:
        return False
    meant = candidate.ends or candidate.corrects or candidate.replaces
    if meant and fact.topic == candidate.topic:
        return True
    if candidate.value is None or fact.value is None:
        return False
    opposed = {candidate.topic, fact.topic} == _TASTE
    return opposed and candidate.value.casefold() == fact.value.casefold()


def _was_said_after(fact: Fact, turn: Turn) -> bool:
    return max(evidence.said_at for evidence in fact.evidence) > turn.received_at


def _ended_with(fact: Fact, turn: Turn) -> bool:
    """Whether it was this turn that said that the fact is over: that leaves no evidence."""
    ended = fact.status is FactStatus.SUPERSEDED and fact.state.superseded_by is None
    return ended and fact.state.valid_to == turn.received_at
