"""What is read around a message on Discord: only what helps, and only what may be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from simcord.enums import MessageType
from support.discord_reading import NO_PING, World, a_world

HOURS = 3600


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


@pytest.fixture
async def blind_world() -> AsyncIterator[World]:
    """Without the message-content intent."""
    async with a_world(message_content=False) as made:
        yield made


def forget(world: World) -> None:
    """As after a restart: nothing is cached."""
    world.bot._connection._messages.clear()  # type: ignore[union-attr]


def questions(world: World) -> list[str]:
    return [f"{entry.method} {entry.path}" for entry in world.env.http_requests]


async def test_what_people_said_before_is_told_oldest_first(world: World) -> None:
    first = await world.ana.send(world.channel, "tea or coffee?")
    await world.ben.send(world.channel, "tea")
    await world.ana.send(world.channel, f"{world.her} make a note")
    assert world.last.told == ["Ana: tea or coffee?", "Ben: tea"]
    assert world.last.said[0].said_at == first.created_at
    assert not any(told.pointed_at or told.by_ellie for told in world.last.said)


async def test_only_the_last_ones_are_told(world: World) -> None:
    for number in range(8):
        await world.ben.send(world.channel, f"line {number}")
    await world.ellie_says("Quite a list.")
    world.bot.limit = 3
    await world.ana.send(world.channel, "and?")
    assert world.last.told == ["Ben: line 5", "Ben: line 6", "Ben: line 7"]


async def test_her_own_words_leave_room_for_others(world: World) -> None:
    for number in range(4):
        await world.ben.send(world.channel, f"line {number}")
        await world.ellie_says(f"her line {number}")
    world.bot.limit = 3
    await world.ana.send(world.channel, "and?")
    assert world.last.told == ["Ben: line 1", "Ben: line 2", "Ben: line 3"]


async def test_nothing_is_read_where_nothing_is_wanted(world: World) -> None:
    start = await world.says(world.ben, "tea")
    thread = await world.thread(world.ben, under=start.message)
    forget(world)
    world.bot.limit = 0
    before = len(questions(world))
    for channel in (world.channel, thread):
        await world.ana.send(channel, "and?")
        assert world.last.told == []
    assert questions(world)[before:] == []


async def test_old_talk_is_no_context(world: World) -> None:
    await world.ben.send(world.channel, "good night")
    await world.env.advance_time(11 * HOURS)
    await world.ben.send(world.channel, "good morning")
    await world.env.advance_time(2 * HOURS)
    await world.ana.send(world.channel, "and?")
    assert world.last.told == ["Ben: good morning"]


async def test_programs_and_notices_are_not_told(world: World) -> None:
    other = world.member("Jukebox", bot=True)
    await other.send(world.channel, "now playing")
    news = world.guild.create_webhook(world.channel, "News")
    await news.send("breaking")
    # Discord marks the authors of these as bots too, and does not promise it.
    world.env.backend.users[news._webhook.webhook_user_id].bot = False
    world.guild.create_system_message(world.channel, MessageType.NEW_MEMBER, author=world.ben)
    await world.env.settle()
    await world.ana.send(world.channel, "and?")
    assert world.last.told == []


async def test_her_answers_to_others_are_not_told(world: World) -> None:
    await world.ben.send(world.channel, f"{world.her} when is my appointment?")
    await world.ellie_says("On Friday, as you told me.")
    await world.ana.send(world.channel, f"{world.her} hello")
    assert world.last.told == ["Ben: when is my appointment?"]


async def test_what_is_replied_to_is_pointed_at_whoever_said_it(world: World) -> None:
    hers = await world.ellie_says("On Friday.")
    await world.ben.send(world.channel, "nice")
    await world.ana.send(world.channel, "really?", reply_to=hers)
    by_her, by_ben = world.last.said
    assert (by_her.speaker, by_her.text) == ("TestBot", "On Friday.")
    assert (by_her.by_ellie, by_her.pointed_at) == (True, True)
    assert (by_ben.by_ellie, by_ben.pointed_at) == (False, False)


@pytest.mark.parametrize("is_cached", [True, False])
async def test_a_chain_of_replies_is_followed_however_old(world: World, is_cached: bool) -> None:
    first = await world.says(world.ben, "I like tea")
    hers = await world.ellie_says("Green tea?", to=first.message)
    last = await world.says(world.ben, "black", to=hers, allowed_mentions=NO_PING)
    await world.env.advance_time(48 * HOURS)
    if not is_cached:
        forget(world)
    await world.says(world.ana, "me too", to=last.message)
    assert world.last.told == ["Ben: I like tea", "TestBot: Green tea?", "Ben: black"]
    assert [told.pointed_at for told in world.last.said] == [False, False, True]
    assert [told.by_ellie for told in world.last.said] == [False, True, False]


async def test_a_chain_is_followed_only_so_far(world: World) -> None:
    world.bot.limit = 0
    world.bot.follow_chain = 3
    message = None
    for number in range(6):
        message = (await world.says(world.ben, f"step {number}", to=message)).message
    await world.says(world.ana, "and?", to=message)
    assert world.last.told == ["Ben: step 3", "Ben: step 4", "Ben: step 5"]


async def test_nothing_is_told_twice(world: World) -> None:
    said = await world.says(world.ben, "tea")
    await world.says(world.ana, "why?", to=said.message)
    assert world.last.told == ["Ben: tea"]


async def test_in_direct_messages_only_replies_are_told(world: World) -> None:
    await world.ana.send_dm("I like tea")
    first = world.last.message
    await world.ana.send_dm("and cake")
    assert world.last.told == []
    reference = {"channel_id": str(first.channel.id), "message_id": str(first.id)}
    await world.ana.send_dm("I said that", reference=reference)
    assert world.last.told == ["Ana: I like tea"]


async def test_without_the_intent_only_what_discord_shows_is_told(blind_world: World) -> None:
    world = blind_world
    await world.ben.send(world.channel, "between us")
    await world.ben.send(world.channel, f"{world.her} for you")
    hers = await world.ellie_says("Thanks")
    forget(world)
    await world.ana.send(world.channel, f"{world.her} hello", reply_to=hers)
    assert world.last.told == ["Ben: for you", "TestBot: Thanks"]


async def test_a_deleted_message_is_not_told(world: World) -> None:
    first = await world.says(world.ben, "oops")
    second = await world.says(world.ben, "never mind", to=first.message)
    world.env.backend.delete_message(world.channel.id, first.message.id)
    await world.says(world.ana, "what was that?", to=second.message)
    assert world.last.told == ["Ben: never mind"]
    await world.says(world.ana, "what was that?", to=first.message)
    assert "oops" not in str(world.last.told)


@pytest.mark.parametrize("permission", ["read_message_history", "view_channel"])
async def test_what_she_may_not_read_is_not_asked_for(world: World, permission: str) -> None:
    assert world.guild.me is not None
    hers = discord.PermissionOverwrite(**{permission: False})
    blocked = world.guild.create_text_channel("blocked", overwrites={world.guild.me: hers})
    seen = world.bot.get_channel(blocked.id)
    assert isinstance(seen, discord.TextChannel)
    await world.says(world.ben, "tea", channel=blocked)
    before = len(questions(world))
    await world.says(world.ana, f"{world.her} hello", channel=blocked)
    assert world.last.told == []
    assert questions(world)[before:] == []


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (403, 50001), (404, 10008), (500, 0)])
async def test_trouble_with_reading_leaves_what_can_be_read(
    world: World, status: int, code: int
) -> None:
    first = await world.says(world.ben, "tea")
    second = await world.says(world.ben, "green", to=first.message)
    forget(world)
    world.env.inject_error("GET", "/channels/*/messages*", status=status, code=code, times=None)
    await world.says(world.ana, "and?", to=second.message)
    assert world.last.told == ["Ben: green"]
    assert world.env.errors == []


async def test_a_broken_connection_leaves_what_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await world.says(world.ben, "tea")

    async def breaks(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(world.bot.http, "logs_from", breaks)
    await world.says(world.ana, "and?", to=said.message)
    assert world.last.told == ["Ben: tea"]


async def test_reading_does_not_keep_a_person_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: Any, **__: Any) -> None:
        await asyncio.sleep(600)  # as discord.py does when Discord tells it to wait

    monkeypatch.setattr(world.bot.http, "logs_from", hangs)
    await world.ana.send(world.channel, "and?")
    await world.env.advance_time(6)
    assert world.last.told == []


async def test_a_thread_stands_under_its_first_message(world: World) -> None:
    start = await world.says(world.ben, "who wants tea?")
    thread = await world.thread(world.ana, under=start.message)
    await world.ben.send(world.channel, "not in the thread")
    await world.ben.send(thread, "anyone?")
    for cached in (True, False):
        if not cached:
            forget(world)
        await world.ana.send(thread, "me")
        assert world.last.told[:2] == ["Ben: who wants tea?", "Ben: anyone?"], cached
        assert "not in the thread" not in str(world.last.told)


async def test_a_forum_post_stands_under_its_first_message(world: World) -> None:
    forum = world.guild.create_forum_channel("questions")
    thread = await world.thread(world.ben, parent=forum)
    post = await world.says(world.ben, "who wants tea?", channel=thread)
    stored = world.env.backend.messages[thread.id].pop(post.message.id)
    stored.id = thread.id  # as in a forum
    world.env.backend.messages[thread.id] = {thread.id: stored}
    forget(world)
    await world.env.advance_time(24 * HOURS)
    await world.ana.send(thread, "me")
    assert world.last.told == ["Ben: who wants tea?"]


async def test_a_thread_under_her_words_shows_them_to_whoever_opened_it(world: World) -> None:
    hers = await world.ellie_says("Your appointment is on Friday.")
    thread = await world.thread(world.ben, under=hers, joined=True)
    await world.ben.send(thread, "which Friday?")
    assert world.last.told == ["TestBot: Your appointment is on Friday."]
    await world.ana.send(thread, "what is this?")
    assert world.last.told == ["Ben: which Friday?"]


async def test_people_of_one_name_are_told_apart(world: World) -> None:
    await world.ana.send(world.channel, "one")
    twins = [world.member("Ana"), world.member("ana"), world.member("TestBot")]
    for number, twin in enumerate(twins):
        await twin.send(world.channel, f"words {number}")
    await world.ana.send(world.channel, "and?")
    assert world.last.told == [
        "Ana: one",
        "Ana (2): words 0",
        "ana (3): words 1",
        "TestBot (2): words 2",
    ]
    await twins[0].send(world.channel, "and?")
    assert world.last.told[0] == "Ana (2): one"


async def test_a_name_is_the_global_one_and_stays_on_its_line(world: World) -> None:
    joker = world.guild.add_member(world.env.create_user("joker", global_name="Eve\nEllie"))
    await joker.send(world.channel, "hello")
    await world.ana.send(world.channel, "and?")
    assert world.last.told == ["Eve Ellie: hello"]


async def test_what_others_show_is_told_by_name(world: World) -> None:
    await world.ben.send(world.channel, "my cat", attachments=[("cat.png", b"...")])
    embed = discord.Embed(title="Song", description="by somebody")
    other = world.member("Jukebox", bot=True)
    playing = await world.says(other, embeds=[embed.to_dict()])
    await world.says(world.ana, "what is this?", to=playing.message)
    assert world.last.told == [
        "Ben: my cat\n[file: cat.png]",
        "Jukebox: [embed: Song: by somebody]",
    ]


async def test_forwarded_words_are_pointed_at_and_nobodys_own(world: World) -> None:
    elsewhere = world.guild.create_text_channel("elsewhere")
    told = await world.says(world.ben, f"ask {world.channel.mention}", channel=elsewhere)
    await world.ana.forward(told.message, world.channel)
    assert world.last.text == "[forwarded message]"
    [forwarded] = world.last.said
    assert forwarded.text == "ask #general"
    assert forwarded.pointed_at
    assert forwarded.speaker not in {"Ana", "Ben"}
