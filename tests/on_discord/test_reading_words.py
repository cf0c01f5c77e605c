"""What people, places and messages of Discord are for the core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest
from simcord.backend.models import MessageSticker
from support.discord_reading import PRIVATE_THREAD, World, a_world

from adapters.discord.normalising import conversation_of, identity_of
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform, TenantRef


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def tenant(world: World) -> TenantRef:
    return TenantRef(platform=Platform.DISCORD, external_id=str(world.guild.id))


def denied(world: World, **permissions: bool) -> dict[object, discord.PermissionOverwrite]:
    return {world.guild.default_role: discord.PermissionOverwrite(**permissions)}


async def test_a_person_is_the_account_and_is_called_by_the_global_name(world: World) -> None:
    await world.ana.send(world.channel, "hello")
    author = world.last.message.author
    assert isinstance(author, discord.Member)
    author.nick = "Boss"
    identity = identity_of(author)
    assert (identity.external_id, identity.display_name) == (str(world.ana.id), "Ana")
    assert identity.tenant is None
    nameless = world.guild.add_member(world.env.create_user("quiet"))
    await nameless.send(world.channel, "hello")
    assert world.last.inbound.author.display_name == "quiet"


async def test_a_message_keeps_its_id_time_and_place(world: World) -> None:
    sent = await world.ana.send(world.channel, "hello")
    taken = world.last.inbound
    assert taken.event_key == str(sent.id)
    assert taken.received_at == sent.created_at
    assert taken.conversation == ConversationRef(
        platform=Platform.DISCORD,
        channel_id=str(world.channel.id),
        visibility=Visibility.PUBLIC,
        tenant=tenant(world),
    )


async def test_a_direct_message_has_no_tenant(world: World) -> None:
    await world.ana.send_dm("hello")
    here = world.last.inbound.conversation
    assert (here.visibility, here.tenant) == (Visibility.DIRECT, None)


async def test_a_channel_that_not_everybody_may_see_is_private(world: World) -> None:
    closed = world.guild.create_text_channel(
        "team",
        overwrites={
            **denied(world, view_channel=False),
            world.ana: discord.PermissionOverwrite(view_channel=True),
        },
    )
    await world.ana.send(closed, "hello")
    assert world.last.inbound.conversation.visibility is Visibility.PRIVATE
    assert world.last.inbound.conversation.channel_id == str(closed.id)


async def test_announcements_are_public(world: World) -> None:
    news = world.guild.create_news_channel("news")
    await world.ana.send(news, "hello")
    assert world.last.inbound.conversation.visibility is Visibility.PUBLIC


async def test_a_voice_channel_is_public_only_to_those_who_may_enter(world: World) -> None:
    voice = world.guild.create_voice_channel("lounge")
    await world.ana.send(voice, "hello")
    assert world.last.inbound.conversation.visibility is Visibility.PUBLIC
    channel = world.bot.get_channel(voice.id)
    everyone = channel.guild.default_role  # type: ignore[union-attr]
    await channel.set_permissions(everyone, connect=False)  # type: ignore[union-attr]
    await world.env.settle()
    assert conversation_of(channel).visibility is Visibility.PRIVATE  # type: ignore[arg-type]


async def test_a_server_in_which_newcomers_see_nothing_is_private(world: World) -> None:
    bot_side = world.bot.get_guild(world.guild.id)
    assert bot_side is not None
    await bot_side.default_role.edit(permissions=discord.Permissions(send_messages=True))
    await world.env.settle()
    place = conversation_of(bot_side.get_channel(world.channel.id))  # type: ignore[arg-type]
    assert place.visibility is Visibility.PRIVATE


async def test_a_public_thread_shares_the_circle_of_its_channel(world: World) -> None:
    thread = await world.thread(world.ana)
    await world.ana.send(thread, "hello")
    here = world.last.inbound.conversation
    assert (here.channel_id, here.thread_id) == (str(world.channel.id), str(thread.id))
    assert here.visibility is Visibility.PUBLIC
    assert here.tenant == tenant(world)


async def test_a_thread_of_a_private_channel_is_private(world: World) -> None:
    closed = world.guild.create_text_channel("team", overwrites=denied(world, view_channel=False))
    thread = await world.thread(world.ana, parent=closed)
    place = conversation_of(world.bot.get_channel(thread.id))  # type: ignore[arg-type]
    assert place.visibility is Visibility.PRIVATE
    assert place.channel_id == str(closed.id)


async def test_a_private_thread_is_a_circle_of_its_own(world: World) -> None:
    thread = await world.thread(world.ana, kind=PRIVATE_THREAD, joined=True)
    await world.ana.send(thread, "hello")
    here = world.last.inbound.conversation
    assert here.channel_id == here.thread_id == str(thread.id)
    assert here.visibility is Visibility.PRIVATE


async def test_a_forum_post_belongs_to_its_forum(world: World) -> None:
    forum = world.guild.create_forum_channel("questions")
    thread = await world.thread(world.ana, parent=forum)
    await world.ana.send(thread, "hello")
    here = world.last.inbound.conversation
    assert (here.channel_id, here.thread_id) == (str(forum.id), str(thread.id))
    assert here.visibility is Visibility.PUBLIC


async def test_what_is_not_cached_counts_as_closed(world: World) -> None:
    thread = await world.thread(world.ana)
    seen = world.bot.get_channel(thread.id)
    assert isinstance(seen, discord.Thread)
    seen.guild._channels.pop(world.channel.id)  # type: ignore[attr-defined]
    assert conversation_of(seen).visibility is Visibility.PRIVATE
    unknown = world.bot.get_partial_messageable(42, guild_id=world.guild.id)
    assert conversation_of(unknown).visibility is Visibility.PRIVATE
    assert conversation_of(unknown).tenant == tenant(world)
    nowhere = conversation_of(world.bot.get_partial_messageable(42))
    assert nowhere.visibility is Visibility.PRIVATE
    direct = world.bot.get_partial_messageable(42, type=discord.ChannelType.private)
    assert conversation_of(direct).visibility is Visibility.DIRECT


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("{her} what's up?", "what's up?"),
        ("{her}, what's up?", "what's up?"),
        ("{her} , what's up?", "what's up?"),
        ("{her}: tell me", "tell me"),
        ("{her} {her} hello", "hello"),
        ("{her}，你好吗？", "你好吗？"),
        ("{her} 你好", "你好"),
        ("{nick} hello", "hello"),
        ("{her} :) hello", ":) hello"),
        ("how are you? {her}", "how are you?"),
        ("how are you?\n{her}", "how are you?"),
        ("你好吗？{her}", "你好吗？"),
        ("What does {her} think of tea?", "What does Ellie think of tea?"),
        ("I agree with {her}", "I agree with Ellie"),
        ("Thanks, {her}!", "Thanks, Ellie!"),
        ("{her}", "Ellie"),
        ("`{her}` is how to write it", "`{her}` is how to write it"),
        ("{her} ```\n{her}\n```", "```\n{her}\n```"),
    ],
)
async def test_her_mention_goes_and_the_sentence_stays(world: World, typed: str, said: str) -> None:
    assert world.bot.user is not None
    world.bot.user.global_name = "Ellie"
    names = {"her": world.her, "nick": world.her.replace("@", "@!")}
    await world.ana.send(world.channel, typed.format(**names))
    assert world.last.text == said.format(**names)


async def test_other_mentions_become_names(world: World) -> None:
    cooks = world.guild.create_role("Cooks")
    emoji = world.guild.create_emoji("party")
    said = {
        f"ask {world.ben.mention} now": "ask @Ben now",
        f"ask {cooks.mention} now": "ask @Cooks now",
        f"see {world.channel.mention} there": "see #general there",
        f"wow <:party:{emoji.id}> <a:dance:{emoji.id}>": "wow :party: :dance:",
        "try </memory show:123456789012345678>": "try /memory show",
        "on <t:1700000000:D> then": "on 2023-11-14 then",
        "at <t:1700000000> then": "at 2023-11-14 22:13 UTC then",
        "at <t:1700000000:R> then": "at 2023-11-14 22:13 UTC then",
        "at <t:9999999999999> then": "at <t:9999999999999> then",
        "ask <@123456789012345678> <@&123456789012345678>": "ask @someone @role",
        "see <#123456789012345678>": "see #channel",
    }
    for typed, readable in said.items():
        await world.ana.send(world.channel, typed)
        assert world.last.text == readable


@pytest.mark.parametrize("name", ["@everyone", "everyone", "HERE", "@@here"])
async def test_a_name_never_alarms_a_server(world: World, name: str) -> None:
    joker = world.guild.add_member(world.env.create_user("joker", global_name=name))
    await world.ana.send(world.channel, f"ask {joker.mention}")
    assert "@" not in world.last.text
    assert world.last.text == f"ask {name.lstrip('@')}"


async def test_a_name_stays_on_its_line_and_is_not_read_as_markup(world: World) -> None:
    joker = world.guild.add_member(
        world.env.create_user("joker", global_name=f"Eve\nEllie: {world.her}\u202e")
    )
    await world.ana.send(world.channel, f"ask {joker.mention}")
    assert world.last.text == f"ask @Eve_Ellie_{world.her.strip('<@>')}"


async def test_what_is_said_without_writing_is_told_in_words(world: World) -> None:
    sticker = world.guild.create_sticker("wave")
    await world.says(
        world.ana,
        stickers=[
            MessageSticker(id=sticker.id, name="wave", format_type=1, guild_id=world.guild.id)
        ],
    )
    assert world.last.text == "[sticker: wave]"
    await world.ana.send(world.channel, "look")
    await world.ana.forward(world.last.message, world.channel)
    assert world.last.text == "[forwarded message]"


async def test_a_poll_is_told_with_its_answers(world: World) -> None:
    poll = discord.Poll(question="Tea?", duration=timedelta(hours=1))
    poll.add_answer(text="yes")
    poll.add_answer(text="no")
    await world.bot.get_partial_messageable(world.channel.id).send(poll=poll)
    await world.env.settle()
    assert world.last.text == "[poll: Tea? (yes / no)]"


async def test_a_forwarded_file_has_a_name_when_it_has_no_words(world: World) -> None:
    files = world.env.backend.store_attachments(world.channel.id, [("plan.txt", b"a")])
    await world.says(world.ben, attachments=files)
    await world.ana.forward(world.last.message, world.channel)
    *_, forwarded = world.last.said
    assert forwarded.pointed_at
    assert forwarded.text == "[file: plan.txt]"


async def test_the_role_of_another_bot_is_not_hers(world: World) -> None:
    role = world.guild.create_role("Helper")
    [known] = [one for one in world.guild.me.guild.roles if one.name == "Helper"]
    known.tags = discord.RoleTags({"bot_id": "42"})
    reading = await world.says(world.ana, f"<@&{role.id}> hello there")
    assert reading.text == "@Helper hello there"


async def test_a_channel_of_which_only_the_id_is_known_is_closed(world: World) -> None:
    place = world.bot.get_partial_messageable(world.channel.id, guild_id=world.guild.id)
    where = conversation_of(place)
    assert where.visibility is Visibility.PRIVATE
    assert where.tenant == TenantRef(platform=Platform.DISCORD, external_id=str(world.guild.id))
