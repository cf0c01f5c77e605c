"""``ellie backup`` and ``ellie restore``: an intact file, or a sentence and nothing half done."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.sqlite_ellie import Ellie

from bot.errors import (
    SchemaTooNewError,
    StorageBusyError,
    StorageFullError,
    StorageUnavailableError,
    UsageError,
)


@pytest.fixture
def ellie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ellie:
    ellie = Ellie(tmp_path / "data", monkeypatch)
    ellie.ok("stats")
    return ellie


def texts(file: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [text for (text,) in database.execute("SELECT text FROM turns ORDER BY number")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_one_file_for_the_owner_alone(ellie: Ellie, tmp_path: Path) -> None:
    ellie.say("hello")
    target = tmp_path / "new folder" / "b%20 #1?.db"

    said = ellie.ok("backup", str(target))

    assert said.startswith(f"Backed up to {target}")
    assert texts(ellie.file) == ["hello"]
    assert names(target.parent) == [target.name]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    ellie.say("later")
    assert "1 turn, the last one of 2026-05-04 12:00" in ellie.ok("restore", str(target), "--yes")
    assert texts(ellie.file) == ["hello"]


def test_it_has_a_name_of_its_own_in_the_data_folder(ellie: Ellie) -> None:
    ellie.ok("backup")

    (name,) = names(ellie.folder / "backups")
    assert name.startswith("ellie-")
    assert name.endswith(".db")


def test_nothing_is_overwritten(ellie: Ellie, tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.write_text("mine")

    assert "is there already" in str(ellie.problem("backup", str(target)))

    assert target.read_text() == "mine"
    assert names(tmp_path) == ["data", "there"]


def test_a_backup_is_one_moment_while_somebody_writes(ellie: Ellie, tmp_path: Path) -> None:
    ended = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not ended.is_set():
            written.append(f"turn {len(written)}")
            ellie.say(written[-1])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            ellie.ok("backup", str(tmp_path / f"{number}.db"))
    finally:
        ended.set()
        writer.join()

    copies = [texts(tmp_path / f"{number}.db") for number in range(5)]
    assert all(copy == written[: len(copy)] for copy in copies)
    assert sorted(map(len, copies)) == [len(copy) for copy in copies]
    assert texts(ellie.file) == written


def test_a_full_disk_is_a_sentence_and_no_half_file(
    ellie: Ellie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_: str, target: Path) -> None:
        target.write_bytes(b"half")
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 1")
            database.execute("CREATE TABLE too_much (x)")

    monkeypatch.setattr("storage.backup._copy_pages", fill)
    target = tmp_path / "b" / "full.db"

    error = ellie.problem("backup", str(target))

    assert isinstance(error, StorageFullError)
    assert str(target) in str(error)
    assert names(target.parent) == []

    ellie.say("still here")
    backup = tmp_path / "good.db"
    shutil.copy(ellie.file, backup)
    error = ellie.problem("restore", str(backup), "--yes")
    assert isinstance(error, StorageFullError)
    assert texts(ellie.file) == ["still here"]
    assert not [name for name in names(ellie.folder) if name.startswith((".", "ellie-before"))]


def test_a_place_that_cannot_be_written_is_a_sentence(ellie: Ellie, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "x.db", tmp_path):
        error = ellie.problem("backup", str(target))
        assert str(target) in str(error)
    ellie.file.unlink()
    assert "no database" in str(ellie.problem("backup"))


def test_a_damaged_database_is_not_called_backed_up(ellie: Ellie, tmp_path: Path) -> None:
    ellie.say(LONG)
    damage(ellie.file)

    error = ellie.problem("backup", str(tmp_path / "x.db"))

    assert isinstance(error, StorageUnavailableError)
    assert "damaged" in str(error)
    assert names(tmp_path) == ["data"]


LONG = "x" * 2000


def damage(file: Path) -> None:
    """Overwrite the beginning of the page that holds the long text; no other page."""
    data = bytearray(file.read_bytes())
    page = data.rindex(LONG.encode()) // 4096 * 4096
    data[page : page + 8] = b"\xff" * 8
    file.write_bytes(data)


def test_the_database_of_before_is_kept_unless_it_is_not_wanted(
    ellie: Ellie, tmp_path: Path
) -> None:
    backup = tmp_path / "b.db"
    ellie.ok("backup", str(backup))
    ellie.say("since")

    said = ellie.ok("restore", str(backup), answer="y\n")

    (kept,) = ellie.folder.glob("ellie-before-restore-*.db")
    assert str(kept) in said
    assert texts(kept) == ["since"]
    assert stat.S_IMODE(kept.stat().st_mode) == stat.S_IMODE(ellie.file.stat().st_mode) == 0o600
    assert texts(ellie.file) == []
    kept.unlink()
    ellie.ok("restore", str(backup), "--discard", "--yes")
    assert list(ellie.folder.glob("ellie-before-restore-*")) == []


def test_the_audit_log_goes_on_through_a_restore(ellie: Ellie, tmp_path: Path) -> None:
    backup = tmp_path / "b.db"
    ellie.ok("retention", "--tenant", "slack:T1", "--days", "30")
    ellie.ok("backup", str(backup))
    ellie.ok("retention", "--tenant", "slack:T2", "--days", "30")

    ellie.ok("restore", str(backup), "--yes")

    lines = [line for line in ellie.ok("audit").splitlines() if "owner: " in line]
    assert [line.split("owner: ")[1].split()[1] for line in lines] == [
        "restore",
        "retention",
        "retention",
    ]
    assert ["slack:T2" in line for line in lines] == [False, True, False]


def test_resets_stand_after_a_restore_as_they_stood_before(ellie: Ellie, tmp_path: Path) -> None:
    """One that was taken back since stays undone, and one that was asked for since goes on."""
    backup = tmp_path / "b.db"
    statuses = "SELECT id, status FROM resets ORDER BY id"
    asked = (
        "INSERT INTO resets (id, tenant_id, requested_by, requested_at, erase_at, status, planned, "
        "erased, worker) SELECT ?, 'slack:T1', 'slack:T1/U9', '2026-01-01', '2099-01-01', "
        """'pending', '{"people":1,"turns":1,"facts":0,"episodes":0}', """
        """'{"people":0,"turns":0,"facts":0,"episodes":0}', ''"""
    )
    with closing(sqlite3.connect(ellie.file)) as database, database:
        database.execute(asked, ("r1",))
    ellie.ok("backup", str(backup))
    with closing(sqlite3.connect(ellie.file)) as database, database:
        database.execute("UPDATE resets SET status = 'undone', finished_at = '2026-01-02'")
        database.execute(asked, ("r2",))

    ellie.ok("restore", str(backup), "--yes")

    with closing(sqlite3.connect(ellie.file)) as database:
        found = database.execute(statuses).fetchall()
    assert found == [("r1", "undone"), ("r2", "pending")]


def test_without_a_yes_nothing_is_changed(ellie: Ellie, tmp_path: Path) -> None:
    backup = tmp_path / "b.db"
    ellie.ok("backup", str(backup))
    ellie.say("since")

    for answer in ("", "n\n", "\n"):
        result = ellie.run("restore", str(backup), answer=answer)
        assert result.exit_code == 1
        assert "Nothing was changed." in result.stdout

    assert texts(ellie.file) == ["since"]


def test_where_there_is_no_database_the_backup_becomes_it(ellie: Ellie, tmp_path: Path) -> None:
    ellie.say("hello")
    backup = tmp_path / "b.db"
    ellie.ok("backup", str(backup))
    ellie.folder = tmp_path / "new"

    ellie.ok("restore", str(backup), "--yes")

    assert texts(ellie.folder / "ellie.db") == ["hello"]


@contextmanager
def another_process(file: Path) -> Iterator[None]:
    """One that has the database open, and does nothing."""
    script = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); "
        "d.execute('PRAGMA journal_mode = WAL').fetchall(); d.execute('SELECT count(*) FROM turns')"
        ".fetchall(); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate("")


def test_nothing_is_restored_under_a_running_ellie(ellie: Ellie, tmp_path: Path) -> None:
    backup = tmp_path / "b.db"
    ellie.ok("backup", str(backup))
    ellie.say("since")

    with another_process(ellie.file):
        error = ellie.problem("restore", str(backup), "--yes")
        ellie.ok("backup", str(tmp_path / "meanwhile.db"))

    assert isinstance(error, StorageBusyError)
    assert "Stop Ellie" in str(error)
    assert texts(ellie.file) == ["since"]
    ellie.ok("restore", str(backup), "--yes")
    assert texts(ellie.file) == []


def test_what_is_no_backup_is_a_sentence_and_changes_nothing(ellie: Ellie, tmp_path: Path) -> None:
    ellie.say(LONG)
    good = tmp_path / "good.db"
    ellie.ok("backup", str(good))
    empty, foreign, words, broken, newer, cut = (tmp_path / f"{n}.db" for n in "abcdef")
    empty.write_bytes(b"")
    words.write_text("Dear diary, this is no database at all. " * 50)
    with closing(sqlite3.connect(foreign)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num)")
        database.execute("INSERT INTO alembic_version VALUES ('77')")
    shutil.copy(good, broken)
    damage(broken)
    cut.write_bytes(good.read_bytes()[:20_000])
    shutil.copy(good, newer)
    with closing(sqlite3.connect(newer)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    for file, what in (
        (empty, "no database of Ellie"),
        (foreign, "no database of Ellie"),
        (words, "no SQLite database"),
        (broken, "damaged"),
        (cut, "damaged"),
        (newer, "newer version"),
        (tmp_path / "missing", "is not there"),
        (tmp_path, "is no file"),
    ):
        error = ellie.problem("restore", str(file), "--yes")
        assert isinstance(error, StorageUnavailableError | SchemaTooNewError)
        assert what in str(error)
        assert str(file) in str(error)
    assert "the database itself" in str(ellie.problem("restore", str(ellie.file), "--yes"))
    assert texts(ellie.file) == [LONG]
    assert not list(ellie.folder.glob("ellie-before*"))


def test_a_damaged_database_can_be_replaced(ellie: Ellie, tmp_path: Path) -> None:
    ellie.say("hello")
    backup = tmp_path / "b.db"
    ellie.ok("backup", str(backup))
    ellie.file.write_bytes(b"Nothing is left of it." * 1000)

    said = ellie.ok("restore", str(backup), "--yes")

    assert "could not be read" in said
    assert texts(ellie.file) == ["hello"]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_for_postgresql_the_command_is_told_without_the_password(
    ellie: Ellie, command: str
) -> None:
    ellie.url = "postgresql://ana:hunter2@db.example:5433/ellie?sslmode=require"

    error = ellie.problem(command, "it's here.dump")

    assert isinstance(error, UsageError)
    assert f"pg_{'dump' if command == 'backup' else 'restore'} " in str(error)
    assert "db.example:5433" in str(error)
    assert "sslmode=require" in str(error)
    assert "hunter2" not in str(error)
    assert "it'\"'\"'s here.dump'" in str(error)


@pytest.mark.parametrize("name", ["a" * 5000, "~nobody-of-this-name/x.db", "/" + "b" * 300])
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_name_that_no_file_can_have_is_a_sentence(ellie: Ellie, command: str, name: str) -> None:
    error = ellie.problem(command, name)

    assert "cannot be used" in str(error)
    assert len(str(error)) < 300
