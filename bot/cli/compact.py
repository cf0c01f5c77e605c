"""``ellie compact``: make memory compact now, see what that would do, or take it back."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import psutil
from rich.console import Console

from bot.background import CompactionApp, compaction_app, due_rule
from bot.cli.jobs import what_became
from bot.cli.people import SHORT_ID, find_person
from bot.config import Settings
from bot.domain.compaction import CompactionJob, JobId, JobStatus
from bot.domain.identity import PersonId
from bot.engine.audit import Noted
from bot.engine.schedules import COMPACTION, RecordedRuns, job_counts
from bot.errors import UsageError
from bot.ports.metrics import NoMetrics
from bot.ports.storage import UnitOfWork

RECORDED = "ellie compact"
"""What it is called in the audit log."""

NICE = 10
"""The priority below that of everything else: people who chat meanwhile must not notice."""


def compact(settings: Settings, console: Console, *, person: str | None, dry_run: bool) -> bool:
    """Compact everybody who is due, or ``person`` due or not; whether all that was begun was done.

    With ``dry_run`` nothing is changed, and what would be is printed.

    Raises:
        UsageError: nobody is meant by ``person``.
        StorageError: the database cannot be used.
    """
    _step_back()

    def show(job: CompactionJob) -> None:
        console.print(_line(job), highlight=False, markup=False, soft_wrap=True)

    async def run() -> bool:
        async with compaction_app(settings) as app:
            chosen = None if person is None else await _chosen(app, settings, person)
            if dry_run:
                jobs = await app.compactor.preview(chosen)
            else:
                jobs = await _compacted(app, chosen, show)
        if dry_run or chosen is not None:
            for job in jobs:
                show(job)
        console.print(
            _summary(jobs, dry_run=dry_run, one=chosen is not None), highlight=False, soft_wrap=True
        )
        return all(job.status is JobStatus.DONE for job in jobs)

    return asyncio.run(run())


def undo(settings: Settings, console: Console, name: str) -> None:
    """Take back a whole compaction, named by its id or the beginning of it.

    Raises:
        UsageError: there is no such compaction, or it cannot be taken back.
        StorageError: the database cannot be used.
    """

    async def run() -> CompactionJob:
        async with compaction_app(settings) as app:
            async with app.storage.unit_of_work() as work:
                job = await _found(work, name)
            noted = Noted(person_id=job.person_id)
            async with app.audit.recorded(f"{RECORDED} --undo", noted=noted):
                undone = await app.compactor.undo(job.id)
                if undone is None:
                    raise UsageError(
                        f"A later compaction of the same person builds on {job.id[:SHORT_ID]}. "
                        "Take that one back first; `ellie jobs` lists it."
                    )
            return undone

    undone = asyncio.run(run())
    console.print(
        f"Taken back: {undone.id[:SHORT_ID]}, of person {undone.person_id[:SHORT_ID]}. It is left "
        "alone for a day; `ellie compact --person` does it again before.",
        highlight=False,
        soft_wrap=True,
    )


async def _chosen(app: CompactionApp, settings: Settings, who: str) -> PersonId:
    async with app.storage.unit_of_work() as work:
        return await find_person(work, who, now=app.clock.now(), rule=due_rule(settings))


async def _compacted(
    app: CompactionApp, chosen: PersonId | None, show: Callable[[CompactionJob], None]
) -> tuple[CompactionJob, ...]:
    """The jobs of one person or of all who are due, on record in the audit log."""
    async with app.audit.recorded(RECORDED, noted=Noted(person_id=chosen)) as noted:
        if chosen is None:
            runs = RecordedRuns(app.storage, clock=app.clock, metrics=NoMetrics())
            everybody = partial(app.compactor.compact_due, on_done=show)
            jobs = await runs.run(COMPACTION, everybody, job_counts)
        else:
            one = await app.compactor.compact(chosen)
            jobs = () if one is None else (one,)
        noted.detail.update(job_counts(jobs))
    return jobs


async def _found(work: UnitOfWork, name: str) -> CompactionJob:
    job = await work.compactions.get(JobId(name)) if name else None
    if job is None:
        raise UsageError(
            f"'{name}' is the beginning of no compaction's id, or of several. `ellie jobs` lists "
            "the latest."
        )
    if job.status is not JobStatus.DONE:
        raise UsageError(
            f"The compaction {job.id[:SHORT_ID]} is {job.status.value}; only one that is done can "
            "be taken back."
        )
    return job


def _line(job: CompactionJob) -> str:
    count = job.until_number - job.after_number
    turns = f"{count} {'turn' if count == 1 else 'turns'}"
    # A job that is still running when nobody works on it is gone on with by the next run.
    status = "left for later" if job.status is JobStatus.RUNNING else job.status.value
    return (
        f"person {job.person_id[:SHORT_ID]}: {status}, {turns}: {what_became(job)} "
        f"(job {job.id[:SHORT_ID]})"
    )


def _summary(jobs: Sequence[CompactionJob], *, dry_run: bool, one: bool) -> str:
    if not jobs:
        return (
            "There is nothing to do for them, or another process does it just now."
            if one
            else "Nobody is due."
        )
    # Somebody may have had several jobs: what became of their memory is told once.
    people = dict.fromkeys((job.person_id, job.status) for job in jobs)
    counts = Counter(status for _, status in people)
    done = counts.pop(JobStatus.DONE, 0)
    parts = [f"{done} {'person' if done == 1 else 'people'}"]
    parts += [
        f"{count} {'left for later' if status is JobStatus.RUNNING else status.value}"
        for status, count in counts.items()
    ]
    said = "Would be compacted" if dry_run else "Compacted"
    return f"{said}: {', '.join(parts)}.{' Nothing was changed.' if dry_run else ''}"


def _step_back() -> None:
    """Lower this process's priority, for good: it ends with the command."""
    lower = NICE
    if sys.platform == "win32":  # has classes in place of numbers
        lower = psutil.BELOW_NORMAL_PRIORITY_CLASS
    # Whoever started us below that already may not be raised again, and need not be.
    with contextlib.suppress(psutil.AccessDenied):
        psutil.Process().nice(lower)
