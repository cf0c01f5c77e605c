"""Running statements: what repositories are given instead of a connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.address import Address
from storage.cancellation import uninterrupted
from storage.errors import translated

AnyRow = Row[*tuple[Any, ...]]
_Id = TypeVar("_Id", bound=str)

_PER_STATEMENT = 500  # databases limit the parameters of one statement


class Statements:
    """Runs statements in the transaction of one unit of work, and translates what goes wrong."""

    def __init__(self, connection: AsyncConnection, address: Address) -> None:
        self._connection = connection
        self._address = address

    async def run(self, statement: Executable) -> int:
        """Execute a statement; how many rows it changed."""
        return (await self._execute(statement)).rowcount

    async def run_each(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement once for each of ``rows``, some at a time."""
        for start in range(0, len(rows), _PER_STATEMENT):
            await self._execute(statement, rows[start : start + _PER_STATEMENT])

    async def all(self, statement: Executable) -> Sequence[AnyRow]:
        """Every row of the result."""
        return (await self._execute(statement)).all()

    async def first(self, statement: Executable) -> AnyRow | None:
        """The first row of the result, or None."""
        return (await self._execute(statement)).first()

    async def count(self, statement: Executable) -> int:
        """The number that a ``select(count())`` returns."""
        return int((await self._execute(statement)).scalar_one())

    async def add(self, table: Table[Any], values: Mapping[str, Any]) -> bool:
        """Insert a row unless one with the same key is there; whether it was inserted.

        Waits for a transaction that is just inserting such a row, so that afterwards a select in
        the same unit of work sees it.
        """
        insert = self._insert(table).values(values)
        return await self.run(insert.on_conflict_do_nothing()) == 1

    async def put(
        self, table: Table[Any], key: str | Collection[str], *rows: Mapping[str, Any]
    ) -> None:
        """Insert rows, all with the same columns, or replace those with the same key."""
        if not rows:
            return
        keys = [key] if isinstance(key, str) else list(key)
        insert = self._insert(table).values(rows)
        rest = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        await self.run(insert.on_conflict_do_update(index_elements=keys, set_=rest))

    def _insert(self, table: Table[Any]) -> postgresql.Insert | sqlite.Insert:
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    async def _execute(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        execution = self._connection.execute(statement, rows)
        with translated(self._address):
            if self._address.path is None:
                return await execution
            # A statement torn off in SQLite's thread keeps its connection, and so the write lock,
            # until the last trace of it is collected. It takes milliseconds: let it finish.
            return await uninterrupted(execution)


def in_batches(ids: Collection[_Id]) -> Iterator[Sequence[_Id]]:
    """Ids, as many at a time as one statement may name."""
    every = list(ids)
    for start in range(0, len(every), _PER_STATEMENT):
        yield every[start : start + _PER_STATEMENT]
