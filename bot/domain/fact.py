"""Facts: dated statements of a person about themselves, and the words that support them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self

from bot.domain.conversation import Audience
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId

FactId = NewType("FactId", str)


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
    """Something newer took its place, or it came to its end."""
    RETRACTED = "retracted"
    """Taken back: it should never have been a fact."""
    QUARANTINED = "quarantined"
    """Kept from prompts because it reads like an attempt to instruct Ellie."""
    MERGED = "merged"
    """Another fact says the same and has taken over its evidence. Its words are still true."""
    EXPIRED = "expired"
    """A plan whose date has passed. It was true, and its words may be recalled."""


class FactSource(StrEnum):
    """How a fact came to be. Its words are the person's own in every case."""

    RULE = "rule"
    MODEL = "model"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The person's own words that support a fact.

    ``quote`` is an exact span of the turn ``turn_id``, or what was typed into a command, which
    is no turn.
    """

    quote: str
    turn_id: TurnId | None
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FactState:
    """What about a fact changes. Its words never do: an edit is a new fact in place of the old.

    ``strength`` is from 1, just said, to 0, faded: see :mod:`bot.memory.strength`.
    """

    status: FactStatus = FactStatus.ACTIVE
    valid_to: datetime | None = None
    superseded_by: FactId | None = None
    strength: float = 1.0
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One atomic, dated statement about its owner, in the owner's own words.

    ``number`` counts this person's facts from 1: the short id that people see and type.
    ``slot`` names a property that has one value at a time (name, city, job …), ``topic`` one that
    has many (allergy, pet:dog …); ``value`` is the bare value of either. ``valid_from`` and
    ``state.valid_to`` bound the time in which the statement was true. ``occurs_from`` and
    ``occurs_until`` say when a plan or an event takes place. ``conflicts_with`` names a fact that
    may contradict this one, when Ellie could not tell. ``use_count`` is how often it helped to
    answer, ``last_used_at`` when it last did.
    """

    id: FactId
    person_id: PersonId
    audience: Audience
    number: int
    kind: FactKind
    text: str
    evidence: tuple[Evidence, ...]
    valid_from: datetime
    slot: str | None = None
    topic: str | None = None
    value: str | None = None
    occurs_from: datetime | None = None
    occurs_until: datetime | None = None
    confidence: float = 1.0
    source: FactSource = FactSource.RULE
    conflicts_with: FactId | None = None
    last_used_at: datetime | None = None
    use_count: int = 0
    state: FactState = FactState()

    def __post_init__(self) -> None:
        if not self.evidence:
            msg = "a fact needs the words that support it"
            raise ValueError(msg)

    @property
    def status(self) -> FactStatus:
        """Whether it may be used."""
        return self.state.status

    @property
    def learned_at(self) -> datetime:
        """When its first evidence was said."""
        return self.evidence[0].said_at

    def is_current(self, now: datetime) -> bool:
        """Whether it may enter a prompt at ``now``: active, and not past its time."""
        ended = self.state.valid_to is not None and self.state.valid_to <= now
        return self.state.status is FactStatus.ACTIVE and not ended

    def in_state(self, state: FactState) -> Self:
        """The same fact in another state."""
        return replace(self, state=state)
