"""Rows of people, conversations, turns and traces to domain values and back. Nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from bot.domain.conversation import (
    Audience,
    Conversation,
    ConversationId,
    ConversationRef,
    Visibility,
)
from bot.domain.identity import (
    IdentityRef,
    Person,
    PersonId,
    Platform,
    TenantId,
    TenantRef,
)
from bot.domain.shown import Shown
from bot.domain.turn import (
    FailureReason,
    NewTurn,
    OpenTurn,
    TraceItem,
    Turn,
    TurnId,
    TurnStatus,
    TurnTrace,
)
from storage.statements import AnyRow

Values = dict[str, Any]


def person(row: AnyRow) -> Person:
    """A row of ``persons``."""
    return Person(
        id=PersonId(row.id),
        display_name=row.display_name,
        first_seen_at=row.first_seen_at,
        memory_epoch=row.memory_epoch,
        paused=row.paused,
        incognito=row.incognito,
        compacted_until=row.compacted_until,
        told_at=row.notice_shown_at,
        consented_at=row.consented_at,
    )


def person_values(value: Person) -> Values:
    """The columns of ``persons`` for somebody who has said nothing yet."""
    return {
        "id": value.id,
        "display_name": value.display_name,
        "first_seen_at": value.first_seen_at,
        "memory_epoch": value.memory_epoch,
        "last_turn_number": 0,
        "last_fact_number": 0,
        "paused": value.paused,
        "incognito": value.incognito,
    }


def identity(row: AnyRow) -> IdentityRef:
    """A row of ``identities`` with its tenant's name and its person's display name."""
    platform = Platform(row.platform)
    return IdentityRef(
        platform=platform,
        external_id=row.external_id,
        display_name=row.display_name,
        tenant=None
        if row.tenant_name is None
        else TenantRef(platform=platform, external_id=row.tenant_name),
    )


def conversation(row: AnyRow, ref: ConversationRef) -> Conversation:
    """A row of ``conversations``, which is the one that ``ref`` names."""
    return Conversation(
        id=ConversationId(row.id),
        ref=ref,
        tenant_id=None if row.tenant_id is None else TenantId(row.tenant_id),
    )


def audience(row: AnyRow) -> Audience:
    """The audience columns of ``turns`` or ``facts``."""
    return Audience(
        visibility=Visibility(row.visibility),
        channel=row.channel,
        tenant_id=None if row.tenant_id is None else TenantId(row.tenant_id),
    )


def audience_values(value: Audience) -> Values:
    """The audience columns for ``value``."""
    return {
        "visibility": value.visibility,
        "channel": value.channel,
        "tenant_id": value.tenant_id,
    }


def turn(row: AnyRow) -> Turn:
    """A row of ``turns``."""
    return Turn(
        id=TurnId(row.id),
        person_id=PersonId(row.person_id),
        conversation_id=ConversationId(row.conversation_id),
        audience=audience(row),
        event_key=row.event_key,
        number=row.number,
        text=row.text,
        received_at=row.received_at,
        status=TurnStatus(row.status),
        reply=row.reply,
        finished_at=row.finished_at,
        failure=None if row.failure is None else FailureReason(row.failure),
        shown=tuple(Shown(**item) for item in row.shown),
        unremembered=row.unremembered,
    )


def accepted(new: NewTurn, number: int) -> Turn:
    """The turn that ``new`` becomes when it is accepted under ``number``."""
    return Turn(
        id=new.id,
        person_id=new.person_id,
        conversation_id=new.conversation_id,
        audience=new.audience,
        event_key=new.event_key,
        number=number,
        text=new.text,
        received_at=new.received_at,
        shown=new.shown,
        unremembered=new.unremembered,
    )


def shown_values(shown: Iterable[Shown]) -> list[Values]:
    """What the column ``shown`` of ``turns`` holds."""
    return [asdict(item) for item in shown]


def turn_values(value: Turn) -> Values:
    """The columns of ``turns`` that the turn itself knows."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        "conversation_id": value.conversation_id,
        **audience_values(value.audience),
        "event_key": value.event_key,
        "number": value.number,
        "text": value.text,
        "reply": value.reply,
        "received_at": value.received_at,
        "finished_at": value.finished_at,
        "status": value.status,
        "failure": value.failure,
        "shown": shown_values(value.shown),
        "unremembered": value.unremembered,
    }


def open_turn(row: AnyRow) -> OpenTurn:
    """A row of ``turns`` that is not finished."""
    return OpenTurn(turn_id=TurnId(row.id), worker=row.worker, lease_until=row.lease_until)


def trace(row: AnyRow) -> TurnTrace:
    """A row of ``turn_traces``."""
    return TurnTrace(
        turn_id=TurnId(row.turn_id),
        person_id=PersonId(row.person_id),
        model=row.model,
        prompt_tokens=row.prompt_tokens,
        reply_tokens=row.reply_tokens,
        finish_reason=row.finish_reason,
        items=tuple(TraceItem(**item) for item in row.considered),
        timings_ms=row.timings_ms,
    )


def trace_values(value: TurnTrace) -> Values:
    """The columns of ``turn_traces`` for ``value``."""
    return {
        "turn_id": value.turn_id,
        "person_id": value.person_id,
        "model": value.model,
        "prompt_tokens": value.prompt_tokens,
        "reply_tokens": value.reply_tokens,
        "finish_reason": value.finish_reason,
        "considered": [
            {
                "kind": item.kind,
                "item_id": item.item_id,
                "tokens": item.tokens,
                "included": item.included,
                "reason": item.reason,
                "scores": dict(item.scores),
            }
            for item in value.items
        ],
        "timings_ms": dict(value.timings_ms),
    }
