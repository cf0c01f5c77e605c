"""The steps on facts: merge those that say the same, close plans of the past, let things fade."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.domain.compaction import CompactionJob, Step
from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactStatus
from bot.domain.operation import MemoryPatch
from bot.engine.chat_traffic import ChatTraffic
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


STORED_AT_ONCE = 100
"""Facts that get a new strength in one transaction: a long one would keep a chat waiting."""


class FactSettling:
    """Each step reads the facts, decides, and stores, in one transaction of milliseconds.

    Strengths are stored some at a time. They follow from the facts and the time alone, so that
    whoever resumes that step changes the rest.
    """

    def __init__(self, *, traffic: ChatTraffic, clock: Clock, ids: IdSource) -> None:
        self._traffic = traffic
        self._clock = clock
        self._ids = ids

    async def settle(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """Do the step that ``job`` is at; the job with that step behind it."""
        step = job.step
        done = 0
        while job.step is step:
            await self._traffic.quiet()
            job, done = await self._settle(storage, job, step, done)
        return job

    async def _settle(
        self, storage: Storage, job: CompactionJob, step: Step, done: int
    ) -> tuple[CompactionJob, int]:
        """One transaction: the job, and how many facts are settled."""
        async with storage.unit_of_work() as work:
            number = await begun(work, job)
            facts = await work.facts.of(Scope.in_private(job.person_id), {FactStatus.ACTIVE})
            context = change_context(job, self._clock.now(), number, self._ids)
            some: Sequence[Fact] = facts
            if step is Step.STRENGTHEN:
                some = [fact for fact in facts if fact.number > done][:STORED_AT_ONCE]
            patch = _HOW[step](some, context)
            await apply_patch(work, patch)
            job = counted(job, {_COUNTS[step]: _changed(patch, step)})
            if not some or some[-1] is facts[-1]:
                job = after(step, job)
            job = await advanced(work, job)
            await work.commit()
        return job, some[-1].number if some else done


def _changed(patch: MemoryPatch, step: Step) -> int:
    """How many facts were merged away, closed, or changed in strength."""
    changes = [change for operation in patch.operations for change in operation.changes]
    if step is Step.STRENGTHEN:
        return len(changes)
    return sum(change.after.status is not FactStatus.ACTIVE for change in changes)
