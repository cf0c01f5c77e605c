"""The command line over a real SQLite database, and rows that are put there by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot.cli import main
from bot.config import Settings
from bot.errors import EllieError


class Ellie:
    """The command line over a real SQLite database."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.file = folder / "ellie.db"
        self.url = ""
        monkeypatch.setattr(main, "_settings", lambda: self.settings)

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, data_dir=self.folder, database_url=self.url)  # type: ignore[call-arg]

    def run(self, *arguments: str, answer: str = "") -> Result:
        with capture_logs():
            return CliRunner().invoke(main.app, arguments, input=answer)

    def ok(self, *arguments: str, answer: str = "") -> str:
        result = self.run(*arguments, answer=answer)
        assert (result.exit_code, result.exception) == (0, None), result.output
        return result.stdout

    def problem(self, *arguments: str) -> EllieError:
        error = self.run(*arguments).exception
        assert isinstance(error, EllieError), error
        return error

    def say(self, text: str) -> None:
        """As much of a turn as shows that it is there."""
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(
                "INSERT OR IGNORE INTO conversations (id, platform, tenant_key, channel_id, "
                "thread_key, visibility) VALUES ('c', 'console', '', 'ana', '', 'direct')"
            )
            database.execute(
                "INSERT OR IGNORE INTO persons (id, display_name, first_seen_at, memory_epoch, "
                "last_turn_number) VALUES ('p', 'Ana', '2026-05-04 12:00:00', 0, 0)"
            )
            database.execute(
                "INSERT OR IGNORE INTO identities (platform, tenant_key, external_id, person_id) "
                "VALUES ('console', '', 'ana', 'p')"
            )
            database.execute(
                "INSERT INTO turns (id, person_id, visibility, channel, conversation_id, platform, "
                "event_key, number, text, reply, received_at, status, worker, lease_until) "
                "SELECT ?, 'p', 'direct', 'console::ana', 'c', 'console', ?, count(*) + 1, ?, '', "
                "'2026-05-04 12:00:00', 'answered', '', '2026-05-04 12:00:00' FROM turns",
                (text, text, text),
            )

    def change(self, *statements: str) -> None:
        """Change rows behind Ellie's back, with no foreign key in the way."""
        with closing(sqlite3.connect(self.file)) as database, database:
            for statement in statements:
                database.execute(statement)

    def count(self, table: str) -> int:
        """How many rows there are."""
        with closing(sqlite3.connect(self.file)) as database:
            ((count,),) = database.execute(f'SELECT count(*) FROM "{table}"')
        return int(count)
