"""The whole way with a real database: a SQLite file, which outlives every process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from support.office import Ellie, Office, office
from support.slack_looks import is_taken, labels, quiet

from adapters.slack.reply_blocks import AGAIN, VERDICT
from storage.database import open_storage

SECRET = "xyzzyplugh"


class SqliteOffice:
    """An office whose Ellie keeps everything in ``file``."""

    def __init__(self, o: Office, file: Path, opened: AsyncExitStack) -> None:
        self.o = o
        self.file = file
        self._opened = opened

    async def restart(self, *replies: str) -> Ellie:
        """Another process opens the same file. What the one before has not written is lost."""
        await self.o.ellie.kill()
        storage = await self._opened.enter_async_context(open_storage(url_of(self.file)))
        self.o.ellie.storage.database = storage
        return await self.o.restart(*replies)

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
async def sqlite_office(folder: Path, *replies: str) -> AsyncIterator[SqliteOffice]:
    file = folder / "database" / "ellie.db"
    file.parent.mkdir()
    async with AsyncExitStack() as opened:
        storage = await opened.enter_async_context(open_storage(url_of(file)))
        o = await opened.enter_async_context(office(*replies, storage=storage))
        yield SqliteOffice(o, file, opened)


async def test_what_was_told_is_known_to_the_next_process(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Noted.") as s:
        await s.o.call(s.o.ana, "my dog is called Biscuit")
        await s.o.answered()
        assert s.rows("SELECT text, reply, status FROM turns") == [
            ("my dog is called Biscuit", "Noted.", "answered")
        ]
        ellie = await s.restart("Biscuit.")
        await s.o.call(s.o.ana, "what is my dog called?")
        assert (await s.o.answered(2))[-1] == "Biscuit."
        assert "My dog is called Biscuit." in ellie.prompts()[0]


async def test_an_edit_is_followed_in_the_file(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Noted.") as s:
        asked = await s.o.call(s.o.ana, f"my dog is called {SECRET}")
        await s.o.answered()
        assert s.holds(SECRET)
        await s.o.team.edit(s.o.ana, asked, f"{s.o.me} my dog is called Bruno")
        await quiet(s.o)
        assert s.holds(SECRET) == []
        assert s.rows("SELECT text FROM turns") == [("my dog is called Bruno",)]


async def test_of_a_deleted_message_no_byte_is_left(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Fine.", f"Hello {SECRET}!", f"{SECRET} it is.") as s:
        await s.o.call(s.o.bo, "I like plums")
        await s.o.answered()
        asked = await s.o.call(s.o.ana, f"my dog is called {SECRET}")
        await s.o.answered(2)
        chatted = await s.o.write(s.o.ana, f"I dream of {SECRET}")
        await s.o.answered(1, s.o.team.dm(s.o.ana))
        assert "ellie.db-wal" in s.holds(SECRET)
        await s.o.team.delete(s.o.ana, asked)
        await s.o.team.delete(s.o.ana, chatted)
        await quiet(s.o)
        assert s.holds(SECRET) == []
        assert s.rows("SELECT text FROM facts") == [("I like plums.",)]
        assert s.rows("SELECT count(*) FROM turns WHERE text = '' AND reply = ''") == [(2,)]


async def test_of_a_message_deleted_while_it_is_answered_no_byte_is_left(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, f"{SECRET} {SECRET} three") as s:
        s.o.ellie.generator.hold(after_words=2)
        asked = await s.o.call(s.o.ana, f"my dog is called {SECRET}")
        await s.o.slack.until(lambda: s.o.said() == [f"{SECRET} {SECRET}"])
        await s.o.team.delete(s.o.ana, asked)
        await quiet(s.o)
        assert s.o.hers() == []
        assert s.holds(SECRET) == []


async def test_of_a_message_deleted_while_nobody_was_there_no_byte_is_left(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "never") as s:
        s.o.ellie.generator.hold()
        asked = await s.o.call(s.o.ana, f"my dog is called {SECRET}")
        await s.o.slack.until(lambda: s.o.ellie.generator.requests)
        await s.o.ellie.kill()
        await s.o.team.delete(s.o.ana, asked)
        await s.restart()
        await s.o.slack.until(lambda: s.rows("SELECT complete FROM deliveries") == [(1,)])
        assert s.holds(SECRET) == []
        assert s.o.hers() == []


async def test_buttons_of_an_earlier_process_work(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Apples.") as s:
        await s.o.call(s.o.ana, "name a fruit")
        await s.o.answered()
        await s.restart("Pears.")
        [reply] = s.o.hers()
        await s.o.team.press(s.o.ana, reply, action_id=VERDICT, text="👍")
        await quiet(s.o)
        assert s.rows("SELECT verdict FROM turn_feedback") == [("good",)]
        await s.o.team.press(s.o.ana, reply, action_id=AGAIN)
        await s.o.slack.until(lambda: s.o.said() == ["Pears."] and s.o.is_finished(1))
        assert s.rows("SELECT reply FROM turns") == [("Pears.",)]
        assert s.rows("SELECT count(*) FROM turn_feedback") == [(0,)]


async def test_half_a_reply_of_a_killed_process_is_completed(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "one two three four") as s:
        s.o.ellie.generator.hold(after_words=2)
        await s.o.call(s.o.ana, "count")
        await s.o.slack.until(lambda: s.o.said() == ["one two"])
        await s.o.slack.until(
            lambda: s.rows("SELECT count(*) FROM deliveries WHERE message_ids != '[]'") != [(0,)]
        )
        [half] = s.o.hers()
        await s.restart("five six")
        await s.o.slack.until(lambda: s.o.is_finished(1) and s.o.said() == ["five six"])
        assert s.o.hers() == [half]
        assert labels(half) == ["Again"]
        assert s.rows("SELECT status, reply FROM turns") == [("answered", "five six")]


async def test_a_message_is_confirmed_only_when_it_is_in_the_file(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Hello.") as s:
        blocking = sqlite3.connect(s.file, check_same_thread=False)
        # Whoever has the database just now lets go of it only while this waits elsewhere.
        await asyncio.to_thread(blocking.execute, "BEGIN IMMEDIATE")
        asked = await s.o.write(s.o.ana, "hello")
        await s.o.slack.until(lambda: s.o.slack.calls_of("agents.sessions.setStatus"))
        assert not is_taken(s.o, asked)
        blocking.rollback()
        blocking.close()
        await s.o.slack.until(lambda: is_taken(s.o, asked))
        assert s.rows("SELECT text FROM turns") == [("hello",)]
        assert await s.o.answered(1, s.o.team.dm(s.o.ana)) == ["Hello."]


async def test_two_workspaces_in_one_file_are_kept_apart(tmp_path: Path) -> None:
    async with sqlite_office(tmp_path, "Noted.") as s:
        await s.o.write(s.o.ana, "my locker code is 4711")
        await s.o.answered(1, s.o.team.dm(s.o.ana))
        other = s.o.slack.add_team("T2", name="Other")
        ellie = Ellie(s.o.slack, other, "No idea.", before=s.o.ellie, worker="other")
        there = Office(s.o.slack, other, ellie)
        await ellie.start()
        try:
            await there.write(there.ana, "what is my locker code?")
            assert await there.answered(1, other.dm(there.ana)) == ["No idea."]
            assert "4711" not in ellie.prompts()[0]
            assert s.rows("SELECT count(DISTINCT person_id) FROM turns") == [(2,)]
        finally:
            await ellie.stop()
