"""The audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, func, insert, select, update

from bot.domain.audit import AuditEntry, AuditId, AuditOutcome
from bot.domain.identity import PersonId, TenantId
from storage.administration_tables import audit_entries as entries
from storage.statements import AnyRow, Statements

_NEWEST_FIRST = (entries.c.happened_at.desc(), entries.c.sequence.desc())


class SqlAuditRepository:
    """:class:`~bot.ports.audit_storage.AuditRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def append(self, entry: AuditEntry) -> None:
        """Store a new entry."""
        await self._statements.run(
            insert(entries).values(
                {
                    "id": entry.id,
                    "happened_at": entry.happened_at,
                    "tenant_id": entry.tenant_id,
                    "channel": entry.channel,
                    "actor": entry.actor,
                    "action": entry.action,
                    "outcome": entry.outcome,
                    "person_id": entry.person_id,
                    "detail": dict(entry.detail),
                }
            )
        )

    async def complete(self, entry: AuditEntry) -> None:
        """Store outcome, person and detail of an entry that was appended before."""
        await self._statements.run(
            update(entries)
            .where(entries.c.id == entry.id)
            .values(outcome=entry.outcome, person_id=entry.person_id, detail=dict(entry.detail))
        )

    async def latest_like(
        self, entry: AuditEntry, *, outcome: AuditOutcome, since: datetime
    ) -> AuditEntry | None:
        """The newest entry of the same actor, action and tenant that ended so."""
        row = await self._statements.first(
            select(entries)
            .where(
                entries.c.happened_at >= since,
                entries.c.tenant_id.is_not_distinct_from(entry.tenant_id),
                entries.c.actor == entry.actor,
                entries.c.action == entry.action,
                entries.c.outcome == outcome,
            )
            .order_by(*_NEWEST_FIRST)
            .limit(1)
        )
        return None if row is None else _entry(row)

    async def of_tenant(
        self, tenant_id: TenantId, *, limit: int, offset: int = 0
    ) -> tuple[AuditEntry, ...]:
        """Entries of one tenant, newest first."""
        query = select(entries).where(entries.c.tenant_id == tenant_id)
        return await self._page(query, limit, offset)

    async def count_of_tenant(self, tenant_id: TenantId) -> int:
        """How many entries a tenant has."""
        return await self._statements.count(
            select(func.count()).select_from(entries).where(entries.c.tenant_id == tenant_id)
        )

    async def of_instance(self, *, limit: int, offset: int = 0) -> tuple[AuditEntry, ...]:
        """Entries of all tenants and of none, newest first."""
        return await self._page(select(entries), limit, offset)

    async def erase_before(self, moment: datetime, *, limit: int) -> int:
        """Remove so many entries that are older, oldest first."""
        old = (
            select(entries.c.sequence)
            .where(entries.c.happened_at < moment)
            .order_by(entries.c.happened_at, entries.c.sequence)
            .limit(max(limit, 0))
        )
        return await self._statements.run(delete(entries).where(entries.c.sequence.in_(old)))

    async def _page(
        self, query: Select[*tuple[object, ...]], limit: int, offset: int
    ) -> tuple[AuditEntry, ...]:
        rows = await self._statements.all(
            query.order_by(*_NEWEST_FIRST).limit(max(limit, 0)).offset(max(offset, 0))
        )
        return tuple(_entry(row) for row in rows)


def _entry(row: AnyRow) -> AuditEntry:
    """A row of ``audit_entries``. An outcome that only a newer version knows counts as begun."""
    try:
        outcome = AuditOutcome(row.outcome)
    except ValueError:
        outcome = AuditOutcome.BEGUN
    return AuditEntry(
        id=AuditId(row.id),
        happened_at=row.happened_at,
        tenant_id=None if row.tenant_id is None else TenantId(row.tenant_id),
        channel=row.channel,
        actor=row.actor,
        action=row.action,
        outcome=outcome,
        person_id=None if row.person_id is None else PersonId(row.person_id),
        detail=row.detail,
    )
