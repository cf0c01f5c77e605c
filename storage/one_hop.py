"""SQLite statements in one visit to the database's thread.

aiosqlite runs SQLite in a thread of its own and visits it for every step: making a cursor,
executing, fetching, closing. Each visit costs more than most statements. SQLAlchemy always fetches
all rows and closes the cursor at once, so the four steps can be one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

import aiosqlite


class OneHopCursor:
    """A cursor as SQLAlchemy's adapter uses it. Rows are there as soon as a statement has run."""

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement and fetch what it returns."""
        await self._connection.visit(self._run, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Run a statement for each set of parameters."""
        await self._connection.visit(self._run_many, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows of the statement, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open between statements."""

    def _run(self, database: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
        cursor = database.cursor()
        try:
            cursor.execute(sql, parameters)
            self._keep(cursor)
        finally:
            cursor.close()

    def _run_many(
        self, database: sqlite3.Connection, sql: str, parameters: Iterable[Sequence[Any]]
    ) -> None:
        cursor = database.cursor()
        try:
            cursor.executemany(sql, parameters)
            self._keep(cursor)
        finally:
            cursor.close()

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        # Fetched before they are counted: a statement that returns rows counts them as it goes.
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid


class OneHopConnection(aiosqlite.Connection):
    """A connection whose cursors do everything in one visit to its thread."""

    def cursor(self) -> OneHopCursor:  # type: ignore[override]
        """A cursor. Making one costs nothing."""
        return OneHopCursor(self)

    async def visit(self, step: Any, *args: Any) -> None:
        """Have ``step`` called with the database in its thread."""
        await self._execute(step, self._conn, *args)  # type: ignore[no-untyped-call]
