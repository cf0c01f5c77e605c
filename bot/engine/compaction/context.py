"""What every step of a compaction needs to know for changing somebody's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.compaction import STEPS, CompactionJob, Step
from bot.domain.conversation import Audience, Visibility
from bot.domain.operation import Actor
from bot.memory.operations import ChangeContext
from bot.ports.system import IdSource

_NOWHERE = Audience(visibility=Visibility.DIRECT, channel="")
"""What compaction does to facts that exist tells nobody anything new."""


def change_context(
    job: CompactionJob, now: datetime, next_number: int, ids: IdSource
) -> ChangeContext:
    """Compaction changes facts that exist, in the name of ``job``."""
    return ChangeContext(
        person_id=job.person_id,
        audience=_NOWHERE,
        actor=Actor.COMPACTION,
        now=now,
        new_id=ids.new_id,
        next_number=next_number,
        job_id=job.id,
    )


def counted(job: CompactionJob, counts: Mapping[str, int]) -> CompactionJob:
    """The job with more done."""
    sums = {name: job.counts.get(name, 0) + count for name, count in counts.items()}
    return replace(job, counts={**job.counts, **sums})


def after(step: Step, job: CompactionJob) -> CompactionJob:
    """The job with ``step`` behind it."""
    return replace(job, step=STEPS[STEPS.index(step) + 1])
