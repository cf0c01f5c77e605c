"""Rows of compaction jobs, episodes and schedules to domain values and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.conversation import ConversationId
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.ports.compaction_storage import ScheduleState
from storage.mapping import Values, audience, audience_values
from storage.statements import AnyRow


def job(row: AnyRow) -> CompactionJob:
    """A row of ``compaction_jobs``."""
    return CompactionJob(
        id=JobId(row.id),
        person_id=PersonId(row.person_id),
        after_number=row.after_number,
        until_number=row.until_number,
        step=Step(row.step),
        read_until=row.read_until,
        worker=row.worker,
        lease_until=row.lease_until,
        started_at=row.started_at,
        status=JobStatus(row.status),
        finished_at=row.finished_at,
        attempts=row.attempts,
        counts=row.counts,
        problem=row.problem,
    )


def job_values(value: CompactionJob) -> Values:
    """The columns of ``compaction_jobs`` for ``value``."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        "after_number": value.after_number,
        "until_number": value.until_number,
        "step": value.step,
        "read_until": value.read_until,
        "worker": value.worker,
        "lease_until": value.lease_until,
        "started_at": value.started_at,
        "status": value.status,
        "finished_at": value.finished_at,
        "attempts": value.attempts,
        "counts": dict(value.counts),
        "problem": value.problem,
    }


def episode(row: AnyRow) -> Episode:
    """A row of ``episodes``."""
    return Episode(
        id=EpisodeId(row.id),
        person_id=PersonId(row.person_id),
        conversation_id=ConversationId(row.conversation_id),
        audience=audience(row),
        first_number=row.first_number,
        last_number=row.last_number,
        began_at=row.began_at,
        ended_at=row.ended_at,
        sentences=tuple(_sentence(item) for item in row.sentences),
        job_id=JobId(row.job_id),
        model=row.model,
    )


def episode_values(value: Episode) -> Values:
    """The columns of ``episodes`` for ``value``."""
    return {
        "id": value.id,
        "person_id": value.person_id,
        "conversation_id": value.conversation_id,
        **audience_values(value.audience),
        "first_number": value.first_number,
        "last_number": value.last_number,
        "began_at": value.began_at,
        "ended_at": value.ended_at,
        "sentences": sentence_values(value.sentences),
        "job_id": value.job_id,
        "model": value.model,
    }


def sentence_values(sentences: Iterable[EpisodeSentence]) -> list[Values]:
    """What the column ``sentences`` of ``episodes`` holds."""
    return [{"text": said.text, "turn_ids": list(said.turn_ids)} for said in sentences]


def _sentence(item: dict[str, Any]) -> EpisodeSentence:
    return EpisodeSentence(
        text=item["text"], turn_ids=tuple(TurnId(turn_id) for turn_id in item["turn_ids"])
    )


def schedule(row: AnyRow) -> ScheduleState:
    """A row of ``schedules``."""
    return ScheduleState(
        name=row.name,
        paused=row.paused,
        last_started_at=row.last_started_at,
        last_finished_at=row.last_finished_at,
        outcome=row.outcome,
        runs=row.runs,
    )
