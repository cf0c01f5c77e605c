"""Removing turns of one person, with everything that was made from them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, delete, exists, select

from bot.domain.identity import PersonId
from bot.ports.compaction_storage import Expired
from storage.statements import Statements
from storage.tables import episodes, fact_evidence, facts, turn_traces, turns


async def remove_turns(
    statements: Statements,
    person_id: PersonId,
    is_gone: ColumnElement[bool],
    is_typed: ColumnElement[bool],
) -> Expired:
    """Remove the turns of a person for which ``is_gone`` holds, and what was made from them.

    Words that were typed in support of a fact go where ``is_typed`` holds. ``facts`` counts those
    that are gone, and those that lost words that had been typed.
    """
    gone = and_(turns.c.person_id == person_id, is_gone)
    gone_turns = select(turns.c.id).where(gone)
    gone_episodes = await statements.run(
        delete(episodes).where(
            episodes.c.person_id == person_id,
            exists().where(
                gone,
                turns.c.conversation_id == episodes.c.conversation_id,
                turns.c.number.between(episodes.c.first_number, episodes.c.last_number),
            ),
        )
    )
    gone_facts = await _remove_facts(statements, person_id, gone_turns, is_typed)
    await statements.run(delete(turn_traces).where(turn_traces.c.turn_id.in_(gone_turns)))
    removed = await statements.run(delete(turns).where(gone))
    return Expired(turns=removed, facts=gone_facts, episodes=gone_episodes)


async def _remove_facts(
    statements: Statements,
    person_id: PersonId,
    gone_turns: Select[*tuple[str]],
    is_typed: ColumnElement[bool],
) -> int:
    typed = (
        select(fact_evidence.c.sequence)
        .join(facts, facts.c.id == fact_evidence.c.fact_id)
        .where(facts.c.person_id == person_id, fact_evidence.c.turn_id.is_(None), is_typed)
    )
    changed = await statements.all(
        delete(fact_evidence)
        .where(fact_evidence.c.sequence.in_(typed))
        .returning(fact_evidence.c.fact_id)
    )
    await statements.run(delete(fact_evidence).where(fact_evidence.c.turn_id.in_(gone_turns)))
    gone = await statements.all(
        delete(facts)
        .where(
            facts.c.person_id == person_id,
            ~exists().where(fact_evidence.c.fact_id == facts.c.id),
        )
        .returning(facts.c.id)
    )
    return len({row.fact_id for row in changed} | {row.id for row in gone})
