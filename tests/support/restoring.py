"""A database that is copied, lived in, and brought back from the copy."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from structlog.testing import capture_logs
from support.databases import content, run
from support.dialog import Dialog, parrot
from typer.testing import CliRunner

from bot.cli import main
from bot.config import Settings
from bot.database import Database, open_database
from storage.address import parse_address


class Instance:
    """One data folder with its database, as its owner sees it."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.url = url
        self.dialog: Dialog | None = None
        monkeypatch.setattr(main, "_settings", lambda: self.settings)

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, data_dir=self.folder, database_url=self.url)  # type: ignore[call-arg]

    @property
    def file(self) -> Path:
        """The database, where it is a file."""
        path = parse_address(self.url).path
        assert path is not None
        return path

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Dialog, Database]]:
        """Ellie over the database, with the ids and the time going on."""
        first = self.dialog is None
        dialog = self.dialog = self.dialog or Dialog(answer=parrot)
        async with open_database(self.settings, clock=dialog.clock, ids=dialog.ids) as database:
            dialog.storage, dialog.erase_list = database.storage, database.erase_list
            dialog.restart()
            assert not first or not database.again.entries
            yield dialog, database

    async def ellie(self, *arguments: str, answer: str = "") -> Result:
        """A run of the command line."""

        def run() -> Result:
            with capture_logs():
                return CliRunner().invoke(main.app, arguments, input=answer)

        return await asyncio.to_thread(run)  # which has an event loop of its own

    async def rows(self) -> dict[str, list[Any]]:
        tables: dict[str, list[Any]] = await run(self.url, content)
        return tables


class Copying(ABC):
    """A way to have a backup and to bring it back. No connection is open at either."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.copy = folder / "copy"

    @abstractmethod
    async def make(self) -> None:
        """Have the backup."""

    @abstractmethod
    async def bring_back(self) -> None:
        """Put it in the database's place."""


class ByHand(Copying):
    """``cp`` of the SQLite file."""

    async def make(self) -> None:
        shutil.copy(self.instance.file, self.copy)

    async def bring_back(self) -> None:
        assert not self.instance.file.with_name(f"{self.instance.file.name}-wal").exists()
        shutil.copy(self.copy, self.instance.file)


class ByEllie(Copying):
    """``ellie backup`` and ``ellie restore``."""

    async def make(self) -> None:
        result = await self.instance.ellie("backup", str(self.copy))
        assert result.exit_code == 0, result.output

    async def bring_back(self) -> None:
        result = await self.instance.ellie("restore", str(self.copy), "--yes", "--discard")
        assert (result.exit_code, result.exception) == (0, None), result.output


class ByPostgres(Copying):
    """What Ellie tells to run: ``pg_dump`` and ``pg_restore``."""

    tools: Path

    async def make(self) -> None:
        await self._run("backup")

    async def bring_back(self) -> None:
        await self._run("restore")

    async def _run(self, command: str) -> None:
        error = (await self.instance.ellie(command, str(self.copy))).exception
        (line,) = [each for each in str(error).splitlines() if each.startswith("  pg_")]
        tool, *arguments = shlex.split(line)
        process = await asyncio.create_subprocess_exec(self.tools / tool, *arguments)
        assert await process.wait() == 0
