"""What may be wrong with what is stored. Looks only: see :mod:`storage.repair`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, Table, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.compaction import JobStatus
from bot.domain.conversation import Visibility
from bot.domain.erasure import ErasureId
from bot.domain.identity import PersonId
from bot.domain.turn import TurnStatus
from storage.address import parse_address
from storage.administration_tables import erasures, resets
from storage.cancellation import uninterrupted
from storage.database import SqlStorage
from storage.engine import create_engine, run_bare
from storage.errors import translated
from storage.schema import metadata
from storage.tables import (
    compaction_jobs,
    conversations,
    episodes,
    fact_evidence,
    facts,
    identities,
    persons,
    turns,
)

MANY_TURNS = 50_000
MANY_FACTS = 5_000
MUCH_TEXT = 50_000_000
"""Characters that one person said and was answered."""
LISTED = 5
OVERDUE = timedelta(hours=1)
"""So long a reset may be late before something is wrong."""

NO_MEMORY = and_(
    *(~exists().where(table.c.person_id == persons.c.id) for table in (turns, facts, episodes))
)
NO_ACCOUNT = ~exists().where(identities.c.person_id == persons.c.id)
DESERTED = and_(
    conversations.c.visibility == Visibility.DIRECT,
    ~exists().where(turns.c.conversation_id == conversations.c.id),
    ~exists().where(episodes.c.conversation_id == conversations.c.id),
)
UNSUPPORTED = ~exists().where(fact_evidence.c.fact_id == facts.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """Somebody of whom unusually much is stored."""

    person_id: PersonId
    turns: int
    facts: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. Zero, nothing and nobody everywhere is well.

    ``orphans`` counts rows by the column that names what is gone, such as ``turns.person_id``.
    ``unreachable`` are people with memory whom no account leads to. Leases are stale when they ran
    out and nobody took over.
    """

    damage: tuple[str, ...] = ()
    orphans: Mapping[str, int] = field(default_factory=dict)
    unsupported_facts: int = 0
    deserted_conversations: int = 0
    empty_people: int = 0
    unreachable: tuple[PersonId, ...] = ()
    stale_turns: int = 0
    stale_jobs: int = 0
    stale_resets: int = 0
    overdue_resets: int = 0
    oversized: tuple[Oversized, ...] = ()
    erasures: frozenset[ErasureId] = frozenset()


@asynccontextmanager
async def storage_as_it_is(url: str) -> AsyncIterator[SqlStorage]:
    """The database without migrating it, which must have the newest schema already.

    Raises:
        StorageError: when it cannot be closed.
    """
    address = parse_address(url)
    engine = create_engine(address)
    try:
        yield SqlStorage(engine, address)
    finally:
        await uninterrupted(engine.dispose())


async def diagnose(storage: SqlStorage, *, now: datetime) -> Diagnosis:
    """Look through the database.

    Raises:
        StorageError: it cannot be used.
    """
    with translated(storage.address):
        async with storage.engine.connect() as connection:
            damage: tuple[str, ...] = ()
            if storage.address.path is not None:
                found = await run_bare(connection, "PRAGMA integrity_check(5)")
                # Its first line may be a heading.
                damage = tuple(str(text).split("\n")[-1] for (text,) in found if text != "ok")
            if damage:
                return Diagnosis(damage=damage)
            orphans = {
                f"{table.name}.{key.parent.name}": count
                for table, key in foreign_keys()
                if (count := await _count(connection, table, orphaned(table, key)))
            }
            return Diagnosis(
                orphans=orphans,
                unsupported_facts=await _count(connection, facts, UNSUPPORTED),
                deserted_conversations=await _count(connection, conversations, DESERTED),
                empty_people=await _count(connection, persons, and_(NO_ACCOUNT, NO_MEMORY)),
                unreachable=await _unreachable(connection),
                stale_turns=await _count(
                    connection,
                    turns,
                    and_(turns.c.status == TurnStatus.ACCEPTED, turns.c.lease_until < now),
                ),
                stale_jobs=await _count(
                    connection,
                    compaction_jobs,
                    and_(
                        compaction_jobs.c.status == JobStatus.RUNNING,
                        compaction_jobs.c.worker != "",
                        compaction_jobs.c.lease_until < now,
                    ),
                ),
                stale_resets=await _count(
                    connection,
                    resets,
                    and_(
                        resets.c.finished_at.is_(None),
                        resets.c.worker != "",
                        resets.c.lease_until < now,
                    ),
                ),
                overdue_resets=await _count(
                    connection,
                    resets,
                    and_(resets.c.finished_at.is_(None), resets.c.erase_at < now - OVERDUE),
                ),
                oversized=await _oversized(connection),
                erasures=frozenset(
                    ErasureId(row.id) for row in await connection.execute(select(erasures.c.id))
                ),
            )


def foreign_keys() -> list[tuple[Table, ForeignKey]]:
    """Every column that names a row of another table, with its table."""
    return [
        (table, key)
        for table in metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
    ]


def orphaned(table: Table, key: ForeignKey) -> ColumnElement[bool]:
    """Whether a row of ``table`` names one that is not there."""
    parent = key.column.table.alias("parent")
    return and_(
        key.parent.is_not(None),
        ~exists().where(parent.c[key.column.name] == table.c[key.parent.name]),
    )


async def _count(connection: AsyncConnection, table: Table, where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table).where(where)
    return int((await connection.execute(query)).scalar_one())


async def _unreachable(connection: AsyncConnection) -> tuple[PersonId, ...]:
    found = await connection.execute(
        select(persons.c.id).where(NO_ACCOUNT, ~NO_MEMORY).order_by(persons.c.id)
    )
    return tuple(PersonId(row.id) for row in found)


async def _oversized(connection: AsyncConnection) -> tuple[Oversized, ...]:
    said = (
        select(
            turns.c.person_id,
            func.count().label("turns"),
            func.sum(func.length(turns.c.text) + func.length(turns.c.reply)).label("characters"),
        )
        .group_by(turns.c.person_id)
        .subquery("said")
    )
    known = (
        select(facts.c.person_id, func.count().label("facts"))
        .group_by(facts.c.person_id)
        .subquery("known")
    )
    number, length, facts_known = (
        func.coalesce(said.c.turns, 0),
        func.coalesce(said.c.characters, 0),
        func.coalesce(known.c.facts, 0),
    )
    query: Select[*tuple[Any, ...]] = (
        select(persons.c.id, number, facts_known, length)
        .outerjoin(said, said.c.person_id == persons.c.id)
        .outerjoin(known, known.c.person_id == persons.c.id)
        .where(or_(number > MANY_TURNS, facts_known > MANY_FACTS, length > MUCH_TEXT))
        .order_by(length.desc(), persons.c.id)
        .limit(LISTED)
    )
    return tuple(
        Oversized(
            person_id=PersonId(person_id),
            turns=int(turn_count),
            facts=int(fact_count),
            characters=int(characters),
        )
        for person_id, turn_count, fact_count, characters in await connection.execute(query)
    )
