"""Compaction jobs: who works on whose memory, and how far it has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus, Step
from bot.domain.identity import PersonId
from storage import mapping_compaction as mapping
from storage.dueness import RUNNING, UNTIL_NUMBER, due_persons
from storage.mapping import Values
from storage.statements import AnyRow, Statements
from storage.tables import compaction_jobs as jobs
from storage.tables import persons


class SqlCompactionRepository:
    """:class:`~bot.ports.compaction_storage.CompactionRepository` in SQL.

    A person is locked before their job, here as everywhere.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def claim(
        self,
        new_id: JobId,
        *,
        worker: str,
        now: datetime,
        lease_until: datetime,
        rule: DueRule,
        person_id: PersonId | None = None,
    ) -> CompactionJob | None:
        """Take one job: an unfinished one whose lease ran out, or a new one for who is due."""
        if person_id is None:
            chosen = await self._lock_one_due(now, rule)
        else:
            chosen = person_id if await self._lock(person_id) else None
        if chosen is None:
            return None
        running = await self._statements.first(
            select(jobs).where(jobs.c.person_id == chosen, RUNNING)
        )
        if running is None:
            return await self._begin(new_id, chosen, worker, now, lease_until)
        job = mapping.job(running)
        # A job that was given back is nobody's, also while it is to be left alone.
        if job.lease_until > now and (job.worker or person_id is None):
            return None
        resumed = replace(job, worker=worker, lease_until=lease_until, attempts=job.attempts + 1)
        await self._statements.run(
            update(jobs).where(jobs.c.id == job.id).values(mapping.job_values(resumed))
        )
        return resumed

    async def _lock_one_due(self, now: datetime, rule: DueRule) -> PersonId | None:
        """Who is due and not locked by another process, locked from now on."""
        query = left = due_persons(now, rule)
        while True:
            row = await self._statements.first(
                left.limit(1).with_for_update(key_share=True, skip_locked=True, of=persons)
            )
            if row is None:
                return None
            # Asked again under the lock: who held it before may have taken this person since the
            # statement began to look.
            if await self._statements.first(query.where(persons.c.id == row.id)) is not None:
                return PersonId(row.id)
            left = left.where(persons.c.id != row.id)

    async def _begin(
        self, new_id: JobId, person_id: PersonId, worker: str, now: datetime, lease_until: datetime
    ) -> CompactionJob | None:
        bounds = await self._statements.first(
            select(persons.c.compacted_until, UNTIL_NUMBER.label("until")).where(
                persons.c.id == person_id
            )
        )
        if bounds is None:
            return None
        job = CompactionJob(
            id=new_id,
            person_id=person_id,
            after_number=bounds.compacted_until,
            until_number=max(bounds.until, bounds.compacted_until),
            step=Step.EXTRACT,
            read_until=bounds.compacted_until,
            worker=worker,
            lease_until=lease_until,
            started_at=now,
        )
        await self._statements.run(insert(jobs).values(mapping.job_values(job)))
        return job

    async def due(self, *, now: datetime, rule: DueRule) -> tuple[PersonId, ...]:
        """Who would be claimed now, unfinished jobs included; the longest waiting first."""
        rows = await self._statements.all(due_persons(now, rule))
        return tuple(PersonId(row.id) for row in rows)

    async def renew(self, job_id: JobId, *, worker: str, lease_until: datetime) -> bool:
        """Extend the lease of a job. False when it is not this worker's any more."""
        changed = await self._statements.run(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.worker == worker, RUNNING)
            .values(lease_until=lease_until)
        )
        return changed == 1

    async def advance(self, job: CompactionJob) -> bool:
        """Store step, ``read_until`` and counts of a running job."""
        await self._lock(job.person_id)
        changed = await self._statements.run(
            update(jobs)
            .where(_is_held(job))
            .values(step=job.step, read_until=job.read_until, counts=dict(job.counts))
        )
        return changed == 1

    async def release(self, job_id: JobId, *, worker: str, at: datetime, problem: str = "") -> None:
        """Give a running job back: anybody may claim it from ``at`` on."""
        await self._lock_owner(job_id)
        await self._statements.run(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.worker == worker, RUNNING)
            .values(worker="", lease_until=at, problem=problem)
        )

    async def finish(
        self,
        job: CompactionJob,
        status: JobStatus,
        *,
        at: datetime,
        refresh_at: datetime | None = None,
        not_before: datetime | None = None,
    ) -> bool:
        """End a running job with its counts and problem."""
        await self._lock(job.person_id)
        changed = await self._statements.run(
            update(jobs)
            .where(_is_held(job))
            .values(
                status=status,
                finished_at=at,
                counts=dict(job.counts),
                problem=job.problem,
            )
        )
        if not changed:
            return False
        after: Values = {"compact_not_before": not_before}
        if status is JobStatus.DONE:
            after |= {"compacted_until": job.until_number, "refresh_at": refresh_at}
        elif refresh_at is not None:
            # Without one, what was to be looked at anew still is, when the person is due again.
            after["refresh_at"] = refresh_at
        await self._statements.run(
            update(persons).where(persons.c.id == job.person_id).values(after)
        )
        return True

    async def set_undone(self, job_id: JobId, *, at: datetime, not_before: datetime) -> bool:
        """Mark a DONE job as UNDONE, and the turns from its first on as not compacted."""
        await self._lock_owner(job_id)
        row = await self._statements.first(
            select(jobs).where(jobs.c.id == job_id, jobs.c.status == JobStatus.DONE)
        )
        if row is None:
            return False
        # One that is running now builds on this one as well.
        later = await self._statements.first(
            select(jobs.c.id).where(
                jobs.c.person_id == row.person_id,
                or_(RUNNING, and_(jobs.c.status == JobStatus.DONE, jobs.c.sequence > row.sequence)),
            )
        )
        if later is not None:
            return False
        await self._statements.run(
            update(jobs).where(jobs.c.id == job_id).values(status=JobStatus.UNDONE, finished_at=at)
        )
        await self._statements.run(
            update(persons)
            .where(persons.c.id == row.person_id)
            .values(compacted_until=row.after_number, compact_not_before=not_before)
        )
        return True

    async def get(self, job_id: JobId) -> CompactionJob | None:
        """A job by its id, or by the beginning of its id when that names one alone."""
        row = await self._statements.first(select(jobs).where(jobs.c.id == job_id))
        if row is None and job_id:
            begins = func.substr(jobs.c.id, 1, len(job_id)) == job_id
            found = await self._statements.all(select(jobs).where(begins).limit(2))
            row = found[0] if len(found) == 1 else None
        return None if row is None else mapping.job(row)

    async def latest(
        self, *, limit: int, person_id: PersonId | None = None
    ) -> tuple[CompactionJob, ...]:
        """The jobs that were started last, newest first."""
        newest_first = (
            select(jobs)
            .order_by(jobs.c.started_at.desc(), jobs.c.sequence.desc())
            .limit(max(limit, 0))
        )
        if person_id is not None:
            newest_first = newest_first.where(jobs.c.person_id == person_id)
        return tuple(map(mapping.job, await self._statements.all(newest_first)))

    async def _lock(self, person_id: PersonId) -> AnyRow | None:
        return await self._statements.first(
            select(persons.c.id).where(persons.c.id == person_id).with_for_update(key_share=True)
        )

    async def _lock_owner(self, job_id: JobId) -> None:
        owner = select(jobs.c.person_id).where(jobs.c.id == job_id).scalar_subquery()
        await self._statements.first(
            select(persons.c.id).where(persons.c.id == owner).with_for_update(key_share=True)
        )


def _is_held(job: CompactionJob) -> ColumnElement[bool]:
    # The attempt counts too: a process may have lost its job and taken it again.
    return and_(
        jobs.c.id == job.id,
        jobs.c.worker == job.worker,
        jobs.c.attempts == job.attempts,
        RUNNING,
    )
