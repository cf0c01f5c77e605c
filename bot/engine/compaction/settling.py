"""The steps on facts: merge those that say the same, close plans of the past, let things fade."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.domain.compaction import CompactionJob, Step
from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactStatus
from bot.domain.operation import MemoryPatch
from bot.engine.compaction.context import after, change_context, counted
from bot.engine.compaction.lease import advanced, begun
from bot.engine.memory_store import apply_patch
from bot.memory.ageing import expired, faded
from bot.memory.duplicates import merged
from bot.memory.operations import ChangeContext
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource

_Settle = Callable[[Sequence[Fact], ChangeContext], MemoryPatch]

_COUNTS = {Step.MERGE: "merged", Step.EXPIRE: "expired", Step.STRENGTHEN: "faded"}

_HOW: Mapping[Step, _Settle] = {
    Step.MERGE: merged,
    Step.EXPIRE: expired,
    Step.STRENGTHEN: faded,
}


class FactSettling:
    """Each step reads the facts, decides, and stores, in one transaction of milliseconds."""

    def __init__(self, *, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids

    async def settle(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """Do the step that ``job`` is at; the job with that step behind it."""
        step = job.step
        async with storage.unit_of_work() as work:
            number = await begun(work, job)
            facts = await work.facts.of(Scope.in_private(job.person_id), {FactStatus.ACTIVE})
            context = change_context(job, self._clock.now(), number, self._ids)
            patch = _HOW[step](facts, context)
            await apply_patch(work, patch)
            job = after(step, counted(job, {_COUNTS[step]: _changed(patch, step)}))
            job = await advanced(work, job)
            await work.commit()
        return job


def _changed(patch: MemoryPatch, step: Step) -> int:
    """How many facts were merged away, closed, or changed in strength."""
    changes = [change for operation in patch.operations for change in operation.changes]
    if step is Step.STRENGTHEN:
        return len(changes)
    return sum(change.after.status is not FactStatus.ACTIVE for change in changes)
