"""Policies of channels, where replies are shown and what came of them, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.domain.conversation import Scope
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.feedback import Verdict
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.domain.turn import FailureReason, TurnId, TurnStatus
from bot.ports.channel_storage import GivenVerdict
from storage.inmemory_state import State, StoredTurn

_Value = TypeVar("_Value")


class InMemoryPolicyRepository:
    """:class:`~bot.ports.channel_storage.PolicyRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(self, tenant: TenantRef, channel_id: str | None) -> AnswerPolicy | None:
        """What was decided for exactly this channel or tenant; None when nothing was."""
        return self._state.policies.get((tenant, channel_id))

    async def set(
        self, tenant: TenantRef, channel_id: str | None, policy: AnswerPolicy | None
    ) -> None:
        """Decide for a channel or a tenant; None takes the decision back."""
        self._state.policies.pop((tenant, channel_id), None)
        if policy is not None:
            self._state.policies[tenant, channel_id] = policy

    async def of_tenant(self, tenant: TenantRef) -> tuple[PolicySetting, ...]:
        """All decisions of a tenant: its own first, then those of channels by their ids."""
        settings = [
            PolicySetting(tenant=tenant, channel_id=channel_id, policy=policy)
            for (whose, channel_id), policy in self._state.policies.items()
            if whose == tenant
        ]
        return tuple(sorted(settings, key=lambda setting: setting.channel_id or ""))


class InMemoryDeliveryRepository:
    """:class:`~bot.ports.channel_storage.DeliveryRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def save(self, delivery: Delivery) -> bool:
        """Note where a reply is shown; False when the turn is not stored."""
        if delivery.turn_id not in self._state.turns:
            return False
        self._state.deliveries[delivery.turn_id] = delivery
        return True

    async def of_event(self, platform: Platform, event_key: str) -> Delivery | None:
        """Where the reply to an event is shown. The key is that of the turn."""
        for turn_id, delivery in self._state.deliveries.items():
            stored = self._state.turns[turn_id]
            if (stored.platform, stored.turn.event_key) == (platform, event_key):
                return delivery
        return None

    async def of_turn(self, turn_id: TurnId) -> Delivery | None:
        """Where the reply to a turn is shown."""
        return self._state.deliveries.get(turn_id)

    async def of(self, scope: Scope) -> tuple[Delivery, ...]:
        """Where the replies to the scope's turns are shown, in the order of the turns."""
        return _of(self._state, self._state.deliveries, scope)

    async def unfinished(self, platform: Platform, *, limit: int) -> tuple[Undelivered, ...]:
        """Turns of a platform that have ended and were not wholly shown, oldest first."""
        found = [
            stored
            for stored in self._state.turns.values()
            if stored.platform is platform
            and stored.turn.status is not TurnStatus.ACCEPTED
            and (_is_unreported(stored) or self._is_cut_off(stored))
            and self._state.shows(Scope.in_private(stored.turn.person_id), stored.turn)
        ]
        found.sort(key=lambda stored: (stored.turn.received_at, stored.turn.id))
        return tuple(self._undelivered(stored) for stored in found[: max(limit, 0)])

    async def take_report(self, turn_id: TurnId, *, at: datetime) -> bool:  # noqa: ARG002 - that it was is all that is kept here
        """Whether the person must still be told that this turn was interrupted. True once."""
        stored = self._state.turns.get(turn_id)
        if stored is None or not _is_unreported(stored):
            return False
        self._state.turns[turn_id] = replace(stored, failure_reported=True)
        return True

    def _is_cut_off(self, stored: StoredTurn) -> bool:
        delivery = self._state.deliveries.get(stored.turn.id)
        return delivery is not None and not delivery.is_complete

    def _undelivered(self, stored: StoredTurn) -> Undelivered:
        places = self._state.conversations.values()
        return Undelivered(
            turn=stored.turn,
            conversation=next(
                place.ref for place in places if place.id == stored.turn.conversation_id
            ),
            worker=stored.worker,
            lease_until=stored.lease_until,
            delivery=self._state.deliveries.get(stored.turn.id),
            introduces=self._state.tells(stored.turn),
        )


class InMemoryFeedbackRepository:
    """:class:`~bot.ports.channel_storage.FeedbackRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def set(self, turn_id: TurnId, verdict: Verdict | None, *, at: datetime) -> bool:
        """Store a verdict, or take it back; False when the turn is not stored."""
        if turn_id not in self._state.turns:
            return False
        self._state.feedback.pop(turn_id, None)
        if verdict is not None:
            self._state.feedback[turn_id] = GivenVerdict(
                turn_id=turn_id, verdict=verdict, given_at=at
            )
        return True

    async def get(self, scope: Scope, turn_id: TurnId) -> Verdict | None:
        """What was thought of the reply to a turn that the scope admits."""
        given = self._state.feedback.get(turn_id)
        if given is None or not self._state.shows(scope, self._state.turns[turn_id].turn):
            return None
        return given.verdict

    async def of(self, scope: Scope) -> tuple[GivenVerdict, ...]:
        """All verdicts on replies to the scope's turns, in the order of the turns."""
        return _of(self._state, self._state.feedback, scope)


def _is_unreported(stored: StoredTurn) -> bool:
    return stored.turn.failure is FailureReason.INTERRUPTED and not stored.failure_reported


def _of(state: State, values: Mapping[TurnId, _Value], scope: Scope) -> tuple[_Value, ...]:
    """What belongs to turns that the scope admits, in their order."""
    turns = [stored.turn for stored in state.turns.values() if state.shows(scope, stored.turn)]
    turns.sort(key=lambda turn: turn.number)
    return tuple(values[turn.id] for turn in turns if turn.id in values)
