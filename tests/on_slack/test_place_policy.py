"""What those decide who manage a workspace: who may use her, and whether she reads along."""

from __future__ import annotations

from typing import Any

import pytest
from slack_stand_in import Message
from support.office import Office, office
from support.office_talk import quiet, whispers
from support.slack_reading import Desk

from adapters.slack.reply_blocks import AGAIN
from adapters.slack.shortcuts import CALLBACK_ID
from bot.domain.place_policy import MemoryMode, PlacePolicy

DENIED = "I may not talk with you here"


@pytest.mark.parametrize(
    ("raw", "roles"),
    [
        ({}, {"member"}),
        ({"is_admin": True}, {"member", "admin"}),
        ({"is_owner": True}, {"member", "admin", "owner"}),
        ({"is_primary_owner": True}, {"member", "admin", "owner"}),
        ({"is_restricted": True}, {"guest"}),
        ({"is_ultra_restricted": True, "is_admin": True}, {"guest"}),
        ({"team_id": "T9", "is_admin": True}, {"guest"}),
    ],
)
async def test_roles_are_what_slack_says(raw: dict[str, Any], roles: set[str]) -> None:
    desk = Desk()
    desk.slack.person("U7", "Zoe", **raw)

    assert (await desk.people.get("U7")).roles == roles


async def test_of_whom_slack_does_not_tell_has_no_role() -> None:
    assert (await Desk().people.get("U404")).roles == frozenset()


def reads(o: Office) -> int:
    """How often she read what was said in a channel."""
    methods = ("conversations.history", "conversations.replies")
    return sum(len(o.slack.calls_of(method)) for method in methods)


async def asked_about(o: Office, message: Message, question: str) -> None:
    await o.team.shortcut(o.ana, message, callback_id=CALLBACK_ID)
    await o.slack.until(lambda: o.team.modal(o.ana))
    await o.team.submit(o.ana, {"question": question})
    await quiet(o)


async def test_members_are_kept_out_and_admins_never_are() -> None:
    async with office("Hello, Chief.") as o:
        o.ellie.rules.policy = PlacePolicy(deny_roles=frozenset({"member"}))

        await o.call(o.ana, "hello")
        await quiet(o)
        await o.call(o.ana, "hello?")
        await quiet(o)
        await o.call(o.chief, "hello")
        await quiet(o)

        [denied, answer] = o.said()
        assert denied.count(DENIED) == 1
        assert answer == "Hello, Chief."
        assert len(o.ellie.turns()) == 1


async def test_guests_can_be_kept_out() -> None:
    async with office("Hello, Ana.") as o:
        guest = o.team.add_user("U8", name="gil", is_restricted=True)
        o.hall.members.append(guest)
        o.ellie.rules.policy = PlacePolicy(allow_roles=frozenset({"member"}))

        await o.call(guest, "hello")
        await quiet(o)
        await o.call(o.ana, "hello")
        await quiet(o)

        assert len(o.ellie.turns()) == 1
        assert o.said()[-1] == "Hello, Ana."


async def test_in_direct_messages_it_is_said_each_time() -> None:
    async with office() as o:
        o.ellie.rules.policy = PlacePolicy(deny_users=frozenset({o.ana.id}))

        for count in (1, 2):
            await o.write(o.ana, "hello")
            await quiet(o)
            assert len(o.hers(o.team.dm(o.ana))) == count

        assert o.ellie.turns() == []


async def test_whoever_is_denied_asks_about_nothing_before_all() -> None:
    async with office() as o:
        o.ellie.rules.policy = PlacePolicy(deny_users=frozenset({o.ana.id}))
        message = await o.team.say(o.bo, o.hall, "quack")

        await asked_about(o, message, "what does he mean?")

        assert DENIED in whispers(o)[-1]
        assert o.hers() == []


async def test_the_button_of_whoever_is_denied_now_does_nothing() -> None:
    async with office("One.", "Two.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        o.ellie.rules.policy = PlacePolicy(deny_users=frozenset({o.ana.id}))

        await o.team.press(o.ana, o.hers()[-1], action_id=AGAIN)
        await quiet(o)

        assert DENIED in whispers(o)[-1]
        assert o.said() == ["One."]


async def test_where_she_may_not_read_along_she_asks_slack_for_nothing() -> None:
    async with office("ok", "ok") as o:
        await o.team.say(o.bo, o.hall, "the train is at nine")
        await o.call(o.ana, "when?")
        await o.answered()
        assert "the train is at nine" in o.ellie.prompts()[-1]
        before = reads(o)
        o.ellie.rules.policy = PlacePolicy(reads_context=False)

        await o.call(o.ana, "and when?")
        await quiet(o)

        assert len(o.ellie.prompts()) == 2
        assert "the train is at nine" not in o.ellie.prompts()[-1]
        assert reads(o) == before


async def test_a_question_about_a_message_says_that_it_was_not_read() -> None:
    async with office("I don't know.") as o:
        o.ellie.rules.policy = PlacePolicy(reads_context=False)
        message = await o.team.say(o.bo, o.hall, "the train is at nine")

        await asked_about(o, message, "when?")

        assert "the train is at nine" not in o.ellie.prompts()[-1]
        said = "\n".join(one.shown_text for one in o.hers(thread_ts=message.ts))
        assert "I did not read that message" in said


@pytest.mark.parametrize("mode", [MemoryMode.OFF, MemoryMode.OPT_IN])
async def test_a_message_that_is_not_kept_is_answered_edited_and_deleted(mode: MemoryMode) -> None:
    async with office("One.", "Two.") as o:
        before = repr(o.ellie.state)
        o.ellie.rules.policy = PlacePolicy(memory=mode)

        asked = await o.write(o.ana, "my fish is ill")
        await quiet(o)
        await o.team.edit(o.ana, asked, "my cat is ill")
        await quiet(o)
        await o.team.delete(o.ana, asked)
        await quiet(o)
        await o.write(o.ana, "and now?")
        await quiet(o)

        assert "fish" not in o.ellie.prompts()[-1]
        assert repr(o.ellie.state) == before


async def test_new_words_of_whoever_is_denied_now_are_not_kept() -> None:
    async with office("One.") as o:
        asked = await o.write(o.ana, "I live in Porto.")
        await quiet(o)
        o.ellie.rules.policy = PlacePolicy(deny_users=frozenset({o.ana.id}))

        await o.team.edit(o.ana, asked, "I live in Lisbon.")
        await quiet(o)

        assert [turn.text for turn in o.ellie.turns()] == [""]
        assert o.ellie.facts() == []
