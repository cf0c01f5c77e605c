"""The audit log, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain.audit import AuditEntry, AuditOutcome
from bot.domain.identity import TenantId
from storage.inmemory_state import State


class InMemoryAuditRepository:
    """:class:`~bot.ports.audit_storage.AuditRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def append(self, entry: AuditEntry) -> None:
        """Store a new entry."""
        self._state.audit[entry.id] = entry

    async def complete(self, entry: AuditEntry) -> None:
        """Store outcome, person and detail of an entry that was appended before."""
        if (stored := self._state.audit.get(entry.id)) is not None:
            self._state.audit[entry.id] = replace(
                stored, outcome=entry.outcome, person_id=entry.person_id, detail=entry.detail
            )

    async def latest_like(
        self, entry: AuditEntry, *, outcome: AuditOutcome, since: datetime
    ) -> AuditEntry | None:
        """The newest entry of the same actor, action and tenant that ended so."""
        whose = (entry.tenant_id, entry.actor, entry.action, outcome)
        alike = (
            one
            for one in _newest_first(self._state.audit.values())
            if (one.tenant_id, one.actor, one.action, one.outcome) == whose
            and one.happened_at >= since
        )
        return next(alike, None)

    async def of_tenant(
        self, tenant_id: TenantId, *, limit: int, offset: int = 0
    ) -> tuple[AuditEntry, ...]:
        """Entries of one tenant, newest first."""
        return _page(self._of(tenant_id), limit, offset)

    async def count_of_tenant(self, tenant_id: TenantId) -> int:
        """How many entries a tenant has."""
        return len(self._of(tenant_id))

    async def of_instance(self, *, limit: int, offset: int = 0) -> tuple[AuditEntry, ...]:
        """Entries of all tenants and of none, newest first."""
        return _page(self._state.audit.values(), limit, offset)

    async def erase_before(self, moment: datetime, *, limit: int) -> int:
        """Remove so many entries that are older, oldest first."""
        old = [one for one in self._state.audit.values() if one.happened_at < moment]
        old.sort(key=lambda one: one.happened_at)
        for entry in (gone := old[: max(limit, 0)]):
            del self._state.audit[entry.id]
        return len(gone)

    def _of(self, tenant_id: TenantId) -> list[AuditEntry]:
        return [one for one in self._state.audit.values() if one.tenant_id == tenant_id]


def _newest_first(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    # Dictionaries keep the order of writing, which decides between two of the same moment.
    oldest_first = sorted(entries, key=lambda one: one.happened_at)
    return oldest_first[::-1]


def _page(entries: Iterable[AuditEntry], limit: int, offset: int) -> tuple[AuditEntry, ...]:
    first = max(offset, 0)
    return tuple(_newest_first(entries)[first : first + max(limit, 0)])
