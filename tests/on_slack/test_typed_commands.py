"""Commands and plain requests in what people say to her, as they come from Slack itself."""

from __future__ import annotations

import pytest
from slack_stand_in import Channel, Message
from slack_stand_in.block_text import labels
from support.office import Office, office
from support.office_talk import is_answered, quiet, whispers

LEARNED = "my dog is called Biscuit"
FACT = "My dog is called Biscuit."


async def taught(o: Office) -> None:
    """Ana has told her something."""
    assert await is_answered(o, await o.write(o.ana, LEARNED))
    assert o.ellie.facts() == [FACT]


async def say(
    o: Office, text: str, channel: Channel | None = None, thread_ts: str | None = None
) -> Message:
    """Ana says it, mentioning Ellie outside direct messages; it is dealt with."""
    place = channel or o.hall
    words = text if place.is_im else f"{o.me} {text}"
    said = await o.team.say(o.ana, place, words, thread_ts=thread_ts)
    await quiet(o)
    return said


SHOWING = [
    "memory show",
    "Memory  Show",
    "/memory show",
    "／memory show",
    "!memory show",
    "! memory show",
    "！memory show",
    "memory",
    "what do you know about me?",
    "Hey Ellie, what do you remember about me so far?",
    "查看记忆",
    "记忆 查看",
    "你知道关于我的什么？",
    "/查看记忆",
]


@pytest.mark.parametrize("text", SHOWING)
async def test_memory_is_shown_to_the_author_alone(text: str) -> None:
    async with office("Noted.") as o:
        await taught(o)
        await say(o, text)
        [shown] = o.team.ephemerals(o.ana)
        assert FACT in shown.shown_text
        assert shown.channel is o.hall
        assert o.hers() == []
        assert not o.team.ephemerals(o.bo)
        assert len(o.ellie.turns()) == 1


@pytest.mark.parametrize("text", SHOWING)
async def test_directly_memory_is_shown_in_the_thread_of_the_request(text: str) -> None:
    async with office("Noted.") as o:
        await taught(o)
        direct = o.team.dm(o.ana)
        said = await say(o, text, direct)
        answer = o.hers(direct)[-1]
        assert FACT in answer.shown_text
        assert answer.thread_ts == said.ts
        assert len(o.ellie.turns()) == 1


@pytest.mark.parametrize(
    "text", ["help", "/help", "!help", "?", "帮助", "help memory forget", "help why"]
)
async def test_help_is_for_whoever_asks(text: str) -> None:
    async with office() as o:
        await say(o, text)
        [shown] = whispers(o)
        assert "memory" in shown or "记忆" in shown
        assert o.hers() == []
        assert o.ellie.turns() == []


TALK = [
    "help me with my homework",
    "help!",
    "help forgetting things is easy",
    "why is the sky blue?",
    "why?",
    "why",
    "forget it, tell me a joke",
    "don't forget the milk",
    "link this",
    "link them together please",
    "pause for thought",
    "pin the tail on the donkey",
    "undo the damage",
    "export duties are high",
    "privacy matters to me",
    "incognito mode in browsers is weak",
    "edit 1 more time",
    "I said /memory show",
    "!!! wow",
    "//memory show",
    "admin or not, who cares?",
    "为什么天是蓝的？",
    "忘记带伞了",
    "帮助别人很快乐",
]


@pytest.mark.parametrize("text", TALK)
async def test_what_only_looks_like_a_command_is_talk(text: str) -> None:
    async with office("I see.") as o:
        said = await say(o, text)
        assert await is_answered(o, said)
        assert whispers(o) == []
        [turn] = o.ellie.turns()
        assert turn.text == text


async def test_what_she_is_to_remember_is_told_to_her_and_remembered() -> None:
    async with office("I will.", "Tea.") as o:
        said = await say(o, "remember that I like tea")
        assert await is_answered(o, said)
        assert whispers(o) == []
        await say(o, "what do I like?")
        assert "tea" in o.ellie.prompts()[-1]


async def test_in_a_thread_the_answer_stands_in_the_thread() -> None:
    async with office("Noted.") as o:
        await taught(o)
        root = await o.team.say(o.bo, o.hall, "a topic")
        await say(o, "memory show", thread_ts=root.ts)
        await say(o, "what do you know about me?")
        assert [shown.thread_ts for shown in o.team.ephemerals(o.ana)] == [root.ts, None]


async def test_in_her_thread_a_request_needs_no_mention() -> None:
    async with office("Noted.", "Hello.") as o:
        await taught(o)
        asked = await o.call(o.ana, "hello")
        assert await is_answered(o, asked)
        await o.team.say(o.ana, o.hall, "what do you know about me?", thread_ts=asked.ts)
        await quiet(o)
        [shown] = whispers(o)
        assert FACT in shown
        assert len(o.hers()) == 1


@pytest.mark.parametrize("text", ["forget my dog", "forget about my dog", "/memory forget 1"])
@pytest.mark.parametrize("direct", [True, False])
async def test_forgetting_asks_first_and_then_forgets(text: str, direct: bool) -> None:
    async with office("Noted.", "I don't know.") as o:
        await taught(o)
        place = o.team.dm(o.ana) if direct else o.hall
        await say(o, text, place)
        question: Message = o.hers(place)[-1] if direct else o.team.ephemerals(o.ana)[-1]
        assert "Biscuit" in question.shown_text
        assert labels(question.blocks) == ["Yes", "No"]
        assert o.ellie.facts() == [FACT]
        await o.team.press(o.ana, question, text="Yes")
        await o.slack.until(lambda: o.ellie.facts() == [])
        await quiet(o)
        assert labels(question.blocks) == []
        await say(o, "what is my dog called?")
        assert "Biscuit" not in o.ellie.prompts()[-1]


async def test_nobody_else_answers_the_question() -> None:
    async with office("Noted.") as o:
        await taught(o)
        await say(o, "forget my dog", o.team.dm(o.ana))
        question = o.hers(o.team.dm(o.ana))[-1]
        await o.team.press(o.bo, question, text="Yes")
        await quiet(o)
        assert o.ellie.facts() == [FACT]


async def test_chinese_requests_are_answered_in_chinese() -> None:
    async with office("好。") as o:
        assert await is_answered(o, await o.write(o.ana, "我的猫叫豆豆"))
        await say(o, "忘记我的猫")
        [question] = o.team.ephemerals(o.ana)
        assert "豆豆" in question.shown_text
        assert labels(question.blocks) == ["是", "否"]


async def test_a_command_that_is_delivered_again_is_carried_out_once() -> None:
    async with office("Noted.") as o:
        await taught(o)
        await say(o, "memory pin 1")
        for delivery in list(o.slack.deliveries):
            await o.slack.redeliver(delivery)
        await quiet(o)
        assert len(whispers(o)) == 1


@pytest.mark.parametrize("is_restarted", [True, False])
async def test_a_command_that_is_edited_is_not_carried_out_again(is_restarted: bool) -> None:
    async with office("Noted.") as o:
        await taught(o)
        said = await say(o, "memory show")
        if is_restarted:
            await o.restart()
        await o.team.edit(o.ana, said, f"{o.me} memory pin 1")
        await quiet(o)
        assert len(whispers(o)) == 1
        assert not any(fact.state.pinned for fact in o.ellie.state.facts.values())


async def test_a_misspelt_command_may_be_put_right() -> None:
    async with office("Noted.") as o:
        await taught(o)
        said = await say(o, "/memory shwo")
        assert "memory show" in whispers(o)[0]
        await o.team.edit(o.ana, said, f"{o.me} /memory show")
        await quiet(o)
        assert FACT in whispers(o)[1]


async def test_a_command_that_is_deleted_leaves_nothing_to_answer() -> None:
    async with office("Noted.") as o:
        await taught(o)
        said = await say(o, "memory show")
        await o.team.delete(o.ana, said)
        await quiet(o)
        assert len(whispers(o)) == 1
        assert o.ellie.facts() == [FACT]


async def test_talk_that_becomes_a_command_by_an_edit_is_no_talk_any_more() -> None:
    async with office("Noted.", "I see.") as o:
        await taught(o)
        said = await say(o, "my boat is called Anna")
        await o.team.edit(o.ana, said, f"{o.me} memory show")
        await quiet(o)
        assert not [fact for fact in o.ellie.facts() if "Anna" in fact]


async def test_an_admins_command_works_for_admins_alone() -> None:
    async with office() as o:
        await say(o, "admin policy off everywhere")
        assert not o.ellie.state.policies
        assert "manage" in whispers(o)[0]
        await o.call(o.chief, "admin policy off everywhere")
        await quiet(o)
        assert o.ellie.state.policies
        assert whispers(o, "chief")
