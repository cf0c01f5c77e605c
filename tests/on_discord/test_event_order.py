"""Edits and deletions that meet an answer half way, or each other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest
from support.town import town

from adapters.discord.shown_reply import ShownReply
from bot.domain.identity import Platform
from bot.engine.revisions import Revised


async def test_an_answer_that_ends_while_memory_follows_an_edit_is_given_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Four.", "Five.") as t:
        inbox = t.ellie.client._parts.inbox
        revise = t.ellie.control.revisions.edited

        async def slowly(platform: Platform, event_key: str, text: str, **more: Any) -> Revised:
            revised = await revise(platform, event_key, text, **more)
            answer = inbox._answers.to(int(event_key))
            assert answer is not None
            t.ellie.generator.release()
            await inbox._answers.ended(answer)
            return revised

        monkeypatch.setattr(t.ellie.control.revisions, "edited", slowly)
        t.ellie.generator.hold()
        asked = await t.say(t.ana, "what is two plus two?")
        await t.ana.edit(asked, f"{t.me} what is two plus three?")
        await t.env.advance_time(60)
        assert t.said() == ["Five."]
        assert "two plus three" in t.ellie.prompts()[-1]


async def test_memory_follows_a_deletion_before_discord_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        known: list[str] = []

        async def remove(_: object) -> None:
            known.append(repr(t.ellie.turns()) + repr(t.ellie.facts()))

        monkeypatch.setattr(ShownReply, "remove", remove)
        await t.ana.delete(asked)
        [at_that_time] = known
        assert "Biscuit" not in at_that_time


async def test_of_many_deletions_memory_follows_all_before_discord_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Noted.", "Noted.") as t:
        first = await t.say(t.ana, "my dog is called Biscuit")
        second = await t.say(t.ana, "my cat is called Minka")
        known: list[str] = []

        async def remove(_: object) -> None:
            known.append(repr(t.ellie.turns()) + repr(t.ellie.facts()))

        monkeypatch.setattr(ShownReply, "remove", remove)
        await t.ellie.client._parts.inbox.deleted([first.id, second.id])
        assert len(known) == 2
        assert "Biscuit" not in known[0]
        assert "Minka" not in known[0]


async def test_a_preview_in_a_message_that_was_edited_disturbs_no_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three", "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        asked = await t.say(t.ana, "read it")
        await t.ana.edit(asked, f"{t.me} read https://example.org")
        await t.env.advance_time(60)
        same = await t.channel().fetch_message(asked.id)
        assert same.edited_at is not None
        assert t.ellie.client.user is not None
        before = len(t.ellie.generator.requests)
        await t.ellie.client._parts.inbox.edited(same, t.ellie.client.user)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert t.said() == ["one two three"]
        assert len(t.ellie.generator.requests) == before


async def test_pictures_without_words_are_not_taken_back_by_an_event_about_them(
    tmp_path: Path,
) -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)
    async with town(tmp_path, "Hello.", "Nice.") as t:
        await t.ana.send_dm("hello")
        attachments = t.env.backend.store_attachments(t.ana.user.dm_channel.id, [("dog.png", png)])
        asked = await t.ana.send_dm("", attachments=attachments)
        channel = t.ana.user.dm_channel
        assert t.ellie.client.user is not None
        same: Any = await t.ellie.client.get_partial_messageable(channel.id).fetch_message(asked.id)
        same._edited_timestamp = discord.utils.utcnow()
        await t.ellie.client._parts.inbox.edited(same, t.ellie.client.user)
        _, turn = t.ellie.turns()
        assert [shown.name for shown in turn.shown] == ["dog.png"]
        assert len(t.hers(channel)) == 2


async def test_a_policy_that_is_read_for_ever_does_not_keep_discord_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.discord.asking.POLICY_SECONDS", 0.0)
    async with town(tmp_path, "It is sunny.") as t:
        answered = asyncio.Event()
        policy_of = t.ellie.policies.of

        async def stubborn(*where: Any) -> Any:
            # As a database does: once asked, it answers before anything else happens.
            while not answered.is_set():
                try:
                    await answered.wait()
                except asyncio.CancelledError:
                    continue
            return await policy_of(*where)

        monkeypatch.setattr(t.ellie.policies, "of", stubborn)
        asyncio.get_running_loop().call_later(2, answered.set)
        result = await t.ana.slash(t.hall, "chat", text="how is the weather?")
        assert result.acknowledged
        answered.set()
        await t.env.settle()
        assert t.said() == ["> how is the weather?\nIt is sunny."]


async def test_words_that_are_withheld_are_not_taken_for_deleted(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        same = await t.channel().fetch_message(asked.id)
        same.content, same._edited_timestamp = "", discord.utils.utcnow()
        assert t.ellie.client.user is not None
        assert t.ellie.client.user in same.mentions
        await t.ellie.client._parts.inbox.edited(same, t.ellie.client.user)
        assert t.ellie.facts() == ["My dog is called Biscuit."]
        assert len(t.hers()) == 1


async def test_an_edit_that_speaks_to_somebody_else_is_not_kept(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", message_content=True) as t:
        asked = await t.say(t.ana, "hello")
        await t.ana.edit(asked, f"<@{t.bo.id}> my salary is 5000 and I live in Paris")
        assert "5000" not in repr(t.ellie.turns())
        assert t.ellie.facts() == []
        assert len(t.ellie.generator.requests) == 1


async def test_an_edit_in_a_thread_goes_on_being_said_to_her(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", "Noted.", message_content=True) as t:
        thread = await t.channel().create_thread(name="us", type=discord.ChannelType.public_thread)
        await t.env.settle()
        [place] = [one for one in t.hall.threads if one.id == thread.id]
        await t.say(t.ana, "hello", place)
        said = await t.ana.send(place, "my dog is called Biscuit")
        await t.ana.edit(said, "my dog is called Bruno")
        assert t.ellie.facts() == ["My dog is called Bruno."]
        await t.ana.edit(said, f"<@{t.bo.id}> my dog is called Rex")
        assert t.ellie.facts() == []


async def test_a_direct_message_is_said_to_her_whatever_is_edited(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        said = await t.ana.send_dm("my dog is called Biscuit")
        await t.ana.user.edit(said, f"<@{t.bo.id}> my dog is called Bruno")
        assert t.ellie.facts() == ["My dog is called Bruno."]


async def test_who_edits_the_first_message_at_the_last_moment_is_introduced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Four.", "Five.") as t:
        show = ShownReply.show
        edits: list[asyncio.Task[None]] = []

        async def slowly(shown: ShownReply, *given: Any, **fields: Any) -> None:
            if fields["view_name"] == "answered" and not edits:
                edits.append(asyncio.create_task(edited()))
                for _ in range(20):
                    await asyncio.sleep(0)  # Discord takes its time
            await show(shown, *given, **fields)

        async def edited() -> None:
            message = await t.channel().fetch_message(asked)
            message.content, message._edited_timestamp = (
                f"{t.me} what is two plus three?",
                discord.utils.utcnow(),
            )
            assert t.ellie.client.user is not None
            await t.ellie.client._parts.inbox.edited(message, t.ellie.client.user)

        monkeypatch.setattr(ShownReply, "show", slowly)
        t.ellie.generator.hold()
        asked = (await t.say(t.ana, "what is two plus two?")).id
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        await asyncio.gather(*edits)
        await t.env.advance_time(60)
        assert "Five." in t.said()[-1]
        assert "I'm Ellie" in t.hers()[-1].content
