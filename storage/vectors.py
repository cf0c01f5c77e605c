"""Vectors of turns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select

from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.ports.memory_storage import TurnVector
from storage import mapping_memory as mapping
from storage.statements import Statements, in_batches
from storage.tables import turn_vectors, turns


class SqlVectorRepository:
    """:class:`~bot.ports.memory_storage.VectorRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def put(self, vectors: Sequence[TurnVector]) -> None:
        """Store vectors, replacing earlier ones of the same turns."""
        latest = {vector.turn_id: vector for vector in vectors}
        for some in in_batches(latest):
            # The lock keeps the turns from being erased before their vectors are in.
            known = await self._statements.all(
                select(turns.c.id, turns.c.person_id)
                .where(turns.c.id.in_(some))
                .with_for_update(read=True, key_share=True)
            )
            await self._statements.put(
                turn_vectors,
                "turn_id",
                *(
                    {
                        "turn_id": turn.id,
                        # Whose the turn is now: people may have become one meanwhile.
                        "person_id": turn.person_id,
                        "model": latest[turn.id].model,
                        "data": latest[turn.id].data,
                    }
                    for turn in known
                ),
            )

    async def of_person(
        self, person_id: PersonId, model: str, *, after_number: int
    ) -> tuple[TurnVector, ...]:
        """One model's vectors of this person's turns with a greater number, by number."""
        rows = await self._statements.all(
            select(turn_vectors)
            .join(turns, turns.c.id == turn_vectors.c.turn_id)
            .where(
                turns.c.person_id == person_id,
                turns.c.number > after_number,
                turn_vectors.c.model == model,
            )
            .order_by(turns.c.number)
        )
        return tuple(mapping.vector(row) for row in rows)

    async def missing(self, person_id: PersonId, model: str, *, limit: int) -> tuple[TurnId, ...]:
        """This person's latest remembered turns without a vector of this model, newest first."""
        is_theirs = and_(turn_vectors.c.turn_id == turns.c.id, turn_vectors.c.model == model)
        rows = await self._statements.all(
            select(turns.c.id)
            .outerjoin_from(turns, turn_vectors, is_theirs)
            .where(
                turns.c.person_id == person_id,
                ~turns.c.unremembered,
                turn_vectors.c.turn_id.is_(None),
            )
            .order_by(turns.c.number.desc())
            .limit(max(limit, 0))
        )
        return tuple(TurnId(row.id) for row in rows)
