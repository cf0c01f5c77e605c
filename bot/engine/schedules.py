"""Runs of scheduled jobs on record: when, how long, how they ended, and whether they may run.

What is noted in the database is for people who look (``ellie jobs``) and for all processes: a job
that somebody paused runs in none of them. What is due is not decided here but by each job.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from bot.domain.compaction import CompactionJob
from bot.domain.reset import ResetCounts
from bot.engine.audit import AuditLog
from bot.engine.compaction.compactor import Compactor
from bot.engine.reset_erasure import ResetErasure
from bot.engine.retention import Retention
from bot.engine.shielding import shielded
from bot.errors import EllieError, StorageError
from bot.log import get_logger
from bot.ports.compaction_storage import Expired
from bot.ports.metrics import Metrics
from bot.ports.storage import Storage
from bot.ports.system import Clock

log = get_logger(__name__)

COMPACTION = "compaction"
RETENTION = "retention"
RESETS = "resets"
JOB_NAMES = (COMPACTION, RETENTION, RESETS)
"""What can be scheduled and paused."""

OK = "ok"
FAILED = "failed"
STOPPED = "stopped"
"""Ellie was stopped meanwhile; what was not done is done by a later run."""

T = TypeVar("T")


class RecordedRuns:
    """Runs jobs and notes how that went: in the database, in the log, and in metrics."""

    def __init__(self, storage: Storage, *, clock: Clock, metrics: Metrics) -> None:
        self._storage = storage
        self._clock = clock
        self._metrics = metrics

    async def scheduled(
        self, name: str, body: Callable[[], Awaitable[T]], count: Callable[[T], Mapping[str, int]]
    ) -> None:
        """Run a job unless it is paused. A failure that Ellie knows about is a line in the log."""
        if await self._is_paused(name):
            log.debug("job_is_paused", job=name)
            return
        try:
            await self.run(name, body, count)
        except EllieError as error:
            log.error("job_failed", job=name, error=str(error))

    async def run(
        self, name: str, body: Callable[[], Awaitable[T]], count: Callable[[T], Mapping[str, int]]
    ) -> T:
        """Run a job, paused or not, and return what it returns.

        ``count`` says in numbers what that result is, for the log. Whatever the job raises is
        raised, after it was noted. When the beginning cannot be noted, nothing is begun.

        Raises:
            StorageError: the database cannot be used.
        """
        began = self._clock.elapsed()
        outcome, counts = FAILED, dict[str, int]()
        try:
            async with self._storage.unit_of_work() as work:
                await work.schedules.begin(name, at=self._clock.now())
                await work.commit()
            result = await body()
            outcome, counts = OK, dict(count(result))
        except asyncio.CancelledError:
            outcome = STOPPED
            raise
        finally:
            seconds = round(self._clock.elapsed() - began, 3)
            log.info("job_finished", job=name, outcome=outcome, seconds=seconds, **counts)
            self._metrics.job_finished(name, outcome=outcome, seconds=seconds)
            await shielded(self._note_end(name, outcome))
        return result

    async def _is_paused(self, name: str) -> bool:
        try:
            async with self._storage.unit_of_work() as work:
                (state,) = await work.schedules.of([name])
        except StorageError:
            return False  # the run itself will fail, and be counted and logged as such
        return state.paused

    async def _note_end(self, name: str, outcome: str) -> None:
        try:
            async with self._storage.unit_of_work() as work:
                await work.schedules.end(name, at=self._clock.now(), outcome=outcome)
                await work.commit()
        except StorageError as error:
            log.warning("job_not_noted", job=name, error=str(error))


class ScheduledWork:
    """The jobs that run by themselves."""

    def __init__(
        self,
        runs: RecordedRuns,
        *,
        compactor: Compactor,
        retention: Retention,
        resets: ResetErasure,
        metrics: Metrics,
        audit: AuditLog | None = None,
    ) -> None:
        self._runs = runs
        self._compactor = compactor
        self._retention = retention
        self._resets = resets
        self._metrics = metrics
        self._audit = audit

    async def compact(self) -> None:
        """Make the memory of everybody who is due compact."""
        await self._runs.scheduled(COMPACTION, self._compact_due, job_counts)

    async def erase_expired(self) -> None:
        """Erase what is older than may be kept."""
        await self._runs.scheduled(RETENTION, self._erase_expired, expired_counts)

    async def erase_reset(self) -> None:
        """Erase what resets set aside long enough ago, and finish what they left half done."""
        await self._runs.scheduled(RESETS, self._erase_reset, reset_counts)

    async def _compact_due(self) -> tuple[CompactionJob, ...]:
        self._metrics.compaction_due(await self._compactor.due_count())
        jobs = await self._compactor.compact_due(on_done=self._count_job)
        self._metrics.compaction_due(await self._compactor.due_count())
        return jobs

    async def _erase_expired(self) -> Expired:
        expired = await erase_all_expired(self._retention, self._audit)
        for what, count in expired_counts(expired).items():
            self._metrics.erased(what, count)
        return expired

    async def _erase_reset(self) -> ResetCounts:
        erased = await self._resets.run_due()
        for what, count in reset_counts(erased).items():
            if what != "people":
                self._metrics.erased(what, count)
        return erased

    def _count_job(self, job: CompactionJob) -> None:
        self._metrics.compaction_ended(job.status.value, turns=job.until_number - job.after_number)


async def erase_all_expired(retention: Retention, audit: AuditLog | None) -> Expired:
    """Erase what is too old of everybody's memory and of the audit log; returns the former."""
    if audit is not None:
        await audit.erase_expired()  # first, because retention ends with the scrub for both
    return await retention.erase_expired()


def job_counts(jobs: tuple[CompactionJob, ...]) -> Mapping[str, int]:
    """How many people there were, and how many of their compactions ended in which way."""
    return {"people": len(jobs), **Counter(job.status.value for job in jobs)}


def reset_counts(erased: ResetCounts) -> Mapping[str, int]:
    """How many people it was about, and what was erased, by kind."""
    return {
        "people": erased.people,
        "turns": erased.turns,
        "facts": erased.facts,
        "episodes": erased.episodes,
    }


def expired_counts(expired: Expired) -> Mapping[str, int]:
    """What was erased, by kind."""
    return {"turns": expired.turns, "facts": expired.facts, "episodes": expired.episodes}
