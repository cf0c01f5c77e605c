"""The whole way with a real database: a SQLite file, which outlives every process."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.town import Ellie, Town, town

from bot.domain.turn import FailureReason, TurnStatus
from storage.database import open_storage

SECRET = "xyzzyplugh"


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second and a half for each press: all of them are dealt with."""
    monkeypatch.setattr("adapters.discord.command_replies.GRACE_SECONDS", 60.0)


class SqliteTown:
    """A town whose Ellie keeps everything in ``file``."""

    def __init__(self, t: Town, file: Path, opened: AsyncExitStack) -> None:
        self.t = t
        self.file = file
        self._opened = opened

    async def restart(self, *replies: str) -> Ellie:
        """Another process opens the same file. What the one before has not written is lost."""
        self.t.kill()
        storage = await self._opened.enter_async_context(open_storage(url_of(self.file)))
        self.t.ellie.storage.database = storage
        return await self.t.restart(*replies)

    def rows(self, query: str) -> list[Any]:
        """What anybody reads who opens the file."""
        database = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def holds(self, text: str) -> list[str]:
        """Which of the database's files have ``text`` in them."""
        files = sorted(self.file.parent.glob(f"{self.file.name}*"))
        return [file.name for file in files if text.encode() in file.read_bytes()]


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


@asynccontextmanager
async def sqlite_town(folder: Path, *replies: str) -> AsyncIterator[SqliteTown]:
    file = folder / "database" / "ellie.db"
    file.parent.mkdir()
    async with AsyncExitStack() as opened:
        storage = await opened.enter_async_context(open_storage(url_of(file)))
        # The database has a thread of its own, for which the Discord in memory waits.
        t = await opened.enter_async_context(town(folder, *replies, storage=storage))
        yield SqliteTown(t, file, opened)


async def test_what_was_told_is_known_to_the_next_process(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "Noted.") as s:
        await s.t.say(s.t.ana, "my dog is called Biscuit")
        assert s.rows("SELECT text, reply, status FROM turns") == [
            ("my dog is called Biscuit", "Noted.", "answered")
        ]
        ellie = await s.restart("Biscuit.")
        await s.t.say(s.t.ana, "what is my dog called?")
        assert "My dog is called Biscuit." in ellie.prompts()[0]
        assert s.t.said()[-1] == "Biscuit."
        assert [text for (text,) in s.rows("SELECT text FROM facts")] == [
            "My dog is called Biscuit."
        ]


async def test_an_edit_is_followed_in_the_file(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "Noted.") as s:
        asked = await s.t.say(s.t.ana, f"my dog is called {SECRET}")
        assert s.holds(SECRET)
        await s.t.ana.edit(asked, f"{s.t.me} my dog is called Bruno")
        assert s.holds(SECRET) == []
        assert s.rows("SELECT text FROM turns") == [("my dog is called Bruno",)]
        ellie = await s.restart("Bruno.")
        await s.t.say(s.t.ana, "what is my dog called?")
        assert "My dog is called Bruno." in ellie.prompts()[0]
        assert SECRET not in ellie.prompts()[0]


async def test_of_a_deleted_message_no_byte_is_left(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "Fine.", f"Hello {SECRET}!", f"{SECRET} it is.") as s:
        await s.t.say(s.t.bo, "I like plums")
        asked = await s.t.say(s.t.ana, f"my dog is called {SECRET}")
        chatted = await s.t.ana.send_dm(f"I dream of {SECRET}")
        assert "ellie.db-wal" in s.holds(SECRET)
        await s.t.ana.delete(asked)
        await s.t.ana.user.delete(chatted)
        assert s.holds(SECRET) == []
        assert s.rows("SELECT text FROM facts") == [("I like plums.",)]
        assert s.rows("SELECT count(*) FROM turns WHERE text = '' AND reply = ''") == [(2,)]


async def test_of_a_message_deleted_while_it_is_answered_no_byte_is_left(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, f"{SECRET} {SECRET} three") as s:
        s.t.ellie.generator.hold(after_words=2)
        asked = await s.t.say(s.t.ana, f"my dog is called {SECRET}")
        await s.t.env.advance_time(60)
        assert s.t.said() == [f"{SECRET} {SECRET}"]
        await s.t.ana.delete(asked)
        await s.t.env.advance_time(60)
        assert s.t.hers() == []
        assert s.holds(SECRET) == []


async def test_buttons_of_an_earlier_process_work(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "Apples.") as s:
        await s.t.say(s.t.ana, "name a fruit")
        await s.restart("Pears.")
        await s.t.press(s.t.ana, s.t.hers()[0], "good")
        assert s.rows("SELECT verdict FROM turn_feedback") == [("good",)]
        await s.t.press(s.t.ana, s.t.hers()[0], "again")
        await s.t.env.advance_time(60)
        assert s.t.said() == ["Pears."]
        assert s.rows("SELECT reply FROM turns") == [("Pears.",)]
        assert s.rows("SELECT count(*) FROM turn_feedback") == [(0,)]


async def test_half_a_reply_of_a_killed_process_is_apologised_for(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "one two three four") as s:
        s.t.ellie.generator.hold(after_words=2)
        await s.t.say(s.t.ana, "count")
        await s.t.env.advance_time(60)
        assert s.t.said() == ["one two"]

        await s.restart("one two three four")

        assert "I was interrupted while I answered." in s.t.said()[0]
        ended = (TurnStatus.FAILED.value, FailureReason.INTERRUPTED.value)
        assert s.rows("SELECT status, failure FROM turns") == [ended]
        await s.t.press(s.t.ana, s.t.hers()[0], "again")
        await s.t.env.advance_time(60)
        assert s.t.said() == ["one two three four"]

        await s.restart()
        await s.t.env.advance_time(600)
        assert s.t.said() == ["one two three four"]


async def test_chat_and_direct_messages_are_kept_apart_in_the_file_as_well(tmp_path: Path) -> None:
    async with sqlite_town(tmp_path, "Hush.", "No idea.", "4711.") as s:
        await s.t.ana.send_dm("my locker code is 4711")
        await s.t.ana.slash(s.t.hall, "chat", text="what is my locker code?")
        await s.t.ana.send_dm("what is my locker code?")
        assert ["4711" in prompt for prompt in s.t.ellie.prompts()] == [True, False, True]
        assert s.t.said() == ["> what is my locker code?\nNo idea."]
