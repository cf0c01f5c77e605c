"""The memory operations: overwrite, append, insert, erase; and undo for each.

The only place where memory changes. Every operation is written into the journal as the states of
facts before and after, without their words, and so it can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.compaction import JobId
from bot.domain.conversation import Audience
from bot.domain.fact import Evidence, Fact, FactId, FactSource, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.operation import (
    Actor,
    FactChange,
    MemoryOperation,
    MemoryPatch,
    OperationId,
    OperationKind,
)
from bot.domain.turn import TurnId
from bot.memory.extraction.rules import extract
from bot.memory.quarantine import reads_like_injection


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContext:
    """Who changes whose memory, when, and in front of whom it was said.

    ``next_number`` is the number that the next new fact gets; ``turn_id`` the turn whose words
    lead to the change, None for a command. ``source`` is how its new facts came to be. ``now`` is
    when it was said; ``recorded_at`` when the change is made, if that is later. ``job_id`` is the
    compaction that makes it.
    """

    person_id: PersonId
    audience: Audience
    actor: Actor
    now: datetime
    new_id: Callable[[], str]
    next_number: int
    turn_id: TurnId | None = None
    source: FactSource = FactSource.RULE
    recorded_at: datetime | None = None
    job_id: JobId | None = None


class MemoryChange:
    """A change in the making. It sees its own effects: :attr:`facts` are the active ones so far."""

    def __init__(self, facts: Iterable[Fact], context: ChangeContext) -> None:
        self.context = context
        self._facts: dict[FactId, Fact] = {
            fact.id: fact for fact in facts if fact.status is FactStatus.ACTIVE
        }
        self._added: dict[FactId, Fact] = {}
        self._states: dict[FactId, FactState] = {}
        self._support: list[tuple[FactId, Evidence]] = []
        self._unsupport: list[tuple[FactId, Evidence]] = []
        self._operations: list[MemoryOperation] = []

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts that are active after what was done so far, by number."""
        return tuple(sorted(self._facts.values(), key=lambda fact: fact.number))

    @property
    def next_number(self) -> int:
        """The number of the next new fact."""
        return self.context.next_number + len(self._added)

    def as_it_is(self, fact: Fact) -> Fact:
        """``fact`` in the state that it has after what was done so far."""
        return fact.in_state(self._states.get(fact.id, fact.state))

    def append(self, fact: Fact, reason: str) -> None:
        """A new fact beside the others."""
        self._note(OperationKind.APPEND, reason, [self._begin(fact)])

    def insert(self, fact: Fact, reason: str) -> None:
        """A new fact at its place among those that are ordered by when they occur."""
        later = [f for f in self.facts if _occurs_before(f, fact)]
        changes = [self._begin(fact)]
        self._note(OperationKind.INSERT, reason, changes, {"position": len(later) + 1})

    def overwrite(self, old: Sequence[Fact], fact: Fact, reason: str) -> None:
        """A new fact in place of others, which stay with the time in which they were true."""
        ended = [self._end(o, at=fact.valid_from, by=fact.id) for o in old]
        self._note(OperationKind.OVERWRITE, reason, [*ended, self._begin(fact)])

    def erase(self, old: Sequence[Fact], reason: str) -> None:
        """Facts that are over, without anything in their place."""
        ended = [self._end(fact, at=self.context.now, by=None) for fact in old]
        self._note(OperationKind.ERASE, reason, ended)

    def strengthen(self, fact: Fact, evidence: Evidence, reason: str) -> None:
        """A fact was said again. Nothing happens when it stands on words of that turn already."""
        given = [known for fact_id, known in self._support if fact_id == fact.id]
        turns = {known.turn_id for known in (*fact.evidence, *given)}
        # Storage has one piece of evidence for each turn. Undo would take the first one away.
        if evidence.turn_id is not None and evidence.turn_id in turns:
            return
        self._support.append((fact.id, evidence))
        fresh = replace(fact.state, strength=1.0)
        self._note(OperationKind.STRENGTHEN, reason, [self._move(fact, fresh)])

    def merge(self, keep: Fact, duplicates: Sequence[Fact], reason: str) -> None:
        """One fact takes over the evidence, and the pin, of others that say the same."""
        known = {_mark(evidence) for evidence in keep.evidence}
        turns = {evidence.turn_id for evidence in keep.evidence if evidence.turn_id is not None}
        for evidence in (e for fact in duplicates for e in fact.evidence):
            if evidence.turn_id in turns or _mark(evidence) in known:
                continue
            self._support.append((keep.id, evidence))
            known.add(_mark(evidence))
            if evidence.turn_id is not None:
                turns.add(evidence.turn_id)
        pinned = keep.state.pinned or any(fact.state.pinned for fact in duplicates)
        ended = [
            self._move(fact, replace(fact.state, status=FactStatus.MERGED, superseded_by=keep.id))
            for fact in duplicates
        ]
        kept = self._move(keep, replace(keep.state, pinned=pinned))
        self._note(OperationKind.MERGE, reason, [*ended, kept])

    def expire(self, plans: Sequence[Fact], reason: str) -> None:
        """Plans whose date has passed. They keep the time in which they were plans."""
        ended = [self._move(plan, replace(plan.state, status=FactStatus.EXPIRED)) for plan in plans]
        self._note(OperationKind.EXPIRE, reason, ended)

    def fade(self, strengths: Sequence[tuple[Fact, float]], reason: str) -> None:
        """New strengths."""
        moved = [
            self._move(fact, replace(fact.state, strength=strength)) for fact, strength in strengths
        ]
        self._note(OperationKind.FADE, reason, moved)

    def restate(self, kind: OperationKind, fact: Fact, state: FactState, reason: str) -> None:
        """Put one fact into another state."""
        self._note(kind, reason, [self._move(fact, state)])

    def patch(self) -> MemoryPatch:
        """What has to be stored."""
        return MemoryPatch(
            added=tuple(self._added.values()),
            support=tuple(self._support),
            unsupport=tuple(self._unsupport),
            operations=tuple(self._operations),
        )

    def _begin(self, fact: Fact) -> FactChange:
        self._added[fact.id] = fact
        if fact.status is FactStatus.ACTIVE:
            self._facts[fact.id] = fact
        return FactChange(fact_id=fact.id, before=None, after=fact.state)

    def _end(self, fact: Fact, *, at: datetime, by: FactId | None) -> FactChange:
        ended = replace(
            fact.state,
            status=FactStatus.SUPERSEDED,
            valid_to=max(at, fact.valid_from),
            superseded_by=by,
        )
        return self._move(fact, ended)

    def _move(self, fact: Fact, state: FactState) -> FactChange:
        moved = fact.in_state(state)
        self._states[fact.id] = state
        if moved.status is FactStatus.ACTIVE:
            self._facts[fact.id] = moved
        else:
            self._facts.pop(fact.id, None)
        return FactChange(fact_id=fact.id, before=fact.state, after=state)

    def _note(
        self,
        kind: OperationKind,
        reason: str,
        changes: Sequence[FactChange],
        detail: Mapping[str, int] | None = None,
        undoes: OperationId | None = None,
    ) -> None:
        self._operations.append(
            MemoryOperation(
                id=OperationId(self.context.new_id()),
                person_id=self.context.person_id,
                kind=kind,
                actor=self.context.actor,
                reason=reason,
                happened_at=self.context.recorded_at or self.context.now,
                turn_id=self.context.turn_id,
                changes=tuple(changes),
                undoes=undoes,
                job_id=self.context.job_id,
                detail=detail or {},
            )
        )

    def undo(self, operation: MemoryOperation, facts: Iterable[Fact]) -> None:
        """Put the facts that ``operation`` changed back into their earlier states.

        What it added is retracted, and evidence that it gave to others goes. A fact that is gone,
        or has changed again since, stays as it is; so does one that was merged into another that
        is not true any more. Strength changes by itself and does not count; what it became since
        stays. Nothing is noted when nothing can be put back.
        """
        known = {fact.id: fact for fact in facts}
        changes = []
        for change in reversed(operation.changes):
            fact = known.get(change.fact_id)
            if fact is None or not _is_alike(fact.state, change.after):
                continue
            if fact.status is FactStatus.MERGED and not _is_active(fact.state.superseded_by, known):
                continue
            before = change.before or replace(fact.state, status=FactStatus.RETRACTED)
            if fact.state.strength != change.after.strength:
                before = replace(before, strength=fact.state.strength)
            unsupport = self._given_by(operation, change, known)
            if before == fact.state and not unsupport:
                continue
            self._unsupport += unsupport
            changes.append(self._move(fact, before))
            known[fact.id] = fact.in_state(before)
        changes += self._make_way(known, {change.fact_id for change in changes})
        if changes:
            self._note(OperationKind.UNDO, "taken back", changes, undoes=operation.id)

    def _given_by(
        self, operation: MemoryOperation, change: FactChange, known: Mapping[FactId, Fact]
    ) -> list[tuple[FactId, Evidence]]:
        """The evidence that a repetition added to a fact, or that a merge copied from it."""
        fact = known[change.fact_id]
        if operation.kind is OperationKind.STRENGTHEN and operation.turn_id is not None:
            said = [e for e in fact.evidence if e.turn_id == operation.turn_id]
            return [(fact.id, e) for e in said if len(fact.evidence) > 1]
        keeper = known.get(change.after.superseded_by) if change.after.superseded_by else None
        if operation.kind is OperationKind.MERGE and keeper is not None:
            own = {_mark(evidence) for evidence in fact.evidence}
            return [(keeper.id, e) for e in keeper.evidence if _mark(e) in own]
        return []

    def _make_way(self, known: Mapping[FactId, Fact], back: Collection[FactId]) -> list[FactChange]:
        """End other values of the slots that got an earlier one back: a slot has one."""
        active = [fact for fact in known.values() if fact.status is FactStatus.ACTIVE]
        restored = {fact.slot: fact for fact in active if fact.slot and fact.id in back}
        return [
            self._end(fact, at=self.context.now, by=restored[fact.slot].id)
            for fact in active
            if fact.slot in restored
            and fact.id not in back
            and not _have_one_value(fact, restored[fact.slot])
        ]


def _mark(evidence: Evidence) -> tuple[TurnId | None, str, datetime | None]:
    """What tells one piece of evidence from another."""
    said_at = evidence.said_at if evidence.turn_id is None else None
    return evidence.turn_id, evidence.quote, said_at


def _is_alike(one: FactState, other: FactState) -> bool:
    return replace(one, strength=other.strength) == other


def _is_active(fact_id: FactId | None, known: Mapping[FactId, Fact]) -> bool:
    fact = known.get(fact_id) if fact_id is not None else None
    return fact is not None and fact.status is FactStatus.ACTIVE


def _have_one_value(one: Fact, other: Fact) -> bool:
    return (one.value or "").casefold() == (other.value or "").casefold()


def edited(fact: Fact, text: str, context: ChangeContext) -> MemoryPatch:
    """The person puts their own words in place of a fact's.

    The new fact keeps its kind, place, audience and pin, and stands on what was typed. Its bare
    value is what rules find for the same place in it, if anything. Words that read like an
    instruction to Ellie are quarantined, as they would be in a message.
    """
    change = MemoryChange([fact], context)
    status = FactStatus.QUARANTINED if reads_like_injection(text) else FactStatus.ACTIVE
    new = replace(
        fact,
        id=FactId(context.new_id()),
        number=change.next_number,
        text=text,
        value=_value_in(text, fact, context.now),
        evidence=(Evidence(quote=text, turn_id=None, said_at=context.now),),
        valid_from=context.now,
        occurs_from=None,
        occurs_until=None,
        confidence=1.0,
        source=FactSource.COMMAND,
        conflicts_with=None,
        state=FactState(status=status, pinned=fact.state.pinned),
    )
    change.overwrite([fact], new, "edited")
    return change.patch()


def _value_in(text: str, fact: Fact, now: datetime) -> str | None:
    found = extract(text, now)
    place = (fact.slot, fact.topic)
    return next((c.value for c in found if (c.slot, c.topic) == place), None)


def pinned(fact: Fact, context: ChangeContext, *, pin: bool) -> MemoryPatch:
    """A pinned fact is in every prompt that has room for it."""
    change = MemoryChange([fact], context)
    kind = OperationKind.PIN if pin else OperationKind.UNPIN
    change.restate(kind, fact, replace(fact.state, pinned=pin), "asked for")
    return change.patch()


def undone(
    operation: MemoryOperation, facts: Iterable[Fact], context: ChangeContext
) -> MemoryPatch:
    """Take an operation back; an empty patch when there is nothing left to put back.

    ``facts`` are this person's facts of every status.
    """
    change = MemoryChange((), context)
    change.undo(operation, facts)
    return change.patch()


def undone_job(
    operations: Iterable[MemoryOperation],
    facts: Iterable[Fact],
    context: ChangeContext,
    gone: Collection[OperationId] = frozenset(),
) -> MemoryPatch:
    """Take back all ``operations`` of a compaction (oldest first), the newest first.

    Those in ``gone`` were taken back before. ``facts`` are this person's facts of every status.
    """
    change = MemoryChange((), context)
    known = {fact.id: fact for fact in facts}
    for operation in reversed(list(operations)):
        if operation.id in gone or operation.kind is OperationKind.UNDO:
            continue
        change.undo(operation, known.values())
        known = {fact.id: change.as_it_is(fact) for fact in known.values()}
    return change.patch()


def _occurs_before(one: Fact, other: Fact) -> bool:
    if one.occurs_from is None or other.occurs_from is None:
        return False
    return one.occurs_from <= other.occurs_from
