"""A message that is edited or deleted while it is being answered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest
from support.town import town

from adapters.discord import reading
from adapters.discord.attachments import Seen
from bot.domain.policy import AnswerPolicy

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."


@pytest.mark.parametrize("is_seen", [False, True])
async def test_a_message_deleted_while_it_is_answered_again_gets_no_answer(
    tmp_path: Path, is_seen: bool
) -> None:
    async with town(tmp_path, "Hello Biscuit.", "one two three") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        t.ellie.generator.hold(after_words=1)
        await t.press(t.ana, t.hers()[0], "again")
        if is_seen:
            await t.env.advance_time(60)
        await t.ana.delete(asked)
        [delivery] = t.ellie.state.deliveries.values()
        assert delivery.is_complete  # nobody goes on with it
        t.ellie.generator.release()
        await t.env.advance_time(120)
        assert t.hers() == []
        assert "Biscuit" not in repr(t.ellie.turns()) + repr(t.ellie.facts())


async def test_a_preview_of_a_link_disturbs_no_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "read https://example.org")
        await t.env.advance_time(60)
        assert t.ellie.client.user is not None
        same = await t.channel().fetch_message(asked.id)
        await t.ellie.client._parts.inbox.edited(same, t.ellie.client.user)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert t.said() == ["one two three"]
        assert len(t.ellie.generator.requests) == 1


async def test_an_edit_while_it_is_answered_again_has_the_new_words_answered(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Four.", "one two three", "Five.") as t:
        asked = await t.say(t.ana, "what is two plus two?")
        t.ellie.generator.hold(after_words=1)
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        t.ellie.generator.go.set()
        await t.ana.edit(asked, f"{t.me} what is two plus three?")
        await t.env.advance_time(60)
        assert t.said() == ["Five."]
        assert "two plus three" in t.ellie.prompts()[-1]


async def test_an_edit_of_what_is_said_incognito_leaves_no_half_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", "one two three") as t:
        await t.ana.send_dm("hello")
        await t.ana.user.slash("incognito", switch="on")
        t.ellie.generator.hold(after_words=1)
        asked = await t.ana.send_dm("count")
        await t.env.advance_time(60)
        await t.ana.user.edit(asked, "count please")
        t.ellie.generator.release()
        await t.env.advance_time(120)
        assert t.said(t.ana.user.dm_channel)[-1] == "one two three"
        assert t.buttons(t.hers(t.ana.user.dm_channel)[-1]) == ["Again", None, None]
        assert "count" not in repr(t.ellie.turns())


async def test_an_edit_without_a_database_leaves_no_half_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.ellie.storage.is_alive = False
        await t.ana.edit(asked, f"{t.me} count please")
        t.ellie.generator.release()
        await t.env.advance_time(120)
        assert "Stop" not in t.buttons(t.hers()[0])
        assert "one two three" in t.said()[0]


async def test_a_deletion_without_a_database_takes_the_answer_away(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.ellie.storage.is_alive = False
        await t.ana.delete(asked)
        await t.env.advance_time(120)
        assert t.hers() == []


async def test_a_message_delivered_twice_can_still_be_taken_back(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "count")
        await t.env.advance_time(60)
        await t.ellie.client.on_message(await t.channel().fetch_message(asked.id))
        await t.env.settle()
        await t.ana.delete(asked)
        t.ellie.generator.release()
        await t.env.advance_time(120)
        assert t.hers() == []


async def test_a_deletion_ends_the_tries_to_show_the_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503, times=1)
        asked = await t.say(t.ana, "hello")
        await t.ana.delete(asked)
        await t.env.advance_time(600)
        assert t.hers() == []
        assert len(t.requests("POST", f"/channels/{t.hall.id}/messages")) == 1


async def test_a_message_deleted_while_the_channel_is_read_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = reading.look_at

    async with town(tmp_path) as t:

        async def deleted_meanwhile(message: discord.Message) -> Seen:
            event = discord.RawMessageDeleteEvent(
                {"id": str(message.id), "channel_id": str(message.channel.id)}
            )
            deletions.append(asyncio.create_task(t.ellie.client.on_raw_message_delete(event)))
            await asyncio.sleep(0)
            return await there(message)

        deletions: list[asyncio.Task[None]] = []
        monkeypatch.setattr(reading, "look_at", deleted_meanwhile)
        await t.say(t.ana, "my dog is called Biscuit")
        await asyncio.gather(*deletions)
        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_an_edit_that_comes_after_the_deletion_brings_nothing_back(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.ana.send(t.hall, "my dog is called Biscuit")
        await t.ana.edit(asked, "my dog is called Bruno")
        late = await t.channel().fetch_message(asked.id)
        await t.ana.delete(asked)
        late.content = f"{t.me} my dog is called Bruno"
        late.mentions = [t.ellie.client.user]  # type: ignore[list-item]
        assert t.ellie.client.user is not None
        await t.ellie.client._parts.inbox.edited(late, t.ellie.client.user)
        await t.env.settle()
        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_an_edit_that_comes_after_the_deletion_is_not_learned(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        await t.ana.edit(asked, f"{t.me} my dog is called Bruno")
        late = await t.channel().fetch_message(asked.id)
        await t.ana.delete(asked)
        assert t.ellie.client.user is not None
        await t.ellie.client._parts.inbox.edited(late, t.ellie.client.user)
        assert "Bruno" not in repr(t.ellie.turns()) + repr(t.ellie.facts())


async def test_an_edited_question_is_answered_with_its_files(tmp_path: Path) -> None:
    async with town(tmp_path, "It s", "It says swordfish.") as t:
        t.ellie.generator.hold(after_words=1)
        notes = ("notes.txt", NOTES)
        asked = await t.ana.send(t.hall, f"{t.me} what does it say?", attachments=[notes])
        await t.env.advance_time(60)
        t.ellie.generator.go.set()
        await t.ana.edit(asked, f"{t.me} what does the file say?")
        await t.env.advance_time(60)
        assert "swordfish" in t.ellie.prompts()[1]
        assert t.said() == ["It says swordfish."]


async def test_an_edit_that_leaves_nothing_is_a_deletion(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.", message_content=True) as t:
        notes = ("notes.txt", NOTES)
        asked = await t.ana.send(t.hall, f"{t.me} my PIN is 4711", attachments=[notes])
        await t.ana.edit(asked, "")
        assert "4711" not in repr(t.ellie.turns()) + repr(t.ellie.facts())
        assert t.hers() == []


async def test_words_that_do_not_call_her_any_more_are_taken_for_deleted(tmp_path: Path) -> None:
    no_content = discord.Intents.none()
    async with town(tmp_path, "Noted.", approved_intents=no_content) as t:
        asked = await t.say(t.ana, "my PIN is 4711")
        await t.ana.edit(asked, "never mind")
        assert "4711" not in repr(t.ellie.turns()) + repr(t.ellie.facts())


async def test_a_thread_is_not_called_after_a_question_that_was_deleted(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.", "Hm.") as t:
        await t.decide(AnswerPolicy.THREADS)
        asked = await t.say(t.ana, "my PIN is 4711")
        [thread] = t.hall.threads
        more = await t.say(t.ana, "and so on", thread)
        await t.ana.delete(more)
        [thread] = t.hall.threads
        assert "4711" in thread.name
        await t.ana.delete(asked)
        [thread] = t.hall.threads
        assert "4711" not in thread.name
        assert t.hers(thread) == []
