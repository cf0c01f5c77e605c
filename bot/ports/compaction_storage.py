"""Repositories of compaction: jobs with their leases, episodes, retention, the schedule's state.

Used inside a unit of work; see :mod:`bot.ports.storage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus
from bot.domain.conversation import ConversationId, Scope
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.erasure import SaidIn
from bot.domain.identity import PersonId, TenantId, TenantRef


class CompactionRepository(Protocol):
    """Who is due, who works on whom, and how far compaction has come with everybody."""

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
        """Take one job: an unfinished one whose lease ran out, or a new one for who is due.

        None when there is nothing to do. Of two processes that claim at once each gets another
        person, and neither waits for the other. With ``person_id`` only that person is looked at,
        due or not; the time before which they are to be left alone does not count then.

        A new job begins after the last turn that was compacted and ends before the person's first
        turn that still waits for its reply, or else with their last one. An unfinished one keeps
        its bounds and progress, and has one attempt more.
        """

    async def due(self, *, now: datetime, rule: DueRule) -> tuple[PersonId, ...]:
        """Who would be claimed now, unfinished jobs included; the longest waiting first."""

    async def renew(self, job_id: JobId, *, worker: str, lease_until: datetime) -> bool:
        """Extend the lease of a job. False when it is not this worker's any more."""

    async def advance(self, job: CompactionJob) -> bool:
        """Store step, ``read_until`` and counts of a running job.

        False, and no change, when it is not ``job.worker``'s any more: then whatever else the unit
        of work did must not be committed.
        """

    async def release(self, job_id: JobId, *, worker: str, at: datetime, problem: str = "") -> None:
        """Give a running job back: anybody may claim it from ``at`` on."""

    async def finish(
        self,
        job: CompactionJob,
        status: JobStatus,
        *,
        at: datetime,
        refresh_at: datetime | None = None,
        not_before: datetime | None = None,
    ) -> bool:
        """End a running job with its counts and problem. False as for :meth:`advance`.

        When it is DONE the person is compacted up to ``until_number``. ``refresh_at`` is when they
        are due again without a word, ``not_before`` until when they are left alone.
        """

    async def set_undone(self, job_id: JobId, *, at: datetime, not_before: datetime) -> bool:
        """Mark a DONE job as UNDONE, and the turns from its first on as not compacted.

        False when it is not DONE, or another one of this person was done since.
        """

    async def get(self, job_id: JobId) -> CompactionJob | None:
        """A job by its id, or by the beginning of its id when that names one alone."""

    async def latest(
        self, *, limit: int, person_id: PersonId | None = None
    ) -> tuple[CompactionJob, ...]:
        """The jobs that were started last, newest first."""


class EpisodeRepository(Protocol):
    """Summaries of stretches of conversation."""

    async def add(self, episode: Episode) -> None:
        """Store a new episode."""

    async def of(
        self, scope: Scope, *, until_number: int | None = None, latest: int | None = None
    ) -> tuple[Episode, ...]:
        """Episodes that the scope admits, by the number of their last turn.

        Only those that end at ``until_number`` or before, if it is given; only the ``latest``.
        """

    async def by_ids(self, scope: Scope, ids: Sequence[EpisodeId]) -> tuple[Episode, ...]:
        """Those of the given episodes that the scope admits, in the given order."""

    async def ends(self, person_id: PersonId) -> Mapping[ConversationId, int]:
        """For each conversation the number of the last turn that an episode covers."""

    async def rewrite(
        self, person_id: PersonId, episode_id: EpisodeId, sentences: Sequence[EpisodeSentence]
    ) -> None:
        """Replace the sentences of an episode; without any, it goes."""

    async def erase_job(self, person_id: PersonId, job_id: JobId) -> int:
        """Remove the episodes that a job wrote; returns how many there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """How much of one person was older than may be kept."""

    turns: int = 0
    facts: int = 0
    episodes: int = 0

    def __bool__(self) -> bool:
        return bool(self.turns or self.facts or self.episodes)


class RetentionRepository(Protocol):
    """How long things may be kept: a number of days, or None for as long as people want.

    A tenant's own number stands in place of the default for what is said in it; a person's own
    one can only make it shorter. Direct messages without a tenant have the default.
    """

    async def set_person(self, person_id: PersonId, days: int | None) -> None:
        """What a person decided for all they say."""

    async def of_person(self, person_id: PersonId) -> int | None:
        """What a person decided."""

    async def set_tenant(self, tenant: TenantRef, days: int | None) -> None:
        """What is decided for a tenant, which is created when nobody knows it."""

    async def of_tenants(self) -> Mapping[TenantId, int]:
        """The tenants with a number of their own."""

    async def due(
        self, *, now: datetime, default_days: int | None, limit: int
    ) -> tuple[PersonId, ...]:
        """People who have something stored that is older than may be kept."""

    async def erase_expired(
        self, person_id: PersonId, *, now: datetime, default_days: int | None
    ) -> Expired:
        """Remove what is older than may be kept, with everything derived from it.

        Finished turns with their traces and vectors; evidence said so long ago, and facts without
        any evidence left; episodes that cover such a turn. The caller bumps the person's epoch,
        commits, and scrubs.
        """

    async def people_in(
        self, tenant: TenantRef, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Who has said something in a tenant that is still stored, by id, from ``after`` on."""

    async def erase_said_in(self, person_id: PersonId, tenant: TenantRef) -> Expired:
        """Remove what a person said in a tenant, with everything derived from it.

        As :meth:`erase_expired` does, whatever its age, and turns that wait for their reply too.
        """

    async def erase_said(self, person_id: PersonId, said: SaidIn) -> Expired:
        """Remove what a person said within the limits of an entry of the erase list, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """What is known of one scheduled job: whether it is paused, and how its last run went."""

    name: str
    paused: bool = False
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    outcome: str = ""
    """``ok``, ``failed``, ``stopped`` or ``running``; empty when it never ran."""
    runs: int = 0


class ScheduleRepository(Protocol):
    """What the scheduler must know of earlier runs, of all processes."""

    async def of(self, names: Sequence[str]) -> tuple[ScheduleState, ...]:
        """The states of these jobs, in this order; a fresh one for a job that is not known."""

    async def pause(self, name: str, *, paused: bool) -> None:
        """Stop a job from being run on its own, or let it run again."""

    async def begin(self, name: str, *, at: datetime) -> None:
        """Note that a run begins."""

    async def end(self, name: str, *, at: datetime, outcome: str) -> None:
        """Note how a run ended, and count it."""
