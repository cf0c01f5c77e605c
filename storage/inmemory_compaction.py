"""Compaction jobs, episodes and the schedule's state in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus, Step
from bot.domain.conversation import ConversationId, Scope
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.identity import PersonId
from bot.domain.turn import Turn, TurnStatus
from bot.errors import StorageError
from bot.ports.compaction_storage import ScheduleState
from storage.inmemory_state import State


class InMemoryCompactionRepository:
    """:class:`~bot.ports.compaction_storage.CompactionRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

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
        chosen = person_id
        if chosen is None:
            chosen = next(iter(await self.due(now=now, rule=rule)), None)
        if chosen is None or chosen not in self._state.persons:
            return None
        job = self._running(chosen)
        if job is None:
            job = self._new(new_id, chosen, worker, now, lease_until)
        elif job.lease_until > now and (job.worker or person_id is None):
            return None
        else:
            job = replace(job, worker=worker, lease_until=lease_until, attempts=job.attempts + 1)
        self._state.jobs[job.id] = job
        return job

    async def due(self, *, now: datetime, rule: DueRule) -> tuple[PersonId, ...]:
        """Who would be claimed now, unfinished jobs included; the longest waiting first."""
        since = {who: self._due_since(who, now, rule) for who in self._state.persons}
        waiting = sorted((*key, who) for who, key in since.items() if key is not None)
        return tuple(who for *_, who in waiting)

    async def renew(self, job_id: JobId, *, worker: str, lease_until: datetime) -> bool:
        """Extend the lease of a job. False when it is not this worker's any more."""
        job = self._state.jobs.get(job_id)
        if job is None or (job.worker, job.status) != (worker, JobStatus.RUNNING):
            return False
        self._state.jobs[job_id] = replace(job, lease_until=lease_until)
        return True

    async def advance(self, job: CompactionJob) -> bool:
        """Store step, ``read_until`` and counts of a running job."""
        if (known := self._held(job)) is None:
            return False
        self._state.jobs[job.id] = replace(
            known, step=job.step, read_until=job.read_until, counts=dict(job.counts)
        )
        return True

    async def release(self, job_id: JobId, *, worker: str, at: datetime, problem: str = "") -> None:
        """Give a running job back: anybody may claim it from ``at`` on."""
        job = self._state.jobs.get(job_id)
        if job is not None and (job.worker, job.status) == (worker, JobStatus.RUNNING):
            self._state.jobs[job_id] = replace(job, worker="", lease_until=at, problem=problem)

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
        if (known := self._held(job)) is None:
            return False
        self._state.jobs[job.id] = replace(
            known, status=status, finished_at=at, counts=dict(job.counts), problem=job.problem
        )
        owner = replace(self._state.persons[job.person_id], compact_not_before=not_before)
        if status is JobStatus.DONE:
            person = replace(owner.person, compacted_until=job.until_number)
            owner = replace(owner, person=person, refresh_at=refresh_at)
        elif refresh_at is not None:
            owner = replace(owner, refresh_at=refresh_at)
        self._state.persons[job.person_id] = owner
        return True

    async def set_undone(self, job_id: JobId, *, at: datetime, not_before: datetime) -> bool:
        """Mark a DONE job as UNDONE, and the turns from its first on as not compacted."""
        job = self._state.jobs.get(job_id)
        if job is None or job.status is not JobStatus.DONE:
            return False
        jobs = list(self._state.jobs.values())
        theirs = [
            other for other in jobs[jobs.index(job) + 1 :] if other.person_id == job.person_id
        ]
        if any(other.status in {JobStatus.RUNNING, JobStatus.DONE} for other in theirs):
            return False
        self._state.jobs[job_id] = replace(job, status=JobStatus.UNDONE, finished_at=at)
        owner = self._state.persons[job.person_id]
        person = replace(owner.person, compacted_until=job.after_number)
        self._state.persons[job.person_id] = replace(
            owner, person=person, compact_not_before=not_before
        )
        return True

    async def get(self, job_id: JobId) -> CompactionJob | None:
        """A job by its id, or by the beginning of its id when that names one alone."""
        if job_id in self._state.jobs:
            return self._state.jobs[job_id]
        found = [job for job in self._state.jobs.values() if job_id and job.id.startswith(job_id)]
        return found[0] if len(found) == 1 else None

    async def latest(
        self, *, limit: int, person_id: PersonId | None = None
    ) -> tuple[CompactionJob, ...]:
        """The jobs that were started last, newest first."""
        jobs = [job for job in self._state.jobs.values() if person_id in {None, job.person_id}]
        newest_first = sorted(jobs, key=lambda job: job.started_at)[::-1]
        return tuple(newest_first[: max(limit, 0)])

    def _new(
        self, new_id: JobId, person_id: PersonId, worker: str, now: datetime, lease_until: datetime
    ) -> CompactionJob:
        if new_id in self._state.jobs:
            message = "A job needs an id of its own."
            raise StorageError(message)
        after = self._state.persons[person_id].person.compacted_until
        return CompactionJob(
            id=new_id,
            person_id=person_id,
            after_number=after,
            until_number=max(self._until(person_id), after),
            step=Step.EXTRACT,
            read_until=after,
            worker=worker,
            lease_until=lease_until,
            started_at=now,
        )

    def _due_since(
        self, person_id: PersonId, now: datetime, rule: DueRule
    ) -> tuple[bool, datetime] | None:
        """The key by which people who are due are ordered; None for who is not."""
        job, stored = self._running(person_id), self._state.persons[person_id]
        if job is not None:
            return (False, job.started_at) if job.lease_until <= now else None
        if stored.compact_not_before is not None and stored.compact_not_before > now:
            return None
        turns, until = self._waiting(person_id), self._until(person_id)
        gathered = [turn for turn in turns if turn.number <= until]
        is_idle = bool(turns) and turns[-1].received_at <= now - rule.idle
        if gathered and (len(gathered) >= rule.enough_turns or is_idle):
            return True, gathered[0].received_at
        if stored.refresh_at is not None and stored.refresh_at <= now:
            return True, gathered[0].received_at if gathered else stored.refresh_at
        return None

    def _waiting(self, person_id: PersonId) -> list[Turn]:
        """Turns of any state after the watermark, by number."""
        after = self._state.persons[person_id].person.compacted_until
        turns = [stored.turn for stored in self._state.turns.values()]
        theirs = [turn for turn in turns if turn.person_id == person_id and turn.number > after]
        return sorted(theirs, key=lambda turn: turn.number)

    def _until(self, person_id: PersonId) -> int:
        for turn in self._waiting(person_id):
            if turn.status is TurnStatus.ACCEPTED:
                return turn.number - 1
        return self._state.persons[person_id].last_turn_number

    def _running(self, person_id: PersonId) -> CompactionJob | None:
        return next(
            (
                job
                for job in self._state.jobs.values()
                if job.person_id == person_id and job.status is JobStatus.RUNNING
            ),
            None,
        )

    def _held(self, job: CompactionJob) -> CompactionJob | None:
        """What is known of a job, if it still is that worker's, and the same attempt."""
        known = self._state.jobs.get(job.id)
        if known is None or known.status is not JobStatus.RUNNING:
            return None
        return known if (known.worker, known.attempts) == (job.worker, job.attempts) else None


class InMemoryEpisodeRepository:
    """:class:`~bot.ports.compaction_storage.EpisodeRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, episode: Episode) -> None:
        """Store a new episode."""
        places = {conversation.id for conversation in self._state.conversations.values()}
        if (
            episode.person_id not in self._state.persons
            or episode.conversation_id not in places
            or episode.id in self._state.episodes
        ):
            message = "An episode needs a person and a conversation that exist, and its own id."
            raise StorageError(message)
        self._state.episodes[episode.id] = episode

    async def of(
        self, scope: Scope, *, until_number: int | None = None, latest: int | None = None
    ) -> tuple[Episode, ...]:
        """Episodes that the scope admits, by the number of their last turn."""
        found = [
            episode
            for episode in self._visible(scope)
            if until_number is None or episode.last_number <= until_number
        ]
        found.sort(key=lambda episode: (episode.last_number, episode.id))
        skipped = 0 if latest is None else max(len(found) - max(latest, 0), 0)
        return tuple(found[skipped:])

    async def by_ids(self, scope: Scope, ids: Sequence[EpisodeId]) -> tuple[Episode, ...]:
        """Those of the given episodes that the scope admits, each once, in the given order."""
        visible = {episode.id: episode for episode in self._visible(scope)}
        return tuple(visible[which] for which in dict.fromkeys(ids) if which in visible)

    async def ends(self, person_id: PersonId) -> Mapping[ConversationId, int]:
        """For each conversation the number of the last turn that an episode covers."""
        ends: dict[ConversationId, int] = {}
        for episode in self._state.episodes.values():
            if episode.person_id == person_id:
                place = episode.conversation_id
                ends[place] = max(ends.get(place, 0), episode.last_number)
        return ends

    async def rewrite(
        self, person_id: PersonId, episode_id: EpisodeId, sentences: Sequence[EpisodeSentence]
    ) -> None:
        """Replace the sentences of an episode; without any, it goes."""
        episode = self._state.episodes.get(episode_id)
        if episode is None or episode.person_id != person_id:
            return
        if sentences:
            self._state.episodes[episode_id] = replace(episode, sentences=tuple(sentences))
        else:
            del self._state.episodes[episode_id]

    async def erase_job(self, person_id: PersonId, job_id: JobId) -> int:
        """Remove the episodes that a job wrote; returns how many there were."""
        written = [
            episode.id
            for episode in self._state.episodes.values()
            if (episode.person_id, episode.job_id) == (person_id, job_id)
        ]
        for episode_id in written:
            del self._state.episodes[episode_id]
        return len(written)

    def _visible(self, scope: Scope) -> list[Episode]:
        return [
            episode
            for episode in self._state.episodes.values()
            if self._state.shows(scope, episode)
        ]


class InMemoryScheduleRepository:
    """:class:`~bot.ports.compaction_storage.ScheduleRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of(self, names: Sequence[str]) -> tuple[ScheduleState, ...]:
        """The states of these jobs, in this order; a fresh one for a job that is not known."""
        return tuple(map(self._known, names))

    async def pause(self, name: str, *, paused: bool) -> None:
        """Stop a job from being run on its own, or let it run again."""
        self._state.schedules[name] = replace(self._known(name), paused=paused)

    async def begin(self, name: str, *, at: datetime) -> None:
        """Note that a run begins."""
        known = self._known(name)
        self._state.schedules[name] = replace(known, last_started_at=at, outcome="running")

    async def end(self, name: str, *, at: datetime, outcome: str) -> None:
        """Note how a run ended, and count it."""
        known = self._known(name)
        self._state.schedules[name] = replace(
            known, last_finished_at=at, outcome=outcome, runs=known.runs + 1
        )

    def _known(self, name: str) -> ScheduleState:
        return self._state.schedules.get(name, ScheduleState(name=name))
