"""Resets: an admin has what was said in a place set aside, and erased when the grace is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.conversation import Audience, Visibility
from bot.domain.identity import PersonId, TenantId

ResetId = NewType("ResetId", str)


class ResetStatus(StrEnum):
    """How far a reset has come."""

    PENDING = "pending"
    """What it concerns is set aside, and can be brought back."""
    ERASING = "erasing"
    """It is being erased; what is left of it is set aside."""
    DONE = "done"
    UNDONE = "undone"
    """Everything is there again."""


HIDING = frozenset({ResetStatus.PENDING, ResetStatus.ERASING})
"""While a reset is in one of these, what it concerns is seen by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetCounts:
    """How much a reset concerns, or has erased."""

    people: int = 0
    turns: int = 0
    facts: int = 0
    episodes: int = 0

    def __bool__(self) -> bool:
        return bool(self.turns or self.facts or self.episodes)

    def __add__(self, other: ResetCounts) -> ResetCounts:
        return ResetCounts(
            people=self.people + other.people,
            turns=self.turns + other.turns,
            facts=self.facts + other.facts,
            episodes=self.episodes + other.episodes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """What was said in channels of one tenant until ``requested_at``, and what became of it.

    Of one person, or with None of everybody; in the channel with the name that audiences give it,
    or with None in all of them. ``requested_by`` names an admin's account. ``planned`` is how much
    it concerned in the beginning.
    """

    id: ResetId
    tenant_id: TenantId
    person_id: PersonId | None = None
    channel: str | None = None
    requested_by: str
    requested_at: datetime
    erase_at: datetime
    status: ResetStatus = ResetStatus.PENDING
    finished_at: datetime | None = None
    planned: ResetCounts = field(default_factory=ResetCounts)
    erased: ResetCounts = field(default_factory=ResetCounts)

    @property
    def hides(self) -> bool:
        """Whether what it concerns is set aside."""
        return self.status in HIDING

    def concerns(self, person_id: PersonId, audience: Audience, said_at: datetime) -> bool:
        """Whether it is about words of that person, spoken to that audience at that time.

        Never about direct messages, also where the platform has them belong to a tenant.
        """
        return (
            audience.visibility is not Visibility.DIRECT
            and audience.tenant_id == self.tenant_id
            and said_at <= self.requested_at
            and self.person_id in (None, person_id)
            and self.channel in (None, audience.channel)
        )
