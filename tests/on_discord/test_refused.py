"""Discord lets Ellie write no more, in the middle of something: whoever asked is told where it can.

The right is lost without her knowing, so Discord says 50013, “Missing Permissions”.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.discord_commands import words_of
from support.town import Town, town

from bot.domain.turn import TurnStatus

NO_RIGHT = "Send Messages"


@contextmanager
def without_traceback(t: Town, caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """Nothing within may count as an error, in Ellie or in discord.py."""
    with capture_logs() as logs:
        yield logs
    assert not [line for line in logs if line["log_level"] in ("error", "critical")]
    assert not [line for line in logs if line.get("exc_info")]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert t.env.errors == []


def refuse(t: Town, method: str, path: str, *, times: int | None = None) -> None:
    t.env.inject_error(method, path, status=403, code=50013, times=times)


def said(t: Town) -> int:
    """How often she sent or changed something that people see."""
    return sum(
        request.method in ("POST", "PATCH") and not request.path.endswith("/typing")
        for request in t.env.http_requests
    )


async def assert_over(t: Town) -> None:
    """Nothing is tried any more, neither by this process nor by the next."""
    [turn] = t.ellie.turns()
    assert turn.status in (TurnStatus.ANSWERED, TurnStatus.CANCELLED)
    before = said(t)
    await t.env.advance_time(600)
    assert said(t) == before
    await t.restart()
    await t.env.advance_time(600)
    assert said(t) == before


async def test_a_right_lost_while_a_reply_is_written_is_told_directly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        refuse(t, "PATCH", f"/channels/{t.hall.id}/messages/*")
        with without_traceback(t, caplog):
            t.ellie.generator.go_on(after_words=2)
            await t.env.settle()
            await t.env.advance_time(60)
        [told] = t.hers(t.ana.user.dm_channel)
        assert NO_RIGHT in told.content
        assert f"<#{t.hall.id}>" in told.content
        assert t.said() == ["one"]
        [turn] = t.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.CANCELLED, "one two")
        await assert_over(t)


async def test_a_right_lost_before_the_end_is_told_directly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "one two three four", "Back again.") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        refuse(t, "PATCH", f"/channels/{t.hall.id}/messages/*")
        with without_traceback(t, caplog):
            t.ellie.generator.release()
            await t.env.settle()
            await t.env.advance_time(60)
        [told] = t.hers(t.ana.user.dm_channel)
        assert NO_RIGHT in told.content

        t.env.backend.faults.clear()
        await t.say(t.ana, "and now?")
        assert t.said()[-1] == "Back again."


async def test_a_right_lost_between_two_messages_of_an_answer_is_told_directly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, " ".join(f"word{n}." for n in range(500))) as t:
        t.ellie.generator.hold(after_words=100)
        await t.say(t.ana, "go on")
        await t.env.advance_time(60)
        refuse(t, "POST", f"/channels/{t.hall.id}/messages")
        with without_traceback(t, caplog):
            t.ellie.generator.release()
            await t.env.settle()
            await t.env.advance_time(60)
        [told] = t.hers(t.ana.user.dm_channel)
        assert NO_RIGHT in told.content
        await assert_over(t)


async def test_where_direct_messages_are_closed_too_it_ends_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        refuse(t, "PATCH", f"/channels/{t.hall.id}/messages/*")
        refuse(t, "POST", f"/channels/{t.ana.user.dm_channel.id}/messages")
        with without_traceback(t, caplog) as logs:
            t.ellie.generator.release()
            await t.env.settle()
            await t.env.advance_time(60)
        assert "nobody_told" in [line["event"] for line in logs]
        await assert_over(t)


async def test_a_chat_whose_answer_is_refused_does_not_stay_thinking(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "It is sunny.") as t:
        refuse(t, "PATCH", "/webhooks/*/messages/@original")
        with without_traceback(t, caplog):
            result = await t.ana.slash(t.hall, "chat", text="how is the weather?")
        assert result.response is not None
        assert not result.response.flags.loading
        assert NO_RIGHT in words_of(result)
        await assert_over(t)


async def test_a_chat_whose_second_message_is_refused_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, " ".join(f"word{n}." for n in range(500))) as t:
        refuse(t, "POST", "/webhooks/*", times=1)
        with without_traceback(t, caplog):
            result = await t.ana.slash(t.hall, "chat", text="go on")
        [told] = result.followups
        assert told.ephemeral
        assert NO_RIGHT in told.content
        await assert_over(t)


async def test_a_chat_that_may_be_answered_by_nothing_is_told_directly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "It is sunny.") as t:
        refuse(t, "*", "/webhooks/*")
        with without_traceback(t, caplog):
            await t.ana.slash(t.hall, "chat", text="how is the weather?")
        [told] = t.hers(t.ana.user.dm_channel)
        assert NO_RIGHT in told.content
        await assert_over(t)


async def test_a_chat_that_may_be_changed_no_more_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=1)
        result = await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        assert t.said() == ["> count\none"]
        refuse(t, "PATCH", f"/channels/{t.hall.id}/messages/*")
        with without_traceback(t, caplog):
            t.ellie.generator.release()
            await t.env.settle()
            await t.env.advance_time(60)
        [told] = result.followups
        assert told.ephemeral
        assert NO_RIGHT in told.content
        await assert_over(t)


@pytest.mark.parametrize("line", ["/memory show", "/memory pin bees", "/nonsense"])
async def test_a_typed_command_is_answered_directly_whatever_the_channel_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    async with town(tmp_path) as t:
        refuse(t, "POST", f"/channels/{t.hall.id}/messages")
        with without_traceback(t, caplog):
            await t.say(t.ana, line)
        [answer] = t.hers(t.ana.user.dm_channel)
        assert words_of(answer)
        assert t.hers() == []
        before = said(t)
        await t.env.advance_time(600)
        assert said(t) == before


@pytest.mark.parametrize("line", ["/memory show", "/help"])
async def test_a_typed_command_that_may_be_answered_nowhere_ends_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    async with town(tmp_path, "Hello.") as t:
        refuse(t, "POST", "/channels/*/messages")
        with without_traceback(t, caplog) as logs:
            await t.say(t.ana, line)
        assert "command_answer_not_sent" in [entry["event"] for entry in logs]
        assert t.hers() == t.hers(t.ana.user.dm_channel) == []
        t.env.backend.faults.clear()
        await t.say(t.ana, "hello")
        assert t.said() == ["Hello."]


async def test_a_typed_command_for_everybody_is_answered_directly_when_the_channel_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(tmp_path) as t:
        refuse(t, "POST", f"/channels/{t.hall.id}/messages")
        with without_traceback(t, caplog):
            await t.say(t.ana, "/help")
        [told] = t.hers(t.ana.user.dm_channel)
        assert words_of(told)
