"""What is read of messages as the Slack stand-in tells them, with slack_sdk's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_stand_in import Channel, Message, SlackStandIn, Team, User
from support.slack_app import Heard, client_of, connected
from support.slack_reading import Watch

from adapters.slack.addressing import decide
from adapters.slack.events import SlackMessage, deletion_in, edit_in, message_in
from adapters.slack.people import People
from adapters.slack.places import PlaceKind, Places
from adapters.slack.reading import Read, Reader
from adapters.slack.workspace import Workspace
from bot.domain.policy import AnswerPolicy


@dataclass
class Room:
    """A workspace with a channel and two people, and what the app heard of it."""

    slack: SlackStandIn
    team: Team
    hall: Channel
    ana: User
    ben: User
    heard: Heard
    people: People
    places: Places
    reader: Reader

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return self.heard.bodies

    async def hears(self, count: int) -> None:
        await self.slack.until(lambda: len(self.bodies) >= count)
        await self.slack.settled()

    async def hears_of(self, sent: Message) -> SlackMessage:
        """What the app is told of a message, first."""

        def found() -> list[SlackMessage]:
            messages = map(message_in, self.bodies)
            return [one for one in messages if one is not None and one.ts == sent.ts]

        await self.slack.until(found)
        await self.slack.settled()
        return found()[0]

    async def reads(self, message: SlackMessage) -> Read:
        place = await self.places.get(message.channel_id, channel_type=message.channel_type)
        return await self.reader.read_for(message, place=place, limit=10, seconds=5)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1", name="Acme")
        ana, ben = team.add_user("U1", name="Ana"), team.add_user("U2", name="Ben")
        hall = team.add_channel("C1", name="hall", members=[ana, ben])
        workspace = Workspace(
            team_id=team.id,
            team_name="Acme",
            bot_user_id=team.bot_user_id,
            bot_id=team.bot_id,
            bot_name="Ellie",
        )
        client, heard, watch = client_of(slack, team), Heard(), Watch()
        people, places = People(client, workspace, watch), Places(client, workspace, watch)
        reader = Reader(client, workspace, people=people, places=places)
        async with connected(slack, team, heard.listen):
            yield Room(slack, team, hall, ana, ben, heard, people, places, reader)


def told(body: dict[str, Any]) -> SlackMessage:
    message = message_in(body)
    assert message is not None
    return message


def lines(read: Read) -> list[str]:
    return [f"{one.speaker}: {one.text}" for one in read.surroundings.said]


async def test_a_mention_is_one_message_told_twice(room: Room) -> None:
    sent = await room.team.say(room.ana, room.hall, f"{room.team.mention}, ask <@U2> in <#C1>")
    await room.hears(2)
    first, second = map(told, room.bodies)
    assert first.event_key == second.event_key == f"T1:C1:{sent.ts}"
    place = await room.places.get(second.channel_id, channel_type=second.channel_type)
    assert place.kind is PlaceKind.OPEN
    for message in (first, second):
        decision = decide(
            message,
            place=place,
            policy=AnswerPolicy.USUAL,
            me=room.team.bot_user_id,
            takes_part=False,
        )
        assert decision.reason == "mention"
        assert await room.reader.words_of(message) == "ask @Ben in #hall"


async def test_a_thread_is_read_with_what_it_stands_under(room: Room) -> None:
    root = await room.team.say(room.ben, room.hall, "who wants tea?")
    beside = await room.team.say(room.ben, room.hall, "not in the thread")
    await room.team.say(room.ben, room.hall, "anyone?", thread_ts=root.ts)
    reply = await room.team.say(room.ana, room.hall, "me", thread_ts=root.ts)
    read = await room.reads(await room.hears_of(reply))
    assert lines(read) == ["Ben: who wants tea?", "Ben: anyone?"]
    assert [one.pointed_at for one in read.surroundings.said] == [True, False]
    in_channel = await room.reads(await room.hears_of(beside))
    assert lines(in_channel) == ["Ben: who wants tea?"]


async def test_files_and_forwarded_words_come_along(room: Room) -> None:
    theirs = await room.team.say(room.ben, room.hall, "I like &lt;tea&gt;")
    dm = room.team.dm(room.ana)
    sent = await room.team.say(
        room.ana, dm, "look", files=[("a.txt", b"words", "text/plain")], forwards=theirs
    )
    message = await room.hears_of(sent)
    read = await room.reads(message)
    assert await room.reader.words_of(message) == "look\n[forwarded message]"
    assert [file.text for file in read.surroundings.files] == ["words"]
    assert lines(read) == ["Ben: I like <tea>"]
    assert read.remarks == ()


async def test_edits_and_deletions_are_about_the_same_message(room: Room) -> None:
    sent = await room.team.say(room.ana, room.hall, "tea")
    await room.team.edit(room.ana, sent, "coffee")
    await room.team.say(room.ben, room.hall, "why?", thread_ts=sent.ts)
    await room.team.delete(room.ana, sent)
    lone = await room.team.say(room.ana, room.hall, "oops")
    await room.team.delete(room.ana, lone)
    await room.hears(6)
    key = (await room.hears_of(sent)).event_key
    edits = [edit for edit in map(edit_in, room.bodies) if edit]
    deletions = [deleted for deleted in map(deletion_in, room.bodies) if deleted]
    assert [(edit.message.event_key, edit.message.text, edit.before.text) for edit in edits] == [
        (key, "coffee", "tea")
    ]
    assert [deleted.event_key for deleted in deletions] == [key, f"T1:C1:{lone.ts}"]


async def test_people_of_another_organisation_are_told_apart(room: Room) -> None:
    zoe = room.team.add_user("U9", name="Zoe", team_id="T9", is_admin=True)
    bridge = room.team.add_channel("C2", name="bridge", members=[room.ana, zoe], is_ext_shared=True)
    hello = await room.team.say(zoe, bridge, "hello")
    answer = await room.team.say(room.ana, bridge, "hi")
    message = await room.hears_of(hello)
    assert message.is_ext_shared
    user = await room.people.get(message.user_id, team_id=message.user_team_id)
    assert (user.home, user.is_stranger, user.is_admin) == ("T9", True, False)
    place = await room.places.get("C2", channel_type=message.channel_type)
    assert (place.kind, place.is_external) == (PlaceKind.CLOSED, True)
    assert lines(await room.reads(await room.hears_of(answer))) == ["Zoe (external): hello"]


async def test_trouble_leaves_things_out(room: Room) -> None:
    root = await room.team.say(room.ben, room.hall, "tea")
    reply = await room.team.say(room.ana, room.hall, "and?", thread_ts=root.ts)
    message = await room.hears_of(reply)
    for method in ("conversations.replies", "users.info", "conversations.info"):
        room.slack.fail(method, "internal_error", times=9)
    assert lines(await room.reads(message)) == []
    user = await room.people.get("U1")
    assert (user.home, user.is_known, user.is_admin) == ("T1", False, False)
