"""Repositories of what is derived from turns: facts, the journal, traces, vectors; and of links.

Used inside a unit of work; see :mod:`bot.ports.storage`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bot.domain.compaction import JobId
from bot.domain.conversation import Scope
from bot.domain.fact import Evidence, Fact, FactId, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.link import LinkCode
from bot.domain.operation import MemoryOperation, OperationId
from bot.domain.turn import Turn, TurnId, TurnTrace

_STORED = np.dtype("<f2")


class FactRepository(Protocol):
    """Facts derived from turns."""

    async def begin_change(self, person_id: PersonId) -> int:
        """Hold off other changes of this person's facts until the unit of work ends.

        Returns the number that their next fact gets. Facts read afterwards are the newest.
        """

    async def add(self, fact: Fact) -> None:
        """Store a new fact with its evidence. Its number must not be taken."""

    async def set_state(self, fact_id: FactId, state: FactState) -> None:
        """Put a fact into another state. Nothing happens when it is gone."""

    async def add_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Add evidence to a fact, once for each turn. Nothing happens when the fact is gone."""

    async def remove_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Take evidence with this turn and quote from a fact again, unless it is its only one."""

    async def of(self, scope: Scope, statuses: Collection[FactStatus]) -> tuple[Fact, ...]:
        """The facts in one of ``statuses`` that the scope admits, by number. Evidence by date."""

    async def mark_used(self, fact_ids: Collection[FactId], *, at: datetime) -> None:
        """Note that facts helped to answer, and count it."""

    async def erase(self, person_id: PersonId, fact_ids: Collection[FactId]) -> int:
        """Remove facts of this person and their evidence; returns how many there were."""

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every fact of a person; returns how many there were."""


class OperationRepository(Protocol):
    """The journal of memory operations."""

    async def append(self, operation: MemoryOperation) -> None:
        """Write an entry."""

    async def of_person(
        self, person_id: PersonId, *, latest: int | None = None
    ) -> tuple[MemoryOperation, ...]:
        """Entries about a person, oldest first: all, or the ``latest`` ones."""

    async def of_job(self, job_id: JobId) -> tuple[MemoryOperation, ...]:
        """What a compaction did, oldest first."""

    async def undone(self, person_id: PersonId) -> frozenset[OperationId]:
        """The operations that were taken back."""


class TraceRepository(Protocol):
    """What was in each turn's prompt."""

    async def save(self, trace: TurnTrace) -> None:
        """Store the trace of a turn, replacing an earlier one of the same turn."""

    async def get(self, scope: Scope, turn_id: TurnId) -> TurnTrace | None:
        """The trace of a turn that the scope admits, or None."""

    async def of(self, scope: Scope) -> tuple[TurnTrace, ...]:
        """The traces of all turns that the scope admits, by turn number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnVector:
    """What an encoder made of a turn.

    ``data`` holds float16 numbers, little endian: half the bytes, and no difference for recall.
    """

    turn_id: TurnId
    person_id: PersonId
    model: str
    data: bytes

    @classmethod
    def of(cls, turn: Turn, model: str, numbers: NDArray[np.float32]) -> Self:
        """The vector of a turn."""
        data = numbers.astype(_STORED).tobytes()
        return cls(turn_id=turn.id, person_id=turn.person_id, model=model, data=data)

    @property
    def numbers(self) -> NDArray[np.float16]:
        """The vector to compute with."""
        return np.frombuffer(self.data, dtype=_STORED).astype(np.float16, copy=False)


class VectorRepository(Protocol):
    """Vectors of turns, for the dense part of recall."""

    async def put(self, vectors: Sequence[TurnVector]) -> None:
        """Store vectors, replacing earlier ones of the same turns.

        Turns that are gone are left out.
        """

    async def of_person(
        self, person_id: PersonId, model: str, *, after_number: int
    ) -> tuple[TurnVector, ...]:
        """One model's vectors of this person's turns with a greater number, by number.

        For the person's index only, which holds no text; what is recalled through it is read
        again under a scope.
        """

    async def missing(self, person_id: PersonId, model: str, *, limit: int) -> tuple[TurnId, ...]:
        """This person's latest remembered turns without a vector of this model, newest first."""


class LinkRepository(Protocol):
    """One-time codes by which a person links a second identity."""

    async def issue(self, code: LinkCode) -> None:
        """Store a code, replacing this person's earlier ones."""

    async def issued_since(self, person_id: PersonId, since: datetime) -> int:
        """How many codes this person asked for since then, replaced and redeemed ones included."""

    async def redeem(self, digest: str, *, now: datetime) -> PersonId | None:
        """Use a code up; returns whose it is. None when there is none, or it has expired.

        Of two that redeem one code at once, one gets it.
        """

    async def note_failure(self, person_id: PersonId, *, at: datetime) -> None:
        """Remember that this person tried a code that does not exist."""

    async def failures_since(self, person_id: PersonId, since: datetime) -> int:
        """How many wrong codes this person tried since then."""
