"""Rows to domain values and back. Nothing else."""

from __future__ import annotations

from typing import Any

from bot.domain.conversation import (
    Audience,
    Conversation,
    ConversationId,
    ConversationRef,
    Visibility,
)
from bot.domain.identity import Person, PersonId, TenantId
from bot.domain.memory import (
    Fact,
    FactId,
    FactKind,
    FactStatus,
    MemoryOperation,
    OperationId,
    OperationKind,
)
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
    )


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


def fact(row: AnyRow) -> Fact:
    """A row of ``facts``."""
    return Fact(
        id=FactId(row.id),
        person_id=PersonId(row.person_id),
        audience=audience(row),
        kind=FactKind(row.kind),
        text=row.text,
        quote=row.quote,
        source_turn_id=TurnId(row.source_turn_id),
        valid_from=row.valid_from,
        slot=row.slot,
        confidence=row.confidence,
        status=FactStatus(row.status),
        valid_to=row.valid_to,
        strength=row.strength,
        last_used_at=row.last_used_at,
        pinned=row.pinned,
    )


def fact_values(value: Fact) -> Values:
    """The columns of ``facts`` for ``value``."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        **audience_values(value.audience),
        "kind": value.kind,
        "slot": value.slot,
        "text": value.text,
        "quote": value.quote,
        "source_turn_id": value.source_turn_id,
        "valid_from": value.valid_from,
        "valid_to": value.valid_to,
        "confidence": value.confidence,
        "status": value.status,
        "strength": value.strength,
        "last_used_at": value.last_used_at,
        "pinned": value.pinned,
    }


def operation(row: AnyRow) -> MemoryOperation:
    """A row of ``memory_operations``."""
    return MemoryOperation(
        id=OperationId(row.id),
        person_id=PersonId(row.person_id),
        kind=OperationKind(row.kind),
        actor=row.actor,
        reason=row.reason,
        happened_at=row.happened_at,
        detail=row.detail,
    )


def operation_values(value: MemoryOperation) -> Values:
    """The columns of ``memory_operations`` for ``value``."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        "kind": value.kind,
        "actor": value.actor,
        "reason": value.reason,
        "happened_at": value.happened_at,
        "detail": dict(value.detail),
    }
