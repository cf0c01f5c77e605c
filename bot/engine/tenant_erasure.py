"""Erasing all that was said in one server or workspace, because it wants nothing kept any more."""

from __future__ import annotations

from bot.domain.erasure import SaidIn
from bot.domain.identity import PersonId, TenantRef
from bot.engine.audit import AuditLog
from bot.engine.erasing import Erasing
from bot.engine.retention import BATCH, erase_of_person, sum_of
from bot.engine.shielding import shielded
from bot.log import get_logger
from bot.ports.compaction_storage import Expired
from bot.ports.storage import Storage

log = get_logger(__name__)

UNINSTALLED = "erasing after removal"
"""What the audit log calls it."""


class TenantErasure:
    """Goes through everybody who said something there. May raise a StorageError."""

    def __init__(
        self, storage: Storage, erasing: Erasing, *, audit: AuditLog | None = None
    ) -> None:
        """``audit`` gets to know when a platform has it done, because Ellie was removed."""
        self._storage = storage
        self._erasing = erasing
        self._audit = audit

    async def erase(self, tenant: TenantRef) -> Expired:
        """Erase everything that anybody said in a tenant, for good; returns how much it was.

        In direct messages too, where the platform has them belong to a workspace, and whoever has
        nothing left is forgotten. One unit of work for each person, then one scrub for all: it can
        be repeated when it was interrupted.
        """
        if self._audit is None:
            return await self._erase_all(tenant)
        removed = self._audit.recorded(UNINSTALLED, actor=tenant.id, tenant_id=tenant.id)
        async with removed as noted:
            total = await self._erase_all(tenant)
            noted.detail.update(messages=total.turns, facts=total.facts)
        return total

    async def _erase_all(self, tenant: TenantRef) -> Expired:
        total = Expired()
        last: PersonId | None = None
        while people := await self._people_in(tenant, last):
            for person_id in people:
                total = sum_of(total, await shielded(self._erase(person_id, tenant)))
            last = people[-1]
        await self._erasing.scrub()
        log.info("tenant_erased", tenant=tenant.id, turns=total.turns, facts=total.facts)
        return total

    async def _people_in(self, tenant: TenantRef, last: PersonId | None) -> tuple[PersonId, ...]:
        async with self._storage.unit_of_work() as work:
            return await work.retention.people_in(tenant, after=last, limit=BATCH)

    async def _erase(self, person_id: PersonId, tenant: TenantRef) -> Expired:
        return await erase_of_person(
            self._storage,
            self._erasing,
            person_id,
            lambda work: work.retention.erase_said_in(person_id, tenant),
            reason="all that was said there",
            what=[SaidIn(tenant_id=tenant.id, until=self._erasing.now())],
        )
