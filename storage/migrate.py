"""Bringing the schema up to date, safely when several processes start at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import AsyncFileLock
from filelock import Timeout as FileLockTimeout
from sqlalchemy import Connection, NullPool, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import migrations
from bot.errors import SchemaTooNewError, StorageBusyError, StorageUnavailableError
from storage.address import Address, parse_address
from storage.cancellation import uninterrupted
from storage.engine import connect_sqlite, create_engine, run_bare
from storage.errors import translated
from storage.schema import metadata

_LOCK_SECONDS = 60.0
_ADVISORY_LOCK = 0x456C6C6965  # "Ellie"; the number only has to be the same in every process


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which revision a database has, and which one this version of Ellie needs."""

    current: str | None
    """None when there is no database yet, or an empty one."""
    head: str
    known: bool
    """False when a newer Ellie wrote the database."""

    @property
    def is_current(self) -> bool:
        """Whether nothing would have to be migrated."""
        return self.current == self.head


def alembic_config() -> Config:
    """Alembic's settings. The scripts are found beside the package, also when installed."""
    config = Config()
    # Paths may hold a percent sign, which the settings would take for a reference.
    location = str(Path(migrations.__file__).parent).replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "os")
    return config


async def migrate(url: str) -> None:
    """Create or upgrade the schema. Does nothing when it is current.

    Raises:
        SchemaTooNewError: when a newer Ellie wrote the database; nothing was changed.
        StorageError: when the database cannot be used.
    """
    address = parse_address(url)
    async with _alone(address), _disposed(create_engine(address)) as engine:
        with translated(address):
            async with engine.begin() as connection:
                if address.path is None:
                    # Released with the transaction, however it ends.
                    lock = text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
                    await connection.execute(lock)
                await connection.run_sync(_upgrade, address)
            if address.path is not None:
                async with engine.connect() as outside:
                    # Stays with the file: from now on reading does not wait for writing.
                    await run_bare(outside, "PRAGMA journal_mode = WAL")


async def schema_state(url: str) -> SchemaState:
    """What revision the database has. Changes nothing and creates no file.

    Raises:
        StorageError: when the database cannot be read.
    """
    address = parse_address(url)
    if address.path is None:
        engine = create_engine(address)
    elif not _exists(address, address.path):
        return _state(None)
    else:
        engine = _read_only(address.path)
    async with _disposed(engine):
        with translated(address):
            async with engine.connect() as connection:
                return _state(await connection.run_sync(_revision))


def _exists(address: Address, path: Path) -> bool:
    """Whether there is a file; one that could never be there is an error."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageUnavailableError(
            f"{address} cannot be opened: {error.strerror}. Choose another place with "
            "ELLIE_DATA_DIR or ELLIE_DATABASE_URL."
        ) from error
    return True


def _upgrade(connection: Connection, address: Address) -> None:
    state = _state(_revision(connection))
    if not state.known:
        raise SchemaTooNewError(
            f"A newer version of Ellie wrote {address} (schema {state.current}; this version "
            f"knows up to {state.head}). Start that version, or upgrade."
        )
    if state.is_current:
        return
    if state.current is None:
        foreign = metadata.tables.keys() & set(inspect(connection).get_table_names())
        if foreign:
            raise StorageUnavailableError(
                f"Another program keeps its tables in {address} ({', '.join(sorted(foreign))}). "
                "Give Ellie a database of her own."
            )
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return ", ".join(MigrationContext.configure(connection).get_current_heads()) or None


def _state(current: str | None) -> SchemaState:
    scripts = ScriptDirectory.from_config(alembic_config())
    revisions = [script.revision for script in scripts.walk_revisions()]  # newest first
    return SchemaState(
        current=current, head=revisions[0], known=current is None or current in revisions
    )


@asynccontextmanager
async def _alone(address: Address) -> AsyncIterator[None]:
    """Keep other processes from migrating this SQLite file; PostgreSQL has its own lock."""
    if address.path is None:
        yield
        return
    lock = AsyncFileLock(f"{address.path}.lock", timeout=_LOCK_SECONDS)
    with translated(address):
        address.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            await lock.acquire()
        except FileLockTimeout as error:
            raise StorageBusyError(
                f"Another process has been migrating {address} for {_LOCK_SECONDS:.0f} seconds. "
                "Stop it, or try again in a moment."
            ) from error
    try:
        yield
    finally:
        await lock.release()


@asynccontextmanager
async def _disposed(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    try:
        yield engine
    finally:
        await uninterrupted(engine.dispose())


def _read_only(path: Path) -> AsyncEngine:
    # Without a write-ahead log nobody is writing; saying so keeps SQLite from creating one.
    in_use = path.with_name(f"{path.name}-wal").exists()
    address = f"{path.as_uri()}?{'mode=ro' if in_use else 'immutable=1'}"

    async def connect() -> aiosqlite.Connection:
        return await connect_sqlite(address, uri=True)

    return create_async_engine("sqlite+aiosqlite://", async_creator=connect, poolclass=NullPool)
