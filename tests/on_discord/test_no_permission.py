"""Channels in which Ellie may not write: who calls her is told, and nobody else is bothered."""

from __future__ import annotations

from pathlib import Path

import discord
from simcord.builders import ChannelHandle
from support.town import Town, town

from bot.domain.policy import AnswerPolicy

MUTE = discord.PermissionOverwrite(send_messages=False, send_messages_in_threads=False)
HIDDEN = discord.PermissionOverwrite(view_channel=False)


def quiet(t: Town, overwrite: discord.PermissionOverwrite = MUTE) -> ChannelHandle:
    return t.guild.create_text_channel("quiet", overwrites={t.guild.me: overwrite})


def told_directly(t: Town) -> list[discord.Message]:
    channel = t.ana.user.dm_channel
    return t.hers(channel) if channel else []


async def test_who_does_not_call_her_gets_no_direct_message(tmp_path: Path) -> None:
    async with town(tmp_path, message_content=True) as t:
        await t.decide(AnswerPolicy.ALWAYS)
        news = quiet(t)
        await t.ana.send(news, "the fair begins on Monday")
        await t.ana.send(news, "what do you know about me?")
        assert not [r for r in t.env.http_requests if r.path.endswith("/users/@me/channels")]
        assert t.ellie.turns() == []


async def test_who_overhears_a_refusal_is_not_told_of_it(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", message_content=True) as t:
        await t.decide(AnswerPolicy.ALWAYS)
        t.env.inject_error("POST", f"/channels/{t.hall.id}/messages", status=403, code=50013)
        await t.ana.send(t.hall, "the fair begins on Monday")
        assert t.hers() == []
        assert told_directly(t) == []


async def test_who_goes_on_calling_her_is_told_once_an_hour(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        channel = quiet(t)
        for _ in range(3):
            await t.say(t.ana, "hello", channel)
        [message] = told_directly(t)
        assert "Send Messages" in message.content
        await t.env.advance_time(3601)
        await t.say(t.ana, "hello", channel)
        assert len(told_directly(t)) == 2


async def test_a_command_typed_there_is_answered_directly(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        channel = quiet(t)
        await t.say(t.ana, "/help", channel)
        [message] = told_directly(t)
        assert message.components
        await t.say(t.ana, "what do you know about me?", channel)
        assert len(told_directly(t)) == 2
        assert not t.requests("POST", f"/channels/{channel.id}/messages")


async def test_chat_says_what_is_missing_and_takes_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        for overwrite, permission in ((HIDDEN, "View Channel"), (MUTE, "Send Messages")):
            result = await t.ana.slash(quiet(t, overwrite), "chat", text="hello?")
            assert result.ephemeral
            assert permission in result.response.content
        assert t.ellie.turns() == []


async def test_chat_that_is_refused_in_the_middle_tells_the_asker(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        result = await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert "I can't write in this channel" in result.followups[-1].content
        assert result.followups[-1].ephemeral


async def test_when_the_interaction_is_over_too_the_asker_is_told_directly(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
        await t.env.advance_time(16 * 60)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        [message] = told_directly(t)
        assert "but I can't write there" in message.content


async def test_no_other_answer_is_written_that_cannot_be_shown(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        shown = t.hers()[0]
        await t.channel().set_permissions(t.channel().guild.me, overwrite=MUTE)
        await t.env.settle()
        result = await t.press(t.ana, shown, "again")
        assert "Send Messages" in result.followups[0].content
        assert result.followups[0].ephemeral
        assert [turn.reply for turn in t.ellie.turns()] == ["Apples."]
