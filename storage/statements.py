"""Running statements: what repositories are given instead of a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.address import Address
from storage.cancellation import uninterrupted
from storage.errors import translated

AnyRow = Row[*tuple[Any, ...]]


class Statements:
    """Runs statements in the transaction of one unit of work, and translates what goes wrong."""

    def __init__(self, connection: AsyncConnection, address: Address) -> None:
        self._connection = connection
        self._address = address

    async def run(self, statement: Executable) -> int:
        """Execute a statement; how many rows it changed."""
        return (await self._execute(statement)).rowcount

    async def all(self, statement: Executable) -> Sequence[AnyRow]:
        """Every row of the result."""
        return (await self._execute(statement)).all()

    async def first(self, statement: Executable) -> AnyRow | None:
        """The first row of the result, or None."""
        return (await self._execute(statement)).first()

    async def add(self, table: Table[Any], values: Mapping[str, Any]) -> bool:
        """Insert a row unless one with the same key is there; whether it was inserted.

        Waits for a transaction that is just inserting such a row, so that afterwards a select in
        the same unit of work sees it.
        """
        insert = self._insert(table).values(values)
        return await self.run(insert.on_conflict_do_nothing()) == 1

    async def put(self, table: Table[Any], key: str, values: Mapping[str, Any]) -> None:
        """Insert a row, or replace the one with the same key."""
        insert = self._insert(table).values(values)
        rest = {name: value for name, value in values.items() if name != key}
        await self.run(insert.on_conflict_do_update(index_elements=[key], set_=rest))

    def _insert(self, table: Table[Any]) -> postgresql.Insert | sqlite.Insert:
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    async def _execute(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        execution = self._connection.execute(statement)
        with translated(self._address):
            if self._address.path is None:
                return await execution
            # A statement torn off in SQLite's thread keeps its connection, and so the write lock,
            # until the last trace of it is collected. It takes milliseconds: let it finish.
            return await uninterrupted(execution)
