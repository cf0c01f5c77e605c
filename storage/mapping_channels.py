"""Rows of policies, deliveries and feedback to domain values and back. Nothing else."""

from __future__ import annotations

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.feedback import Verdict
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.domain.turn import TurnId
from bot.ports.channel_storage import GivenVerdict
from storage import mapping
from storage.statements import AnyRow
from storage.tables import conversations, deliveries, persons, tenants

UNDELIVERED = (
    conversations.c.channel_id.label("place_channel_id"),
    conversations.c.thread_key.label("place_thread_key"),
    conversations.c.visibility.label("place_visibility"),
    tenants.c.external_id.label("place_tenant"),
    deliveries.c.channel_id,
    deliveries.c.message_ids,
    deliveries.c.complete,
    persons.c.notice_shown_at,
)
"""What :func:`undelivered` reads beside the columns of ``turns``, which have some of the names."""


def policy(written: str) -> AnswerPolicy:
    """A policy by its name; one that only a newer version knows is the usual one."""
    try:
        return AnswerPolicy(written)
    except ValueError:
        return AnswerPolicy.USUAL


def policy_setting(row: AnyRow, tenant: TenantRef) -> PolicySetting:
    """A row of ``channel_policies``, which is one of ``tenant``."""
    return PolicySetting(
        tenant=tenant, channel_id=row.channel_key or None, policy=policy(row.policy)
    )


def delivery(row: AnyRow) -> Delivery:
    """A row of ``deliveries``."""
    return _delivery(row, TurnId(row.turn_id))


def delivery_values(value: Delivery) -> mapping.Values:
    """The columns of ``deliveries`` for ``value``."""
    return {
        "turn_id": value.turn_id,
        "channel_id": value.channel_id,
        "message_ids": list(value.message_ids),
        "complete": value.is_complete,
    }


def undelivered(row: AnyRow) -> Undelivered:
    """A row of ``turns`` with :data:`UNDELIVERED`."""
    turn, platform = mapping.turn(row), Platform(row.platform)
    return Undelivered(
        turn=turn,
        conversation=ConversationRef(
            platform=platform,
            channel_id=row.place_channel_id,
            visibility=Visibility(row.place_visibility),
            tenant=None
            if row.place_tenant is None
            else TenantRef(platform=platform, external_id=row.place_tenant),
            thread_id=row.place_thread_key or None,
        ),
        worker=row.worker,
        lease_until=row.lease_until,
        delivery=None if row.channel_id is None else _delivery(row, turn.id),
        introduces=row.notice_shown_at is not None and row.notice_shown_at == turn.finished_at,
    )


def verdict(row: AnyRow) -> GivenVerdict:
    """A row of ``turn_feedback``."""
    return GivenVerdict(
        turn_id=TurnId(row.turn_id), verdict=Verdict(row.verdict), given_at=row.given_at
    )


def _delivery(row: AnyRow, turn_id: TurnId) -> Delivery:
    return Delivery(
        turn_id=turn_id,
        channel_id=row.channel_id,
        message_ids=tuple(row.message_ids),
        is_complete=row.complete,
    )
