"""One inbound message and the reply to it: the unit of storage, order and recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.conversation import Audience, ConversationId
from bot.domain.identity import PersonId
from bot.domain.shown import Shown

TurnId = NewType("TurnId", str)


class TurnStatus(StrEnum):
    """How far a turn has come. Every accepted turn ends in one of the other three."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    CANCELLED = "cancelled"
    """The person stopped the reply; what was written until then is kept."""
    FAILED = "failed"


class FailureReason(StrEnum):
    """Why a turn has no reply."""

    INTERRUPTED = "interrupted"
    """The process ended before the reply was saved."""
    TOO_LONG = "too_long"
    """The message alone does not fit the model's window."""
    TIMEOUT = "timeout"
    BUSY = "busy"
    MODEL = "model"
    """The model could not be loaded or its engine failed."""
    NOTHING_SAID = "nothing_said"
    """The model ended without a word, or used all its tokens up in thinking."""
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one person said, and what Ellie answered.

    ``number`` counts this person's turns from 1 in the order in which they were accepted.
    ``unremembered`` turns were said while memory was paused: they belong to their conversation
    and are never recalled later, and nothing is learned from them.
    """

    id: TurnId
    person_id: PersonId
    conversation_id: ConversationId
    audience: Audience
    event_key: str
    number: int
    text: str
    received_at: datetime
    status: TurnStatus = TurnStatus.ACCEPTED
    reply: str = ""
    finished_at: datetime | None = None
    failure: FailureReason | None = None
    shown: tuple[Shown, ...] = ()
    unremembered: bool = False

    def __post_init__(self) -> None:
        if (self.status is TurnStatus.FAILED) is not (self.failure is not None):
            msg = "a turn has a failure exactly when it failed"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTurn:
    """A turn about to be accepted; storage gives it its number.

    ``worker`` and ``lease_until`` say which process answers it and until when that process may be
    believed to be alive; it renews the lease while it works.
    """

    id: TurnId
    person_id: PersonId
    conversation_id: ConversationId
    audience: Audience
    event_key: str
    text: str
    received_at: datetime
    worker: str
    lease_until: datetime
    shown: tuple[Shown, ...] = ()
    unremembered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """How a turn ended."""

    status: TurnStatus
    finished_at: datetime
    reply: str = ""
    failure: FailureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTurn:
    """A turn that some process has accepted and not finished. Holds no text."""

    turn_id: TurnId
    worker: str
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceItem:
    """One thing considered for a prompt: what it was, its score parts, what became of it."""

    kind: str
    """``fact`` (in the memory block), ``fresh`` (a fact beside the question), ``loop`` (a recent
    turn), ``recalled`` (an older one), ``episode`` (a summary in the memory block) or ``note``
    (that memory has no answer)."""
    item_id: str
    tokens: int
    included: bool
    reason: str = ""
    """Why it was left out; empty when it was included."""
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTrace:
    """What was in the prompt of a turn and how long each step took. Holds ids, never text."""

    turn_id: TurnId
    person_id: PersonId
    model: str
    prompt_tokens: int
    reply_tokens: int
    finish_reason: str
    items: tuple[TraceItem, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
