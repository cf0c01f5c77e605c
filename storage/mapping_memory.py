"""Rows of facts, evidence, the journal, vectors and link codes to domain values and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bot.domain.compaction import JobId
from bot.domain.fact import (
    Evidence,
    Fact,
    FactId,
    FactKind,
    FactSource,
    FactState,
    FactStatus,
)
from bot.domain.identity import PersonId
from bot.domain.link import LinkCode
from bot.domain.operation import Actor, FactChange, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnId
from bot.ports.memory_storage import TurnVector
from storage.mapping import Values, audience, audience_values
from storage.statements import AnyRow


def facts(rows: Iterable[AnyRow]) -> tuple[Fact, ...]:
    """Rows of ``facts`` joined with their evidence, those of one fact beside each other."""
    return tuple(_fact(list(group)) for _, group in groupby(rows, key=lambda row: row.id))


def _fact(rows: list[AnyRow]) -> Fact:
    row = rows[0]
    return Fact(
        id=FactId(row.id),
        person_id=PersonId(row.person_id),
        audience=audience(row),
        number=row.number,
        kind=FactKind(row.kind),
        text=row.text,
        evidence=tuple(_evidence(support) for support in rows),
        valid_from=row.valid_from,
        slot=row.slot,
        topic=row.topic,
        value=row.value,
        occurs_from=row.occurs_from,
        occurs_until=row.occurs_until,
        confidence=row.confidence,
        source=FactSource(row.source),
        conflicts_with=None if row.conflicts_with is None else FactId(row.conflicts_with),
        last_used_at=row.last_used_at,
        use_count=row.use_count,
        state=FactState(
            status=FactStatus(row.status),
            valid_to=row.valid_to,
            superseded_by=None if row.superseded_by is None else FactId(row.superseded_by),
            strength=row.strength,
            pinned=row.pinned,
        ),
    )


def _evidence(row: AnyRow) -> Evidence:
    return Evidence(
        quote=row.said,
        turn_id=None if row.turn_id is None else TurnId(row.turn_id),
        said_at=row.said_at,
    )


def fact_values(value: Fact) -> Values:
    """The columns of ``facts`` for ``value``."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        **audience_values(value.audience),
        "number": value.number,
        "kind": value.kind,
        "slot": value.slot,
        "topic": value.topic,
        "value": value.value,
        "text": value.text,
        "valid_from": value.valid_from,
        "occurs_from": value.occurs_from,
        "occurs_until": value.occurs_until,
        "confidence": value.confidence,
        "source": value.source,
        "conflicts_with": value.conflicts_with,
        "last_used_at": value.last_used_at,
        "use_count": value.use_count,
        **state_values(value.state),
    }


def state_values(value: FactState) -> Values:
    """The columns of ``facts`` that change."""
    return {
        "status": value.status,
        "valid_to": value.valid_to,
        "superseded_by": value.superseded_by,
        "strength": value.strength,
        "pinned": value.pinned,
    }


def evidence_values(fact_id: FactId, value: Evidence) -> Values:
    """The columns of ``fact_evidence`` for ``value``."""
    return {
        "fact_id": fact_id,
        "turn_id": value.turn_id,
        "quote": value.quote,
        "said_at": value.said_at,
    }


def operation(row: AnyRow) -> MemoryOperation:
    """A row of ``memory_operations``."""
    return MemoryOperation(
        id=OperationId(row.id),
        person_id=PersonId(row.person_id),
        kind=OperationKind(row.kind),
        actor=Actor(row.actor),
        reason=row.reason,
        happened_at=row.happened_at,
        turn_id=None if row.turn_id is None else TurnId(row.turn_id),
        changes=tuple(_change(item) for item in row.changes),
        undoes=None if row.undoes is None else OperationId(row.undoes),
        job_id=None if row.job_id is None else JobId(row.job_id),
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
        "turn_id": value.turn_id,
        "changes": [
            {
                "fact_id": change.fact_id,
                "before": None if change.before is None else _state_json(change.before),
                "after": _state_json(change.after),
            }
            for change in value.changes
        ],
        "undoes": value.undoes,
        "job_id": value.job_id,
        "detail": dict(value.detail),
    }


def _change(item: dict[str, Any]) -> FactChange:
    before = item["before"]
    return FactChange(
        fact_id=FactId(item["fact_id"]),
        before=None if before is None else _state(before),
        after=_state(item["after"]),
    )


def _state_json(value: FactState) -> Values:
    ended = None if value.valid_to is None else value.valid_to.astimezone(UTC).isoformat()
    return {**state_values(value), "valid_to": ended}


def _state(item: dict[str, Any]) -> FactState:
    ended = item["valid_to"]
    return FactState(
        status=FactStatus(item["status"]),
        valid_to=None if ended is None else datetime.fromisoformat(ended),
        superseded_by=item["superseded_by"],
        strength=item["strength"],
        pinned=item["pinned"],
    )


def vector(row: AnyRow) -> TurnVector:
    """A row of ``turn_vectors``."""
    return TurnVector(
        turn_id=TurnId(row.turn_id),
        person_id=PersonId(row.person_id),
        model=row.model,
        data=row.data,
    )


def code_values(value: LinkCode) -> Values:
    """The columns of ``link_codes`` for a code that nobody has used."""
    return {
        "digest": value.digest,
        "person_id": value.person_id,
        "issued_at": value.issued_at,
        "expires_at": value.expires_at,
        "spent": False,
    }
