"""The database as a whole: opening it, handing out units of work, wiping what was erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StorageBusyError
from storage.address import Address, parse_address
from storage.administration_tables import erasures, place_settings
from storage.cancellation import uninterrupted
from storage.engine import BUSY_SECONDS, create_engine, run_bare
from storage.errors import translated
from storage.migrate import migrate
from storage.schema import metadata
from storage.tables import channel_policies, memory_operations, schedules, tenants
from storage.unit_of_work import SqlUnitOfWork

_CHECKPOINT_TRIES = 20
_CHECKPOINT_PAUSE_SECONDS = 0.25
_CHECKPOINT_WAIT_MILLISECONDS = 250

_LASTING = (
    tenants,
    channel_policies,
    place_settings,
    memory_operations,
    schedules,
    erasures,
)
_TABLES_THAT_FORGET = [table for table in metadata.sorted_tables if table not in _LASTING]


class SqlStorage:
    """:class:`~bot.ports.storage.Storage` on SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine, address: Address) -> None:
        self.engine = engine
        self._address = address

    @property
    def address(self) -> Address:
        """Where it is."""
        return self._address

    def unit_of_work(self) -> SqlUnitOfWork:
        """A new unit of work."""
        return SqlUnitOfWork(self.engine, self._address)

    async def scrub(self) -> None:
        """Overwrite what erased rows left behind in the database's files.

        On SQLite the whole file is rewritten, because rows that once moved between pages leave
        copies which ``secure_delete`` does not reach, and the write-ahead log is emptied.
        PostgreSQL frees the space for reuse; its own log and backups age out in their own time.

        Raises:
            StorageBusyError: when another program reads for so long that the log stays.
        """
        # Statements are kept with the values of whoever used them first.
        self.engine.clear_compiled_cache()
        with translated(self._address):
            if self._address.path is None:
                await self._vacuum_postgres()
            else:
                await self._rewrite_sqlite()

    async def close(self) -> None:
        """Close all connections. No unit of work may be open."""
        with translated(self._address):
            await uninterrupted(self.engine.dispose())

    async def _vacuum_postgres(self) -> None:
        async with self.engine.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in _TABLES_THAT_FORGET:
                await outside.execute(text(f"VACUUM {table.name}"))

    async def _rewrite_sqlite(self) -> None:
        async with self.engine.connect() as connection:
            await run_bare(connection, "VACUUM")
        for _ in range(_CHECKPOINT_TRIES):
            # The connection is given back between the tries, so that others get their turn.
            async with self.engine.connect() as connection:
                if await _empty_log(connection):
                    return
            await asyncio.sleep(_CHECKPOINT_PAUSE_SECONDS)
        raise StorageBusyError(
            f"Another program reads {self._address}, so erased text is still in its log. "
            "Stop that program and try again."
        )


async def _empty_log(connection: AsyncConnection) -> bool:
    await run_bare(connection, f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MILLISECONDS}")
    try:
        [(busy, *_)] = await run_bare(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await run_bare(connection, f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    return not busy


@asynccontextmanager
async def open_storage(url: str) -> AsyncIterator[SqlStorage]:
    """The database at ``url``, with the newest schema; closed on leaving.

    Raises:
        SchemaTooNewError: when a newer Ellie wrote it.
        StorageError: when it cannot be used.
    """
    await migrate(url)
    address = parse_address(url)
    storage = SqlStorage(create_engine(address), address)
    try:
        yield storage
    finally:
        await storage.close()
