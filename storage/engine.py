"""Opening a database: the async engine for an address, and what each connection is told first."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.address import Address
from storage.one_hop import OneHopConnection

BUSY_SECONDS = 5.0
"""How long a connection waits for another process that writes."""
_QUEUE_SECONDS = 30.0
"""How long a unit of work waits for a connection of this process."""
_CONNECT_SECONDS = 10.0

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # What is erased is overwritten in place. Moved rows still leave copies behind: see scrub().
    "PRAGMA secure_delete = ON",
    # An accepted message survives a killed process with NORMAL already, but a power cut only with
    # FULL: one fsync per commit, which is nothing beside the seconds a reply takes.
    "PRAGMA synchronous = FULL",
    # Statement journals hold text too, and files in /tmp would be out of scrub's reach.
    "PRAGMA temp_store = MEMORY",
)


def create_engine(address: Address) -> AsyncEngine:
    """An engine for the address. It connects when it is first used.

    ``hide_parameters`` keeps what people wrote out of SQLAlchemy's error messages, and so out of
    logs.
    """
    if address.path is not None:
        # SQLite has one writer, and every unit of work may write. One connection makes this
        # process queue in order of arrival, instead of polling for its own lock.
        engine = create_async_engine(
            address.url,
            async_creator=partial(connect_sqlite, address.path, timeout=BUSY_SECONDS),
            pool_size=1,
            max_overflow=0,
            pool_timeout=_QUEUE_SECONDS,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine
    connect_args: dict[str, Any] = {"server_settings": {"application_name": "ellie"}}
    if "timeout" not in address.url.query:
        connect_args["timeout"] = _CONNECT_SECONDS
    return create_async_engine(
        address.url,
        connect_args=connect_args,
        # The repositories rely on each statement seeing what others committed before it.
        isolation_level="READ COMMITTED",
        pool_size=5,
        max_overflow=5,
        pool_timeout=_QUEUE_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
    )


async def connect_sqlite(*args: Any, **kwargs: Any) -> aiosqlite.Connection:
    """As ``aiosqlite.connect``, but a failure leaves no thread behind.

    Its thread has one more thing to tell the event loop after a failed attempt. If the program ends
    before, the thread dies of it and prints a traceback.
    """
    connection = OneHopConnection(partial(sqlite3.connect, *args, **kwargs), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does where it connects itself
    try:
        await connection
    except BaseException:
        await asyncio.to_thread(connection._thread.join, BUSY_SECONDS)  # noqa: SLF001
        raise
    return connection


async def run_bare(connection: AsyncConnection, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on SQLite that must stand outside every transaction."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        message = "the connection is closed"
        raise RuntimeError(message)
    async with driver.execute(statement) as cursor:
        return list(await cursor.fetchall())


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver would begin transactions late and by guessing; SQLAlchemy begins them instead.
    connection.isolation_level = None
    try:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
    except BaseException:
        # The pool does not own the connection yet, and an open one would keep its thread alive.
        connection.close()
        raise


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for another writer: SQLite fails
    # it at once. Taking the write lock at the start makes waiting possible.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
