"""Discord waits three seconds for a first answer. What comes later was never asked."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from structlog.testing import capture_logs
from support.town import Town, town

GRACE_SECONDS = 60.0
TOO_LATE = 10062
"""“Unknown interaction” (docs.discord.com, opcodes and status codes)."""


@pytest.fixture(autouse=True)
def grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the Discord in memory waits, so that only the test lets it pass."""
    monkeypatch.setattr("adapters.discord.command_replies.GRACE_SECONDS", GRACE_SECONDS)


def is_late(error: BaseException) -> bool:
    """Whether it says no more than that Discord did not wait."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    return isinstance(cause, discord.NotFound) and cause.code == TOO_LATE


@asynccontextmanager
async def late(t: Town) -> AsyncIterator[list[Any]]:
    """Within, no interaction is answered in time; gives what Ellie logs, until all is over."""
    path = "/interactions/*/callback"
    t.env.inject_error("POST", path, status=404, code=TOO_LATE, times=None)
    with capture_logs() as logs:
        yield logs
        await t.env.advance_time(2 * GRACE_SECONDS)


def callbacks(t: Town) -> int:
    return len(t.requests("POST", "/callback"))


def assert_only_logged(t: Town, logs: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    assert [line["event"] for line in logs].count("command_too_late") == 1
    assert not [line for line in logs if line["log_level"] in ("error", "critical")]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    # The Discord in memory notes whatever reaches a command's handler of errors.
    assert [error for error in t.env.errors if not is_late(error)] == []


def assert_nothing_came_of_it(t: Town) -> None:
    assert t.hers() == []
    assert t.hers(t.ana.user.dm_channel) == []
    assert t.ellie.turns() == []
    assert t.ellie.facts() == []
    assert t.ellie.generator.requests == []


async def test_a_chat_is_not_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with town(tmp_path) as t:
        async with late(t) as logs:
            result = await t.ana.slash(t.hall, "chat", text="remember that I like plums")
        assert not result.acknowledged
        assert callbacks(t) == 1
        assert_nothing_came_of_it(t)
        assert_only_logged(t, logs, caplog)


async def test_a_chat_with_a_file_is_not_answered_and_the_file_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path) as t:
        http: Any = t.ellie.client.http
        read: list[str] = []
        monkeypatch.setattr(http, "get_from_cdn", read.append)
        async with late(t) as logs:
            await t.ana.slash(t.hall, "chat", text="look", file=("a.txt", b"plums"))
        assert read == []
        assert_nothing_came_of_it(t)
        assert_only_logged(t, logs, caplog)


async def test_no_form_is_opened(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with town(tmp_path) as t:
        said = await t.bo.send(t.hall, "quack quack, says the duck")
        async with late(t) as logs:
            result = await t.ana.context_menu(t.hall, "Ask Ellie about this", said)
        assert result.modal is None
        assert callbacks(t) == 1
        assert not t.ellie.client._connection._view_store._modals
        assert_nothing_came_of_it(t)
        assert_only_logged(t, logs, caplog)


async def test_a_form_that_was_sent_is_not_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path) as t:
        said = await t.bo.send(t.hall, "quack quack, says the duck")
        form = await t.ana.context_menu(t.hall, "Ask Ellie about this", said)
        assert form.modal is not None
        field = form.modal["components"][0]["components"][0]["custom_id"]
        async with late(t) as logs:
            result = await t.ana.submit_modal(form, {field: "what does the duck want?"})
        assert not result.acknowledged
        assert_nothing_came_of_it(t)
        assert_only_logged(t, logs, caplog)


async def test_the_next_chat_is_answered_once(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        async with late(t):
            await t.ana.slash(t.hall, "chat", text="hello")
        t.env.backend.faults.clear()
        await t.ana.slash(t.hall, "chat", text="hello")
        assert t.said() == ["> hello\nHello."]
        assert len(t.ellie.turns()) == len(t.ellie.generator.requests) == 1
        assert all(is_late(error) for error in t.env.errors)
