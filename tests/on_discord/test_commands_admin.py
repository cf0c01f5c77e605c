"""How ``/admin policy`` is shown: channels as links, and what is not heard without an intent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from support.discord_commands import words_of
from support.town import Town, town

from adapters.discord.command_layout import parts_of
from bot.commands.reply import CommandReply, Row, Section
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy

UNHEARD = "I am sent only what mentions me and replies that notify me"


def manager(t: Town) -> MemberActor:
    role = t.guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
    return t.guild.add_member(t.env.create_user("cem"), roles=[role])


async def test_channels_are_shown_as_links(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        cem = manager(t)
        await cem.slash(t.hall, "admin policy set", setting="answers", value="off")
        await cem.slash(
            t.hall, "admin policy set", setting="answers", value="mentions", where="everywhere"
        )

        shown = words_of(await cem.slash(t.hall, "admin policy show"))

        assert "\n**everywhere else** answers: mentions\n" in shown
        assert f"\n<#{t.hall.id}> answers: off · *this channel*\n" in shown


@pytest.mark.parametrize("channel_id", ["1> <@2", "٣", "C1", "everyone", "²"])
async def test_only_digits_are_a_link(tmp_path: Path, channel_id: str) -> None:
    async with town(tmp_path) as t:
        cem = manager(t)
        tenant = TenantRef(platform=Platform.DISCORD, external_id=str(t.guild.id))
        await t.ellie.policies.set(tenant, channel_id, AnswerPolicy.OFF)

        shown = words_of(await cem.slash(t.hall, "admin policy show"))

        assert "<#" not in shown
        assert "<@" not in shown.replace("\\<@", "")
        assert "** answers: off\n" in shown


def test_a_number_that_is_no_channel_is_no_link() -> None:
    row = Row(label="12", text="bees")

    assert parts_of(CommandReply(sections=(Section(rows=(row,)),))) == ["**12** bees"]


@pytest.mark.parametrize("is_typed", [False, True])
@pytest.mark.parametrize("message_content", [False, True])
async def test_without_the_intent_it_is_said_what_is_not_heard(
    tmp_path: Path, message_content: bool, is_typed: bool
) -> None:
    async def decide(who: MemberActor) -> Any:
        if not is_typed:
            return await who.slash(t.hall, "admin policy set", setting="answers", value="always")
        await t.say(who, "/admin policy always")
        return who.user.dm_channel.last_message

    async with town(tmp_path, message_content=message_content) as t:
        told = words_of(await decide(manager(t)))

        assert "I now answer everything that is not for somebody else." in told
        assert (UNHEARD in told) is not message_content


async def test_in_a_private_thread_a_policy_is_that_of_its_channel(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        cem = manager(t)
        thread = await t.channel().create_thread(name="us", type=discord.ChannelType.private_thread)
        for member in (cem, t.ana):
            await thread.add_user(discord.Object(member.id))
        await t.env.settle()
        [place] = [one for one in t.hall.threads if one.id == thread.id]

        told = words_of(await cem.slash(place, "admin policy set", setting="answers", value="off"))
        await t.say(t.ana, "hello", place)

        assert "I now answer nothing but commands" in told
        assert t.hers(place) == []
        shown = words_of(await cem.slash(t.hall, "admin policy show"))
        assert f"<#{t.hall.id}> answers: off" in shown
