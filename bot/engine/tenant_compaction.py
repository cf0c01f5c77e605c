"""Making memory compact, now, of those who said something in one tenant."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bot.domain.audit import AuditOutcome
from bot.domain.compaction import JobStatus
from bot.domain.identity import PersonId, TenantRef
from bot.engine.audit import AuditLog
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.compactor import Compactor
from bot.engine.retention import BATCH
from bot.engine.shielding import shielded
from bot.engine.tenant_scope import spoke_in
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.storage import Storage

log = get_logger(__name__)

MOST_PEOPLE = 1000
"""Of one run. Whoever is left is made compact when they are due, as everybody is."""

ACTION = "admin compact"
"""What its end is called in the audit log: the name of the command that began it."""

_COMPACT = frozenset({JobStatus.DONE, JobStatus.REFUSED})
"""REFUSED: what it would have made was worse than what there is, which stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCompacted:
    """How many people a run went through, and how many of them were left for another time.

    Nothing is told about each: memory is made compact as a whole, and what there was to do may
    be from elsewhere. ``is_complete`` is false when there were more than :data:`MOST_PEOPLE`.
    """

    people: int = 0
    left: int = 0
    is_complete: bool = True


class TenantCompaction:
    """Runs in the background, one at a time for each tenant, and gives way to chat.

    Its runs end with an entry in the audit log.
    """

    def __init__(
        self, storage: Storage, compactor: Compactor, *, traffic: ChatTraffic, audit: AuditLog
    ) -> None:
        self._storage = storage
        self._compactor = compactor
        self._traffic = traffic
        self._audit = audit
        self._running: dict[TenantRef, asyncio.Task[TenantCompacted]] = {}
        self._is_stopped = False

    def start(
        self, tenant: TenantRef, *, actor: str, channel: str | None
    ) -> asyncio.Task[TenantCompacted] | None:
        """Begin; the task is owned here. None when a run for this tenant is going on.

        ``actor`` and ``channel`` are for the audit log.
        """
        if self._is_stopped or tenant in self._running:
            return None
        task = asyncio.create_task(
            self._run(tenant, actor, channel), name=f"compaction of {tenant.id}"
        )
        self._running[tenant] = task
        task.add_done_callback(lambda done: self._ended(tenant, done))
        return task

    async def stop(self) -> None:
        """End what is going on. Jobs that are given back go on in another process."""
        self._is_stopped = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ended(self, tenant: TenantRef, task: asyncio.Task[TenantCompacted]) -> None:
        del self._running[tenant]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("tenant_compaction_failed", tenant=tenant.id, error=str(error))

    async def _run(self, tenant: TenantRef, actor: str, channel: str | None) -> TenantCompacted:
        counts = TenantCompacted()
        outcome = AuditOutcome.FAILED
        try:
            last: PersonId | None = None
            while people := await self._people(tenant, last):
                for person_id in people:
                    last = person_id
                    if not await self._spoke(person_id, tenant):
                        continue
                    if counts.people == MOST_PEOPLE:
                        outcome = AuditOutcome.DONE
                        return replace(counts, is_complete=False)
                    await self._traffic.quiet()
                    job = await self._compactor.compact(person_id)
                    is_left = job is not None and job.status not in _COMPACT
                    counts = TenantCompacted(
                        people=counts.people + 1, left=counts.left + int(is_left)
                    )
            outcome = AuditOutcome.DONE
            return counts
        finally:
            log.info(
                "tenant_compacted",
                tenant=tenant.id,
                people=counts.people,
                left=counts.left,
                outcome=outcome.value,
            )
            await shielded(self._note(tenant, actor, channel, outcome, counts))

    async def _people(self, tenant: TenantRef, last: PersonId | None) -> tuple[PersonId, ...]:
        async with self._storage.unit_of_work() as work:
            return await work.retention.people_in(tenant, after=last, limit=BATCH)

    async def _spoke(self, person_id: PersonId, tenant: TenantRef) -> bool:
        """Whether it was in a channel: direct messages may belong to a tenant as well."""
        async with self._storage.unit_of_work() as work:
            return await spoke_in(work, person_id, tenant.id)

    async def _note(
        self,
        tenant: TenantRef,
        actor: str,
        channel: str | None,
        outcome: AuditOutcome,
        counts: TenantCompacted,
    ) -> None:
        try:
            await self._audit.record(
                ACTION,
                outcome,
                actor=actor,
                tenant_id=tenant.id,
                channel=channel,
                people=counts.people,
                left=counts.left,
            )
        except StorageError as error:
            log.error("tenant_compaction_not_recorded", tenant=tenant.id, error=str(error))
