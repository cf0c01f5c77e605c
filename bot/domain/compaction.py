"""Compaction jobs: which stretch of a memory is made compact, and how far that has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from bot.domain.identity import PersonId

JobId = NewType("JobId", str)


class Step(StrEnum):
    """The steps of a compaction, in their order. Each ends with one committed transaction."""

    EXTRACT = "extract"
    """Find and consolidate facts in the turns that nobody has read with the best tier."""
    MERGE = "merge"
    """Make one of facts that say the same."""
    EXPIRE = "expire"
    """Close plans whose date has passed."""
    STRENGTHEN = "strengthen"
    """Compute strengths anew: what nobody mentions or uses fades."""
    SUMMARISE = "summarise"
    """Write episodes."""
    PUBLISH = "publish"
    """Ask the probe questions, and move the watermark if nothing was lost."""


STEPS = tuple(Step)


class JobStatus(StrEnum):
    """What became of a compaction."""

    RUNNING = "running"
    """Somebody works on it, or died and somebody else will go on."""
    DONE = "done"
    REFUSED = "refused"
    """It would have lost recall, so it was rolled back."""
    FAILED = "failed"
    """It went wrong too often; what it had changed was rolled back."""
    UNDONE = "undone"
    """It was done, and somebody took it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionJob:
    """The compaction of one person's turns.

    Those with numbers above ``after_number`` up to ``until_number``. ``step`` is the one to do
    next. ``read_until`` is the number of the last turn that the first step has read. ``counts``
    say what was done, ``problem`` why it was refused or failed; neither holds anybody's words.
    """

    id: JobId
    person_id: PersonId
    after_number: int
    until_number: int
    step: Step
    read_until: int
    worker: str
    lease_until: datetime
    started_at: datetime
    status: JobStatus = JobStatus.RUNNING
    finished_at: datetime | None = None
    attempts: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRule:
    """When somebody's memory is to be made compact.

    When ``enough_turns`` have gathered since the last time, or when there are any and the person
    has been silent for ``idle``; and at the moment that the last compaction named, because a plan
    ends or a fact fades then.
    """

    enough_turns: int = 40
    idle: timedelta = timedelta(minutes=10)
