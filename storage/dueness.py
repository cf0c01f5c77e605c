"""Whose memory is to be made compact, as SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from bot.domain.compaction import DueRule, JobStatus
from bot.domain.turn import TurnStatus
from storage.tables import compaction_jobs, persons, turns

# Written into the statement itself: with a parameter, the partial indexes would not be used.
OPEN = turns.c.status == literal(TurnStatus.ACCEPTED.value, literal_execute=True)
RUNNING = compaction_jobs.c.status == literal(JobStatus.RUNNING.value, literal_execute=True)

_WAITING = turns.c.number > persons.c.compacted_until

FIRST_OPEN = (
    select(func.min(turns.c.number))
    .where(turns.c.person_id == persons.c.id, _WAITING, OPEN)
    .correlate(persons)
    .scalar_subquery()
)
"""The number of a person's first turn after the watermark that waits for its reply."""

UNTIL_NUMBER = func.coalesce(FIRST_OPEN - 1, persons.c.last_turn_number)
"""The number of the last turn of a person that can be made compact, gaps included."""

_GATHERED = turns.c.person_id == persons.c.id, _WAITING, turns.c.number <= UNTIL_NUMBER


def due_persons(now: datetime, rule: DueRule) -> Select[*tuple[object, ...]]:
    """The ids of who is due, the longest waiting first, unfinished jobs before all others."""
    gathered = _of_person(select(func.count()).select_from(turns).where(*_GATHERED))
    latest = _of_person(
        select(turns.c.received_at)
        .where(turns.c.person_id == persons.c.id, _WAITING)
        .order_by(turns.c.number.desc())
        .limit(1)
    )
    first = _of_person(
        select(turns.c.received_at).where(*_GATHERED).order_by(turns.c.number).limit(1)
    )
    refreshes = persons.c.refresh_at <= now
    job = select(compaction_jobs.c.started_at).where(
        compaction_jobs.c.person_id == persons.c.id, RUNNING
    )
    abandoned = _of_person(job.where(compaction_jobs.c.lease_until <= now))
    is_new = and_(
        ~job.correlate(persons).exists(),
        or_(persons.c.compact_not_before.is_(None), persons.c.compact_not_before <= now),
        or_(
            refreshes,
            and_(gathered > 0, or_(gathered >= rule.enough_turns, latest <= now - rule.idle)),
        ),
    )
    # The few who may be due are found by indexes; only for them is the rest computed.
    candidates = union_all(
        select(persons.c.id).where(persons.c.last_turn_number > persons.c.compacted_until),
        select(persons.c.id).where(refreshes),
        select(compaction_jobs.c.person_id).where(RUNNING, compaction_jobs.c.lease_until <= now),
    )
    return (
        select(persons.c.id)
        .where(persons.c.id.in_(candidates), or_(abandoned.is_not(None), is_new))
        .order_by(
            case((abandoned.is_not(None), 0), else_=1),
            func.coalesce(abandoned, first, persons.c.refresh_at),
            persons.c.id,
        )
    )


def _of_person(query: Select[*tuple[object, ...]]) -> ColumnElement[object]:
    return query.correlate(persons).scalar_subquery()
