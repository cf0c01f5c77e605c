"""Compaction: keeping a person's memory small, true and quick, one job at a time.

The database says who is due and how far a job has come; this only works on it. Every step ends with
one transaction that also moves the job on, so whoever claims a job that somebody left, killed or
stopped, goes on after the last step. A step whose lease was lost meanwhile is not committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus
from bot.domain.identity import PersonId
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.context import counted
from bot.engine.compaction.lease import LEASE, LeaseLostError, held
from bot.engine.compaction.preview import Uncommitted
from bot.engine.compaction.publishing import REFUSED_FOR
from bot.engine.compaction.steps import CompactionSteps
from bot.engine.compaction.undoing import take_back, undo_changes
from bot.engine.shielding import shielded
from bot.errors import (
    StorageBusyError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from bot.log import bound, get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource, WorkerRegistry

log = get_logger(__name__)

FIRST_RETRY = timedelta(minutes=1)
"""After a failure; twice as long after each further one."""

MAX_FAILURES = 5
"""After so many, a job is taken back and its person left alone for a day."""

MAX_ATTEMPTS = 25
"""The same for a job whose processes keep dying, which nobody can count as failures."""

_NO_DATABASE = (StorageUnavailableError, StorageFullError, StorageBusyError)
"""Nobody's memory can be worked on. Any other StorageError is one memory's own."""

PREVIEW_TURNS = 500
"""Turns of a job that a preview tries out: two seconds. Others that write to an SQLite file give up
after five."""

_TOO_MANY = "{turns} turns are too many to try out without holding others up"

_PROBLEM = "it failed too often; the log says why"


class Compactor:
    """Claims jobs and works on them. Every method may raise a StorageError.

    ``dry_steps`` are those of previews: they ask no model, so that nobody waits for minutes.
    """

    def __init__(
        self,
        storage: Storage,
        steps: CompactionSteps,
        *,
        dry_steps: CompactionSteps,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        workers: WorkerRegistry,
        rule: DueRule,
    ) -> None:
        self._storage = storage
        self._steps = steps
        self._dry_steps = dry_steps
        self._traffic = traffic
        self._clock = clock
        self._ids = ids
        self._workers = workers
        self._rule = rule

    async def due_count(self) -> int:
        """How many people are due."""
        return len(await self._due())

    async def _due(self) -> tuple[PersonId, ...]:
        async with self._storage.unit_of_work() as work:
            return await work.compactions.due(now=self._clock.now(), rule=self._rule)

    async def compact_due(
        self,
        *,
        at_most: int | None = None,
        on_done: Callable[[CompactionJob], None] | None = None,
    ) -> tuple[CompactionJob, ...]:
        """Work until nobody is due, or on ``at_most`` people; the jobs as they stand then."""
        jobs: list[CompactionJob] = []
        while at_most is None or len(jobs) < at_most:
            await self._traffic.quiet()
            job = await self._claim()
            if job is None:
                break
            jobs.append(await self._work_on(job))
            if on_done is not None:
                on_done(jobs[-1])
        return tuple(jobs)

    async def compact(self, person_id: PersonId) -> CompactionJob | None:
        """Compact one person now, due or not; None while somebody else works on them."""
        job = await self._claim(person_id)
        return None if job is None else await self._work_on(job)

    async def preview(self, person_id: PersonId | None = None) -> tuple[CompactionJob, ...]:
        """The jobs of all who are due, or of one person, as they would end. Changes nothing.

        The database is held up while one person's job is tried out, so that a job of more than
        :data:`PREVIEW_TURNS` is not, and its problem says so.
        """
        chosen = [person_id] if person_id is not None else await self._due()
        jobs = []
        for each in chosen:
            async with self._storage.unit_of_work() as work:
                dry = Compactor(
                    Uncommitted(self._storage, work),
                    self._dry_steps,
                    dry_steps=self._dry_steps,
                    traffic=self._traffic,
                    clock=self._clock,
                    ids=self._ids,
                    workers=self._workers,
                    rule=self._rule,
                )
                job = await dry._claim(each)
                if job is None:
                    continue
                turns = job.until_number - job.after_number
                if turns > PREVIEW_TURNS:
                    jobs.append(replace(job, problem=_TOO_MANY.format(turns=turns)))
                else:
                    jobs.append(await dry._run(job))
        return tuple(jobs)

    async def undo(self, job_id: JobId) -> CompactionJob | None:
        """Take back a compaction that was done, all of it.

        None when there is no such job, when it was not done, or when a later one builds on it:
        that one must go first. The person is left alone for a day, or it would just be done again.
        """
        async with self._storage.unit_of_work() as work:
            job = await work.compactions.get(job_id)
            if job is None:
                return None
            now = self._clock.now()
            # The person before everything else, as everywhere.
            await work.facts.begin_change(job.person_id)
            if not await work.compactions.set_undone(job.id, at=now, not_before=now + REFUSED_FOR):
                return None
            await undo_changes(work, job, at=now, ids=self._ids)
            await work.commit()
        log.info("compaction_undone", job=job.id, person=job.person_id)
        return replace(job, status=JobStatus.UNDONE)

    async def _claim(self, person_id: PersonId | None = None) -> CompactionJob | None:
        now = self._clock.now()
        async with self._storage.unit_of_work() as work:
            job = await work.compactions.claim(
                JobId(self._ids.new_id()),
                worker=self._workers.name,
                now=now,
                lease_until=now + LEASE,
                rule=self._rule,
                person_id=person_id,
            )
            await work.commit()
        return job

    async def _work_on(self, job: CompactionJob) -> CompactionJob:
        """The job as it ended, or as it was left for another time."""
        began = self._clock.elapsed()
        with bound(job=job.id, person=job.person_id):
            try:
                async with held(self._storage, job, self._clock):
                    job = await self._run(job)
            except LeaseLostError:
                log.warning("compaction_lease_lost")
            except _NO_DATABASE:
                raise
            except Exception:
                # It could not even be noted. Whoever claims it next, when its lease has run out,
                # tries again; until then the others get their turn.
                log.exception("compaction_left")
            log.info(
                "compaction_finished",
                status=job.status.value,
                step=job.step.value,
                turns=job.until_number - job.after_number,
                seconds=round(self._clock.elapsed() - began, 3),
                **job.counts,
            )
        return job

    async def _run(self, job: CompactionJob) -> CompactionJob:
        if job.attempts > MAX_ATTEMPTS:
            return await self._give_up(job)
        # The newest state that is stored, for whatever ends this early.
        stored = job
        try:
            while stored.status is JobStatus.RUNNING:
                stored = await self._steps.next(self._storage, stored)
        except asyncio.CancelledError:
            await shielded(self._release(job))
            raise
        except (LeaseLostError, *_NO_DATABASE):
            # Without its lease it is another's, and without a database nothing can be noted: the
            # lease runs out by itself.
            raise
        except Exception:
            # One memory that nobody foresaw must not keep the others from being made compact.
            log.exception("compaction_failed", step=stored.step.value)
            return await self._note_failure(stored)
        return stored

    async def _release(self, job: CompactionJob) -> None:
        """Give the job back at once, so that the next process need not wait for the lease."""
        try:
            async with self._storage.unit_of_work() as work:
                await work.compactions.release(job.id, worker=job.worker, at=self._clock.now())
                await work.commit()
        except StorageError as error:
            log.warning("job_not_released", error=str(error))

    async def _note_failure(self, job: CompactionJob) -> CompactionJob:
        """Try again later, or give up."""
        failures = job.counts.get("failures", 0) + 1
        if failures >= MAX_FAILURES:
            return await self._give_up(counted(job, {"failures": 1}))
        later = self._clock.now() + FIRST_RETRY * 2 ** (failures - 1)
        async with self._storage.unit_of_work() as work:
            # What the step did before it failed is stored: its own progress is the newer one.
            newest = await work.compactions.get(job.id) or job
            job = replace(counted(newest, {"failures": 1}), worker=job.worker)
            if not await work.compactions.advance(job):
                raise LeaseLostError
            problem = "it failed and is tried again; the log says why"
            await work.compactions.release(job.id, worker=job.worker, at=later, problem=problem)
            await work.commit()
        return replace(job, problem=problem)

    async def _give_up(self, job: CompactionJob) -> CompactionJob:
        now = self._clock.now()
        log.error("compaction_given_up", attempts=job.attempts)
        return await take_back(
            self._storage,
            replace(job, problem=_PROBLEM),
            JobStatus.FAILED,
            at=now,
            not_before=now + REFUSED_FOR,
            ids=self._ids,
        )
