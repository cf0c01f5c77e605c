"""What is derived from turns, in memory: facts, the journal, traces and vectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.compaction import JobId
from bot.domain.conversation import Scope
from bot.domain.fact import Evidence, Fact, FactId, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.operation import MemoryOperation, OperationId
from bot.domain.turn import Turn, TurnId, TurnTrace
from bot.errors import StorageError
from bot.ports.memory_storage import TurnVector
from storage.inmemory_state import State


class InMemoryFactRepository:
    """:class:`~bot.ports.memory_storage.FactRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def begin_change(self, person_id: PersonId) -> int:
        """The next number. Other changes wait in any case: one unit of work is open at a time."""
        if person_id not in self._state.persons:
            message = "Only the facts of a person who exists can be changed."
            raise StorageError(message)
        return self._state.persons[person_id].last_fact_number + 1

    async def add(self, fact: Fact) -> None:
        """Store a new fact with its evidence."""
        owner = self._state.persons.get(fact.person_id)
        taken = {known.number for known in self._of(fact.person_id)}
        if owner is None or fact.id in self._state.facts or fact.number in taken:
            message = "A fact needs a person that exists, and an id and a number of its own."
            raise StorageError(message)
        self._check(*fact.evidence)
        self._state.facts[fact.id] = fact
        last = max(owner.last_fact_number, fact.number)
        self._state.persons[fact.person_id] = replace(owner, last_fact_number=last)

    async def set_state(self, fact_id: FactId, state: FactState) -> None:
        """Put a fact into another state. Nothing happens when it is gone."""
        if (fact := self._state.facts.get(fact_id)) is not None:
            self._state.facts[fact_id] = fact.in_state(state)

    async def add_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Add evidence to a fact, once for each turn. Nothing happens when the fact is gone."""
        fact = self._state.facts.get(fact_id)
        if fact is None:
            return
        self._check(evidence)
        turns = {known.turn_id for known in fact.evidence}
        if evidence.turn_id is None or evidence.turn_id not in turns:
            self._state.facts[fact_id] = replace(fact, evidence=(*fact.evidence, evidence))

    async def remove_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Take evidence with this turn and quote from a fact again, unless it is its only one."""
        fact = self._state.facts.get(fact_id)
        if fact is None or len(fact.evidence) == 1:
            return
        said = [(known.turn_id, known.quote) for known in fact.evidence]
        if (sought := (evidence.turn_id, evidence.quote)) in said:
            # Typed words have no turn, and may have been typed twice: the later ones go.
            place = len(said) - 1 - said[::-1].index(sought)
            left = fact.evidence[:place] + fact.evidence[place + 1 :]
            self._state.facts[fact_id] = replace(fact, evidence=left)

    async def of(self, scope: Scope, statuses: Collection[FactStatus]) -> tuple[Fact, ...]:
        """The facts in one of ``statuses`` that the scope admits, by number. Evidence by date."""
        admitted = [
            replace(fact, evidence=evidence)
            for fact in self._of(scope.person_id)
            if fact.status in statuses and scope.admits(fact.audience)
            if (evidence := self._state.evidence_for(scope, fact))
        ]
        return tuple(sorted(admitted, key=lambda fact: fact.number))

    async def mark_used(self, fact_ids: Collection[FactId], *, at: datetime) -> None:
        """Note that facts helped to answer, and count it."""
        for fact_id in set(fact_ids):
            if (fact := self._state.facts.get(fact_id)) is not None:
                used = replace(fact, last_used_at=at, use_count=fact.use_count + 1)
                self._state.facts[fact_id] = used

    async def erase(self, person_id: PersonId, fact_ids: Collection[FactId]) -> int:
        """Remove facts of this person and their evidence; returns how many there were."""
        theirs = [fact.id for fact in self._of(person_id) if fact.id in fact_ids]
        for fact_id in theirs:
            del self._state.facts[fact_id]
        return len(theirs)

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every fact of a person and its evidence; returns how many there were."""
        return await self.erase(person_id, {fact.id for fact in self._of(person_id)})

    def _check(self, *evidence: Evidence) -> None:
        if not {said.turn_id for said in evidence} <= {None, *self._state.turns}:
            message = "What supports a fact was said in a turn that exists, or typed."
            raise StorageError(message)

    def _of(self, person_id: PersonId) -> list[Fact]:
        return [fact for fact in self._state.facts.values() if fact.person_id == person_id]


class InMemoryOperationRepository:
    """:class:`~bot.ports.memory_storage.OperationRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def append(self, operation: MemoryOperation) -> None:
        """Write an entry."""
        self._state.operations.append(operation)

    async def of_person(
        self, person_id: PersonId, *, latest: int | None = None
    ) -> tuple[MemoryOperation, ...]:
        """Entries about a person, oldest first: all, or the ``latest`` ones."""
        theirs = [entry for entry in self._state.operations if entry.person_id == person_id]
        entries = sorted(theirs, key=lambda entry: entry.happened_at)
        skipped = 0 if latest is None else max(len(entries) - max(latest, 0), 0)
        return tuple(entries[skipped:])

    async def of_job(self, job_id: JobId) -> tuple[MemoryOperation, ...]:
        """What a compaction did, oldest first."""
        return tuple(entry for entry in self._state.operations if entry.job_id == job_id)

    async def undone(self, person_id: PersonId) -> frozenset[OperationId]:
        """The operations that were taken back."""
        entries = [entry for entry in self._state.operations if entry.person_id == person_id]
        return frozenset(entry.undoes for entry in entries if entry.undoes is not None)


class InMemoryTraceRepository:
    """:class:`~bot.ports.memory_storage.TraceRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def save(self, trace: TurnTrace) -> None:
        """Store the trace of a turn, replacing an earlier one of the same turn."""
        stored = self._state.turns.get(trace.turn_id)
        if stored is None:
            message = "A trace needs a turn that exists."
            raise StorageError(message)
        # Whose the turn is now: people may have become one while it was answered.
        self._state.traces[trace.turn_id] = replace(trace, person_id=stored.turn.person_id)

    async def get(self, scope: Scope, turn_id: TurnId) -> TurnTrace | None:
        """The trace of a turn that the scope admits, or None."""
        stored = self._state.turns.get(turn_id)
        if stored is None or not self._state.shows(scope, stored.turn):
            return None
        return self._state.traces.get(turn_id)

    async def of(self, scope: Scope) -> tuple[TurnTrace, ...]:
        """The traces of all turns that the scope admits, by turn number."""
        visible = [
            stored.turn
            for turn_id, stored in self._state.turns.items()
            if turn_id in self._state.traces and self._state.shows(scope, stored.turn)
        ]
        return tuple(
            self._state.traces[turn.id] for turn in sorted(visible, key=lambda turn: turn.number)
        )


class InMemoryVectorRepository:
    """:class:`~bot.ports.memory_storage.VectorRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def put(self, vectors: Sequence[TurnVector]) -> None:
        """Store vectors, replacing earlier ones of the same turns."""
        for vector in vectors:
            if (stored := self._state.turns.get(vector.turn_id)) is not None:
                # Whose the turn is now: people may have become one meanwhile.
                owned = replace(vector, person_id=stored.turn.person_id)
                self._state.vectors[vector.turn_id] = owned

    async def of_person(
        self, person_id: PersonId, model: str, *, after_number: int
    ) -> tuple[TurnVector, ...]:
        """One model's vectors of this person's turns with a greater number, by number."""
        found = [self._vector(turn, model) for turn in self._turns(person_id, after_number)]
        return tuple(vector for vector in found if vector is not None)

    async def missing(self, person_id: PersonId, model: str, *, limit: int) -> tuple[TurnId, ...]:
        """This person's latest remembered turns without a vector of this model, newest first."""
        bare = [
            turn.id
            for turn in reversed(self._turns(person_id))
            if not turn.unremembered and self._vector(turn, model) is None
        ]
        return tuple(bare[: max(limit, 0)])

    def _turns(self, person_id: PersonId, after_number: int = 0) -> list[Turn]:
        turns = [stored.turn for stored in self._state.turns.values()]
        theirs = [
            turn for turn in turns if turn.person_id == person_id and turn.number > after_number
        ]
        return sorted(theirs, key=lambda turn: turn.number)

    def _vector(self, turn: Turn, model: str) -> TurnVector | None:
        vector = self._state.vectors.get(turn.id)
        return vector if vector is not None and vector.model == model else None
