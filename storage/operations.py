"""The journal of memory operations."""

from __future__ import annotations

from sqlalchemy import insert, select

from bot.domain.compaction import JobId
from bot.domain.identity import PersonId
from bot.domain.operation import MemoryOperation, OperationId
from storage import mapping_memory as mapping
from storage.statements import Statements
from storage.tables import memory_operations as operations


class SqlOperationRepository:
    """:class:`~bot.ports.memory_storage.OperationRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def append(self, operation: MemoryOperation) -> None:
        """Write an entry."""
        await self._statements.run(insert(operations).values(mapping.operation_values(operation)))

    async def of_person(
        self, person_id: PersonId, *, latest: int | None = None
    ) -> tuple[MemoryOperation, ...]:
        """Entries about a person, oldest first: all, or the ``latest`` ones."""
        newest_first = (
            select(operations)
            .where(operations.c.person_id == person_id)
            .order_by(operations.c.happened_at.desc(), operations.c.sequence.desc())
        )
        if latest is not None:
            newest_first = newest_first.limit(max(latest, 0))
        rows = await self._statements.all(newest_first)
        return tuple(mapping.operation(row) for row in reversed(rows))

    async def of_job(self, job_id: JobId) -> tuple[MemoryOperation, ...]:
        """What a compaction did, oldest first."""
        rows = await self._statements.all(
            select(operations).where(operations.c.job_id == job_id).order_by(operations.c.sequence)
        )
        return tuple(mapping.operation(row) for row in rows)

    async def undone(self, person_id: PersonId) -> frozenset[OperationId]:
        """The operations that were taken back."""
        rows = await self._statements.all(
            select(operations.c.undoes).where(
                operations.c.person_id == person_id, operations.c.undoes.is_not(None)
            )
        )
        return frozenset(OperationId(row.undoes) for row in rows)
