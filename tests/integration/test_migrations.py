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

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.errors import SchemaTooNewError, StorageUnavailableError
from storage.address import parse_address
from storage.database import open_storage
from storage.engine import create_engine
from storage.migrate import alembic_config, migrate, schema_state
from storage.tables import metadata

HEAD = "0001"
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes up the address of another empty database at each call."""
    if request.param == "postgres":
        create: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        return create
    names = iter("abcdef")
    return lambda: f"sqlite:///{tmp_path}/{next(names)}.db"


async def _run(url: str, work: Callable[[Connection], Any]) -> Any:
    engine = create_engine(parse_address(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


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
    assert await _run(url, differences) == []


def _definitions(connection: Connection) -> set[str]:
    """Every table, constraint and index as the database itself writes it down."""
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        query = """
            SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable,
                column_default, ordinal_position)
            FROM information_schema.columns WHERE table_schema = 'public'
        """
    found = connection.execute(text(query)).scalars()
    return {" ".join(sql.split()) for sql in found if "alembic_version" not in sql}


async def test_migrations_lead_to_the_same_definitions(new_url: Callable[[], str]) -> None:
    """Stricter than Alembic: partial indexes, checks and deferred keys count as well."""
    migrated, created = new_url(), new_url()
    await migrate(migrated)
    await _run(created, metadata.create_all)

    def split(definitions: set[str]) -> set[str]:
        # SQLite keeps a table as one statement, whose constraints may come in any order.
        return {part.strip(" ,)") for sql in definitions for part in sql.split(", CONSTRAINT ")}

    assert split(await _run(migrated, _definitions)) == split(await _run(created, _definitions))


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
    versions = await _run(
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
    assert await _run(url, lambda c: inspect(c).get_table_names()) == []
    monkeypatch.undo()
    await migrate(url)


async def test_a_newer_database_is_left_alone(new_url: Callable[[], str]) -> None:
    url = new_url()
    await migrate(url)
    await _run(url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    before = await _run(url, _definitions)
    with pytest.raises(SchemaTooNewError, match=r"9999.*0001"):
        await migrate(url)
    with pytest.raises(SchemaTooNewError):
        async with open_storage(url):
            pass
    state = await schema_state(url)
    assert (state.current, state.known, state.is_current) == ("9999", False, False)
    assert await _run(url, _definitions) == before


async def test_tables_of_another_program_are_not_touched(new_url: Callable[[], str]) -> None:
    url = new_url()
    await _run(url, lambda c: c.execute(text("CREATE TABLE persons (name text)")))
    with pytest.raises(StorageUnavailableError, match="persons"):
        await migrate(url)
    assert await _run(url, lambda c: inspect(c).get_table_names()) == ["persons"]


OLDEST_ROWS = """
INSERT INTO tenants VALUES ('slack:T1', 'slack', 'T1');
INSERT INTO persons VALUES ('p1', 'Ann 🌷', '2026-01-02 03:04:05.678901', 2, 1);
INSERT INTO identities (platform, tenant_key, external_id, tenant_id, person_id)
    VALUES ('discord', '', 'U1', NULL, 'p1');
INSERT INTO conversations
    (id, platform, tenant_key, channel_id, thread_key, tenant_id, visibility)
    VALUES ('c1', 'slack', 'slack:T1', 'general', '', 'slack:T1', 'public');
INSERT INTO turns (person_id, visibility, channel, tenant_id, id, conversation_id, platform,
    event_key, number, text, reply, received_at, finished_at, status, worker, lease_until)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 't1', 'c1', 'slack',
    'e1', 1, 'I like tea', 'Noted', '2026-01-02 03:04:05', '2026-01-02 03:04:09', 'answered',
    'w1', '2026-01-02 03:05:05');
INSERT INTO facts (person_id, visibility, channel, tenant_id, sequence, id, kind, text, quote,
    source_turn_id, valid_from, confidence, status, strength, pinned)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 1, 'f1', 'preference',
    'likes tea', 'I like tea', 't1', '2026-01-02 03:04:05', 1.0, 'active', 1.0, false);
INSERT INTO memory_operations
    VALUES (1, 'o1', 'p1', 'append', 'person', 'said', '2026-01-02 03:04:05', '{"facts": 1}');
"""


async def test_data_of_the_oldest_schema_survives(new_url: Callable[[], str]) -> None:
    url = new_url()

    def fill(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLDEST_ROWS.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)

    await _run(url, fill)
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        scope = Scope.in_private(PersonId("p1"))
        person = await work.persons.find(
            IdentityRef(platform=Platform.DISCORD, external_id="U1", display_name="")
        )
        assert person is not None
        assert (person.display_name, person.memory_epoch) == ("Ann 🌷", 2)
        assert person.first_seen_at.isoformat() == "2026-01-02T03:04:05.678901+00:00"
        assert [turn.text for turn in await work.turns.after(scope, 0)] == ["I like tea"]
        assert [fact.text for fact in await work.facts.active(scope)] == ["likes tea"]
        [operation] = await work.operations.of_person(PersonId("p1"))
        assert operation.detail == {"facts": 1}


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
