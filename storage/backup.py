"""Copying a whole SQLite database while it is in use, and putting a copy in its place.

What blocks does so for as long as reading and writing the file takes; callers have it done in a
thread.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from filelock import Timeout as FileLockTimeout
from sqlalchemy.engine import URL

from bot.errors import (
    SchemaTooNewError,
    StorageBusyError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from storage.address import Address
from storage.errors import translated
from storage.migrate import schema_state

_BUSY_SECONDS = 5.0
_LOCK_SECONDS = 10.0
_BESIDE = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside a database, and that mean nothing without it."""
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_NAME_ONE = "Name a file that `ellie backup` wrote."


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupContent:
    """How much a database file holds. ``latest_at`` is when the last turn came in, if any."""

    schema: str
    people: int
    turns: int
    latest_at: datetime | None


def copy_database(source: Path, target: Path) -> int:
    """Write an intact copy of a SQLite database that may be in use; its size in bytes.

    The copy is one moment of the database, needs no other file, and only its owner may read it. It
    appears under its name when it is complete and on the disk. Blocks.

    Raises:
        StorageUnavailableError: something is at ``target`` already, it cannot be written, or
            ``source`` is damaged or cannot be read.
        StorageFullError: the disk is full. Nothing is left of the copy.
        StorageBusyError: another program keeps ``source`` locked.
    """
    _refuse_existing(target)
    with _copied(f"{source.as_uri()}?mode=rw", source, target) as partial:
        _refuse_existing(target)
        partial.replace(target)
        _to_disk(target.parent)
    return target.stat().st_size


async def check_backup(file: Path) -> BackupContent:
    """What a backup holds that can be restored.

    Raises:
        StorageUnavailableError: it is missing, damaged, empty, or no database of Ellie.
        SchemaTooNewError: a newer Ellie wrote it.
        StorageError: it cannot be read.
    """
    people, turns, latest = await asyncio.to_thread(_count, file)
    state = await schema_state(URL.create("sqlite", database=str(file)).render_as_string())
    if not state.known or state.current is None:
        raise SchemaTooNewError(
            f"A newer version of Ellie wrote {file} (schema {state.current}; this version knows "
            f"up to {state.head}). Upgrade Ellie, and restore it then."
        )
    return BackupContent(
        schema=state.current,
        people=people,
        turns=turns,
        latest_at=None if latest is None else datetime.fromisoformat(latest).replace(tzinfo=UTC),
    )


def require_unused(database: Path) -> None:
    """See that no other program has a database open. A damaged one counts as unused. Blocks.

    Afterwards everything is in the one file, until somebody opens it again.

    Raises:
        StorageBusyError: some other program has.
        StorageError: it cannot be opened.
    """
    in_use = StorageBusyError(
        f"Another program has the database file {database} open. Stop Ellie, and try again."
    )
    try:
        uri = f"{database.as_uri()}?mode=rw"
        with _reading(database), closing(sqlite3.connect(uri, uri=True, timeout=1)) as ours:
            # Leaving the write-ahead log is possible for the only connection alone.
            ((mode,),) = ours.execute("PRAGMA journal_mode = DELETE")
    except StorageBusyError:
        raise in_use from None
    except StorageError as error:
        name = getattr(error.__cause__, "sqlite_errorname", "")
        if name.startswith(_DAMAGED):
            return
        raise
    if mode == "wal":
        raise in_use


def replace_database(backup: Path, database: Path, *, kept: Path | None) -> None:
    """Put a copy of ``backup`` in the place of ``database``, of which nobody else makes use.

    The present one is at ``kept`` afterwards, or gone when that is None. At every moment one of
    the two is in its place. Blocks.

    Raises:
        StorageBusyError: another program has it open, or is just starting.
        StorageFullError: the disk is full; nothing was changed.
        StorageError: a file cannot be read or written; nothing was changed.
    """
    lock = FileLock(f"{database}.lock", timeout=_LOCK_SECONDS)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with lock, _copied(_read_only(backup), backup, database) as partial:
            if database.exists():
                require_unused(database)
                _set_aside(database, kept)
            partial.replace(database)
            _to_disk(database.parent)
    except FileLockTimeout as error:
        raise StorageBusyError(
            f"Another program is just opening the database file {database}. Stop Ellie, and try "
            "again."
        ) from error


def _count(file: Path) -> tuple[int, int, str | None]:
    """How many people and turns an intact database of Ellie has, and when the last turn came in."""
    if not file.is_file():
        what = "is no file" if file.exists() else "is not there"
        raise StorageUnavailableError(f"{file} {what}. {_NAME_ONE}")
    with _reading(file), closing(sqlite3.connect(_read_only(file), uri=True)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if not {"alembic_version", "persons", "turns"} <= names:
            raise StorageUnavailableError(f"{file} is no database of Ellie. {_NAME_ONE}")
        _require_intact(database, file)
        ((people,),) = database.execute("SELECT count(*) FROM persons")
        ((turns, latest),) = database.execute("SELECT count(*), max(received_at) FROM turns")
    return people, turns, latest


def _set_aside(database: Path, kept: Path | None) -> None:
    if kept is not None:
        _refuse_existing(kept)
        try:
            os.link(database, kept)
        except OSError:  # not every file system has two names for one file
            shutil.copy2(database, kept)
        kept.chmod(0o600)
    # There are none unless it is damaged; the copy must not take them for its own.
    for suffix in _BESIDE:
        left = database.with_name(f"{database.name}{suffix}")
        if left.exists() and kept is not None:
            left.replace(kept.with_name(f"{kept.name}{suffix}"))
        left.unlink(missing_ok=True)


@contextmanager
def _copied(uri: str, source: Path, target: Path) -> Iterator[Path]:
    """An intact copy of a database in the folder of ``target``, which goes unless it is moved."""
    partial: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made so that nobody else can read it.
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        partial = Path(name)
        with _reading(source):
            _copy_pages(uri, partial)
            with closing(sqlite3.connect(partial)) as copy:
                _require_intact(copy, source)
        _to_disk(partial)
        yield partial
    except StorageFullError as error:
        raise _full(target) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(target) from error
        raise StorageUnavailableError(
            f"{target} cannot be written ({error.strerror}). Choose another place."
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
            for suffix in _BESIDE:
                partial.with_name(f"{partial.name}{suffix}").unlink(missing_ok=True)


def _copy_pages(uri: str, target: Path) -> None:
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        # All pages in one step are one moment, and never have to begin again when somebody writes.
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file


def _require_intact(database: sqlite3.Connection, file: Path) -> None:
    found = [finding for (finding,) in database.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StorageUnavailableError(
            f"The database file {file} is damaged. Restore an earlier backup."
        )


def _read_only(file: Path) -> str:
    # Without a write-ahead log nobody is writing; saying so keeps SQLite from creating one.
    in_use = file.with_name(f"{file.name}-wal").exists()
    return f"{file.absolute().as_uri()}?{'mode=ro' if in_use else 'immutable=1'}"


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    with translated(Address(URL.create("sqlite", database=str(file)), file)):
        yield


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise StorageUnavailableError(
            f"{target} is there already, and is not overwritten. Choose another name."
        )


def _full(target: Path) -> StorageFullError:
    return StorageFullError(
        f"The disk that is to hold {target} is full, and nothing was left there. Free some space "
        "and try again."
    )


def _to_disk(path: Path) -> None:
    if path.is_dir() and os.name != "posix":  # folders are not opened there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
