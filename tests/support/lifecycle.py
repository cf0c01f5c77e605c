"""A whole Ellie over a real database on a platform, and the same life of a memory on each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from support.hostile_run import HastyClock, Obliging

from bot.app import App, assembled_app
from bot.cli.backup import backup, restore
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef
from storage.address import parse_address
from storage.database import open_storage

PATIENCE_SECONDS = 20.0
CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{8}\b")
ANAS, BOS, SECRET = "Quokkamarker", "Pademelonmarker", "Numbatmarker"
"""What Ana says in the channel, what Bo says there, and what Ana says directly."""
STORY = ("admin reset user", "admin reset list", "admin audit")
"""What the audit log has to tell of, newest last."""


class Life:
    """One database through backups and restarts of Ellie."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = Settings(
            data_dir=folder / "data",
            database_url=SecretStr(url),
            extraction=Extraction.RULES,
            compaction_schedule="off",
            retention_schedule="off",
            # What still stands in a channel is the platform's, and may be read for a reply there.
            discord_context_messages=0,
            slack_context_messages=0,
        )
        self.folder = folder
        self.file = folder / "before.db"
        self.model = Obliging()
        self._console = Console(width=200)

    @property
    def is_file(self) -> bool:
        """Whether there are bytes to look at."""
        return self.settings.resolved_database_url.startswith("sqlite")

    @asynccontextmanager
    async def ellie(self) -> AsyncIterator[App]:
        """Ellie, started and in the end stopped."""
        async with assembled_app(self.settings, self.model, HastyClock()) as app:
            yield app
            await app.engine.stop(PATIENCE_SECONDS)

    async def back_up(self) -> None:
        """As the owner does it while she runs."""
        await asyncio.to_thread(backup, self.settings, self._console, str(self.file))

    async def bring_back(self) -> None:
        """As the owner does it while she is stopped."""
        await asyncio.to_thread(
            restore, self.settings, self._console, str(self.file), discard=True, yes=True
        )

    def prompted(self) -> str:
        """All that the model was given last."""
        return repr(self.model.requests[-1].prompt.messages)

    async def words_of(self, who: IdentityRef) -> str:
        """All that is stored of somebody's words."""
        async with (
            open_storage(self.settings.resolved_database_url) as storage,
            storage.unit_of_work() as work,
        ):
            person = await work.persons.find(who)
            if person is None:
                return ""
            scope = Scope.in_private(person.id, set_aside=True)
            return repr(await work.turns.after(scope, 0))

    async def actions(self) -> list[str]:
        """What is on record, newest first."""
        async with (
            open_storage(self.settings.resolved_database_url) as storage,
            storage.unit_of_work() as work,
        ):
            return [entry.action for entry in await work.audit.of_instance(limit=99)]

    def bytes_of(self, words: str) -> int:
        """How often words stand in the files of the database."""
        path = parse_address(self.settings.resolved_database_url).path
        assert path is not None
        files = list(path.parent.glob(f"{path.name}*"))
        assert files
        return sum(file.read_bytes().count(words.encode()) for file in files)


async def reset_and_look(
    life: Life,
    ana: IdentityRef,
    bo: IdentityRef,
    *,
    reset: Callable[[str], Awaitable[str]],
    ask: Callable[[str], Awaitable[str]],
) -> None:
    """Have an admin reset Ana at once, and see that her words in channels are gone, and no others.

    ``reset`` gives the command with a code or without, ``ask`` any other one; both return what the
    admin is told.
    """
    plan = await reset("")
    assert "1 message" in plan
    assert ANAS in await life.words_of(ana)
    code = CODE.search(plan)
    assert code is not None
    await reset(code[0])

    async def is_over() -> bool:
        return ANAS not in await life.words_of(ana) and not (life.is_file and life.bytes_of(ANAS))

    await until(is_over)
    assert SECRET in await life.words_of(ana)
    assert BOS in await life.words_of(bo)
    await ask("reset list")
    log = await ask("audit")
    assert [command in log for command in STORY] == [True, True, True]
    assert log.index("admin reset list") < log.index("admin reset user")  # newest first
    assert ANAS not in log


async def restore_and_look(life: Life, ana: IdentityRef, bo: IdentityRef) -> None:
    """Bring the backup back that was made before, and see that Ana's words do not come with it."""
    await life.bring_back()
    assert ANAS not in await life.words_of(ana)
    assert SECRET in await life.words_of(ana)
    assert BOS in await life.words_of(bo)
    assert life.bytes_of(ANAS) == 0
    assert "admin reset user" in await life.actions()
    assert life.file.read_bytes().count(ANAS.encode()) > 0  # the backup itself still has it


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what goes on in the background."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await look():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # nothing tells when it is over
