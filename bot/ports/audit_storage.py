"""The repository of the audit log. Used inside a unit of work; see :mod:`bot.ports.storage`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditEntry, AuditOutcome
from bot.domain.identity import TenantId


class AuditRepository(Protocol):
    """Entries are added, completed, and removed by age; nothing else changes them."""

    async def append(self, entry: AuditEntry) -> None:
        """Store a new entry."""

    async def complete(self, entry: AuditEntry) -> None:
        """Store outcome, person and detail of an entry that was appended before.

        Nothing happens when it is gone, and nothing else about it changes.
        """

    async def latest_like(
        self, entry: AuditEntry, *, outcome: AuditOutcome, since: datetime
    ) -> AuditEntry | None:
        """The newest entry of the same actor, action and tenant that ended so, from ``since`` on.

        None when there is none.
        """

    async def of_tenant(
        self, tenant_id: TenantId, *, limit: int, offset: int = 0
    ) -> tuple[AuditEntry, ...]:
        """Entries of one tenant, newest first."""

    async def count_of_tenant(self, tenant_id: TenantId) -> int:
        """How many entries a tenant has."""

    async def of_instance(self, *, limit: int, offset: int = 0) -> tuple[AuditEntry, ...]:
        """Entries of all tenants and of none, newest first. For the owner of the machine only."""

    async def erase_before(self, moment: datetime, *, limit: int) -> int:
        """Remove so many entries that are older, oldest first; returns how many there were."""
