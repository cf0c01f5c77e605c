"""Commands written as messages: in a channel only their author sees the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_stand_in.block_text import labels
from support.slack_commands import Office, office


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


async def test_in_a_channel_the_author_alone_sees_the_answer(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.say(f"{here.team.mention} /memory show")
    [shown] = here.seen()
    assert "Likes tea." in shown.shown_text
    assert shown.channel is here.general
    assert shown.thread_ts is None
    assert not here.general.hers
    assert not here.seen(here.ben)


async def test_help_is_for_the_author_alone_too(here: Office) -> None:
    await here.say(f"{here.team.mention} /help")
    assert "@Ellie memory show" in here.last()
    assert not here.general.hers


async def test_in_a_thread_the_answer_stands_in_the_thread(here: Office) -> None:
    root = await here.team.say(here.ben, here.general, "talk")
    await here.learn("Likes tea.")
    await here.say(f"{here.team.mention} /memory forget 1", thread_ts=root.ts)
    [question] = here.seen()
    assert question.thread_ts == root.ts
    await here.press(question, "Yes")
    assert labels(question.blocks) == []
    assert await here.facts() == []


async def test_told_twice_or_edited_it_is_carried_out_once(here: Office) -> None:
    await here.learn("Likes tea.")
    # A mention comes as a message and as a mention.
    said = await here.say(f"{here.team.mention} /memory pin 1")
    for delivery in list(here.slack.deliveries):
        await here.slack.redeliver(delivery)
    await here.slack.settled()
    await here.quiet()
    assert len(here.seen()) == 1
    await here.team.edit(here.ana, said, f"{here.team.mention} /memory unpin 1")
    await here.slack.settled()
    await here.quiet()
    assert len(here.seen()) == 1


async def test_directly_it_is_a_message_in_the_thread_of_the_command(here: Office) -> None:
    await here.learn("Likes tea.")
    direct = here.team.dm(here.ana)
    said = await here.say("/memory show", channel=direct)
    [answer] = here.team.hers(direct)
    assert answer.thread_ts == said.ts
    assert "Likes tea." in answer.shown_text
    assert not here.seen()


async def test_directly_pages_are_changed_in_place(here: Office) -> None:
    for number in range(60):
        await here.learn(f"Fact about thing {number}.")
    direct = here.team.dm(here.ana)
    await here.say("/memory show", channel=direct)
    [page] = here.team.hers(direct)
    await here.press(page, "Next")
    assert here.team.hers(direct) == [page]
    assert labels(page.blocks) == ["Previous", "Next"]


async def test_directly_long_answers_shrink_and_grow_in_place(here: Office) -> None:
    await here.learn("word " * 6_000 + "end.")
    direct = here.team.dm(here.ana)
    await here.say("/memory forget 1", channel=direct)
    question = here.team.hers(direct)
    assert len(question) >= 1
    await here.press(question[-1], "Yes")
    assert await here.facts() == []
    assert len(here.team.hers(direct)) == 1


async def test_where_nothing_can_be_shown_to_her_alone_it_goes_directly(here: Office) -> None:
    await here.learn("Likes tea.")
    here.slack.fail("chat.postEphemeral", "user_not_in_channel")
    await here.say(f"{here.team.mention} /memory show")
    assert not here.seen()
    [answer] = here.team.hers(here.team.dm(here.ana))
    assert "Likes tea." in answer.shown_text
    assert answer.thread_ts is None


async def test_in_a_group_of_people_it_is_shown_to_the_author_alone(here: Office) -> None:
    group = here.team.add_channel("G1GROUP", members=[here.ana, here.ben], is_mpim=True)
    await here.learn("Likes tea.")
    await here.say(f"{here.team.mention} /memory show", channel=group)
    assert "Likes tea." in here.last()
    assert not group.hers


async def test_when_slack_takes_nothing_at_all_it_is_no_crash(here: Office) -> None:
    await here.learn("Likes tea.")
    here.slack.fail("chat.postEphemeral", "user_not_in_channel")
    here.slack.fail("conversations.open", "user_disabled")
    await here.say(f"{here.team.mention} /memory pin 1")
    assert not here.seen()
    await here.say(f"{here.team.mention} /memory show")
    assert "Likes tea." in here.last()
