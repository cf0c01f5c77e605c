"""Taking a compaction back as a whole, by what the journal says it did."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.compaction import CompactionJob, JobStatus
from bot.domain.conversation import Scope
from bot.domain.fact import FactId, FactStatus
from bot.domain.operation import MemoryPatch
from bot.engine.compaction.context import change_context
from bot.engine.compaction.lease import LeaseLostError, begun
from bot.engine.memory_store import apply_patch
from bot.engine.memory_view import EVERY_STATUS
from bot.memory.operations import undone_job
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import IdSource


async def take_back(
    storage: Storage,
    job: CompactionJob,
    status: JobStatus,
    *,
    at: datetime,
    not_before: datetime,
    ids: IdSource,
) -> CompactionJob:
    """End a running job with nothing of it left, in one transaction. Counts and problem stay.

    Raises:
        LeaseLostError: somebody else works on it now.
    """
    async with storage.unit_of_work() as work:
        taken_back = await undo_changes(work, job, at=at, ids=ids)
        # Nobody has taken back what the job had learned: the next one is to learn it again.
        await work.facts.erase(job.person_id, _retracted(taken_back))
        if not await work.compactions.finish(job, status, at=at, not_before=not_before):
            raise LeaseLostError
        await work.commit()
    return replace(job, status=status, finished_at=at)


async def undo_changes(
    work: UnitOfWork, job: CompactionJob, *, at: datetime, ids: IdSource
) -> MemoryPatch:
    """Undo every operation of a job that still can be, and remove its episodes; what was undone."""
    number = await begun(work, job)
    facts = await work.facts.of(Scope.in_private(job.person_id), EVERY_STATUS)
    operations = await work.operations.of_job(job.id)
    gone = await work.operations.undone(job.person_id)
    context = change_context(job, at, number, ids)
    patch = undone_job(operations, facts, context, gone)
    await apply_patch(work, patch)
    await work.episodes.erase_job(job.person_id, job.id)
    return patch


def _retracted(patch: MemoryPatch) -> list[FactId]:
    return [
        change.fact_id
        for operation in patch.operations
        for change in operation.changes
        if change.after.status is FactStatus.RETRACTED
    ]
