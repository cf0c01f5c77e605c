"""Removing rows that belong to nobody, which no erasure of a person would reach."""

from __future__ import annotations

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import SqlStorage
from storage.diagnosis import (
    DESERTED,
    NO_ACCOUNT,
    NO_MEMORY,
    UNSUPPORTED,
    foreign_keys,
    orphaned,
)
from storage.engine import run_bare
from storage.errors import translated
from storage.tables import conversations, facts, persons


async def drop_orphans(storage: SqlStorage) -> int:
    """Remove rows whose person, turn or conversation is gone, and what is empty; how many.

    The caller scrubs.

    Raises:
        StorageError: the database cannot be used.
    """
    with translated(storage.address):
        async with storage.engine.connect() as connection:
            on_sqlite = storage.address.path is not None
            if on_sqlite:
                # An orphan may have rows that hang on it; they are orphans after it is gone.
                await run_bare(connection, "PRAGMA foreign_keys = OFF")
            try:
                async with connection.begin():
                    return await _drop(connection)
            finally:
                if on_sqlite:
                    await run_bare(connection, "PRAGMA foreign_keys = ON")


async def _drop(connection: AsyncConnection) -> int:
    dropped, before = 0, -1
    while dropped != before:
        before = dropped
        for table, key in foreign_keys():
            dropped += await _delete(connection, delete(table).where(orphaned(table, key)))
        dropped += await _delete(connection, delete(facts).where(UNSUPPORTED))
    # Locked rows are left alone: somebody is just about to speak there.
    deserted = select(conversations.c.id).where(DESERTED).with_for_update(skip_locked=True)
    dropped += await _delete(
        connection, delete(conversations).where(conversations.c.id.in_(deserted))
    )
    return dropped + await _delete(connection, delete(persons).where(and_(NO_ACCOUNT, NO_MEMORY)))


async def _delete(connection: AsyncConnection, statement: object) -> int:
    return int((await connection.execute(statement)).rowcount)  # type: ignore[call-overload]
