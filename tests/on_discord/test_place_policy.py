"""What those decide who manage a server: who may use her, and whether she reads along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from support.town import Town, town

from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.policy import AnswerPolicy
from bot.engine.notices import ENGLISH


def manager(t: Town) -> MemberActor:
    role = t.guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
    return t.guild.add_member(t.env.create_user("cem"), roles=[role])


def ids(*of: Any) -> frozenset[str]:
    return frozenset(str(one.id) for one in of)


def history_reads(t: Town) -> int:
    """How often she read what was said in a channel."""
    return len([r for r in t.env.http_requests if r.method == "GET" and "/messages" in r.path])


async def test_a_role_lets_people_in_and_managers_are_never_out(tmp_path: Path) -> None:
    async with town(tmp_path, "For Dee.", "For Cem.") as t:
        role = t.guild.create_role("friends")
        dee = t.guild.add_member(t.env.create_user("dee"), roles=[role])
        cem = manager(t)
        t.ellie.rules.policy = PlacePolicy(allow_roles=ids(role), deny_users=ids(cem.user))

        await t.say(t.ana, "hello")
        await t.say(t.ana, "hello?")
        await t.say(dee, "hello")
        await t.say(cem, "hello")

        assert t.said() == [f"-# {ENGLISH.denied}", "For Dee.", "For Cem."]
        assert len(t.ellie.turns()) == 2


async def test_a_denied_channel_denies_its_private_threads(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.ellie.rules.policy = PlacePolicy(deny_channels=ids(t.hall))
        thread = await t.channel().create_thread(
            name="den", type=discord.ChannelType.private_thread
        )
        await thread.add_user(discord.Object(t.ana.user.id))
        await t.env.settle()

        [place] = t.hall.threads
        await t.say(t.ana, "hello", place)

        assert t.said(place) == [f"-# {ENGLISH.denied}"]
        assert t.ellie.turns() == []


async def test_nobody_gets_a_thread_to_be_turned_away_in(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.decide(AnswerPolicy.THREADS, t.hall)
        t.ellie.rules.policy = PlacePolicy(deny_users=ids(t.ana.user))

        await t.say(t.ana, "shall we talk?")

        assert t.hall.threads == []
        assert t.said() == [f"-# {ENGLISH.denied}"]


async def test_who_asks_by_a_command_is_told_alone(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        t.ellie.rules.policy = PlacePolicy(deny_users=ids(t.ana.user))

        for _ in range(2):
            result = await t.ana.slash(t.hall, "chat", text="hello?")
            assert result.ephemeral
            assert result.response.content == ENGLISH.denied

        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_the_button_of_whoever_is_denied_now_does_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        await t.say(t.ana, "hello")
        [reply] = t.hers()
        t.ellie.rules.policy = PlacePolicy(deny_users=ids(t.ana.user))

        await t.press(t.ana, reply, "again")

        assert t.said() == ["One."]
        t.ellie.rules.policy = PlacePolicy()
        await t.press(t.ana, reply, "again")
        assert t.said() == ["Two."]


async def test_where_she_may_not_read_along_she_asks_discord_for_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, *["ok"] * 4, message_content=True) as t:
        said = await t.bo.send(t.hall, "the train is at nine")
        await t.say(t.ana, "when?")
        assert "the train is at nine" in t.ellie.prompts()[-1]
        before = history_reads(t)
        t.ellie.rules.policy = PlacePolicy(reads_context=False)

        await t.say(t.ana, "and when?")
        await t.ana.send(t.hall, f"{t.me} when exactly?", reply_to=said)
        await t.press(t.ana, t.hers()[-1], "again")

        assert len(t.ellie.prompts()) == 4
        assert not [p for p in t.ellie.prompts()[1:] if "wrote:" in p or "replying to" in p]
        assert history_reads(t) == before


async def test_whom_she_may_not_talk_with_gets_nothing_read(tmp_path: Path) -> None:
    async with town(tmp_path, message_content=True) as t:
        t.ellie.rules.policy = PlacePolicy(deny_users=ids(t.ana.user))
        before = history_reads(t)

        await t.say(t.ana, "when?")

        assert history_reads(t) == before


async def test_a_question_about_a_message_says_that_it_was_not_read(tmp_path: Path) -> None:
    async with town(tmp_path, "I don't know.") as t:
        said = await t.bo.send(t.hall, "the train is at nine")
        t.ellie.rules.policy = PlacePolicy(reads_context=False)
        shown = await t.ana.context_menu(t.hall, "Ask Ellie about this", said)

        assert shown.modal is not None
        field = shown.modal["components"][0]["components"][0]["custom_id"]
        await t.ana.submit_modal(shown, {field: "when?"})

        assert "the train is at nine" not in t.ellie.prompts()[-1]
        assert "I did not read that message" in t.said()[-1]


@pytest.mark.parametrize("mode", [MemoryMode.OFF, MemoryMode.OPT_IN])
async def test_a_message_that_is_not_kept_is_answered_edited_and_deleted(
    tmp_path: Path, mode: MemoryMode
) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        before = repr(t.ellie.state)
        t.ellie.rules.policy = PlacePolicy(memory=mode)

        asked = await t.say(t.ana, "my fish is ill")
        await t.ana.edit(asked, f"{t.me} my cat is ill")
        await t.env.advance_time(60)
        await t.ana.delete(asked)
        await t.say(t.ana, "and now?")

        assert "ill" not in t.ellie.prompts()[-1].split("user: ")[-1]
        assert "fish" not in t.ellie.prompts()[-1]
        assert repr(t.ellie.state) == before
        assert ENGLISH.unkept[mode].split(":")[0][:40] in t.hers()[0].content


async def test_new_words_of_whoever_is_denied_now_are_not_kept(tmp_path: Path) -> None:
    async with town(tmp_path, "One.") as t:
        asked = await t.say(t.ana, "I live in Porto.")
        t.ellie.rules.policy = PlacePolicy(deny_users=ids(t.ana.user))

        await t.ana.edit(asked, f"{t.me} I live in Lisbon.")
        await t.env.advance_time(60)

        assert [turn.text for turn in t.ellie.turns()] == [""]
        assert t.ellie.facts() == []
