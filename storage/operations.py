"""The journal of memory operations."""

from __future__ import annotations

from sqlalchemy import insert, select

from bot.domain.identity import PersonId
from bot.domain.memory import MemoryOperation
from storage import mapping
from storage.statements import Statements
from storage.tables import memory_operations as operations


class SqlOperationRepository:
    """:class:`~bot.ports.storage.OperationRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def append(self, operation: MemoryOperation) -> None:
        """Write an entry."""
        await self._statements.run(insert(operations).values(mapping.operation_values(operation)))

    async def of_person(self, person_id: PersonId) -> tuple[MemoryOperation, ...]:
        """All entries about a person, oldest first."""
        rows = await self._statements.all(
            select(operations)
            .where(operations.c.person_id == person_id)
            .order_by(operations.c.happened_at, operations.c.sequence)
        )
        return tuple(mapping.operation(row) for row in rows)
