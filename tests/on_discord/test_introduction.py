"""Everybody is told once what she keeps, whatever becomes of their first message and its answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.town import INTRODUCTION, Town, town

from bot.errors import GeneratorBusyError


def introductions(t: Town) -> list[bool]:
    """Which of her messages tell what she keeps, oldest first."""
    return [INTRODUCTION in message.content for message in t.hers()]


async def then(t: Town, count: int = 2) -> list[bool]:
    """Which answers to further messages tell it."""
    before = len(t.hers())
    t.ellie.generator.release()
    t.ellie.generator.enqueue(*["ok"] * count)
    for _ in range(count):
        t.ellie.clock.moment += timedelta(minutes=1)
        await t.say(t.ana, "and now?")
        await t.env.advance_time(60)
    return introductions(t)[before:]


async def test_told_when_the_first_message_is_edited_while_she_answers(tmp_path: Path) -> None:
    async with town(tmp_path, "Four.", "Five.") as t:
        t.ellie.generator.hold()
        asked = await t.say(t.ana, "what is two plus two?")
        t.ellie.generator.go.set()
        await t.ana.edit(asked, f"{t.me} what is two plus three?")
        await t.env.advance_time(60)
        assert t.said() == ["Five."]
        assert introductions(t) == [True]
        assert await then(t) == [False, False]


async def test_told_when_it_is_tried_again_after_a_kill(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.kill()
        await t.restart("one two three four")
        assert introductions(t) == [False]
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        assert t.said() == ["one two three four"]
        assert introductions(t) == [True]
        assert await then(t) == [False, False]


async def test_told_with_the_next_message_when_nobody_tries_again(tmp_path: Path) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        await t.restart()
        assert introductions(t) == [False]
        assert await then(t) == [True, False]


@pytest.mark.parametrize("is_restarted", [True, False])
async def test_told_with_a_reply_that_was_saved_and_is_shown_late(
    tmp_path: Path, is_restarted: bool
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=None)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(600)
        assert introductions(t) == [False]
        t.env.backend.faults.clear()
        if is_restarted:
            await t.restart()
        await t.env.advance_time(600)
        assert t.said() == ["one two three four"]
        assert introductions(t) == [True]
        assert await then(t) == [False, False]


async def test_told_with_a_failure_that_was_recorded_and_is_shown_late(tmp_path: Path) -> None:
    async with town(tmp_path, GeneratorBusyError("busy")) as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "count")
        t.kill()
        await t.restart()
        assert introductions(t) == [True]
        assert await then(t) == [False, False]


async def test_told_with_the_next_message_when_the_first_is_deleted(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "count")
        await t.env.advance_time(60)
        await t.ana.delete(asked)
        await t.env.advance_time(60)
        assert t.hers() == []
        assert await then(t) == [True, False]


async def test_told_with_the_next_message_when_the_first_is_deleted_before_it_is_shown(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        asked = await t.say(t.ana, "hello")
        await t.ana.delete(asked)
        await t.env.advance_time(600)
        assert t.hers() == []
        assert await then(t) == [True, False]


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (404, 10003), (400, 50035)])
async def test_told_with_the_next_message_when_the_first_answer_cannot_be_shown(
    tmp_path: Path, status: int, code: int
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=status, code=code, times=1)
        await t.say(t.ana, "hello")
        await t.env.advance_time(600)
        assert not any(introductions(t))
        assert await then(t) == [True, False]


async def test_told_with_the_next_message_when_it_cannot_be_shown_late_either(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "hello")
        t.kill()
        t.env.inject_error("POST", "/channels/*/messages", status=404, code=10003)
        await t.restart()
        await t.env.advance_time(600)
        assert t.hers() == []
        assert await then(t) == [True, False]


async def test_told_elsewhere_when_she_is_not_in_the_server_any_more(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "hello")
        t.kill()
        guild = t.ellie.client.get_guild(t.guild.id)
        assert guild is not None
        await guild.leave()
        await t.restart("Yes?")
        t.ellie.clock.moment += timedelta(hours=25)
        await t.env.advance_time(61)
        await t.ana.send_dm("are you there?")
        [message] = t.hers(t.ana.user.dm_channel)
        assert INTRODUCTION in message.content
