"""``ellie import``: bringing in what somebody took along from another Ellie, or from this one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.console import Console

from bot.cli.people import SHORT_ID, parse_account
from bot.config import Settings
from bot.database import open_database
from bot.engine.audit import AuditLog
from bot.engine.importing.importer import Imported, MemoryImport
from bot.engine.importing.reading import MAX_BYTES, read_document
from bot.errors import UsageError
from bot.system import RandomIds, SystemClock

_NAMES = 8
"""So many unknown names are told."""


def import_file(
    settings: Settings, console: Console, file: Path, *, account: str, dry_run: bool, yes: bool
) -> None:
    """Check a file, ask, and store what is in it; with ``dry_run`` only say what would be.

    Raises:
        UsageError: there is no such file, or nobody could be asked.
        ImportRefusedError: it cannot be imported here.
        StorageError: the database cannot be used.
    """
    identity = parse_account(account) if account else None
    found = read_document(_content(file))

    async def run(*, rehearse: bool) -> Imported:
        clock, ids = SystemClock(), RandomIds()
        async with open_database(settings, clock=clock, ids=ids) as database:
            importing = MemoryImport(database.storage)
            if rehearse:
                return await importing.store(found.document, account=identity, dry_run=True)
            audit = AuditLog(database.storage, clock=clock, ids=ids)
            async with audit.recorded("ellie import") as noted:
                imported = await importing.store(found.document, account=identity)
                noted.person_id = imported.person_id
                noted.detail.update(messages=imported.turns, facts=imported.facts)
            return imported

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    if found.unknown:
        names = ", ".join(ascii(name) for name in found.unknown[:_NAMES])
        say(f"Left out, because this version does not know it: {names}.")
    expected = asyncio.run(run(rehearse=True))
    if dry_run:
        say(f"Would be imported: {_counted(expected)}. Nothing was changed.")
        return
    if not yes:
        _ask(f"Import {_counted(expected)}?")
    imported = asyncio.run(run(rehearse=False))
    say(f"Imported: {_counted(imported)}. They go on with message m{imported.next_number}.")


def _content(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from error


def _ask(question: str) -> None:
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        raise UsageError(
            "Nothing was imported: nobody answered. Say --yes to import without a question."
        ) from error
    if not agreed:
        raise UsageError("Nothing was imported.")


def _counted(imported: Imported) -> str:
    # Quoted, because a terminal obeys some characters, and nothing of the file is trusted.
    accounts = ", ".join(ascii(f"{a.platform}:{a.external_id}") for a in imported.accounts)
    counts = (
        (imported.turns, "message"),
        (imported.facts, "fact"),
        (imported.episodes, "summary"),
    )
    what = ", ".join(f"{count} {_plural(name, count)}" for count, name in counts)
    return f"{what} of person {imported.person_id[:SHORT_ID]} (account {accounts})"


def _plural(name: str, count: int) -> str:
    if count == 1:
        return name
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
