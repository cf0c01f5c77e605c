"""Facts and the evidence for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from bot.domain.conversation import Scope
from bot.domain.fact import Evidence, Fact, FactId, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.errors import StorageError
from storage import mapping_memory as mapping
from storage.scoping import admitted
from storage.setting_aside import evidence_is_set_aside
from storage.statements import Statements, in_batches
from storage.tables import fact_evidence, facts, persons

# A fact without the words that support it would be none; so no outer join.
READ = select(
    *(column for column in facts.c if column not in {facts.c.quote, facts.c.source_turn_id}),
    fact_evidence.c.quote.label("said"),
    fact_evidence.c.turn_id,
    fact_evidence.c.said_at,
).join_from(facts, fact_evidence, fact_evidence.c.fact_id == facts.c.id)


class SqlFactRepository:
    """:class:`~bot.ports.memory_storage.FactRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def begin_change(self, person_id: PersonId) -> int:
        """Hold off other changes of this person's facts until the unit of work ends."""
        owner = await self._statements.first(
            select(persons.c.last_fact_number)
            .where(persons.c.id == person_id)
            .with_for_update(key_share=True)
        )
        if owner is None:
            message = "Only the facts of a person who exists can be changed."
            raise StorageError(message)
        number: int = owner.last_fact_number + 1
        return number

    async def add(self, fact: Fact) -> None:
        """Store a new fact with its evidence."""
        await self._statements.run(insert(facts).values(mapping.fact_values(fact)))
        await self._statements.run(
            insert(fact_evidence).values(
                [mapping.evidence_values(fact.id, support) for support in fact.evidence]
            )
        )
        # A number is never given twice, not even when its fact was forgotten.
        await self._statements.run(
            update(persons)
            .where(persons.c.id == fact.person_id, persons.c.last_fact_number < fact.number)
            .values(last_fact_number=fact.number)
        )

    async def set_state(self, fact_id: FactId, state: FactState) -> None:
        """Put a fact into another state. Nothing happens when it is gone."""
        await self._statements.run(
            update(facts).where(facts.c.id == fact_id).values(mapping.state_values(state))
        )

    async def add_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Add evidence to a fact, once for each turn. Nothing happens when the fact is gone."""
        known = await self._statements.first(
            select(facts.c.id).where(facts.c.id == fact_id).with_for_update(key_share=True)
        )
        if known is not None:
            await self._statements.add(fact_evidence, mapping.evidence_values(fact_id, evidence))

    async def remove_evidence(self, fact_id: FactId, evidence: Evidence) -> None:
        """Take evidence with this turn and quote from a fact again, unless it is its only one."""
        other = fact_evidence.alias("other")
        # Typed words have no turn, and may have been typed twice: the later ones go.
        latest = (
            select(func.max(fact_evidence.c.sequence))
            .where(
                fact_evidence.c.fact_id == fact_id,
                fact_evidence.c.turn_id.is_not_distinct_from(evidence.turn_id),
                fact_evidence.c.quote == evidence.quote,
            )
            .scalar_subquery()
        )
        await self._statements.run(
            delete(fact_evidence).where(
                fact_evidence.c.sequence == latest,
                select(other.c.sequence)
                .where(other.c.fact_id == fact_id, other.c.sequence != fact_evidence.c.sequence)
                .exists(),
            )
        )

    async def of(self, scope: Scope, statuses: Collection[FactStatus]) -> tuple[Fact, ...]:
        """The facts in one of ``statuses`` that the scope admits, by number. Evidence by date."""
        wanted = READ.where(admitted(facts, scope), facts.c.status.in_(list(statuses)))
        if not scope.set_aside:
            wanted = wanted.where(~evidence_is_set_aside())
        rows = await self._statements.all(
            wanted.order_by(facts.c.number, fact_evidence.c.said_at, fact_evidence.c.sequence)
        )
        return mapping.facts(rows)

    async def mark_used(self, fact_ids: Collection[FactId], *, at: datetime) -> None:
        """Note that facts helped to answer, and count it."""
        for some in in_batches(fact_ids):
            # Facts that are just being changed are left out, so that no reply waits for them.
            unlocked = (
                select(facts.c.id)
                .where(facts.c.id.in_(some))
                .with_for_update(key_share=True, skip_locked=True)
            )
            await self._statements.run(
                update(facts)
                .where(facts.c.id.in_(unlocked))
                .values(last_used_at=at, use_count=facts.c.use_count + 1)
            )

    async def erase(self, person_id: PersonId, fact_ids: Collection[FactId]) -> int:
        """Remove facts of this person and their evidence; returns how many there were."""
        erased = 0
        for some in in_batches(fact_ids):
            erased += await self._statements.run(
                delete(facts).where(facts.c.person_id == person_id, facts.c.id.in_(some))
            )
        return erased

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every fact of a person and its evidence; returns how many there were."""
        return await self._statements.run(delete(facts).where(facts.c.person_id == person_id))
