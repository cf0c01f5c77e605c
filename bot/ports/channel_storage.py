"""Repositories of chat platforms: when Ellie answers, where replies are shown, what came of them.

Used inside a unit of work; see :mod:`bot.ports.storage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.conversation import Scope
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.feedback import Verdict
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.domain.turn import TurnId


class PolicyRepository(Protocol):
    """What was decided about answering: for a channel, or (None) for the whole tenant.

    A policy that this version does not know counts as USUAL.
    """

    async def get(self, tenant: TenantRef, channel_id: str | None) -> AnswerPolicy | None:
        """What was decided for exactly this channel or tenant; None when nothing was."""

    async def set(
        self, tenant: TenantRef, channel_id: str | None, policy: AnswerPolicy | None
    ) -> None:
        """Decide for a channel or a tenant, which is created when nobody knows it.

        None takes the decision back.
        """

    async def of_tenant(self, tenant: TenantRef) -> tuple[PolicySetting, ...]:
        """All decisions of a tenant: its own first, then those of channels by their ids."""


class DeliveryRepository(Protocol):
    """Which messages show a reply. Goes with the turn, whatever erases it."""

    async def save(self, delivery: Delivery) -> bool:
        """Note where a reply is shown, in place of what was noted before.

        False, and nothing is stored, when the turn is not stored (any more).
        """

    async def of_event(self, platform: Platform, event_key: str) -> Delivery | None:
        """Where the reply to an event is shown. The key is that of the turn."""

    async def of_turn(self, turn_id: TurnId) -> Delivery | None:
        """Where the reply to a turn is shown."""

    async def of(self, scope: Scope) -> tuple[Delivery, ...]:
        """Where the replies to the scope's turns are shown, in the order of the turns."""

    async def unfinished(self, platform: Platform, *, limit: int) -> tuple[Undelivered, ...]:
        """Turns of a platform that have ended and were not wholly shown, oldest first.

        Those are the interrupted ones that nobody was told about, and all whose delivery is not
        complete. What a reset has set aside is not among them.
        """

    async def take_report(self, turn_id: TurnId, *, at: datetime) -> bool:
        """Whether the person must still be told that this turn was interrupted. True once.

        It counts as reported once this unit of work commits.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenVerdict:
    """What was thought of the reply to a turn, and since when."""

    turn_id: TurnId
    verdict: Verdict
    given_at: datetime


class FeedbackRepository(Protocol):
    """What people think of replies. Goes with the turn, whatever erases it."""

    async def set(self, turn_id: TurnId, verdict: Verdict | None, *, at: datetime) -> bool:
        """Store a verdict in place of an earlier one; None takes it back.

        False, and nothing is stored, when the turn is not stored (any more).
        """

    async def get(self, scope: Scope, turn_id: TurnId) -> Verdict | None:
        """What was thought of the reply to a turn that the scope admits."""

    async def of(self, scope: Scope) -> tuple[GivenVerdict, ...]:
        """All verdicts on replies to the scope's turns, in the order of the turns."""
