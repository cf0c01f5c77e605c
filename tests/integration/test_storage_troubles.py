"""What goes wrong with a database is said in a sentence that helps."""

from __future__ import annotations

import importlib.util
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import storage.address
import storage.engine
import storage.migrate
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.errors import (
    StorageBusyError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from storage.address import parse_address
from storage.database import SqlStorage, open_storage
from storage.engine import run_bare
from storage.migrate import migrate, schema_state

ROOT = Path(__file__).parents[2]
SOMEBODY = IdentityRef(platform=Platform.CONSOLE, external_id="u", display_name="Ann")
ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


async def _write(opened: SqlStorage, name: str = "u") -> None:
    identity = IdentityRef(platform=Platform.CONSOLE, external_id=name, display_name="Ann")
    async with opened.unit_of_work() as work:
        await work.persons.resolve(identity, new_id=f"id-{name}", seen_at=ANY_TIME)
        await work.commit()


async def _write_much(opened: SqlStorage) -> None:
    for number in range(1000):
        await _write(opened, f"u{number}")


async def test_missing_folders_are_created(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/new/folders/ellie.db") as opened:
        await _write(opened)
    assert (tmp_path / "new/folders/ellie.db").exists()


@pytest.mark.parametrize("use", [migrate, schema_state])
async def test_a_place_below_a_file(tmp_path: Path, use: Callable[[str], Any]) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageUnavailableError, match=r"ellie\.db"):
        await use(f"sqlite:///{tmp_path}/file/ellie.db")


@pytest.mark.parametrize("use", [migrate, schema_state])
async def test_a_folder_in_place_of_the_file(tmp_path: Path, use: Callable[[str], Any]) -> None:
    (tmp_path / "ellie.db").mkdir()
    with pytest.raises(StorageUnavailableError, match=r"ellie\.db"):
        await use(f"sqlite:///{tmp_path}/ellie.db")


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailableError, match="file/ellie"):
        await migrate(f"sqlite:///{tmp_path}/file/ellie.db")


async def test_a_folder_where_nothing_can_be_created() -> None:
    with pytest.raises(StorageUnavailableError, match="/proc/ellie"):
        await migrate("sqlite:////proc/ellie/ellie.db")


@pytest.mark.parametrize("use", [migrate, schema_state])
@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"SQLite format 3\0" * 300])
async def test_a_file_that_is_no_database(
    tmp_path: Path, content: bytes, use: Callable[[str], Any]
) -> None:
    path = tmp_path / "ellie.db"
    path.write_bytes(content)
    with pytest.raises(StorageUnavailableError, match="damaged or no SQLite database"):
        await use(f"sqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "ellie.db"
    await migrate(f"sqlite:///{path}")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StorageUnavailableError, match="damaged"):
        async with open_storage(f"sqlite:///{path}") as opened:
            await _write(opened)


async def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.engine, "BUSY_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path}/ellie.db"
    async with open_storage(url) as opened:
        other = sqlite3.connect(tmp_path / "ellie.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError, match=r"ellie\.db"):
            await _write(opened)
        with pytest.raises(StorageBusyError):
            await migrate(url)
        other.close()
        await _write(opened)


async def test_another_process_that_migrates_for_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.migrate, "_LOCK_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path}/ellie.db"
    with FileLock(tmp_path / "ellie.db.lock"), pytest.raises(StorageBusyError, match="migrating"):
        await migrate(url)
    await migrate(url)


async def test_a_full_disk(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        async with opened.engine.connect() as connection:
            await run_bare(connection, "PRAGMA max_page_count = 1")
        with pytest.raises(StorageFullError, match=r"ellie\.db"):
            await _write_much(opened)


async def test_a_read_only_database(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        async with opened.engine.connect() as connection:
            await run_bare(connection, "PRAGMA query_only = ON")
        with pytest.raises(StorageUnavailableError, match="read-only"):
            await _write(opened)


async def test_a_statement_of_sqlite_that_fails_outside_a_transaction(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        async with opened.engine.connect() as connection:
            await run_bare(connection, "PRAGMA query_only = ON")
        with pytest.raises(StorageError):
            await opened.scrub()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ellie:s3cret@host/ellie", "'mysql'"),
        ("nonsense s3cret", "not a URL"),
        ("", "not a URL"),
        ("sqlite://", "path of a file"),
        ("sqlite:///:memory:", "path of a file"),
        ("sqlite://ellie.db", "three slashes"),
        ("postgresql://ellie:s3cret@host/ellie?passsword=s3cret", "'passsword'"),
        ("postgresql://ellie:s3cret@host:port/ellie", "not a URL"),
    ],
)
async def test_addresses_that_cannot_be_used(url: str, said: str) -> None:
    with pytest.raises(StorageUnavailableError, match=said) as caught:
        await migrate(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_addresses_for_postgres_as_people_have_them(scheme: str) -> None:
    address = parse_address(f"{scheme}://ellie:s3cret@host:5433/ellie?sslmode=require")
    assert address.url.drivername == "postgresql+asyncpg"
    assert dict(address.url.query) == {"ssl": "require"}
    assert str(address) == "the PostgreSQL database 'ellie' at host:5433"


def test_a_relative_and_a_home_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert parse_address("sqlite:///data/ellie.db").path == tmp_path / "data/ellie.db"
    assert parse_address("sqlite:///~/ellie.db").path == Path("/home/ann/ellie.db")
    assert parse_address("sqlite:////var/ellie.db").path == Path("/var/ellie.db")


async def test_postgres_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> object:
        return None if name == "asyncpg" else importlib.util.find_spec(name)

    monkeypatch.setattr(storage.address, "find_spec", find_spec)
    with pytest.raises(StorageUnavailableError, match=r"pip install 'ellie\[postgres\]'"):
        await migrate("postgresql://ellie:s3cret@host/ellie")


@pytest.mark.parametrize("use", [migrate, schema_state])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
async def test_a_server_that_does_not_answer(host: str, use: Callable[[str], Any]) -> None:
    with pytest.raises(StorageUnavailableError, match=host) as caught:
        await use(f"postgresql://ellie:s3cret@{host}/ellie")
    assert "s3cret" not in str(caught.value)


@pytest.mark.postgres
async def test_a_server_that_refuses(postgres_server: Any) -> None:
    missing = postgres_server.get_uri(database="missing")
    with pytest.raises(StorageUnavailableError, match="no such database"):
        await migrate(missing)
    stranger = postgres_server.get_uri().replace("postgres:@", "stranger:s3cret@")
    with pytest.raises(StorageUnavailableError, match="user name or password") as caught:
        await migrate(stranger)
    assert "s3cret" not in str(caught.value)


@pytest.mark.postgres
async def test_a_connection_that_broke_is_replaced(
    new_postgres_database: Callable[[], str], postgres_server: Any
) -> None:
    async with open_storage(new_postgres_database()) as opened:
        await _write(opened)
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'ellie';"
        )
        postgres_server.psql(kill)
        await _write(opened, "again")
        async with opened.unit_of_work() as work:
            postgres_server.psql(kill)
            with pytest.raises(StorageUnavailableError):
                await work.persons.find(SOMEBODY)
        await _write(opened, "and again")


ACCEPT_AND_DIE = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform
from bot.domain.turn import NewTurn
from storage.database import open_storage

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHO = IdentityRef(platform=Platform.CONSOLE, external_id="u", display_name="Ann")
WHERE = ConversationRef(
    platform=Platform.CONSOLE, channel_id="tty", visibility=Visibility.DIRECT
)

async def accept(opened, key):
    async with opened.unit_of_work() as work:
        person = await work.persons.resolve(WHO, new_id="p1", seen_at=NOW)
        place = await work.conversations.resolve(WHERE, new_id="c1")
        await work.turns.accept(NewTurn(
            id=key, person_id=person.id, conversation_id=place.id, audience=place.audience,
            event_key=key, text=key, received_at=NOW, worker="w", lease_until=NOW))
        if key == "lost":
            os.kill(os.getpid(), signal.SIGKILL)
        await work.commit()

async def main():
    async with open_storage(sys.argv[1]) as opened:
        await accept(opened, "kept")
        await accept(opened, "lost")

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_what_was_committed_survives_a_killed_process(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path}/ellie.db"
        if kind == "sqlite"
        else request.getfixturevalue("new_postgres_database")()
    )
    died = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [sys.executable, "-c", ACCEPT_AND_DIE, url], cwd=ROOT, check=False, env=dict(os.environ)
    )
    assert died.returncode == -signal.SIGKILL
    async with open_storage(url) as opened, opened.unit_of_work() as work:
        assert [turn.turn_id for turn in await work.turns.open_turns()] == ["kept"]
        person = await work.persons.find(SOMEBODY)
        assert person is not None
        assert person.id == PersonId("p1")
