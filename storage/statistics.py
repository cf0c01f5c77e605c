"""How much is stored. Counts alone: nobody's name, and nothing that anybody said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, distinct, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.administration_tables import audit_entries, erasures, resets
from storage.database import SqlStorage
from storage.errors import translated
from storage.tables import (
    episodes,
    facts,
    identities,
    persons,
    tenants,
    turn_vectors,
    turns,
)

SPANS = (7, 30)
"""Days over which turns are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What there is. ``lately`` has for each of :data:`SPANS` the turns and the people who spoke.

    ``pending_resets`` are those that are neither done nor taken back.
    """

    people: int
    identities: Mapping[str, int]
    tenants: Mapping[str, int]
    turns: int
    lately: Mapping[int, tuple[int, int]]
    facts: Mapping[str, int]
    episodes: int
    vectors: int
    audit_entries: int
    erasures: int
    pending_resets: int
    database_bytes: int


async def statistics(storage: SqlStorage, *, now: datetime) -> Statistics:
    """Count what is stored.

    Raises:
        StorageError: the database cannot be used.
    """
    with translated(storage.address):
        async with storage.engine.connect() as connection:
            return Statistics(
                people=await _rows(connection, persons),
                identities=await _by(connection, identities, "platform"),
                tenants=await _by(connection, tenants, "platform"),
                turns=await _rows(connection, turns),
                lately={days: await _since(connection, now - timedelta(days)) for days in SPANS},
                facts=await _by(connection, facts, "status"),
                episodes=await _rows(connection, episodes),
                vectors=await _rows(connection, turn_vectors),
                audit_entries=await _rows(connection, audit_entries),
                erasures=await _rows(connection, erasures),
                pending_resets=await _pending(connection),
                database_bytes=await _size(connection),
            )


async def _rows(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def _by(connection: AsyncConnection, table: Table, column: str) -> dict[str, int]:
    key = table.c[column]
    found = await connection.execute(select(key, func.count()).group_by(key).order_by(key))
    return {str(name): int(count) for name, count in found}


async def _since(connection: AsyncConnection, moment: datetime) -> tuple[int, int]:
    found = await connection.execute(
        select(func.count(), func.count(distinct(turns.c.person_id))).where(
            turns.c.received_at >= moment
        )
    )
    count, people = found.one()
    return int(count), int(people)


async def _pending(connection: AsyncConnection) -> int:
    waiting = select(func.count()).select_from(resets).where(resets.c.finished_at.is_(None))
    return int((await connection.execute(waiting)).scalar_one())


async def _size(connection: AsyncConnection) -> int:
    if connection.dialect.name == "postgresql":
        size = text("SELECT pg_database_size(current_database())")
    else:
        size = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    return int((await connection.execute(size)).scalar_one())
