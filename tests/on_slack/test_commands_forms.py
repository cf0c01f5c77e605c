"""Forms: to change a fact, and to ask about a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.slack_commands import Office, office

FIELD = "words"


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


def initial(here: Office) -> str:
    view = here.team.modal(here.ana)
    assert view is not None
    return str(view.blocks[0]["element"]["initial_value"])


async def submit(here: Office, **values: str) -> Any:
    result = await here.team.submit(here.ana, values)
    await here.quiet()
    assert result.acked
    return result


async def test_a_fact_is_changed_in_a_form_that_has_its_words_in_it(here: Office) -> None:
    await here.learn("Likes <tea> & *stars*.")
    await here.slash("memory edit 1")
    view = here.team.modal(here.ana)
    assert view is not None
    assert view.title == "Change #1"
    assert initial(here) == "Likes <tea> & *stars*."
    assert not here.seen()
    await submit(here, words="Likes coffee.")
    assert here.team.modal(here.ana) is None
    assert "Likes coffee." in await here.facts()
    assert "Likes coffee." in here.last()
    assert here.changes == [here.ana.id]


async def test_a_form_that_is_sent_twice_counts_once(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory edit 1")
    await submit(here, words="Likes coffee.")
    again = await here.slack.redeliver(here.slack.deliveries[-1])
    await here.slack.answered(again)
    await here.quiet()
    assert again.is_acked
    assert not again.response
    assert len(here.seen()) == 1


async def test_words_that_are_refused_are_explained(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory edit 1")
    await submit(here, words="x" * 600)
    assert await here.facts() == ["Likes tea."]
    assert "500" in here.last()


@pytest.mark.parametrize("typed", ["memory edit 7", "edit #7"])
async def test_there_is_no_form_for_a_fact_that_is_not_there(here: Office, typed: str) -> None:
    await here.learn("Likes tea.")
    await here.slash(typed)
    assert here.team.modal(here.ana) is None
    assert "#7" in here.last()


async def test_nobody_gets_a_form_with_somebody_elses_words(here: Office) -> None:
    await here.learn("Likes tea.", user=here.ben)
    await here.slash("memory edit 1")
    assert here.team.modal(here.ana) is None
    assert "tea" not in here.last()


async def test_a_fact_that_is_too_long_for_a_form_is_changed_by_the_command(here: Office) -> None:
    await here.learn("x" * 3_001)
    await here.slash("memory edit 1")
    assert here.team.modal(here.ana) is None
    assert "/ellie memory edit 1" in here.last()


async def test_a_form_that_an_earlier_process_opened_keeps_the_words(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory edit 1")
    here.commands.close()
    result = await submit(here, words="Likes coffee.")
    assert "no longer active" in result.errors[FIELD]
    assert here.team.modal(here.ana) is not None
    assert await here.facts() == ["Likes tea."]


async def test_after_a_quarter_of_an_hour_a_form_is_over(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory edit 1")
    here.clock.pass_time(901)
    result = await submit(here, words="咖啡")
    assert "失效" in result.errors[FIELD]
    assert await here.facts() == ["Likes tea."]


async def test_a_form_that_slack_does_not_open_is_said(here: Office) -> None:
    await here.learn("Likes tea.")
    here.slack.fail("views.open", "expired_trigger_id")
    await here.slash("memory edit 1")
    assert "Something went wrong on my side" in here.last()


async def test_without_memory_there_is_no_form(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.break_storage(monkeypatch)
    await here.slash("memory edit 1")
    assert here.team.modal(here.ana) is None
    assert "can't reach my memory" in here.last()


async def test_a_question_about_a_message_is_handed_on(here: Office) -> None:
    said = await here.team.say(here.ben, here.general, "The fjord <https://x.test|is deep>.")
    used = await here.team.shortcut(here.ana, said, callback_id="ellie_ask_about")
    await here.quiet()
    assert used.acked
    view = here.team.modal(here.ana)
    assert view is not None
    assert view.title == "Ask Ellie about this"
    await submit(here, question="What does *this* mean?")
    [question] = here.questions
    assert question.text == "What does *this* mean?"
    assert (question.user_id, question.user_team_id, question.team_id) == (here.ana.id, "T1", "T1")
    assert question.channel_id == here.general.id
    assert question.message["ts"] == said.ts
    assert question.message["text"] == said.text
    assert question.view_id == view.id
    assert question.event_key == f"T1:view:{view.id}:{said.ts}"
    assert question.locale == "en-US"
    assert question.response_url.startswith(here.slack.url)


async def test_two_people_may_ask_about_one_message_at_once(here: Office) -> None:
    said = await here.team.say(here.ben, here.general, "x")
    for user in (here.ana, here.cleo):
        await here.team.shortcut(user, said, callback_id="ellie_ask_about")
        await here.quiet()
    await here.team.submit(here.cleo, {"question": "second"})
    await submit(here, question="first")
    await here.quiet()
    assert [(q.user_id, q.text) for q in here.questions] == [
        (here.cleo.id, "second"),
        (here.ana.id, "first"),
    ]


async def test_the_form_speaks_the_language_of_the_person(here: Office) -> None:
    here.ana.locale = "zh-CN"
    said = await here.team.say(here.ben, here.general, "x")
    await here.team.shortcut(here.ana, said, callback_id="ellie_ask_about")
    await here.quiet()
    view = here.team.modal(here.ana)
    assert view is not None
    assert view.content["submit"]["text"] == "提问"


async def test_a_question_is_asked_once_and_late_ones_are_refused(here: Office) -> None:
    said = await here.team.say(here.ben, here.general, "x")
    await here.team.shortcut(here.ana, said, callback_id="ellie_ask_about")
    await here.quiet()
    here.clock.pass_time(901)
    result = await submit(here, question="late?")
    assert "no longer active" in result.errors["question"]
    assert here.questions == []


async def test_a_question_form_that_slack_does_not_open_is_no_crash(here: Office) -> None:
    said = await here.team.say(here.ben, here.general, "x")
    here.slack.fail("views.open", "expired_trigger_id")
    used = await here.team.shortcut(here.ana, said, callback_id="ellie_ask_about")
    await here.quiet()
    assert used.acked
    assert here.team.modal(here.ana) is None
