"""``ellie doctor`` finds what is wrong and says what to do; ``--fix`` does what is safe."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.sqlite_ellie import Ellie

from bot.errors import ModelCorruptError
from bot.generation.models.store import ModelStore

WELL = {
    "database",
    "integrity",
    "rows of nobody",
    "people",
    "leases",
    "resets",
    "size",
    "erase list",
    "data folder",
    "model",
}


@pytest.fixture
def ellie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ellie:
    ellie = Ellie(tmp_path / "data", monkeypatch)
    monkeypatch.setattr(ModelStore, "find", lambda *_: None)
    ellie.ok("stats")
    ellie.say("hello")
    ellie.folder.chmod(0o700)
    return ellie


def findings(ellie: Ellie, *options: str) -> dict[str, str]:
    """What is wrong, by subject; the exit code goes with it."""
    result = ellie.run("doctor", *options)
    lines = [line for line in result.stdout.splitlines() if line[0] in "✓✗"]
    wrong = dict(line[2:].split(": ", 1) for line in lines if line.startswith("✗"))
    assert result.exit_code == bool(wrong), result.output
    return wrong


def test_all_is_well(ellie: Ellie) -> None:
    result = ellie.run("doctor")

    assert result.exit_code == 0
    assert {line[2:].split(": ")[0] for line in result.stdout.splitlines()} == WELL
    assert all(line.startswith("✓ ") for line in result.stdout.splitlines())
    assert "nothing needed it" in ellie.ok("doctor", "--fix").splitlines()[0]


def test_looking_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ellie = Ellie(tmp_path / "data", monkeypatch)
    monkeypatch.setattr(ModelStore, "find", lambda *_: None)

    assert findings(ellie) == {}

    assert not ellie.folder.exists()


def test_an_old_schema_is_upgraded_by_fixing(ellie: Ellie) -> None:
    ellie.change("UPDATE alembic_version SET version_num = '0004'")
    for table in ("place_settings", "resets", "audit_entries", "quota_buckets", "erasures"):
        ellie.change(f"DROP TABLE {table}")
    ellie.change("ALTER TABLE persons DROP COLUMN consented_at")

    assert "schema 0004" in findings(ellie)["database"]

    assert findings(ellie, "--fix") == {}


def test_a_newer_schema_and_a_damaged_file_are_told(ellie: Ellie) -> None:
    ellie.say("x" * 2000)
    whole = ellie.file.read_bytes()
    ellie.change("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in findings(ellie)["database"]

    data = bytearray(whole)
    page = data.rindex(b"x" * 2000) // 4096 * 4096
    data[page : page + 8] = b"\xff" * 8
    ellie.file.write_bytes(data)
    assert "restore a backup" in findings(ellie)["integrity"]
    ellie.file.write_bytes(b"no database " * 1000)
    assert "no SQLite database" in findings(ellie)["database"]


def test_rows_that_belong_to_nobody_are_dropped_by_fixing(ellie: Ellie) -> None:
    person = (
        "INSERT INTO persons (id, display_name, first_seen_at, memory_epoch, last_turn_number) "
        "VALUES ('{}', '', '2026-05-04 12:00:00', 0, 0)"
    )
    ellie.change(
        person.format("empty"),
        person.format("gone"),
        "INSERT INTO identities (platform, tenant_key, external_id, person_id) "
        "VALUES ('console', '', 'gone', 'gone')",
        "INSERT INTO turns SELECT * FROM (SELECT * FROM turns) WHERE 0",
        "INSERT INTO turn_traces VALUES ('hello', 'gone', 'm', 0, 0, 'stop', '[]', '{}')",
        "DELETE FROM persons WHERE id = 'gone'",
        "INSERT INTO conversations (id, platform, tenant_key, channel_id, thread_key, visibility) "
        "VALUES ('deserted', 'console', '', 'x', '', 'direct')",
        "INSERT INTO turn_feedback VALUES ('no turn', 'good', '2026-05-04 12:00:00')",
    )

    told = findings(ellie)["rows of nobody"]

    for what in (
        "identities.person_id 1",
        "turn_traces.person_id 1",
        "turn_feedback.turn_id 1",
        "direct conversations without turns 1",
        "people without accounts and memory 1",
    ):
        assert what in told
    assert findings(ellie, "--fix") == {}
    assert ellie.count("persons") == ellie.count("identities") == ellie.count("turns") == 1
    assert ellie.count("turn_traces") == ellie.count("turn_feedback") == 0


def test_what_hangs_on_a_row_of_nobody_goes_with_it(ellie: Ellie) -> None:
    ellie.change(
        "INSERT INTO turn_traces VALUES ('hello', 'p', 'm', 0, 0, 'stop', '[]', '{}')",
        "DELETE FROM persons",
    )

    assert findings(ellie, "--fix") == {}

    for table in ("turns", "turn_traces", "identities", "conversations"):
        assert ellie.count(table) == 0


def test_somebody_without_an_account_is_left_to_the_owner(ellie: Ellie) -> None:
    ellie.change("DELETE FROM identities")

    assert "ellie erase --person" in findings(ellie)["people"]
    assert "people" in findings(ellie, "--fix")
    ellie.ok("erase", "--person", "p", "--yes")
    assert findings(ellie) == {}


def test_what_a_dead_process_left_is_told_and_turns_are_closed(ellie: Ellie) -> None:
    ellie.change(
        "UPDATE turns SET status = 'accepted', worker = 'gone', lease_until = received_at",
        "INSERT INTO compaction_jobs (id, person_id, after_number, until_number, step, read_until, "
        "worker, lease_until, started_at, status, attempts, counts, problem) VALUES ('j', 'p', 0, "
        "1, 'read', 0, 'gone', '2026-05-04 12:00:00', '2026-05-04 12:00:00', 'running', 1, '{}', "
        "'')",
    )

    assert "1 turn, 1 compaction of a process that is gone" in findings(ellie)["leases"]

    assert "closed 1 turn" in ellie.run("doctor", "--fix").stdout
    assert findings(ellie)["leases"].startswith("1 compaction of")
    ellie.change("UPDATE compaction_jobs SET lease_until = '2999-01-01 00:00:00'")
    assert findings(ellie) == {}


def test_a_reset_that_is_late_is_told(ellie: Ellie) -> None:
    ellie.change(
        "INSERT INTO resets (id, tenant_id, requested_by, requested_at, erase_at, status, planned, "
        "erased, worker) VALUES ('r', 'discord:1', 'discord:2', '2026-05-04 12:00:00', "
        "'2026-05-05 12:00:00', 'waiting', '{}', '{}', '')"
    )
    assert "1 reset should" in findings(ellie)["resets"]

    ellie.change("UPDATE resets SET finished_at = '2026-05-05 12:00:00'")
    assert findings(ellie) == {}


def test_whoever_has_unusually_much_is_named_by_id(
    ellie: Ellie, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.diagnosis.MUCH_TEXT", 4)
    assert findings(ellie)["size"].startswith("person p has 1 turn, 0 facts and 5 bytes of text")

    monkeypatch.setattr("storage.diagnosis.MUCH_TEXT", 5)
    assert findings(ellie) == {}
    monkeypatch.setattr("storage.diagnosis.MANY_TURNS", 0)
    assert "size" in findings(ellie)


def test_the_erase_list_and_its_copy_are_compared(ellie: Ellie) -> None:
    before = ellie.folder / "before"
    shutil.copy(ellie.file, before)
    ellie.ok("erase", "--person", "console:ana", "--yes")
    copy = ellie.folder / "erasures.jsonl"
    whole = copy.read_text()
    assert findings(ellie) == {}

    copy.write_text("")
    assert "lacks 1 entry" in findings(ellie)["erase list"]
    assert findings(ellie, "--fix") == {}
    copy.write_text(whole.splitlines()[0])
    assert "may have left text" in findings(ellie)["erase list"]
    assert findings(ellie, "--fix") == {}
    copy.write_text(f"{whole}torn\n")
    assert "1 line cannot" in findings(ellie)["erasures.jsonl"]
    assert findings(ellie, "--fix") == {}
    assert copy.read_text() == whole
    assert copy.stat().st_mode & 0o777 == 0o600

    shutil.copy(before, ellie.file)
    assert "the database lacks 1 entry: it is older" in findings(ellie)["erase list"]
    assert "applied 1 entry of the erase list" in ellie.run("doctor", "--fix").stdout
    assert ellie.count("persons") == 0


def test_what_others_may_read_is_told(ellie: Ellie) -> None:
    ellie.file.chmod(0o644)
    assert findings(ellie) == {}  # nobody gets into the folder
    ellie.folder.chmod(0o755)

    assert "ellie.db" in findings(ellie)["data folder"]

    for path in ellie.folder.rglob("*"):
        path.chmod(0o600)
    assert findings(ellie) == {}


def test_models_are_read_whole_only_when_asked(
    ellie: Ellie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def damaged(_: ModelStore, __: Path) -> None:
        asked.append("every byte")
        raise ModelCorruptError("The file x of the model is damaged. Run ellie models pull.")

    monkeypatch.setattr(ModelStore, "find", lambda *_: tmp_path)
    monkeypatch.setattr(ModelStore, "check", lambda *_: asked.append("sizes"))
    monkeypatch.setattr(ModelStore, "verify", damaged)

    assert findings(ellie) == {}
    assert "ellie models pull" in findings(ellie, "--models")["model"]
    assert asked == ["sizes", "every byte"]
