"""Ellie is told to stop: what she is answering is shown to its end, and no more is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
from support.town import Town, town

from bot.cli.run import side_by_side
from bot.domain.turn import FailureReason, TurnStatus

PATIENCE = 60.0
"""More seconds than a test takes."""


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second and a half for each press: all of them are dealt with."""
    monkeypatch.setattr("adapters.discord.command_replies.GRACE_SECONDS", 60.0)


@dataclass
class Process:
    """Ellie as the command line runs her."""

    told: asyncio.Event
    run: asyncio.Task[None]

    async def stop(self, t: Town) -> None:
        """Tell her to stop, and let everything happen that does at once."""
        self.told.set()
        for _ in range(20):
            await asyncio.sleep(0)
        await t.env.settle()


async def until_closed(client: discord.Client, _token: str) -> None:
    """In place of connecting, which the Discord in memory has done already."""
    http: Any = client.http
    closed, close = asyncio.Event(), http.close

    async def told() -> None:
        await close()
        closed.set()

    http.close = told
    await closed.wait()


@asynccontextmanager
async def run(
    t: Town, monkeypatch: pytest.MonkeyPatch, *, grace_seconds: float = PATIENCE
) -> AsyncIterator[Process]:
    monkeypatch.setattr("adapters.discord.adapter.connect", until_closed)
    told, ellie = asyncio.Event(), t.ellie
    running = side_by_side(
        [ellie.adapter], told=told, drain=lambda: ellie.engine.stop(grace_seconds)
    )
    process = Process(told, asyncio.create_task(running))
    try:
        yield process
    finally:
        ellie.generator.release()  # nobody is to wait for a test that has failed
        told.set()
        await process.run


async def mention(t: Town, text: str) -> None:
    await t.say(t.ana, text)


async def chat(t: Town, text: str) -> None:
    await t.ana.slash(t.hall, "chat", text=text)


Ask = Callable[[Town, str], Awaitable[None]]

BOTH = pytest.mark.parametrize("ask", [mention, chat])


def answer_of(t: Town) -> str:
    """The first thing that she said, without the question above it."""
    return t.said()[0].removeprefix("> count\n")


@BOTH
async def test_a_reply_in_progress_is_shown_whole_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, "one two three four") as t, run(t, monkeypatch) as process:
        t.ellie.generator.hold(after_words=2)
        await ask(t, "count")
        await t.env.advance_time(60)
        await process.stop(t)
        assert answer_of(t) == "one two"
        assert not process.run.done()
        assert not t.ellie.client.is_closed()

        t.ellie.generator.release()
        await process.run

        assert answer_of(t) == "one two three four"
        assert t.buttons(t.hers()[0])[0] == "Again"
        assert t.ellie.client.is_closed()
        [turn] = t.ellie.turns()
        assert turn.status is TurnStatus.ANSWERED


async def test_a_reply_that_is_written_but_not_shown_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "one two three four") as t, run(t, monkeypatch) as process:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "count")
        await process.stop(t)
        assert t.hers() == []
        assert not process.run.done()

        await t.env.advance_time(60)
        await process.run

        assert t.said() == ["one two three four"]


@BOTH
async def test_a_reply_that_takes_too_long_ends_in_an_apology_and_a_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, "one two three four") as t:
        async with run(t, monkeypatch, grace_seconds=0) as process:
            t.ellie.generator.hold(after_words=2)
            await ask(t, "count")
            await t.env.advance_time(60)
            await process.stop(t)
            await process.run
        assert answer_of(t).startswith("one two\n-# ")
        assert t.buttons(t.hers()[0]) == ["Try again"]
        [turn] = t.ellie.turns()
        assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.INTERRUPTED)

        await t.restart("one two three four")
        await t.env.advance_time(600)
        assert len(t.hers()) == 1
        await t.press(t.ana, t.hers()[0], "again")
        assert answer_of(t) == "one two three four"


@BOTH
async def test_no_message_is_taken_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, "one two three four") as t, run(t, monkeypatch) as process:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await process.stop(t)

        await ask(t, "my dog is called Biscuit")

        assert "I'm just being shut down." in t.said()[-1]
        assert t.buttons(t.hers()[-1]) == []
        assert [turn.text for turn in t.ellie.turns()] == ["count"]
        assert t.ellie.facts() == []


@BOTH
async def test_before_there_was_text_the_apology_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, "one two three four") as t:
        async with run(t, monkeypatch, grace_seconds=0) as process:
            t.ellie.generator.hold()
            await ask(t, "count")
            await process.stop(t)
            await process.run
        assert answer_of(t).startswith("-# I was interrupted before I could answer.")
        assert t.buttons(t.hers()[0]) == ["Try again"]
        assert not t.hers()[0].flags.loading


@pytest.mark.parametrize("by_chat", [False, True])
async def test_a_message_that_is_just_being_read_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_chat: bool
) -> None:
    async with town(tmp_path) as t, run(t, monkeypatch) as process:
        arrived = asyncio.get_running_loop().create_future()
        http: Any = t.ellie.client.http

        async def download(_: str) -> bytes:
            await t.env.external_wait(asyncio.shield(arrived), reason="a file is downloaded")
            return b"words"

        monkeypatch.setattr(http, "get_from_cdn", download)
        if by_chat:
            await t.ana.slash(t.hall, "chat", text="read this", file=("a.txt", b"words"))
        else:
            await t.ana.send(t.hall, f"{t.me} read this", attachments=[("a.txt", b"words")])
        await process.stop(t)
        assert not process.run.done()
        arrived.set_result(None)
        await t.env.settle()
        await process.run
        [message] = t.hers()
        assert "I'm just being shut down." in message.content
        assert t.ellie.turns() == []


async def test_when_she_is_gone_nothing_is_taken_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as t:
        async with run(t, monkeypatch):
            pass
        asked = len(t.env.http_requests)
        await t.say(t.ana, "my dog is called Biscuit")
        await t.env.advance_time(600)
        assert t.hers() == []
        assert t.ellie.turns() == []
        assert len(t.env.http_requests) == asked


async def test_nothing_goes_on_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Hello.") as t:
        async with run(t, monkeypatch):
            await t.say(t.ana, "hello")
            assert t.ellie.adapter._background._tasks  # looks for replies that were cut off
        assert not t.ellie.adapter._background._tasks
        assert not t.ellie.adapter._answering._tasks
        assert not t.ellie.engine._tasks
