"""Memory operations: the journal of every change to what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.compaction import JobId
from bot.domain.fact import Evidence, Fact, FactId, FactState
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId

OperationId = NewType("OperationId", str)


class OperationKind(StrEnum):
    """The ways in which memory changes. The first four are those of the founding text."""

    OVERWRITE = "overwrite"
    """A new value takes the place of an old one, which keeps the time in which it was true."""
    APPEND = "append"
    """A new fact beside the others."""
    INSERT = "insert"
    """A new fact at its place in an ordered list: plans and events by date."""
    ERASE = "erase"
    """A fact is over, or the person asked to forget it."""
    STRENGTHEN = "strengthen"
    """A fact was said again: more evidence, no new fact."""
    MERGE = "merge"
    """Facts that say the same became one, with the evidence of all."""
    EXPIRE = "expire"
    """Plans whose date has passed were closed."""
    FADE = "fade"
    """Strengths were computed anew."""
    PIN = "pin"
    UNPIN = "unpin"
    UNDO = "undo"


class Actor(StrEnum):
    """Who changed memory."""

    PERSON = "person"
    """By a command, or by asking for it in so many words."""
    EXTRACTION = "extraction"
    """Rules or a model that read what the person said."""
    ADMIN = "admin"
    COMPACTION = "compaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """One fact's state before and after an operation; ``before`` is None for a new fact.

    Holds no words, so the journal can stay when they are forgotten.
    """

    fact_id: FactId
    before: FactState | None
    after: FactState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOperation:
    """A journal entry: who changed what, when, why, and on what evidence.

    ``turn_id`` is the turn whose words led to it, ``job_id`` the compaction that made it.
    ``undoes`` names the operation that this one took back. ``detail`` holds counts, never text.
    """

    id: OperationId
    person_id: PersonId
    kind: OperationKind
    actor: Actor
    reason: str
    happened_at: datetime
    turn_id: TurnId | None = None
    changes: tuple[FactChange, ...] = ()
    undoes: OperationId | None = None
    job_id: JobId | None = None
    detail: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPatch:
    """A change of one person's memory, to be stored as a whole.

    ``added`` are new facts, in the state in which they begin. ``support`` is new evidence for
    facts that exist, ``unsupport`` evidence that they lose, because a merge was taken back. The
    changes of existing facts stand in ``operations``.
    """

    added: tuple[Fact, ...] = ()
    support: tuple[tuple[FactId, Evidence], ...] = ()
    unsupport: tuple[tuple[FactId, Evidence], ...] = ()
    operations: tuple[MemoryOperation, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.support or self.unsupport or self.operations)
