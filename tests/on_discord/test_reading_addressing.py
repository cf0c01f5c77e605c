"""When Ellie answers a message on Discord, and when she keeps silent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest
from simcord.enums import MessageType
from support.discord_reading import NO_PING, World, a_world

from bot.domain.policy import AnswerPolicy

EVERY_POLICY = pytest.mark.parametrize("policy", list(AnswerPolicy))
LOUD = [AnswerPolicy.ALWAYS, AnswerPolicy.USUAL, AnswerPolicy.THREADS]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


@pytest.fixture
async def blind_world() -> AsyncIterator[World]:
    """Without the message-content intent."""
    async with a_world(message_content=False) as made:
        yield made


def reason(world: World) -> str:
    decision = world.last.decision
    return decision.reason if decision.answers else f"silent: {decision.reason}"


@EVERY_POLICY
async def test_a_direct_message_is_answered_whatever_the_policy(
    world: World, policy: AnswerPolicy
) -> None:
    world.bot.policy = policy
    await world.ana.send_dm("hello")
    assert reason(world) == "direct"


async def test_only_direct_messages_and_calls_reach_her_without_the_intent(
    blind_world: World,
) -> None:
    world = blind_world
    await world.ana.send_dm("hello")
    assert reason(world) == "direct"
    await world.ana.send(world.channel, f"{world.her} hello")
    assert reason(world) == "mention"
    hers = await world.ellie_says("I am here")
    await world.ana.send(world.channel, "good", reply_to=hers)
    assert reason(world) == "mention"  # a reply that rings
    await world.ana.send(world.channel, "hello all")
    assert reason(world) == "silent: empty"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (AnswerPolicy.USUAL, "silent: unaddressed"),
        (AnswerPolicy.MENTIONS, "silent: unaddressed"),
        (AnswerPolicy.THREADS, "silent: unaddressed"),
        (AnswerPolicy.ALWAYS, "always"),
        (AnswerPolicy.OFF, "silent: off"),
    ],
)
async def test_what_is_said_to_nobody_is_answered_only_where_she_always_answers(
    world: World, policy: AnswerPolicy, expected: str
) -> None:
    world.bot.policy = policy
    await world.ana.send(world.channel, "nice weather")
    assert reason(world) == expected


@EVERY_POLICY
async def test_a_mention_is_answered_unless_she_is_switched_off(
    world: World, policy: AnswerPolicy
) -> None:
    world.bot.policy = policy
    await world.ana.send(world.channel, f"what do you think, {world.her}?")
    assert reason(world) == ("silent: off" if policy is AnswerPolicy.OFF else "mention")


async def test_a_mention_of_the_role_that_is_hers_alone_is_one_of_her(world: World) -> None:
    assert world.guild.me is not None
    [role] = [role for role in world.guild.me.roles if role.managed]
    role.tags = discord.RoleTags({"bot_id": str(world.guild.me.id)})  # as Discord tells it
    await world.ana.send(world.channel, f"<@&{role.id}> hello")
    assert reason(world) == "mention"
    assert world.last.text == "hello"


async def test_a_mention_among_others_is_one_of_her(world: World) -> None:
    await world.ana.send(world.channel, f"{world.ben.mention} and {world.her}, look")
    assert reason(world) == "mention"


async def test_everyone_is_not_her(world: World) -> None:
    world.bot.policy = AnswerPolicy.ALWAYS
    loud = world.guild.create_role("Loud", permissions=discord.Permissions(mention_everyone=True))
    herald = world.guild.add_member(world.env.create_user("herald"), roles=[loud])
    await herald.send(world.channel, "@everyone dinner is ready")
    assert world.last.message.mention_everyone
    assert reason(world) == "silent: others"


async def test_a_reply_to_her_is_answered_even_if_it_does_not_ring(world: World) -> None:
    hers = await world.ellie_says("I am here")
    await world.says(world.ana, "good", to=hers, allowed_mentions=NO_PING)
    assert world.bot.user not in world.last.message.mentions
    assert reason(world) == "reply"


async def test_a_quiet_reply_to_her_that_calls_somebody_else_is_for_them(world: World) -> None:
    hers = await world.ellie_says("I am here")
    told = f"{world.ben.mention} look"
    await world.says(world.ana, told, to=hers, allowed_mentions=NO_PING)
    assert reason(world) == "silent: others"


@pytest.mark.parametrize("policy", LOUD)
async def test_what_is_for_somebody_else_is_left_to_them(
    world: World, policy: AnswerPolicy
) -> None:
    world.bot.policy = policy
    thread = await world.thread(world.ana, joined=True)
    role = world.guild.create_role("Cooks")
    other_bot = world.member("Jukebox", bot=True)
    told = await world.says(world.ben, "I like tea", channel=thread)
    assert told.decision.answers
    for words in (
        f"{world.ben.mention} me too",
        f"<@&{role.id}> me too",
        f"{other_bot.mention} play",
    ):
        await world.says(world.ana, words, channel=thread)
        assert reason(world) == "silent: others"
    await world.says(world.ana, "me too", channel=thread, to=told.message, allowed_mentions=NO_PING)
    assert reason(world) == "silent: others"


async def test_going_on_from_own_words_is_for_nobody_else(world: World) -> None:
    world.bot.policy = AnswerPolicy.ALWAYS
    first = await world.says(world.ana, "I like tea")
    await world.says(world.ana, f"{world.ana.mention} means me", to=first.message)
    assert reason(world) == "always"


async def test_a_reply_to_a_deleted_message_is_not_for_her(world: World) -> None:
    world.bot.policy = AnswerPolicy.ALWAYS
    first = await world.says(world.ben, "oops")
    world.env.backend.delete_message(world.channel.id, first.message.id)
    await world.says(world.ana, "what was that?", to=first.message)
    assert reason(world) == "silent: others"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (AnswerPolicy.USUAL, "thread"),
        (AnswerPolicy.THREADS, "thread"),
        (AnswerPolicy.ALWAYS, "thread"),
        (AnswerPolicy.MENTIONS, "silent: unaddressed"),
        (AnswerPolicy.OFF, "silent: off"),
    ],
)
async def test_in_threads_that_she_is_in_no_mention_is_needed(
    world: World, policy: AnswerPolicy, expected: str
) -> None:
    world.bot.policy = policy
    thread = await world.thread(world.ana, joined=True)
    await world.ana.send(thread, "and now?")
    assert reason(world) == expected
    assert not world.last.decision.open_thread


async def test_a_thread_that_she_opened_is_one_she_is_in(world: World) -> None:
    assert world.bot.user is not None
    thread = await world.thread(world.bot.user)
    world.bot.get_channel(thread.id).me = None  # type: ignore[union-attr]  # not told after a restart
    await world.ana.send(thread, "and now?")
    assert reason(world) == "thread"


async def test_other_peoples_threads_are_theirs(world: World) -> None:
    thread = await world.thread(world.ana)
    await world.ana.send(thread, "and now?")
    assert reason(world) == "silent: unaddressed"


async def test_a_call_in_a_channel_of_threads_opens_one(world: World) -> None:
    world.bot.policy = AnswerPolicy.THREADS
    await world.ana.send(world.channel, f"{world.her} hello")
    assert world.last.decision.open_thread
    hers = await world.ellie_says("I am here")
    await world.says(world.ana, "good", to=hers, allowed_mentions=NO_PING)
    assert world.last.decision.open_thread
    world.bot.policy = AnswerPolicy.USUAL
    await world.ana.send(world.channel, f"{world.her} hello")
    assert not world.last.decision.open_thread


async def test_no_thread_is_opened_where_none_can_be(world: World) -> None:
    world.bot.policy = AnswerPolicy.THREADS
    assert world.guild.me is not None
    for permission in ("create_public_threads", "send_messages_in_threads"):
        hers = discord.PermissionOverwrite(**{permission: False})
        plain = world.guild.create_text_channel("plain", overwrites={world.guild.me: hers})
        await world.ana.send(plain, f"{world.her} hello")
        assert world.last.decision.answers
        assert not world.last.decision.open_thread, permission
    voice = world.guild.create_voice_channel("lounge")
    await world.ana.send(voice, f"{world.her} hello")
    assert world.last.decision.answers
    assert not world.last.decision.open_thread


@EVERY_POLICY
async def test_programs_are_never_answered(world: World, policy: AnswerPolicy) -> None:
    world.bot.policy = policy
    other = world.member("Jukebox", bot=True)
    await other.send(world.channel, f"{world.her} hello")
    assert reason(world) == "silent: bot"
    await world.guild.create_webhook(world.channel, "News").send(f"{world.her} hello")
    assert reason(world) == "silent: webhook"
    await world.ellie_says(f"{world.her} hello")
    assert reason(world) == "silent: own"


async def test_discords_own_notices_are_never_answered(world: World) -> None:
    world.bot.policy = AnswerPolicy.ALWAYS
    for kind in (MessageType.NEW_MEMBER, MessageType.PREMIUM_GUILD_SUBSCRIPTION):
        world.guild.create_system_message(world.channel, kind, author=world.ana)
        await world.env.settle()
        assert reason(world) == "silent: notice"
    told = await world.says(world.ana, "what a day")
    thread = await world.thread(world.ana, under=told.message, joined=True)
    world.guild.create_system_message(
        thread,
        MessageType.THREAD_STARTER_MESSAGE,
        author=world.ana,
        referenced_message=told.message,
    )
    await world.env.settle()
    assert reason(world) == "silent: notice"


async def test_things_without_words_count_as_said(world: World) -> None:
    world.bot.policy = AnswerPolicy.ALWAYS
    await world.ana.send(world.channel, attachments=[("a.txt", b"words")])
    assert reason(world) == "always"
    told = await world.says(world.ben, "look")
    await world.ana.forward(told.message, world.channel)
    assert reason(world) == "always"
