"""What people do with their memory in the Home tab."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.slack_house import house

from adapters.slack import home_ids as ids


async def test_opening_the_tab_shows_what_is_remembered() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        assert "Hello, ana" in here.reads()
        assert "#1  I live in Lisbon." in here.reads()


async def test_pages_are_turned() -> None:
    async with house() as here:
        for number in range(1, 21):
            await here.learn(f"Fact {number}.")
        await here.open()
        assert "Fact 16." not in here.reads()
        assert "Fact 16." in await here.press(ids.FOLLOWING)
        assert "Fact 1." in await here.press(ids.PREVIOUS)
        await here.press(ids.FOLLOWING)
        await here.open()
        assert "Fact 16." in here.reads()


async def test_a_search_and_the_way_back() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.learn("My dog is called Rex.")
        await here.open()
        assert "Lisbon" not in await here.press(ids.SEARCH, values={ids.SEARCH: "rex"})
        assert "Rex" in here.reads()
        assert "I live in Lisbon." in await here.press(ids.ALL)


async def test_a_search_for_nothing_shows_all() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.SEARCH, values={ids.SEARCH: "Berlin"})
        assert "I live in Lisbon." in await here.press(ids.SEARCH, values={ids.SEARCH: ""})


async def test_pinning_says_so_and_stays_where_one_was() -> None:
    async with house() as here:
        for number in range(1, 21):
            await here.learn(f"Fact {number}.")
        await here.open()
        await here.press(ids.FOLLOWING)
        shown = await here.press(ids.FACT, "pin:20")
        assert "Pinned. I keep this in mind whenever there is room:" in shown
        assert "Page 2 of 2" in shown
        assert "#20  Fact 20. · pinned" in await here.press(ids.PREVIOUS)
        assert "No longer pinned:" in await here.press(ids.FACT, "unpin:20")


async def test_forgetting_asks_first_and_a_yes_erases() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.learn("My dog is called Rex.")
        await here.open()
        await here.press(ids.FACT, "forget:1")
        assert here.modal().title == "Are you sure?"
        assert "I live in Lisbon." in here.modal().shown_text
        assert "This erases 1 fact and 0 sentences for good." in here.modal().shown_text
        assert await here.facts() == ["I live in Lisbon.", "My dog is called Rex."]
        await here.submit()
        assert here.team.modal(here.ana) is None
        assert "Done: 1 fact and 0 sentences are erased." in here.reads()
        assert "Lisbon" not in here.reads()
        assert await here.facts() == ["My dog is called Rex."]


async def test_closing_the_question_is_no() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "forget:1")
        await here.team.close(here.ana)
        await here.quiet()
        assert await here.facts() == ["I live in Lisbon."]


async def test_what_came_in_meanwhile_is_asked_about_once_more() -> None:
    async with house() as here:
        turn = await here.desk.say("I live in Lisbon. Rex barks.", user="UANA")
        await here.learn("I live in Lisbon.", turn=turn)
        await here.open()
        await here.press(ids.FACT, "forget:1")
        await here.desk.say("As I said, I live in Lisbon.", user="UANA")
        sent = await here.submit()
        assert sent.response["response_action"] == "update"
        assert "Something new came in meanwhile" in here.modal().shown_text
        await here.submit()
        assert "are erased" in here.reads()
        assert await here.facts() == []


async def test_what_was_sought_is_not_kept_when_it_is_forgotten() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.SEARCH, values={ids.SEARCH: "Lisbon"})
        await here.press(ids.FACT, "forget:1")
        await here.submit()
        assert "Lisbon" not in str(here.view().content)


async def test_forgetting_everything_asks_and_makes_one_a_stranger() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FORGET_ALL)
        assert "This erases 0 messages and 1 fact for good." in here.modal().shown_text
        await here.submit()
        assert "I don't know you any more." in here.reads()
        assert "We haven't talked yet." in here.reads()


async def test_a_fact_that_is_gone_by_now_is_told() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon. " * 200)
        await here.open()
        await here.desk.agree("/memory forget 1", user="UANA")
        old = replace(here.view())
        for value in ("forget:1", "edit:1", "pin:1", "read:1"):
            assert "There is no fact #1." in await here.press(ids.FACT, value, view=old)
            assert "I live in Lisbon." not in here.reads()


async def test_editing_puts_their_own_words_in_place() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "edit:1")
        assert here.modal().title == "Change #1"
        assert here.modal().blocks[0]["element"]["initial_value"] == "I live in Lisbon."
        await here.submit({"words": "I live in Porto."})
        assert here.team.modal(here.ana) is None
        assert "Changed. #2 now says:" in here.reads()
        assert "#2  I live in Porto." in here.reads()


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ("x" * 501, "That is too long for one fact: 500 characters is the most. Split it."),
        (" \n ", "Please write what it should say."),
    ],
)
async def test_words_that_cannot_stand_are_told_in_the_form(words: str, mistake: str) -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "edit:1")
        sent = await here.submit({"words": words})
        assert sent.errors == {"words": mistake}
        assert here.modal().title == "Change #1"
        assert await here.facts() == ["I live in Lisbon."]


async def test_a_fact_too_long_for_the_form_is_told_and_can_be_read() -> None:
    async with house() as here:
        await here.learn("word " * 8_000)
        await here.open()
        assert "#1 is too long for Slack's form." in await here.press(ids.FACT, "edit:1")
        await here.press(ids.FACT, "read:1")
        assert here.modal().title == "#1"
        assert here.modal().shown_text.count("word") >= 8_000


async def test_pausing_and_going_incognito() -> None:
    async with house() as here:
        await here.open()
        assert "From now on I learn nothing" in await here.press(ids.PAUSE)
        assert "I learn from what you write again." in await here.press(ids.RESUME)
        assert "From now on I store nothing" in await here.press(ids.INCOGNITO_ON)
        person = await here.desk.person("UANA")
        assert person is not None
        assert person.incognito
        assert "I store what you write again" in await here.press(ids.INCOGNITO_OFF)


async def test_undo_takes_back_the_latest_change() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "edit:1")
        await here.submit({"words": "I live in Porto."})
        assert "Taken back: a new value in place of an old one" in await here.press(ids.UNDO)
        assert "#1  I live in Lisbon." in here.reads()


async def test_undo_after_forgetting_asks() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.learn("My dog is called Rex.")
        await here.open()
        await here.press(ids.FACT, "forget:1")
        await here.submit()
        await here.press(ids.UNDO)
        assert "Take that back?" in here.modal().shown_text
        await here.submit()
        assert "Taken back: something I learned" in here.reads()


async def test_an_export_comes_as_files_into_the_direct_messages() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        shown = await here.press(ids.EXPORT)
        assert "Everything I store about you: 0 messages and 1 fact." in shown
        assert "I sent you the files in our direct messages." in shown
        (sent,) = here.team.dm(here.ana).messages
        assert {file.name.rpartition(".")[2] for file in sent.files} == {"json", "md"}


async def test_files_that_slack_refuses_are_told() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        here.slack.fail("files.completeUploadExternal", "internal_error")
        assert "Slack didn't take the files." in await here.press(ids.EXPORT)


async def test_whoever_presses_acts_on_their_own_memory_only() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.learn("I live in Rome.", here.ben)
        of_ana = await here.open()
        await here.open(here.ben)
        await here.press(ids.FACT, "forget:1", here.ben, view=of_ana)
        assert "Lisbon" not in here.modal(here.ben).shown_text
        assert "I live in Rome." in here.modal(here.ben).shown_text
        await here.submit(user=here.ben)
        assert await here.facts() == ["I live in Lisbon."]
        assert await here.facts(here.ben) == []


async def test_somebody_from_another_company_has_a_memory_of_their_own() -> None:
    async with house() as here:
        await here.learn("I live in Oslo.", here.sam)
        view = await here.open(here.sam)
        assert "I live in Oslo." in view.shown_text
        assert "This workspace" not in view.shown_text
