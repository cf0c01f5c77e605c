"""The schema comes about the same way everywhere, once, and whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from support.databases import definitions, run

from bot.errors import SchemaTooNewError, StorageUnavailableError
from storage.database import open_storage
from storage.migrate import migrate, schema_state
from storage.schema import metadata

HEAD = "0005"
ROOT = Path(__file__).parents[2]


async def test_a_fresh_database_gets_the_newest_schema(new_url: Callable[[], str]) -> None:
    url = new_url()
    before = await schema_state(url)
    assert (before.current, before.head, before.is_current) == (None, HEAD, False)
    await migrate(url)
    await migrate(url)
    after = await schema_state(url)
    assert (after.current, after.known, after.is_current) == (HEAD, True, True)


async def test_migrations_lead_to_the_tables_in_the_code(new_url: Callable[[], str]) -> None:
    def differences(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    url = new_url()
    await migrate(url)
    assert await run(url, differences) == []


async def test_migrations_lead_to_the_same_definitions(new_url: Callable[[], str]) -> None:
    """Stricter than Alembic: partial indexes, checks and deferred keys count as well."""
    migrated, created = new_url(), new_url()
    await migrate(migrated)
    await run(created, metadata.create_all)

    def split(written: set[str]) -> set[str]:
        # SQLite keeps a table as one statement, whose constraints may come in any order.
        # A table that was copied and renamed has quotes around its name.
        return {
            part.replace('"', "").strip(" ,)")
            for sql in written
            for part in sql.split(", CONSTRAINT ")
        }

    assert split(await run(migrated, definitions)) == split(await run(created, definitions))


async def test_processes_that_start_at_once_make_one_schema(new_url: Callable[[], str]) -> None:
    url = new_url()
    program = (
        "import asyncio, sys\n"
        "from storage.migrate import migrate\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "asyncio.run(migrate(sys.argv[1]))"
    )
    processes = [
        subprocess.Popen(  # noqa: ASYNC220 - they wait for each other on purpose
            [sys.executable, "-c", program, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=50)[1] for process in processes]
    assert errors == ["", "", ""]
    assert [process.returncode for process in processes] == [0, 0, 0]
    versions = await run(
        url, lambda c: c.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    )
    assert versions == [HEAD]


async def test_a_migration_that_fails_changes_nothing(
    new_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_url()

    def broken(config: Any, revision: str) -> None:
        command_upgrade(config, revision)
        raise ZeroDivisionError

    command_upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(ZeroDivisionError):
        await migrate(url)
    assert await run(url, lambda c: inspect(c).get_table_names()) == []
    monkeypatch.undo()
    await migrate(url)


async def test_a_newer_database_is_left_alone(new_url: Callable[[], str]) -> None:
    url = new_url()
    await migrate(url)
    await run(url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    before = await run(url, definitions)
    with pytest.raises(SchemaTooNewError, match=rf"9999.*{HEAD}"):
        await migrate(url)
    with pytest.raises(SchemaTooNewError):
        async with open_storage(url):
            pass
    state = await schema_state(url)
    assert (state.current, state.known, state.is_current) == ("9999", False, False)
    assert await run(url, definitions) == before


async def test_tables_of_another_program_are_not_touched(new_url: Callable[[], str]) -> None:
    url = new_url()
    await run(url, lambda c: c.execute(text("CREATE TABLE persons (name text)")))
    with pytest.raises(StorageUnavailableError, match="persons"):
        await migrate(url)
    assert await run(url, lambda c: inspect(c).get_table_names()) == ["persons"]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_looking_at_the_schema_creates_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/ellie.db"
    assert (await schema_state(url)).current is None
    assert _files(tmp_path) == {}


async def test_looking_at_the_schema_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ellie 100% #1.db"
    await migrate(url)
    before = _files(tmp_path)
    assert (await schema_state(url)).is_current
    assert _files(tmp_path) == before
    async with open_storage(url) as storage:
        async with storage.unit_of_work() as work:
            await work.turns.open_turns()
        assert (await schema_state(url)).is_current
