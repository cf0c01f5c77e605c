"""Looking into a database from outside of Ellie's own storage."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from storage.address import parse_address
from storage.engine import create_engine


async def run(url: str, work: Callable[[Connection], Any]) -> Any:
    """What ``work`` returns, in a transaction of its own."""
    engine = create_engine(parse_address(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def definitions(connection: Connection) -> set[str]:
    """Every table, constraint and index as the database itself writes it down."""
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        query = """
            SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable,
                column_default, ordinal_position)
            FROM information_schema.columns WHERE table_schema = 'public'
        """
    found = connection.execute(text(query)).scalars()
    return {" ".join(sql.split()) for sql in found if "alembic_version" not in sql}


def content(connection: Connection) -> dict[str, list[Any]]:
    """Every row of every table that there is."""
    return {
        table: sorted(connection.execute(text(f'SELECT * FROM "{table}"')).all(), key=repr)
        for table in inspect(connection).get_table_names()
    }


def wait_for_turn(file: Path) -> None:
    """Until a message is stored."""
    deadline = time.monotonic() + 30
    database = sqlite3.connect(file)
    while not database.execute("SELECT 1 FROM turns").fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    database.close()
