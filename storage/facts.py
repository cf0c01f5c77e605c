"""Facts."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from bot.domain.conversation import Scope
from bot.domain.identity import PersonId
from bot.domain.memory import Fact, FactStatus
from storage import mapping
from storage.scoping import admitted
from storage.statements import Statements
from storage.tables import facts


class SqlFactRepository:
    """:class:`~bot.ports.storage.FactRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, fact: Fact) -> None:
        """Store a new fact."""
        await self._statements.run(insert(facts).values(mapping.fact_values(fact)))

    async def active(self, scope: Scope) -> tuple[Fact, ...]:
        """The active facts that the scope admits: pinned first, then oldest first."""
        rows = await self._statements.all(
            select(facts)
            .where(admitted(facts, scope), facts.c.status == FactStatus.ACTIVE)
            .order_by(facts.c.pinned.desc(), facts.c.valid_from, facts.c.sequence)
        )
        return tuple(mapping.fact(row) for row in rows)

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every fact of a person; returns how many there were."""
        return await self._statements.run(delete(facts).where(facts.c.person_id == person_id))
