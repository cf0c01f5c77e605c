"""``ellie import`` asks, imports, and says what it did, or why it did not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result
from support.moving import begin, exported
from support.whole_life import ANA, whole_life
from typer.testing import CliRunner

from bot.cli import importing, main
from bot.config import Settings
from bot.errors import ImportRefusedError, UsageError
from storage.inmemory import InMemoryStorage


class Owner:
    """Somebody at the command line, over a storage in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.storage = InMemoryStorage()
        self.file = folder / "export.json"
        monkeypatch.setattr(main, "_settings", lambda: Settings(data_dir=folder))
        monkeypatch.setattr(importing, "open_database", self._open)
        monkeypatch.setenv("COLUMNS", "80")

    @asynccontextmanager
    async def _open(self, *_: object, **__: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(storage=self.storage)

    def run(self, *arguments: str, said: str | None = None) -> Result:
        return CliRunner().invoke(main.app, ["import", str(self.file), *arguments], input=said)

    @property
    def people(self) -> int:
        return len(self.storage.state.persons)


@pytest.fixture
async def document() -> bytes:
    there = InMemoryStorage()
    await begin(there, whole_life())
    return await exported(there, ANA)


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, document: bytes) -> Owner:
    somebody = Owner(monkeypatch, tmp_path)
    somebody.file.write_bytes(document)
    return somebody


WHAT = "4 messages, 2 facts, 1 summary of person ana (account 'console:ana', 'slack:U1')"


def test_a_file_is_imported_without_a_question(owner: Owner) -> None:
    result = owner.run("--yes")
    assert result.exit_code == 0
    assert result.output == f"Imported: {WHAT}. They go on with message m6.\n"
    assert owner.people == 1


def test_a_dry_run_says_what_would_be_and_changes_nothing(owner: Owner) -> None:
    result = owner.run("--dry-run")
    assert result.output == f"Would be imported: {WHAT}. Nothing was changed.\n"
    assert owner.people == 0


def test_a_question_is_asked(owner: Owner) -> None:
    agreed = owner.run(said="y\n")
    assert f"Import {WHAT}? [y/N]: " in agreed.output
    assert "Imported: " in agreed.output
    assert owner.people == 1


@pytest.mark.parametrize("said", ["n\n", "\n", ""])
def test_nothing_happens_unless_somebody_agrees(owner: Owner, said: str) -> None:
    result = owner.run(said=said)
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith("Nothing was imported")
    assert owner.people == 0


def test_a_second_time_is_refused(owner: Owner) -> None:
    owner.run("--yes")
    result = owner.run("--yes")
    assert isinstance(result.exception, ImportRefusedError)
    assert result.exception.exit_code == 65
    assert "forget everything" in str(result.exception)


def test_another_account_gets_it(owner: Owner) -> None:
    result = owner.run("--yes", "--as", "discord:77")
    assert "(account 'discord:77')" in result.output
    (key,) = owner.storage.state.identities
    assert key[2] == "77"


def test_an_account_that_is_none_is_refused(owner: Owner) -> None:
    result = owner.run("--yes", "--as", "ana")
    assert isinstance(result.exception, UsageError)
    assert "'ana' is no account" in str(result.exception)


def test_a_file_that_is_none_is_refused(owner: Owner, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.json"):
        owner.file = path
        result = owner.run("--yes")
        assert isinstance(result.exception, UsageError), path
        assert "There is no file" in str(result.exception)


def test_what_the_file_calls_people_cannot_act_on_the_terminal(
    owner: Owner, document: bytes
) -> None:
    changed = json.loads(document)
    changed["identities"][0]["external_id"] = "\x1b[2J[red]ana"
    changed["\x1b[31mnew"] = 1
    owner.file.write_text(json.dumps(changed))
    result = owner.run("--yes")
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert r"'console:\x1b[2J[red]ana'" in result.output
    assert r"Left out, because this version does not know it: '\x1b[31mnew'." in result.output


def test_more_than_can_be_an_export_is_not_read(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.importing.reading.MAX_BYTES", 1024**2)
    monkeypatch.setattr(importing, "MAX_BYTES", 1024**2)
    owner.file.write_bytes(b" " * (1024**2 + 1))
    result = owner.run("--yes")
    assert isinstance(result.exception, ImportRefusedError)
    assert "more than 1 MB" in str(result.exception)
