"""Making one person of two, when somebody has shown that both accounts are theirs."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update

from bot.domain.compaction import JobStatus
from bot.domain.consent import consent_of_both
from bot.domain.identity import PersonId
from bot.errors import StorageError
from storage.administration_tables import audit_entries, resets
from storage.statements import AnyRow, Statements
from storage.tables import (
    compaction_jobs,
    episodes,
    facts,
    identities,
    link_codes,
    link_failures,
    memory_operations,
    persons,
    turn_traces,
    turn_vectors,
    turns,
)

_OWNED = (
    turn_traces,
    turn_vectors,
    memory_operations,
    link_codes,
    link_failures,
    audit_entries,
    resets,
)
"""Tables in which only the owner changes."""


async def merge_persons(statements: Statements, gone: PersonId, into: PersonId) -> None:
    """Give everything of ``gone`` to ``into``, and remove ``gone``.

    Raises:
        StorageError: when they are not two people who exist.
    """
    # Both are locked in one order, so that two mergers cannot wait for each other. New turns and
    # facts of either wait until this is done; a reply that is just being saved does not have to.
    found = await statements.all(
        select(persons)
        .where(persons.c.id.in_([gone, into]))
        .order_by(persons.c.id)
        .with_for_update(key_share=True)
    )
    people = {row.id: row for row in found}
    if people.keys() != {gone, into} or gone == into:
        message = "Only two people who exist can become one."
        raise StorageError(message)
    one, other = people[into], people[gone]
    await _give_episodes(statements, gone, one)
    await statements.run(
        update(turns)
        .where(turns.c.person_id == gone)
        .values(person_id=into, number=turns.c.number + one.last_turn_number)
    )
    await statements.run(
        update(facts)
        .where(facts.c.person_id == gone)
        .values(person_id=into, number=facts.c.number + one.last_fact_number)
    )
    await statements.run(
        update(identities)
        .where(identities.c.person_id == gone)
        .values(
            person_id=into,
            first_seen_at=func.coalesce(identities.c.first_seen_at, other.first_seen_at),
        )
    )
    for table in _OWNED:
        await statements.run(update(table).where(table.c.person_id == gone).values(person_id=into))
    await statements.run(
        update(persons)
        .where(persons.c.id == into)
        .values(
            first_seen_at=min(one.first_seen_at, other.first_seen_at),
            memory_epoch=one.memory_epoch + 1,
            last_turn_number=one.last_turn_number + other.last_turn_number,
            last_fact_number=one.last_fact_number + other.last_fact_number,
            paused=one.paused or other.paused,
            incognito=one.incognito or other.incognito,
            notice_shown_at=one.notice_shown_at or other.notice_shown_at,
            consented_at=consent_of_both(one.consented_at, other.consented_at),
            refresh_at=min(filter(None, (one.refresh_at, other.refresh_at)), default=None),
            retention_days=min(
                filter(None, (one.retention_days, other.retention_days)), default=None
            ),
        )
    )
    await statements.run(delete(persons).where(persons.c.id == gone))


async def _give_episodes(statements: Statements, gone: PersonId, into: AnyRow) -> None:
    """Give what was summarised of ``gone`` to ``into``, and forget how it came about.

    Whoever works on either must notice: running jobs go, and the episodes that they have written so
    far. So do the finished jobs of ``gone``, because to undo one would take back turns of ``into``.
    The turns of ``gone`` come after the watermark of ``into``, and are made compact once more.
    """
    running = select(compaction_jobs.c.id).where(
        compaction_jobs.c.person_id.in_([gone, into.id]),
        compaction_jobs.c.status == JobStatus.RUNNING,
    )
    # Where both talked, an episode of the one would hide from the next compaction that the other's
    # earlier turns have none yet. They get another one together.
    shared = select(turns.c.conversation_id).where(
        turns.c.person_id == into.id, turns.c.number > into.compacted_until
    )
    await statements.run(
        delete(episodes).where(
            episodes.c.person_id.in_([gone, into.id]), episodes.c.job_id.in_(running)
        )
    )
    await statements.run(
        delete(episodes).where(episodes.c.person_id == gone, episodes.c.conversation_id.in_(shared))
    )
    await statements.run(delete(compaction_jobs).where(compaction_jobs.c.id.in_(running)))
    await statements.run(
        update(episodes)
        .where(episodes.c.person_id == gone)
        .values(
            person_id=into.id,
            first_number=episodes.c.first_number + into.last_turn_number,
            last_number=episodes.c.last_number + into.last_turn_number,
        )
    )
