"""What is remembered: facts, operations on them, and the working memory of one turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.conversation import Audience, Scope
from bot.domain.identity import Person, PersonId
from bot.domain.turn import Turn, TurnId

FactId = NewType("FactId", str)
OperationId = NewType("OperationId", str)


class FactKind(StrEnum):
    """What sort of statement a fact is."""

    IDENTITY = "identity"
    PREFERENCE = "preference"
    INSTRUCTION = "instruction"
    RELATION = "relation"
    EVENT = "event"
    PLAN = "plan"


class FactStatus(StrEnum):
    """Whether a fact may be used. Only active facts enter prompts."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One atomic, dated statement about its owner, in the owner's own words.

    ``quote`` is the exact span of the turn ``source_turn_id`` that supports it. ``slot`` names a
    property that has one value at a time (name, city, job …) and is None for everything else.
    ``valid_from``/``valid_to`` bound the time in which the statement was true.
    """

    id: FactId
    person_id: PersonId
    audience: Audience
    kind: FactKind
    text: str
    quote: str
    source_turn_id: TurnId
    valid_from: datetime
    slot: str | None = None
    confidence: float = 1.0
    status: FactStatus = FactStatus.ACTIVE
    valid_to: datetime | None = None
    strength: float = 1.0
    last_used_at: datetime | None = None
    pinned: bool = False


class OperationKind(StrEnum):
    """The ways in which memory changes."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    INSERT = "insert"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOperation:
    """A journal entry: who changed what, and why. ``detail`` holds ids and counts, never text."""

    id: OperationId
    person_id: PersonId
    kind: OperationKind
    actor: str
    reason: str
    happened_at: datetime
    detail: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledTurn:
    """An older turn that recall chose for this one, with the parts of its score."""

    turn: Turn
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingMemory:
    """Everything loaded for one turn: rebuilt from storage each time, bounded by the prompt budget.

    ``loop`` is the phonological loop: the latest turns of this conversation, oldest first.
    ``recalled`` is the episodic buffer: older turns, best first.
    """

    person: Person
    scope: Scope
    facts: tuple[Fact, ...] = ()
    loop: tuple[Turn, ...] = ()
    recalled: tuple[RecalledTurn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySummary:
    """What is stored about a person, for that person to see."""

    person: Person
    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...]
    turn_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedMemory:
    """How much was erased.

    ``scrubbed`` is False when another program kept the database's files from being overwritten:
    the rows are gone, and what the files still hold of them is overwritten later.
    """

    turns: int
    facts: int
    scrubbed: bool = True
