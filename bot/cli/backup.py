"""``ellie backup`` and ``ellie restore``: the whole database in one file, and back again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.cli.asking import absolute, number_of, require_consent, say, size_of
from bot.config import Settings
from bot.database import open_database
from bot.domain.audit import AuditEntry
from bot.domain.reset import Reset
from bot.engine.audit import AuditLog
from bot.engine.erasing_again import ErasedAgain
from bot.errors import StorageError, UsageError
from bot.ports.storage import Storage
from bot.system import RandomIds, SystemClock
from storage.address import parse_address
from storage.backup import (
    BackupContent,
    check_backup,
    copy_database,
    replace_database,
    require_unused,
)
from storage.postgres_tools import dump_command, restore_command

_EVERY_ENTRY = 1_000_000
"""More than the audit log of an instance has."""
_FORGOTTEN = (
    "It holds what people may have forgotten by now or later. Delete it when you do not need it "
    "any more."
)


def backup(settings: Settings, console: Console, name: str) -> None:
    """Write a copy of the database, while it is in use.

    Raises:
        UsageError: it is a PostgreSQL database, for which the error tells the command to run.
        StorageError: the database or the file cannot be used.
    """
    url = settings.resolved_database_url
    source = parse_address(url).path
    target = absolute(name) if name else _default(settings)
    if source is None:
        file = str(absolute(name)) if name else f"ellie-{_stamp(settings)}.dump"
        raise UsageError(
            "A PostgreSQL database is backed up by its own tool. Run this; it asks for the "
            f"password, or reads it from PGPASSWORD or ~/.pgpass:\n  {dump_command(url, file)}"
        )
    if not source.exists():
        raise UsageError(f"There is no database at {source} yet, and so nothing to back up.")
    if target.is_dir():
        raise UsageError(f"{target} is a folder. Name a file in it.")
    size = copy_database(source, target)
    say(console, f"Backed up to {target} ({size_of(size)}). {_FORGOTTEN}")


def restore(settings: Settings, console: Console, name: str, *, yes: bool, discard: bool) -> None:
    """Put a backup in the place of the database, and erase again what was erased since.

    Raises:
        UsageError: it is a PostgreSQL database, for which the error tells the command to run; or
            the file is the database itself.
        StorageError: the file is no intact backup, or the database is in use.
    """
    url = settings.resolved_database_url
    database, file = parse_address(url).path, absolute(name)
    if database is None:
        raise UsageError(
            "A PostgreSQL database is restored by its own tool. Stop Ellie and run this as a user "
            "who may create databases; it drops the present one. It asks for the password, or "
            "reads it from PGPASSWORD or ~/.pgpass:\n"
            f"  {restore_command(url, str(file))}\n"
            "At her next start Ellie erases again what was erased since the backup was made."
        )
    if file.exists() and database.exists() and file.samefile(database):
        raise UsageError(f"{file} is the database itself. Name a file that `ellie backup` wrote.")
    content = asyncio.run(check_backup(file))
    is_there = database.exists()
    if is_there:
        require_unused(database)
    kept = _beside(database, settings) if is_there and not discard else None
    say(console, _what(file, content, settings))
    for line in _what_becomes(database, kept):
        say(console, line)
    require_consent(console, "Restore it?", yes=yes)
    record = _last_words(settings, console) if is_there else Record()
    again = _restore(settings, file, database, kept, record)
    say(console, f"Restored {file}.")
    say(console, _erased(again))
    if kept is not None:
        say(console, f"The database as it was before is at {kept}. {_FORGOTTEN}")
    say(console, f"{file} was not changed, and still holds all that it held.")


@dataclass(frozen=True, slots=True)
class Record:
    """What the present database knows of administration, and a backup does not."""

    log: Sequence[AuditEntry] = ()
    resets: Sequence[Reset] = ()


def _last_words(settings: Settings, console: Console) -> Record:
    """Have the present database tell what it alone may know to be erased; returns its record."""

    async def run() -> Record:
        async with (
            open_database(settings, clock=SystemClock(), ids=RandomIds()) as present,
            present.storage.unit_of_work() as work,
        ):
            log = await work.audit.of_instance(limit=_EVERY_ENTRY)
            return Record(log, await work.resets.of_instance())

    try:
        return asyncio.run(run())
    except StorageError as error:
        say(console, f"The present database could not be read, and is replaced as it is. {error}")
        return Record()


def _restore(
    settings: Settings, file: Path, database: Path, kept: Path | None, record: Record
) -> ErasedAgain:
    replace_database(file, database, kept=kept)

    async def run() -> ErasedAgain:
        clock, ids = SystemClock(), RandomIds()
        async with open_database(settings, clock=clock, ids=ids) as restored:
            await _keep_record(restored.storage, record)
            again = restored.again
            audit = AuditLog(restored.storage, clock=clock, ids=ids)
            await audit.record("ellie restore", messages=again.turns, facts=again.facts)
            return again

    return asyncio.run(run())


async def _keep_record(storage: Storage, record: Record) -> None:
    """Go on with what was done since the backup, and with resets as they stand now."""
    async with storage.unit_of_work() as work:
        known = {entry.id for entry in await work.audit.of_instance(limit=_EVERY_ENTRY)}
        for entry in reversed(record.log):
            if entry.id in known:
                await work.audit.complete(entry)
            else:
                await work.audit.append(entry)
        for reset in record.resets:
            if reset.person_id is None or await work.persons.get(reset.person_id) is not None:
                await work.resets.put(reset)
        await work.commit()


def _what(file: Path, content: BackupContent, settings: Settings) -> str:
    people, turns = number_of(content.people, "person"), number_of(content.turns, "turn")
    latest = ""
    if content.latest_at is not None:
        moment = content.latest_at.astimezone(ZoneInfo(settings.time_zone))
        latest = f", the last one of {moment:%Y-%m-%d %H:%M}"
    return f"{file}: {people}, {turns}{latest} (schema {content.schema})."


def _what_becomes(database: Path, kept: Path | None) -> list[str]:
    if not database.exists():
        return [f"There is no database at {database} yet."]
    becomes = "is deleted" if kept is None else f"is kept as {kept.name}"
    return [
        f"It takes the place of {database}, which {becomes}. What was said since is not in it.",
        "What was erased since is erased from it again.",
    ]


def _erased(again: ErasedAgain) -> str:
    if not again.entries:
        return "Nothing was erased since it was made."
    counts = ", ".join(
        number_of(count, what)
        for count, what in (
            (again.turns, "turn"),
            (again.facts, "fact"),
            (again.episodes, "episode"),
        )
        if count
    )
    said = (
        f"Erased again of {number_of(again.people, 'person')}: {counts}."
        if counts
        else ("Nothing of what was erased since was in it.")
    )
    if not again.scrubbed:
        said += " Another program keeps the file from being overwritten; the next start does it."
    newer = "was" if again.entries == 1 else "were"
    return f"{number_of(again.entries, 'entry')} of the erase list {newer} newer. {said}"


def _default(settings: Settings) -> Path:
    return settings.data_dir.absolute() / "backups" / f"ellie-{_stamp(settings)}.db"


def _beside(database: Path, settings: Settings) -> Path:
    return database.with_name(f"ellie-before-restore-{_stamp(settings)}.db")


def _stamp(settings: Settings) -> str:
    return f"{datetime.now(ZoneInfo(settings.time_zone)):%Y%m%d-%H%M%S}"
