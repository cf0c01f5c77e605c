"""Reading one person's memory page by page."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select

from bot.domain.conversation import Conversation, ConversationRef, Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.fact import Fact
from bot.domain.identity import PersonId, Platform, TenantRef
from bot.domain.operation import MemoryOperation
from bot.domain.turn import TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping, Numbers
from storage import mapping, mapping_channels, mapping_memory
from storage.facts import READ
from storage.persons import identities_of
from storage.scoping import admitted
from storage.setting_aside import evidence_is_set_aside
from storage.statements import AnyRow, Statements
from storage.tables import (
    conversations,
    deliveries,
    episodes,
    fact_evidence,
    facts,
    memory_operations,
    persons,
    tenants,
    turn_feedback,
    turn_traces,
    turns,
)


class SqlExportRepository:
    """:class:`~bot.ports.export_storage.ExportRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def bookkeeping(self, person_id: PersonId) -> Bookkeeping | None:
        """What is kept beside the person; None when they are gone."""
        row = await self._statements.first(select(persons).where(persons.c.id == person_id))
        return None if row is None else bookkeeping(row)

    async def accounts(self, person_id: PersonId) -> tuple[Account, ...]:
        """Their identities, first seen first, with the person's display name."""
        rows = await self._statements.all(identities_of(person_id))
        return tuple(
            Account(identity=mapping.identity(row), first_seen_at=row.first_seen_at) for row in rows
        )

    async def conversations(self, scope: Scope) -> tuple[Conversation, ...]:
        """Where the turns and episodes that the scope admits were said, by id."""
        said = select(turns.c.conversation_id).where(admitted(turns, scope))
        told = select(episodes.c.conversation_id).where(admitted(episodes, scope))
        rows = await self._statements.all(
            select(*conversations.c, tenants.c.external_id.label("tenant_name"))
            .select_from(conversations)
            .outerjoin(tenants, tenants.c.id == conversations.c.tenant_id)
            .where(or_(conversations.c.id.in_(said), conversations.c.id.in_(told)))
            .order_by(conversations.c.id)
        )
        return tuple(mapping.conversation(row, _ref(row)) for row in rows)

    async def facts(self, scope: Scope, numbers: Numbers) -> tuple[Fact, ...]:
        """The facts of every status with these numbers, in order. Evidence by date."""
        wanted = READ.where(
            admitted(facts, scope), facts.c.number.between(numbers.first, numbers.last)
        )
        if not scope.set_aside:
            wanted = wanted.where(~evidence_is_set_aside())
        rows = await self._statements.all(
            wanted.order_by(facts.c.number, fact_evidence.c.said_at, fact_evidence.c.sequence)
        )
        return mapping_memory.facts(rows)

    async def traces(self, scope: Scope, numbers: Numbers) -> tuple[TurnTrace, ...]:
        """The traces of the turns with these numbers, in their order."""
        rows = await self._statements.all(
            select(turn_traces)
            .join(turns, turns.c.id == turn_traces.c.turn_id)
            .where(_between(scope, numbers))
            .order_by(turns.c.number)
        )
        return tuple(mapping.trace(row) for row in rows)

    async def deliveries(self, scope: Scope, numbers: Numbers) -> tuple[Delivery, ...]:
        """Where the replies to the turns with these numbers are shown, in their order."""
        rows = await self._statements.all(
            select(deliveries)
            .join(turns, turns.c.id == deliveries.c.turn_id)
            .where(_between(scope, numbers))
            .order_by(turns.c.number)
        )
        return tuple(mapping_channels.delivery(row) for row in rows)

    async def feedback(self, scope: Scope, numbers: Numbers) -> tuple[GivenVerdict, ...]:
        """The verdicts on replies to the turns with these numbers, in their order."""
        rows = await self._statements.all(
            select(turn_feedback)
            .join(turns, turns.c.id == turn_feedback.c.turn_id)
            .where(_between(scope, numbers))
            .order_by(turns.c.number)
        )
        return tuple(mapping_channels.verdict(row) for row in rows)

    async def operations(
        self, person_id: PersonId, *, skip: int, limit: int
    ) -> tuple[MemoryOperation, ...]:
        """Entries about the person, oldest first, without the ``skip`` oldest."""
        rows = await self._statements.all(
            select(memory_operations)
            .where(memory_operations.c.person_id == person_id)
            .order_by(memory_operations.c.happened_at, memory_operations.c.sequence)
            .offset(max(skip, 0))
            .limit(max(limit, 0))
        )
        return tuple(mapping_memory.operation(row) for row in rows)


def bookkeeping(row: AnyRow) -> Bookkeeping:
    """What a row of ``persons`` holds beside the person."""
    return Bookkeeping(
        last_turn_number=row.last_turn_number,
        last_fact_number=row.last_fact_number,
        compact_not_before=row.compact_not_before,
        refresh_at=row.refresh_at,
        retention_days=row.retention_days,
    )


def _between(scope: Scope, numbers: Numbers) -> ColumnElement[bool]:
    return and_(admitted(turns, scope), turns.c.number.between(numbers.first, numbers.last))


def _ref(row: AnyRow) -> ConversationRef:
    platform = Platform(row.platform)
    return ConversationRef(
        platform=platform,
        channel_id=row.channel_id,
        visibility=Visibility(row.visibility),
        tenant=None
        if row.tenant_name is None
        else TenantRef(platform=platform, external_id=row.tenant_name),
        thread_id=row.thread_key or None,
    )
