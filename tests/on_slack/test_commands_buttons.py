"""Pages and questions: shown in one place, pressed once, by the person who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_stand_in import Message
from slack_stand_in.block_text import labels
from support.slack_commands import Office, office


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


async def learn_many(here: Office, count: int = 60) -> None:
    for number in range(count):
        await here.learn(f"Fact about thing {number}.")


def buttons(message: Message) -> list[str]:
    return labels(message.blocks)


async def test_pages_replace_each_other_in_place(here: Office) -> None:
    await learn_many(here)
    await here.slash("memory show")
    [page] = here.seen()
    assert buttons(page) == ["Next"]
    assert "thing 0." in page.shown_text
    await here.press(page, "Next")
    [same] = here.seen()
    assert same is page
    assert buttons(page) == ["Previous", "Next"]
    assert "thing 0." not in page.shown_text
    await here.press(page, "Next")
    assert buttons(page) == ["Previous"]
    await here.press(page, "Previous")
    await here.press(page, "Previous")
    assert "thing 0." in page.shown_text
    assert buttons(page) == ["Next"]
    assert len(here.seen()) == 1


async def test_more_presses_than_one_address_takes_are_no_trouble(here: Office) -> None:
    await learn_many(here)
    await here.slash("memory show")
    [page] = here.seen()
    for _ in range(4):
        await here.press(page, "Next")
        await here.press(page, "Previous")
    assert "thing 0." in page.shown_text
    assert len(here.seen()) == 1


async def test_yes_is_carried_out_and_the_answer_takes_the_place_of_the_question(
    here: Office,
) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    [question] = here.seen()
    assert buttons(question) == ["Yes", "No"]
    assert await here.facts() == ["Likes tea."]
    await here.press(question, "Yes")
    assert await here.facts() == []
    [answer] = here.seen()
    assert answer is question
    assert buttons(answer) == []
    assert here.changes == [here.ana.id]


async def test_no_changes_nothing(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    [question] = here.seen()
    await here.press(question, "No")
    assert await here.facts() == ["Likes tea."]
    assert buttons(question) == []


async def test_a_double_click_counts_once(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    [question] = here.seen()
    await here.team.press(here.ana, question, text="No", wait=False)
    await here.team.press(here.ana, question, text="Yes", wait=False)
    await here.slack.settled()
    await here.quiet()
    assert await here.facts() == ["Likes tea."]
    assert len(here.seen()) == 1


async def test_a_press_that_slack_tells_twice_counts_once(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    pressed = await here.press(here.seen()[0], "Yes")
    await here.slack.redeliver(pressed.delivery)
    await here.slack.settled()
    await here.quiet()
    assert len(here.seen()) == 1
    assert here.changes == [here.ana.id]


async def test_somebody_elses_press_is_told_off_and_changes_nothing(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    [question] = here.seen()
    await here.press(question, "Yes", here.ben)
    assert "for the person who asked" in here.last(here.ben)
    assert await here.facts() == ["Likes tea."]
    assert buttons(question) == ["Yes", "No"]
    await here.press(question, "Yes")
    assert await here.facts() == []


async def test_buttons_of_another_process_are_said_to_be_over(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    here.commands.close()
    [question] = here.seen()
    await here.press(question, "Yes")
    assert here.last() == "This is no longer active. Please use the command again."
    assert await here.facts() == ["Likes tea."]


async def test_after_ten_minutes_a_question_is_over(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    here.clock.pass_time(601)
    here.slack.clock.move(601)
    [question] = here.seen()
    await here.press(question, "Yes")
    assert "no longer active" in here.last()
    assert await here.facts() == ["Likes tea."]


async def test_a_question_in_direct_messages_says_that_nobody_answered(here: Office) -> None:
    await here.learn("Likes tea.")
    direct = here.team.dm(here.ana)
    await here.say("/memory forget 1", channel=direct)
    [question] = here.team.hers(direct)
    assert buttons(question) == ["Yes", "No"]
    here.clock.pass_time(601)
    here.commands.pending.expire_due()
    await here.quiet()
    assert buttons(question) == []
    assert "Nobody answered for 10 minutes" in question.shown_text


async def test_a_page_that_was_leafed_to_loses_its_buttons_in_the_end(here: Office) -> None:
    await learn_many(here)
    await here.slash("memory show")
    [page] = here.seen()
    await here.press(page, "Next")
    here.clock.pass_time(601)
    here.commands.pending.expire_due()
    await here.quiet()
    assert buttons(page) == []
    assert "thing" in page.shown_text


async def test_rights_are_asked_anew_when_minutes_have_passed(here: Office) -> None:
    await here.slash("admin retention 30", here.cleo)
    [question] = here.seen(here.cleo)
    here.cleo.is_admin = False
    here.clock.pass_time(120)
    await here.press(question, "Yes", here.cleo)
    assert buttons(question) == []
    assert (await here.retention.of(here.workspace.tenant)).own is None
    here.cleo.is_admin = True
    here.clock.pass_time(120)
    await here.slash("admin retention 30", here.cleo)
    await here.press(here.seen(here.cleo)[-1], "Yes", here.cleo)
    assert (await here.retention.of(here.workspace.tenant)).own == 30


async def test_what_is_too_long_for_one_message_comes_in_several(here: Office) -> None:
    await here.learn("word " * 6_000 + "end.")
    await here.slash("memory show 1")
    shown = here.seen()
    assert len(shown) > 2
    assert sum(message.shown_text.count("word") for message in shown) == 6_000


async def test_what_one_address_does_not_take_goes_on_in_another_way(here: Office) -> None:
    await here.learn("word " * 12_000 + "end.")
    await here.slash("memory show 1")
    shown = here.seen()
    assert len(shown) > 5
    assert here.slack.calls_of("chat.postEphemeral", ok=True)
    assert sum(message.shown_text.count("word") for message in shown) == 12_000
